//! The pi Job and everything that goes wrong, applied from one file.

use serde_json::{Value, json};

use crate::document::{self, array, container, only_pod, phases, text, workload};
use crate::harness::{Ended, Namespace, manifest};
use crate::truth;

/// By then all that ends has ended; an image that is missing and a Pod without a place never do.
const LONG_ENOUGH: &str = "--timeout=75s";

fn ranges(pod: &Value) -> Vec<bool> {
    ["queuedMillis", "coldStartMillis", "runMillis"].iter().map(|range| pod[range].is_i64()).collect()
}

#[test]
#[ignore = "needs a cluster"]
fn the_document_tells_each_of_them() {
    let namespace = Namespace::new("document");
    let followed = namespace.seq(&["apply", "-f", &manifest("everything.yaml"), "-o", "json", LONG_ENOUGH]);
    // Two of the Jobs run on, so the bound ends it, although others have failed.
    let followed = followed.ends(124);
    followed.warns("job.batch/pi created");
    let document = followed.json();
    document::hold(&document);
    assert_eq!(array(&document, "workloads").len(), 8);
    let held = truth::hold(&document);
    assert!(std::env::var_os("KUBECTL_SEQ_TEST_CLUSTER").is_none() || held > 100, "{held} times held");

    the_pi_job(workload(&document, "pi"));
    init(workload(&document, "init"));
    sidecar(workload(&document, "sidecar"));
    on_failure(workload(&document, "on-failure"));
    missing(workload(&document, "missing"));
    unschedulable(workload(&document, "unschedulable"));
    oom(workload(&document, "oom"));
    start_error(workload(&document, "start-error"));
    a_list_knows_the_same(&namespace, &document);
    a_failure_is_an_exit_code(&namespace);
}

fn the_pi_job(job: &Value) {
    assert_eq!(job["outcome"], "Succeeded", "{job:#}");
    let counts =
        ["completions", "parallelism", "active", "succeeded", "failed"].map(|count| job[count].as_i64());
    assert_eq!(counts, [20, 4, 0, 20, 0].map(Some));
    assert_eq!(array(job, "pods").len(), 20);
    for pod in array(job, "pods") {
        assert_eq!((text(pod, "outcome"), text(pod, "status")), ("Succeeded", "Completed"), "{pod:#}");
        assert_eq!(pod["exitCode"], 0);
        assert_eq!(ranges(pod), [true; 3], "{pod:#}");
        // What took no time is not told.
        let first = if pod["queuedMillis"] == 0 { "Setup" } else { "Queued" };
        assert_eq!(phases(pod).first(), Some(&first), "{pod:#}");
        assert!(phases(pod).contains(&"Running"), "{pod:#}");
    }
    let concurrency = job["summary"]["concurrency"]["max"].as_i64().unwrap();
    assert!((1..=4).contains(&concurrency), "{job:#}");
    assert!(job["finishedAt"].is_string());
}

fn init(job: &Value) {
    assert_eq!(job["outcome"], "Succeeded", "{job:#}");
    let pod = only_pod(job);
    assert_eq!(text(container(pod, "fetch"), "role"), "init");
    assert_eq!(text(container(pod, "work"), "role"), "main");
    let initializing = array(pod, "phases").iter().filter(|phase| phase["phase"] == "Initializing");
    let initializing: i64 = initializing.map(|phase| phase["millis"].as_i64().unwrap()).sum();
    // `sleep 2`, known to the second at both ends.
    assert!((1000..4000).contains(&initializing), "{initializing}: {pod:#}");
    assert!(pod["coldStartMillis"].as_i64().unwrap() >= initializing, "{pod:#}");
}

fn sidecar(job: &Value) {
    assert_eq!(job["outcome"], "Succeeded", "{job:#}");
    let pod = only_pod(job);
    assert_eq!((text(pod, "outcome"), &pod["exitCode"]), ("Succeeded", &json!(0)), "{pod:#}");
    assert_eq!(text(container(pod, "proxy"), "role"), "sidecar");
    // Its start is part of the cold start; its life and its exit code are not the Pod's.
    let work = &container(pod, "work")["runs"][0];
    assert_eq!(pod["instants"]["workStarted"]["at"].as_str(), work["start"].as_str(), "{pod:#}");
    assert_eq!(pod["instants"]["workEnded"]["at"].as_str(), work["end"].as_str(), "{pod:#}");
}

fn on_failure(job: &Value) {
    assert_eq!((text(job, "outcome"), text(job, "reason")), ("Failed", "BackoffLimitExceeded"), "{job:#}");
    let pod = only_pod(job);
    let work = container(pod, "work");
    let seen = array(work, "runs").len() as u64 + work["runsNotSeen"].as_u64().unwrap();
    assert!(seen >= 2, "{pod:#}");
    assert!(array(work, "runs").iter().any(|run| run["exitCode"] == 3), "{pod:#}");
    // The second restart comes after ten seconds.
    let back_off = array(pod, "phases").iter().filter(|phase| phase["phase"] == "BackOff");
    let back_off: i64 = back_off.map(|phase| phase["millis"].as_i64().unwrap()).sum();
    assert!(back_off >= 8000, "{back_off}: {pod:#}");
    assert!(pod["instants"]["deleteRequested"].is_object(), "its Job deleted it: {pod:#}");
}

fn missing(job: &Value) {
    assert_eq!(text(job, "outcome"), "Running", "{job:#}");
    let pod = only_pod(job);
    assert_eq!(text(pod, "outcome"), "Starting", "{pod:#}");
    assert!(["ErrImagePull", "ImagePullBackOff"].contains(&text(pod, "status")), "{pod:#}");
    assert!(["ErrImagePull", "ImagePullBackOff"].contains(&text(pod, "reason")), "{pod:#}");
    assert_eq!(ranges(pod), [true, false, false], "unknown, not 0: {pod:#}");
    assert!(pod["instants"]["workStarted"].is_null());
    let last = array(pod, "phases").last().unwrap();
    assert!(last["end"].is_null() && last["millis"].as_i64() > Some(1000), "{pod:#}");
}

fn unschedulable(job: &Value) {
    let pod = only_pod(job);
    assert_eq!((text(pod, "outcome"), text(pod, "status")), ("Pending", "Pending"), "{pod:#}");
    assert!(pod["node"].is_null());
    assert_eq!(phases(pod), ["Queued"]);
    assert!(text(pod, "reason").contains("Insufficient cpu"), "{pod:#}");
    assert!(text(&pod["phases"][0], "reason").contains("Insufficient cpu"), "{pod:#}");
    assert_eq!(ranges(pod), [false; 3], "{pod:#}");
}

fn oom(job: &Value) {
    assert_eq!(text(job, "outcome"), "Failed", "{job:#}");
    let pod = only_pod(job);
    assert_eq!((text(pod, "outcome"), text(pod, "status")), ("Failed", "OOMKilled"), "{pod:#}");
    assert_eq!((&pod["exitCode"], text(pod, "reason")), (&json!(137), "OOMKilled"), "{pod:#}");
    let run = &container(pod, "work")["runs"][0];
    assert_eq!((&run["signal"], text(run, "reason")), (&json!(9), "OOMKilled"), "{pod:#}");
}

fn start_error(job: &Value) {
    assert_eq!(text(job, "outcome"), "Failed", "{job:#}");
    let pod = only_pod(job);
    assert_eq!((text(pod, "outcome"), text(pod, "status")), ("NeverStarted", "StartError"), "{pod:#}");
    assert_eq!(pod["exitCode"], 128, "{pod:#}");
    assert!(pod["instants"]["workStarted"].is_null(), "{pod:#}");
    assert!(!phases(pod).contains(&"Running"), "{pod:#}");
    assert!(pod["runMillis"].is_null(), "{pod:#}");
}

/// `get` afterwards tells the same of what has ended, but for what only a witness can know.
fn a_list_knows_the_same(namespace: &Namespace, followed: &Value) {
    let listed = namespace.seq(&["get", "jobs", "-o", "json"]).succeeds().json();
    document::hold(&listed);
    truth::hold(&listed);
    for name in ["pi", "init", "sidecar", "oom", "start-error"] {
        let (followed, listed) = (workload(followed, name), workload(&listed, name));
        for (field, value) in listed.as_object().unwrap() {
            if field != "summary" && field != "pods" {
                assert_eq!(&followed[field], value, "{name} {field}");
            }
        }
        assert_eq!(array(listed, "pods").len(), array(followed, "pods").len());
        for listed in array(listed, "pods") {
            let followed = array(followed, "pods").iter().find(|pod| pod["uid"] == listed["uid"]).unwrap();
            for field in
                ["name", "node", "index", "attempt", "status", "outcome", "exitCode", "reason", "clamped"]
            {
                assert_eq!(followed[field], listed[field], "{field} of {followed:#}\n{listed:#}");
            }
            let runs_and_pulls = |pod: &Value| pod["containers"].clone();
            assert_eq!(runs_and_pulls(followed), runs_and_pulls(listed));
            for (instant, listed) in listed["instants"].as_object().unwrap() {
                let followed = &followed["instants"][instant];
                let of_a_witness = ["deleteRequested", "deleted"].contains(&instant.as_str());
                if !of_a_witness && (listed["source"] != "status" || followed["source"] == "status") {
                    assert_eq!(followed, listed, "{instant}");
                }
            }
        }
    }
}

fn a_failure_is_an_exit_code(namespace: &Namespace) {
    namespace.seq(&["get", "job", "pi", "-w", "-o", "json"]).succeeds();
    for name in ["oom", "start-error", "on-failure"] {
        namespace.seq(&["get", "job", name, "-w", "-o", "json"]).ends(1);
        namespace.seq(&["get", "job", name]).succeeds();
    }
}

#[test]
#[ignore = "needs a cluster"]
fn the_diagram_tells_each_of_them() {
    let namespace = Namespace::new("diagram");
    let followed = namespace.seq(&["apply", "-f", &manifest("everything.yaml"), LONG_ENOUGH]).ends(124);
    followed.says("job.batch/pi created");
    followed.warns("timed out after 1m 15s");
    no_terminal_codes(&followed);
    for job in ["pi", "init", "sidecar", "on-failure", "missing", "unschedulable", "oom", "start-error"] {
        followed.says(&format!("job/{job}"));
    }
    followed.says("20 of 20");
    followed.says("BackoffLimitExceeded");
    followed.says("ImagePull");
    followed.says("Insufficient cpu");
    followed.says("OOMKilled");
    followed.says("StartError");

    for format in ["seq", "table", "wide", "grid"] {
        for width in ["40", "80", "200"] {
            let drawn = namespace.seq(&["get", "jobs", "-o", format, "--width", width]).succeeds();
            no_terminal_codes(&drawn);
            drawn.says("pi");
        }
        let ascii = namespace.seq(&["get", "jobs", "-o", format, "--ascii"]).succeeds();
        assert!(ascii.stdout.is_ascii(), "{ascii:#}");
        let coloured = namespace.seq(&["get", "jobs", "-o", format, "--color", "always"]).succeeds();
        assert!(coloured.stdout.contains('\u{1b}'), "{coloured:#}");
    }
}

fn no_terminal_codes(ended: &Ended) {
    assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'), "{ended:#}");
    assert!(!ended.stdout.contains('\r'), "{ended:#}");
}
