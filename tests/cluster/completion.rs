//! Tests of the completion in bash, zsh and fish on a pseudo-terminal, with the completion of the real kubectl.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::{Namespace, run};
use crate::live::Screen;

/// A shell, and the line that loads the completion of kubectl and of `kubectl-seq`.
struct Shell {
    name: &'static str,
    arguments: &'static [&'static str],
    setup: &'static str,
}

const SHELLS: [Shell; 3] = [
    Shell {
        name: "bash",
        arguments: &["--norc", "--noprofile", "-i"],
        setup: "source /usr/share/bash-completion/bash_completion; source <(kubectl completion bash); source <(kubectl-seq completion bash)",
    },
    Shell {
        name: "zsh",
        arguments: &["-f", "-i"],
        setup: "autoload -Uz compinit; compinit -u -D; source <(kubectl completion zsh); source <(kubectl-seq completion zsh)",
    },
    Shell {
        name: "fish",
        arguments: &["--no-config", "-i"],
        setup: "kubectl completion fish | source; kubectl-seq completion fish | source",
    },
];

/// Returns a folder with `kubectl-seq` and `kubectl_complete-seq`, and a `PATH` that begins with the folder.
fn installed_plugin() -> (tempfile::TempDir, OsString) {
    let folder = tempfile::tempdir().unwrap();
    symlink(env!("CARGO_BIN_EXE_kubectl-seq"), folder.path().join("kubectl-seq")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions/kubectl_complete-seq");
    symlink(script, folder.path().join("kubectl_complete-seq")).unwrap();
    let mut path = folder.path().as_os_str().to_owned();
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    (folder, path)
}

#[test]
#[ignore = "needs a cluster"]
fn shells_complete_the_words_of_the_plugin_and_the_names_of_the_cluster() {
    let namespace = Namespace::new("completion");
    for name in ["alpha-one", "beta-two"] {
        namespace.kubectl(&["create", "job", name, "--image=busybox"]).succeeds();
    }
    let context = namespace.kubectl(&["config", "current-context"]).succeeds().stdout;
    let (context, name) = (context.trim(), namespace.name.as_str());
    let cases: Vec<(String, Vec<&str>)> = vec![
        (format!("kubectl seq get -n {name} job "), vec!["alpha-one", "beta-two"]),
        (format!("kubectl seq get -n {name} job alp"), vec!["job alpha-one"]),
        (format!("kubectl seq get -n {name} job/bet"), vec!["job/beta-two"]),
        (format!("kubectl seq get -n {name} job alpha-one bet"), vec!["alpha-one beta-two"]),
        ("kubectl seq get jobs -n seq-completion".to_owned(), vec![name]),
        ("kubectl seq get job x --sort=".to_owned(), vec!["cold", "trouble", "Longest cold start first"]),
        ("kubectl seq get job x --sort=col".to_owned(), vec!["--sort=cold"]),
        ("kubectl seq get job x -o ".to_owned(), vec!["jsonl", "grid", "One cell per Pod"]),
        (format!("kubectl seq --context {}", &context[..1]), vec![context]),
        ("kubectl seq repla".to_owned(), vec!["replace", "replay"]),
        (format!("kubectl-seq get -n {name} job alp"), vec!["job alpha-one"]),
        (format!("kubectl-seq get -n {name} job alpha-one bet"), vec!["alpha-one beta-two"]),
        ("kubectl-seq get job x --sort=".to_owned(), vec!["cold", "trouble", "Longest cold start first"]),
        ("kubectl-seq get job x --sort=col".to_owned(), vec!["--sort=cold"]),
    ];
    let (folder, path) = installed_plugin();
    for Shell { name, arguments, setup } in SHELLS {
        let mut command = Command::new(name);
        command.args(arguments).envs(env::vars_os()).env("PATH", &path).env("TERM", "xterm");
        let home = folder.path().join(name);
        fs::create_dir(&home).unwrap();
        command.env("HOME", &home).env("PS1", "> ").env("LANG", "C.UTF-8");
        for (line, expected) in &cases {
            // Each line has a shell of its own, because a shell may still complete when the next line arrives.
            let screen = Screen::start(150, 60, &command);
            // The quotes keep the echo of the line from matching.
            screen.type_in(&format!("{setup}; echo is''ready\r"));
            screen.wait_for_text("isready");
            screen.type_in(line);
            screen.wait_for_text(line.trim_end());
            screen.type_in("\t\t");
            for text in expected {
                screen.wait_until(&format!("{text:?} after {line:?} in {name}"), |screen| {
                    screen.contents().contains(text)
                });
            }
            screen.kill();
        }
    }
}

#[test]
#[ignore = "needs a cluster"]
fn names_arrive_within_150_ms_or_no_later_than_from_kubectl() {
    let namespace = Namespace::new("time-of-names");
    namespace.kubectl(&["create", "job", "alpha-one", "--image=busybox"]).succeeds();
    let fastest = |run_once: &dyn Fn() -> String, expected: &str| {
        let times = (0..5).map(|_| {
            let start = Instant::now();
            let answer = run_once();
            assert_eq!(answer, expected);
            start.elapsed()
        });
        times.min().unwrap()
    };
    let complete = || run(namespace.command(&["__complete", "get", "job", ""]), b"").succeeds().stdout;
    let kubectl = || namespace.kubectl(&["get", "job", "-o", "name"]).succeeds().stdout;
    let own = fastest(&complete, "alpha-one\n:4\n");
    let limit = fastest(&kubectl, "job.batch/alpha-one\n").max(Duration::from_millis(150));
    assert!(own <= limit, "{own:?} instead of {limit:?}");
}
