//! Tests of slot time and lost work where Pods fail, are deleted or are lost.

use kubectl_seq::testing::lifecycle::PhaseKind;
use kubectl_seq::testing::timeline::Timeline;
use serde_json::{Value, json};

use crate::slots::{describe_slot_time, ended_since, indexed, job, pod_of, summarize, timeline_of_list};
use crate::support::pod_builder::{at, container_status, patched, running_pod, terminated, time};
use crate::support::scenario::read_scenario;

#[test]
fn an_index_that_failed_for_good_has_no_slot() {
    let per_index = |patch: Value| {
        let spec = json!({"spec": {"backoffLimitPerIndex": 0, "completionMode": "Indexed"}});
        job(2, Some(2), patched(spec, patch))
    };
    let pods = || [indexed(pod_of("a", 0, 0, 4, 1), 0), indexed(pod_of("b", 0, 0, 20, 0), 1)];
    let failed = json!({"status": {"failedIndexes": "0"}});
    let ended = patched(per_index(failed.clone()), ended_since("Failed", 21));
    let done = timeline_of_list([ended].into_iter().chain(pods()));
    // The slot of index 0 ends with its only Pod. No slot is left when index 1 is done.
    assert_eq!(describe_slot_time(&done, 99.0), "24000: Running 24000");
    let states = container_status("main", 0, json!({"running": {"startedAt": time(0)}}), json!({}));
    let running = json!({"status": {"phase": "Running", "containerStatuses": [states]}});
    let running = patched(pods()[1].clone(), running);
    // The controller has not reported the failed index yet.
    let runs = timeline_of_list([per_index(json!({})), pods()[0].clone(), running.clone()]);
    assert_eq!(describe_slot_time(&runs, 6.5), "10000: Running 10000");
    // The failed Pod no longer exists.
    let late = timeline_of_list([per_index(failed), running]);
    assert_eq!(summarize(&late, 10.0).slots.idle, 0);
}

#[test]
fn a_back_off_ends_when_the_controller_may_create_the_next_pod() {
    let pods = [pod_of("a", 0, 0, 4, 1), pod_of("b", 60, 60, 70, 0)];
    let late = timeline_of_list([job(1, Some(1), ended_since("Complete", 70))].into_iter().chain(pods));
    assert_eq!(describe_slot_time(&late, 99.0), "70000: Running 14000, BackOff 10000, idle 46000");
    assert_eq!(retry_waits(&late), [(at(4.5), at(14.5))], "the bar must agree with the slot time");
    // A controller of another kind replaces a Pod without a wait.
    let mut bare = timeline_of_list([pod_of("a", 0, 0, 4, 1), pod_of("b", 20, 20, 30, 0)]);
    bare.recompute();
    assert!(bare.workloads().iter().all(|workload| bare.retries(workload).is_empty()));
}

/// The waits before the Pods of the first workload that replace failed Pods.
fn retry_waits(timeline: &Timeline) -> Vec<(jiff::Timestamp, jiff::Timestamp)> {
    timeline.retries(&timeline.workloads()[0]).into_values().map(|retry| (retry.since, retry.until)).collect()
}

/// A patch that marks a Pod as being deleted since second 4.
pub(crate) fn deleted_at_4() -> Value {
    json!({"metadata": {"deletionTimestamp": time(34), "deletionGracePeriodSeconds": 30}})
}

/// A patch that marks a Pod as disrupted and being deleted since second 4.
pub(crate) fn disrupted_at_4(reason: &str) -> Value {
    let condition = json!({"type": "DisruptionTarget", "status": "True", "reason": reason, "lastTransitionTime": time(4)});
    patched(deleted_at_4(), json!({"status": {"conditions": [condition]}}))
}

#[test]
fn a_disrupted_pod_costs_a_back_off_even_if_its_failure_is_ignored() {
    let evicted = patched(pod_of("a", 0, 0, 6, 143), disrupted_at_4("EvictionByEvictionAPI"));
    let disruption = json!({"type": "DisruptionTarget", "status": "True"});
    let rules = json!({"rules": [{"action": "Ignore", "onPodConditions": [disruption]}]});
    let spec = json!({"backoffLimit": 0, "podReplacementPolicy": "Failed", "podFailurePolicy": rules});
    let timeline =
        timeline_of_list([job(1, Some(1), json!({"spec": spec})), evicted, pod_of("b", 16, 16, 20, 0)]);
    assert_eq!(describe_slot_time(&timeline, 20.5), "20000: Running 8000, BackOff 10000, Terminating 2000");
    assert_eq!(retry_waits(&timeline), [(at(6.5), at(16.5))], "the bar must agree with the slot time");
    assert_eq!(describe_lost_work(&timeline, 20.0), "evicted 4000 (1)");
}

/// Describes the lost work by cause, as milliseconds and the number of Pods.
#[track_caller]
fn describe_lost_work(timeline: &Timeline, now: f64) -> String {
    let lost = summarize(timeline, now).lost_work;
    let causes = lost.pods.iter().filter(|(_, pods)| **pods > 0);
    let causes = causes.map(|(cause, pods)| format!("{} {} ({pods})", cause.name(), lost.millis[cause]));
    causes.collect::<Vec<_>>().join(", ")
}

#[test]
fn the_work_of_a_pod_is_lost_if_its_result_does_not_count() {
    let lost = |exit: i32, patch: Value| {
        let pod = patched(pod_of("a", 0, 0, 6, exit), patch);
        describe_lost_work(&timeline_of_list([job(1, Some(1), json!({})), pod]), 20.0)
    };
    assert_eq!(lost(0, json!({})), "");
    assert_eq!(lost(1, json!({})), "failed 6000 (1)");
    assert_eq!(lost(143, disrupted_at_4("PreemptionByScheduler")), "preempted 4000 (1)");
    assert_eq!(lost(143, disrupted_at_4("EvictionByEvictionAPI")), "evicted 4000 (1)");
    assert_eq!(lost(137, json!({"status": {"reason": "Evicted"}})), "evicted 6000 (1)");
    assert_eq!(lost(143, deleted_at_4()), "deleted 4000 (1)");
    // A deleted Pod does not count, even if it exits with 0.
    assert_eq!(lost(0, deleted_at_4()), "deleted 4000 (1)");
    // With the replacement policy `Failed`, it counts.
    let counts = job(1, Some(1), json!({"spec": {"podReplacementPolicy": "Failed"}}));
    let counted = timeline_of_list([counts, patched(pod_of("a", 0, 0, 6, 0), deleted_at_4())]);
    assert_eq!(describe_lost_work(&counted, 20.0), "");
    // The work of Pods that are deleted because the success policy is met.
    let met = json!({"type": "SuccessCriteriaMet", "status": "True", "reason": "SuccessPolicy", "lastTransitionTime": time(4)});
    let done = job(1, Some(1), json!({"status": {"conditions": [met]}}));
    let stopped = timeline_of_list([done, patched(pod_of("a", 0, 0, 6, 143), deleted_at_4())]);
    assert_eq!(describe_lost_work(&stopped, 20.0), "deleted 4000 (1)");
}

#[test]
fn failed_runs_are_lost_work_inside_a_pod_that_succeeds() {
    let mut pod = pod_of("a", 0, 8, 20, 0);
    pod["spec"]["restartPolicy"] = json!("OnFailure");
    let (first, last) = (terminated("main-0", 1, 4, 3, "Error"), terminated("main-1", 8, 20, 0, "Completed"));
    pod["status"]["containerStatuses"] = json!([container_status("main", 1, last, first)]);
    let timeline = timeline_of_list([job(1, Some(1), json!({})), pod]);
    assert_eq!(describe_slot_time(&timeline, 20.5), "20000: Startup 1000, Running 15000, BackOff 4000");
    assert_eq!(describe_lost_work(&timeline, 20.0), "failed 3000 (1)");
}

#[test]
fn lost_work_is_a_part_of_the_work_at_every_moment() {
    for name in
        ["crash", "by-hand", "paused", "indexed", "elastic", "suspend-done", "evicted", "lost-replaced"]
    {
        let scenario = read_scenario(name);
        let mut timeline = Timeline::default();
        for observation in &scenario.observations {
            timeline.apply(observation);
            timeline.recompute();
            for workload in timeline.workloads() {
                let summary = timeline.summary(workload, observation.received);
                let (lost, work) = (summary.lost_work.total(), summary.slots.phases[PhaseKind::Running]);
                assert!((0..=work).contains(&lost), "{name}: {lost} of {work}");
            }
        }
    }
}

#[test]
fn the_wait_for_a_replacement_of_a_lost_pod_is_unknown_until_its_deletion() {
    let lost = |patch: Value| {
        let silent = json!({
            "metadata": {"ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}],
                "managedFields": [{"manager": "kubelet", "subresource": "status", "time": time(6)}]},
            "status": {"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": time(50)}]}});
        patched(patched(running_pod(), silent), patch)
    };
    let unreported = timeline_of_list([job(1, Some(1), json!({})), lost(json!({}))]);
    let slots = describe_slot_time(&unreported, 60.0);
    assert!(slots.ends_with("Running 1000, Unknown 53500"), "{slots}");
    assert_eq!(describe_lost_work(&unreported, 60.0), "", "the node may come back");
    let evicted = json!({"metadata": {"deletionTimestamp": time(100), "deletionGracePeriodSeconds": 30}});
    let replaced = timeline_of_list([job(1, Some(1), json!({})), lost(evicted), pod_of("b", 72, 72, 80, 0)]);
    let slots = describe_slot_time(&replaced, 80.0);
    assert!(slots.ends_with("Running 8500, Unknown 64000, idle 2000"), "{slots}");
    assert_eq!(describe_lost_work(&replaced, 80.0), "node lost 1000 (1)");
}
