//! Tests of Pods with several containers: sidecars, init containers, and main containers of which only one works.

use kubectl_seq::testing::observation::Seen::{Changed, Deleted, Listed};
use kubectl_seq::testing::timeline::Timeline;
use kubectl_seq::testing::view::{Glyphs, Size, ViewState, render_frame};
use kubectl_seq::testing::{StatusLines, observation::Seen};
use serde_json::{Value, json};

use crate::one_pod::{assert_lines, assert_no_line, describe_listed, describe_watched};
use crate::order::json_at;
use crate::support::pod_builder::{
    at, condition, container_status, deletion, kubelet_event, lost_state, merge, observation, patched,
    running, scheduled_pod, terminated, time, waiting,
};

/// A scheduled Pod of a Job with these containers and this status.
#[expect(clippy::needless_pass_by_value, reason = "callers build the values inline")]
fn job_pod(spec: Value, status: Value) -> Value {
    let owner = json!([{"kind": "Job", "name": "j", "uid": "j", "controller": true}]);
    let mut pod = scheduled_pod(json!({"metadata": {"name": "p", "ownerReferences": owner}}));
    merge(&mut pod, json!({"spec": spec, "status": status}));
    pod
}

fn job() -> Value {
    json!({"metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0)},
        "spec": {"parallelism": 1, "completions": 1}, "status": {"active": 1}})
}

/// Follows these observations and returns the timeline, and the lines without the age and the count of succeeded Pods.
/// The lines about a Job without Pods, and about a Job whose only Pod runs or starts, are left out.
fn follow(observations: Vec<(f64, Seen, Value)>) -> (Timeline, Vec<String>) {
    let mut timeline = Timeline::default();
    let mut lines = StatusLines::default();
    let mut printed = lines.begin(&timeline, at(0.0));
    for (seconds, seen, object) in observations {
        timeline.apply(&observation(seen, seconds, object));
        let changes = timeline.recompute();
        printed.extend(lines.report_changes(&timeline, &changes, at(seconds)));
        printed.extend(lines.report_tick(&timeline, at(seconds + 15.0)));
    }
    let texts =
        printed.iter().map(|line| line.plain().split_whitespace().skip(2).collect::<Vec<_>>().join(" "));
    let is_expected = |text: &String| {
        !matches!(text.as_str(), "job/j runs" | "job/j no Pod yet" | "job/j 1 running" | "job/j 1 starting")
    };
    (timeline, texts.filter(is_expected).collect())
}

/// The picture of a timeline at this second.
fn picture(timeline: &Timeline, seconds: f64) -> String {
    let size = Size::unbounded(120);
    let frame = render_frame(timeline, &ViewState::default(), size, &Glyphs::UNICODE, at(seconds));
    frame.lines.iter().map(|line| line.plain() + "\n").collect()
}

/// The spec of a Pod with the main containers `first` and `second`.
fn two_main_containers(restart_policy: &str) -> Value {
    json!({"restartPolicy": restart_policy,
        "containers": [{"name": "first", "image": "app:1"}, {"name": "second", "image": "app:1"}]})
}

fn with_sidecar() -> Value {
    json!({"initContainers": [{"name": "logshipper", "image": "l", "restartPolicy": "Always"}]})
}

fn sidecar_status(state: Value) -> Value {
    json!([container_status("logshipper", 0, state, json!({}))])
}

fn main_status(state: Value) -> Value {
    json!([container_status("main", 0, state, json!({}))])
}

#[test]
fn a_sidecar_keeps_a_pod_from_ending_and_does_not_decide_its_outcome() {
    let working = job_pod(
        with_sidecar(),
        json!({"phase": "Running", "conditions": [condition("Initialized", "True", 3)],
            "initContainerStatuses": sidecar_status(running(3)), "containerStatuses": main_status(running(4))}),
    );
    let stopping = patched(
        working.clone(),
        json!({"status": {"containerStatuses": main_status(terminated("main-0", 4, 6, 0, "Completed"))}}),
    );
    let killed = sidecar_status(terminated("logshipper-0", 3, 36, 137, "Error"));
    let ended =
        patched(stopping.clone(), json!({"status": {"phase": "Succeeded", "initContainerStatuses": killed}}));
    let (timeline, lines) = follow(vec![
        (0.0, Listed, job()),
        (5.0, Listed, working),
        (7.0, Changed, stopping.clone()),
        (37.0, Changed, ended.clone()),
    ]);
    assert!(lines[1].starts_with("p succeeded after"), "{lines:#?}");
    // At the end, the Pod has ended and the Job has not.
    assert_eq!(
        lines[2..],
        ["job/j 1 stopping: waits for sidecar logshipper", "job/j no active Pod"],
        "{lines:#?}"
    );
    let (before, _) = follow(vec![(0.0, Listed, job()), (7.0, Listed, stopping)]);
    assert!(picture(&before, 10.0).contains("waits for sidecar logshipper"), "{}", picture(&before, 10.0));
    assert!(!picture(&timeline, 40.0).contains("waits for sidecar"));
    assert_lines(&describe_listed([ended]), &["p: Succeeded exit 0 [Completed]"]);
}

#[test]
fn the_failed_init_container_is_named_with_its_exit_code_and_its_restarts() {
    let spec =
        |policy: &str| json!({"restartPolicy": policy, "initContainers": [{"name": "fetch", "image": "i"}]});
    let mains = main_status(waiting("PodInitializing"));
    let crashed = |restarts: i32, policy: &str, phase: &str| {
        let end = i64::from(4 + restarts);
        let id = format!("fetch-{restarts}");
        let state = terminated(&id, end - 1, end, 5, "Error");
        job_pod(
            spec(policy),
            json!({"phase": phase, "containerStatuses": mains,
                "initContainerStatuses": [container_status("fetch", restarts, state, json!({}))]}),
        )
    };
    let (_, lines) = follow(vec![
        (0.0, Listed, job()),
        (4.2, Listed, crashed(0, "OnFailure", "Pending")),
        (5.2, Changed, crashed(1, "OnFailure", "Pending")),
        (5.3, Changed, crashed(1, "OnFailure", "Pending")),
    ]);
    let wait = "p waits: init container fetch failed with exit code 5";
    assert_eq!(
        lines,
        [
            format!("{wait} (Init:CrashLoopBackOff)"),
            "job/j 1 crash-looping".to_owned(),
            format!("{wait}, 1 restart (Init:CrashLoopBackOff)"),
            "job/j 1 crash-looping".to_owned(),
        ],
        "{lines:#?}"
    );
    let (timeline, lines) = follow(vec![(0.0, Listed, job()), (4.2, Listed, crashed(0, "Never", "Failed"))]);
    assert!(picture(&timeline, 9.0).contains("fetch: Init:Error"), "{}", picture(&timeline, 9.0));
    assert_eq!(
        lines[0], "p never started: init container fetch failed with exit code 5 (Init:Error) on node-1",
        "{lines:#?}"
    );
    let (_, lines) = follow(vec![(0.0, Listed, job()), (9.0, Listed, crashed(3, "OnFailure", "Failed"))]);
    assert_eq!(
        lines[0],
        "p never started: init container fetch failed with exit code 5, 3 restarts (Init:Error) on node-1",
        "{lines:#?}"
    );
    // While the container runs again, nothing has failed.
    let again = patched(
        crashed(1, "OnFailure", "Pending"),
        json!({"status": {"initContainerStatuses": [container_status("fetch", 2, running(15), terminated("fetch-1", 4, 5, 5, "Error"))]}}),
    );
    assert_lines(&describe_listed([again]), &["p: Starting exit 5 [Init:0/1]"]);
}

#[test]
fn when_one_of_two_containers_ends_the_line_names_it() {
    let state = |first: Value, second: Value, restarts: i32, phase: &str| {
        let statuses = json!([
            container_status("first", 0, first, json!({})),
            container_status("second", restarts, second, json!({}))
        ]);
        job_pod(two_main_containers("OnFailure"), json!({"phase": phase, "containerStatuses": statuses}))
    };
    let first_ended = || terminated("first-0", 3, 6, 0, "Completed");
    let (_, lines) = follow(vec![
        (0.0, Listed, job()),
        (4.0, Listed, state(running(3), running(3), 0, "Running")),
        (7.0, Changed, state(first_ended(), running(3), 0, "Running")),
        (9.0, Changed, state(first_ended(), terminated("second-0", 3, 8, 1, "Error"), 0, "Running")),
        (10.0, Changed, state(first_ended(), running(9), 1, "Running")),
    ]);
    assert_eq!(
        lines[1..],
        [
            "p container first ended with exit code 0; second runs on node-1",
            "p container second: CrashLoopBackOff after exit code 1 on node-1",
            "job/j 1 crash-looping",
            "p container second runs again on node-1",
        ],
        "{lines:#?}"
    );
}

#[test]
fn a_container_that_cannot_run_beside_a_working_one_is_shown_with_its_reason() {
    let state = |second: Value, phase: &str| {
        let statuses = json!([
            container_status("first", 0, running(3), json!({})),
            container_status("second", 0, second, json!({}))
        ]);
        job_pod(two_main_containers("Never"), json!({"phase": phase, "containerStatuses": statuses}))
    };
    let observations = vec![
        (0.0, Listed, job()),
        (1.1, Listed, job_pod(two_main_containers("Never"), json!({}))),
        (3.1, Changed, kubelet_event("Started", "first", 3.1, "Started container first")),
        (3.3, Changed, kubelet_event("Pulling", "second", 3.2, "Pulling image \"app:1\"")),
        (4.1, Changed, kubelet_event("Failed", "second", 4.0, "Failed to pull image \"app:1\": not found")),
        (4.2, Changed, state(waiting("ErrImagePull"), "Pending")),
        (9.0, Changed, state(waiting("ImagePullBackOff"), "Pending")),
    ];
    let (timeline, lines) = follow(observations.clone());
    let expected = "p container second: ErrImagePull: not found; first runs on node-1";
    assert!(lines.iter().any(|line| line == expected), "{lines:#?}");
    let picture = picture(&timeline, 24.0);
    assert!(picture.contains("container second: ImagePullBackOff"), "{picture}");
    let document: Value = serde_json::from_str(&json_at(&timeline, at(24.0))).unwrap();
    let job = &document["workloads"][0];
    let (pod, wait) = (&job["pods"][0], &job["waits"][0]);
    assert_eq!(wait["reason"], "container second: ImagePullBackOff", "{job:#}");
    assert_eq!(wait["longestMillis"], 20_000, "{job:#}");
    assert_eq!((&pod["outcome"], &pod["reason"]), (&json!("Running"), &json!("ImagePullBackOff")), "{job:#}");
    let last = pod["phases"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["phase"], &last["container"]), (&json!("Running"), &json!("second")), "{job:#}");
    // The deletion of the Pod needs one line, although it ends the containers one after another.
    let deleted = patched(state(waiting("ImagePullBackOff"), "Running"), deletion(55, 30));
    let killed = json!([
        container_status("first", 0, terminated("first-0", 3, 26, 137, "Error"), json!({})),
        container_status("second", 0, waiting("ContainerCreating"), json!({}))
    ]);
    let killed = patched(deleted.clone(), json!({"status": {"containerStatuses": killed}}));
    let end = vec![(25.1, Changed, deleted), (27.0, Changed, killed)];
    let (_, lines) = follow([observations.clone(), end].concat());
    assert_eq!(lines.iter().filter(|line| *line == "p is being deleted on node-1").count(), 1, "{lines:#?}");
    // As soon as the container runs, the wait is over.
    let (timeline, _) = follow([observations, vec![(25.0, Changed, state(running(24), "Running"))]].concat());
    let document: Value = serde_json::from_str(&json_at(&timeline, at(26.0))).unwrap();
    assert_eq!(document["workloads"][0]["pods"][0]["reason"], Value::Null);
}

#[test]
fn the_wait_of_a_container_goes_on_after_the_other_container_has_ended() {
    let state = |first: Value| {
        let statuses = json!([
            container_status("first", 0, first, json!({})),
            container_status("second", 0, waiting("CreateContainerConfigError"), json!({}))
        ]);
        job_pod(two_main_containers("Never"), json!({"phase": "Running", "containerStatuses": statuses}))
    };
    let (timeline, _) = follow(vec![
        (0.0, Listed, job()),
        (1.1, Listed, job_pod(two_main_containers("Never"), json!({}))),
        (5.0, Changed, state(running(3))),
        (11.0, Changed, state(terminated("first-0", 3, 10, 0, "Completed"))),
    ]);
    let document: Value = serde_json::from_str(&json_at(&timeline, at(35.0))).unwrap();
    let job = &document["workloads"][0];
    let waits = job["waits"].as_array().unwrap();
    assert_eq!(waits.len(), 1, "{job:#}");
    assert_eq!(waits[0]["reason"], "container second: CreateContainerConfigError", "{job:#}");
    assert_eq!(waits[0]["longestMillis"], 30_025, "{job:#}");
}

#[test]
fn a_container_that_runs_without_a_start_time_runs_since_an_unknown_time() {
    let pod = scheduled_pod(json!({"status": {"phase": "Running",
        "conditions": [condition("PodReadyToStartContainers", "True", 2), condition("Ready", "True", 5)],
        "containerStatuses": main_status(json!({"running": {"startedAt": null}}))}}));
    let description = describe_listed([pod.clone()]);
    assert_lines(
        &description,
        &[
            "p: Running",
            "| 1.500..5.000 Startup (first start not seen) inferred",
            "| 5.000..… Running inferred",
        ],
    );
    assert_no_line(&description, "workStarted");
    let owned = job_pod(json!({}), pod["status"].clone());
    let (timeline, lines) = follow(vec![(0.0, Listed, job()), (9.0, Listed, owned)]);
    assert_eq!(lines[0], "p runs on node-1 since an unknown time", "{lines:#?}");
    let document: Value = serde_json::from_str(&json_at(&timeline, at(60.0))).unwrap();
    let found = &document["workloads"][0]["pods"][0];
    assert_eq!((&found["coldStartMillis"], &found["runMillis"]), (&Value::Null, &Value::Null));
    // A live view keeps this knowledge after the end.
    let ended = patched(
        pod.clone(),
        json!({"status": {"phase": "Succeeded", "containerStatuses": main_status(json!({"terminated": {
            "containerID": "main-0", "startedAt": null, "finishedAt": time(20), "exitCode": 0, "reason": "Completed"}}))}}),
    );
    assert_lines(
        &describe_watched([(9.0, Listed, pod), (20.5, Changed, ended)]),
        &["p: Succeeded exit 0", "workEnded 20.250 FinishedAt", "| 5.000..20.250 Running inferred"],
    );
}

#[test]
fn a_pod_in_an_unknown_phase_was_not_deleted() {
    let lost = |reason: &str| {
        scheduled_pod(
            json!({"metadata": {"managedFields": [{"manager": "kubelet", "subresource": "status", "time": time(6)}]},
            "status": {"phase": "Unknown", "reason": reason, "containerStatuses": main_status(running(3))}}),
        )
    };
    let (timeline, lines) = follow(vec![(9.0, Listed, lost("NodeLost"))]);
    assert_eq!(lines[0], "p state unknown since 12:00:06Z: NodeLost on node-1", "{lines:#?}");
    let (mut again, mut text) = (StatusLines::default(), String::new());
    for line in again.begin(&timeline, at(60.0)) {
        text += &line.plain();
    }
    assert!(text.contains("pod/p state unknown since 12:00:06Z"), "{text}");
    let picture = picture(&timeline, 60.0);
    assert!(picture.contains("? NodeLost") && picture.contains("1 unknown"), "{picture}");
    let deleted = patched(lost("NodeLost"), deletion(40, 30));
    assert_lines(&describe_listed([deleted]), &["p: Unknown (NodeLost) [Unknown] end unknown"]);
    // Nothing says why the phase is unknown.
    assert_lines(&describe_listed([lost("")]), &["p: Unknown [Unknown] end unknown"]);
}

#[test]
fn a_job_that_another_controller_manages_has_no_verdict_over_pods_elsewhere() {
    let managed =
        patched(job(), json!({"spec": {"managedBy": "kueue.x-k8s.io/multikueue"}, "status": {"active": 0}}));
    let (timeline, lines) = follow(vec![(0.1, Listed, managed.clone())]);
    let text = "managed by kueue.x-k8s.io/multikueue";
    assert_eq!(
        lines,
        [
            format!("job/j is {text}; its Pods may run in another cluster"),
            format!("job/j no Pod here, {text}")
        ]
    );
    // The controller copies the status of the other cluster.
    let active = patched(managed.clone(), json!({"status": {"active": 1, "startTime": time(2)}}));
    let (active, lines) = follow(vec![(0.1, Listed, managed), (5.0, Changed, active)]);
    assert_eq!(lines[2], format!("job/j runs, {text}; its Pods may run in another cluster"), "{lines:#?}");
    for timeline in [&timeline, &active] {
        let picture = picture(timeline, 60.0);
        assert!(picture.contains(text) && picture.contains("no Pods here"), "{picture}");
        assert!(!picture.contains("idle"), "{picture}");
        let document: Value = serde_json::from_str(&json_at(timeline, at(60.0))).unwrap();
        assert_eq!(document["workloads"][0]["summary"]["slotMillis"], 0);
    }
    // If `managedBy` names the Job controller itself, nothing changes.
    let own = patched(job(), json!({"spec": {"managedBy": "kubernetes.io/job-controller"}}));
    let (timeline, _) = follow(vec![(0.1, Listed, own)]);
    assert!(picture(&timeline, 60.0).contains("idle 100 %"));
}

#[test]
fn the_picture_shows_restarts() {
    let statuses =
        json!([container_status("main", 3, running(40), terminated("main-2", 20, 22, 1, "Error"))]);
    let restarted = job_pod(
        json!({"restartPolicy": "OnFailure"}),
        json!({"phase": "Running", "containerStatuses": statuses}),
    );
    let (timeline, _) = follow(vec![(0.0, Listed, job()), (50.0, Listed, restarted)]);
    let picture = picture(&timeline, 60.0);
    assert!(picture.contains("✗ 1 ↻3") && picture.contains("↻ restarts"), "{picture}");
    assert!(picture.contains("1 crash-looping (3 restarts, exit code 1)"), "{picture}");
    // The run that failed looks different from the run that goes on.
    assert!(picture.contains("▓✗~") && picture.contains("██▶"), "{picture}");
}

#[test]
fn a_disruption_without_a_reason_is_still_named() {
    let evicted = scheduled_pod(json!({"status": {"phase": "Failed",
        "conditions": [{"type": "DisruptionTarget", "status": "True", "lastTransitionTime": time(8)}],
        "containerStatuses": main_status(terminated("main-0", 3, 8, 137, "Error"))}}));
    assert_lines(&describe_listed([evicted]), &["p: Failed exit 137 (DisruptionTarget)"]);
    let removed = scheduled_pod(json!({"status": {"phase": "Failed", "reason": "Evicted",
        "containerStatuses": main_status(lost_state("ContainerStatusUnknown"))}}));
    let gone = patched(removed.clone(), deletion(20, 0));
    assert_lines(
        &describe_watched([(9.0, Listed, removed), (20.0, Deleted, gone)]),
        &["p: NeverStarted (Evicted)"],
    );
}
