//! Tests that the program survives faults of the network and of the API server. Many programs follow the same Job at
//! the same time: one without a fault, and one for each fault. Their documents must agree.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::document::{array, overlap, text, workload};
use crate::fault_proxy::{Fault, FaultProxy, RETRY_AFTER_SECONDS};
use crate::harness::{CommandResult, Namespace, manifest};
use crate::support::runner::Running;

/// The faults after which the document is the same as without the fault, and the smallest number of times that each
/// fault must have happened.
const SURVIVED: [(Fault, usize); 22] = [
    (Fault::Stopped, 1),
    (Fault::Cuts, 10),
    (Fault::CleanEnds, 10),
    (Fault::GoneEvents, 3),
    (Fault::GoneStatus, 3),
    (Fault::TooManyRequests, 4),
    (Fault::ServerErrors, 8),
    (Fault::OnlyBookmarks, 3),
    (Fault::Disordered, 3),
    (Fault::EventsForbidden, 1),
    (Fault::EventsFlood, 300),
    (Fault::EventsLate, 4),
    (Fault::PodsForbidden, 2),
    (Fault::PodsUnauthorized, 2),
    (Fault::PodWatchesForbidden, 2),
    (Fault::FirstListsBreak, 8),
    (Fault::IdleCloses, 5),
    (Fault::SlowLink, 20),
    (Fault::Clock(10), 4),
    (Fault::Clock(-10), 4),
    (Fault::Clock(3600), 4),
    (Fault::Clock(-3600), 4),
];

/// A program that follows the Job through a proxy.
struct DisturbedRun {
    fault: Fault,
    proxy: FaultProxy,
    running: Running,
    recording: NamedTempFile,
}

impl DisturbedRun {
    fn start(namespace: &Namespace, fault: Fault) -> Self {
        let proxy = FaultProxy::start(fault);
        let server = format!("--server=http://127.0.0.1:{}", proxy.port);
        let recording = NamedTempFile::new().unwrap();
        let record = format!("--record={}", recording.path().display());
        let running = namespace.start(&[&FOLLOW[..], &[&server, &record]].concat());
        Self { fault, proxy, running, recording }
    }
}

/// Follows the Job until it ends. Lines go to standard error, and the document to standard output.
const FOLLOW: [&str; 8] = ["get", "job", "faults", "-w", "-o", "json", "--progress=lines", "--timeout=100s"];

#[test]
#[ignore = "needs a cluster, and 50 s"]
fn the_document_is_the_same_with_and_without_each_fault() {
    let namespace = Namespace::new("faults");
    namespace.kubectl(&["apply", "-f", &manifest("faults.yaml")]).succeeds();
    let mut undisturbed = namespace.start(&FOLLOW);
    let mut runs: Vec<DisturbedRun> =
        SURVIVED.iter().map(|(fault, _)| DisturbedRun::start(&namespace, *fault)).collect();
    let mut lost = DisturbedRun::start(&namespace, Fault::PodsGone);
    undisturbed.wait_for_text("job/faults");
    for run in &mut runs {
        run.running.wait_for_text("job/faults");
    }
    lost.running.wait_for_text("job/faults");
    namespace.kubectl(&["patch", "job", "faults", "-p", r#"{"spec":{"suspend":false}}"#]).succeeds();
    for run in &runs {
        run.proxy.begin();
    }
    lost.proxy.begin();
    // A Pod is deleted while many of the programs are disconnected.
    let selector = "batch.kubernetes.io/job-completion-index=2";
    namespace.kubectl(&["wait", "--for=create", "pod", "-l", selector, "--timeout=30s"]).succeeds();
    thread::sleep(Duration::from_secs(1));
    let deleted = namespace.pod(selector);
    namespace.kubectl(&["delete", "pod", &deleted, "--wait=false"]).succeeds();

    let undisturbed = undisturbed.wait().exits_with(1).json();
    let mut faults = Vec::new();
    for (run, (_, least)) in runs.into_iter().zip(SURVIVED) {
        let (fault, injected) = (run.fault, run.proxy.injected());
        let (most_requests, _) = run.proxy.load();
        let result = run.running.wait();
        let mut differences = compare(&undisturbed, &result, fault, &deleted);
        let replayed = run_replay(&run.recording);
        if replayed != result.stdout {
            differences.push("the replay differs from the run".to_owned());
        }
        if injected < least {
            differences.push(format!("the fault happened only {injected} times"));
        }
        if most_requests > 60 {
            differences.push(format!("{most_requests} requests for one resource"));
        }
        if !differences.is_empty() {
            faults.push(format!("{fault:?}:\n  {}\n{}", differences.join("\n  "), result.stderr));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let result = lost.running.wait().exits_with(1);
    assert_eq!(run_replay(&lost.recording), result.stdout);
    check_incomplete(&result);
}

/// Returns the document of the replay of a recording.
fn run_replay(recording: &NamedTempFile) -> String {
    Namespace::seq_anywhere(&["replay", &recording.path().to_string_lossy(), "-o", "json"]).stdout
}

/// Checks the document of a run that could not read the Pods any more. The Job has failed, so the exit code is 1.
fn check_incomplete(result: &CommandResult) {
    result.reports("cannot read pods: HTTP status 503");
    let document = result.json();
    let [entry] = array(workload(&document, "faults"), "incomplete") else { panic!("{document:#}") };
    assert_eq!([text(entry, "what"), text(entry, "why")], ["pods", "HTTP status 503"]);
    assert!(entry["since"].is_string(), "{entry}");
}

/// Returns the differences between the documents of a run without a fault and a run with a fault.
fn compare(undisturbed: &Value, result: &CommandResult, fault: Fault, deleted: &str) -> Vec<String> {
    let mut differences = Vec::new();
    if result.code != Some(1) {
        differences.push(format!("exit code {:?}", result.code));
    }
    let Ok(document) = serde_json::from_str::<Value>(&result.stdout) else {
        differences.push("no document".to_owned());
        return differences;
    };
    let (expected, actual) = (workload(undisturbed, "faults"), workload(&document, "faults"));
    for field in ["outcome", "reason", "active", "succeeded", "failed", "completions", "parallelism"] {
        if expected[field] != actual[field] {
            differences.push(format!("{field}: {} instead of {}", actual[field], expected[field]));
        }
    }
    let incomplete: Vec<&str> = array(actual, "incomplete").iter().map(|entry| text(entry, "what")).collect();
    let expected_incomplete: &[&str] = if fault == Fault::EventsForbidden { &["events"] } else { &[] };
    if incomplete != expected_incomplete {
        differences.push(format!("incomplete: {incomplete:?}"));
    }
    let by_uid = |job: &Value| -> BTreeMap<String, Value> {
        array(job, "pods").iter().map(|pod| (text(pod, "uid").to_owned(), pod.clone())).collect()
    };
    let (expected, actual) = (by_uid(expected), by_uid(actual));
    if !expected.keys().eq(actual.keys()) {
        differences.push(format!("{} Pods instead of {}", actual.len(), expected.len()));
    }
    for (uid, expected) in &expected {
        let Some(actual) = actual.get(uid) else { continue };
        let name = text(expected, "name");
        // A new list does not show how a Pod ended that was deleted in the meantime.
        let is_end_unseen = name == deleted
            && matches!(
                fault,
                Fault::GoneEvents
                    | Fault::GoneStatus
                    | Fault::PodsForbidden
                    | Fault::PodsUnauthorized
                    | Fault::PodWatchesForbidden
            );
        let fields: &[&str] = if is_end_unseen {
            &["name", "node", "index", "attempt"]
        } else {
            &["name", "node", "index", "attempt", "status", "outcome", "exitCode", "reason", "clamped"]
        };
        for field in fields {
            if expected[*field] != actual[*field] {
                differences
                    .push(format!("{name} {field}: {} instead of {}", actual[*field], expected[*field]));
            }
        }
        let shift = if let Fault::Clock(seconds) = fault { seconds } else { 0 };
        for (instant, expected) in expected["instants"].as_object().unwrap() {
            let actual = unshift(&actual["instants"][instant], shift);
            let ends = ["workEnded", "deleteRequested", "deleted"].contains(&instant.as_str());
            if is_end_unseen && ends {
                continue;
            }
            let agrees = match (expected.is_null(), actual.is_null()) {
                (true, true) => true,
                (false, false) if fault == Fault::EventsForbidden && !is_narrow(&actual) => {
                    contains(&actual, expected)
                }
                (false, false) => {
                    let delay = delay_of(fault);
                    overlap(&widen(expected, delay), &widen(&actual, delay))
                }
                // Events alone prove when the sandbox was ready, and only a watch shows the deletion.
                (false, true) if fault == Fault::EventsForbidden => instant == "sandboxReady",
                (false, true) => instant == "deleted",
                (true, false) => false,
            };
            if !agrees {
                differences.push(format!("{name} {instant}: {actual} instead of {expected}"));
            }
        }
    }
    differences
}

/// The time by which a fault delays what the program receives, in milliseconds. Times that come only from a receipt
/// may be late by this time. If the clock of the program's machine is wrong, the program knows the error of the clock
/// only to a second.
fn delay_of(fault: Fault) -> i64 {
    match fault {
        Fault::Disordered => 500,
        Fault::Clock(_) => 1000,
        // On a busy machine, the controller reports a creation later than the Pod is received.
        Fault::EventsForbidden => 300,
        Fault::SlowLink => 15_000,
        _ => 0,
    }
}

/// Widens the interval of an instant whose evidence is the receipt of an update.
fn widen(instant: &Value, millis: i64) -> Value {
    let mut widened = instant.clone();
    if instant["source"] == "observed" {
        for (bound, millis) in [("earliest", -millis), ("latest", millis)] {
            widened[bound] =
                (bound_of(instant, bound) + SignedDuration::from_millis(millis)).to_string().into();
        }
    }
    widened
}

fn bound_of(instant: &Value, bound: &str) -> Timestamp {
    text(instant, bound).parse().unwrap()
}

/// Whether the evidence of an instant is exact to some hundred milliseconds.
fn is_narrow(instant: &Value) -> bool {
    instant["precisionMillis"].as_i64().unwrap() <= 400
}

/// Whether the interval of one instant contains that of the other. The scheduler may write its Event late on a busy machine,
/// so the interval from an Event may be off by its own width of 100 ms.
fn contains(outer: &Value, inner: &Value) -> bool {
    let slack = SignedDuration::from_millis(100);
    bound_of(outer, "earliest") <= bound_of(inner, "earliest") + slack
        && bound_of(inner, "latest") <= bound_of(outer, "latest") + slack
}

/// Moves the times of an instant back by the error of the clock.
fn unshift(instant: &Value, seconds: i64) -> Value {
    if instant.is_null() || seconds == 0 {
        return instant.clone();
    }
    serde_json::from_str(&crate::clock_shift::shift_times(&instant.to_string(), -seconds)).unwrap()
}

#[test]
#[ignore = "needs a cluster, and 30 s"]
fn the_time_that_the_server_asks_for_is_kept() {
    let namespace = Namespace::new("asked");
    namespace.kubectl(&["apply", "-f", &manifest("faults.yaml")]).succeeds();
    let mut run = DisturbedRun::start(&namespace, Fault::TooManyRequests);
    run.running.wait_for_text("job/faults");
    run.proxy.begin();
    run.running.wait_for_text("too many requests (429)");
    run.running.wait_for_text("reading ");
    let (_, shortest) = run.proxy.load();
    assert!(run.proxy.injected() >= 4, "{} faults", run.proxy.injected());
    assert!(shortest >= Duration::from_secs(RETRY_AFTER_SECONDS), "a request after {shortest:?}");
    run.running.signal("INT");
    run.running.wait().exits_with(130);
}

#[test]
#[ignore = "needs a cluster, and 30 s"]
fn a_job_that_succeeds_while_its_pods_cannot_be_read_ends_with_exit_code_3() {
    let namespace = Namespace::new("unread");
    let yaml = std::fs::read_to_string(manifest("faults.yaml")).unwrap().replace("!= 5", "!= 9");
    namespace.kubectl_with(&["--namespace", &namespace.name, "apply", "-f", "-"], &yaml).succeeds();
    let proxy = FaultProxy::start(Fault::PodsGone);
    let server = format!("--server=http://127.0.0.1:{}", proxy.port);
    let words = ["get", "job", "faults", "-w", "--progress=lines", "--timeout=100s", &server];
    let mut running = namespace.start(&words);
    running.wait_for_text("job/faults");
    namespace.kubectl(&["patch", "job", "faults", "-p", r#"{"spec":{"suspend":false}}"#]).succeeds();
    proxy.begin();
    let result = running.wait().exits_with(3);
    assert!(proxy.injected() >= 3, "{} faults", proxy.injected());
    let warning = "cannot read pods: HTTP status 503";
    assert!(result.stdout.matches(warning).count() >= 2, "a line and the picture\n{result:#}");
    result.reports("outcome unknown: cannot read pods: HTTP status 503");
}

/// Two Jobs with a label. One of them is deleted and created again.
fn jobs_to_recreate(name: &str, seconds: u32) -> String {
    format!(
        r#"{{"apiVersion": "batch/v1", "kind": "Job", "metadata": {{"name": "{name}", "labels": {{"app": "again"}}}},
        "spec": {{"template": {{"spec": {{"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [
        {{"name": "main", "image": "bash:5.3", "command": ["sleep", "{seconds}"]}}]}}}}}}}}"#
    )
}

#[test]
#[ignore = "needs a cluster, and 30 s"]
fn a_job_that_is_recreated_while_the_program_is_disconnected_is_another_workload() {
    let namespace = Namespace::new("recreated");
    let apply = |name, seconds| {
        let words = ["--namespace", &namespace.name, "apply", "-f", "-"];
        namespace.kubectl_with(&words, &jobs_to_recreate(name, seconds)).succeeds();
    };
    apply("long", 35);
    apply("again", 60);
    let follow = ["get", "jobs", "-l", "app=again", "-w", "-o", "json", "--progress=lines", "--timeout=100s"];
    let mut undisturbed = namespace.start(&follow);
    let faults = [Fault::Stopped, Fault::GoneStatus, Fault::PodsForbidden];
    let mut runs: Vec<(FaultProxy, Running)> = faults
        .iter()
        .map(|fault| {
            let proxy = FaultProxy::start(*fault);
            let server = format!("--server=http://127.0.0.1:{}", proxy.port);
            let running = namespace.start(&[&follow[..], &[&server]].concat());
            (proxy, running)
        })
        .collect();
    undisturbed.wait_for_text("job/again 1 running");
    for (proxy, running) in &mut runs {
        running.wait_for_text("job/again 1 running");
        proxy.begin();
    }
    thread::sleep(Duration::from_secs(5));
    namespace.kubectl(&["delete", "job", "again", "--cascade=foreground", "--wait=true"]).succeeds();
    apply("again", 2);
    let states = |document: &Value| -> BTreeMap<String, [String; 2]> {
        let jobs = array(document, "workloads").iter();
        jobs.map(|job| {
            let state = ["name", "outcome"].map(|field| text(job, field).to_owned());
            (text(job, "uid").to_owned(), state)
        })
        .collect()
    };
    let expected = undisturbed.wait().exits_with(3).json();
    assert_eq!(array(&expected, "workloads").len(), 3, "{expected:#}");
    for (fault, (proxy, running)) in faults.into_iter().zip(runs) {
        let result = running.wait().exits_with(3);
        assert!(proxy.injected() > 0, "{fault:?}");
        assert_eq!(states(&result.json()), states(&expected), "{fault:?}\n{}", result.stderr);
    }
}
