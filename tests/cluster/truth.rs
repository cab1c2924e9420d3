//! Compares documents with the logs of the nodes' container runtimes. Only a test cluster provides these logs.

use std::collections::HashMap;
use std::process::Command;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::document::{array, pods, role, text};
use crate::harness::print_notice;

/// Maximum error of every time, in milliseconds. The error of an instant may be as large as its interval.
const MAX_ERROR_MILLIS: i64 = 1000;
/// Maximum error of a time that comes from the nanoseconds in the name of an event, in milliseconds.
const MAX_EVENT_ERROR_MILLIS: i64 = 50;

/// On an overloaded machine a kubelet writes its events late. Therefore `1 + count / TIMES_PER_LATE_TIME` of `count`
/// times may lie outside their interval or exceed [`MAX_EVENT_ERROR_MILLIS`], but not [`MAX_ERROR_MILLIS`].
const TIMES_PER_LATE_TIME: usize = 100;

/// A line that the command `truth` of the test cluster's script prints.
#[derive(Debug, Deserialize)]
struct Fact {
    at: Timestamp,
    #[serde(rename = "what")]
    kind: String,
    uid: String,
    namespace: String,
    pod: String,
    container: Option<String>,
    image: Option<String>,
    #[serde(default)]
    failed: bool,
}

/// The facts about one Pod, sorted by time.
struct Facts<'a>(Vec<&'a Fact>);

impl<'a> Facts<'a> {
    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &'a Fact> {
        self.0.iter().copied().filter(move |fact| fact.kind == kind)
    }

    /// Returns the times of all facts of this kind about a container, in order.
    fn times(&self, kind: &str, container: &str) -> Vec<Timestamp> {
        self.of_kind(kind)
            .filter(|fact| fact.container.as_deref() == Some(container))
            .map(|fact| fact.at)
            .collect()
    }
}

/// Compares the instants of the sandbox and of the work, the pulls and the runs of a document with the facts. Returns
/// the number of compared times.
#[track_caller]
pub(crate) fn compare(document: &Value) -> usize {
    compare_in(document, |_| ())
}

/// Compares like [`compare`]. `select_cluster` makes the script use a cluster.
#[track_caller]
pub(crate) fn compare_in(document: &Value, select_cluster: impl FnOnce(&mut Command)) -> usize {
    let Some(facts) = read_facts(select_cluster) else {
        print_notice(
            "not compared with the nodes: KUBECTL_SEQ_TEST_CLUSTER does not name a test cluster's script",
        );
        return 0;
    };
    let mut by_pod: HashMap<&str, Vec<&Fact>> = HashMap::new();
    for fact in &facts {
        by_pod.entry(&fact.uid).or_default().push(fact);
    }
    let mut comparison = Comparison::default();
    for pod in pods(document) {
        // A gone Pod has no uid if only the Events of its owner name the Pod.
        if let Some(facts) = pod["uid"].as_str().and_then(|uid| by_pod.remove(uid)) {
            comparison.compare_pod(pod, &Facts(facts));
        }
    }
    assert!(
        comparison.wrong.is_empty(),
        "{} of {}:\n{}",
        comparison.wrong.len(),
        comparison.count,
        comparison.wrong.join("\n")
    );
    let late = &comparison.late;
    assert!(
        late.len() <= 1 + comparison.count / TIMES_PER_LATE_TIME,
        "{} of {}:\n{}",
        late.len(),
        comparison.count,
        late.join("\n")
    );
    comparison.count
}

/// Reads the logs of all nodes. `select_cluster` makes the script use a cluster. `None` without a test cluster.
fn read_facts(select_cluster: impl FnOnce(&mut Command)) -> Option<Vec<Fact>> {
    let script = std::env::var_os("KUBECTL_SEQ_TEST_CLUSTER")?;
    let mut command = Command::new(&script);
    select_cluster(command.arg("truth"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {}", script.display(), String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Returns the time of the `count`th fact of this kind about a Pod of this workload, whose names begin with the name of
/// the workload. Among pulls, `is_failure` selects those that failed. `None` without a test cluster.
pub(crate) fn time_of(
    namespace: &str,
    workload: &str,
    kind: &str,
    count: usize,
    is_failure: bool,
) -> Option<Timestamp> {
    let facts = read_facts(|_| ())?;
    let is_own = |fact: &&Fact| {
        let is_own_pod = fact.namespace == namespace && fact.pod.starts_with(&format!("{workload}-"));
        is_own_pod && fact.kind == kind && (!is_failure || fact.failed)
    };
    let mut times: Vec<Timestamp> = facts.iter().filter(is_own).map(|fact| fact.at).collect();
    times.sort_unstable();
    Some(times[count - 1])
}

/// Returns the time at which the `count`th container `main` of the Pods whose names begin with `prefix` really started.
/// `None` without a test cluster.
pub(crate) fn start_of_main(namespace: &str, prefix: &str, count: usize) -> Option<Timestamp> {
    let facts = read_facts(|_| ())?;
    let is_own = |fact: &&Fact| {
        fact.namespace == namespace
            && fact.pod.starts_with(prefix)
            && fact.kind == "containerStarted"
            && fact.container.as_deref() == Some("main")
    };
    let mut times: Vec<Timestamp> = facts.iter().filter(is_own).map(|fact| fact.at).collect();
    times.sort_unstable();
    Some(times[count - 1])
}

/// The result of a comparison.
#[derive(Default)]
struct Comparison {
    /// Number of compared times.
    count: usize,
    /// Descriptions of the times that have too large an error.
    wrong: Vec<String>,
    /// Descriptions of the times with an error that a late event can explain.
    late: Vec<String>,
}

impl Comparison {
    fn compare_pod(&mut self, pod: &Value, facts: &Facts<'_>) {
        let name = text(pod, "name");
        let main_containers: Vec<&str> = array(pod, "containers")
            .iter()
            .filter(|container| role(container) == "main")
            .map(|container| text(container, "name"))
            .collect();
        let is_main =
            |fact: &&Fact| fact.container.as_deref().is_some_and(|name| main_containers.contains(&name));
        let started = facts.of_kind("containerStarted").filter(is_main).map(|fact| fact.at).min();
        let ended = facts.of_kind("containerFinished").filter(is_main).map(|fact| fact.at).max();
        let sandbox = facts.of_kind("sandboxReady").map(|fact| fact.at).next();
        for (instant, truth) in [("sandboxReady", sandbox), ("workStarted", started), ("workEnded", ended)] {
            let shown = &pod["instants"][instant];
            if instant == "workStarted" && shown.is_null() != truth.is_none() {
                self.wrong.push(format!("{name} {instant}: the document has {shown}, the node {truth:?}"));
            }
            self.compare_interval(&format!("{name} {instant} ({})", shown["source"]), shown, truth);
        }
        for container in array(pod, "containers") {
            self.compare_container(name, container, facts);
        }
    }

    fn compare_container(&mut self, pod: &str, container: &Value, facts: &Facts<'_>) {
        let name = text(container, "name");
        let label = format!("{pod} {name}");
        let of_image = |fact: &&Fact| fact.image.as_deref() == container["image"].as_str();
        // Failed pulls are facts of their own. A successful pull began at the last `pullStarted` before its end.
        let pulled =
            facts.of_kind("pullFinished").filter(of_image).find(|fact| !fact.failed).map(|fact| fact.at);
        if let (Some(pulled), false) = (pulled, container["pull"]["cached"] == true) {
            let started = facts
                .of_kind("pullStarted")
                .filter(of_image)
                .map(|fact| fact.at)
                .filter(|at| *at < pulled)
                .last();
            self.compare_time(
                &format!("{label} pull start"),
                &container["pull"]["start"],
                started,
                MAX_EVENT_ERROR_MILLIS,
            );
            self.compare_time(
                &format!("{label} pull end"),
                &container["pull"]["end"],
                Some(pulled),
                MAX_EVENT_ERROR_MILLIS,
            );
        }
        let (starts, ends) = (facts.times("containerStarted", name), facts.times("containerFinished", name));
        let runs = array(container, "runs");
        if container["runsNotSeen"] != 0 || runs.len() != starts.len() {
            return;
        }
        for (number, run) in runs.iter().enumerate() {
            let label = format!("{label} run {number}");
            self.compare_time(
                &format!("{label} start"),
                &run["start"],
                starts.get(number).copied(),
                MAX_ERROR_MILLIS,
            );
            // A stopped node does not record the ends of its containers.
            let shown = run["end"].as_str().and_then(|end| end.parse::<Timestamp>().ok());
            let nearest =
                shown.and_then(|shown| ends.iter().min_by_key(|end| shown.duration_since(**end).abs()));
            let end = if ends.len() == starts.len() { ends.get(number) } else { nearest };
            self.compare_time(&format!("{label} end"), &run["end"], end.copied(), MAX_ERROR_MILLIS);
        }
    }

    /// Compares the interval of an instant with the fact, which must lie inside. Accepts every unknown time.
    fn compare_interval(&mut self, label: &str, shown: &Value, truth: Option<Timestamp>) {
        let time = |field: &str| shown[field].as_str().map(|time| time.parse::<Timestamp>().unwrap());
        let (Some(earliest), Some(latest), Some(truth)) = (time("earliest"), time("latest"), truth) else {
            return;
        };
        // The document shows whole milliseconds.
        let truth = truth.as_millisecond();
        let is_inside = (earliest.as_millisecond() - 1..=latest.as_millisecond() + 1).contains(&truth);
        // The estimate can lie anywhere in the interval, and some intervals are wider than a second.
        let width = latest.as_millisecond() - earliest.as_millisecond();
        let tolerance = width.max(MAX_ERROR_MILLIS);
        self.compare_time(label, &shown["at"], Timestamp::from_millisecond(truth).ok(), tolerance);
        if !is_inside {
            self.late.push(format!("{label}: {shown} does not contain the node's {truth}"));
        }
    }

    /// Compares one time of the document with the fact. Accepts every unknown time.
    fn compare_time(&mut self, label: &str, shown: &Value, truth: Option<Timestamp>, tolerance: i64) {
        let Some(shown) = shown.as_str() else { return };
        self.count += 1;
        let shown: Timestamp = shown.parse().unwrap();
        match truth {
            None => {
                self.wrong.push(format!("{label}: the document has {shown}, but the node has no such fact"));
            }
            Some(truth) => {
                let error = shown.as_millisecond() - truth.as_millisecond();
                if error.abs() > tolerance {
                    let list = if (tolerance..MAX_ERROR_MILLIS).contains(&error) {
                        &mut self.late
                    } else {
                        &mut self.wrong
                    };
                    list.push(format!("{label}: the document has {shown}, the node {truth}: an error of {error} ms, more than {tolerance}"));
                }
            }
        }
    }
}
