//! Tests of holds: intervals in which a workload creates no Pods, because the workload is suspended or waits for Kueue,
//! or because the API server refuses its Pods.

use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::{Added, Changed, Listed};
use kubectl_seq::testing::timeline::{Capacity, Hold, Timeline};
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::order::{json_at, shuffled};
use crate::recording::through_a_recording;
use crate::support::pod_builder::{at, condition, merge, noon, observation, time};
use crate::support::scenario::{parse_object, read_scenario};

/// The Job `j` with this `metadata.generation` and this `spec.suspend`.
fn job(generation: i64, suspend: bool, patch: Value) -> Value {
    let mut job = json!({
        "metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0), "generation": generation},
        "spec": {"parallelism": 2, "completions": 4, "suspend": suspend},
        "status": {"conditions": []},
    });
    merge(&mut job, patch);
    job
}

fn suspended_condition(status: &str, since: i64) -> Value {
    let mut condition = condition("Suspended", status, since);
    condition["reason"] = json!(if status == "True" { "JobSuspended" } else { "JobResumed" });
    json!({"status": {"conditions": [condition]}})
}

/// An event of the Job controller with `count` occurrences, from second `first` to second `last`.
fn controller_event(reason: &str, first: f64, count: i32, last: i64) -> Value {
    let second = at(first.floor()).to_string();
    json!({
        "metadata": {"uid": format!("{reason} {first}"), "name": format!("j.{:016x}", at(first).as_nanosecond()), "creationTimestamp": second},
        "involvedObject": {"kind": "Job", "name": "j", "uid": "j"},
        "reason": reason, "message": "x", "count": count, "firstTimestamp": second, "lastTimestamp": time(last),
        "source": {"component": "job-controller"}, "reportingComponent": "job-controller",
    })
}

fn timeline_of_list(objects: impl IntoIterator<Item = Value>) -> Timeline {
    let list: Vec<_> = objects.into_iter().map(|object| observation(Listed, 1000.0, object)).collect();
    timeline_in_any_order(&list)
}

/// Returns the timeline of the observations. Checks that shuffled and recorded observations have the same timeline.
#[track_caller]
fn timeline_in_any_order(observations: &[Observation]) -> Timeline {
    let expected = timeline_of(observations);
    // A recording leaves out parts of the messages of refusals, so the timelines would differ.
    if !describe_holds(&expected).iter().any(|hold| hold.contains("FailedCreate")) {
        assert_eq!(json_of(&timeline_of(&through_a_recording(observations))), json_of(&expected), "recorded");
    }
    for seed in 1..=20 {
        let other = timeline_of(&shuffled(observations, seed));
        assert_eq!(json_of(&other), json_of(&expected), "seed {seed}");
    }
    expected
}

fn json_of(timeline: &Timeline) -> String {
    json_at(timeline, at(1000.0))
}

/// Describes each hold, for example as `0.000 CreationTimestamp .. 5.000 ReceivedSuspend: suspended`.
fn describe_holds(timeline: &Timeline) -> Vec<String> {
    let describe_instant = |instant: Option<kubectl_seq::testing::lifecycle::Instant>| {
        instant.map_or("?".to_owned(), |instant| {
            let millis = instant.at.as_millisecond() - noon().as_millisecond();
            format!("{}.{:03} {:?}", millis / 1000, millis % 1000, instant.evidence)
        })
    };
    let describe_hold = |hold: &Hold| {
        let until = if hold.ended { describe_instant(hold.end) } else { "now".to_owned() };
        format!("{} .. {until}: {}", describe_instant(hold.start), hold.phrase())
    };
    timeline.workloads()[0].holds.iter().map(describe_hold).collect()
}

#[test]
fn changes_that_a_watch_receives_are_dated_by_their_receipt() {
    let observations = [
        observation(Added, 0.1, job(1, true, json!({}))),
        observation(Changed, 0.2, job(1, true, suspended_condition("True", 0))),
        observation(Added, 0.2, controller_event("Suspended", 0.15, 1, 0)),
        observation(Changed, 5.5, job(2, false, suspended_condition("True", 0))),
        observation(Changed, 5.6, job(2, false, suspended_condition("False", 5))),
        observation(Added, 5.6, controller_event("Resumed", 5.55, 1, 5)),
        observation(Changed, 9.3, job(3, true, suspended_condition("False", 5))),
        observation(Changed, 9.4, job(3, true, suspended_condition("True", 9))),
    ];
    let timeline = timeline_in_any_order(&observations);
    assert_eq!(
        describe_holds(&timeline),
        [
            "0.050 CreationTimestamp .. 5.475 ReceivedSuspend: suspended",
            "9.275 ReceivedSuspend .. now: suspended"
        ]
    );
    let capacities: Vec<(f64, u32)> =
        timeline.workloads()[0].capacity.iter().map(second_and_parallelism).collect();
    assert_eq!(capacities, [(0.05, 0), (5.475, 2), (9.275, 0)]);
    let waits = timeline.waits(&timeline.workloads()[0], at(30.0));
    let waits: Vec<_> = waits
        .iter()
        .map(|wait| (&*wait.reason, wait.pods, wait.longest.as_millis(), wait.total.as_millis()))
        .collect();
    assert_eq!(waits, [("suspended", 0, 20_725, 26_150)]);
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a test")]
fn second_and_parallelism(capacity: &Capacity) -> (f64, u32) {
    let millis = capacity.since.as_millisecond() - noon().as_millisecond();
    (millis as f64 / 1000.0, capacity.parallelism)
}

#[test]
fn a_list_dates_suspensions_by_condition_generation_and_events() {
    // Generation 1: the spec has not changed since the creation.
    assert_eq!(
        describe_holds(&timeline_of_list([job(1, true, suspended_condition("True", 0))])),
        ["0.500 CreationTimestamp .. now: suspended"]
    );
    // Generation 2: the Job was created suspended, then resumed.
    assert_eq!(
        describe_holds(&timeline_of_list([job(2, false, suspended_condition("False", 7))])),
        ["0.500 CreationTimestamp .. 7.500 SuspendedCondition: suspended"]
    );
    // Generation 3: only an event dates the start of the suspension.
    let resumed = job(3, false, suspended_condition("False", 7));
    assert_eq!(
        describe_holds(&timeline_of_list([resumed.clone()])),
        ["? .. 7.500 SuspendedCondition: suspended"]
    );
    let document: Value = serde_json::from_str(&json_of(&timeline_of_list([resumed.clone()]))).unwrap();
    assert_eq!(
        document["workloads"][0]["holds"][0],
        json!({"reason": "suspended", "message": null, "start": null, "end": "2026-01-01T12:00:07.500Z", "millis": null, "source": "status"})
    );
    let with_events =
        [resumed, controller_event("Suspended", 4.25, 1, 4), controller_event("Resumed", 7.4, 1, 7)];
    assert_eq!(
        describe_holds(&timeline_of_list(with_events)),
        ["4.250 SuspendEvent .. 7.400 SuspendEvent: suspended"]
    );
    // The Job was suspended after it had run, and the condition dates the suspension.
    assert_eq!(
        describe_holds(&timeline_of_list([job(2, true, suspended_condition("True", 30))])),
        ["30.500 SuspendedCondition .. now: suspended"]
    );
}

#[test]
fn a_repeated_event_dates_its_first_and_its_last_occurrence_only() {
    let changed_twice = [
        job(4, false, suspended_condition("False", 20)),
        controller_event("Suspended", 0.2, 2, 15),
        controller_event("Resumed", 6.5, 2, 20),
    ];
    assert_eq!(
        describe_holds(&timeline_of_list(changed_twice)),
        [
            "0.500 CreationTimestamp .. 6.500 SuspendEvent: suspended",
            "15.500 SuspendEventCoarse .. 20.500 SuspendedCondition: suspended"
        ]
    );
    let changed_often = [
        job(9, true, suspended_condition("True", 40)),
        controller_event("Suspended", 3.2, 4, 40),
        controller_event("Resumed", 6.5, 3, 30),
    ];
    assert_eq!(
        describe_holds(&timeline_of_list(changed_often)),
        [
            "3.200 SuspendEvent .. 6.500 SuspendEvent: suspended",
            "40.500 SuspendedCondition .. now: suspended"
        ]
    );
}

#[test]
fn the_last_of_several_changes_between_two_lists_is_shown() {
    let observations = [
        observation(Listed, 1.0, job(1, false, json!({}))),
        observation(Listed, 50.0, job(3, false, suspended_condition("False", 40))),
    ];
    assert_eq!(
        describe_holds(&timeline_in_any_order(&observations)),
        ["? .. 40.500 SuspendedCondition: suspended"]
    );
}

#[test]
fn an_ended_workload_is_not_suspended() {
    let deleted = [
        observation(Added, 0.1, job(1, true, suspended_condition("True", 0))),
        observation(
            kubectl_seq::testing::observation::Seen::Deleted,
            8.0,
            job(1, true, suspended_condition("True", 0)),
        ),
    ];
    assert_eq!(
        describe_holds(&timeline_in_any_order(&deleted)),
        ["0.050 CreationTimestamp .. 7.975 ReceivedDeleted: suspended"]
    );
}

#[test]
fn a_job_with_a_kueue_queue_waits_for_kueue() {
    let queue_label = json!({"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "team-a"}}});
    let mut job = job(1, true, suspended_condition("True", 0));
    merge(&mut job, queue_label);
    assert_eq!(
        describe_holds(&timeline_of_list([job])),
        ["0.500 CreationTimestamp .. now: admission by Kueue queue team-a"]
    );
}

#[test]
fn events_of_other_controllers_with_the_same_reason_are_ignored() {
    let mut other = controller_event("Suspended", 4.25, 1, 4);
    other["source"]["component"] = json!("batch/job-kueue-controller");
    other["reportingComponent"] = json!("batch/job-kueue-controller");
    assert_eq!(
        describe_holds(&timeline_of_list([job(3, false, suspended_condition("False", 7)), other])),
        ["? .. 7.500 SuspendedCondition: suspended"]
    );
}

#[test]
fn cron_jobs_and_custom_resources_can_be_suspended() {
    let observe = |kind: &str, seen, second, object: Value| Observation {
        received: at(second),
        seen,
        object: parse_object(kind, object),
    };
    let cron = |generation: i64, suspend: bool| {
        json!({"metadata": {"name": "c", "uid": "c", "creationTimestamp": time(0), "generation": generation},
            "spec": {"schedule": "* * * * *", "suspend": suspend}})
    };
    let observations =
        [observe("CronJob", Listed, 3.0, cron(1, true)), observe("CronJob", Changed, 9.0, cron(2, false))];
    assert_eq!(
        describe_holds(&timeline_in_any_order(&observations)),
        ["0.500 CreationTimestamp .. 8.975 ReceivedSuspend: suspended"]
    );
    // No field of a CronJob dates the start of a suspension.
    assert_eq!(
        describe_holds(&timeline_in_any_order(&[observe("CronJob", Listed, 3.0, cron(5, true))])),
        ["? .. now: suspended"]
    );

    let job_set = |suspend: bool, conditions: Value| {
        json!({"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "spec": {"suspend": suspend},
            "metadata": {"name": "s", "uid": "s", "creationTimestamp": time(0), "generation": 1},
            "status": {"conditions": conditions}})
    };
    let observations = [
        observe("Custom", Listed, 30.0, job_set(true, json!([condition("Suspended", "True", 20)]))),
        observe("Custom", Changed, 40.0, job_set(false, json!([condition("Suspended", "True", 20)]))),
    ];
    assert_eq!(
        describe_holds(&timeline_in_any_order(&observations)),
        ["20.500 SuspendedCondition .. 39.975 ReceivedSuspend: suspended"]
    );
}

/// A Pod of the Job, created at this second.
fn pod(name: &str, created: i64) -> Value {
    json!({"metadata": {"namespace": "default", "name": name, "uid": name, "creationTimestamp": time(created),
            "ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]},
        "spec": {"containers": [{"name": "main", "image": "i"}]}, "status": {"phase": "Pending"}})
}

#[test]
fn a_refusal_lasts_until_a_pod_is_created() {
    let mut refused = controller_event("FailedCreate", 0.3, 5, 12);
    refused["message"] = json!(
        "Error creating: pods \"j-x\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2"
    );
    let job = || job(1, false, json!({}));
    let reason = "FailedCreate: exceeded quota: few, requested: pods=1, limited: pods=2";
    assert_eq!(
        describe_holds(&timeline_of_list([job(), refused.clone()])),
        [format!("0.300 FailedCreateEvent .. now: {reason}")]
    );
    assert_eq!(
        describe_holds(&timeline_of_list([job(), refused.clone(), pod("a", 14), pod("b", 14)])),
        [format!("0.300 FailedCreateEvent .. 14.500 CreationTimestamp: {reason}")]
    );
    // The creation of the first Pod ends the first hold. Refusals follow the creation of the second Pod, so a second
    // hold starts at that creation.
    assert_eq!(
        describe_holds(&timeline_of_list([job(), refused.clone(), pod("a", 4), pod("b", 8)])),
        [
            format!("0.300 FailedCreateEvent .. 4.500 CreationTimestamp: {reason}"),
            // Both Pods of the parallelism exist, so the second hold ends at the latest refusal.
            format!("8.500 CreationTimestamp .. 12.500 FailedCreateEventCoarse: {reason}"),
        ]
    );
}

/// A list at the end dates the suspensions of the recorded Job as precisely as the fields and events allow.
#[test]
fn a_recorded_job_was_suspended_twice() {
    let recorded = read_scenario("paused").observations;
    let watched = timeline_of(&recorded);
    let created = watched.workloads()[0].created.unwrap();
    let spans = |timeline: &Timeline| -> Vec<(i64, i64)> {
        let millis = |instant: Option<kubectl_seq::testing::lifecycle::Instant>| {
            instant.unwrap().at.as_millisecond() - created.as_millisecond()
        };
        timeline.workloads()[0].holds.iter().map(|hold| (millis(hold.start), millis(hold.end))).collect()
    };
    assert_eq!(spans(&watched), [(194, 4_486), (10_502, 15_451)]);
    let list = crate::order::final_list(&recorded);
    assert_eq!(spans(&timeline_in_any_order(&list)), [(500, 4_529), (10_500, 15_500)]);
}
