//! Compares documents with what the nodes' runtimes really did. Only a test cluster records that.

use std::collections::HashMap;
use std::process::Command;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::document::{array, pods, role, text};
use crate::harness::print_notice;

/// The largest error of any instant, in milliseconds.
const ALWAYS: i64 = 1000;
/// The largest error of an instant from the nanoseconds in the name of an event, in milliseconds.
const BY_EVENT: i64 = 50;

/// On an overloaded machine a kubelet writes its events late. So one instant, and one more per this many, may exceed
/// the error for names of events, but not the error for any instant.
const LATE_ONE_IN: usize = 50;

/// A line that the test cluster's `truth` prints.
#[derive(Debug, Deserialize)]
struct Fact {
    at: Timestamp,
    what: String,
    uid: String,
    container: Option<String>,
    image: Option<String>,
    #[serde(default)]
    failed: bool,
}

/// The facts about one Pod, in the order of time.
struct Facts<'a>(Vec<&'a Fact>);

impl<'a> Facts<'a> {
    fn of(&self, what: &str) -> impl Iterator<Item = &'a Fact> {
        self.0.iter().copied().filter(move |fact| fact.what == what)
    }

    /// The times at which the container's runs started or finished, in order.
    fn runs(&self, what: &str, container: &str) -> Vec<Timestamp> {
        self.of(what)
            .filter(|fact| fact.container.as_deref() == Some(container))
            .map(|fact| fact.at)
            .collect()
    }
}

/// Compares every instant, pull and run of a document with the truth. Returns the number of compared times.
#[track_caller]
pub(crate) fn compare(document: &Value) -> usize {
    compare_in(document, |_| ())
}

/// Compares in the cluster that `lead` selects for the script.
#[track_caller]
pub(crate) fn compare_in(document: &Value, lead: impl FnOnce(&mut Command)) -> usize {
    let Some(script) = std::env::var_os("KUBECTL_SEQ_TEST_CLUSTER") else {
        print_notice(
            "not held against the truth: KUBECTL_SEQ_TEST_CLUSTER does not name a test cluster's script",
        );
        return 0;
    };
    let mut command = Command::new(&script);
    lead(command.arg("truth"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {}", script.display(), String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let facts: Vec<Fact> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut by_pod: HashMap<&str, Vec<&Fact>> = HashMap::new();
    for fact in &facts {
        by_pod.entry(&fact.uid).or_default().push(fact);
    }
    let mut held = Held::default();
    for pod in pods(document) {
        if let Some(facts) = by_pod.remove(text(pod, "uid")) {
            held.pod(pod, &Facts(facts));
        }
    }
    assert!(held.wrong.is_empty(), "{} of {}:\n{}", held.wrong.len(), held.count, held.wrong.join("\n"));
    let late = &held.late;
    assert!(
        late.len() <= 1 + held.count / LATE_ONE_IN,
        "{} of {}:\n{}",
        late.len(),
        held.count,
        late.join("\n")
    );
    held.count
}

#[derive(Default)]
struct Held {
    count: usize,
    wrong: Vec<String>,
    late: Vec<String>,
}

impl Held {
    fn pod(&mut self, pod: &Value, facts: &Facts<'_>) {
        let name = text(pod, "name");
        let mains: Vec<&str> = array(pod, "containers")
            .iter()
            .filter(|container| role(container) == "main")
            .map(|container| text(container, "name"))
            .collect();
        let is_main = |fact: &&Fact| fact.container.as_deref().is_some_and(|name| mains.contains(&name));
        let started = facts.of("containerStarted").filter(is_main).map(|fact| fact.at).min();
        let ended = facts.of("containerFinished").filter(is_main).map(|fact| fact.at).max();
        let sandbox = facts.of("sandboxReady").map(|fact| fact.at).next();
        for (instant, truth) in [("sandboxReady", sandbox), ("workStarted", started), ("workEnded", ended)] {
            let said = &pod["instants"][instant];
            if instant == "workStarted" && said.is_null() != truth.is_none() {
                self.wrong.push(format!("{name} {instant}: says {said}, in truth {truth:?}"));
            }
            let by_event = said["source"] == "event" && said["precisionMillis"].as_i64() <= Some(BY_EVENT);
            let tolerance = if by_event { BY_EVENT } else { ALWAYS };
            self.compare_time(
                &format!("{name} {instant} ({})", said["source"]),
                &said["at"],
                truth,
                tolerance,
            );
        }
        for container in array(pod, "containers") {
            self.container(name, container, facts);
        }
    }

    fn container(&mut self, pod: &str, container: &Value, facts: &Facts<'_>) {
        let name = text(container, "name");
        let place = format!("{pod} {name}");
        let of_image = |fact: &&Fact| fact.image.as_deref() == container["image"].as_str();
        // Failed pulls have lines of their own. The successful pull began at the last start before its end.
        let pulled = facts.of("pullFinished").filter(of_image).find(|fact| !fact.failed).map(|fact| fact.at);
        if let (Some(pulled), false) = (pulled, container["pull"]["cached"] == true) {
            let started =
                facts.of("pullStarted").filter(of_image).map(|fact| fact.at).filter(|at| *at < pulled).last();
            self.compare_time(&format!("{place} pull start"), &container["pull"]["start"], started, BY_EVENT);
            self.compare_time(
                &format!("{place} pull end"),
                &container["pull"]["end"],
                Some(pulled),
                BY_EVENT,
            );
        }
        let (starts, ends) = (facts.runs("containerStarted", name), facts.runs("containerFinished", name));
        let runs = array(container, "runs");
        if container["runsNotSeen"] != 0 || runs.len() != starts.len() {
            return;
        }
        for (number, run) in runs.iter().enumerate() {
            let place = format!("{place} run {number}");
            self.compare_time(&format!("{place} start"), &run["start"], starts.get(number).copied(), ALWAYS);
            // A stopped node does not record the ends of its containers.
            let told = run["end"].as_str().and_then(|end| end.parse::<Timestamp>().ok());
            let nearest =
                told.and_then(|told| ends.iter().min_by_key(|end| told.duration_since(**end).abs()));
            let end = if ends.len() == starts.len() { ends.get(number) } else { nearest };
            self.compare_time(&format!("{place} end"), &run["end"], end.copied(), ALWAYS);
        }
    }

    /// Compares one time. An unknown time passes, a known time must be true.
    fn compare_time(&mut self, place: &str, said: &Value, truth: Option<Timestamp>, tolerance: i64) {
        let Some(said) = said.as_str() else { return };
        self.count += 1;
        let said: Timestamp = said.parse().unwrap();
        match truth {
            None => self.wrong.push(format!("{place}: says {said}, in truth it did not happen")),
            Some(truth) => {
                let off = said.as_millisecond() - truth.as_millisecond();
                if off.abs() > tolerance {
                    let list =
                        if (tolerance..ALWAYS).contains(&off) { &mut self.late } else { &mut self.wrong };
                    list.push(format!("{place}: says {said}, in truth {truth}: {off} ms, not {tolerance}"));
                }
            }
        }
    }
}
