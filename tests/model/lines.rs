//! Tests of the lines that a run prints without a live picture.

use kubectl_seq::testing::StatusLines;
use kubectl_seq::testing::observation::Seen::{Changed, Listed};
use kubectl_seq::testing::timeline::Timeline;
use serde_json::{Value, json};

use crate::support::pod_builder::{
    at, condition_with_reason, container_status, observation, patched, pod, time, waiting,
};

fn job() -> Value {
    json!({"metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0)},
        "spec": {"parallelism": 3, "completions": 3}, "status": {"active": 3}})
}

/// A Pod of the Job that waits for a node. `reason` is the reason that the scheduler reports, if any.
fn waiting_pod(name: &str, reason: Option<&str>) -> Value {
    let conditions: Vec<Value> = reason
        .map(|reason| {
            let mut condition = condition_with_reason("PodScheduled", "False", 1, "Unschedulable");
            condition["message"] = json!(format!("0/2 nodes are available: 2 {reason}."));
            condition
        })
        .into_iter()
        .collect();
    let owner = json!([{"kind": "Job", "name": "j", "uid": "j", "controller": true}]);
    pod(
        json!({"metadata": {"name": name, "uid": name, "ownerReferences": owner}, "status": {"conditions": conditions}}),
    )
}

/// Starts to follow the Job and these Pods. Returns the lines that are printed at the start.
fn start_following(pods: Vec<Value>) -> (StatusLines, Timeline, Vec<String>) {
    let mut timeline = Timeline::default();
    for object in [vec![job()], pods].concat() {
        timeline.apply(&observation(Listed, 10.0, object));
    }
    timeline.recompute();
    let mut lines = StatusLines::default();
    let printed =
        lines.begin(&timeline, at(10.0)).iter().map(|line| line.plain().trim().to_owned()).collect();
    (lines, timeline, printed)
}

#[test]
fn the_lines_about_jobs_of_the_same_name_name_their_namespaces() {
    let in_namespace = |namespace: &str, mut object: Value| {
        for key in ["uid", "namespace"] {
            object["metadata"][key] = json!(format!("{namespace}{}", if key == "uid" { "-uid" } else { "" }));
        }
        object
    };
    let mut timeline = Timeline::default();
    let mut objects = Vec::new();
    for namespace in ["default", "other"] {
        objects.push(in_namespace(namespace, job()));
        let mut pod = waiting_pod("j-a", Some("Insufficient cpu"));
        pod["metadata"]["namespace"] = json!(namespace);
        pod["metadata"]["uid"] = json!(format!("pod-of-{namespace}"));
        pod["metadata"]["ownerReferences"][0]["uid"] = json!(format!("{namespace}-uid"));
        objects.push(pod);
    }
    let mut bare = waiting_pod("p", Some("Insufficient cpu"));
    bare["metadata"]["ownerReferences"] = json!([]);
    objects.push(bare);
    for object in objects {
        timeline.apply(&observation(Listed, 10.0, object));
    }
    timeline.recompute();
    let lines = StatusLines::default().begin(&timeline, at(10.0));
    let printed: Vec<String> = lines.iter().map(|line| line.plain()[13..].trim().to_owned()).collect();
    assert_eq!(
        printed,
        [
            "job/j in default runs: 1 queued",
            "j in default: j-a waits: Insufficient cpu",
            "pod/p in default waits for its first Pod",
            "p in default waits: Insufficient cpu",
            "job/j in other runs: 1 queued",
            "j in other: j-a waits: Insufficient cpu",
        ],
        "{printed:#?}"
    );
}

#[test]
fn a_wait_that_exists_when_following_starts_is_printed_once() {
    let (mut lines, mut timeline, printed) =
        start_following(vec![waiting_pod("j-a", Some("Insufficient cpu")), waiting_pod("j-b", None)]);
    assert_eq!(
        printed,
        ["10s    0/3  job/j runs: 2 queued", "10s    0/3  j-a waits: Insufficient cpu"],
        "{printed:#?}"
    );
    // The same reason is not printed again.
    timeline.apply(&observation(Changed, 11.0, waiting_pod("j-a", Some("Insufficient cpu"))));
    let changes = timeline.recompute();
    assert!(lines.report_changes(&timeline, &changes, at(11.0)).is_empty());
}

#[test]
fn a_reason_shared_by_several_pods_is_printed_in_one_line() {
    let (.., printed) = start_following(vec![
        waiting_pod("j-a", Some("Insufficient cpu")),
        waiting_pod("j-b", Some("Insufficient cpu")),
        waiting_pod("j-c", Some("Insufficient memory")),
    ]);
    assert_eq!(
        printed[1..],
        ["10s    0/3  job/j 2 Pods: Insufficient cpu", "10s    0/3  j-c waits: Insufficient memory"],
        "{printed:#?}"
    );
}

#[test]
fn a_wait_names_the_container_if_the_pod_has_several() {
    let line = |containers: Value, init: Value| {
        let statuses = |containers: &Value| -> Vec<Value> {
            let names =
                containers.as_array().unwrap().iter().map(|container| container["name"].as_str().unwrap());
            names
                .map(|name| {
                    container_status(
                        name,
                        0,
                        waiting(if name == "main" { "PodInitializing" } else { "ErrImagePull" }),
                        json!({}),
                    )
                })
                .collect()
        };
        let state = json!({
            "spec": {"nodeName": "node-1", "containers": containers, "initContainers": init},
            "status": {"containerStatuses": statuses(&containers), "initContainerStatuses": statuses(&init)},
        });
        let (_, _, lines) = start_following(vec![patched(waiting_pod("j-a", None), state)]);
        lines.last().cloned().unwrap_or_default().split_once("j-a ").unwrap().1.to_owned()
    };
    let container = |name: &str| json!({"name": name, "image": "i"});
    assert_eq!(line(json!([container("side")]), json!([])), "waits: ErrImagePull");
    assert_eq!(
        line(json!([container("main"), container("side")]), json!([])),
        "waits: container side: ErrImagePull"
    );
    assert_eq!(
        line(json!([container("main")]), json!([container("fetch")])),
        "waits: init container fetch: ErrImagePull"
    );
}
