//! Tests of wordings that only some versions of Kubernetes use.

use kubectl_seq::testing::observation::Seen::{Added, Changed};
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::one_pod::{assert_lines, describe_watched};
use crate::order::json_at;
use crate::support::pod_builder::{at, condition, observation, patched, pod, running_pod};

/// A Pod that the scheduler refuses with this message.
fn refused(message: &str) -> Value {
    let mut condition = condition("PodScheduled", "False", 0);
    condition["reason"] = json!("Unschedulable");
    condition["message"] = json!(message);
    pod(json!({"status": {"conditions": [condition]}}))
}

#[test]
fn a_claim_that_does_not_exist_is_named_once_also_in_a_recording() {
    let message = "0/2 nodes are available: persistentvolumeclaim \"data\" not found. not found";
    let description = describe_watched([(0.1, Added, pod(json!({}))), (0.2, Changed, refused(message))]);
    assert_lines(&description, &["p: Pending (persistentvolumeclaim \"data\" not found)"]);
}

#[test]
fn the_taint_of_a_lost_node_is_readable() {
    let message = "0/2 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, \
        1 node(s) had untolerated taint {team: a}. preemption: x";
    let description = describe_watched([(0.1, Added, pod(json!({}))), (0.2, Changed, refused(message))]);
    let reason = "node(s) had untolerated taint team=a, node(s) had untolerated taint unreachable";
    assert_lines(&description, &[&format!("p: Pending ({reason})")]);
}

#[test]
fn the_wait_for_a_node_is_one_wait_while_nodes_are_cordoned_and_added() {
    let refusals = [
        (0.2, "0/2 nodes are available: 2 Insufficient cpu. preemption: x"),
        (40.0, "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. preemption: x"),
        (100.0, "0/3 nodes are available: 3 Insufficient cpu. preemption: x"),
    ];
    let mut seen = vec![observation(Added, 0.1, pod(json!({})))];
    seen.extend(refusals.map(|(second, message)| observation(Changed, second, refused(message))));
    seen.push(observation(
        Changed,
        122.5,
        patched(running_pod(), json!({"status": {"conditions": [condition("PodScheduled", "True", 122)]}})),
    ));
    let document: Value = serde_json::from_str(&json_at(&timeline_of(&seen), at(130.0))).unwrap();
    let workload = &document["workloads"][0];
    let [wait] = &workload["waits"].as_array().unwrap()[..] else { panic!("{:#}", workload["waits"]) };
    assert_eq!(wait["reason"], "Insufficient cpu, node(s) were unschedulable");
    assert!((120_000..123_000).contains(&wait["longestMillis"].as_i64().unwrap()), "{wait:#}");
    // The phases list the reasons over time.
    let phases = workload["pods"][0]["phases"].as_array().unwrap().iter();
    let reasons: Vec<&str> = phases.filter_map(|phase| phase["reason"].as_str()).collect();
    assert_eq!(
        reasons,
        ["Insufficient cpu", "Insufficient cpu, node(s) were unschedulable", "Insufficient cpu"]
    );
}
