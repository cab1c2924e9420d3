//! Tests which evidence dates each instant.

use kubectl_seq::testing::observation::Seen::{Added, Changed, Deleted, Listed};
use serde_json::{Value, json};

use crate::one_pod::{assert_lines, assert_no_line, describe_listed, describe_watched};
use crate::support::pod_builder::{
    condition, condition_with_reason, container_status, deletion, kubelet_event, lost_state, patched, pod,
    pulled_event, repeated, running, running_pod, scheduled_event, scheduled_pod, succeeded_pod, terminated,
    time, waiting,
};

#[test]
fn created_is_dated_by_the_owners_event_else_the_receipt_else_the_field() {
    let owner = json!({"metadata": {"ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]}});
    let mut created = kubelet_event("SuccessfulCreate", "", 0.731, "Created pod: p");
    created["involvedObject"] = json!({"kind": "Job", "name": "j", "uid": "j"});
    let added = (0.744, Added, patched(pod(json!({})), owner));
    assert_lines(
        &describe_watched([added.clone(), (0.75, Added, created.clone())]),
        &["created 0.731 SuccessfulCreate"],
    );
    assert_lines(
        &describe_watched([(0.72, Added, created), added.clone()]),
        &["created 0.731 SuccessfulCreate"],
    );
    assert_lines(&describe_watched([added]), &["created 0.719 ReceivedAdded"]);
    assert_lines(&describe_listed([pod(json!({}))]), &["created 0.500 CreationTimestamp"]);
    // A watch without a list reports existing Pods as ADDED, so a late receipt does not date the creation.
    assert_lines(&describe_watched([(400.0, Added, pod(json!({})))]), &["created 0.500 CreationTimestamp"]);
}

#[test]
fn scheduled_is_dated_by_the_event_else_the_condition_else_a_bound() {
    assert_lines(
        &describe_listed([succeeded_pod(), scheduled_event(1.402)]),
        &["scheduled 1.402 ScheduledEvent"],
    );
    assert_lines(
        &describe_listed([scheduled_event(1.402), succeeded_pod()]),
        &["scheduled 1.402 ScheduledEvent"],
    );
    assert_lines(&describe_listed([succeeded_pod()]), &["scheduled 1.500 PodScheduled"]);
    // An event that is more than two seconds later than the condition is ignored.
    assert_lines(
        &describe_listed([succeeded_pod(), scheduled_event(3.4)]),
        &["scheduled 1.500 PodScheduled"],
    );
    let created_with_node = pod(json!({"spec": {"nodeName": "node-1"}}));
    assert_lines(&describe_watched([(0.2, Added, created_with_node)]), &["scheduled 0.175 CreatedWithNode"]);
    let without_true_condition = pod(json!({"spec": {"nodeName": "node-1"}, "status": {"startTime": time(2),
        "conditions": [condition("PodScheduled", "False", 0)]}}));
    assert_lines(&describe_listed([without_true_condition]), &["scheduled 2.500 StartTime"]);
}

#[test]
fn sandbox_ready_is_dated_by_the_first_image_event_else_an_early_condition() {
    let events = [
        kubelet_event("Pulling", "main", 3.235, "Pulling image \"app:1\""),
        pulled_event("main", 4.9, "1.6s", "1.664s"),
    ];
    assert_lines(
        &describe_listed([running_pod(), events[0].clone(), events[1].clone()]),
        &["sandboxReady 3.235 ImageEvent"],
    );
    assert_lines(
        &describe_listed([events[1].clone(), events[0].clone(), running_pod()]),
        &["sandboxReady 3.235 ImageEvent"],
    );
    // If the Pulling event was lost, the Pulled event dates the request.
    assert_lines(&describe_listed([running_pod(), events[1].clone()]), &["sandboxReady 3.236 ImageEvent"]);
    assert_lines(
        &describe_listed([running_pod(), kubelet_event("InspectFailed", "main", 3.5, "x")]),
        &["sandboxReady 3.500 ImageEvent"],
    );
    assert_lines(
        &describe_listed([running_pod(), kubelet_event("ErrImageNeverPull", "main", 3.5, "x")]),
        &["sandboxReady 3.500 ImageEvent"],
    );
    assert_lines(&describe_listed([running_pod()]), &["sandboxReady 3.500 ReadyToStartContainers"]);
    // Before Kubernetes 1.36, the kubelet set the condition after the pull and the start.
    let old = patched(
        running_pod(),
        json!({"status": {"conditions": [condition("PodReadyToStartContainers", "True", 7)]}}),
    );
    assert_no_line(&describe_listed([old.clone()]), "sandboxReady");
    assert_lines(&describe_listed([old.clone(), events[0].clone()]), &["sandboxReady 3.235 ImageEvent"]);
    assert_lines(&describe_listed([old]), &["| 1.500..5.500 Startup", "| 5.500..… Running"]);
}

#[test]
fn events_of_debug_containers_and_of_later_runs_do_not_move_the_sandbox() {
    let debugged =
        patched(running_pod(), json!({"spec": {"ephemeralContainers": [{"name": "debug", "image": "sh"}]}}));
    let description =
        describe_listed([kubelet_event("Pulling", "debug", 2.0, "Pulling image \"sh\""), debugged]);
    assert_lines(
        &description,
        &["sandboxReady 3.500 ReadyToStartContainers", "workStarted 5.500", "debug ephemeral"],
    );
    // The events of the first run have expired. Only an event of a later run remains.
    let again =
        kubelet_event("Pulled", "main", 3700.2, "Container image \"app:1\" already present on machine");
    let description = describe_listed([running_pod(), again]);
    assert_lines(&description, &["sandboxReady 3.500 ReadyToStartContainers", "workStarted 5.500 StartedAt"]);
    assert_no_line(&description, "p: Running clamped");
}

#[test]
fn a_first_start_is_dated_by_a_matching_event_else_the_field() {
    assert_lines(
        &describe_listed([running_pod(), kubelet_event("Started", "main", 5.145, "Container started")]),
        &["workStarted 5.145 StartedEvent"],
    );
    assert_lines(
        &describe_listed([running_pod(), kubelet_event("Started", "main", 4.85, "Container started")]),
        &["workStarted 4.850 StartedEvent"],
    );
    // An event more than 0.2 s before or 1.2 s after `startedAt` does not belong to the same start.
    assert_lines(
        &describe_listed([running_pod(), kubelet_event("Started", "main", 4.75, "Container started")]),
        &["workStarted 5.500 StartedAt"],
    );
    assert_lines(
        &describe_listed([running_pod(), kubelet_event("Started", "main", 6.25, "Container started")]),
        &["workStarted 5.500 StartedAt"],
    );
    // The event comes before the status, because the kubelet writes the status at the end of its pass over the Pod.
    let early = scheduled_pod(
        json!({"status": {"containerStatuses": [container_status("main", 0, waiting("ContainerCreating"), json!({}))]}}),
    );
    assert_lines(
        &describe_watched([
            (2.0, Listed, early),
            (5.16, Added, kubelet_event("Started", "main", 5.145, "x")),
        ]),
        &["p: Running", "workStarted 5.145 StartedEvent", "| 5.145..… Running"],
    );
}

#[test]
fn an_unobserved_first_start_stays_unknown() {
    let crashed = |restarts| {
        scheduled_pod(json!({"spec": {"restartPolicy": "OnFailure"}, "status": {"phase": "Running",
        "containerStatuses": [container_status("main", restarts, running(60), terminated("main-before", 40, 41, 1, "Error"))]}}))
    };
    // With one restart, the run before the restart was the first one.
    assert_lines(&describe_listed([crashed(1)]), &["workStarted 40.500 StartedAt"]);
    let description = describe_listed([crashed(4)]);
    assert_no_line(&description, "workStarted");
    assert_lines(
        &description,
        &[
            "p: Running",
            "| 1.500..40.500 Startup (first start not seen)",
            "| 40.500..41.500 Running",
            "| 41.500..60.500 BackOff main (exit code 1)",
            "| 60.500..… Running",
            "main restarts 4; 40.500",
        ],
    );
    assert!(description.contains("; 3 not seen"), "{description}");
    // The event still dates the first start.
    let started = repeated(kubelet_event("Started", "main", 5.2, "Container started"), 5, 60);
    assert_lines(
        &describe_listed([crashed(4), started]),
        &["workStarted 5.200 StartedEvent", "| 5.200..40.500 Unknown main (2 runs not seen) inferred"],
    );
}

#[test]
fn later_starts_are_refined_by_the_receipt_of_the_repeated_event() {
    let crash = |restarts, now: Value, last: Value| {
        scheduled_pod(json!({"spec": {"restartPolicy": "OnFailure"},
        "status": {"phase": "Running", "containerStatuses": [container_status("main", restarts, now, last)]}}))
    };
    let first = terminated("main-0", 5, 6, 1, "Error");
    let second = terminated("main-1", 17, 18, 1, "Error");
    let started = kubelet_event("Started", "main", 5.1, "Container started");
    let description = describe_watched([
        (5.2, Added, started.clone()),
        (5.3, Changed, crash(0, running(5), json!({}))),
        (6.9, Changed, crash(0, first.clone(), json!({}))),
        (17.42, Changed, repeated(started.clone(), 2, 17)),
        (17.44, Changed, crash(1, running(17), first.clone())),
        (18.9, Changed, crash(1, second.clone(), first)),
        (40.31, Changed, repeated(started, 3, 40)),
        (40.33, Changed, crash(2, running(40), second)),
    ]);
    assert_lines(
        &description,
        &[
            "p: Running",
            "workStarted 5.100 StartedEvent",
            "| 5.100..6.450 Running",
            "| 6.450..17.395 BackOff main (exit code 1)",
            "| 17.395..18.450 Running",
            "| 18.450..40.285 BackOff",
            "| 40.285..… Running observed",
            "main restarts 2; 5.100 StartedEvent..6.450 FinishedAt -450+450 exit 1 Error; 17.395 ReceivedStarted -395+25..18.450 FinishedAt -450+450 exit 1 Error; 40.285 ReceivedStarted -285+25..…",
        ],
    );
}

#[test]
fn work_starts_with_the_first_main_container_and_ends_with_the_last() {
    let two = scheduled_pod(
        json!({"spec": {"containers": [{"name": "b", "image": "b"}, {"name": "a", "image": "a"}],
        "initContainers": [{"name": "side", "image": "s", "restartPolicy": "Always"}]},
        "status": {"phase": "Succeeded",
        "initContainerStatuses": [container_status("side", 0, terminated("side-0", 2, 30, 7, "Error"), json!({}))],
        "containerStatuses": [container_status("a", 0, terminated("a-0", 9, 20, 0, "Completed"), json!({})),
                              container_status("b", 0, terminated("b-0", 5, 7, 0, "Completed"), json!({}))]}}),
    );
    assert_lines(
        &describe_listed([two]),
        &[
            "p: Succeeded exit 0",
            "workStarted 5.500",
            "workEnded 20.500",
            "| 5.500..7.500 Running",
            // No container failed, so this is not a back-off: the second container is still starting.
            "| 7.500..9.500 Starting",
            "| 9.500..20.500 Running",
            "side sidecar",
            "b;",
            "a;",
        ],
    );
}

#[test]
fn an_unknown_end_of_work_is_bounded_and_marked_as_inferred() {
    let describe_lost = |reason: &str, conditions: Value, kubelet: i64| {
        let wrote = json!({"metadata": {"managedFields": [{"manager": "kubelet", "subresource": "status", "time": time(kubelet)}]},
            "status": {"phase": "Failed", "conditions": conditions, "containerStatuses": [container_status("main", 0, lost_state(reason), json!({}))]}});
        describe_watched([(5.1, Added, running_pod()), (90.0, Changed, patched(running_pod(), wrote))])
    };
    let describe_error = |conditions: Value, kubelet: i64| describe_lost("Error", conditions, kubelet);
    let ready = condition("Ready", "False", 50);
    let disrupted = |reason: &str| condition_with_reason("DisruptionTarget", "True", 45, reason);
    assert_lines(
        &describe_lost("ContainerStatusUnknown", json!([ready, disrupted("EvictionByEvictionAPI")]), 80),
        &[
            "p: Failed exit 137 (EvictionByEvictionAPI)",
            "workEnded 45.000 DisruptionTarget",
            "| 5.050..45.000 Running inferred",
        ],
    );
    assert_lines(&describe_error(json!([ready]), 80), &["workEnded 50.000 NotReady"]);
    // The condition Ready has been False since the first write of the kubelet, so its time is not the end of the work.
    assert_lines(
        &describe_error(json!([condition("Ready", "False", 1)]), 80),
        &["workEnded 80.000 KubeletWrote"],
    );
    assert_lines(
        &describe_error(json!([]), 4),
        &["workEnded 89.450 ReceivedTerminated", "| 5.050..89.450 Running inferred"],
    );
    // These conditions date the discovery of the lost node, not the end of the work.
    for description in [
        describe_lost("ContainerStatusUnknown", json!([ready, disrupted("DeletionByTaintManager")]), 80),
        describe_lost("ContainerStatusUnknown", json!([ready]), 80),
        describe_error(json!([ready, disrupted("DeletionByPodGC")]), 80),
    ] {
        assert_lines(&description, &["p: Failed exit 137", "| 5.050..… Running"]);
        assert_no_line(&description, "workEnded");
    }
    // The container may already have been gone when the deletion was requested.
    let unknown = json!({"status": {"phase": "Failed", "conditions": [disrupted("DeletionByTaintManager")],
        "containerStatuses": [container_status("main", 0, lost_state("ContainerStatusUnknown"), json!({}))]}});
    let deleting = patched(running_pod(), deletion(75, 30));
    let description = describe_watched([
        (5.1, Added, running_pod()),
        (45.1, Changed, deleting.clone()),
        (90.0, Changed, patched(deleting, unknown.clone())),
        (90.1, Deleted, patched(patched(running_pod(), unknown), deletion(90, 0))),
    ]);
    assert_lines(
        &description,
        &["p: Deleted exit 137 (DeletionByTaintManager)", "deleted 90.075", "| 5.050..… Running"],
    );
    assert_no_line(&description, "| 45.100");
}

#[test]
fn a_later_status_with_less_information_does_not_replace_a_known_run() {
    let description = describe_watched([
        (5.1, Added, running_pod()),
        (
            9.5,
            Changed,
            patched(
                running_pod(),
                json!({"status": {"containerStatuses": [container_status("main", 0, terminated("main-0", 5, 9, 3, "Error"), json!({}))]}}),
            ),
        ),
        (
            11.0,
            Changed,
            patched(
                running_pod(),
                json!({"status": {"phase": "Failed", "containerStatuses": [container_status("main", 0, lost_state("ContainerStatusUnknown"), json!({}))]}}),
            ),
        ),
    ]);
    assert_lines(&description, &["p: Failed exit 3 (Error)", "workEnded 9.250 FinishedAt"]);
    // The fast stages of kwok (a simulator of nodes) overwrite the start.
    let description = describe_watched([
        (5.1, Added, running_pod()),
        (
            9.5,
            Changed,
            patched(
                running_pod(),
                json!({"status": {"phase": "Succeeded", "containerStatuses": [container_status("main", 0, terminated("", 9, 9, 0, "Completed"), json!({}))]}}),
            ),
        ),
    ]);
    assert_lines(
        &description,
        &["p: Succeeded", "workStarted 5.050", "workEnded 9.250", "| 5.050..9.250 Running"],
    );
}

#[test]
fn times_of_1970_and_null_are_unknown() {
    let odd = scheduled_pod(
        json!({"status": {"phase": "Failed", "containerStatuses": [{"name": "main", "restartCount": 0,
        "state": {"terminated": {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z", "finishedAt": time(4), "containerID": "x"}}}]}}),
    );
    let description = describe_listed([odd]);
    assert_lines(
        &description,
        &["p: NeverStarted exit 128 (StartError)", "main; ?..4.500 FinishedAt exit 128 StartError"],
    );
    assert_no_line(&description, "workStarted");
}
