//! Tests of the pi Job together with one Job for each kind of failure, all applied from one file.

use serde_json::{Value, json};

use crate::document::{self, array, container, only_pod, phases, text, workload};
use crate::harness::{CommandResult, Namespace, manifest};
use crate::truth;

/// After this timeout, all Jobs have ended except the Jobs with a missing image or an unschedulable Pod. These two
/// never end.
const FOLLOW_TIMEOUT: &str = "--timeout=75s";

/// Returns for queued, cold start and run whether the duration is known.
fn known_durations(pod: &Value) -> Vec<bool> {
    ["queuedMillis", "coldStartMillis", "runMillis"].iter().map(|duration| pod[duration].is_i64()).collect()
}

#[test]
#[ignore = "needs a cluster"]
fn the_document_describes_each_failure() {
    let namespace = Namespace::new("document");
    let followed =
        namespace.seq(&["apply", "-f", &manifest("everything.yaml"), "-o", "json", FOLLOW_TIMEOUT]);
    // Two of the Jobs never end, so the timeout ends the command, although other Jobs have failed.
    let followed = followed.exits_with(124);
    followed.reports("job.batch/pi created");
    let document = followed.json();
    document::check(&document);
    assert_eq!(array(&document, "workloads").len(), 8);
    let compared = truth::compare(&document);
    assert!(
        std::env::var_os("KUBECTL_SEQ_TEST_CLUSTER").is_none() || compared > 100,
        "{compared} times compared"
    );

    check_pi(workload(&document, "pi"));
    check_init(workload(&document, "init"));
    check_sidecar(workload(&document, "sidecar"));
    check_on_failure(workload(&document, "on-failure"));
    check_missing(workload(&document, "missing"));
    check_unschedulable(workload(&document, "unschedulable"));
    check_oom(workload(&document, "oom"));
    check_start_error(workload(&document, "start-error"));
    check_list(&namespace, &document);
    check_exit_codes(&namespace);
}

fn check_pi(job: &Value) {
    assert_eq!(job["outcome"], "Succeeded", "{job:#}");
    let counts =
        ["completions", "parallelism", "active", "succeeded", "failed"].map(|count| job[count].as_i64());
    assert_eq!(counts, [20, 4, 0, 20, 0].map(Some));
    assert_eq!(array(job, "pods").len(), 20);
    for pod in array(job, "pods") {
        assert_eq!((text(pod, "outcome"), text(pod, "status")), ("Succeeded", "Completed"), "{pod:#}");
        assert_eq!(pod["exitCode"], 0);
        assert_eq!(known_durations(pod), [true; 3], "{pod:#}");
        // The document omits phases without duration.
        let first = if pod["queuedMillis"] == 0 { "Setup" } else { "Queued" };
        assert_eq!(phases(pod).first(), Some(&first), "{pod:#}");
        assert!(phases(pod).contains(&"Running"), "{pod:#}");
    }
    let concurrency = job["summary"]["concurrency"]["max"].as_i64().unwrap();
    assert!((1..=4).contains(&concurrency), "{job:#}");
    assert!(job["finishedAt"].is_string());
}

fn check_init(job: &Value) {
    assert_eq!(job["outcome"], "Succeeded", "{job:#}");
    let pod = only_pod(job);
    assert_eq!(text(container(pod, "fetch"), "role"), "init");
    assert_eq!(text(container(pod, "work"), "role"), "main");
    let initializing = array(pod, "phases").iter().filter(|phase| phase["phase"] == "Initializing");
    let initializing: i64 = initializing.map(|phase| phase["millis"].as_i64().unwrap()).sum();
    // The container runs `sleep 2`. Both ends are truncated to the second.
    assert!((1000..4000).contains(&initializing), "{initializing}: {pod:#}");
    assert!(pod["coldStartMillis"].as_i64().unwrap() >= initializing, "{pod:#}");
}

fn check_sidecar(job: &Value) {
    assert_eq!(job["outcome"], "Succeeded", "{job:#}");
    let pod = only_pod(job);
    assert_eq!((text(pod, "outcome"), &pod["exitCode"]), ("Succeeded", &json!(0)), "{pod:#}");
    assert_eq!(text(container(pod, "proxy"), "role"), "sidecar");
    // The start of the sidecar belongs to the cold start. The end and the exit code of the sidecar do not count for the
    // Pod.
    let work = &container(pod, "work")["runs"][0];
    assert_eq!(pod["instants"]["workStarted"]["at"].as_str(), work["start"].as_str(), "{pod:#}");
    assert_eq!(pod["instants"]["workEnded"]["at"].as_str(), work["end"].as_str(), "{pod:#}");
}

fn check_on_failure(job: &Value) {
    assert_eq!((text(job, "outcome"), text(job, "reason")), ("Failed", "BackoffLimitExceeded"), "{job:#}");
    let pod = only_pod(job);
    let work = container(pod, "work");
    let runs = array(work, "runs").len() as u64 + work["runsNotSeen"].as_u64().unwrap();
    assert!(runs >= 2, "{pod:#}");
    assert!(array(work, "runs").iter().any(|run| run["exitCode"] == 3), "{pod:#}");
    // The second restart comes after ten seconds.
    let back_off = array(pod, "phases").iter().filter(|phase| phase["phase"] == "BackOff");
    let back_off: i64 = back_off.map(|phase| phase["millis"].as_i64().unwrap()).sum();
    assert!(back_off >= 8000, "{back_off}: {pod:#}");
    assert!(pod["instants"]["deleteRequested"].is_object(), "the Job deleted the Pod: {pod:#}");
}

fn check_missing(job: &Value) {
    assert_eq!(text(job, "outcome"), "Running", "{job:#}");
    let pod = only_pod(job);
    assert_eq!(text(pod, "outcome"), "Starting", "{pod:#}");
    assert!(["ErrImagePull", "ImagePullBackOff"].contains(&text(pod, "status")), "{pod:#}");
    assert!(["ErrImagePull", "ImagePullBackOff"].contains(&text(pod, "reason")), "{pod:#}");
    assert_eq!(known_durations(pod), [true, false, false], "unknown, not 0: {pod:#}");
    assert!(pod["instants"]["workStarted"].is_null());
    let last = array(pod, "phases").last().unwrap();
    assert!(last["end"].is_null() && last["millis"].as_i64() > Some(1000), "{pod:#}");
}

fn check_unschedulable(job: &Value) {
    let pod = only_pod(job);
    assert_eq!((text(pod, "outcome"), text(pod, "status")), ("Pending", "Pending"), "{pod:#}");
    assert!(pod["node"].is_null());
    assert_eq!(phases(pod), ["Queued"]);
    assert!(text(pod, "reason").contains("Insufficient cpu"), "{pod:#}");
    assert!(text(&pod["phases"][0], "reason").contains("Insufficient cpu"), "{pod:#}");
    assert_eq!(known_durations(pod), [false; 3], "{pod:#}");
}

fn check_oom(job: &Value) {
    assert_eq!(text(job, "outcome"), "Failed", "{job:#}");
    let pod = only_pod(job);
    assert_eq!((text(pod, "outcome"), text(pod, "status")), ("Failed", "OOMKilled"), "{pod:#}");
    assert_eq!((&pod["exitCode"], text(pod, "reason")), (&json!(137), "OOMKilled"), "{pod:#}");
    let run = &container(pod, "work")["runs"][0];
    assert_eq!((&run["signal"], text(run, "reason")), (&json!(9), "OOMKilled"), "{pod:#}");
}

fn check_start_error(job: &Value) {
    assert_eq!(text(job, "outcome"), "Failed", "{job:#}");
    let pod = only_pod(job);
    assert_eq!((text(pod, "outcome"), text(pod, "status")), ("NeverStarted", "StartError"), "{pod:#}");
    assert_eq!(pod["exitCode"], 128, "{pod:#}");
    assert!(pod["instants"]["workStarted"].is_null(), "{pod:#}");
    assert!(!phases(pod).contains(&"Running"), "{pod:#}");
    assert!(pod["runMillis"].is_null(), "{pod:#}");
}

/// Checks that a later `get` shows the ended Jobs as `apply` did, except for times that only a watch can observe. The
/// intervals of both timelines must overlap.
fn check_list(namespace: &Namespace, followed: &Value) {
    let listed = namespace.seq(&["get", "jobs", "-o", "json"]).succeeds().json();
    document::check(&listed);
    truth::compare(&listed);
    for name in ["pi", "init", "sidecar", "oom", "start-error"] {
        let (followed, listed) = (workload(followed, name), workload(&listed, name));
        for (field, value) in listed.as_object().unwrap() {
            // These fields contain times, or are computed from times.
            if !["summary", "findings", "byNode", "byImage", "pods"].contains(&field.as_str()) {
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
            // Only a watch receives the update that bounds the end of a run.
            let without_times = |pod: &Value| {
                let mut containers = pod["containers"].clone();
                let all = containers.as_array_mut().unwrap().iter_mut();
                for run in all.flat_map(|container| container["runs"].as_array_mut().unwrap()) {
                    run.as_object_mut().unwrap().retain(|field, _| field != "start" && field != "end");
                }
                containers
            };
            assert_eq!(without_times(followed), without_times(listed));
            for (instant, listed) in listed["instants"].as_object().unwrap() {
                let followed = &followed["instants"][instant];
                let needs_watch = ["deleteRequested", "deleted"].contains(&instant.as_str());
                let is_unknown = listed.is_null() && followed.is_null();
                if !needs_watch && !is_unknown {
                    let overlap = document::overlap(followed, listed);
                    assert!(overlap, "{instant}: {followed:#} contradicts {listed:#}");
                }
            }
        }
    }
}

/// Checks that `get --watch` reports a failure in its exit code, and that `get` does not.
fn check_exit_codes(namespace: &Namespace) {
    namespace.seq(&["get", "job", "pi", "-w", "-o", "json"]).succeeds();
    for name in ["oom", "start-error", "on-failure"] {
        namespace.seq(&["get", "job", name, "-w", "-o", "json"]).exits_with(1);
        namespace.seq(&["get", "job", name]).succeeds();
    }
}

#[test]
#[ignore = "needs a cluster"]
fn the_diagram_shows_each_failure() {
    let namespace = Namespace::new("diagram");
    let followed =
        namespace.seq(&["apply", "-f", &manifest("everything.yaml"), FOLLOW_TIMEOUT]).exits_with(124);
    followed.prints("job.batch/pi created");
    followed.reports("timed out after 1m 15s");
    assert_no_terminal_codes(&followed);
    for job in ["pi", "init", "sidecar", "on-failure", "missing", "unschedulable", "oom", "start-error"] {
        followed.prints(&format!("job/{job}"));
    }
    followed.prints("20 of 20");
    followed.prints("BackoffLimitExceeded");
    followed.prints("cannot pull its image");
    followed.prints("Insufficient cpu");
    followed.prints("OOMKilled");
    followed.prints("StartError");

    for format in ["seq", "table", "wide", "grid"] {
        for width in ["40", "80", "200"] {
            let drawn = namespace.seq(&["get", "jobs", "-o", format, "--width", width]).succeeds();
            assert_no_terminal_codes(&drawn);
            drawn.prints("pi");
        }
        let ascii = namespace.seq(&["get", "jobs", "-o", format, "--ascii"]).succeeds();
        assert!(ascii.stdout.is_ascii(), "{ascii:#}");
        let coloured = namespace.seq(&["get", "jobs", "-o", format, "--color", "always"]).succeeds();
        assert!(coloured.stdout.contains('\u{1b}'), "{coloured:#}");
    }
}

fn assert_no_terminal_codes(result: &CommandResult) {
    assert!(!result.stdout.contains('\u{1b}') && !result.stderr.contains('\u{1b}'), "{result:#}");
    assert!(!result.stdout.contains('\r'), "{result:#}");
}
