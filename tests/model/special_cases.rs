//! Rejected, lost, restarted.

use kubectl_seq::testing::observation::Seen::{Added, Changed, Deleted, Listed};
use serde_json::{Value, json};

use crate::story::{
    bound, cond, cond_why, deleted_at, done, event, keeps_quiet_of, listed, lost, pod, running, status, t,
    tells, terminated, waiting, watched, with, works,
};

#[test]
fn rejected_by_the_kubelet() {
    let rejected = pod(
        json!({"spec": {"nodeName": "node-1"}, "status": {"phase": "Failed", "reason": "NodeAffinity", "startTime": t(1), "conditions": []}}),
    );
    let story = watched([
        (0.2, Added, pod(json!({"spec": {"nodeName": "node-1"}}))),
        (1.25, Changed, rejected.clone()),
    ]);
    tells(&story, &["p: NeverStarted (NodeAffinity) [NodeAffinity]", "| 0.200..1.250 Startup"]);
    tells(
        &listed([rejected]),
        &[
            "p: NeverStarted (NodeAffinity)",
            "scheduled 0.000 CreatedWithNode",
            "| 0.000..1.000 Startup inferred",
        ],
    );
}

#[test]
fn an_init_container_fails() {
    let failed = bound(
        json!({"spec": {"initContainers": [{"name": "i", "image": "i"}]}, "status": {"phase": "Failed",
        "conditions": [cond("PodReadyToStartContainers", "False", 6)],
        "initContainerStatuses": [status("i", 0, terminated("i-0", 3, 4, 5, "Error"), json!({}))],
        "containerStatuses": [status("main", 0, waiting("PodInitializing"), json!({}))]}}),
    );
    let story = listed([failed]);
    tells(&story, &["p: NeverStarted exit 5 (Error) [Init:Error]", "| 3.000..4.000 Initializing i"]);
    keeps_quiet_of(&story, "workEnded");
    keeps_quiet_of(&story, "| 4.000");
}

#[test]
fn nothing_ran_although_the_phase_says_running() {
    let error = json!({"terminated": {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z", "finishedAt": t(4), "containerID": "x"}});
    let story =
        listed([bound(json!({"spec": {"restartPolicy": "OnFailure"}, "status": {"phase": "Running",
        "conditions": [cond("PodReadyToStartContainers", "True", 2)],
        "containerStatuses": [status("main", 0, waiting("RunContainerError"), error)]}}))]);
    tells(&story, &["p: Starting exit 128 (RunContainerError) [RunContainerError]"]);
    keeps_quiet_of(&story, "workStarted");
}

#[test]
fn a_silent_node_is_unknown_since_the_kubelet_wrote_last() {
    let wrote = json!({"metadata": {"managedFields": [{"manager": "kubelet", "subresource": "status", "time": t(6)}]}});
    let silent = json!({"status": {"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": t(60)}]}});
    let working = with(works(), wrote);
    let story =
        watched([(5.1, Listed, working.clone()), (60.1, Changed, with(working.clone(), silent.clone()))]);
    tells(&story, &["p: Unknown (NodeNotReady) [Running] end unknown", "| 5.000..6.000 Running inferred"]);
    // It comes back.
    tells(
        &watched([(60.1, Listed, with(working.clone(), silent)), (70.0, Changed, working.clone())]),
        &["p: Running", "| 5.000..… Running"],
    );
    // A readiness gate is something else.
    let gate = json!({"status": {"conditions": [cond_why("Ready", "False", 5, "ReadinessGatesNotReady")]}});
    tells(&listed([with(working, gate)]), &["p: Running"]);
}

#[test]
fn after_a_reboot_it_failed_or_runs_again() {
    let lost_last = |phase: &str, state: Value, policy: &str| {
        with(
            works(),
            json!({"spec": {"restartPolicy": policy}, "status": {"phase": phase,
        "conditions": [cond_why("Ready", "False", 50, "ContainersNotReady")], "containerStatuses": [status("main", 1, state, lost("ContainerStatusUnknown"))]}}),
        )
    };
    let never = watched([
        (5.1, Listed, works()),
        (80.0, Changed, lost_last("Failed", waiting("PodInitializing"), "Never")),
    ]);
    tells(
        &never,
        &[
            "p: Failed exit 137 (ContainerStatusUnknown) [PodInitializing] end unknown",
            "| 5.000..… Running",
            "main restarts 1",
        ],
    );
    // The kubelet wrote when it was back: that is no end of the work.
    keeps_quiet_of(&never, "workEnded");
    assert!(!never.contains("not seen"), "a reboot counts a restart before it happens: {never}");
    let again = with(works(), json!({"spec": {"restartPolicy": "OnFailure"}}));
    let story = watched([
        (5.1, Listed, again),
        (80.0, Changed, lost_last("Running", waiting("PodInitializing"), "OnFailure")),
        (90.2, Changed, lost_last("Running", running(90), "OnFailure")),
        (90.3, Changed, lost_last("Running", running(90), "OnFailure")),
    ]);
    tells(
        &story,
        &[
            "p: Running",
            "workStarted 5.000",
            "| 5.000..90.000 Running (end not seen) inferred",
            "| 90.000..… Running",
        ],
    );
}

#[test]
fn all_containers_are_restarted() {
    let state = |restarts, state: Value, last: Value| {
        with(works(), json!({"status": {"containerStatuses": [status("main", restarts, state, last)]}}))
    };
    let story = watched([
        (5.1, Listed, works()),
        (
            9.0,
            Changed,
            with(
                state(1, waiting("RestartingAllContainers"), lost("RestartingAllContainers")),
                json!({"status": {"phase": "Pending"}}),
            ),
        ),
        (11.2, Changed, state(1, running(11), lost("RestartingAllContainers"))),
        (
            20.0,
            Changed,
            with(
                state(1, terminated("main-1", 11, 19, 0, "Completed"), lost("RestartingAllContainers")),
                json!({"status": {"phase": "Succeeded"}}),
            ),
        ),
    ]);
    tells(
        &story,
        &[
            "p: Succeeded exit 0",
            "workStarted 5.000",
            "workEnded 19.000",
            "| 11.000..19.000 Running",
            "main restarts 1; 5.000 StartedAt..? exit 137 RestartingAllContainers; 11.000 StartedAt..19.000 FinishedAt exit 0 Completed",
        ],
    );
}

#[test]
fn the_pods_own_deadline() {
    let dead = with(
        works(),
        json!({"status": {"phase": "Failed", "reason": "DeadlineExceeded", "conditions": [cond("Ready", "False", 10)],
        "containerStatuses": [status("main", 0, terminated("main-0", 5, 12, 137, "Error"), json!({}))]}}),
    );
    tells(&listed([dead]), &["p: Failed exit 137 (DeadlineExceeded)", "workEnded 12.000 FinishedAt"]);
}

#[test]
fn equal_and_missing_times_of_simulated_nodes() {
    let fast = pod(json!({"spec": {"nodeName": "n"}, "status": {"phase": "Succeeded", "startTime": t(0),
        "conditions": [cond("PodScheduled", "True", 0), cond("Ready", "False", 0)],
        "containerStatuses": [status("main", 0, terminated("", 0, 0, 0, "Completed"), json!({}))]}}));
    tells(
        &listed([fast]),
        &["p: Succeeded exit 0", "workStarted 0.000", "workEnded 0.000", "| 0.000..0.000 Running"],
    );
    let bare = pod(json!({"spec": {"nodeName": "n"}, "status": {"phase": "Succeeded"}}));
    let story = listed([bare]);
    tells(&story, &["p: Succeeded [Succeeded] end unknown"]);
}

#[test]
fn another_pod_of_the_same_name_is_another_pod() {
    let other = with(works(), json!({"metadata": {"uid": "u2", "creationTimestamp": t(100)}}));
    let story = watched([
        (10.5, Listed, done()),
        (60.0, Deleted, with(done(), deleted_at(60, 0))),
        (105.0, Added, other),
        (105.1, Added, event("Started", "main", 5.2, "x")),
    ]);
    tells(&story, &["p: Succeeded", "workStarted 5.200 StartedEvent", "p: Running"]);
}
