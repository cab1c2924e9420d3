//! Tests of the first Ready: the instant `ready`, the phase Unready, and its time in the slots.

use kubectl_seq::testing::StatusLines;
use kubectl_seq::testing::lifecycle::PhaseKind;
use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::{self, Added, Changed, Deleted, Listed};
use kubectl_seq::testing::timeline::Timeline;
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::one_pod::{assert_lines, assert_no_line, describe_listed, describe_pods, describe_watched};
use crate::recording::through_a_recording;
use crate::slots::{describe_slot_time, job, summarize, timeline_of_list};
use crate::support::pod_builder::{
    at, condition, container_status, deletion, kubelet_event, observation, patched, running, scheduled_pod,
    terminated, time, waiting,
};

/// A Pod of the Job `j` whose main container has a readiness probe. The kubelet has written the status for the first
/// time at second 1.
fn probed_pod() -> Value {
    let owner = json!([{"kind": "Job", "name": "j", "uid": "j", "controller": true}]);
    scheduled_pod(json!({
        "metadata": {"ownerReferences": owner},
        "spec": {"containers": [{"name": "main", "image": "app:1", "readinessProbe": {"tcpSocket": {"port": 80}}}]},
        "status": {
            "conditions": [condition("PodReadyToStartContainers", "True", 2), condition("Ready", "False", 1)],
            "containerStatuses": [container_status("main", 0, waiting("ContainerCreating"), json!({}))],
        },
    }))
}

/// The Pod whose main container has run since second 5. `ready` is the condition Ready.
#[expect(clippy::needless_pass_by_value, reason = "callers build the conditions inline")]
fn running_with(ready: Value) -> Value {
    let main = container_status("main", 0, running(5), json!({}));
    patched(
        probed_pod(),
        json!({"status": {"phase": "Running", "conditions": [ready], "containerStatuses": [main]}}),
    )
}

/// The Pod after its main container has run from second 5 to second 20.
#[expect(clippy::needless_pass_by_value, reason = "callers build the conditions inline")]
fn ended_with(ready: Value, exit: i32) -> Value {
    let (phase, reason) = if exit == 0 { ("Succeeded", "Completed") } else { ("Failed", "Error") };
    let main = container_status("main", 0, terminated("main-0", 5, 20, exit, reason), json!({}));
    patched(
        probed_pod(),
        json!({"status": {"phase": phase, "conditions": [ready], "containerStatuses": [main]}}),
    )
}

fn started() -> Value {
    kubelet_event("Started", "main", 5.2, "Container started")
}

fn unready() -> Value {
    condition("Ready", "False", 1)
}

fn ready() -> Value {
    condition("Ready", "True", 8)
}

/// The observations of a watch until the Pod is Ready for the first time, at second 8.4.
fn watched_until_ready() -> Vec<(f64, Seen, Value)> {
    vec![
        (1.2, Added, probed_pod()),
        (5.22, Added, started()),
        (5.25, Changed, running_with(unready())),
        (8.425, Changed, running_with(ready())),
    ]
}

#[test]
fn a_followed_pod_is_unready_until_its_first_ready() {
    let mut watched = watched_until_ready();
    let running = describe_watched(watched.clone());
    assert_lines(&running, &["ready 8.400 ReceivedReady", "| 5.200..8.400 Unready", "| 8.400..… Running"]);
    // The condition changes when the container ends. The first Ready stays.
    watched.push((20.9, Changed, ended_with(condition("Ready", "False", 20), 0)));
    let ended = describe_watched(watched);
    assert_lines(&ended, &["p: Succeeded", "ready 8.400", "| 5.200..8.400 Unready", "| 8.400..20"]);
}

#[test]
fn the_receipt_bounds_a_first_ready_that_a_list_reports() {
    let description = describe_listed([running_with(ready()), started()]);
    assert_lines(&description, &["ready 8.500 LatestReady", "| 5.200..8.500 Unready", "| 8.500..… Running"]);
    let list: Vec<Observation> = [running_with(ready()), started()]
        .into_iter()
        .map(|object| observation(Seen::Changed, 8.2, object))
        .collect();
    assert_lines(&describe_pods(&timeline_of(&list)), &["ready 8.100 LatestReady -100+100"]);
}

#[test]
fn a_pod_that_was_never_ready_is_unready_until_now_or_until_its_end() {
    let waits = describe_watched(watched_until_ready().into_iter().take(3));
    assert_lines(&waits, &["p: Running", "| 5.200..… Unready"]);
    assert_no_line(&waits, "ready");
    // A late list proves the same, because the condition has not changed since the first status update.
    assert_lines(&describe_listed([running_with(unready()), started()]), &["| 5.200..… Unready"]);
    let ended = describe_listed([ended_with(unready(), 143), started()]);
    assert_lines(&ended, &["p: Failed exit 143", "| 5.200..20.500 Unready"]);
    assert_no_line(&ended, "ready");
}

#[test]
fn an_ended_pod_that_is_read_late_has_no_ready_and_no_unready_phase() {
    let description = describe_listed([ended_with(condition("Ready", "False", 20), 0), started()]);
    assert_lines(&description, &["p: Succeeded", "| 5.200..20.500 Running"]);
    assert_no_line(&description, "ready");
    assert!(!description.contains("Unready"), "{description}");
    // The container may have ended in the second of the first status update, so the Pod may have been Ready.
    let quick = json!({"status": {"startTime": time(20), "conditions": [condition("Ready", "False", 20)]}});
    let quick = describe_listed([patched(ended_with(unready(), 0), quick)]);
    assert!(!quick.contains("Unready"), "{quick}");
}

#[test]
fn a_pod_that_loses_its_readiness_keeps_its_first_ready() {
    let mut watched = watched_until_ready();
    watched.push((12.3, Changed, running_with(condition("Ready", "False", 12))));
    watched.push((15.3, Changed, running_with(condition("Ready", "True", 15))));
    let description = describe_watched(watched);
    assert_lines(&description, &["ready 8.400", "| 5.200..8.400 Unready", "| 8.400..… Running"]);
    // A list between the two transitions cannot show the first Ready, and the second Ready is not the first.
    let late = [
        (12.3, Listed, running_with(condition("Ready", "False", 12))),
        (12.3, Listed, started()),
        (15.3, Changed, running_with(condition("Ready", "True", 15))),
    ];
    for observations in [&late[..2], &late[..]] {
        let description = describe_watched(observations.to_vec());
        assert_lines(&description, &["| 5.200..… Running"]);
        assert_no_line(&description, "ready");
    }
}

#[test]
fn a_node_that_came_back_does_not_make_a_pod_unready() {
    let back = patched(
        running_with(condition("Ready", "True", 900)),
        json!({"status": {"conditions": [condition("ContainersReady", "True", 8)]}}),
    );
    let description = describe_listed([back, started()]);
    assert_lines(&description, &["| 5.200..… Running"]);
    assert_no_line(&description, "ready");
}

#[test]
fn a_pod_whose_startup_probe_fails_is_unready_in_each_run() {
    let always = |pod: Value| {
        let main = json!({"name": "main", "image": "app:1", "startupProbe": {"exec": {}}});
        patched(pod, json!({"spec": {"restartPolicy": "Always", "containers": [main]}}))
    };
    let again = container_status("main", 1, running(20), terminated("main-0", 5, 15, 143, "Error"));
    let restarted = |ready: Value| {
        always(patched(running_with(ready), json!({"status": {"containerStatuses": [again]}})))
    };
    let mut watched = vec![
        (1.2, Added, always(probed_pod())),
        (5.22, Added, started()),
        (5.25, Changed, always(running_with(unready()))),
        (20.25, Changed, restarted(unready())),
    ];
    let phases = ["| 5.200..15.500 Unready", "| 15.500..20.125 BackOff main (exit code 143)"];
    assert_lines(&describe_watched(watched.clone()), &[phases[0], phases[1], "| 20.125..… Unready"]);
    watched.push((23.425, Changed, restarted(condition("Ready", "True", 23))));
    let description = describe_watched(watched);
    assert_lines(
        &description,
        &["ready 23.400", phases[0], phases[1], "| 20.125..23.400 Unready", "| 23.400..… Running"],
    );
    // If no earlier state was seen, the condition may report a later Ready.
    let late = describe_listed([restarted(condition("Ready", "True", 23))]);
    assert!(!late.contains("Unready"), "{late}");
}

#[test]
fn a_deletion_ends_the_phase_unready() {
    let mut watched = watched_until_ready();
    watched.truncate(3);
    watched.push((10.02, Changed, patched(running_with(unready()), deletion(40, 30))));
    watched.push((12.9, Deleted, patched(ended_with(unready(), 143), deletion(12, 0))));
    assert_lines(&describe_watched(watched), &["| 5.200..9.995 Unready", "| 9.995.."]);
}

#[test]
fn only_probes_of_main_containers_count() {
    let ready = patched(
        running_with(ready()),
        json!({"spec": {
            "containers": [{"name": "main", "image": "app:1", "livenessProbe": {"exec": {}}}],
            "initContainers": [{"name": "log", "image": "log:1", "restartPolicy": "Always", "startupProbe": {"exec": {}}}],
        }}),
    );
    let description = describe_listed([ready, started()]);
    assert_lines(&description, &["| 5.200..… Running"]);
    assert_no_line(&description, "ready");
}

#[test]
fn a_time_that_is_shorter_than_its_uncertainty_is_no_phase() {
    let description = describe_listed([running_with(condition("Ready", "True", 5)), started()]);
    assert_lines(&description, &["ready 5.200 LatestReady", "| 5.200..… Running"]);
    assert!(!description.contains("Unready"), "{description}");
}

#[test]
fn a_run_includes_the_time_before_the_first_ready_and_the_work_in_slots_does_not() {
    let mut watched = watched_until_ready();
    watched.push((20.9, Changed, ended_with(condition("Ready", "False", 20), 0)));
    let mut observations = vec![observation(Listed, 0.0, job(1, Some(1), json!({})))];
    observations
        .extend(watched.into_iter().map(|(seconds, seen, object)| observation(seen, seconds, object)));
    let timeline = timeline_of(&observations);
    let (_, pod) = timeline.pods(&timeline.workloads()[0]).next().unwrap();
    let run = pod.life.run.unwrap().estimate_millis;
    let summary = summarize(&timeline, 30.0);
    let slots = summary.slots.phases;
    assert_eq!(slots[PhaseKind::Unready], 3_200);
    assert_eq!(slots[PhaseKind::Unready] + slots[PhaseKind::Running], run);
    assert_eq!(summary.run_millis, run);
    assert_eq!(pod.life.unready.map(|unready| unready.estimate_millis), Some(3_200));
    assert_eq!(summary.concurrency_max, 1);
    // A failed Pod loses only its work, which begins with the first Ready.
    let failed = timeline_of_list([job(1, Some(1), json!({})), ended_with(unready(), 143), started()]);
    assert!(
        describe_slot_time(&failed, 30.5).contains("Unready 15300"),
        "{}",
        describe_slot_time(&failed, 30.5)
    );
    assert_eq!(summarize(&failed, 30.0).lost_work.total(), 0);
}

#[test]
fn a_recording_keeps_the_presence_of_probes() {
    let watched = watched_until_ready();
    let observations: Vec<Observation> =
        watched.into_iter().map(|(seconds, seen, object)| observation(seen, seconds, object)).collect();
    let describe = |observations: &[Observation]| describe_pods(&timeline_of(observations));
    let recorded = through_a_recording(&observations);
    assert_lines(&describe(&recorded), &["| 5.200..8.400 Unready"]);
    assert_eq!(describe(&recorded), describe(&observations));
}

#[test]
fn lines_report_the_start_of_a_pod_and_then_its_first_ready() {
    let mut timeline = Timeline::default();
    timeline.apply(&observation(Listed, 0.0, job(1, Some(1), json!({}))));
    timeline.recompute();
    let mut lines = StatusLines::default();
    lines.begin(&timeline, at(0.0));
    let mut printed = Vec::new();
    let mut watched = watched_until_ready();
    watched.push((12.3, Changed, running_with(condition("Ready", "False", 12))));
    watched.push((20.9, Changed, ended_with(condition("Ready", "False", 20), 0)));
    for (seconds, seen, object) in watched {
        timeline.apply(&observation(seen, seconds, object));
        let changes = timeline.recompute();
        let new = lines.report_changes(&timeline, &changes, at(seconds));
        printed.extend(new.iter().map(|line| line.plain()[15..].trim().to_owned()));
    }
    let expected = [
        "job/j runs",
        "p runs on node-1, not ready yet (cold start 4s)",
        "p is ready after 3.2s on node-1",
        "p succeeded after 15s (cold start 4s) on node-1",
    ];
    assert_eq!(printed, expected, "{printed:#?}");
    let mut waits = StatusLines::default();
    let listed = timeline_of_list([job(1, Some(1), json!({})), running_with(unready()), started()]);
    let first = waits.begin(&listed, at(9.0))[0].plain();
    assert!(first.ends_with("runs: 1 not ready (created 9s ago)"), "{first}");
}
