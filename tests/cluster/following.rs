//! Tests how a run ends after a timeout, a signal, the deletion of the Job or a closed pipe. Also tests JSON lines.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use serde_json::Value;

use crate::document::{array, text, workload};
use crate::harness::{Namespace, manifest, wait_or_kill};
use crate::support::schema::validate_lines;

/// Creates a namespace in which the Job `sleeping` runs.
fn namespace_with_sleeping_job(topic: &str) -> Namespace {
    let namespace = Namespace::new(topic);
    namespace.kubectl(&["apply", "-f", &manifest("sleeping.yaml")]).succeeds();
    namespace
        .kubectl(&["wait", "--for=jsonpath={.status.ready}=1", "job/sleeping", "--timeout=60s"])
        .succeeds();
    namespace
}

fn assert_still_runs(namespace: &Namespace) {
    let active = namespace.kubectl(&["get", "job", "sleeping", "-o", "jsonpath={.status.active}"]);
    assert_eq!(active.succeeds().stdout, "1");
}

#[test]
#[ignore = "needs a cluster"]
fn a_timeout_ends_with_exit_code_124() {
    let namespace = namespace_with_sleeping_job("bound");
    let result = namespace.seq(&["get", "job", "sleeping", "-w", "--timeout=1s"]).exits_with(124);
    result.prints("job/sleeping");
    result.reports("1s");
    let result =
        namespace.seq(&["get", "job", "sleeping", "-w", "--timeout=1s", "-o", "json"]).exits_with(124);
    assert_eq!(workload(&result.json(), "sleeping")["outcome"], "Running");
    assert_still_runs(&namespace);
}

#[test]
#[ignore = "needs a cluster"]
fn signals_detach_and_leave_the_job_alone() {
    let namespace = namespace_with_sleeping_job("signals");
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut running = namespace.start(&["get", "job", "sleeping", "-w"]);
        running.wait_for_text("job/sleeping");
        running.signal(signal);
        let result = running.wait().exits_with(code);
        result.prints("job/sleeping");
        // A line names the command that follows the Job again.
        result.reports("kubectl seq get job");
        assert_still_runs(&namespace);
    }
    // With JSON lines, the last line is the `end` object.
    let mut running = namespace.start(&["get", "job", "sleeping", "-w", "-o", "jsonl"]);
    running.wait_for_text("\"type\":\"pod\"");
    running.signal("INT");
    let result = running.wait().exits_with(130);
    let last: Value = serde_json::from_str(result.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((text(&last, "type"), &last["exitCode"]), ("end", &130.into()));
}

#[test]
#[ignore = "needs a cluster"]
fn a_deleted_job_ends_with_exit_code_3() {
    let namespace = namespace_with_sleeping_job("deleted");
    let mut running = namespace.start(&["get", "job", "sleeping", "-w"]);
    running.wait_for_text("job/sleeping");
    namespace.kubectl(&["delete", "job", "sleeping"]).succeeds();
    running.wait().exits_with(3).reports("was deleted before it ended");
}

#[test]
#[ignore = "needs a cluster"]
fn a_closed_pipe_causes_no_message() {
    let namespace = Namespace::new("pipe");
    namespace.complete("quick.yaml");
    for arguments in
        [["get", "jobs", "-o", "json"], ["get", "pods", "-o", "yaml"], ["get", "jobs", "-o", "table"]]
    {
        let mut command = namespace.command(&arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The test closes the pipe before the program writes to it, as `| head -0` does.
        drop(child.stdout.take());
        let code = wait_or_kill(&mut child).and_then(|status| status.code());
        let mut message = String::new();
        child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
        assert_eq!((code, message.as_str()), (Some(0), ""), "{arguments:?}");
    }
    let mut command = namespace.command(&["get", "jobs", "-o", "json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "{\n");
    assert_eq!(wait_or_kill(&mut child).and_then(|status| status.code()), Some(0));
}

#[test]
#[ignore = "needs a cluster"]
fn json_lines_contain_one_object_per_change() {
    let namespace = Namespace::new("lines");
    let file = manifest("quick.yaml");
    let result = namespace.seq(&["apply", "-f", &file, "-o", "jsonl", "--timeout=60s"]).succeeds();
    validate_lines(&result.stdout);
    let lines: Vec<Value> = result.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lines_of_type = |kind: &str| lines.iter().filter(|line| line["type"] == kind).collect::<Vec<_>>();
    // Each of the two Pods changes at least three times, because a Pod starts, runs and succeeds.
    assert!(lines_of_type("pod").len() >= 6, "{result:#}");
    let end = lines_of_type("end");
    assert_eq!((end.len(), &lines.last().unwrap()["exitCode"]), (1, &0.into()), "{result:#}");
    assert_eq!(text(&array(end[0], "workloads")[0], "outcome"), "Succeeded");
    let last = |name: &Value| {
        lines_of_type("pod").into_iter().rfind(|line| &line["pod"]["name"] == name).unwrap().clone()
    };
    for line in lines_of_type("pod") {
        assert_eq!(text(&last(&line["pod"]["name"])["pod"], "outcome"), "Succeeded", "{result:#}");
    }

    // Without a terminal, the program prints lines and then the picture. The output contains no terminal codes.
    namespace.kubectl(&["delete", "job", "quick"]).succeeds();
    let result = namespace.seq(&["apply", "-f", &file, "--timeout=60s"]).succeeds();
    result.prints("job/quick");
    assert!(!result.stdout.contains('\u{1b}') && !result.stderr.contains('\u{1b}'), "{result:#}");
}
