//! Tests of Pods whose container runs several times, with a back-off between its runs.

use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::{Added, Changed, Deleted, Listed};
use kubectl_seq::testing::view::{Glyphs, Size, ViewState, render_frame};
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::order::json_at;
use crate::stops::follow;
use crate::support::pod_builder::{
    at, condition, container_status, deletion, kubelet_event, observation, patched, repeated, running,
    scheduled_pod, terminated, time, waiting,
};

/// The seconds in which the runs of the container start. Each run takes two seconds.
const STARTS: [i64; 4] = [2, 8, 20, 44];

fn job() -> Value {
    json!({"metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0)},
        "spec": {"parallelism": 1, "completions": 1, "backoffLimit": 3}, "status": {"active": 1}})
}

/// The Pod with this state of its container. `past` is the number of runs before the state.
fn restarting_pod(past: usize, state: Value) -> Value {
    let last = past.checked_sub(1).map_or_else(|| json!({}), ended_run);
    let owner = json!([{"kind": "Job", "name": "j", "uid": "j", "controller": true}]);
    let statuses = json!([container_status("main", i32::try_from(past).unwrap(), state, last)]);
    scheduled_pod(json!({
        "metadata": {"ownerReferences": owner},
        "spec": {"restartPolicy": "OnFailure"},
        "status": {"phase": "Running", "conditions": [condition("PodReadyToStartContainers", "True", 1)],
            "containerStatuses": statuses},
    }))
}

fn ended_run(number: usize) -> Value {
    let start = STARTS[number];
    terminated(&format!("main-{number}"), start, start + 2, 42, "Error")
}

/// The event `Started` after this number of runs.
fn started(count: usize) -> Value {
    let event = kubelet_event("Started", "main", 2.2, "Container started");
    if count == 1 { event } else { repeated(event, i32::try_from(count).unwrap(), STARTS[count - 1]) }
}

/// The Pod from its creation until the Job deletes it.
fn followed() -> Vec<Observation> {
    let mut all = vec![observation(Listed, 0.5, job())];
    for (number, start) in STARTS.into_iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let start = start as f64;
        all.push(observation(Added, start + 0.3, started(number + 1)));
        all.push(observation(Changed, start + 0.4, restarting_pod(number, running(STARTS[number]))));
        all.push(observation(Changed, start + 2.6, restarting_pod(number, ended_run(number))));
    }
    let deleted = patched(restarting_pod(3, ended_run(3)), deletion(78, 30));
    all.push(observation(Changed, 48.2, deleted.clone()));
    all.push(observation(Deleted, 48.9, deleted));
    all
}

/// The workload in the document of these observations.
fn workload_in_document(observations: &[Observation], second: f64) -> Value {
    let document: Value = serde_json::from_str(&json_at(&timeline_of(observations), at(second))).unwrap();
    document["workloads"][0].clone()
}

/// The milliseconds of a Pod's phases of this kind.
fn millis_in(pod: &Value, kind: &str) -> i64 {
    let phases = pod["phases"].as_array().unwrap().iter();
    phases.filter(|phase| phase["phase"] == kind).map(|phase| phase["millis"].as_i64().unwrap()).sum()
}

#[test]
fn the_work_of_a_followed_pod_is_the_sum_of_its_runs() {
    let workload = workload_in_document(&followed(), 49.0);
    let pod = &workload["pods"][0];
    let run = pod["runMillis"].as_i64().unwrap();
    assert!((7_500..=8_500).contains(&run), "{pod:#}");
    assert_eq!(millis_in(pod, "Running"), run, "{pod:#}");
    assert_eq!(workload["summary"]["runMillis"], run);
    assert_eq!(workload["summary"]["slots"]["workMillis"], run);
    let text = follow(&followed());
    let row = text.lines().find(|line| line.starts_with("p ")).unwrap_or_default();
    assert!(row.contains("↻3") && row.ends_with(" 8–9s"), "{text}");
    // 44 seconds pass between the first start and the last end.
    assert!(!text.contains("after 44s"), "{text}");
}

#[test]
fn the_work_of_a_pod_that_is_read_late_is_the_work_that_is_proved() {
    let late = [
        observation(Listed, 47.0, job()),
        observation(Listed, 47.0, restarting_pod(3, ended_run(3))),
        observation(Listed, 47.0, started(4)),
    ];
    let workload = workload_in_document(&late, 47.0);
    let pod = &workload["pods"][0];
    // The end of the first run and the whole second run were not seen.
    assert_eq!(pod["containers"][0]["runsNotSeen"], 1, "{pod:#}");
    assert_eq!(millis_in(pod, "Running"), 4_000, "{pod:#}");
    assert_eq!((millis_in(pod, "BackOff"), millis_in(pod, "Unknown")), (22_500, 18_300), "{pod:#}");
    let summary = &workload["summary"];
    assert_eq!([&summary["runMillis"], &summary["slots"]["workMillis"]], [4_000, 4_000], "{summary:#}");
    assert!(follow(&late).lines().any(|line| line.starts_with("p ") && line.ends_with(" 4s")));
}

/// The picture of these observations with a bar for each container.
fn picture_with_lanes(observations: &[Observation], second: f64) -> String {
    let view = ViewState { containers: true, ..ViewState::default() };
    let timeline = timeline_of(observations);
    let frame = render_frame(&timeline, &view, Size::unbounded(120), &Glyphs::UNICODE, at(second));
    frame.lines.iter().map(|line| line.plain() + "\n").collect()
}

/// A Pod whose init container `fetch` has this status, and whose main container waits.
fn initializing_pod(fetch: &Value) -> Value {
    let owner = json!([{"kind": "Job", "name": "j", "uid": "j", "controller": true}]);
    scheduled_pod(json!({
        "metadata": {"ownerReferences": owner},
        "spec": {"restartPolicy": "OnFailure", "initContainers": [{"name": "fetch", "image": "i"}]},
        "status": {"phase": "Pending", "conditions": [condition("PodReadyToStartContainers", "True", 1)],
            "initContainerStatuses": [fetch],
            "containerStatuses": [container_status("main", 0, waiting("PodInitializing"), json!({}))]},
    }))
}

#[test]
fn an_init_container_that_crashes_and_is_read_late_initializes_only_while_its_runs_are_proved() {
    let fetch = container_status("fetch", 3, waiting("CrashLoopBackOff"), ended_run(3));
    let in_init = json!({"involvedObject": {"fieldPath": "spec.initContainers{fetch}"}});
    let started = patched(repeated(kubelet_event("Started", "fetch", 2.2, "Started"), 4, 44), in_init);
    let late = [job(), initializing_pod(&fetch), started].map(|object| observation(Listed, 50.0, object));
    let workload = workload_in_document(&late, 50.0);
    let pod = &workload["pods"][0];
    assert_eq!(millis_in(pod, "Initializing"), 2_000, "{pod:#}");
    assert_eq!((millis_in(pod, "BackOff"), millis_in(pod, "Unknown")), (3_500, 42_300), "{pod:#}");
    // The crash is no reason for the time before the first run.
    assert_eq!(pod["phases"][1]["reason"], Value::Null, "{pod:#}");
    let picture = picture_with_lanes(&late, 50.0);
    // Only the bar of the Pod marks the failure.
    for cells in ["??╲╲✗~~▶ fetch: Init:CrashLoopBackOff", "??╲╲~~~▶ \n"] {
        assert!(picture.contains(cells), "the lane and the bar must agree:\n{picture}");
    }
}

#[test]
fn the_bar_of_a_pod_shows_an_init_container_of_one_second() {
    let ended = terminated("fetch-0", 3, 4, 0, "Completed");
    let mut pod = initializing_pod(&container_status("fetch", 0, ended, json!({})));
    pod["status"]["containerStatuses"] = json!([container_status("main", 0, running(4), json!({}))]);
    let observations = [job(), pod].map(|object| observation(Listed, 8.0, object));
    let workload = workload_in_document(&observations, 8.0);
    let millis = millis_in(&workload["pods"][0], "Initializing");
    assert!((800..=1_200).contains(&millis), "{workload:#}");
    let picture = picture_with_lanes(&observations, 8.0);
    let row = picture.lines().find(|line| line.starts_with("p ")).unwrap_or_default();
    assert!(row.contains("╲╲") && picture.contains("╲ init 13 %"), "{picture}");
}
