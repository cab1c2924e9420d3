//! Tests of Pods that were stopped and are gone: when their work ended, and how exactly this is known.

use jiff::Timestamp;
use kubectl_seq::testing::lifecycle::PhaseKind;
use kubectl_seq::testing::timeline::Timeline;
use kubectl_seq::testing::view::{Glyphs, Size, ViewState, render_frame};
use serde_json::{Value, json};

use crate::gone::{concluded, container_event, job, job_event, pod_event, replacement, start_events};
use crate::support::pod_builder::{at, noon, time};

/// The interval of the end of the work of the first Pod, in milliseconds after noon.
fn work_ended(objects: Vec<Value>) -> Option<(i64, i64)> {
    let timeline = concluded(objects);
    let (_, pod) = timeline.pods(&timeline.workloads()[0]).next().expect("a Pod");
    let end = pod.life.instants.work_ended?;
    let millis = |at: Timestamp| at.as_millisecond() - noon().as_millisecond();
    assert_eq!(pod.life.end(), Some(end.at));
    assert!(pod.life.run.is_some());
    Some((millis(end.earliest()), millis(end.latest())))
}

#[test]
fn the_work_of_a_stopped_pod_ended_after_its_stop_and_within_its_grace_period() {
    let name = "pi-x7k2p";
    let created = job_event("pi", 1.0, "SuccessfulCreate", &format!("Created pod: {name}"));
    let deleted = job_event("pi", 9.5, "SuccessfulDelete", &format!("Deleted pod: {name}"));
    let preempted = pod_event(name, 9.5, "Preempted", "Preempted by pod 1-2-3 on node node-1");
    let killing = container_event(name, "spec.containers{main}", 10.0, "Killing", "Stopping container main");
    let pod = |others: &[&Value]| -> Vec<Value> {
        let others = others.iter().map(|event| (*event).clone());
        start_events(name, 2.0).into_iter().chain([created.clone()]).chain(others).collect()
    };
    let grace =
        |seconds: i64| json!({"spec": {"template": {"spec": {"terminationGracePeriodSeconds": seconds}}}});
    let with_job = |patch: Value, mut events: Vec<Value>| {
        events.push(job("pi", patch));
        work_ended(events)
    };
    let stopped = pod(&[&deleted, &killing]);
    // The kubelet may have overlooked for a second that the container had ended.
    assert_eq!(with_job(grace(5), stopped.clone()), Some((8_600, 18_000)));
    assert_eq!(with_job(grace(5), pod(&[&preempted, &killing])), Some((8_600, 18_000)));
    // Somebody else may have chosen another grace period.
    assert_eq!(with_job(grace(5), pod(&[&killing])), None);
    // One end of the interval is not proved, or the interval is too long.
    assert_eq!(with_job(json!({}), stopped.clone()), None);
    assert_eq!(with_job(grace(5), pod(&[&deleted])), None);
    assert_eq!(with_job(grace(60), stopped.clone()), None);

    // Since Kubernetes 1.31 the controller reports the end of the Job after the ends of its Pods.
    let ended = |decision: &str, reason: &str| {
        let condition = |kind: &str, since: i64| json!({"type": kind, "status": "True", "reason": reason, "lastTransitionTime": time(since)});
        json!({"status": {"conditions": [condition(decision, 9), condition("Failed", 12)]}})
    };
    assert_eq!(with_job(ended("FailureTarget", "DeadlineExceeded"), stopped.clone()), Some((8_600, 13_000)));
    assert_eq!(with_job(ended("FailureTarget", "PodFailurePolicy"), stopped.clone()), None);
    assert_eq!(with_job(ended("Suspended", "DeadlineExceeded"), stopped), None);
}

/// A Job of two Pods whose deadline passed at 10 s, and whose end was reported in the second from `ended` on. The
/// Pods are gone. They ran from 3 s on.
fn job_past_its_deadline(ended: i64) -> Timeline {
    let condition = |kind: &str, since: i64| json!({"type": kind, "status": "True", "reason": "DeadlineExceeded", "lastTransitionTime": time(since)});
    let job = job(
        "pi",
        json!({
        "spec": {"parallelism": 2, "completions": 2, "template": {"spec": {"terminationGracePeriodSeconds": 30}}},
        "status": {"conditions": [condition("FailureTarget", 10), condition("Failed", ended)]}}),
    );
    let pod = |name: &str| {
        let created = job_event("pi", 1.0, "SuccessfulCreate", &format!("Created pod: {name}"));
        let deleted = job_event("pi", 10.05, "SuccessfulDelete", &format!("Deleted pod: {name}"));
        let killing =
            container_event(name, "spec.containers{main}", 10.1, "Killing", "Stopping container main");
        [start_events(name, 2.0), vec![created, deleted, killing]].concat()
    };
    concluded([pod("pi-x7k2p"), pod("pi-bbbbb"), vec![job]].concat())
}

#[test]
fn a_pod_that_was_stopped_with_its_job_probably_ended_shortly_before_the_job() {
    // The Pods ended at the signal, or at the end of the grace period.
    for (ended, estimate) in [(11, 10.2), (40, 39.2)] {
        let timeline = job_past_its_deadline(ended);
        for (_, pod) in timeline.pods(&timeline.workloads()[0]) {
            assert_eq!(pod.life.instants.work_ended.map(|end| end.at), Some(at(estimate)), "{ended}");
        }
    }
}

#[test]
fn the_ranges_of_stopped_pods_include_an_end_at_the_signal_and_at_the_end_of_the_grace_period() {
    let timeline = job_past_its_deadline(42);
    let workload = &timeline.workloads()[0];
    let summary = timeline.summary(workload, at(100.0));
    let [low, high] = summary.slot_uncertainty.phase_ranges(&summary.slots)[PhaseKind::Terminating];
    // The kubelet stopped the two Pods at 10.1 s, and each Pod ended before 43 s.
    assert!(low == 0 && high >= 2 * (43_000 - 10_100), "{:?} in [{low}, {high}]", summary.slots.phases);
    let [low, high] = summary.slot_uncertainty.idle_range(&summary.slots);
    assert!(low == 0 && high >= 2 * (42_500 - 10_100), "{} in [{low}, {high}]", summary.slots.idle);
    for (key, pod) in timeline.pods(workload) {
        let run = pod.life.run.unwrap();
        assert!(run.low_millis <= 10_100 - 3_000 && run.high_millis >= 43_000 - 3_000, "{run:?}");
        // The overview rounds the range to hundredths of a second.
        let stored = timeline.overview(key).run().unwrap();
        assert!(
            stored.low_millis <= run.low_millis + 10 && stored.high_millis >= run.high_millis - 10,
            "{stored:?}"
        );
    }
    let frame =
        render_frame(&timeline, &ViewState::default(), Size::unbounded(120), &Glyphs::UNICODE, at(100.0));
    let text = frame.lines.iter().fold(String::new(), |text, line| text + &line.plain() + "\n");
    assert!(text.contains("terminating 75 % ± 75"), "{text}");
}

#[test]
fn the_slot_of_a_preempted_pod_is_in_back_off_after_its_end() {
    let pod = "low-x7k2p";
    let killing = container_event(pod, "spec.containers{main}", 10.0, "Killing", "Stopping container main");
    let preempted = pod_event(pod, 9.9, "Preempted", "Preempted by pod 1-2-3 on node node-1");
    let created = |pod: &str, at| job_event("low", at, "SuccessfulCreate", &format!("Created pod: {pod}"));
    let spec = json!({"spec": {"parallelism": 1, "completions": 1,
        "template": {"spec": {"terminationGracePeriodSeconds": 1}}}});
    let next = [job("low", spec), replacement("low-bbbbb", None), created("low-bbbbb", 20.0)];
    let events = [created(pod, 1.0), preempted, killing];
    let timeline = concluded([start_events(pod, 1.0), events.to_vec(), next.to_vec()].concat());
    let workload = &timeline.workloads()[0];
    let slots = timeline.summary(workload, at(30.0)).slots;
    // The work ended between 8.6 and 14 seconds after noon.
    assert_eq!(slots.phases[PhaseKind::Terminating], 1_300);
    assert_eq!((slots.phases[PhaseKind::Unknown], slots.phases[PhaseKind::BackOff]), (0, 8_700));
    let waits: Vec<_> =
        timeline.retries(workload).into_values().map(|retry| (retry.since, retry.until)).collect();
    assert_eq!(waits, [(at(11.3), at(20.0))], "the bar must agree with the slot time");
}
