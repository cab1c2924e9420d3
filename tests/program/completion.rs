//! Tests of the completion without a cluster: the scripts, and the empty output on errors.

use std::fs;
use std::path::Path;

use super::seq;
use super::support::runner::{program, run};

#[test]
fn each_script_of_the_package_is_the_script_that_the_program_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, file) in [
        ("bash", "kubectl-seq.bash"),
        ("zsh", "_kubectl-seq"),
        ("fish", "kubectl-seq.fish"),
        ("powershell", "kubectl-seq.ps1"),
    ] {
        let result = seq(&["completion", shell]);
        assert_eq!((result.code, result.stderr.as_str()), (Some(0), ""), "{result}");
        assert_eq!(result.stdout, fs::read_to_string(folder.join(file)).expect("a script"), "{file}");
    }
}

#[test]
fn completion_prints_nothing_on_errors() {
    for words in [
        &["get", "job", ""] as &[&str],
        &["get", "job/p"],
        &["get", "nosuchtype", ""],
        &["get", "job", "-n", ""],
        &["--context", ""],
        &["pod", ""],
        &["get", "job", "--server=http://127.0.0.1:1", ""],
        &["get", "job", "--request-timeout=soon", ""],
        &["nosuchcommand", ""],
        &["get", "--no-such-flag", ""],
    ] {
        let arguments = [&["__complete"], words].concat();
        let mut command = program(&arguments);
        command.env("KUBECONFIG", "/nonexistent/config");
        let result = run(command, b"");
        assert_eq!((result.code, result.stderr.as_str()), (Some(0), ""), "{words:?}: {result}");
        let is_silent = result.stdout == ":4\n" || words == ["get", "--no-such-flag", ""];
        assert!(is_silent, "{words:?}: {result}");
    }
}
