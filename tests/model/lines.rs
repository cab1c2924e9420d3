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
            "job/j in default runs: 1 queued (created 10s ago)",
            "j in default: j-a waits: Insufficient cpu",
            "pod/p in default waits for its first Pod (created 10s ago)",
            "p in default waits: Insufficient cpu",
            "job/j in other runs: 1 queued (created 10s ago)",
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
        ["<1s    0/3  job/j runs: 2 queued (created 10s ago)", "<1s    0/3  j-a waits: Insufficient cpu"],
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
        ["<1s    0/3  job/j 2 Pods: Insufficient cpu", "<1s    0/3  j-c waits: Insufficient memory"],
        "{printed:#?}"
    );
}

/// A Deployment in the namespace `default` with the uid `web`, 2 wanted Pods and this status.
fn deployment(status: &Value) -> Value {
    json!({"kind": "Deployment", "metadata": {"namespace": "default", "name": "web", "uid": "web",
        "creationTimestamp": time(0), "generation": 2}, "spec": {"replicas": 2}, "status": status})
}

/// A ReplicaSet of the Deployment.
fn replica_set(name: &str, replicas: u32, available: u32) -> Value {
    let owner = json!([{"kind": "Deployment", "name": "web", "uid": "web", "controller": true}]);
    json!({"kind": "ReplicaSet", "metadata": {"namespace": "default", "name": name, "uid": name,
        "creationTimestamp": time(1), "ownerReferences": owner}, "spec": {"replicas": replicas},
        "status": {"replicas": replicas, "availableReplicas": available}})
}

/// Follows these objects, received at these seconds, and returns all lines.
fn follow(objects: Vec<(f64, Value)>) -> Vec<String> {
    let mut timeline = Timeline::default();
    let mut lines = StatusLines::default();
    let mut printed = Vec::new();
    for (index, (seconds, object)) in objects.into_iter().enumerate() {
        let seen = if index == 0 { Listed } else { Changed };
        timeline.apply(&observation(seen, seconds, object));
        let changes = timeline.recompute();
        printed.extend(match index {
            0 => lines.begin(&timeline, at(seconds)),
            _ => lines.report_changes(&timeline, &changes, at(seconds)),
        });
        printed.extend(lines.report_tick(&timeline, at(seconds)));
    }
    printed.iter().map(|line| line.plain().trim().to_owned()).collect()
}

#[test]
fn a_rollout_counts_available_pods_and_never_succeeds() {
    let progressing = |reason: &str| {
        json!([{"type": "Progressing", "status": "True", "reason": reason,
        "lastUpdateTime": time(9)}])
    };
    let printed = follow(vec![
        (
            2.0,
            deployment(
                &json!({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}),
            ),
        ),
        (3.0, replica_set("old", 2, 2)),
        (
            3.2,
            deployment(
                &json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1, "availableReplicas": 2}),
            ),
        ),
        (3.5, replica_set("new", 1, 0)),
        (
            20.0,
            deployment(
                &json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1, "availableReplicas": 3}),
            ),
        ),
        (21.0, replica_set("old", 0, 0)),
        (21.5, replica_set("new", 2, 2)),
        (
            22.0,
            deployment(
                &json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
            "conditions": progressing("NewReplicaSetAvailable")}),
            ),
        ),
    ]);
    assert_eq!(
        printed,
        [
            "<1s    0/2  deployment/web rolls out, 0/2 available: no Pod yet",
            "18s    1/2  deployment/web 1/2 available, no Pod yet",
            "20s    2/2  deployment/web rolled out, 2/2 available",
        ],
        "{printed:#?}"
    );
}

#[test]
fn the_old_revision_of_a_failed_rollout_has_no_line() {
    let deadline = json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
        "message": "ReplicaSet \"new\" has timed out progressing.", "lastUpdateTime": time(9)}]);
    let status =
        json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1, "availableReplicas": 2});
    let mut failed = status.clone();
    failed["conditions"] = deadline;
    let printed = follow(vec![
        (2.0, deployment(&status)),
        (2.1, replica_set("old", 2, 2)),
        (2.2, replica_set("new", 1, 0)),
        (9.0, deployment(&failed)),
        (9.1, replica_set("old", 2, 2)),
    ]);
    let failed = "7s    0/2  deployment/web failed to roll out: ProgressDeadlineExceeded, \
        ReplicaSet \"new\" has timed out progressing.; 0/2 available";
    assert_eq!(printed[1..], [failed], "{printed:#?}");
}

#[test]
fn all_lines_share_a_clock_that_never_runs_backwards() {
    let mut late = job();
    late["metadata"]["name"] = json!("late");
    late["metadata"]["uid"] = json!("late");
    late["metadata"]["creationTimestamp"] = json!(time(30));
    let ended = |mut job: Value| {
        job["status"] = json!({"succeeded": 3, "conditions": [{"type": "Complete", "status": "True",
            "lastTransitionTime": time(40)}]});
        job
    };
    let printed =
        follow(vec![(20.0, job()), (31.0, late.clone()), (40.5, ended(job())), (40.2, ended(late))]);
    assert_eq!(
        printed,
        [
            "<1s    0/3  job/j runs: no Pod yet (created 20s ago)",
            "11s    0/3  job/late runs",
            "21s    3/3  job/j succeeded",
            "21s    3/3  job/late succeeded",
        ],
        "{printed:#?}"
    );
}

#[test]
fn a_cron_job_counts_the_pods_of_its_jobs_and_says_when_it_runs_next() {
    let cron_job = json!({"kind": "CronJob", "metadata": {"namespace": "default", "name": "tick", "uid": "tick",
        "creationTimestamp": time(0)}, "spec": {"schedule": "* * * * *"}});
    let mut run = job();
    run["metadata"]["ownerReferences"] =
        json!([{"kind": "CronJob", "name": "tick", "uid": "tick", "controller": true}]);
    let printed = follow(vec![(1.0, cron_job), (60.0, run)]);
    assert_eq!(
        printed,
        ["<1s      -  cronjob/tick waits for its next run at 12:01:00Z", "59s    0/3  job/j runs",],
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
    assert_eq!(line(json!([container("side")]), json!([])), "waits: cannot pull i");
    assert_eq!(
        line(json!([container("main"), container("side")]), json!([])),
        "waits: container side: cannot pull i"
    );
    assert_eq!(
        line(json!([container("main")]), json!([container("fetch")])),
        "waits: init container fetch: cannot pull i"
    );
}
