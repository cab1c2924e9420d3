//! Tests of errors that occur before the program draws a picture: stderr has one clear message, stdout is empty, and
//! the exit code is right.

use crate::harness::{CommandResult, Namespace, kubectl};

fn seq(arguments: &[&str]) -> CommandResult {
    Namespace::seq_anywhere(arguments)
}

/// Checks that stderr contains one message of at most eight lines with all `words`, and that stdout is empty.
fn assert_clear(result: &CommandResult, words: &[&str]) {
    assert_eq!(result.stdout, "", "{result:#}");
    assert!(
        result.stderr.starts_with("error: ") || result.stderr.starts_with("Error from server"),
        "{result:#}"
    );
    assert!(result.stderr.lines().count() <= 8, "{result:#}");
    assert!(!result.stderr.contains("panicked") && !result.stderr.contains('\u{1b}'), "{result:#}");
    for word in words {
        result.reports(word);
    }
}

#[test]
#[ignore = "needs a cluster"]
fn a_missing_object_ends_with_exit_code_3() {
    assert_clear(&seq(&["get", "job", "nope"]).exits_with(3), &["jobs.batch \"nope\" not found"]);
    assert_clear(&seq(&["get", "job/nope", "-o", "json"]).exits_with(3), &["nope"]);
    assert_clear(&seq(&["get", "nosuchtype"]).exits_with(3), &["nosuchtype"]);
    assert_clear(&seq(&["pod", "nope"]).exits_with(3), &["nope"]);
    // The server refuses the selector, so the command line itself is not wrong.
    assert_clear(&seq(&["get", "jobs", "-l", "a b c"]).exits_with(3), &["unable to parse"]);
}

#[test]
#[ignore = "needs a cluster"]
fn a_wrong_kubeconfig_ends_with_exit_code_3() {
    assert_clear(&seq(&["get", "jobs", "--context", "no-such-context"]).exits_with(3), &["no-such-context"]);
    assert_clear(&seq(&["get", "jobs", "--kubeconfig", "/no/such/file"]).exits_with(3), &["/no/such/file"]);
}

#[test]
#[ignore = "needs a cluster"]
fn wrong_arguments_end_with_exit_code_2() {
    assert_clear(&seq(&["get", "jobs", "--no-such-flag"]).exits_with(2), &["--no-such-flag"]);
    assert_clear(&seq(&["get", "jobs", "-o", "nosuchformat"]).exits_with(2), &["nosuchformat"]);
    assert_clear(&seq(&["get"]).exits_with(2), &[]);
    assert_clear(&seq(&["nosuchcommand"]).exits_with(2), &["nosuchcommand"]);
    assert_clear(&seq(&["get", "jobs", "-w", "--timeout=soon"]).exits_with(2), &["soon"]);
}

#[test]
#[ignore = "needs a cluster"]
fn a_refused_connection_or_login_ends_with_exit_code_3() {
    let namespace = Namespace::new("refused");
    let refused = namespace.seq(&["get", "jobs", "-s", "https://127.0.0.1:1"]).exits_with(3);
    assert_clear(&refused, &["127.0.0.1:1"]);
    let unauthorized = namespace.seq(&["get", "jobs", "--token", "wrong", "--user", "nobody"]);
    assert_eq!(unauthorized.code, Some(3), "{unauthorized:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn a_missing_permission_ends_with_exit_code_3() {
    let namespace = Namespace::new("right");
    let arguments = ["get", "jobs", "--as", "user-without-permissions"];
    let ours = namespace.seq(&arguments).exits_with(3);
    assert_clear(&ours, &["forbidden", "user-without-permissions", "jobs"]);

    if kubectl(&["config", "get-contexts", "nobody"]).code == Some(0) {
        let ours = namespace.seq(&["get", "job", "quick", "--context", "nobody"]).exits_with(3);
        assert_clear(&ours, &["forbidden", "User \"nobody\" cannot"]);
        let ours = namespace.seq(&["get", "pods", "--context", "nobody", "-o", "json"]).exits_with(3);
        assert_clear(&ours, &["forbidden", "pods"]);
    }
}
