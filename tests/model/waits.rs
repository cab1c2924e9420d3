//! Tests of the reasons why a Pod waits, and of the intervals of these reasons.

use kubectl_seq::testing::observation::Seen::{Added, Changed, Listed};
use serde_json::{Value, json};

use crate::one_pod::{assert_lines, assert_no_line, describe_listed, describe_watched};
use crate::support::pod_builder::{
    at, condition, container_status, kubelet_event, patched, pod, repeated, running_pod, scheduled_pod, time,
    waiting,
};

/// The scheduler's event, first reported at second `first` and repeated until second `last`.
fn unschedulable(first: f64, last: f64, message: &str) -> Value {
    repeated_event("FailedScheduling", first, last, message)
}

/// An event about the waiting Pod, first reported at second `first` and repeated until second `last`.
fn repeated_event(reason: &str, first: f64, last: f64, message: &str) -> Value {
    json!({
        "metadata": {"name": format!("p.{:016x}", at(first).as_nanosecond())},
        "involvedObject": {"kind": "Pod", "name": "p", "uid": "u"},
        "reason": reason, "message": message, "eventTime": at(first).to_string(),
        "series": {"count": 2, "lastObservedTime": at(last).to_string()},
    })
}

const CPU: &str = "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: x.";
const TAINT: &str = "0/3 nodes are available: 1 node(s) had untolerated taint {a: }, 2 Insufficient cpu.";

#[test]
fn each_reason_of_the_scheduler_has_its_own_interval() {
    let bound = patched(
        scheduled_pod(json!({})),
        json!({"status": {"conditions": [condition("PodScheduled", "True", 60)]}}),
    );
    let objects = [bound, unschedulable(0.2, 50.0, CPU), unschedulable(20.5, 30.0, TAINT)];
    assert_lines(
        &describe_listed(objects),
        &[
            "| 0.200..20.500 Queued (Insufficient cpu)",
            "| 20.500..50.000 Queued (Insufficient cpu, node(s) had untolerated taint a)",
            "| 50.000..60.000 Queued (Insufficient cpu)",
            "| 60.000..",
        ],
    );
}

#[test]
fn a_changed_number_of_nodes_starts_no_new_interval() {
    let other = "0/5 nodes are available: 5 Insufficient cpu. preemption: 0/5 nodes are available: y.";
    let objects = [pod(json!({})), unschedulable(0.2, 50.0, CPU), unschedulable(60.0, 70.0, other)];
    assert_lines(
        &describe_listed(objects),
        &["p: Pending (Insufficient cpu)", "| 0.200..… Queued (Insufficient cpu)"],
    );
}

#[test]
fn the_reaction_of_the_autoscaler_follows_the_reason() {
    let objects = [
        pod(json!({})),
        unschedulable(0.2, 90.0, CPU),
        repeated_event(
            "NotTriggerScaleUp",
            10.0,
            10.0,
            "pod didn't trigger scale-up: 1 max node group size reached",
        ),
        repeated_event("TriggeredScaleUp", 40.0, 40.0, "pod triggered scale-up: [{pool 1->2 (max: 3)}]"),
    ];
    assert_lines(
        &describe_listed(objects),
        &[
            "| 0.200..10.000 Queued (Insufficient cpu)",
            "| 10.000..40.000 Queued (Insufficient cpu (NotTriggerScaleUp: max node group size reached))",
            "| 40.000..… Queued (Insufficient cpu (TriggeredScaleUp))",
        ],
    );
}

#[test]
fn without_events_the_receipt_dates_the_reason() {
    let refused = |message: &str| {
        let mut condition = condition("PodScheduled", "False", 0);
        condition["reason"] = json!("Unschedulable");
        condition["message"] = json!(message);
        pod(json!({"status": {"conditions": [condition]}}))
    };
    let description = describe_watched([
        (0.1, Added, pod(json!({}))),
        (0.2, Changed, refused(CPU)),
        (20.3, Changed, refused(TAINT)),
    ]);
    assert_lines(
        &description,
        &[
            "| 0.075..20.275 Queued (Insufficient cpu) observed",
            "| 20.275..… Queued (Insufficient cpu, node(s) had untolerated taint a) observed",
        ],
    );
    // In a late list, nothing dates the reason, so the reason is shown for the whole wait.
    let late = describe_watched([(30.0, Listed, refused(TAINT))]);
    assert_lines(&late, &["| 0.500..… Queued (Insufficient cpu, node(s) had untolerated taint a) status"]);
}

#[test]
fn scheduling_gates_are_removed_one_by_one() {
    let gated = |gates: Value| pod(json!({"spec": {"schedulingGates": gates}}));
    let (kueue, other) = (json!({"name": "kueue.x-k8s.io/admission"}), json!({"name": "g"}));
    let description = describe_watched([
        (0.1, Added, gated(json!([kueue, other]))),
        (5.0, Changed, gated(json!([kueue]))),
        (9.0, Changed, gated(json!([]))),
    ]);
    assert_lines(
        &description,
        &[
            "| 0.075..4.975 Queued (admission by Kueue, SchedulingGated: g) observed",
            "| 4.975..8.975 Queued (admission by Kueue) observed",
            "| 8.975..… Queued observed",
        ],
    );
    let mut queued = gated(json!([kueue, {"name": "kueue.x-k8s.io/topology"}]));
    queued["metadata"]["labels"] = json!({"kueue.x-k8s.io/queue-name": "team-a"});
    assert_lines(
        &describe_listed([queued]),
        &["p: Pending (admission by Kueue queue team-a, topology by Kueue)"],
    );
    // Gates cannot be added after the creation, so a listed Pod has waited for its gates since its creation.
    assert_lines(
        &describe_watched([(7.0, Listed, gated(json!([kueue])))]),
        &["p: Pending (admission by Kueue)", "| 0.500..… Queued (admission by Kueue)"],
    );
}

#[test]
fn a_config_error_lasts_from_its_first_event_until_the_start() {
    let works = patched(
        running_pod(),
        json!({"status": {"containerStatuses": [container_status("main", 0, json!({"running": {"startedAt": time(20)}}), json!({}))]}}),
    );
    let objects = [
        works,
        kubelet_event("Pulled", "main", 3.0, "Container image \"app:1\" already present on machine"),
        repeated(kubelet_event("Failed", "main", 6.0, "Error: secret \"key\" not found"), 4, 18),
        kubelet_event("Started", "main", 20.2, "x"),
    ];
    assert_lines(
        &describe_listed(objects),
        &[
            "| 3.000..6.000 Starting event",
            "| 6.000..20.200 Starting main (CreateContainerConfigError) event",
            "| 20.200..… Running",
        ],
    );
}

#[test]
fn a_config_error_without_events_is_dated_by_its_receipt() {
    let ready = json!({"status": {"conditions": [condition("PodReadyToStartContainers", "True", 3)]}});
    let state = |reason: &str| {
        let status = container_status("main", 0, waiting(reason), json!({}));
        patched(
            patched(scheduled_pod(json!({})), ready.clone()),
            json!({"status": {"containerStatuses": [status]}}),
        )
    };
    let description = describe_watched([
        (1.2, Added, state("ContainerCreating")),
        (9.0, Changed, state("CreateContainerConfigError")),
    ]);
    assert_lines(
        &description,
        &["| 3.500..8.975 Startup status", "| 8.975..… Startup main (CreateContainerConfigError) observed"],
    );
    let late = describe_watched([(30.0, Listed, state("CreateContainerConfigError"))]);
    assert_lines(&late, &["| 3.500..… Startup (CreateContainerConfigError) status"]);
    assert_no_line(&late, "| 30");
}

#[test]
fn a_combined_event_holds_only_its_latest_message() {
    let text = "(combined from similar events): Failed to create pod sandbox: x";
    let combined = repeated(kubelet_event("FailedCreatePodSandBox", "", 1.5, text), 9, 40);
    let mount =
        repeated(kubelet_event("FailedMount", "", 1.2, "MountVolume.SetUp failed for volume \"v\""), 5, 30);
    assert_lines(
        &describe_listed([scheduled_pod(json!({})), mount, combined]),
        &["| 1.500..40.000 Startup (FailedMount)", "| 40.000..… Startup (FailedCreatePodSandBox)"],
    );
}
