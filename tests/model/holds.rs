//! Holds: times at which a workload creates no Pods, because it is suspended, waits for Kueue or has its Pods refused.

use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::{Added, Changed, Listed};
use kubectl_seq::testing::timeline::{Capacity, Hold, Timeline};
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::order::{json_at, shuffled};
use crate::recording::through_a_recording;
use crate::support::pod_builder::{at, condition, merge, noon, observation, time};
use crate::support::scenario::{parse_object, read_scenario};

/// The Job `j`, changed so often, told to be suspended or not.
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

/// The controller's event, first then, so often, last then.
fn told(reason: &str, first: f64, count: i32, last: i64) -> Value {
    let second = at(first.floor()).to_string();
    json!({
        "metadata": {"uid": format!("{reason} {first}"), "name": format!("j.{:016x}", at(first).as_nanosecond()), "creationTimestamp": second},
        "involvedObject": {"kind": "Job", "name": "j", "uid": "j"},
        "reason": reason, "message": "x", "count": count, "firstTimestamp": second, "lastTimestamp": time(last),
        "source": {"component": "job-controller"}, "reportingComponent": "job-controller",
    })
}

fn listed(objects: impl IntoIterator<Item = Value>) -> Timeline {
    let list: Vec<_> = objects.into_iter().map(|object| observation(Listed, 1000.0, object)).collect();
    ordered(&list)
}

/// The timeline, the same in any order.
#[track_caller]
fn ordered(observations: &[Observation]) -> Timeline {
    let expected = timeline_of(observations);
    // The texts of refusals are other people's: a recording leaves parts of them out.
    if !holds(&expected).iter().any(|hold| hold.contains("FailedCreate")) {
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

/// `0.000 CreationTimestamp .. 5.000 ReceivedSuspend suspended` for each.
fn holds(timeline: &Timeline) -> Vec<String> {
    let end = |end: Option<kubectl_seq::testing::lifecycle::Instant>| {
        end.map_or("?".to_owned(), |end| {
            let millis = end.at.as_millisecond() - noon().as_millisecond();
            format!("{}.{:03} {:?}", millis / 1000, millis % 1000, end.evidence)
        })
    };
    let one = |hold: &Hold| {
        let until = if hold.ended { end(hold.end) } else { "now".to_owned() };
        format!("{} .. {until}: {}", end(hold.start), hold.phrase())
    };
    timeline.workloads()[0].holds.iter().map(one).collect()
}

#[test]
fn changes_that_a_watch_receives_are_dated_by_their_receipt() {
    let story = [
        observation(Added, 0.1, job(1, true, json!({}))),
        observation(Changed, 0.2, job(1, true, suspended_condition("True", 0))),
        observation(Added, 0.2, told("Suspended", 0.15, 1, 0)),
        observation(Changed, 5.5, job(2, false, suspended_condition("True", 0))),
        observation(Changed, 5.6, job(2, false, suspended_condition("False", 5))),
        observation(Added, 5.6, told("Resumed", 5.55, 1, 5)),
        observation(Changed, 9.3, job(3, true, suspended_condition("False", 5))),
        observation(Changed, 9.4, job(3, true, suspended_condition("True", 9))),
    ];
    let timeline = ordered(&story);
    assert_eq!(
        holds(&timeline),
        [
            "0.000 CreationTimestamp .. 5.500 ReceivedSuspend: suspended",
            "9.300 ReceivedSuspend .. now: suspended"
        ]
    );
    let slots: Vec<(f64, u32)> = timeline.workloads()[0].capacity.iter().map(step).collect();
    assert_eq!(slots, [(0.0, 0), (5.5, 2), (9.3, 0)]);
    let waits = timeline.waits(&timeline.workloads()[0], at(30.0));
    let told: Vec<_> = waits
        .iter()
        .map(|wait| (&*wait.reason, wait.pods, wait.longest.as_millis(), wait.total.as_millis()))
        .collect();
    assert_eq!(told, [("suspended", 0, 20_700, 26_200)]);
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a test")]
fn step(capacity: &Capacity) -> (f64, u32) {
    let millis = capacity.since.as_millisecond() - noon().as_millisecond();
    (millis as f64 / 1000.0, capacity.parallelism)
}

#[test]
fn a_list_dates_suspensions_by_condition_generation_and_events() {
    // Written once: still as it was created.
    assert_eq!(
        holds(&listed([job(1, true, suspended_condition("True", 0))])),
        ["0.000 CreationTimestamp .. now: suspended"]
    );
    // Written twice: created suspended, then resumed.
    assert_eq!(
        holds(&listed([job(2, false, suspended_condition("False", 7))])),
        ["0.000 CreationTimestamp .. 7.000 SuspendedCondition: suspended"]
    );
    // Written more often: since when it was suspended only an event tells.
    let resumed = job(3, false, suspended_condition("False", 7));
    assert_eq!(holds(&listed([resumed.clone()])), ["? .. 7.000 SuspendedCondition: suspended"]);
    let document: Value = serde_json::from_str(&json_of(&listed([resumed.clone()]))).unwrap();
    assert_eq!(
        document["workloads"][0]["holds"][0],
        json!({"reason": "suspended", "message": null, "start": null, "end": "2026-01-01T12:00:07.000Z", "millis": null, "source": "status"})
    );
    let told_of = [resumed, told("Suspended", 4.25, 1, 4), told("Resumed", 7.4, 1, 7)];
    assert_eq!(holds(&listed(told_of)), ["4.250 SuspendEvent .. 7.400 SuspendEvent: suspended"]);
    // Suspended after it had run, and told so by the condition.
    assert_eq!(
        holds(&listed([job(2, true, suspended_condition("True", 30))])),
        ["30.000 SuspendedCondition .. now: suspended"]
    );
}

#[test]
fn a_repeated_event_dates_its_first_and_its_last_occurrence_only() {
    let twice = [
        job(4, false, suspended_condition("False", 20)),
        told("Suspended", 0.2, 2, 15),
        told("Resumed", 6.5, 2, 20),
    ];
    assert_eq!(
        holds(&listed(twice)),
        [
            "0.000 CreationTimestamp .. 6.500 SuspendEvent: suspended",
            "15.000 SuspendEventCoarse .. 20.000 SuspendedCondition: suspended"
        ]
    );
    let often = [
        job(9, true, suspended_condition("True", 40)),
        told("Suspended", 3.2, 4, 40),
        told("Resumed", 6.5, 3, 30),
    ];
    assert_eq!(
        holds(&listed(often)),
        [
            "3.200 SuspendEvent .. 6.500 SuspendEvent: suspended",
            "40.000 SuspendedCondition .. now: suspended"
        ]
    );
}

#[test]
fn the_last_of_several_changes_between_two_lists_is_shown() {
    let story = [
        observation(Listed, 1.0, job(1, false, json!({}))),
        observation(Listed, 50.0, job(3, false, suspended_condition("False", 40))),
    ];
    assert_eq!(holds(&ordered(&story)), ["? .. 40.000 SuspendedCondition: suspended"]);
}

#[test]
fn an_ended_workload_is_not_suspended() {
    let gone = [
        observation(Added, 0.1, job(1, true, suspended_condition("True", 0))),
        observation(
            kubectl_seq::testing::observation::Seen::Deleted,
            8.0,
            job(1, true, suspended_condition("True", 0)),
        ),
    ];
    assert_eq!(holds(&ordered(&gone)), ["0.000 CreationTimestamp .. 8.000 WorkloadEnded: suspended"]);
}

#[test]
fn a_job_with_a_kueue_queue_waits_for_kueue() {
    let queued = json!({"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "team-a"}}});
    let mut job = job(1, true, suspended_condition("True", 0));
    merge(&mut job, queued);
    assert_eq!(holds(&listed([job])), ["0.000 CreationTimestamp .. now: admission by Kueue queue team-a"]);
}

#[test]
fn events_of_other_controllers_with_the_same_reason_are_ignored() {
    let mut other = told("Suspended", 4.25, 1, 4);
    other["source"]["component"] = json!("batch/job-kueue-controller");
    other["reportingComponent"] = json!("batch/job-kueue-controller");
    assert_eq!(
        holds(&listed([job(3, false, suspended_condition("False", 7)), other])),
        ["? .. 7.000 SuspendedCondition: suspended"]
    );
}

#[test]
fn cron_jobs_and_custom_resources_can_be_suspended() {
    let of = |kind: &str, word, second, object: Value| Observation {
        received: at(second),
        seen: word,
        object: parse_object(kind, object),
    };
    let cron = |generation: i64, suspend: bool| {
        json!({"metadata": {"name": "c", "uid": "c", "creationTimestamp": time(0), "generation": generation},
            "spec": {"schedule": "* * * * *", "suspend": suspend}})
    };
    let story = [of("CronJob", Listed, 3.0, cron(1, true)), of("CronJob", Changed, 9.0, cron(2, false))];
    assert_eq!(holds(&ordered(&story)), ["0.000 CreationTimestamp .. 9.000 ReceivedSuspend: suspended"]);
    // No field of it tells since when.
    assert_eq!(holds(&ordered(&[of("CronJob", Listed, 3.0, cron(5, true))])), ["? .. now: suspended"]);

    let set = |suspend: bool, conditions: Value| {
        json!({"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "spec": {"suspend": suspend},
            "metadata": {"name": "s", "uid": "s", "creationTimestamp": time(0), "generation": 1},
            "status": {"conditions": conditions}})
    };
    let story = [
        of("Custom", Listed, 30.0, set(true, json!([condition("Suspended", "True", 20)]))),
        of("Custom", Changed, 40.0, set(false, json!([condition("Suspended", "True", 20)]))),
    ];
    assert_eq!(holds(&ordered(&story)), ["20.000 SuspendedCondition .. 40.000 ReceivedSuspend: suspended"]);
}

/// A Pod of the Job, created then.
fn pod(name: &str, created: i64) -> Value {
    json!({"metadata": {"namespace": "default", "name": name, "uid": name, "creationTimestamp": time(created),
            "ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]},
        "spec": {"containers": [{"name": "main", "image": "i"}]}, "status": {"phase": "Pending"}})
}

#[test]
fn pods_are_refused_until_one_is_created() {
    let mut refused = told("FailedCreate", 0.3, 5, 12);
    refused["message"] = json!(
        "Error creating: pods \"j-x\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2"
    );
    let job = || job(1, false, json!({}));
    let why = "FailedCreate: exceeded quota: few, requested: pods=1, limited: pods=2";
    assert_eq!(holds(&listed([job(), refused.clone()])), [format!("0.300 FailedCreateEvent .. now: {why}")]);
    assert_eq!(
        holds(&listed([job(), refused.clone(), pod("a", 14), pod("b", 14)])),
        [format!("0.300 FailedCreateEvent .. 14.000 CreationTimestamp: {why}")]
    );
    // What was made meanwhile ended the wait, and the tries after it began another.
    assert_eq!(
        holds(&listed([job(), refused.clone(), pod("a", 4), pod("b", 8)])),
        [
            format!("0.300 FailedCreateEvent .. 4.000 CreationTimestamp: {why}"),
            // Both that it may have are there: no more is wanted than the latest try tells.
            format!("8.000 CreationTimestamp .. 12.000 FailedCreateEventCoarse: {why}"),
        ]
    );
}

/// A list at the end knows when the recorded Job was suspended, as exactly as its fields and events are.
#[test]
fn a_recorded_job_was_suspended_twice() {
    let recorded = read_scenario("paused").observations;
    let watched = timeline_of(&recorded);
    let begin = watched.workloads()[0].created.unwrap();
    let spans = |timeline: &Timeline| -> Vec<(i64, i64)> {
        let millis = |end: Option<kubectl_seq::testing::lifecycle::Instant>| {
            end.unwrap().at.as_millisecond() - begin.as_millisecond()
        };
        timeline.workloads()[0].holds.iter().map(|hold| (millis(hold.start), millis(hold.end))).collect()
    };
    assert_eq!(spans(&watched), [(0, 4_511), (10_527, 15_476)]);
    let last = crate::order::listed(&recorded);
    assert_eq!(spans(&ordered(&last)), [(0, 4_529), (10_000, 15_000)]);
}
