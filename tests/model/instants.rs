//! Which evidence wins for each instant.

use kubectl_seq::testing::observation::Seen::{Added, Changed, Deleted, Listed};
use serde_json::{Value, json};

use crate::story::{
    bound, cond, cond_why, deleted_at, done, event, keeps_quiet_of, listed, lost, pod, pulled, repeated,
    running, scheduled, status, t, tells, terminated, waiting, watched, with, works,
};

#[test]
fn created_is_the_owners_event_then_the_receipt_then_the_field() {
    let owner = json!({"metadata": {"ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]}});
    let mut created = event("SuccessfulCreate", "", 0.731, "Created pod: p");
    created["involvedObject"] = json!({"kind": "Job", "name": "j", "uid": "j"});
    let added = (0.744, Added, with(pod(json!({})), owner));
    tells(&watched([added.clone(), (0.75, Added, created.clone())]), &["created 0.731 SuccessfulCreate"]);
    tells(&watched([(0.72, Added, created), added.clone()]), &["created 0.731 SuccessfulCreate"]);
    tells(&watched([added]), &["created 0.744 ReceivedAdded"]);
    tells(&listed([pod(json!({}))]), &["created 0.000 CreationTimestamp"]);
    // A watch that begins without a list tells of old Pods as ADDED.
    tells(&watched([(400.0, Added, pod(json!({})))]), &["created 0.000 CreationTimestamp"]);
}

#[test]
fn scheduled_is_the_event_then_the_condition_then_bounds() {
    tells(&listed([done(), scheduled(1.402)]), &["scheduled 1.402 ScheduledEvent"]);
    tells(&listed([scheduled(1.402), done()]), &["scheduled 1.402 ScheduledEvent"]);
    tells(&listed([done()]), &["scheduled 1.000 PodScheduled"]);
    // Two seconds away from the condition it is of another clock.
    tells(&listed([done(), scheduled(3.4)]), &["scheduled 1.000 PodScheduled"]);
    let born = pod(json!({"spec": {"nodeName": "node-1"}}));
    tells(&watched([(0.2, Added, born)]), &["scheduled 0.200 CreatedWithNode"]);
    let bare = pod(json!({"spec": {"nodeName": "node-1"}, "status": {"startTime": t(2),
        "conditions": [cond("PodScheduled", "False", 0)]}}));
    tells(&listed([bare]), &["scheduled 2.000 StartTime"]);
}

#[test]
fn sandbox_is_the_first_image_event_then_the_condition_if_it_came_in_time() {
    let events =
        [event("Pulling", "main", 3.235, "Pulling image \"app:1\""), pulled("main", 4.9, "1.6s", "1.664s")];
    tells(&listed([works(), events[0].clone(), events[1].clone()]), &["sandboxReady 3.235 ImageEvent"]);
    tells(&listed([events[1].clone(), events[0].clone(), works()]), &["sandboxReady 3.235 ImageEvent"]);
    // The Pulling was lost: the Pulled tells when it was asked for.
    tells(&listed([works(), events[1].clone()]), &["sandboxReady 3.236 ImageEvent"]);
    tells(&listed([works(), event("InspectFailed", "main", 3.5, "x")]), &["sandboxReady 3.500 ImageEvent"]);
    tells(
        &listed([works(), event("ErrImageNeverPull", "main", 3.5, "x")]),
        &["sandboxReady 3.500 ImageEvent"],
    );
    tells(&listed([works()]), &["sandboxReady 3.000 ReadyToStartContainers"]);
    // Before Kubernetes 1.36 the condition came after pull and start.
    let old =
        with(works(), json!({"status": {"conditions": [cond("PodReadyToStartContainers", "True", 7)]}}));
    keeps_quiet_of(&listed([old.clone()]), "sandboxReady");
    tells(&listed([old.clone(), events[0].clone()]), &["sandboxReady 3.235 ImageEvent"]);
    tells(&listed([old]), &["| 1.000..5.000 Startup", "| 5.000..… Running"]);
}

#[test]
fn events_of_debug_containers_and_of_later_runs_do_not_move_the_sandbox() {
    let debugged =
        with(works(), json!({"spec": {"ephemeralContainers": [{"name": "debug", "image": "sh"}]}}));
    let story = listed([event("Pulling", "debug", 2.0, "Pulling image \"sh\""), debugged]);
    tells(&story, &["sandboxReady 3.000 ReadyToStartContainers", "workStarted 5.000", "debug ephemeral"]);
    // The first events have expired; those of a later run have not.
    let again = event("Pulled", "main", 3700.2, "Container image \"app:1\" already present on machine");
    let story = listed([works(), again]);
    tells(&story, &["sandboxReady 3.000 ReadyToStartContainers", "workStarted 5.000 StartedAt"]);
    keeps_quiet_of(&story, "p: Running clamped");
}

#[test]
fn a_first_start_is_the_event_if_it_fits_then_the_field() {
    tells(
        &listed([works(), event("Started", "main", 5.145, "Container started")]),
        &["workStarted 5.145 StartedEvent"],
    );
    tells(
        &listed([works(), event("Started", "main", 4.85, "Container started")]),
        &["workStarted 4.850 StartedEvent"],
    );
    // More than 0.2 s before the second or 1.2 s after it, it is not of the same start.
    tells(
        &listed([works(), event("Started", "main", 4.75, "Container started")]),
        &["workStarted 5.000 StartedAt"],
    );
    tells(
        &listed([works(), event("Started", "main", 6.25, "Container started")]),
        &["workStarted 5.000 StartedAt"],
    );
    // Before the status says so: the kubelet writes when its pass over the Pod ends.
    let early = bound(
        json!({"status": {"containerStatuses": [status("main", 0, waiting("ContainerCreating"), json!({}))]}}),
    );
    tells(
        &watched([(2.0, Listed, early), (5.16, Added, event("Started", "main", 5.145, "x"))]),
        &["p: Running", "workStarted 5.145 StartedEvent", "| 5.145..… Running"],
    );
}

#[test]
fn a_first_start_that_nobody_saw_stays_unknown() {
    let crashed = |restarts| {
        bound(json!({"spec": {"restartPolicy": "OnFailure"}, "status": {"phase": "Running",
        "containerStatuses": [status("main", restarts, running(60), terminated("main-before", 40, 41, 1, "Error"))]}}))
    };
    // One restart: the run before was the first.
    tells(&listed([crashed(1)]), &["workStarted 40.000 StartedAt"]);
    let story = listed([crashed(4)]);
    keeps_quiet_of(&story, "workStarted");
    tells(
        &story,
        &[
            "p: Running",
            "| 1.000..40.000 Startup (first start not seen)",
            "| 40.000..41.000 Running",
            "| 41.000..60.000 BackOff main (exit code 1)",
            "| 60.000..… Running",
            "main restarts 4; 40.000",
        ],
    );
    assert!(story.contains("; 3 not seen"), "{story}");
    // The event still tells of it.
    let started = repeated(event("Started", "main", 5.2, "Container started"), 5, 60);
    tells(
        &listed([crashed(4), started]),
        &["workStarted 5.200 StartedEvent", "| 5.200..40.000 Running (2 runs not seen) inferred"],
    );
}

#[test]
fn later_starts_are_refined_by_the_receipt_of_the_repeated_event() {
    let crash = |restarts, now: Value, last: Value| {
        bound(json!({"spec": {"restartPolicy": "OnFailure"},
        "status": {"phase": "Running", "containerStatuses": [status("main", restarts, now, last)]}}))
    };
    let first = terminated("main-0", 5, 6, 1, "Error");
    let second = terminated("main-1", 17, 18, 1, "Error");
    let started = event("Started", "main", 5.1, "Container started");
    let story = watched([
        (5.2, Added, started.clone()),
        (5.3, Changed, crash(0, running(5), json!({}))),
        (6.9, Changed, crash(0, first.clone(), json!({}))),
        (17.42, Changed, repeated(started.clone(), 2, 17)),
        (17.44, Changed, crash(1, running(17), first.clone())),
        (18.9, Changed, crash(1, second.clone(), first)),
        (40.31, Changed, repeated(started, 3, 40)),
        (40.33, Changed, crash(2, running(40), second)),
    ]);
    tells(
        &story,
        &[
            "p: Running",
            "workStarted 5.100 StartedEvent",
            "| 5.100..6.000 Running",
            "| 6.000..17.420 BackOff main (exit code 1)",
            "| 17.420..18.000 Running",
            "| 18.000..40.310 BackOff",
            "| 40.310..… Running observed",
            "main restarts 2; 5.100 StartedEvent..6.000 FinishedAt exit 1 Error; 17.420 ReceivedStarted..18.000 FinishedAt exit 1 Error; 40.310 ReceivedStarted..…",
        ],
    );
}

#[test]
fn work_starts_with_the_first_main_container_and_ends_with_the_last() {
    let two =
        bound(json!({"spec": {"containers": [{"name": "b", "image": "b"}, {"name": "a", "image": "a"}],
        "initContainers": [{"name": "side", "image": "s", "restartPolicy": "Always"}]},
        "status": {"phase": "Succeeded",
        "initContainerStatuses": [status("side", 0, terminated("side-0", 2, 30, 7, "Error"), json!({}))],
        "containerStatuses": [status("a", 0, terminated("a-0", 9, 20, 0, "Completed"), json!({})),
                              status("b", 0, terminated("b-0", 5, 7, 0, "Completed"), json!({}))]}}));
    tells(
        &listed([two]),
        &[
            "p: Succeeded exit 0",
            "workStarted 5.000",
            "workEnded 20.000",
            "| 5.000..7.000 Running",
            // Nothing waits out a failure here: the second container is still being started.
            "| 7.000..9.000 Starting",
            "| 9.000..20.000 Running",
            "side sidecar",
            "b;",
            "a;",
        ],
    );
}

#[test]
fn an_unknown_end_of_work_is_bounded_and_said_to_be() {
    let because = |why: &str, conditions: Value, kubelet: i64| {
        let wrote = json!({"metadata": {"managedFields": [{"manager": "kubelet", "subresource": "status", "time": t(kubelet)}]},
            "status": {"phase": "Failed", "conditions": conditions, "containerStatuses": [status("main", 0, lost(why), json!({}))]}});
        watched([(5.1, Added, works()), (90.0, Changed, with(works(), wrote))])
    };
    let told = |conditions: Value, kubelet: i64| because("Error", conditions, kubelet);
    let ready = cond("Ready", "False", 50);
    let disrupted = |by: &str| cond_why("DisruptionTarget", "True", 45, by);
    tells(
        &because("ContainerStatusUnknown", json!([ready, disrupted("EvictionByEvictionAPI")]), 80),
        &[
            "p: Failed exit 137 (EvictionByEvictionAPI)",
            "workEnded 45.000 DisruptionTarget",
            "| 5.000..45.000 Running inferred",
        ],
    );
    tells(&told(json!([ready]), 80), &["workEnded 50.000 NotReady"]);
    // Ready is False since the first write if it never was True.
    tells(&told(json!([cond("Ready", "False", 1)]), 80), &["workEnded 80.000 KubeletWrote"]);
    tells(&told(json!([]), 4), &["workEnded 90.000 ReceivedTerminated", "| 5.000..90.000 Running inferred"]);
    // Its node went, and somebody noticed: that is no end of the work.
    for story in [
        because("ContainerStatusUnknown", json!([ready, disrupted("DeletionByTaintManager")]), 80),
        because("ContainerStatusUnknown", json!([ready]), 80),
        told(json!([ready, disrupted("DeletionByPodGC")]), 80),
    ] {
        tells(&story, &["p: Failed exit 137", "| 5.000..… Running"]);
        keeps_quiet_of(&story, "workEnded");
    }
    // Its deletion was asked for when it may have been gone already.
    let unknown = json!({"status": {"phase": "Failed", "conditions": [disrupted("DeletionByTaintManager")],
        "containerStatuses": [status("main", 0, lost("ContainerStatusUnknown"), json!({}))]}});
    let asked = with(works(), deleted_at(75, 30));
    let story = watched([
        (5.1, Added, works()),
        (45.1, Changed, asked.clone()),
        (90.0, Changed, with(asked, unknown.clone())),
        (90.1, Deleted, with(with(works(), unknown), deleted_at(90, 0))),
    ]);
    tells(&story, &["p: Deleted exit 137 (DeletionByTaintManager)", "deleted 90.100", "| 5.000..… Running"]);
    keeps_quiet_of(&story, "| 45.100");
}

#[test]
fn what_was_known_of_a_run_is_kept() {
    let story = watched([
        (5.1, Added, works()),
        (
            9.5,
            Changed,
            with(
                works(),
                json!({"status": {"containerStatuses": [status("main", 0, terminated("main-0", 5, 9, 3, "Error"), json!({}))]}}),
            ),
        ),
        (
            11.0,
            Changed,
            with(
                works(),
                json!({"status": {"phase": "Failed", "containerStatuses": [status("main", 0, lost("ContainerStatusUnknown"), json!({}))]}}),
            ),
        ),
    ]);
    tells(&story, &["p: Failed exit 3 (Error)", "workEnded 9.000 FinishedAt"]);
    // kwok's fast stages rewrite the start.
    let story = watched([
        (5.1, Added, works()),
        (
            9.5,
            Changed,
            with(
                works(),
                json!({"status": {"phase": "Succeeded", "containerStatuses": [status("main", 0, terminated("", 9, 9, 0, "Completed"), json!({}))]}}),
            ),
        ),
    ]);
    tells(&story, &["p: Succeeded", "workStarted 5.000", "workEnded 9.000", "| 5.000..9.000 Running"]);
}

#[test]
fn times_of_1970_and_null_are_unknown() {
    let odd = bound(
        json!({"status": {"phase": "Failed", "containerStatuses": [{"name": "main", "restartCount": 0,
        "state": {"terminated": {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z", "finishedAt": t(4), "containerID": "x"}}}]}}),
    );
    let story = listed([odd]);
    tells(
        &story,
        &["p: NeverStarted exit 128 (StartError)", "main; ?..4.000 FinishedAt exit 128 StartError"],
    );
    keeps_quiet_of(&story, "workStarted");
}
