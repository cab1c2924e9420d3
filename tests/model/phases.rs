//! Tests of the phases of a Pod.

use kubectl_seq::testing::observation::Seen::{Added, Changed, Listed};
use serde_json::{Value, json};

use crate::one_pod::{assert_lines, assert_no_line, describe_listed, describe_watched};
use crate::support::pod_builder::{
    condition, condition_with_reason, container_status, kubelet_event, patched, pod, pulled_event, repeated,
    running, running_pod, scheduled_event, scheduled_pod, succeeded_pod, terminated, time, waiting,
};

/// The times come from a real Pod on a node without the image. These times were compared with the log of
/// the container runtime. Second 0 is 12:49:14.
#[test]
fn a_pod_on_a_cold_node_has_all_phases_up_to_running() {
    let conditions =
        [condition("PodReadyToStartContainers", "True", 1), condition("PodScheduled", "True", 0)];
    let ran = container_status("main", 0, terminated("main-0", 7, 10, 0, "Completed"), json!({}));
    let cold = scheduled_pod(
        json!({"status": {"phase": "Succeeded", "startTime": time(0), "conditions": conditions, "containerStatuses": [ran]}}),
    );
    let description = describe_listed([
        cold,
        scheduled_event(0.737_476),
        kubelet_event("Pulling", "main", 1.235_208, "Pulling image \"app:1\""),
        pulled_event("main", 7.137_593, "5.902s", "5.902s"),
        kubelet_event("Started", "main", 7.145_183, "Container started"),
    ]);
    assert_lines(
        &description,
        &[
            "p: Succeeded exit 0",
            "created 0.737 CreationTimestamp",
            "scheduled 0.737 ScheduledEvent",
            "sandboxReady 1.235 ImageEvent",
            "workStarted 7.145 StartedEvent",
            "workEnded 10.500 FinishedAt",
            "| 0.737..1.235 Setup event",
            "| 1.235..7.137 Pulling main event",
            "| 7.137..7.145 Starting event",
            "| 7.145..10.500 Running status",
            "main pull 1.235..7.137; 7.145 StartedEvent..10.500 FinishedAt exit 0 Completed",
        ],
    );
}

#[test]
fn each_queued_phase_has_the_reason_that_held_at_its_time() {
    let gate = json!({"spec": {"schedulingGates": [{"name": "g"}]}, "status": {"conditions": [condition_with_reason("PodScheduled", "False", 0, "SchedulingGated")]}});
    let unschedulable = |message: &str| json!({"status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message, "lastTransitionTime": time(0)}]}});
    let description = describe_watched([
        (0.1, Added, pod(gate)),
        (5.2, Changed, pod(unschedulable("0/1 nodes are available: 1 Insufficient memory."))),
        (9.0, Changed, scheduled_pod(json!({}))),
        (9.1, Added, scheduled_event(1.9)),
    ]);
    assert_lines(&description, &["| 0.075..1.900 Queued (SchedulingGated: g)"]);
    let description = describe_watched([
        (0.1, Added, pod(json!({}))),
        (0.2, Changed, pod(unschedulable("0/3 nodes are available: 3 Insufficient cpu."))),
    ]);
    assert_lines(&description, &["p: Pending (Insufficient cpu)", "| 0.075..… Queued (Insufficient cpu)"]);
    // The event gives the reason even after the Pod has ended.
    let mut failed =
        kubelet_event("FailedScheduling", "", 0.1, "0/3 nodes are available: 3 Insufficient cpu.");
    failed["involvedObject"]["fieldPath"] = json!("");
    assert_lines(&describe_listed([succeeded_pod(), failed]), &["| 0.075..1.500 Queued (Insufficient cpu)"]);
}

#[test]
fn without_events_the_cold_start_is_split_by_the_status_only() {
    let init = patched(
        running_pod(),
        json!({"spec": {"initContainers": [{"name": "i", "image": "i"}]}, "status": {
        "initContainerStatuses": [container_status("i", 0, terminated("i-0", 3, 4, 0, "Completed"), json!({}))]}}),
    );
    assert_lines(
        &describe_listed([init]),
        &[
            "| 1.500..3.500 Setup status",
            "| 3.500..4.500 Initializing i",
            "| 4.500..5.500 Startup status",
            "| 5.500..… Running",
        ],
    );
    let old = json!({"status": {"conditions": [condition("PodReadyToStartContainers", "False", 1)]}});
    assert_lines(
        &describe_listed([patched(running_pod(), old)]),
        &["| 1.500..5.500 Startup", "| 5.500..… Running"],
    );
    // Nothing shows that the Pod was scheduled, but it ran.
    let odd = patched(
        running_pod(),
        json!({"spec": {"nodeName": ""}, "status": {"startTime": null, "conditions": [condition("PodScheduled", "False", 0), condition("PodReadyToStartContainers", "False", 0)]}}),
    );
    assert_lines(&describe_listed([odd]), &["| 0.500..5.500 Startup"]);
}

#[test]
fn pulls_between_init_containers_are_pulls_and_sidecars_do_not_initialize() {
    let staged = patched(
        running_pod(),
        json!({
        "spec": {"initContainers": [{"name": "i", "image": "i"}, {"name": "side", "image": "s", "restartPolicy": "Always"}]},
        "status": {"conditions": [condition("Initialized", "True", 8)],
            "initContainerStatuses": [container_status("i", 0, terminated("i-0", 3, 4, 0, "Completed"), json!({})), container_status("side", 0, running(7), json!({}))],
            "containerStatuses": [container_status("main", 0, running(9), json!({}))]}}),
    );
    let description = describe_listed([
        staged,
        kubelet_event("Pulling", "i", 2.5, "x"),
        pulled_event("i", 3.1, "600ms", "600ms"),
        kubelet_event("Started", "i", 3.2, "x"),
        kubelet_event("Pulling", "side", 5.0, "x"),
        pulled_event("side", 7.5, "1s", "2.5s"),
        kubelet_event("Started", "side", 7.6, "x"),
        kubelet_event("Pulled", "main", 8.8, "Container image \"app:1\" already present on machine"),
        kubelet_event("Started", "main", 9.1, "x"),
    ]);
    assert_lines(
        &description,
        &[
            "| 1.500..2.500 Setup",
            "| 2.500..3.100 Pulling i",
            "| 3.100..3.200 Starting",
            "| 3.200..4.500 Initializing i",
            "| 4.500..5.000 Starting",
            "| 5.000..6.500 Pulling side (pull queue)",
            "| 6.500..7.500 Pulling side",
            "| 7.500..9.100 Starting",
            "| 9.100..… Running",
            "side sidecar pull 6.500..7.500 waited 1.500",
            "main cached",
        ],
    );
}

#[test]
fn the_end_of_the_last_init_container_falls_back_to_the_condition() {
    let init = patched(
        running_pod(),
        json!({"spec": {"initContainers": [{"name": "i", "image": "i"}]}, "status": {
        "conditions": [condition("Initialized", "True", 4)],
        "initContainerStatuses": [container_status("i", 0, running(3), json!({}))]}}),
    );
    assert_lines(&describe_listed([init]), &["| 3.500..4.500 Initializing i"]);
}

#[test]
fn init_containers_in_back_off_are_part_of_the_cold_start() {
    let crash = |restarts, state: Value, last: Value| {
        scheduled_pod(json!({
        "spec": {"restartPolicy": "OnFailure", "initContainers": [{"name": "i", "image": "i"}]},
        "status": {"conditions": [condition("PodReadyToStartContainers", "True", 2)],
            "initContainerStatuses": [container_status("i", restarts, state, last)], "containerStatuses": [container_status("main", 0, waiting("PodInitializing"), json!({}))]}}))
    };
    let description = describe_watched([
        (3.1, Listed, crash(0, running(3), json!({}))),
        (4.5, Changed, crash(0, terminated("i-0", 3, 4, 5, "Error"), json!({}))),
        (9.1, Changed, crash(1, running(9), terminated("i-0", 3, 4, 5, "Error"))),
        (11.5, Changed, crash(1, terminated("i-1", 9, 11, 5, "Error"), terminated("i-0", 3, 4, 5, "Error"))),
    ]);
    assert_lines(
        &description,
        &[
            "p: Starting",
            "| 3.500..4.250 Initializing i",
            "| 4.250..9.050 BackOff i (exit code 5)",
            "| 9.050..11.250 Initializing i",
            "| 11.250..… BackOff i (exit code 5)",
        ],
    );
}

#[test]
fn a_pull_that_fails_is_a_phase_of_its_own() {
    let waits = scheduled_pod(
        json!({"status": {"conditions": [condition("PodReadyToStartContainers", "True", 2)], "containerStatuses": [container_status("main", 0, waiting("ErrImagePull"), json!({}))]}}),
    );
    let pulling = kubelet_event("Pulling", "main", 2.2, "Pulling image \"app:1\"");
    let failed = kubelet_event("Failed", "main", 4.4, "Failed to pull image \"app:1\": not found");
    let failed_once = [
        waits.clone(),
        pulling.clone(),
        failed.clone(),
        kubelet_event("Failed", "main", 4.4, "Error: ErrImagePull"),
    ];
    assert_lines(
        &describe_listed(failed_once),
        &[
            "p: Starting (ErrImagePull)",
            "| 2.200..4.400 PullFailing main event",
            "| 4.400..… PullFailing main (ImagePullBackOff)",
        ],
    );
    let retried = [waits.clone(), repeated(pulling.clone(), 2, 17), failed.clone()];
    assert_lines(
        &describe_listed(retried),
        &[
            "| 2.200..4.400 PullFailing main",
            "| 4.400..17.500 PullFailing main (ImagePullBackOff)",
            "| 17.500..… PullFailing main event",
        ],
    );
    let failed_twice = [waits, repeated(pulling, 2, 17), repeated(failed, 2, 19)];
    assert_lines(
        &describe_listed(failed_twice),
        &["| 17.500..19.500 PullFailing main event", "| 19.500..… PullFailing main (ImagePullBackOff)"],
    );
    let refused = scheduled_pod(
        json!({"status": {"conditions": [condition("PodReadyToStartContainers", "True", 2)], "containerStatuses": [container_status("main", 0, waiting("InvalidImageName"), json!({}))]}}),
    );
    assert_lines(
        &describe_listed([
            refused,
            kubelet_event("InspectFailed", "main", 2.3, "Failed to apply default image tag"),
        ]),
        &["p: Starting (InvalidImageName)", "| 2.300..… PullFailing (InvalidImageName)"],
    );
}

#[test]
fn failed_volumes_and_sandboxes_delay_the_setup() {
    let waits = scheduled_pod(
        json!({"status": {"conditions": [condition("PodReadyToStartContainers", "False", 1)], "containerStatuses": [container_status("main", 0, waiting("ContainerCreating"), json!({}))]}}),
    );
    let mount = kubelet_event("FailedMount", "", 1.5, "MountVolume.SetUp failed for volume \"v\"");
    let sandbox = kubelet_event("FailedCreatePodSandBox", "", 3.5, "Failed to create pod sandbox: x");
    for order in [[mount.clone(), sandbox.clone()], [sandbox.clone(), mount.clone()]] {
        let [one, other] = order;
        assert_lines(
            &describe_listed([waits.clone(), one, other]),
            &[
                "p: Starting (FailedCreatePodSandBox)",
                "| 1.500..3.500 Setup (FailedMount)",
                "| 3.500..… Setup (FailedCreatePodSandBox)",
            ],
        );
    }
    assert_lines(
        &describe_listed([running_pod(), mount, kubelet_event("Pulling", "main", 4.1, "x")]),
        &["p: Running", "| 1.500..4.100 Setup (FailedMount)"],
    );
}

/// An event about the Pod from a component other than the kubelet.
fn event_from(component: &str, reason: &str, seconds: f64) -> Value {
    let mut event = kubelet_event(reason, "", seconds, reason);
    event["source"] = json!({"component": component});
    event
}

/// Describes a running Pod with these events about its setup. The setup ended with the first pull.
fn setup_of(events: impl IntoIterator<Item = Value>) -> String {
    let pod = [running_pod(), kubelet_event("Pulling", "main", 4.5, "x")];
    describe_listed(pod.into_iter().chain(events))
}

#[test]
fn a_setup_is_divided_where_events_prove_its_parts() {
    // Without an event, nothing is said about the parts.
    assert_lines(&setup_of([]), &["| 1.500..4.500 Setup status"]);
    let attached = |seconds| event_from("attachdetach-controller", "SuccessfulAttachVolume", seconds);
    let interface = |seconds| event_from("multus", "AddedInterface", seconds);
    // The last of several volumes ends the attachment. No event proves the parts after it.
    assert_lines(
        &setup_of([attached(2.5), attached(2.2)]),
        &["| 1.500..2.500 Setup (attach)", "| 2.500..4.500 Setup event"],
    );
    assert_lines(
        &setup_of([attached(2.5), interface(3.5), interface(3.2)]),
        &[
            "| 1.500..2.500 Setup (attach)",
            "| 2.500..3.500 Setup (network)",
            "| 3.500..4.500 Setup (sandbox)",
        ],
    );
    // The interface of a later sandbox, after a reboot of the node, says nothing about the setup.
    assert_lines(
        &setup_of([interface(3.5), interface(60.0)]),
        &["| 1.500..3.500 Setup (network)", "| 3.500..4.500 Setup (sandbox)"],
    );
}

#[test]
fn a_failed_part_of_a_setup_is_over_when_the_part_succeeds() {
    let refused = event_from("attachdetach-controller", "FailedAttachVolume", 1.5);
    let attached = event_from("attachdetach-controller", "SuccessfulAttachVolume", 3.0);
    let too_early = kubelet_event("FailedMount", "", 2.0, "Unable to attach or mount volumes");
    let mount = kubelet_event("FailedMount", "", 3.2, "MountVolume.SetUp failed for volume \"v\"");
    let interface = event_from("multus", "AddedInterface", 3.8);
    assert_lines(
        &setup_of([refused.clone(), attached.clone()]),
        &["| 1.500..3.000 Setup (FailedAttachVolume)", "| 3.000..4.500 Setup event"],
    );
    assert_lines(
        &setup_of([attached.clone(), too_early]),
        &["| 1.500..3.000 Setup (attach)", "| 3.000..4.500 Setup event"],
    );
    assert_lines(
        &setup_of([attached, mount, interface]),
        &[
            "| 1.500..3.000 Setup (attach)",
            "| 3.000..3.200 Setup event",
            "| 3.200..3.800 Setup (FailedMount)",
            "| 3.800..4.500 Setup (sandbox)",
        ],
    );
    let changed = kubelet_event("SandboxChanged", "", 3.0, "Pod sandbox changed, it will be killed");
    assert_lines(
        &setup_of([changed]),
        &["| 1.500..3.000 Setup status", "| 3.000..4.500 Setup (SandboxChanged)"],
    );
    // A Pod whose attachment fails says why it waits. After the attachment, the failure is no longer the reason.
    let waits = scheduled_pod(
        json!({"status": {"conditions": [condition("PodReadyToStartContainers", "False", 1)], "containerStatuses": [container_status("main", 0, waiting("ContainerCreating"), json!({}))]}}),
    );
    let attached = event_from("attachdetach-controller", "SuccessfulAttachVolume", 3.0);
    assert_lines(&describe_listed([waits.clone(), refused.clone()]), &["p: Starting (FailedAttachVolume)"]);
    assert_lines(
        &describe_listed([waits, refused, attached]),
        &["p: Starting [ContainerCreating]", "| 3.000..… Setup event"],
    );
}

#[test]
fn back_off_follows_the_restart_policy_not_the_status() {
    let ended = |policy: &str, exit: i32| {
        describe_listed([patched(
            running_pod(),
            json!({"spec": {"restartPolicy": policy}, "status": {
        "containerStatuses": [container_status("main", 0, terminated("main-0", 5, 7, exit, if exit == 0 {"Completed"} else {"Error"}), json!({}))]}}),
        )])
    };
    assert_lines(
        &ended("OnFailure", 3),
        &["p: Running exit 3 (CrashLoopBackOff) [Error]", "| 7.500..… BackOff main (exit code 3)"],
    );
    assert_lines(
        &ended("Always", 0),
        &["p: Running exit 0 [Completed]", "| 7.500..… BackOff main (exit code 0)"],
    );
    for (policy, exit, outcome) in [
        ("Never", 3, "p: Failed exit 3 (Error)"),
        ("Never", 0, "p: Succeeded"),
        ("OnFailure", 0, "p: Succeeded"),
    ] {
        let description = ended(policy, exit);
        assert_lines(&description, &[outcome, "workEnded 7.500", "| 5.500..7.500 Running"]);
        assert_no_line(&description, "| 7.000");
    }
    let ruled = |exit: i32| {
        describe_listed([patched(
            running_pod(),
            json!({"spec": {"containers": [{"name": "main", "image": "app:1", "restartPolicy": "Never",
        "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]}]},
        "status": {"containerStatuses": [container_status("main", 0, terminated("main-0", 5, 7, exit, "Error"), json!({}))]}}),
        )])
    };
    assert_lines(&ruled(42), &["p: Running", "| 7.500..… BackOff"]);
    assert_lines(&ruled(41), &["p: Failed"]);
}
