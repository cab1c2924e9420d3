//! Every wording of every Event that a Pod or its owner gets, and what it must be read as.
//!
//! `tests/wordings/*.jsonl` has one a line: with it the story tells the lines that `read` names, each from its beginning;
//! where `read` is empty the story is what it is without the Event. Each is told in both shapes of Events.

use std::fmt::Write as _;
use std::path::Path;

use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::Listed;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::recording::through_a_recording;
use crate::story::{
    at, bound, deleted_at, event, observed, pod, running, status, told, waiting, with, works,
};
use crate::support::timeline;

#[derive(Deserialize)]
struct Wording {
    /// The Kubernetes versions that say so.
    versions: String,
    /// What is known beside it.
    base: String,
    reason: String,
    message: String,
    /// The container that it is about; empty for the Pod, `job` for its owner.
    container: String,
    read: Vec<String>,
}

/// What is known beside the Event, which happens at 1.5 (of an owner at 0.5).
fn base(name: &str) -> Vec<Value> {
    let owned = json!({"metadata": {"ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]}});
    vec![match name {
        "pending" => pod(json!({})),
        "bound" => bound(
            json!({"status": {"containerStatuses": [status("main", 0, waiting("ContainerCreating"), json!({}))]}}),
        ),
        "works" => works(),
        // Its start is what the event may date.
        "fits" => with(
            works(),
            json!({"status": {"containerStatuses": [status("main", 0, running(1), json!({}))]}}),
        ),
        "stopping" => with(
            with(works(), deleted_at(31, 30)),
            json!({"status": {"containerStatuses": [status("main", 0, running(1), json!({}))]}}),
        ),
        "job" => with(pod(json!({})), owned),
        other => panic!("{other}"),
    }]
}

fn said(wording: &Wording) -> Value {
    let container = if wording.container == "job" { "" } else { &wording.container };
    let seconds = if wording.container == "job" { 0.5 } else { 1.5 };
    let mut said = event(&wording.reason, container, seconds, &wording.message);
    if wording.container == "job" {
        said["involvedObject"] = json!({"kind": "Job", "name": "j", "uid": "j"});
    }
    if matches!(wording.base.as_str(), "pending") {
        // Neither the scheduler nor an autoscaler has the kubelet's shape.
        said["source"] = json!({});
        said["reportingComponent"] = json!("default-scheduler");
    }
    said
}

/// The same Event as reporters of `events.k8s.io/v1` write it: one fine time, no count, no source.
fn in_the_newer_shape(mut said: Value) -> Value {
    let seconds = if said["involvedObject"]["kind"] == "Job" { 0.5 } else { 1.5 };
    let reporter = said["source"]["component"].as_str().unwrap_or("default-scheduler").to_owned();
    said["eventTime"] = json!(at(seconds).to_string());
    said["reportingComponent"] = json!(reporter);
    said["series"] = json!({"count": 2, "lastObservedTime": at(seconds).to_string()});
    for older in ["firstTimestamp", "lastTimestamp", "count", "source"] {
        said.as_object_mut().unwrap().remove(older);
    }
    said
}

fn story(objects: Vec<Value>) -> String {
    let list: Vec<Observation> = objects.into_iter().map(|object| observed(Listed, 1000.0, object)).collect();
    let told_of = told(&timeline(&list));
    assert_eq!(told(&timeline(&through_a_recording(&list))), told_of, "a recording reads otherwise");
    told_of
}

#[test]
fn every_wording_is_read_as_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wordings");
    let mut wordings = 0;
    let mut wrong = String::new();
    for file in std::fs::read_dir(folder).unwrap() {
        for line in std::fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let wording: Wording = serde_json::from_str(line).unwrap();
            wordings += 1;
            let without = story(base(&wording.base));
            for said in [said(&wording), in_the_newer_shape(said(&wording))] {
                let with = story(base(&wording.base).into_iter().chain([said]).collect());
                let what = format!("{} of {}: {}", wording.reason, wording.versions, wording.message);
                if wording.read.is_empty() && with != without {
                    writeln!(wrong, "{what}\nchanges\n{without}to\n{with}").unwrap();
                }
                let mut lines = with.lines();
                for read in &wording.read {
                    if !lines.any(|line| line.trim_start().starts_with(read.as_str())) {
                        writeln!(wrong, "{what}\nno `{read}` in\n{with}").unwrap();
                        break;
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(wordings >= 70, "only {wordings} wordings were read");
}
