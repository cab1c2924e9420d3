//! Runs the commands of the `console` blocks in README.md and `docs/`, and compares the real output with the
//! output that the page shows.
//!
//! In such a block, a line that begins with `$ ` is a command for bash. A line that begins with `> ` continues the
//! command above it. The other lines are the standard output of the command.
//! The commands of a page run one after another in one folder. The folder contains `examples/`. The commands need no
//! cluster: `kubectl seq` runs the program directly.
//!
//! With `UPDATE_DOCUMENTS=1` in the environment, the test writes the real output into the pages.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::runner::{CLEAN_ENVIRONMENT, run};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs `kubectl-seq` for `kubectl seq`.
const KUBECTL: &str = "#!/bin/sh\n[ \"$1\" = seq ] || exit 1\nshift\nexec kubectl-seq \"$@\"\n";

#[test]
fn the_pages_show_the_real_output_of_their_commands() {
    let is_update = env::var_os("UPDATE_DOCUMENTS").is_some();
    let mut commands = 0;
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        let shell = Shell::new();
        let real = replace_outputs(&page, |command| {
            commands += 1;
            shell.run(command)
        });
        if is_update {
            fs::write(&path, &real).unwrap();
        }
        // The test compares single lines, because the difference of two whole pages would be hard to read.
        for (number, (shown, real)) in page.lines().zip(real.lines()).enumerate() {
            assert!(
                is_update || shown == real,
                "{}:{}\nshown: {shown}\nreal:  {real}",
                path.display(),
                number + 1
            );
        }
        assert!(is_update || page == real, "{}: output is missing or too long", path.display());
    }
    assert!(commands > 0, "no page has a command with its output");
}

/// Returns the paths of README.md and of the pages in `docs/`.
fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(Path::new(ROOT).join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.chain([Path::new(ROOT).join("README.md")]).collect()
}

/// Returns the page with the output of `run` below each command of its `console` blocks.
fn replace_outputs(page: &str, mut run: impl FnMut(&str) -> String) -> String {
    let mut result = String::new();
    let mut is_console = false;
    let mut command = String::new();
    for line in page.lines() {
        let is_continued = is_console && line.starts_with("> ") && !command.is_empty();
        if !command.is_empty() && !is_continued {
            result.push_str(&run(&command));
            command.clear();
        }
        let mut is_shown = true;
        if line.starts_with("```") {
            is_console = line == "```console";
        } else if is_console {
            let part = line.strip_prefix("$ ").or_else(|| line.strip_prefix("> ").filter(|_| is_continued));
            is_shown = part.is_some();
            command.extend(part.into_iter().flat_map(|part| [part, "\n"]));
        }
        if is_shown {
            result.push_str(line);
            result.push('\n');
        }
    }
    result
}

/// A folder in which the commands of one page run.
struct Shell {
    folder: tempfile::TempDir,
}

impl Shell {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kubectl-seq"), bin.join("kubectl-seq")).unwrap();
        std::os::unix::fs::symlink(Path::new(ROOT).join("examples"), folder.path().join("examples")).unwrap();
        fs::write(bin.join("kubectl"), KUBECTL).unwrap();
        fs::set_permissions(bin.join("kubectl"), fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    /// Runs a command that must succeed, and returns its standard output.
    fn run(&self, command: &str) -> String {
        let mut path = self.folder.path().join("bin").into_os_string();
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let mut bash = Command::new("bash");
        bash.args(["-o", "pipefail", "-c", command]).current_dir(self.folder.path());
        bash.env_clear().envs(CLEAN_ENVIRONMENT).env("PATH", path);
        let result = run(bash, b"");
        assert_eq!(result.code, Some(0), "{result:#}");
        result.stdout
    }
}

#[test]
fn the_output_of_each_command_in_a_console_block_is_replaced() {
    let page =
        "a\n```console\n$ one\n> more\nold\n> old\n$ two\n```\n$ no command\n```sh\n$ no console\n```\n";
    let real = replace_outputs(page, |command| format!("ran {command:?}\n"));
    let expected = "a\n```console\n$ one\n> more\nran \"one\\nmore\\n\"\n$ two\nran \"two\\n\"\n```\n$ no command\n\
                    ```sh\n$ no console\n```\n";
    assert_eq!(real, expected);
}
