//! Tests of gangs: the members, the attempts, the wait for the last member, and its cause.

use kubectl_seq::testing::export::{document, write_json};
use kubectl_seq::testing::observation::{Observation, Seen};
use kubectl_seq::testing::timeline::Timeline;
use kubectl_seq::testing::view::{Glyphs, Size, ViewState, render_frame};
use serde_json::{Value, json};

use crate::describe;
use crate::recording::through_a_recording;
use crate::slots::{indexed, job, pod_of};
use crate::support::pod_builder::{at, merge, observation, patched, pod, time};
use crate::support::scenario::parse_object;

/// The timeline of these observations. Checks that a replay of their recording gives the same document.
fn timeline_of(observations: &[Observation]) -> Timeline {
    let timeline = describe::timeline_of(observations);
    let replayed = describe::timeline_of(&through_a_recording(observations));
    let to_json = |timeline: &Timeline| serde_json::to_value(document(timeline, at(100.0))).unwrap();
    assert_eq!(to_json(&replayed), to_json(&timeline));
    timeline
}

/// The entry of the workload with this name in the document at second `now`.
pub(crate) fn entry(timeline: &Timeline, name: &str, now: f64) -> Value {
    let mut out = Vec::new();
    write_json(&document(timeline, at(now)), &mut out).unwrap();
    let document: Value = serde_json::from_slice(&out).unwrap();
    let workloads = document["workloads"].as_array().unwrap();
    workloads.iter().find(|workload| workload["name"] == name).unwrap().clone()
}

/// The field `gang` of the Job `j`.
fn gang_of_job(objects: Vec<Value>) -> Value {
    let objects = objects.into_iter().map(|object| observation(Seen::Listed, 1000.0, object));
    entry(&timeline_of(&objects.collect::<Vec<_>>()), "j", 100.0)["gang"].clone()
}

/// A Job with the completion mode `Indexed`.
fn indexed_job(parallelism: u32, completions: u32) -> Value {
    job(parallelism, Some(completions), json!({"spec": {"completionMode": "Indexed"}}))
}

/// A Pod that waits for a node.
fn waiting_pod(name: &str, created: i64) -> Value {
    let mut waiting = pod_of(name, created, created, created, 0);
    waiting["spec"] = json!({"containers": [{"name": "main", "image": "i"}]});
    waiting["status"] = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
        "reason": "Unschedulable", "message": "0/1 nodes are available: 1 Insufficient cpu.",
        "lastTransitionTime": time(created)}]});
    waiting
}

fn with_label(pod: Value, labels: &[(&str, &str)]) -> Value {
    let labels: Value = labels.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    patched(pod, json!({"metadata": {"labels": labels}}))
}

fn owned_by(mut object: Value, kind: &str, name: &str) -> Value {
    object["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "x/v1", "kind": kind, "name": name, "uid": name, "controller": true}]);
    object
}

/// An observation of an object with this tag, listed at the end.
fn listed(tag: &str, object: Value) -> Observation {
    Observation { received: at(1000.0), seen: Seen::Listed, object: parse_object(tag, object) }
}

/// A custom resource that was created at second 0.
#[expect(clippy::needless_pass_by_value, reason = "the callers build the value in place")]
fn custom(api_version: &str, kind: &str, name: &str, spec: Value) -> Observation {
    let object = json!({"apiVersion": api_version, "kind": kind, "spec": spec,
        "metadata": {"namespace": "default", "name": name, "uid": name, "creationTimestamp": time(0)}});
    listed("Custom", object)
}

fn link(kind: &str, name: &str, owner_kind: &str, owner: &str) -> Observation {
    let object = json!({"apiVersion": "x/v1", "kind": kind,
        "metadata": {"namespace": "default", "name": name, "uid": name}});
    listed("Owner", owned_by(object, owner_kind, owner))
}

fn named_job(name: &str, owner: &str, parallelism: u32) -> Value {
    let mut job = indexed_job(parallelism, parallelism);
    merge(&mut job, json!({"metadata": {"name": name, "uid": name}}));
    owned_by(job, "JobSet", owner)
}

#[test]
fn the_wait_of_an_indexed_job_runs_from_the_first_members_work_to_the_last_ones() {
    let pods = || {
        vec![
            indexed(pod_of("a", 0, 2, 20, 0), 0),
            indexed(pod_of("b", 0, 3, 20, 0), 1),
            indexed(pod_of("c", 0, 9, 20, 0), 2),
        ]
    };
    let gang = gang_of_job([vec![indexed_job(3, 3)], pods()].concat());
    assert_eq!(
        gang,
        json!({"members": 3, "attempt": 1, "replica": null, "beganAt": "2026-01-01T12:00:00.500Z",
            "firstWorkedAt": "2026-01-01T12:00:02.500Z", "completeAt": "2026-01-01T12:00:09.500Z",
            "waitMillis": 7000, "waitRangeMillis": gang["waitRangeMillis"], "heldPodMillis": 13_000,
            "last": {"pod": "c", "reason": "start on n"}}),
    );
    let [low, high] = [0, 1].map(|end| gang["waitRangeMillis"][end].as_i64().unwrap());
    assert!((6_000..7_000).contains(&low) && (7_001..=8_000).contains(&high), "{low} {high}");
    assert_eq!(gang_of_job([vec![indexed_job(2, 3)], pods()].concat()), Value::Null);
    assert_eq!(gang_of_job([vec![job(3, Some(3), json!({}))], pods()].concat()), Value::Null);
    assert_eq!(gang_of_job(vec![indexed_job(1, 1), indexed(pod_of("a", 0, 2, 20, 0), 0)]), Value::Null);
}

#[test]
fn until_a_gang_is_complete_the_last_member_is_the_missing_one() {
    let objects =
        vec![indexed_job(2, 2), indexed(pod_of("a", 0, 2, 90, 0), 0), indexed(waiting_pod("b", 1), 1)];
    let objects = objects.into_iter().map(|object| observation(Seen::Listed, 1000.0, object));
    let timeline = timeline_of(&objects.collect::<Vec<_>>());
    let entry = |now| entry(&timeline, "j", now);
    let gang = entry(50.0)["gang"].clone();
    assert_eq!([&gang["completeAt"], &gang["waitMillis"], &gang["waitRangeMillis"]], [&Value::Null; 3]);
    assert_eq!(gang["last"], json!({"pod": "b", "reason": "queued: Insufficient cpu"}));
    assert_eq!(entry(50.0)["summary"]["gangWaitMillis"], 47_500, "the wait so far");
    let gang = gang_of_job(vec![indexed_job(2, 2), indexed(pod_of("a", 0, 2, 90, 0), 0)]);
    assert_eq!(gang["last"], json!({"pod": null, "reason": "created late"}));
}

#[test]
fn a_replaced_member_makes_no_new_attempt() {
    let gang = |replaced_at, last_at| {
        gang_of_job(vec![
            indexed_job(3, 3),
            indexed(pod_of("a", 0, 2, 60, 0), 0),
            indexed(pod_of("b", 0, 2, 5, 1), 1),
            indexed(pod_of("b2", 6, replaced_at, 60, 0), 1),
            indexed(pod_of("c", 0, last_at, 60, 0), 2),
        ])
    };
    // All members work before one of them fails.
    let early = gang(8, 4);
    assert_eq!((&early["attempt"], &early["waitMillis"]), (&json!(1), &json!(2000)), "{early}");
    // One member fails before the last one works. The replacement works earlier or later than the last one.
    let late = gang(8, 12);
    assert_eq!((&late["attempt"], &late["waitMillis"]), (&json!(1), &json!(10_000)), "{late}");
    assert_eq!(late["last"], json!({"pod": "c", "reason": "start on n"}));
    let replacement = gang(14, 12);
    assert_eq!(replacement["waitMillis"], 12_000, "{replacement}");
    assert_eq!(replacement["last"]["pod"], "b2");
    // `a` waited 12 s, `b` worked for 3 s until it failed, and `c` waited 2 s.
    assert_eq!(replacement["heldPodMillis"], 17_000);
}

#[test]
fn a_suspension_begins_a_new_attempt_and_the_sum_covers_all_attempts() {
    let state = |seconds: f64, suspended: bool, status: Value| {
        let patch = json!({"spec": {"completionMode": "Indexed", "suspend": suspended}, "status": status});
        let seen = if seconds > 1.0 { Seen::Changed } else { Seen::Added };
        observation(seen, seconds, job(2, Some(2), patch))
    };
    let suspended = |status: &str, second| json!({"conditions": [{"type": "Suspended", "status": status, "lastTransitionTime": time(second)}]});
    let pods = [
        indexed(pod_of("a", 0, 2, 20, 143), 0),
        indexed(pod_of("b", 0, 4, 20, 143), 1),
        indexed(pod_of("a2", 30, 31, 90, 0), 0),
        indexed(pod_of("b2", 30, 36, 90, 0), 1),
    ];
    let mut observations = vec![
        state(0.2, false, json!({})),
        state(20.2, true, suspended("True", 20)),
        state(30.2, false, suspended("False", 30)),
    ];
    observations.extend(pods.into_iter().map(|pod| observation(Seen::Listed, 95.0, pod)));
    let entry = entry(&timeline_of(&observations), "j", 100.0);
    let gang = &entry["gang"];
    assert_eq!((&gang["attempt"], &gang["waitMillis"]), (&json!(2), &json!(5000)), "{gang}");
    assert_eq!(entry["summary"]["gangWaitMillis"], 2000 + 5000);
}

#[test]
fn a_partial_admission_asks_for_fewer_members() {
    let state = |seconds: f64, parallelism, suspended: bool, seen| {
        let patch = json!({"spec": {"completionMode": "Indexed", "suspend": suspended}});
        observation(seen, seconds, job(parallelism, Some(4), patch))
    };
    let mut observations = vec![state(0.2, 4, true, Seen::Added), state(5.2, 2, false, Seen::Changed)];
    let pods = [indexed(pod_of("a", 6, 8, 50, 0), 0), indexed(pod_of("b", 6, 9, 50, 0), 1)];
    observations.extend(pods.into_iter().map(|pod| observation(Seen::Listed, 95.0, pod)));
    let gang = entry(&timeline_of(&observations), "j", 100.0)["gang"].clone();
    assert_eq!((&gang["members"], &gang["waitMillis"]), (&json!(2), &json!(1000)), "{gang}");
}

/// A JobSet with a driver and two workers, the spec of the workers changed by `patch`.
fn job_set(patch: Value) -> Observation {
    let mut workers =
        json!({"name": "workers", "replicas": 1, "template": {"spec": {"parallelism": 2, "completions": 2}}});
    merge(&mut workers, patch);
    custom(
        "jobset.x-k8s.io/v1alpha2",
        "JobSet",
        "set",
        json!({"replicatedJobs": [{"name": "driver", "template": {"spec": {}}}, workers]}),
    )
}

/// A Pod of the JobSet, created by this Job in this attempt.
fn set_pod(
    name: &str,
    job: &str,
    role: &str,
    restart: &str,
    (created, started, ended, exit): (i64, i64, i64, i32),
) -> Observation {
    let labels =
        [("jobset.sigs.k8s.io/replicatedjob-name", role), ("jobset.sigs.k8s.io/restart-attempt", restart)];
    let pod = with_label(pod_of(name, created, started, ended, exit), &labels);
    listed("Pod", owned_by(pod, "Job", job))
}

#[test]
fn a_job_set_is_one_gang_and_its_order_is_the_cause_of_a_late_member() {
    let observations = [
        job_set(json!({"dependsOn": [{"name": "driver", "status": "Ready"}]})),
        listed("Job", named_job("set-driver-0", "set", 1)),
        listed("Job", named_job("set-workers-0", "set", 2)),
        set_pod("d", "set-driver-0", "driver", "0", (0, 1, 60, 0)),
        set_pod("w0", "set-workers-0", "workers", "0", (20, 22, 60, 0)),
        set_pod("w1", "set-workers-0", "workers", "0", (20, 23, 60, 0)),
    ];
    let timeline = timeline_of(&observations);
    let set = entry(&timeline, "set", 100.0);
    let gang = &set["gang"];
    assert_eq!((&gang["members"], &gang["waitMillis"]), (&json!(3), &json!(22_000)), "{gang}");
    assert_eq!(gang["last"], json!({"pod": "w1", "reason": "dependsOn driver (Ready)"}));
    assert_eq!(entry(&timeline, "set-workers-0", 100.0)["gang"], Value::Null, "a Pod is in one gang only");
    // A missing member without a Pod names the order, too.
    let driver_only = timeline_of(&observations[..4]);
    let gang = entry(&driver_only, "set", 50.0)["gang"].clone();
    assert_eq!(gang["last"], json!({"pod": null, "reason": "dependsOn driver (Ready)"}));
}

#[test]
fn the_pods_of_a_job_set_are_members_without_any_label() {
    let pod = |name: &str, started| {
        listed("Pod", owned_by(pod_of(name, 0, started, 60, 0), "Job", "set-workers-0"))
    };
    let observations = [
        job_set(json!({})),
        listed("Job", named_job("set-workers-0", "set", 3)),
        pod("a", 1),
        pod("b", 2),
        pod("c", 9),
    ];
    let gang = entry(&timeline_of(&observations), "set", 100.0)["gang"].clone();
    assert_eq!((&gang["members"], &gang["waitMillis"]), (&json!(3), &json!(8000)), "{gang}");
}

#[test]
fn a_restart_of_a_job_set_is_a_new_attempt() {
    let all = [
        job_set(json!({})),
        listed("Job", named_job("driver-old", "set", 1)),
        listed("Job", named_job("workers-old", "set", 2)),
        set_pod("d", "driver-old", "driver", "0", (0, 1, 30, 143)),
        set_pod("w0", "workers-old", "workers", "0", (0, 2, 30, 1)),
        set_pod("w1", "workers-old", "workers", "0", (0, 5, 30, 143)),
        listed("Job", named_job("driver-new", "set", 1)),
        listed("Job", named_job("workers-new", "set", 2)),
        set_pod("d2", "driver-new", "driver", "1", (32, 33, 60, 0)),
        set_pod("w02", "workers-new", "workers", "1", (32, 34, 60, 0)),
        set_pod("w12", "workers-new", "workers", "1", (32, 40, 60, 0)),
    ];
    let set = entry(&timeline_of(&all), "set", 100.0);
    // All Jobs have ended, but only the JobSet's controller knows whether it starts them again.
    assert_eq!(set["outcome"], "Running");
    assert_eq!((&set["gang"]["attempt"], &set["gang"]["waitMillis"]), (&json!(2), &json!(7000)), "{set:#}");
    assert_eq!(set["gang"]["last"]["pod"], "w12");
    assert_eq!(set["summary"]["gangWaitMillis"], 4000 + 7000);
    // The number counts attempts that nobody observed.
    let only_new: Vec<Observation> = all
        .iter()
        .enumerate()
        .filter(|(index, _)| !(1..6).contains(index))
        .map(|(_, one)| one.clone())
        .collect();
    let set = entry(&timeline_of(&only_new), "set", 100.0);
    assert_eq!((&set["gang"]["attempt"], &set["summary"]["gangWaitMillis"]), (&json!(2), &json!(7000)));
}

#[test]
fn each_replica_of_a_leader_worker_set_is_a_gang() {
    let group = |name: &str, group: &str, worker: &str, times| {
        let labels = [
            ("leaderworkerset.sigs.k8s.io/group-index", group),
            ("leaderworkerset.sigs.k8s.io/worker-index", worker),
        ];
        let (created, started, ended, exit) = times;
        listed(
            "Pod",
            owned_by(with_label(pod_of(name, created, started, ended, exit), &labels), "StatefulSet", "sts"),
        )
    };
    let set = custom(
        "leaderworkerset.x-k8s.io/v1",
        "LeaderWorkerSet",
        "lws",
        json!({"replicas": 2, "leaderWorkerTemplate": {"size": 2}}),
    );
    let observations = [
        set,
        link("StatefulSet", "sts", "LeaderWorkerSet", "lws"),
        group("lws-0", "0", "0", (0, 1, 20, 1)),
        group("lws-0-1", "0", "1", (0, 4, 20, 143)),
        group("lws-1", "1", "0", (0, 2, 90, 0)),
        group("lws-1-1", "1", "1", (0, 12, 90, 0)),
        // The first replica is recreated as a whole.
        listed("Pod", {
            let labels = [
                ("leaderworkerset.sigs.k8s.io/group-index", "0"),
                ("leaderworkerset.sigs.k8s.io/worker-index", "0"),
            ];
            let pod = with_label(pod_of("lws-0", 22, 23, 90, 0), &labels);
            patched(owned_by(pod, "StatefulSet", "sts"), json!({"metadata": {"uid": "new"}}))
        }),
        group("lws-0-1b", "0", "1", (24, 29, 90, 0)),
    ];
    let lws = entry(&timeline_of(&observations), "lws", 100.0);
    let gang = &lws["gang"];
    assert_eq!(
        [&gang["replica"], &gang["attempt"], &gang["members"], &gang["waitMillis"]],
        [&json!(0), &json!(2), &json!(2), &json!(6000)],
        "{gang}"
    );
    assert_eq!(lws["summary"]["gangWaitMillis"], 3000 + 10_000 + 6000);
    let roles: Vec<&str> =
        lws["pods"].as_array().unwrap().iter().map(|pod| pod["role"].as_str().unwrap()).collect();
    assert_eq!(roles.iter().filter(|role| **role == "leader").count(), 3, "{roles:?}");
    assert_eq!(roles.iter().filter(|role| **role == "worker").count(), 3, "{roles:?}");
}

#[test]
fn each_cluster_of_a_ray_job_is_an_attempt_and_its_submitter_is_no_member() {
    let node = |name: &str, cluster: &str, role: &str, times| {
        let (created, started, ended, exit) = times;
        let labels = [("ray.io/cluster", cluster), ("ray.io/node-type", role)];
        listed(
            "Pod",
            owned_by(with_label(pod_of(name, created, started, ended, exit), &labels), "RayCluster", cluster),
        )
    };
    let spec = json!({"rayClusterSpec": {"headGroupSpec": {}, "workerGroupSpecs": [{"groupName": "g", "replicas": 1}]}});
    let mut submitter = job(1, Some(1), json!({"metadata": {"name": "ray", "uid": "submitter"}}));
    submitter = owned_by(submitter, "RayJob", "ray");
    let observations = [
        custom("ray.io/v1", "RayJob", "ray", spec),
        link("RayCluster", "first", "RayJob", "ray"),
        link("RayCluster", "second", "RayJob", "ray"),
        node("h1", "first", "head", (0, 1, 20, 143)),
        node("w1", "first", "worker", (0, 5, 20, 143)),
        node("h2", "second", "head", (25, 26, 90, 0)),
        node("w2", "second", "worker", (25, 28, 90, 0)),
        listed("Job", submitter),
        listed("Pod", owned_by(pod_of("s", 40, 50, 90, 0), "Job", "submitter")),
    ];
    let ray = entry(&timeline_of(&observations), "ray", 100.0);
    let gang = &ray["gang"];
    assert_eq!(
        (&gang["attempt"], &gang["members"], &gang["waitMillis"]),
        (&json!(2), &json!(2), &json!(2000)),
        "{gang}"
    );
    assert_eq!(ray["summary"]["gangWaitMillis"], 4000 + 2000);
}

#[test]
fn the_pods_of_a_scheduling_group_are_a_gang() {
    let member = |name: &str, patch: Value, started| {
        let mut member = pod_of(name, 0, started, 90, 0);
        member["metadata"].as_object_mut().unwrap().remove("ownerReferences");
        listed("Pod", patched(member, patch))
    };
    let patches = [
        json!({"spec": {"schedulingGroup": {"podGroupName": "train"}}}),
        json!({"metadata": {"labels": {"scheduling.x-k8s.io/pod-group": "train"}}}),
        json!({"metadata": {"annotations": {"scheduling.k8s.io/group-name": "train"}}}),
    ];
    for patch in patches {
        let timeline = timeline_of(&[
            member("a", patch.clone(), 2),
            member("b", patch.clone(), 8),
            member("c", json!({}), 50),
        ]);
        let gang = entry(&timeline, "a", 100.0)["gang"].clone();
        assert_eq!((&gang["members"], &gang["waitMillis"]), (&json!(2), &json!(6000)), "{patch}");
        assert_eq!(entry(&timeline, "b", 100.0)["gang"], Value::Null, "the oldest Pod has the gang");
        assert_eq!(entry(&timeline, "c", 100.0)["gang"], Value::Null);
    }
    // The Pods of a work queue work alone, but those of a scheduling group do not.
    let grouped = |name: &str, started| {
        patched(pod_of(name, 0, started, 90, 0), json!({"spec": {"schedulingGroup": {"podGroupName": "g"}}}))
    };
    let gang = gang_of_job(vec![job(2, Some(2), json!({})), grouped("a", 3), grouped("b", 7)]);
    assert_eq!((&gang["members"], &gang["waitMillis"]), (&json!(2), &json!(4000)), "{gang}");
}

#[test]
fn of_several_role_labels_the_nearest_owner_gave_the_role() {
    let labels =
        [("jobset.sigs.k8s.io/replicatedjob-name", "node"), ("training.kubeflow.org/replica-type", "worker")];
    let labelled = || with_label(pod_of("p", 0, 2, 20, 0), &labels);
    let role = |observations: &[Observation], workload: &str| {
        entry(&timeline_of(observations), workload, 100.0)["pods"][0]["role"].clone()
    };
    let train = || custom("kubeflow.org/v1", "PyTorchJob", "train", json!({}));
    let of_job_set = [
        train(),
        link("JobSet", "set", "PyTorchJob", "train"),
        listed("Job", named_job("set-node-0", "set", 1)),
        listed("Pod", owned_by(labelled(), "Job", "set-node-0")),
    ];
    assert_eq!(role(&of_job_set, "set-node-0"), "node");
    let of_training = [train(), listed("Pod", owned_by(labelled(), "PyTorchJob", "train"))];
    assert_eq!(role(&of_training, "train"), "worker");
    let alone = [listed("Pod", pod(json!({"metadata": {"labels": {"ray.io/node-type": "head"}}})))];
    assert_eq!(role(&alone, "p"), "head");
}

/// The lines of the picture of these observations, 100 columns wide and at most `rows` high.
fn picture(observations: &[Observation], rows: Option<usize>) -> Vec<String> {
    let size = Size { columns: 100, rows };
    let timeline = timeline_of(observations);
    let frame = render_frame(&timeline, &ViewState::default(), size, &Glyphs::UNICODE, at(100.0));
    frame.lines.iter().map(|line| line.plain().trim_end().to_owned()).collect()
}

fn ended_set(last_start: i64) -> Vec<Observation> {
    vec![
        job_set(json!({})),
        listed("Job", named_job("set-driver-0", "set", 1)),
        listed("Job", named_job("set-workers-0", "set", 2)),
        set_pod("d", "set-driver-0", "driver", "0", (0, 1, 60, 0)),
        set_pod("w0", "set-workers-0", "workers", "0", (0, 2, 60, 0)),
        set_pod("w1", "set-workers-0", "workers", "0", (0, last_start, 60, 0)),
    ]
}

#[test]
fn the_picture_says_how_long_the_gang_waited_and_marks_when_it_was_complete() {
    let lines = picture(&ended_set(41), None);
    let has = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(has("all 3 work after 41s; n's start kept 2 Pods waiting 39–41s"), "{lines:#?}");
    assert!(has("the gang waited 39–41s for its last member (40 % of the wall time)"), "{lines:#?}");
    let row = lines.iter().find(|line| line.starts_with("gang")).unwrap();
    assert!(row.contains("──● all 3 work"), "{row}");
    assert!(lines.last().unwrap().contains("─ gang waits  ● all work"), "{lines:#?}");
    // A short wait is not worth a sentence.
    let lines = picture(&ended_set(5), None);
    assert!(!lines.iter().any(|line| line.contains("gang") || line.contains("all 3 work")), "{lines:#?}");
}

#[test]
fn a_gang_that_is_not_complete_names_the_missing_member() {
    let mut observations = ended_set(41);
    observations.pop();
    let waiting = with_label(
        waiting_pod("w1", 0),
        &[("jobset.sigs.k8s.io/replicatedjob-name", "workers"), ("jobset.sigs.k8s.io/restart-attempt", "0")],
    );
    observations.push(listed("Pod", owned_by(waiting, "Job", "set-workers-0")));
    observations[3] = set_pod("d", "set-driver-0", "driver", "0", (0, 1, 200, 0));
    let lines = picture(&observations, None);
    let has = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(has("of 3 work; Insufficient cpu keeps 2 Pods waiting for"), "{lines:#?}");
}

#[test]
fn folded_pods_and_jobs_have_one_line_per_role() {
    let mut observations = vec![job_set(json!({"replicas": 30}))];
    observations.push(listed("Job", named_job("set-driver-0", "set", 1)));
    observations.push(set_pod("d", "set-driver-0", "driver", "0", (0, 1, 60, 0)));
    for number in 0..30 {
        let name = format!("set-workers-{number}");
        observations.push(listed("Job", named_job(&name, "set", 1)));
        observations.push(set_pod(&format!("w{number:02}"), &name, "workers", "0", (0, 2, 60, 0)));
    }
    let lines = picture(&observations, Some(24));
    let starts = |text: &str| lines.iter().filter(|line| line.starts_with(text)).count();
    assert_eq!((starts("role/driver"), starts("role/workers"), starts("job/")), (1, 1, 0), "{lines:#?}");
    assert!(lines.iter().all(|line| !line.contains("hidden")), "{lines:#?}");
    // In one group, the Pods without rows are counted by role.
    let bare = |name: String, role: &str| {
        let mut pod = with_label(pod_of(&name, 0, 2, 60, 0), &[("ray.io/node-type", role)]);
        pod["metadata"].as_object_mut().unwrap().remove("ownerReferences");
        listed("Pod", pod)
    };
    let mut pods: Vec<Observation> = (0..40).map(|number| bare(format!("w{number:02}"), "worker")).collect();
    pods.push(bare("head".to_owned(), "head"));
    let lines = picture(&pods, Some(16));
    assert!(lines.iter().any(|line| line.starts_with("+ ") && line.contains(" worker")), "{lines:#?}");
}
