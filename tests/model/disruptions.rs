//! Tests of the field `disruption` of the document.

use kubectl_seq::testing::export::{document, write_json};
use kubectl_seq::testing::timeline::Timeline;
use serde_json::{Value, json};

use crate::losses::{deleted_at_4, disrupted_at_4};
use crate::slots::{indexed, job, pod_of, timeline_of_list};
use crate::support::pod_builder::{at, kubelet_event, patched};

/// The field `disruption` of each Pod of the first workload, by the name of the Pod.
fn disruptions(timeline: &Timeline) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    write_json(&document(timeline, at(900.0)), &mut out).unwrap();
    let document: Value = serde_json::from_slice(&out).unwrap();
    let pods = document["workloads"][0]["pods"].as_array().unwrap();
    pods.iter().map(|pod| (pod["name"].as_str().unwrap().to_owned(), pod["disruption"].clone())).collect()
}

fn preempted_event(pod: &str, message: &str) -> Value {
    let mut event = kubelet_event("Preempted", "", 4.0, message);
    event["involvedObject"] = json!({"kind": "Pod", "namespace": "default", "name": pod, "uid": pod});
    event
}

/// The disruption of a single Pod of a Job, with further objects.
fn disruption_of(pod: Value, others: Vec<Value>) -> Value {
    let objects = [vec![job(1, Some(1), json!({})), pod], others].concat();
    disruptions(&timeline_of_list(objects)).remove(0).1
}

#[test]
fn a_preempted_pod_names_its_preemptor_and_its_replacement() {
    let preempted = patched(pod_of("a", 0, 0, 6, 143), disrupted_at_4("PreemptionByScheduler"));
    let message = "Preempted by pod uid-of-urgent on node n";
    let expected = |by: &str, replaced: Value| json!({"reason": "PreemptionByScheduler", "by": by, "lostMillis": 4000, "untilReplacedMillis": replaced});
    let event = preempted_event("a", message);
    assert_eq!(
        disruption_of(preempted.clone(), vec![event.clone()]),
        expected("pod uid-of-urgent", Value::Null)
    );
    // The scheduler's event about the preemptor names it, although the Pod does not belong to the workload.
    let mut waits =
        kubelet_event("FailedScheduling", "", 3.9, "0/1 nodes are available: 1 Insufficient cpu.");
    waits["involvedObject"] =
        json!({"kind": "Pod", "namespace": "default", "name": "urgent", "uid": "uid-of-urgent"});
    let replacement = pod_of("b", 9, 9, 12, 0);
    let mut timeline = timeline_of_list([job(1, Some(1), json!({})), preempted, event, waits, replacement]);
    assert_eq!(
        disruptions(&timeline),
        [("a".to_owned(), expected("pod/urgent", json!(5000))), ("b".to_owned(), Value::Null)]
    );
    timeline.conclude_gone_pods();
    timeline.recompute();
    assert_eq!(disruptions(&timeline)[0].1["by"], "pod/urgent", "the preemptor is not forgotten");
}

#[test]
fn only_a_pod_that_did_not_end_by_itself_was_disrupted() {
    let disruption = |exit, patch| disruption_of(patched(pod_of("a", 0, 0, 6, exit), patch), vec![]);
    let disrupted = |reason: &str, lost: i64| json!({"reason": reason, "by": null, "lostMillis": lost, "untilReplacedMillis": null});
    assert_eq!(disruption(0, json!({})), Value::Null);
    assert_eq!(disruption(1, json!({})), Value::Null);
    assert_eq!(disruption(143, deleted_at_4()), disrupted("Deleted", 4000));
    assert_eq!(disruption(0, deleted_at_4()), disrupted("Deleted", 4000), "its result does not count");
    let evicted = disrupted_at_4("EvictionByEvictionAPI");
    assert_eq!(disruption(143, evicted), disrupted("EvictionByEvictionAPI", 4000));
    assert_eq!(disruption(137, json!({"status": {"reason": "Evicted"}})), disrupted("Evicted", 6000));
    let never_ran = patched(
        disrupted_at_4("PreemptionByScheduler"),
        json!({"status": {"phase": "Failed", "containerStatuses": []}}),
    );
    assert_eq!(disruption(1, never_ran), disrupted("PreemptionByScheduler", 0));
}

#[test]
fn the_owner_that_stopped_a_pod_caused_the_disruption() {
    let suspended = json!({"spec": {"suspend": true},
        "status": {"conditions": [{"type": "Suspended", "status": "True", "lastTransitionTime": "2026-01-01T12:00:04Z"}]}});
    let stopped = patched(pod_of("a", 0, 0, 6, 143), deleted_at_4());
    let timeline = timeline_of_list([job(1, Some(1), suspended), stopped]);
    assert_eq!(
        disruptions(&timeline)[0].1,
        json!({"reason": "suspended", "by": "job/j", "lostMillis": 4000, "untilReplacedMillis": null})
    );
}

#[test]
fn each_disrupted_pod_has_a_replacement_of_its_own() {
    let disrupted = |name: &str| patched(pod_of(name, 0, 0, 6, 143), disrupted_at_4("EvictionByEvictionAPI"));
    let waits = |timeline: &Timeline| -> Vec<Value> {
        let disruptions = disruptions(timeline).into_iter();
        disruptions.map(|(_, disruption)| disruption["untilReplacedMillis"].clone()).collect()
    };
    let plain = timeline_of_list([
        job(2, Some(2), json!({})),
        disrupted("a"),
        disrupted("b"),
        pod_of("c", 7, 7, 12, 0),
        pod_of("d", 9, 9, 12, 0),
    ]);
    assert_eq!(waits(&plain), [json!(3000), json!(5000), Value::Null, Value::Null]);
    let by_index = timeline_of_list([
        job(2, Some(2), json!({"spec": {"completionMode": "Indexed"}})),
        indexed(disrupted("a"), 0),
        indexed(disrupted("b"), 1),
        indexed(pod_of("c", 7, 7, 12, 0), 1),
    ]);
    assert_eq!(waits(&by_index), [Value::Null, json!(3000), Value::Null]);
}
