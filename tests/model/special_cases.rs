//! Tests of special cases: rejected Pods, lost nodes and restarted containers.

use kubectl_seq::testing::observation::Seen::{Added, Changed, Deleted, Listed};
use serde_json::{Value, json};

use crate::one_pod::{assert_lines, assert_no_line, describe_listed, describe_watched};
use crate::support::pod_builder::{
    condition, condition_with_reason, container_status, deletion, kubelet_event, lost_state, patched, pod,
    running, running_pod, scheduled_pod, succeeded_pod, terminated, time, waiting,
};

#[test]
fn a_pod_that_the_kubelet_rejects_never_starts() {
    let rejected = pod(
        json!({"spec": {"nodeName": "node-1"}, "status": {"phase": "Failed", "reason": "NodeAffinity", "startTime": time(1), "conditions": []}}),
    );
    let description = describe_watched([
        (0.2, Added, pod(json!({"spec": {"nodeName": "node-1"}}))),
        (1.25, Changed, rejected.clone()),
    ]);
    assert_lines(&description, &["p: NeverStarted (NodeAffinity) [NodeAffinity]", "| 0.175..1.225 Startup"]);
    assert_lines(
        &describe_listed([rejected]),
        &[
            "p: NeverStarted (NodeAffinity)",
            "scheduled 0.500 CreatedWithNode",
            "| 0.500..1.500 Startup inferred",
        ],
    );
}

#[test]
fn a_pod_whose_init_container_fails_never_starts() {
    let failed = scheduled_pod(
        json!({"spec": {"initContainers": [{"name": "i", "image": "i"}]}, "status": {"phase": "Failed",
        "conditions": [condition("PodReadyToStartContainers", "False", 6)],
        "initContainerStatuses": [container_status("i", 0, terminated("i-0", 3, 4, 5, "Error"), json!({}))],
        "containerStatuses": [container_status("main", 0, waiting("PodInitializing"), json!({}))]}}),
    );
    let description = describe_listed([failed]);
    assert_lines(
        &description,
        &["p: NeverStarted exit 5 (Init:Error) [Init:Error]", "| 3.500..4.500 Initializing i"],
    );
    assert_no_line(&description, "workEnded");
    assert_no_line(&description, "| 4.000");
}

#[test]
fn a_failed_start_is_no_run_although_the_phase_is_running() {
    let error = json!({"terminated": {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z", "finishedAt": time(4), "containerID": "x"}});
    let description = describe_listed([scheduled_pod(
        json!({"spec": {"restartPolicy": "OnFailure"}, "status": {"phase": "Running",
        "conditions": [condition("PodReadyToStartContainers", "True", 2)],
        "containerStatuses": [container_status("main", 0, waiting("RunContainerError"), error)]}}),
    )]);
    assert_lines(&description, &["p: Starting exit 128 (RunContainerError) [RunContainerError]"]);
    assert_no_line(&description, "workStarted");
}

#[test]
fn the_state_of_a_pod_on_a_lost_node_is_unknown_after_the_last_write_of_the_kubelet() {
    let wrote = json!({"metadata": {"managedFields": [{"manager": "kubelet", "subresource": "status", "time": time(6)}]}});
    let silent = json!({"status": {"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": time(60)}]}});
    let working = patched(running_pod(), wrote);
    let description = describe_watched([
        (5.1, Listed, working.clone()),
        (60.1, Changed, patched(working.clone(), silent.clone())),
    ]);
    assert_lines(
        &description,
        &["p: Unknown (NodeNotReady) [Running] end unknown", "| 5.500..6.500 Running inferred"],
    );
    // The node comes back.
    assert_lines(
        &describe_watched([
            (60.1, Listed, patched(working.clone(), silent)),
            (70.0, Changed, working.clone()),
        ]),
        &["p: Running", "| 5.500..… Running"],
    );
    // A false readiness gate does not mean that the node is lost.
    let gate = json!({"status": {"conditions": [condition_with_reason("Ready", "False", 5, "ReadinessGatesNotReady")]}});
    assert_lines(&describe_listed([patched(working, gate)]), &["p: Running"]);
}

#[test]
fn after_a_reboot_of_the_node_a_pod_has_failed_or_runs_again() {
    let rebooted = |phase: &str, state: Value, policy: &str| {
        patched(
            running_pod(),
            json!({"spec": {"restartPolicy": policy}, "status": {"phase": phase,
        "conditions": [condition_with_reason("Ready", "False", 50, "ContainersNotReady")], "containerStatuses": [container_status("main", 1, state, lost_state("ContainerStatusUnknown"))]}}),
        )
    };
    let never = describe_watched([
        (5.1, Listed, running_pod()),
        (80.0, Changed, rebooted("Failed", waiting("PodInitializing"), "Never")),
    ]);
    assert_lines(
        &never,
        &[
            "p: Failed exit 137 (ContainerStatusUnknown) [PodInitializing] end unknown",
            "| 5.500..… Running",
            "main restarts 1",
        ],
    );
    // The kubelet wrote the status after the reboot, so the time of this write does not date the end of the work.
    assert_no_line(&never, "workEnded");
    assert!(!never.contains("not seen"), "a reboot counts a restart before the restart happens: {never}");
    let again = patched(running_pod(), json!({"spec": {"restartPolicy": "OnFailure"}}));
    let description = describe_watched([
        (5.1, Listed, again),
        (80.0, Changed, rebooted("Running", waiting("PodInitializing"), "OnFailure")),
        (90.2, Changed, rebooted("Running", running(90), "OnFailure")),
        (90.3, Changed, rebooted("Running", running(90), "OnFailure")),
    ]);
    assert_lines(
        &description,
        &[
            "p: Running",
            "workStarted 5.500",
            "| 5.500..90.100 Unknown main (end not seen) inferred",
            "| 90.100..… Running",
        ],
    );
}

/// A start of the kubelet of the Pod's node.
fn kubelet_start(seconds: f64) -> Value {
    let about = json!({"kind": "Node", "name": "node-1", "uid": "node-1"});
    let changes = json!({"involvedObject": about, "metadata": {"namespace": "default"}});
    patched(kubelet_event("Starting", "", seconds, "Starting kubelet."), changes)
}

/// The description of a Pod whose container ended in this way, with the reports of the kubelet at second 80 and with
/// starts of the kubelet at these seconds.
fn describe_with_kubelet_starts(terminated: &Value, policy: &str, starts: &[f64]) -> String {
    let wrote =
        json!([{"manager": "kubelet", "subresource": "status", "operation": "Update", "time": time(80)}]);
    let phase = if policy == "Never" { "Failed" } else { "Running" };
    let ended = patched(
        running_pod(),
        json!({"metadata": {"managedFields": wrote}, "spec": {"restartPolicy": policy, "nodeName": "node-1"},
            "status": {"phase": phase, "containerStatuses": [container_status("main", 0, terminated.clone(), json!({}))]}}),
    );
    let first = patched(running_pod(), json!({"spec": {"restartPolicy": policy, "nodeName": "node-1"}}));
    let start = |seconds: &f64| (80.5, Listed, kubelet_start(*seconds));
    let seen = [(5.1, Listed, first), (80.2, Changed, ended)].into_iter().chain(starts.iter().map(start));
    describe_watched(seen.collect::<Vec<_>>())
}

#[test]
fn the_restart_of_a_node_is_the_reason_only_if_an_event_of_its_kubelet_proves_it() {
    let lost = lost_state("ContainerStatusUnknown");
    // containerd dates the end of a lost run to its own start.
    let unknown = json!({"terminated": {"startedAt": time(5), "finishedAt": time(77), "exitCode": 255,
        "reason": "Unknown", "containerID": "containerd://1"}});
    for (state, code) in [(&lost, 137), (&unknown, 255)] {
        let restarted = describe_with_kubelet_starts(state, "Never", &[78.0]);
        assert_lines(&restarted, &[&format!("p: Failed exit {code} (NodeRestarted)"), "| 5.500..… Running"]);
        assert!(restarted.contains("end unknown"), "{restarted}");
        let again = describe_with_kubelet_starts(state, "OnFailure", &[78.0]);
        assert_lines(&again, &[&format!("p: Running exit {code} (NodeRestarted)")]);
    }
    // The kubelet started before the run, only after its report, or not at all.
    for starts in [&[2.0][..], &[90.0], &[]] {
        let description = describe_with_kubelet_starts(&lost, "Never", starts);
        assert_lines(&description, &["p: Failed exit 137 (ContainerStatusUnknown)"]);
        let description = describe_with_kubelet_starts(&unknown, "OnFailure", starts);
        assert_lines(&description, &["p: Running exit 255 (CrashLoopBackOff)"]);
    }
    // A process that ended by itself was not lost.
    let failed = json!({"terminated": {"startedAt": time(5), "finishedAt": time(79), "exitCode": 255,
        "reason": "Error", "containerID": "containerd://1"}});
    assert_lines(&describe_with_kubelet_starts(&failed, "Never", &[78.0]), &["p: Failed exit 255 (Error)"]);
}

#[test]
fn a_loss_long_after_the_start_of_the_kubelet_has_another_reason() {
    let reported = patched(
        running_pod(),
        json!({"spec": {"nodeName": "node-1"}, "status": {"phase": "Failed",
            "containerStatuses": [container_status("main", 0, lost_state("ContainerStatusUnknown"), json!({}))]}}),
    );
    let description = describe_watched([
        (5.1, Listed, running_pod()),
        (50.0, Listed, kubelet_start(40.0)),
        (700.0, Changed, reported),
    ]);
    assert_lines(&description, &["p: Failed exit 137 (ContainerStatusUnknown)"]);
}

#[test]
fn a_restart_of_all_containers_divides_their_runs() {
    let state = |restarts, state: Value, last: Value| {
        patched(
            running_pod(),
            json!({"status": {"containerStatuses": [container_status("main", restarts, state, last)]}}),
        )
    };
    let description = describe_watched([
        (5.1, Listed, running_pod()),
        (
            9.0,
            Changed,
            patched(
                state(1, waiting("RestartingAllContainers"), lost_state("RestartingAllContainers")),
                json!({"status": {"phase": "Pending"}}),
            ),
        ),
        (11.2, Changed, state(1, running(11), lost_state("RestartingAllContainers"))),
        (
            20.0,
            Changed,
            patched(
                state(1, terminated("main-1", 11, 19, 0, "Completed"), lost_state("RestartingAllContainers")),
                json!({"status": {"phase": "Succeeded"}}),
            ),
        ),
    ]);
    assert_lines(
        &description,
        &[
            "p: Succeeded exit 0",
            "workStarted 5.500",
            "workEnded 19.500",
            "| 11.100..19.500 Running",
            "main restarts 1; 5.500 StartedAt..? exit 137 RestartingAllContainers; 11.100 StartedAt -100+100..19.500 FinishedAt exit 0 Completed",
        ],
    );
}

#[test]
fn a_pod_that_exceeds_its_own_deadline_fails() {
    let dead = patched(
        running_pod(),
        json!({"status": {"phase": "Failed", "reason": "DeadlineExceeded", "conditions": [condition("Ready", "False", 10)],
        "containerStatuses": [container_status("main", 0, terminated("main-0", 5, 12, 137, "Error"), json!({}))]}}),
    );
    assert_lines(
        &describe_listed([dead]),
        &["p: Failed exit 137 (DeadlineExceeded)", "workEnded 12.500 FinishedAt"],
    );
}

#[test]
fn equal_and_missing_times_of_simulated_nodes_are_accepted() {
    let fast = pod(json!({"spec": {"nodeName": "n"}, "status": {"phase": "Succeeded", "startTime": time(0),
        "conditions": [condition("PodScheduled", "True", 0), condition("Ready", "False", 0)],
        "containerStatuses": [container_status("main", 0, terminated("", 0, 0, 0, "Completed"), json!({}))]}}));
    // Both times of the container are the time of its end, so the start of the work is unknown.
    let description = describe_listed([fast]);
    assert_lines(&description, &["p: Succeeded exit 0", "main; ?..0.500 FinishedAt"]);
    assert_no_line(&description, "workStarted");
    let bare = pod(json!({"spec": {"nodeName": "n"}, "status": {"phase": "Succeeded"}}));
    let description = describe_listed([bare]);
    assert_lines(&description, &["p: Succeeded [Succeeded] end unknown"]);
}

#[test]
fn a_new_pod_of_the_same_name_is_a_different_pod() {
    let other = patched(running_pod(), json!({"metadata": {"uid": "u2", "creationTimestamp": time(100)}}));
    let description = describe_watched([
        (10.5, Listed, succeeded_pod()),
        (60.0, Deleted, patched(succeeded_pod(), deletion(60, 0))),
        (105.0, Added, other),
        (105.1, Added, kubelet_event("Started", "main", 5.2, "x")),
    ]);
    assert_lines(&description, &["p: Succeeded", "workStarted 5.200 StartedEvent", "p: Running"]);
}
