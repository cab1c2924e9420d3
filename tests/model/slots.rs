//! Tests of slot time and of the statistics of a workload.

use jiff::SignedDuration;
use kubectl_seq::testing::lifecycle::PhaseKind;
use kubectl_seq::testing::lifecycle::RangedDuration;
use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::{Added, Changed, Deleted, Listed, Missing};
use kubectl_seq::testing::timeline::{Summary, Timeline, WorkloadState};
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::support::pod_builder::{
    at, condition, container_status, kubelet_event, merge, observation, patched, running_pod, terminated,
    time,
};
use crate::support::scenario::read_scenario;

/// A Job that was created at second 0.
pub(crate) fn job(parallelism: u32, completions: Option<u32>, patch: Value) -> Value {
    let mut job = json!({
        "metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0)},
        "spec": {"parallelism": parallelism, "completions": completions},
        "status": {"conditions": []},
    });
    merge(&mut job, patch);
    job
}

pub(crate) fn ended_since(condition_type: &str, since: i64) -> Value {
    json!({"status": {"conditions": [condition(condition_type, "True", since)]}})
}

/// A Pod of the Job. The Pod was scheduled at the time of its creation. `exit` is the exit code.
pub(crate) fn pod_of(name: &str, created: i64, started: i64, ended: i64, exit: i32) -> Value {
    let phase = if exit == 0 { "Succeeded" } else { "Failed" };
    let ran = container_status("main", 0, terminated(name, started, ended, exit, "Error"), json!({}));
    json!({
        "metadata": {"namespace": "default", "name": name, "uid": name, "creationTimestamp": time(created),
            "ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]},
        "spec": {"restartPolicy": "Never", "nodeName": "n", "containers": [{"name": "main", "image": "i"}]},
        "status": {"phase": phase, "startTime": time(created), "conditions": [condition("PodScheduled", "True", created)],
            "containerStatuses": [ran]},
    })
}

pub(crate) fn indexed(pod: Value, index: u32) -> Value {
    patched(
        pod,
        json!({"metadata": {"labels": {"batch.kubernetes.io/job-completion-index": index.to_string()}}}),
    )
}

pub(crate) fn timeline_of_list(objects: impl IntoIterator<Item = Value>) -> Timeline {
    let list: Vec<Observation> =
        objects.into_iter().map(|object| observation(Listed, 1000.0, object)).collect();
    timeline_of(&list)
}

/// Returns the statistics of the only Job at this second. Checks that the parts of slot time sum to the total.
#[track_caller]
pub(crate) fn summarize(timeline: &Timeline, now: f64) -> Summary {
    let workload = timeline.workloads().iter().find(|workload| &*workload.kind == "Job").unwrap();
    let summary = timeline.summary(workload, at(now));
    let slots = summary.slots;
    assert_eq!(slots.phases.values().sum::<i64>() + slots.idle, slots.total, "{slots:?}");
    summary
}

/// Describes the parts of slot time that are not zero, in milliseconds.
#[track_caller]
pub(crate) fn describe_slot_time(timeline: &Timeline, now: f64) -> String {
    let slots = summarize(timeline, now).slots;
    let phases = slots.phases.iter().map(|(kind, millis)| (kind.name(), *millis));
    let parts = phases.chain([("idle", slots.idle)]).filter(|(_, part)| *part != 0);
    let parts: Vec<String> = parts.map(|(name, part)| format!("{name} {part}")).collect();
    format!("{}: {}", slots.total, parts.join(", "))
}

#[test]
fn a_slot_runs_starts_or_is_idle() {
    let done = timeline_of_list([job(1, Some(1), ended_since("Complete", 12)), pod_of("a", 1, 4, 10, 0)]);
    // The slot is idle until the Pod is created. From second 10 on there is no slot, because no completion is missing.
    assert_eq!(describe_slot_time(&done, 99.0), "10000: Startup 3000, Running 6000, idle 1000");
    let one_more = timeline_of_list([job(1, Some(2), json!({})), pod_of("a", 1, 4, 10, 0)]);
    assert_eq!(describe_slot_time(&one_more, 15.0), "14500: Startup 3000, Running 6000, idle 5500");
    assert_eq!(describe_slot_time(&timeline_of_list([job(3, None, json!({}))]), 2.5), "6000: idle 6000");
    assert_eq!(describe_slot_time(&timeline_of_list([job(0, Some(1), json!({}))]), 5.0), "0: ");
}

#[test]
fn there_are_no_more_slots_than_missing_completions() {
    let pods = [pod_of("a", 0, 0, 4, 0), pod_of("b", 0, 0, 6, 0), pod_of("c", 5, 5, 8, 0)];
    let done = timeline_of_list([job(2, Some(3), ended_since("Complete", 9))].into_iter().chain(pods));
    // There are two slots until second 6. Then one completion is missing, so there is one slot until second 8.
    assert_eq!(describe_slot_time(&done, 99.0), "14000: Running 13000, idle 1000");
}

#[test]
fn the_wait_after_a_failure_is_back_off_except_after_the_last_one() {
    let pods = [pod_of("a", 0, 0, 4, 1), pod_of("b", 14, 14, 16, 1)];
    let failed =
        timeline_of_list([job(1, Some(1), ended_since("Failed", 18))].into_iter().chain(pods.clone()));
    assert_eq!(describe_slot_time(&failed, 99.0), "18000: Running 6000, BackOff 10000, idle 2000");
    // Another Pod may still follow.
    let runs = timeline_of_list([job(1, Some(1), json!({}))].into_iter().chain(pods));
    assert_eq!(describe_slot_time(&runs, 20.0), "19500: Running 6000, BackOff 13500");
}

#[test]
fn without_a_limit_per_index_a_failure_holds_all_slots_back() {
    let pods = [pod_of("a", 0, 0, 4, 1), pod_of("b", 0, 0, 6, 0), pod_of("c", 14, 14, 20, 0)];
    let runs = timeline_of_list([job(2, Some(4), json!({}))].into_iter().chain(pods));
    assert_eq!(describe_slot_time(&runs, 14.0), "27000: Running 10000, BackOff 17000");
}

#[test]
fn with_a_limit_per_index_only_the_failed_index_waits() {
    let per_index = json!({"spec": {"backoffLimitPerIndex": 2, "completionMode": "Indexed"}});
    let pods = [indexed(pod_of("a", 0, 0, 4, 1), 0), indexed(pod_of("b", 0, 0, 6, 0), 1)];
    let runs = timeline_of_list([job(2, Some(4), per_index)].into_iter().chain(pods));
    assert_eq!(describe_slot_time(&runs, 14.0), "27000: Running 10000, BackOff 9500, idle 7500");
}

#[test]
fn a_change_of_parallelism_or_suspension_changes_the_slots_from_then_on() {
    let observations = [
        observation(Listed, 1.5, job(1, None, json!({}))),
        observation(Changed, 5.1, job(3, None, json!({}))),
        observation(Changed, 9.1, job(3, None, json!({"spec": {"suspend": true}}))),
        observation(Changed, 20.1, job(2, None, json!({}))),
    ];
    // A slot from second 0.5, three slots from second 5.075 to 9.075, and two slots from second 20.075.
    assert_eq!(describe_slot_time(&timeline_of(&observations), 21.0), "18425: idle 18425");
    // In a late list, the condition shows the earlier suspension.
    let resumed = json!({"type": "Suspended", "status": "False", "reason": "JobResumed", "lastTransitionTime": time(7)});
    let late = timeline_of_list([job(2, None, json!({"status": {"conditions": [resumed]}}))]);
    assert_eq!(describe_slot_time(&late, 10.0), "5000: idle 5000");
}

#[test]
fn a_pod_that_is_still_stopping_takes_the_slot_of_its_successor() {
    let old = patched(
        pod_of("a", 0, 0, 12, 0),
        json!({"metadata": {"deletionTimestamp": time(34), "deletionGracePeriodSeconds": 30}}),
    );
    let runs = timeline_of_list([job(1, Some(1), json!({})), old, pod_of("b", 6, 8, 20, 0)]);
    // The deleted Pod does not count as a success, although the exit code is 0.
    assert_eq!(describe_slot_time(&runs, 25.0), "20000: Running 12000, Terminating 8000");
    let summary = summarize(&runs, 25.0);
    assert_eq!((summary.run_millis, summary.pods), (24_000, 2), "sums over Pods must count both Pods");
}

#[test]
fn the_replacement_policy_sets_whether_a_deleted_pod_counts_as_a_failure() {
    let timeline_with_policy = |policy: &str| {
        let old = patched(
            pod_of("a", 0, 0, 6, 0),
            json!({"metadata": {"deletionTimestamp": time(34), "deletionGracePeriodSeconds": 30}}),
        );
        timeline_of_list([
            job(1, Some(2), json!({"spec": {"podReplacementPolicy": policy}})),
            old,
            pod_of("b", 14, 14, 15, 0),
        ])
    };
    assert_eq!(
        describe_slot_time(&timeline_with_policy("TerminatingOrFailed"), 15.0),
        "14500: Running 4500, BackOff 8000, Terminating 2000"
    );
    // With the policy `Failed`, the Pod counts by its exit code.
    assert_eq!(
        describe_slot_time(&timeline_with_policy("Failed"), 15.0),
        "14500: Running 4500, Terminating 2000, idle 8000"
    );
}

#[test]
fn a_deleted_pod_that_exits_with_0_immediately_may_count_as_a_success() {
    let pods = |others: Vec<Value>| {
        let deletion = json!({"metadata": {"deletionTimestamp": time(36), "deletionGracePeriodSeconds": 30}});
        let first = indexed(pod_of("a", 0, 1, 6, 0), 0);
        let running = patched(
            first.clone(),
            json!({"status": {"phase": "Running", "containerStatuses": [container_status("main", 0, json!({"running": {"startedAt": time(1)}}), json!({}))]}}),
        );
        let other = indexed(pod_of("b", 0, 1, 20, 0), 1);
        let seen = [
            (0.5, Added, job(2, Some(2), json!({}))),
            (1.5, Added, running.clone()),
            (6.0, Changed, patched(running, deletion.clone())),
            (6.5, Changed, patched(first, deletion)),
            (21.0, Listed, other),
        ];
        let others = others.into_iter().map(|pod| (21.0, Listed, pod));
        let done = (21.5, Changed, job(2, Some(2), ended_since("Complete", 20)));
        let all = seen.into_iter().chain(others).chain([done]);
        timeline_of(&all.map(|(at, seen, object)| observation(seen, at, object)).collect::<Vec<_>>())
    };
    // The end of the Pod removes one slot, and no failure causes a back-off.
    let slots = summarize(&pods(vec![]), 30.0).slots;
    assert_eq!((slots.total, slots.phases[PhaseKind::BackOff]), (5_975 + 20_000, 0), "{slots:?}");
    // A second Pod of the index shows that the first one counted as a failure.
    let slots = summarize(&pods(vec![indexed(pod_of("c", 16, 17, 20, 0), 0)]), 30.0).slots;
    assert_eq!(slots.total, 40_000, "{slots:?}");
    assert!((9_000..=10_500).contains(&slots.phases[PhaseKind::BackOff]), "{slots:?}");
}

#[test]
fn a_pod_that_the_job_itself_deletes_is_no_failure() {
    let mut deleted = kubelet_event("SuccessfulDelete", "", 4.0, "Deleted pod: a");
    deleted["involvedObject"] = json!({"kind": "Job", "name": "j", "uid": "j"});
    let old = patched(
        pod_of("a", 0, 0, 6, 143),
        json!({"metadata": {"deletionTimestamp": time(34), "deletionGracePeriodSeconds": 30}}),
    );
    for order in [[deleted.clone(), old.clone()], [old, deleted]] {
        let [first, second] = order;
        assert_eq!(
            describe_slot_time(&timeline_of_list([job(1, Some(1), json!({})), first, second]), 10.0),
            "9500: Running 4000, Terminating 2000, idle 3500"
        );
    }
}

#[test]
fn a_pod_on_a_lost_node_keeps_its_slot_but_does_not_work() {
    let silent = patched(
        running_pod(),
        json!({
        "metadata": {"ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}],
            "managedFields": [{"manager": "kubelet", "subresource": "status", "time": time(6)}]},
        "status": {"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": time(60)}]}}),
    );
    let runs = timeline_of_list([job(1, Some(1), json!({})), silent]);
    let summary = summarize(&runs, 100.0);
    assert_eq!((summary.slots.phases[PhaseKind::Running], summary.run_millis), (1000, 1000));
    assert_eq!(summary.slots.total, 99_500);
}

#[test]
fn a_missing_pod_does_not_keep_its_slot() {
    let owned = patched(
        running_pod(),
        json!({"metadata": {"ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]}}),
    );
    let observations = [
        observation(Listed, 6.0, job(1, None, json!({}))),
        observation(Changed, 8.0, owned.clone()),
        observation(Missing, 90.0, owned),
    ];
    assert_eq!(summarize(&timeline_of(&observations), 100.0).slots.phases[PhaseKind::Running], 2500);
}

#[test]
fn a_job_has_no_slots_after_its_deletion() {
    let observations = [
        observation(Added, 0.1, job(2, None, json!({}))),
        observation(Deleted, 5.0, job(2, None, json!({}))),
    ];
    let gone = timeline_of(&observations);
    assert_eq!(gone.workloads()[0].state, WorkloadState::Unknown);
    assert!(gone.workloads()[0].has_ended());
    assert_eq!(describe_slot_time(&gone, 500.0), "9850: idle 9850");
}

#[test]
fn a_new_job_of_the_same_name_is_a_different_workload() {
    let again = patched(
        job(1, Some(1), json!({})),
        json!({"metadata": {"uid": "j2", "creationTimestamp": time(50)}}),
    );
    let both =
        timeline_of_list([again, job(1, Some(1), ended_since("Complete", 12)), pod_of("a", 1, 4, 10, 0)]);
    let workloads: Vec<_> = both
        .workloads()
        .iter()
        .map(|workload| (&*workload.uid, workload.state, workload.pods.len()))
        .collect();
    assert_eq!(workloads, [("j", WorkloadState::Succeeded, 1), ("j2", WorkloadState::Pending, 0)]);
}

#[test]
fn the_statistics_of_a_job_count_all_its_pods() {
    let pods = [pod_of("a", 0, 2, 12, 0), pod_of("b", 0, 3, 8, 0), pod_of("c", 9, 10, 30, 0)];
    let done = timeline_of_list([job(2, Some(3), ended_since("Complete", 40))].into_iter().chain(pods));
    let summary = summarize(&done, 99.0);
    let seconds = |seconds| Some(SignedDuration::from_secs(seconds));
    let estimate = |duration: Option<RangedDuration>| duration.map(|duration| duration.estimate());
    assert_eq!(
        (
            summary.pods,
            summary.wall_millis,
            summary.run_millis,
            summary.cold_start_millis,
            summary.queued_millis
        ),
        (3, 40_000, 35_000, 6000, 0)
    );
    assert_eq!(
        (
            estimate(summary.run_percentiles.p50),
            estimate(summary.run_percentiles.p95),
            estimate(summary.run_percentiles.max)
        ),
        (seconds(10), seconds(20), seconds(20))
    );
    assert_eq!(
        (estimate(summary.cold_start_percentiles.p50), estimate(summary.cold_start_percentiles.max)),
        (seconds(2), seconds(3))
    );
    assert_eq!(summary.concurrency_max, 2);
    assert!((summary.concurrency_mean - 35.0 / 40.0).abs() < 1e-9);
}

#[test]
fn the_parts_of_slot_time_sum_to_the_total_at_every_moment() {
    for name in [
        "pi",
        "crash",
        "by-hand",
        "paused",
        "indexed",
        "elastic",
        "retry",
        "deadline",
        "slow-pull",
        "fail-index",
        "lost-replaced",
        "suspend-done",
        "evicted",
    ] {
        let scenario = read_scenario(name);
        let mut timeline = Timeline::default();
        for observation in &scenario.observations {
            timeline.apply(observation);
            timeline.recompute();
            for workload in timeline.workloads() {
                let slots = timeline.summary(workload, observation.received).slots;
                assert_eq!(slots.phases.values().sum::<i64>() + slots.idle, slots.total, "{name}");
                assert!(slots.idle >= 0 && slots.phases.values().all(|part| *part >= 0), "{name}: {slots:?}");
            }
        }
    }
}

#[test]
fn the_wait_before_a_retry_is_known_for_an_index_and_estimated_otherwise() {
    let retries = |timeline: &Timeline| {
        let job = timeline.workloads().iter().find(|workload| &*workload.kind == "Job").unwrap();
        let mut retries: Vec<_> = timeline
            .retries(job)
            .into_iter()
            .map(|(key, retry)| {
                (timeline.pod(key).name.to_string(), retry.since, retry.until, retry.estimated)
            })
            .collect();
        retries.sort();
        retries
    };
    let with_indexes = timeline_of_list([
        job(2, Some(2), json!({})),
        indexed(pod_of("a", 1, 2, 10, 1), 0),
        indexed(pod_of("b", 1, 2, 30, 0), 1),
        indexed(pod_of("c", 20, 21, 25, 0), 0),
    ]);
    assert_eq!(retries(&with_indexes), [("c".to_owned(), at(10.5), at(20.5), false)]);
    let without_indexes = timeline_of_list([
        job(2, Some(2), json!({})),
        pod_of("a", 1, 2, 10, 1),
        pod_of("b", 1, 2, 30, 0),
        pod_of("c", 20, 21, 25, 0),
        pod_of("d", 31, 32, 40, 0),
    ]);
    assert_eq!(retries(&without_indexes), [("c".to_owned(), at(10.5), at(20.5), true)]);
}

#[test]
fn the_stragglers_of_a_job_are_found() {
    let pods = |late: i64| {
        let mut pods: Vec<Value> =
            (0..29).map(|pod| pod_of(&format!("p{pod}"), 1, 2, 20 + pod % 5, 0)).collect();
        pods.push(pod_of("late", 1, 2, late, 0));
        pods.push(job(30, Some(30), ended_since("Complete", late)));
        timeline_of_list(pods)
    };
    let stragglers = |timeline: &Timeline| {
        let job = timeline.workloads().iter().find(|workload| &*workload.kind == "Job").unwrap();
        timeline.stragglers(job).map(|stragglers| (stragglers.pods, stragglers.ended, stragglers.millis))
    };
    assert_eq!(stragglers(&pods(60)), Some((1, 30, 36_000)));
    assert_eq!(stragglers(&pods(26)), None);
}

#[test]
fn unobserved_time_does_not_count_as_idle() {
    let patch = json!({"status": {"succeeded": 3}});
    let timeline = timeline_of_list([job(1, Some(4), patch), pod_of("d", 30, 31, 40, 0)]);
    let summary = summarize(&timeline, 50.0);
    assert!(summary.partial);
    assert_eq!(summary.slots.total, 19_500, "the slots begin with the first Pod that was seen");
    let whole = timeline_of_list([job(1, Some(4), json!({})), pod_of("d", 30, 31, 40, 0)]);
    assert!(!summarize(&whole, 50.0).partial);
    // The spec of the Job was changed before the first observation.
    let changed = timeline_of_list([
        job(1, Some(4), json!({"metadata": {"generation": 2}})),
        pod_of("d", 30, 31, 40, 0),
    ]);
    assert!(summarize(&changed, 50.0).partial);
}

#[test]
fn a_job_that_is_listed_as_suspended_had_slots_until_its_suspension() {
    let suspended =
        json!({"spec": {"suspend": true}, "status": {"conditions": [condition("Suspended", "True", 30)]}});
    let timeline = timeline_of_list([job(2, None, suspended)]);
    assert_eq!(summarize(&timeline, 100.0).slots.total, 60_000);
}
