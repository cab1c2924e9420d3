//! Deletions: when they were asked for, and what becomes of the Pod.

use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::{Added, Changed, Deleted, Listed, Missing};
use kubectl_seq::testing::timeline::WorkloadState;
use serde_json::{Value, json};

use crate::story::{
    bound, cond, deleted_at, done, event, keeps_quiet_of, listed, lost, observed, pod, running, status, t,
    tells, terminated, waiting, watched, with, works,
};
use crate::support::timeline;

#[test]
fn its_request_is_the_killing_event_then_the_receipt_then_the_computed_time() {
    let asked = with(works(), deleted_at(42, 30));
    let killing = event("Killing", "main", 12.311, "Stopping container main");
    tells(&listed([asked.clone(), killing.clone()]), &["deleteRequested 12.311 KillingEvent"]);
    tells(&listed([asked.clone()]), &["deleteRequested 12.000 DeletionTimestamp"]);
    let seen = watched([(5.1, Listed, works()), (12.34, Changed, asked.clone())]);
    tells(
        &seen,
        &["deleteRequested 12.340 ReceivedDeletion", "| 5.000..12.340 Running", "| 12.340..… Terminating"],
    );
    // Its last object counts from the end: the first one is kept.
    let last = with(works(), deleted_at(44, 0));
    tells(
        &watched([(12.34, Changed, asked.clone()), (44.1, Changed, last.clone())]),
        &["deleteRequested 12.340"],
    );
    keeps_quiet_of(&listed([last.clone()]), "deleteRequested");
    keeps_quiet_of(&watched([(44.1, Added, last.clone())]), "deleteRequested");
    // But it was not being deleted when it was seen last.
    tells(
        &watched([(5.1, Listed, works()), (44.1, Changed, last)]),
        &["deleteRequested 44.100 ReceivedDeletion"],
    );
    // A probe's Killing and that of a sidecar tell of no deletion.
    let probe = event("Killing", "main", 12.0, "Container main failed liveness probe, will be restarted");
    tells(&listed([asked.clone(), probe]), &["deleteRequested 12.000 DeletionTimestamp"]);
    // The kill came long after the request, when the image was there at last.
    tells(
        &listed([asked, event("Killing", "main", 30.0, "Stopping container main")]),
        &["deleteRequested 12.000 DeletionTimestamp"],
    );
}

fn stopped(phase: &str, exit: i32) -> String {
    let ended = with(
        works(),
        json!({"status": {"phase": phase, "containerStatuses": [status("main", 0, terminated("main-0", 5, 13, exit, "Error"), json!({}))]}}),
    );
    watched([
        (5.1, Listed, works()),
        (12.34, Changed, with(works(), deleted_at(42, 30))),
        (13.52, Changed, with(ended.clone(), deleted_at(42, 30))),
        (13.8, Changed, with(ended.clone(), deleted_at(13, 0))),
        (13.81, Deleted, with(ended, deleted_at(13, 0))),
    ])
}

#[test]
fn a_container_that_was_stopped_ends_when_the_terminal_phase_is_received() {
    tells(
        &stopped("Failed", 143),
        &[
            "p: Deleted exit 143 (Deleted)",
            "workEnded 13.520 ReceivedTerminalPhase",
            "deleteRequested 12.340",
            "deleted 13.810 ReceivedDeleted",
            "| 5.000..12.340 Running",
            "| 12.340..13.520 Terminating observed",
        ],
    );
}

#[test]
fn a_deleted_pod_may_succeed() {
    tells(&stopped("Succeeded", 0), &["p: Succeeded exit 0", "| 12.340..13.520 Terminating"]);
}

#[test]
fn the_exit_of_one_of_two_containers_is_not_the_end_of_the_other() {
    let two = |main: Value, side: Value| {
        with(
            works(),
            json!({
        "spec": {"initContainers": [{"name": "side", "image": "s", "restartPolicy": "Always"}]},
        "status": {"containerStatuses": [status("main", 0, main, json!({}))], "initContainerStatuses": [status("side", 0, side, json!({}))]}}),
        )
    };
    let ended = with(
        two(terminated("main-0", 5, 13, 143, "Error"), terminated("side-0", 4, 14, 0, "Completed")),
        json!({"status": {"phase": "Failed"}}),
    );
    let story = watched([
        (5.1, Listed, two(running(5), running(4))),
        (12.34, Changed, with(two(running(5), running(4)), deleted_at(42, 30))),
        (14.1, Changed, with(ended, deleted_at(42, 30))),
    ]);
    tells(&story, &["workEnded 13.000 FinishedAt"]);
}

#[test]
fn a_deletion_after_the_end_changes_nothing() {
    let story = watched([
        (10.5, Listed, done()),
        (60.0, Changed, with(done(), deleted_at(60, 0))),
        (60.1, Deleted, with(done(), deleted_at(60, 0))),
    ]);
    tells(
        &story,
        &["p: Succeeded exit 0", "workEnded 9.000", "deleted 60.100", "| 5.000..9.000 Running status"],
    );
    keeps_quiet_of(&story, "| 9.000");
    let failed = with(
        bound(json!({})),
        json!({"status": {"phase": "Failed", "containerStatuses": [
        status("main", 0, json!({"terminated": {"exitCode": 128, "reason": "StartError", "finishedAt": t(4), "containerID": "x"}}), json!({}))]}}),
    );
    let story = watched([(5.0, Listed, failed.clone()), (60.0, Changed, with(failed, deleted_at(90, 30)))]);
    tells(&story, &["p: NeverStarted exit 128", "| 1.000..4.000 Startup"]);
}

#[test]
fn by_force_it_may_run_on() {
    let gone = with(works(), deleted_at(12, 0));
    let story = watched([(5.1, Listed, works()), (12.3, Changed, gone.clone()), (12.31, Deleted, gone)]);
    tells(
        &story,
        &[
            "p: Deleted",
            "deleteRequested 12.300",
            "deleted 12.310",
            "| 5.000..12.300 Running",
            "| 12.300..12.310 Terminating",
        ],
    );
    keeps_quiet_of(&story, "workEnded");
}

#[test]
fn in_back_off_it_waits_until_it_is_deleted() {
    let crashed = with(
        works(),
        json!({"spec": {"restartPolicy": "OnFailure"}, "status": {"containerStatuses": [status("main", 0, terminated("main-0", 5, 7, 1, "Error"), json!({}))]}}),
    );
    let failed = with(crashed.clone(), json!({"status": {"phase": "Failed"}}));
    let story = watched([
        (7.5, Listed, crashed.clone()),
        (12.3, Changed, with(crashed, deleted_at(42, 30))),
        (12.9, Changed, with(failed, deleted_at(42, 30))),
    ]);
    tells(
        &story,
        &[
            "p: Deleted exit 1",
            "workEnded 7.000",
            "| 5.000..7.000 Running",
            "| 7.000..12.300 BackOff main (exit code 1)",
        ],
    );
}

#[test]
fn while_the_image_is_pulled_it_never_starts_or_is_stopped_at_once() {
    let pulling = event("Pulling", "main", 2.2, "Pulling image \"app:1\"");
    let waits = bound(
        json!({"status": {"conditions": [cond("PodReadyToStartContainers", "True", 2)], "containerStatuses": [status("main", 0, waiting("ContainerCreating"), json!({}))]}}),
    );
    let refused = with(
        waits.clone(),
        json!({"status": {"containerStatuses": [status("main", 0, waiting("ImagePullBackOff"), json!({}))]}}),
    );
    let lost = with(
        waits.clone(),
        json!({"status": {"phase": "Failed", "containerStatuses": [status("main", 0, lost("ContainerStatusUnknown"), json!({}))]}}),
    );
    let story = watched([
        (1.5, Added, waits.clone()),
        (2.3, Added, pulling.clone()),
        (4.0, Changed, refused.clone()),
        (12.3, Changed, with(waits.clone(), deleted_at(42, 30))),
        (12.9, Changed, with(lost, deleted_at(42, 30))),
    ]);
    // The reason of the wait is gone from the status; the last telling one stays.
    tells(&story, &["p: NeverStarted (ImagePullBackOff)", "| 2.200..12.300 Pulling main"]);
    let ended = with(
        works(),
        json!({"status": {"phase": "Succeeded", "conditions": [cond("PodReadyToStartContainers", "True", 2)], "containerStatuses": [status("main", 0, terminated("main-0", 30, 30, 0, "Completed"), json!({}))]}}),
    );
    let story = watched([
        (2.1, Added, waits.clone()),
        (2.3, Added, pulling),
        (12.3, Changed, with(waits, deleted_at(42, 30))),
        (30.1, Added, event("Started", "main", 30.05, "x")),
        (30.2, Changed, with(ended, deleted_at(42, 30))),
    ]);
    tells(
        &story,
        &[
            "p: Succeeded",
            "workStarted 30.050",
            "deleteRequested 12.300",
            "| 2.200..30.050 Pulling main",
            "| 30.050..30.200 Terminating",
        ],
    );
    keeps_quiet_of(&story, "| 30.050..30.200 Running");
}

#[test]
fn an_unscheduled_pod_goes_at_once() {
    let waits = pod(
        json!({"status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/2 nodes are available: 2 Insufficient cpu.", "lastTransitionTime": t(0)}]}}),
    );
    let gone = with(waits.clone(), deleted_at(8, 0));
    let story = watched([(0.3, Added, waits), (8.02, Changed, gone.clone()), (8.03, Deleted, gone)]);
    tells(
        &story,
        &[
            "p: NeverStarted (Insufficient cpu)",
            "deleteRequested 8.020 ReceivedDeletion",
            "| 0.300..8.020 Queued (Insufficient cpu)",
        ],
    );
}

#[test]
fn a_bare_pod_that_is_withdrawn_before_it_starts_has_not_failed() {
    let outcome = |observations: &[Observation]| {
        let timeline = timeline(observations);
        let workload = &timeline.workloads()[0];
        (workload.state, workload.failed, workload.has_ended())
    };
    let waits = pod(json!({}));
    let gone = with(waits.clone(), deleted_at(8, 0));
    let withdrawn = [observed(Added, 0.3, waits.clone()), observed(Deleted, 8.0, gone)];
    assert_eq!(outcome(&withdrawn), (WorkloadState::Unknown, 0, true));
    // What a kubelet rejects has.
    let rejected = with(waits.clone(), json!({"status": {"phase": "Failed", "reason": "OutOfcpu"}}));
    let rejected = [observed(Added, 0.3, waits), observed(Changed, 1.0, rejected)];
    assert_eq!(outcome(&rejected), (WorkloadState::Failed, 1, true));
}

#[test]
fn missed_after_a_gap_it_is_told_as_far_as_it_is_known() {
    let story = watched([(5.1, Listed, works()), (300.0, Missing, works())]);
    tells(
        &story,
        &[
            "p: Deleted (Deleted) [Unknown] end unknown".replace("[Unknown]", "[Running]").as_str(),
            "| 5.000..5.100 Running inferred",
        ],
    );
    keeps_quiet_of(&story, "deleted");
    keeps_quiet_of(&story, "workEnded");
    // It was only missed.
    tells(
        &watched([(5.1, Listed, works()), (300.0, Missing, works()), (310.0, Added, works())]),
        &["p: Running", "| 5.000..… Running"],
    );
    // It had ended before.
    tells(
        &watched([(10.5, Listed, done()), (300.0, Missing, done())]),
        &["p: Succeeded exit 0 [Completed]", "workEnded 9.000"],
    );
}

#[test]
fn a_pod_that_is_no_longer_selected_is_not_deleted() {
    let story = watched([(5.1, Listed, works()), (12.0, Deleted, works())]);
    tells(&story, &["p: Unknown (no longer selected) [Running] end unknown", "| 5.000..12.000 Running"]);
    keeps_quiet_of(&story, "deleted");
    tells(&watched([(10.5, Listed, done()), (12.0, Deleted, done())]), &["p: Succeeded"]);
}
