//! All known wordings of the Events about Pods and their owners, and their meaning.
//!
//! `tests/wordings/*.jsonl` has one wording per line. With the Event, the description of the Pod has lines with the
//! beginnings in `read`. If `read` is empty, the Event must not change the description. Each Event is tested in both formats.

use std::fmt::Write as _;
use std::path::Path;

use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::Listed;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::one_pod::describe_pods;
use crate::recording::through_a_recording;
use crate::support::pod_builder::{
    at, container_status, deletion, kubelet_event, observation, patched, pod, running, running_pod,
    scheduled_pod, waiting,
};

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
        "bound" => scheduled_pod(
            json!({"status": {"containerStatuses": [container_status("main", 0, waiting("ContainerCreating"), json!({}))]}}),
        ),
        "works" => running_pod(),
        // Its start is what the event may date.
        "fits" => patched(
            running_pod(),
            json!({"status": {"containerStatuses": [container_status("main", 0, running(1), json!({}))]}}),
        ),
        "stopping" => patched(
            patched(running_pod(), deletion(31, 30)),
            json!({"status": {"containerStatuses": [container_status("main", 0, running(1), json!({}))]}}),
        ),
        "job" => patched(pod(json!({})), owned),
        other => panic!("{other}"),
    }]
}

fn said(wording: &Wording) -> Value {
    let container = if wording.container == "job" { "" } else { &wording.container };
    let seconds = if wording.container == "job" { 0.5 } else { 1.5 };
    let mut said = kubelet_event(&wording.reason, container, seconds, &wording.message);
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
    let list: Vec<Observation> =
        objects.into_iter().map(|object| observation(Listed, 1000.0, object)).collect();
    let told_of = describe_pods(&timeline_of(&list));
    assert_eq!(
        describe_pods(&timeline_of(&through_a_recording(&list))),
        told_of,
        "a recording reads otherwise"
    );
    told_of
}

#[test]
fn every_wording_is_read_with_its_meaning() {
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
