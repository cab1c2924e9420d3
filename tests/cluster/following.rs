//! The ways in which following ends: timeout, signals, a closed pipe, a deleted Job.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use serde_json::Value;

use crate::document::{array, text, workload};
use crate::harness::{Namespace, manifest, wait_or_kill};

fn sleeping(topic: &str) -> Namespace {
    let namespace = Namespace::new(topic);
    namespace.kubectl(&["apply", "-f", &manifest("sleeping.yaml")]).succeeds();
    namespace
        .kubectl(&["wait", "--for=jsonpath={.status.ready}=1", "job/sleeping", "--timeout=60s"])
        .succeeds();
    namespace
}

fn still_runs(namespace: &Namespace) {
    let active = namespace.kubectl(&["get", "job", "sleeping", "-o", "jsonpath={.status.active}"]);
    assert_eq!(active.succeeds().stdout, "1");
}

#[test]
#[ignore = "needs a cluster"]
fn a_timeout_ends_with_exit_code_124() {
    let namespace = sleeping("bound");
    let ended = namespace.seq(&["get", "job", "sleeping", "-w", "--timeout=1s"]).ends(124);
    ended.prints("job/sleeping");
    ended.warns("1s");
    let ended = namespace.seq(&["get", "job", "sleeping", "-w", "--timeout=1s", "-o", "json"]).ends(124);
    assert_eq!(workload(&ended.json(), "sleeping")["outcome"], "Running");
    still_runs(&namespace);
}

#[test]
#[ignore = "needs a cluster"]
fn signals_detach_and_leave_the_job_alone() {
    let namespace = sleeping("signals");
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut running = namespace.start(&["get", "job", "sleeping", "-w"]);
        running.wait_for_text("job/sleeping");
        running.signal(signal);
        let ended = running.wait().ends(code);
        ended.prints("job/sleeping");
        // A line says how to come back.
        ended.warns("kubectl seq get job");
        still_runs(&namespace);
    }
    // The document is complete.
    let mut running = namespace.start(&["get", "job", "sleeping", "-w", "-o", "jsonl"]);
    running.wait_for_text("\"type\":\"pod\"");
    running.signal("INT");
    let ended = running.wait().ends(130);
    let last: Value = serde_json::from_str(ended.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((text(&last, "type"), &last["exitCode"]), ("end", &130.into()));
}

#[test]
#[ignore = "needs a cluster"]
fn a_deleted_job_ends_with_exit_code_3() {
    let namespace = sleeping("deleted");
    let mut running = namespace.start(&["get", "job", "sleeping", "-w"]);
    running.wait_for_text("job/sleeping");
    namespace.kubectl(&["delete", "job", "sleeping"]).succeeds();
    running.wait().ends(3).warns("was deleted before it ended");
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
        // The pipe is closed before anything is written, as with `| head -0`.
        drop(child.stdout.take());
        let code = wait_or_kill(&mut child).and_then(|status| status.code());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((code, said.as_str()), (Some(0), ""), "{arguments:?}");
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
fn each_change_is_a_line() {
    let namespace = Namespace::new("lines");
    let file = manifest("quick.yaml");
    let ended = namespace.seq(&["apply", "-f", &file, "-o", "jsonl", "--timeout=60s"]).succeeds();
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| lines.iter().filter(|line| line["type"] == kind).collect::<Vec<_>>();
    // Each of the two Pods has at least four states: queued, starting, running, done.
    assert!(of("pod").len() >= 6, "{ended:#}");
    let end = of("end");
    assert_eq!((end.len(), &lines.last().unwrap()["exitCode"]), (1, &0.into()), "{ended:#}");
    assert_eq!(text(&array(end[0], "workloads")[0], "outcome"), "Succeeded");
    let last =
        |name: &Value| of("pod").into_iter().rfind(|line| &line["pod"]["name"] == name).unwrap().clone();
    for line in of("pod") {
        assert_eq!(text(&last(&line["pod"]["name"])["pod"], "outcome"), "Succeeded", "{ended:#}");
    }

    // In lines mode there is one line per change of state, then the diagram once.
    namespace.kubectl(&["delete", "job", "quick"]).succeeds();
    let ended = namespace.seq(&["apply", "-f", &file, "--timeout=60s"]).succeeds();
    ended.prints("job/quick");
    assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'), "{ended:#}");
}
