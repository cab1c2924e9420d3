//! Errors before anything is drawn: one clear message, the right exit code, nothing on stdout.

use crate::harness::{Ended, Namespace, Running, kubectl, program};

fn seq(arguments: &[&str]) -> Ended {
    let mut command = program();
    command.args(arguments);
    Running::start(command, "").wait()
}

/// Checks for one message of a few lines that contains `words`, and nothing on stdout.
fn assert_clear(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.stdout, "", "{ended:#}");
    assert!(
        ended.stderr.starts_with("error: ") || ended.stderr.starts_with("Error from server"),
        "{ended:#}"
    );
    assert!(ended.stderr.lines().count() <= 8, "{ended:#}");
    assert!(!ended.stderr.contains("panicked") && !ended.stderr.contains('\u{1b}'), "{ended:#}");
    for word in words {
        ended.warns(word);
    }
}

#[test]
#[ignore = "needs a cluster"]
fn a_missing_object_ends_with_exit_code_3() {
    assert_clear(&seq(&["get", "job", "nope"]).ends(3), &["jobs.batch \"nope\" not found"]);
    assert_clear(&seq(&["get", "job/nope", "-o", "json"]).ends(3), &["nope"]);
    assert_clear(&seq(&["get", "nosuchtype"]).ends(3), &["nosuchtype"]);
    assert_clear(&seq(&["pod", "nope"]).ends(3), &["nope"]);
}

#[test]
#[ignore = "needs a cluster"]
fn a_wrong_kubeconfig_ends_with_exit_code_3() {
    assert_clear(&seq(&["get", "jobs", "--context", "no-such-context"]).ends(3), &["no-such-context"]);
    assert_clear(&seq(&["get", "jobs", "--kubeconfig", "/no/such/file"]).ends(3), &["/no/such/file"]);
}

#[test]
#[ignore = "needs a cluster"]
fn contradicting_arguments_are_wrong_usage() {
    assert_clear(&seq(&["get", "jobs", "--no-such-flag"]).ends(2), &["--no-such-flag"]);
    assert_clear(&seq(&["get", "jobs", "-o", "nosuchformat"]).ends(2), &["nosuchformat"]);
    assert_clear(&seq(&["get"]).ends(2), &[]);
    assert_clear(&seq(&["get", "jobs", "-l", "a b c"]).ends(2), &["unable to parse"]);
    assert_clear(&seq(&["nosuchcommand"]).ends(2), &["nosuchcommand"]);
    assert_clear(&seq(&["get", "jobs", "-w", "--timeout=soon"]).ends(2), &["soon"]);
}

#[test]
#[ignore = "needs a cluster"]
fn a_server_that_does_not_answer_ends_with_exit_code_3() {
    let namespace = Namespace::new("refused");
    let refused = namespace.seq(&["get", "jobs", "-s", "https://127.0.0.1:1"]).ends(3);
    assert_clear(&refused, &["127.0.0.1:1"]);
    let unauthorized = namespace.seq(&["get", "jobs", "--token", "wrong", "--user", "nobody"]);
    assert_eq!(unauthorized.code, Some(3), "{unauthorized:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn a_missing_right_ends_with_exit_code_3() {
    let namespace = Namespace::new("right");
    let asked = ["get", "jobs", "--as", "somebody-without-rights"];
    let ours = namespace.seq(&asked).ends(3);
    assert_clear(&ours, &["forbidden", "somebody-without-rights", "jobs"]);

    if kubectl(&["config", "get-contexts", "nobody"]).code == Some(0) {
        let ours = namespace.seq(&["get", "job", "quick", "--context", "nobody"]).ends(3);
        assert_clear(&ours, &["forbidden", "User \"nobody\" cannot"]);
        let ours = namespace.seq(&["get", "pods", "--context", "nobody", "-o", "json"]).ends(3);
        assert_clear(&ours, &["forbidden", "pods"]);
    }
}
