//! Tests of the states in a queue and of the held time.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::observation::{ObjectKind, Observation, Seen, saturating_add};
use crate::timeline::{HeldReason, Queue, QueueStateKind, Timeline};

/// The time this number of seconds after 12:00.
fn at(seconds: f64) -> Timestamp {
    let start: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
    saturating_add(start, SignedDuration::from_secs_f64(seconds))
}

/// The time this number of seconds after 12:00, as Kueue writes it in a condition.
fn coarse(seconds: f64) -> String {
    at(seconds.floor()).to_string()
}

fn observe(timeline: &mut Timeline, kind: &str, seconds: f64, seen: Seen, object: Value) {
    let object = ObjectKind::from_recording_tag(kind).unwrap().deserialize(object).unwrap();
    timeline.apply(&Observation { received: at(seconds), seen, object });
    timeline.recompute();
}

/// A Job that is created at 12:00 in the queue `team-a`.
fn job(is_suspended: bool, generation: i64) -> Value {
    json!({"metadata": {"name": "low", "namespace": "ns", "uid": "j-1", "creationTimestamp": coarse(0.0),
            "generation": generation, "labels": {"kueue.x-k8s.io/queue-name": "team-a"}},
        "spec": {"parallelism": 1, "completions": 1, "suspend": is_suspended}, "status": {}})
}

/// A condition: its type, its status, the second of its last change, its reason and its message.
type ConditionRow<'a> = (&'a str, bool, f64, &'a str, &'a str);

fn workload(conditions: &[ConditionRow<'_>]) -> Value {
    let conditions: Vec<Value> = conditions
        .iter()
        .map(|(kind, is_true, since, reason, message)| {
            json!({"type": kind, "status": if *is_true { "True" } else { "False" },
                "lastTransitionTime": coarse(*since), "reason": reason, "message": message})
        })
        .collect();
    json!({"metadata": {"name": "job-low", "namespace": "ns", "uid": "w-1", "creationTimestamp": coarse(0.0),
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "low", "uid": "j-1", "controller": true}]},
        "spec": {"queueName": "team-a", "priority": 5, "podSets": [{"name": "main", "count": 4}]},
        "status": {"conditions": conditions, "admission": {"clusterQueue": "team",
            "podSetAssignments": [{"name": "main", "count": 2}]}}})
}

const PREEMPTED: &str = "Preempted to accommodate a workload (UID: w-2, JobUID: j-2) due to prioritization in the \
                         ClusterQueue; preemptor path: /team; preemptee path: /team";

/// The name of each state, its start and its end in milliseconds after 12:00.
fn states(queue: &Queue) -> Vec<(&'static str, Option<i64>, Option<i64>)> {
    let zero = at(0.0).as_millisecond();
    let millis = |instant: crate::lifecycle::Instant| instant.at.as_millisecond() - zero;
    queue
        .states
        .iter()
        .map(|state| (state.kind.name(), state.start.map(millis), state.end.map(millis)))
        .collect()
}

fn queue_of(timeline: &Timeline) -> Queue {
    timeline.queue(&timeline.workloads()[0]).unwrap()
}

/// A Job that is admitted after 5 s, preempted after 10 s, enters the queue again after 12 s, and gets quota again after
/// 20 s, as a watch delivers it.
fn followed_run() -> Timeline {
    let mut timeline = Timeline::default();
    let quota = |is_true, since| {
        ("QuotaReserved", is_true, since, if is_true { "QuotaReserved" } else { "Pending" }, "")
    };
    observe(&mut timeline, "Job", 0.1, Seen::Added, job(true, 1));
    observe(&mut timeline, "QueuedWorkload", 0.2, Seen::Added, workload(&[]));
    observe(&mut timeline, "QueuedWorkload", 0.3, Seen::Changed, workload(&[quota(false, 0.0)]));
    let admitted = [quota(true, 5.0), ("Admitted", true, 5.0, "Admitted", "")];
    observe(&mut timeline, "QueuedWorkload", 5.1, Seen::Changed, workload(&admitted));
    observe(&mut timeline, "Job", 5.2, Seen::Changed, job(false, 2));
    let evicted = ("Evicted", true, 10.0, "Preempted", PREEMPTED);
    let evicting = [admitted[0], admitted[1], evicted];
    observe(&mut timeline, "QueuedWorkload", 10.1, Seen::Changed, workload(&evicting));
    observe(&mut timeline, "Job", 10.2, Seen::Changed, job(true, 3));
    let requeued = ("Requeued", true, 12.0, "Preempted", PREEMPTED);
    let waiting = [quota(false, 12.0), ("Admitted", false, 12.0, "NoReservation", ""), evicted, requeued];
    observe(&mut timeline, "QueuedWorkload", 12.1, Seen::Changed, workload(&waiting));
    let former = format!("Previously: {PREEMPTED}");
    let again = [
        quota(true, 20.0),
        ("Admitted", true, 20.0, "Admitted", ""),
        ("Evicted", false, 20.0, "QuotaReserved", former.as_str()),
        requeued,
    ];
    observe(&mut timeline, "QueuedWorkload", 20.1, Seen::Changed, workload(&again));
    observe(&mut timeline, "Job", 20.2, Seen::Changed, job(false, 4));
    timeline
}

#[test]
fn each_received_change_is_a_state_even_if_the_condition_is_overwritten_later() {
    let queue = queue_of(&followed_run());
    let names: Vec<&str> = queue.states.iter().map(|state| state.kind.name()).collect();
    let expected =
        ["pending", "quotaReserved", "admitted", "evicted", "pending", "quotaReserved", "admitted"];
    assert_eq!(names, expected);
    // A receipt is 25 ms after the change.
    let starts: Vec<i64> = states(&queue).iter().skip(1).map(|state| state.1.unwrap()).collect();
    assert_eq!(starts, [5_075, 5_075, 10_075, 12_075, 20_075, 20_075]);
    assert!(queue.states.windows(2).all(|pair| pair[0].end == pair[1].start));
    assert_eq!((&*queue.name, queue.priority, queue.evictions()), ("team-a", Some(5), 1));
    assert_eq!((queue.admitted_pods, queue.wanted_pods), (Some(2), Some(4)));
}

#[test]
fn held_time_is_divided_by_reason_and_adds_up() {
    let timeline = followed_run();
    let held = timeline.summary(&timeline.workloads()[0], at(30.0)).held;
    let total: i64 = held.millis.values().sum();
    assert_eq!((held.total(), held.evictions), (total, 1));
    assert_eq!(held.millis[HeldReason::Quota], total);
    // From the creation to 5.2 s, and from 10.2 s to 20.2 s.
    assert!((15_000..15_300).contains(&total), "{total}");
}

#[test]
fn the_back_off_after_an_eviction_is_held_for_another_reason_than_the_wait_for_quota() {
    let mut timeline = Timeline::default();
    observe(&mut timeline, "Job", 0.1, Seen::Added, job(true, 1));
    let evicted = ("Evicted", true, 10.0, "PodsReadyTimeout", "Exceeded the PodsReady timeout ns/job-low");
    let quota = ("QuotaReserved", false, 10.0, "Pending", "");
    let back_off = ("Requeued", false, 10.0, "PodsReadyTimeout", "");
    observe(&mut timeline, "QueuedWorkload", 10.1, Seen::Added, workload(&[quota, evicted, back_off]));
    let finished = ("Requeued", true, 15.0, "BackoffFinished", "The workload backoff was finished");
    observe(&mut timeline, "QueuedWorkload", 15.1, Seen::Changed, workload(&[quota, evicted, finished]));
    let held = timeline.summary(&timeline.workloads()[0], at(18.0)).held;
    assert_eq!(held.millis[HeldReason::Requeue], 15_075 - 10_500);
    let names: Vec<&str> = queue_of(&timeline).states.iter().map(|state| state.kind.name()).collect();
    assert_eq!(names, ["pending", "quotaReserved", "evicted", "requeued", "pending"]);
}

#[test]
fn an_overwritten_time_is_unknown_unless_an_event_reports_it() {
    let former = format!("Previously: {PREEMPTED}");
    let conditions = [
        ("QuotaReserved", true, 20.0, "QuotaReserved", ""),
        ("Admitted", true, 20.0, "Admitted", ""),
        ("Evicted", false, 20.0, "QuotaReserved", former.as_str()),
        ("Requeued", true, 12.0, "Preempted", PREEMPTED),
    ];
    let mut timeline = Timeline::default();
    observe(&mut timeline, "Job", 30.0, Seen::Listed, job(false, 4));
    observe(&mut timeline, "QueuedWorkload", 30.0, Seen::Listed, workload(&conditions));
    let without_events = [
        ("pending", Some(500), None),
        ("admitted", None, None),
        ("evicted", None, Some(12_500)),
        ("pending", Some(12_500), Some(20_500)),
        ("quotaReserved", Some(20_500), Some(20_500)),
        ("admitted", Some(20_500), None),
    ];
    assert_eq!(states(&queue_of(&timeline)), without_events);
    for (seconds, reason, message) in
        [(10.2, "EvictedDueToPreempted", PREEMPTED), (5.3, "QuotaReserved", ""), (5.3, "Admitted", "")]
    {
        let event = json!({"metadata": {"name": "e", "namespace": "ns"}, "reason": reason, "message": message,
            "involvedObject": {"kind": "Workload", "name": "job-low", "uid": "w-1"}, "eventTime": at(seconds).to_string()});
        observe(&mut timeline, "Event", 30.1, Seen::Listed, event);
    }
    let with_events = [
        ("pending", Some(500), Some(5_300)),
        ("quotaReserved", Some(5_300), Some(5_300)),
        ("admitted", Some(5_300), Some(10_200)),
        ("evicted", Some(10_200), Some(12_500)),
        ("pending", Some(12_500), Some(20_500)),
        ("quotaReserved", Some(20_500), Some(20_500)),
        ("admitted", Some(20_500), None),
    ];
    assert_eq!(states(&queue_of(&timeline)), with_events);
}

#[test]
fn an_event_in_the_second_of_the_creation_follows_the_creation() {
    let mut timeline = Timeline::default();
    observe(&mut timeline, "Job", 30.0, Seen::Listed, job(false, 4));
    let evicted = ("Evicted", true, 20.0, "Preempted", PREEMPTED);
    let conditions = [
        ("QuotaReserved", false, 20.0, "Pending", ""),
        ("Admitted", false, 20.0, "NoReservation", ""),
        evicted,
    ];
    observe(&mut timeline, "QueuedWorkload", 30.0, Seen::Listed, workload(&conditions));
    for reason in ["QuotaReserved", "Admitted"] {
        let event = json!({"metadata": {"name": "e", "namespace": "ns"}, "reason": reason, "message": "",
            "involvedObject": {"kind": "Workload", "name": "job-low", "uid": "w-1"}, "eventTime": at(0.2).to_string()});
        observe(&mut timeline, "Event", 30.1, Seen::Listed, event);
    }
    let queue = queue_of(&timeline);
    let names: Vec<&str> = queue.states.iter().map(|state| state.kind.name()).collect();
    assert_eq!(names, ["pending", "quotaReserved", "admitted", "evicted", "pending"]);
    assert!(queue.states[0].start.unwrap().at <= at(0.2));
}

#[test]
fn the_preemptor_has_its_name_if_the_name_is_known_and_its_uid_otherwise() {
    let mut timeline = followed_run();
    let by = |timeline: &Timeline| {
        let states = queue_of(timeline).states;
        let evicted = states.into_iter().find(|state| state.kind == QueueStateKind::Evicted).unwrap();
        evicted.by.unwrap().to_string()
    };
    assert_eq!(by(&timeline), "j-2");
    let named = json!({"metadata": {"name": "job-urgent", "namespace": "other", "uid": "w-2",
        "ownerReferences": [{"kind": "Job", "name": "urgent", "uid": "j-2", "controller": true}]}});
    observe(&mut timeline, "QueuedWorkload", 21.0, Seen::Listed, named);
    assert_eq!(by(&timeline), "other/urgent");
}

#[test]
fn the_position_lasts_until_the_workload_no_longer_waits() {
    let mut timeline = Timeline::default();
    observe(&mut timeline, "Job", 0.1, Seen::Added, job(true, 1));
    let pending = ("QuotaReserved", false, 0.0, "Pending", "insufficient unused quota");
    observe(&mut timeline, "QueuedWorkload", 0.2, Seen::Added, workload(&[pending]));
    let mut positioned = workload(&[]);
    positioned["position"] = json!(3);
    observe(&mut timeline, "QueuedWorkload", 1.0, Seen::Listed, positioned);
    let queue = queue_of(&timeline);
    assert_eq!((queue.position, queue.states.len()), (Some(3), 1));
    assert_eq!(queue.states[0].message.as_deref(), Some("insufficient unused quota"));
    let admitted =
        [("QuotaReserved", true, 5.0, "QuotaReserved", ""), ("Admitted", true, 5.0, "Admitted", "")];
    observe(&mut timeline, "QueuedWorkload", 5.1, Seen::Changed, workload(&admitted));
    assert_eq!(queue_of(&timeline).position, None);
}

#[test]
fn admission_checks_deactivation_and_the_cluster_of_multikueue_are_shown() {
    let mut timeline = Timeline::default();
    observe(&mut timeline, "Job", 0.1, Seen::Added, job(true, 1));
    let quota = ("QuotaReserved", true, 2.0, "QuotaReserved", "");
    let mut checked = workload(&[quota]);
    checked["status"]["admissionChecks"] = json!([{"name": "capacity", "state": "Pending", "lastTransitionTime": coarse(3.0), "message": "booting"}]);
    checked["status"]["clusterName"] = json!("worker-1");
    observe(&mut timeline, "QueuedWorkload", 3.2, Seen::Added, checked);
    let queue = queue_of(&timeline);
    let last = queue.states.last().unwrap();
    assert_eq!((last.kind, last.reason.as_deref()), (QueueStateKind::AdmissionChecks, Some("capacity")));
    assert_eq!(queue.cluster.as_deref(), Some("worker-1"));
    let message = timeline.workloads()[0].message.as_deref().unwrap();
    assert_eq!(message, "the Pods run in the cluster worker-1");
    let held = timeline.summary(&timeline.workloads()[0], at(10.0)).held;
    assert_eq!(held.millis[HeldReason::AdmissionCheck], 10_000 - 3_500);
    let evicted = ("Evicted", true, 12.0, "Deactivated", "The workload is deactivated");
    let mut inactive = workload(&[("QuotaReserved", false, 12.0, "Pending", ""), evicted]);
    inactive["spec"]["active"] = json!(false);
    observe(&mut timeline, "QueuedWorkload", 12.3, Seen::Changed, inactive);
    let held = timeline.summary(&timeline.workloads()[0], at(20.0)).held;
    assert_eq!(queue_of(&timeline).states.last().unwrap().kind, QueueStateKind::Deactivated);
    assert!(held.millis[HeldReason::Deactivated] > 7_000, "{held:?}");
}

#[test]
fn a_suspension_without_a_queue_is_held_as_suspended() {
    let mut timeline = Timeline::default();
    observe(&mut timeline, "Job", 0.1, Seen::Added, job(true, 1));
    let held = timeline.summary(&timeline.workloads()[0], at(4.0)).held;
    assert_eq!(held.millis[HeldReason::Suspended], held.total());
    assert!(held.total() > 3_800, "{held:?}");
}
