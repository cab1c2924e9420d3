//! How following ends: bound, signals, a closed pipe, a Job that goes.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use serde_json::Value;

use crate::document::{array, text, workload};
use crate::harness::{Namespace, end_of, manifest};

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
fn the_bound_is_exit_code_124() {
    let namespace = sleeping("bound");
    let ended = namespace.seq(&["get", "job", "sleeping", "-w", "--timeout=1s"]).ends(124);
    ended.says("job/sleeping");
    ended.warns("1s");
    let ended = namespace.seq(&["get", "job", "sleeping", "-w", "--timeout=1s", "-o", "json"]).ends(124);
    assert_eq!(workload(&ended.json(), "sleeping")["outcome"], "Running");
    still_runs(&namespace);
}

#[test]
#[ignore = "needs a cluster"]
fn signals_detach() {
    let namespace = sleeping("signals");
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut running = namespace.start(&["get", "job", "sleeping", "-w"]);
        running.until_it_says("job/sleeping");
        running.signal(signal);
        let ended = running.wait().ends(code);
        ended.says("job/sleeping");
        // A line says how to come back.
        ended.warns("kubectl seq get job");
        still_runs(&namespace);
    }
    // A document that was asked for is still whole.
    let mut running = namespace.start(&["get", "job", "sleeping", "-w", "-o", "jsonl"]);
    running.until_it_says("\"type\":\"pod\"");
    running.signal("INT");
    let ended = running.wait().ends(130);
    let last: Value = serde_json::from_str(ended.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((text(&last, "type"), &last["exitCode"]), ("end", &130.into()));
}

#[test]
#[ignore = "needs a cluster"]
fn a_job_that_is_deleted_cannot_be_judged() {
    let namespace = sleeping("deleted");
    let mut running = namespace.start(&["get", "job", "sleeping", "-w"]);
    running.until_it_says("job/sleeping");
    namespace.kubectl(&["delete", "job", "sleeping"]).succeeds();
    running.wait().ends(3).warns("went before it ended");
}

#[test]
#[ignore = "needs a cluster"]
fn a_closed_pipe_is_quiet() {
    let namespace = Namespace::new("pipe");
    namespace.complete("quick.yaml");
    for arguments in
        [["get", "jobs", "-o", "json"], ["get", "pods", "-o", "yaml"], ["get", "jobs", "-o", "table"]]
    {
        let mut command = namespace.command(&arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Closed before anything can be written: what `| head -0` does.
        drop(child.stdout.take());
        let code = end_of(&mut child).and_then(|status| status.code());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((code, said.as_str()), (Some(0), ""), "{arguments:?}");
    }
    let mut command = namespace.command(&["get", "jobs", "-o", "json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "{\n");
    assert_eq!(end_of(&mut child).and_then(|status| status.code()), Some(0));
}

#[test]
#[ignore = "needs a cluster"]
fn each_change_is_a_line() {
    let namespace = Namespace::new("lines");
    let file = manifest("quick.yaml");
    let ended = namespace.seq(&["apply", "-f", &file, "-o", "jsonl", "--timeout=60s"]).succeeds();
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| lines.iter().filter(|line| line["type"] == kind).collect::<Vec<_>>();
    // Queued, starting, running, done: at least, for both.
    assert!(of("pod").len() >= 6, "{ended:#}");
    let end = of("end");
    assert_eq!((end.len(), &lines.last().unwrap()["exitCode"]), (1, &0.into()), "{ended:#}");
    assert_eq!(text(&array(end[0], "workloads")[0], "outcome"), "Succeeded");
    let last =
        |name: &Value| of("pod").into_iter().rfind(|line| &line["pod"]["name"] == name).unwrap().clone();
    for line in of("pod") {
        assert_eq!(text(&last(&line["pod"]["name"])["pod"], "outcome"), "Succeeded", "{ended:#}");
    }

    // As lines for people: one for each change of state, then the diagram, once.
    namespace.kubectl(&["delete", "job", "quick"]).succeeds();
    let ended = namespace.seq(&["apply", "-f", &file, "--timeout=60s"]).succeeds();
    ended.says("job/quick");
    assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'), "{ended:#}");
}
