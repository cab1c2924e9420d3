//! Tests the meaning of all known wordings of Events about Pods and their owners.
//!
//! Each line of the files in `tests/wordings` is one wording. With the Event, the description of the Pod must contain
//! lines that begin with the texts in `read`. If `read` is empty, the Event must not change the description. The test
//! builds each Event in the format of `v1` and in the format of `events.k8s.io/v1`.

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
    /// The Kubernetes versions with this wording.
    versions: String,
    /// Name of the objects that exist besides the Event, see [`base_objects`].
    base: String,
    reason: String,
    message: String,
    /// The container that the Event is about. The text is empty for the whole Pod, and `job` for the owner of the Pod.
    container: String,
    /// Beginnings of lines that the description must contain, in order.
    read: Vec<String>,
}

/// Returns the time of the Event. An Event about a Pod that waits for a node comes so long after the creation that its
/// reason does not hold for the whole wait.
fn event_seconds(wording: &Wording) -> f64 {
    match (&*wording.container, &*wording.base) {
        ("job", _) => 0.5,
        (_, "pending") => 2.5,
        // These parts of the setup end after the Pod got its node.
        _ if matches!(&*wording.reason, "SuccessfulAttachVolume" | "AddedInterface") => 1.75,
        _ => 1.5,
    }
}

/// Returns the objects that exist besides the Event.
fn base_objects(name: &str) -> Vec<Value> {
    let owned = json!({"metadata": {"ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]}});
    vec![match name {
        "pending" => pod(json!({})),
        "bound" => scheduled_pod(
            json!({"status": {"containerStatuses": [container_status("main", 0, waiting("ContainerCreating"), json!({}))]}}),
        ),
        "works" => running_pod(),
        // The Event can date the start of this container.
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

fn build_event(wording: &Wording) -> Value {
    let container = if wording.container == "job" { "" } else { &wording.container };
    let mut event = kubelet_event(&wording.reason, container, event_seconds(wording), &wording.message);
    if wording.container == "job" {
        event["involvedObject"] = json!({"kind": "Job", "name": "j", "uid": "j"});
    }
    if wording.base == "pending" {
        // Events of the scheduler and of autoscalers have no `source`.
        event["source"] = json!({});
        event["reportingComponent"] = json!("default-scheduler");
    }
    event
}

/// Returns the Event in the format of `events.k8s.io/v1`: one precise time, and a series instead of a count.
fn in_newer_format(mut event: Value, seconds: f64) -> Value {
    let reporter = event["source"]["component"].as_str().unwrap_or("default-scheduler").to_owned();
    event["eventTime"] = json!(at(seconds).to_string());
    event["reportingComponent"] = json!(reporter);
    event["series"] = json!({"count": 2, "lastObservedTime": at(seconds).to_string()});
    for older in ["firstTimestamp", "lastTimestamp", "count", "source"] {
        event.as_object_mut().unwrap().remove(older);
    }
    event
}

fn describe_objects(objects: Vec<Value>) -> String {
    let list: Vec<Observation> =
        objects.into_iter().map(|object| observation(Listed, 1000.0, object)).collect();
    let description = describe_pods(&timeline_of(&list));
    assert_eq!(
        describe_pods(&timeline_of(&through_a_recording(&list))),
        description,
        "a recording must not change the description"
    );
    description
}

#[test]
fn every_wording_has_its_known_meaning() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wordings");
    let mut wordings = 0;
    let mut wrong = String::new();
    for file in std::fs::read_dir(folder).unwrap() {
        for line in std::fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let wording: Wording = serde_json::from_str(line).unwrap();
            wordings += 1;
            let without = describe_objects(base_objects(&wording.base));
            for event in
                [build_event(&wording), in_newer_format(build_event(&wording), event_seconds(&wording))]
            {
                let with = describe_objects(base_objects(&wording.base).into_iter().chain([event]).collect());
                let context = format!("{} of {}: {}", wording.reason, wording.versions, wording.message);
                if wording.read.is_empty() && with != without {
                    writeln!(wrong, "{context}\nchanges\n{without}to\n{with}").unwrap();
                }
                let mut lines = with.lines();
                for read in &wording.read {
                    if !lines.any(|line| line.trim_start().starts_with(read.as_str())) {
                        writeln!(wrong, "{context}\nno `{read}` in\n{with}").unwrap();
                        break;
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(wordings >= 70, "only {wordings} wordings were read");
}
