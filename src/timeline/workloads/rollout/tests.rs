//! Tests of the states that follow from each controller's status.

use serde::de::DeserializeOwned;
use serde_json::json;

use crate::timeline::workloads::custom_status::custom_resource_status;
use crate::timeline::workloads::rollout::*;

fn read<T: DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn state_and_message(status: &RolloutStatus) -> (WorkloadState, &str) {
    (status.state, status.message.as_deref().unwrap_or_default())
}

use WorkloadState::{Failed, Pending, Running, Succeeded, Suspended};

#[test]
fn a_deployment_succeeds_when_all_replicas_are_new_and_available() {
    let status_of = |generation: i64, status: serde_json::Value| {
        deployment_status(&read(
            json!({"metadata": {"generation": generation}, "spec": {"replicas": 3}, "status": status}),
        ))
    };
    for (generation, status, outcome, message) in [
        (1, json!({}), Pending, "the controller has not observed the latest change yet"),
        (
            2,
            json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}),
            Running,
            "the controller has not observed the latest change yet",
        ),
        (
            1,
            json!({"observedGeneration": 1, "replicas": 4, "updatedReplicas": 1, "availableReplicas": 3}),
            Running,
            "1 of 3 replicas are updated",
        ),
        (
            1,
            json!({"observedGeneration": 1, "replicas": 4, "updatedReplicas": 3, "availableReplicas": 4}),
            Running,
            "waiting for the removal of 1 old replica",
        ),
        (
            1,
            json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 2}),
            Running,
            "2 of 3 updated replicas are available",
        ),
        (
            1,
            json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}),
            Succeeded,
            "",
        ),
    ] {
        assert_eq!(state_and_message(&status_of(generation, status.clone())), (outcome, message), "{status}");
    }
    let too_late = status_of(
        1,
        json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "conditions": [
            {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "has timed out",
             "lastUpdateTime": "2026-11-23T12:00:00Z"}]}),
    );
    assert_eq!(state_and_message(&too_late), (Failed, "has timed out"));
    assert_eq!(too_late.reason.as_deref(), Some("ProgressDeadlineExceeded"));
    assert_eq!(too_late.finished.unwrap().to_string(), "2026-11-23T12:00:00Z");
    let with_failure = status_of(
        1,
        json!({"observedGeneration": 1, "conditions": [{"type": "ReplicaFailure", "status": "True",
            "reason": "FailedCreate", "message": "pods \"web-x\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=0, limited: pods=0"}]}),
    );
    assert_eq!(
        state_and_message(&with_failure),
        (Pending, "exceeded quota: few, requested: pods=1, limited: pods=0")
    );
}

#[test]
fn a_stateful_set_succeeds_when_the_replicas_above_the_partition_are_new_and_ready() {
    let status_of = |strategy: serde_json::Value, status: serde_json::Value| {
        let mut status = status;
        status["observedGeneration"] = 1.into();
        stateful_set_status(&read(
            json!({"metadata": {"generation": 1}, "spec": {"replicas": 3, "updateStrategy": strategy}, "status": status}),
        ))
    };
    let rolling = json!({"type": "RollingUpdate"});
    let partition = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}});
    let one_updated = json!({"replicas": 3, "readyReplicas": 3, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"});
    for (strategy, status, outcome, message) in [
        (&rolling, json!({"replicas": 2, "readyReplicas": 1}), Running, "1 of 3 replicas are ready"),
        (&rolling, one_updated.clone(), Running, "1 of 3 replicas are updated"),
        (&partition, one_updated.clone(), Succeeded, ""),
        (
            &partition,
            json!({"replicas": 3, "readyReplicas": 3, "currentRevision": "a", "updateRevision": "b"}),
            Running,
            "0 of 1 replicas above partition 2 are updated",
        ),
        (&json!({"type": "OnDelete"}), one_updated, Succeeded, ""),
        (
            &rolling,
            json!({"replicas": 4, "readyReplicas": 4}),
            Running,
            "waiting for the removal of 1 surplus replica",
        ),
        (&rolling, json!({"replicas": 3, "readyReplicas": 3}), Succeeded, ""),
    ] {
        assert_eq!(
            state_and_message(&status_of(strategy.clone(), status.clone())),
            (outcome, message),
            "{strategy} {status}"
        );
    }
}

#[test]
fn a_daemon_set_succeeds_when_each_node_has_a_new_available_pod() {
    let status_of = |strategy: &str, status: serde_json::Value| {
        daemon_set_status(&read(
            json!({"metadata": {"generation": 1}, "spec": {"updateStrategy": {"type": strategy}}, "status": status}),
        ))
    };
    let old = json!({"observedGeneration": 1, "currentNumberScheduled": 2, "desiredNumberScheduled": 2,
        "updatedNumberScheduled": 1, "numberAvailable": 2});
    assert_eq!(
        state_and_message(&status_of("RollingUpdate", old.clone())),
        (Running, "1 of 2 nodes have an updated Pod")
    );
    assert_eq!(state_and_message(&status_of("OnDelete", old.clone())), (Succeeded, ""));
    let mut unavailable = old;
    unavailable["updatedNumberScheduled"] = 2.into();
    unavailable["numberAvailable"] = 0.into();
    assert_eq!(
        state_and_message(&status_of("RollingUpdate", unavailable)),
        (Running, "0 of 2 nodes have an available Pod")
    );
}

#[test]
fn a_replica_set_succeeds_when_exactly_the_desired_replicas_are_available() {
    let status_of = |replicas: i32, status: serde_json::Value| {
        replica_set_status(&read(
            json!({"metadata": {"generation": 1}, "spec": {"replicas": replicas}, "status": status}),
        ))
    };
    let two = json!({"observedGeneration": 1, "replicas": 2, "availableReplicas": 2});
    assert_eq!(state_and_message(&status_of(2, two.clone())), (Succeeded, ""));
    assert_eq!(state_and_message(&status_of(3, two.clone())), (Running, "2 of 3 replicas are available"));
    assert_eq!(
        state_and_message(&status_of(0, two)),
        (Running, "waiting for the removal of 2 surplus replicas")
    );
    assert_eq!(state_and_message(&status_of(0, json!({"observedGeneration": 1}))), (Succeeded, ""));
}

#[test]
fn a_custom_resource_is_judged_by_common_conditions_and_phase_names() {
    let status_of =
        |status: serde_json::Value| custom_resource_status(&read(json!({"metadata": {}, "status": status})));
    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "Why"});
    for (status, outcome) in [
        (json!({"conditions": [condition("Completed", "True")]}), Succeeded),
        (json!({"conditions": [condition("Succeeded", "False"), condition("Failed", "True")]}), Failed),
        (json!({"conditions": [condition("Suspended", "True")]}), Suspended),
        (json!({"conditions": [condition("Created", "True")]}), Running),
        (json!({"phase": "Failed", "conditions": [condition("Completed", "True")]}), Failed),
        (json!({"phase": "Running"}), Running),
        (json!({"jobStatus": "SUCCEEDED"}), Succeeded),
    ] {
        assert_eq!(status_of(status.clone()).map(|status| status.state), Some(outcome), "{status}");
    }
    assert_eq!(status_of(json!({})), None, "the state follows from the owned objects");
    let suspended = custom_resource_status(&read(json!({"metadata": {}, "spec": {"suspend": true}})));
    assert_eq!(suspended.map(|status| status.state), Some(Suspended));
}
