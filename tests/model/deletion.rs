//! Tests of deletions: the time of the request, and the outcome of the Pod.

use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::{Added, Changed, Deleted, Listed, Missing};
use kubectl_seq::testing::timeline::WorkloadState;
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::one_pod::{assert_lines, assert_no_line, describe_listed, describe_watched};
use crate::support::pod_builder::{
    condition, container_status, deletion, kubelet_event, lost_state, observation, patched, pod, running,
    running_pod, scheduled_pod, succeeded_pod, terminated, time, waiting,
};

#[test]
fn the_deletion_request_is_dated_by_the_killing_event_else_the_receipt_else_the_computed_time() {
    let deleting = patched(running_pod(), deletion(42, 30));
    let killing = kubelet_event("Killing", "main", 12.311, "Stopping container main");
    assert_lines(
        &describe_listed([deleting.clone(), killing.clone()]),
        &["deleteRequested 12.311 KillingEvent"],
    );
    assert_lines(&describe_listed([deleting.clone()]), &["deleteRequested 12.500 DeletionTimestamp"]);
    let seen = describe_watched([(5.1, Listed, running_pod()), (12.34, Changed, deleting.clone())]);
    assert_lines(
        &seen,
        &["deleteRequested 12.315 ReceivedDeletion", "| 5.500..12.315 Running", "| 12.315..… Terminating"],
    );
    // The last state dates the end of the deletion, so the first state dates the request.
    let last = patched(running_pod(), deletion(44, 0));
    assert_lines(
        &describe_watched([(12.34, Changed, deleting.clone()), (44.1, Changed, last.clone())]),
        &["deleteRequested 12.315"],
    );
    assert_no_line(&describe_listed([last.clone()]), "deleteRequested");
    assert_no_line(&describe_watched([(44.1, Added, last.clone())]), "deleteRequested");
    // An earlier state has no deletion, so the receipt of the last state dates the request.
    assert_lines(
        &describe_watched([(5.1, Listed, running_pod()), (44.1, Changed, last)]),
        &["deleteRequested 44.075 ReceivedDeletion"],
    );
    // The Killing event of a failed probe or of a sidecar is not the request of a deletion.
    let probe =
        kubelet_event("Killing", "main", 12.0, "Container main failed liveness probe, will be restarted");
    assert_lines(&describe_listed([deleting.clone(), probe]), &["deleteRequested 12.500 DeletionTimestamp"]);
    // The container was killed long after the request, because the image was still being pulled.
    assert_lines(
        &describe_listed([deleting, kubelet_event("Killing", "main", 30.0, "Stopping container main")]),
        &["deleteRequested 12.500 DeletionTimestamp"],
    );
}

fn describe_stopped_pod(phase: &str, exit: i32) -> String {
    let ended = patched(
        running_pod(),
        json!({"status": {"phase": phase, "containerStatuses": [container_status("main", 0, terminated("main-0", 5, 13, exit, "Error"), json!({}))]}}),
    );
    describe_watched([
        (5.1, Listed, running_pod()),
        (12.34, Changed, patched(running_pod(), deletion(42, 30))),
        (13.52, Changed, patched(ended.clone(), deletion(42, 30))),
        (13.8, Changed, patched(ended.clone(), deletion(13, 0))),
        (13.81, Deleted, patched(ended, deletion(13, 0))),
    ])
}

#[test]
fn the_receipt_of_the_terminal_phase_dates_the_end_of_a_stopped_container() {
    assert_lines(
        &describe_stopped_pod("Failed", 143),
        &[
            "p: Deleted exit 143 (Deleted)",
            "workEnded 13.495 ReceivedTerminalPhase",
            "deleteRequested 12.315",
            "deleted 13.785 ReceivedDeleted",
            "| 5.500..12.315 Running",
            "| 12.315..13.495 Terminating observed",
        ],
    );
}

#[test]
fn a_deleted_pod_may_succeed() {
    assert_lines(
        &describe_stopped_pod("Succeeded", 0),
        &["p: Succeeded exit 0", "| 12.315..13.495 Terminating"],
    );
}

#[test]
fn the_exit_of_one_of_two_containers_is_not_the_end_of_the_other() {
    let two = |main: Value, side: Value| {
        patched(
            running_pod(),
            json!({
        "spec": {"initContainers": [{"name": "side", "image": "s", "restartPolicy": "Always"}]},
        "status": {"containerStatuses": [container_status("main", 0, main, json!({}))], "initContainerStatuses": [container_status("side", 0, side, json!({}))]}}),
        )
    };
    let ended = patched(
        two(terminated("main-0", 5, 13, 143, "Error"), terminated("side-0", 4, 14, 0, "Completed")),
        json!({"status": {"phase": "Failed"}}),
    );
    let description = describe_watched([
        (5.1, Listed, two(running(5), running(4))),
        (12.34, Changed, patched(two(running(5), running(4)), deletion(42, 30))),
        (14.1, Changed, patched(ended, deletion(42, 30))),
    ]);
    assert_lines(&description, &["workEnded 13.520 FinishedAt"]);
}

#[test]
fn a_deletion_after_the_end_changes_nothing() {
    let description = describe_watched([
        (10.5, Listed, succeeded_pod()),
        (60.0, Changed, patched(succeeded_pod(), deletion(60, 0))),
        (60.1, Deleted, patched(succeeded_pod(), deletion(60, 0))),
    ]);
    assert_lines(
        &description,
        &["p: Succeeded exit 0", "workEnded 9.500", "deleted 60.075", "| 5.500..9.500 Running status"],
    );
    assert_no_line(&description, "| 9.000");
    let failed = patched(
        scheduled_pod(json!({})),
        json!({"status": {"phase": "Failed", "containerStatuses": [
        container_status("main", 0, json!({"terminated": {"exitCode": 128, "reason": "StartError", "finishedAt": time(4), "containerID": "x"}}), json!({}))]}}),
    );
    let description =
        describe_watched([(5.0, Listed, failed.clone()), (60.0, Changed, patched(failed, deletion(90, 30)))]);
    assert_lines(&description, &["p: NeverStarted exit 128", "| 1.500..4.500 Startup"]);
}

#[test]
fn a_pod_that_was_deleted_by_force_may_still_run() {
    let gone = patched(running_pod(), deletion(12, 0));
    let description = describe_watched([
        (5.1, Listed, running_pod()),
        (12.3, Changed, gone.clone()),
        (12.31, Deleted, gone),
    ]);
    assert_lines(
        &description,
        &[
            "p: Deleted",
            "deleteRequested 12.275",
            "deleted 12.285",
            "| 5.500..12.275 Running",
            "| 12.275..12.285 Terminating",
        ],
    );
    assert_no_line(&description, "workEnded");
}

#[test]
fn a_pod_in_back_off_waits_until_its_deletion() {
    let crashed = patched(
        running_pod(),
        json!({"spec": {"restartPolicy": "OnFailure"}, "status": {"containerStatuses": [container_status("main", 0, terminated("main-0", 5, 7, 1, "Error"), json!({}))]}}),
    );
    let failed = patched(crashed.clone(), json!({"status": {"phase": "Failed"}}));
    let description = describe_watched([
        (7.5, Listed, crashed.clone()),
        (12.3, Changed, patched(crashed, deletion(42, 30))),
        (12.9, Changed, patched(failed, deletion(42, 30))),
    ]);
    assert_lines(
        &description,
        &[
            "p: Deleted exit 1",
            "workEnded 7.500",
            "| 5.500..7.500 Running",
            "| 7.500..12.275 BackOff main (exit code 1)",
        ],
    );
}

#[test]
fn a_pod_that_is_deleted_during_the_pull_either_never_starts_or_stops_immediately() {
    let pulling = kubelet_event("Pulling", "main", 2.2, "Pulling image \"app:1\"");
    let waits = scheduled_pod(
        json!({"status": {"conditions": [condition("PodReadyToStartContainers", "True", 2)], "containerStatuses": [container_status("main", 0, waiting("ContainerCreating"), json!({}))]}}),
    );
    let refused = patched(
        waits.clone(),
        json!({"status": {"containerStatuses": [container_status("main", 0, waiting("ImagePullBackOff"), json!({}))]}}),
    );
    let lost = patched(
        waits.clone(),
        json!({"status": {"phase": "Failed", "containerStatuses": [container_status("main", 0, lost_state("ContainerStatusUnknown"), json!({}))]}}),
    );
    let description = describe_watched([
        (1.5, Added, waits.clone()),
        (2.3, Added, pulling.clone()),
        (4.0, Changed, refused.clone()),
        (12.3, Changed, patched(waits.clone(), deletion(42, 30))),
        (12.9, Changed, patched(lost, deletion(42, 30))),
    ]);
    // The last statuses no longer have the reason of the wait, so the description keeps the last known reason.
    assert_lines(
        &description,
        &[
            "p: NeverStarted (ImagePullBackOff)",
            "| 2.200..3.975 PullFailing main observed",
            "| 3.975..12.275 PullFailing main",
        ],
    );
    let ended = patched(
        running_pod(),
        json!({"status": {"phase": "Succeeded", "conditions": [condition("PodReadyToStartContainers", "True", 2)], "containerStatuses": [container_status("main", 0, terminated("main-0", 30, 30, 0, "Completed"), json!({}))]}}),
    );
    let description = describe_watched([
        (2.1, Added, waits.clone()),
        (2.3, Added, pulling),
        (12.3, Changed, patched(waits, deletion(42, 30))),
        (30.1, Added, kubelet_event("Started", "main", 30.05, "x")),
        (30.2, Changed, patched(ended, deletion(42, 30))),
    ]);
    assert_lines(
        &description,
        &[
            "p: Succeeded",
            "workStarted 30.050",
            "deleteRequested 12.275",
            "| 2.200..30.050 Pulling main",
            "| 30.050..30.175 Terminating",
        ],
    );
    assert_no_line(&description, "| 30.050..30.200 Running");
}

#[test]
fn a_deleted_pod_without_a_node_is_removed_immediately() {
    let waits = pod(
        json!({"status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/2 nodes are available: 2 Insufficient cpu.", "lastTransitionTime": time(0)}]}}),
    );
    let gone = patched(waits.clone(), deletion(8, 0));
    let description =
        describe_watched([(0.3, Added, waits), (8.02, Changed, gone.clone()), (8.03, Deleted, gone)]);
    assert_lines(
        &description,
        &[
            "p: NeverStarted (Insufficient cpu)",
            "deleteRequested 7.995 ReceivedDeletion",
            "| 0.275..7.995 Queued (Insufficient cpu)",
        ],
    );
}

#[test]
fn a_bare_pod_that_is_deleted_before_it_starts_has_not_failed() {
    let outcome = |observations: &[Observation]| {
        let timeline = timeline_of(observations);
        let workload = &timeline.workloads()[0];
        (workload.state, workload.failed, workload.has_ended())
    };
    let waits = pod(json!({}));
    let gone = patched(waits.clone(), deletion(8, 0));
    let deleted_early = [observation(Added, 0.3, waits.clone()), observation(Deleted, 8.0, gone)];
    assert_eq!(outcome(&deleted_early), (WorkloadState::Unknown, 0, true));
    // A Pod that a kubelet rejects has failed.
    let rejected = patched(waits.clone(), json!({"status": {"phase": "Failed", "reason": "OutOfcpu"}}));
    let rejected = [observation(Added, 0.3, waits), observation(Changed, 1.0, rejected)];
    assert_eq!(outcome(&rejected), (WorkloadState::Failed, 1, true));
}

#[test]
fn a_pod_that_is_missing_after_a_gap_ends_when_it_was_last_seen() {
    let description = describe_watched([(5.1, Listed, running_pod()), (300.0, Missing, running_pod())]);
    assert_lines(
        &description,
        &["p: Deleted (Deleted) [Running] end unknown", "| 5.500..5.500 Running inferred"],
    );
    assert_no_line(&description, "deleted");
    assert_no_line(&description, "workEnded");
    // The Pod is back in the list.
    assert_lines(
        &describe_watched([
            (5.1, Listed, running_pod()),
            (300.0, Missing, running_pod()),
            (310.0, Added, running_pod()),
        ]),
        &["p: Running", "| 5.500..… Running"],
    );
    // The Pod had ended before the gap.
    assert_lines(
        &describe_watched([(10.5, Listed, succeeded_pod()), (300.0, Missing, succeeded_pod())]),
        &["p: Succeeded exit 0 [Completed]", "workEnded 9.500"],
    );
}

#[test]
fn a_pod_that_is_no_longer_selected_is_not_deleted() {
    let description = describe_watched([(5.1, Listed, running_pod()), (12.0, Deleted, running_pod())]);
    assert_lines(
        &description,
        &["p: Unknown (no longer selected) [Running] end unknown", "| 5.500..12.000 Running"],
    );
    assert_no_line(&description, "deleted");
    assert_lines(
        &describe_watched([(10.5, Listed, succeeded_pod()), (12.0, Deleted, succeeded_pod())]),
        &["p: Succeeded"],
    );
}
