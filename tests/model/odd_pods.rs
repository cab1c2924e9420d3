//! A table of Pods whose status is incomplete or contradicts itself, read late and followed live.

use kubectl_seq::testing::observation::Seen::{self, Changed, Listed};
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::order::json_at;
use crate::support::pod_builder::{
    at, condition, container_status, lost_state, observation, patched, running, running_pod, scheduled_pod,
    terminated, time,
};

/// A row of the table.
struct Row {
    name: &'static str,
    observations: Vec<(f64, Seen, Value)>,
    outcome: &'static str,
    exit_code: Option<i32>,
    reason: Option<&'static str>,
    /// The shortest and the longest `runMillis` that are right; `None` if the time is unknown.
    run_millis: Option<(i64, i64)>,
}

/// A status of a main container without a container ID, as simulated nodes write it.
fn simulated(state: Value) -> Value {
    let mut status = container_status("main", 0, state, json!({}));
    status["containerID"] = json!("");
    json!([status])
}

/// A Pod of a simulated node that runs from second 5 on.
fn simulated_running() -> Value {
    patched(running_pod(), json!({"status": {"containerStatuses": simulated(running(5))}}))
}

/// A Pod of a simulated node after its end at second 30. The status repeats the end as the start.
fn simulated_end(phase: &str, exit_code: i32) -> Value {
    let reason = if exit_code == 0 { "Completed" } else { "Error" };
    let state = terminated("", 30, 30, exit_code, reason);
    patched(
        running_pod(),
        json!({"status": {"phase": phase, "conditions": [condition("Ready", "False", 30)],
            "containerStatuses": simulated(state)}}),
    )
}

fn failed(patch: Value) -> Value {
    patched(scheduled_pod(json!({"status": {"phase": "Failed"}})), patch)
}

#[expect(clippy::too_many_lines, reason = "one table")]
fn table() -> Vec<Row> {
    let lost = || json!([container_status("main", 0, lost_state("ContainerStatusUnknown"), json!({}))]);
    let lost_pod = || failed(json!({"status": {"containerStatuses": lost()}}));
    let wrote = |second| json!({"metadata": {"managedFields": [{"manager": "kubelet", "subresource": "status", "time": time(second)}]}});
    let unknown = || {
        patched(
            patched(running_pod(), wrote(9)),
            json!({"status": {"phase": "Unknown", "reason": "NodeLost"}}),
        )
    };
    let killed =
        || json!([container_status("main", 0, terminated("main-0", 5, 20, 137, "Error"), json!({}))]);
    let disrupted = |reason: &str| {
        let mut condition = condition("DisruptionTarget", "True", 18);
        condition["reason"] = json!(reason);
        failed(json!({"status": {"conditions": [condition], "containerStatuses": killed()}}))
    };
    let still_running = || {
        let ended = [condition("Ready", "False", 21), condition("ContainersReady", "False", 21)];
        patched(running_pod(), json!({"status": {"phase": "Succeeded", "conditions": ended}}))
    };
    vec![
        Row {
            name: "terminated with null times, read late",
            observations: vec![(60.0, Listed, lost_pod())],
            outcome: "NeverStarted",
            exit_code: None,
            reason: Some("ContainerStatusUnknown"),
            run_millis: None,
        },
        Row {
            name: "terminated with null times, seen running",
            observations: vec![(6.0, Listed, running_pod()), (60.0, Changed, lost_pod())],
            outcome: "Failed",
            exit_code: Some(137),
            reason: Some("ContainerStatusUnknown"),
            run_millis: None,
        },
        Row {
            name: "evicted before any container ran",
            observations: vec![(
                60.0,
                Listed,
                failed(json!({"status": {"reason": "Evicted", "message": "low on memory"}})),
            )],
            outcome: "NeverStarted",
            exit_code: None,
            reason: Some("Evicted"),
            run_millis: None,
        },
        Row {
            name: "evicted with DisruptionTarget",
            observations: vec![(60.0, Listed, disrupted("TerminationByKubelet"))],
            outcome: "Failed",
            exit_code: Some(137),
            reason: Some("TerminationByKubelet"),
            run_millis: Some((14_000, 16_000)),
        },
        Row {
            name: "evicted with DisruptionTarget but no reason",
            observations: vec![(60.0, Listed, disrupted(""))],
            outcome: "Failed",
            exit_code: Some(137),
            reason: Some("DisruptionTarget"),
            run_millis: Some((14_000, 16_000)),
        },
        Row {
            name: "phase Unknown",
            observations: vec![(60.0, Listed, unknown())],
            outcome: "Unknown",
            exit_code: None,
            reason: Some("NodeLost"),
            run_millis: None,
        },
        Row {
            name: "a simulated node, read late",
            observations: vec![(60.0, Listed, simulated_end("Succeeded", 0))],
            outcome: "Succeeded",
            exit_code: Some(0),
            reason: None,
            run_millis: None,
        },
        Row {
            name: "a failure on a simulated node, read late",
            observations: vec![(60.0, Listed, simulated_end("Failed", 1))],
            outcome: "Failed",
            exit_code: Some(1),
            reason: Some("Error"),
            run_millis: None,
        },
        Row {
            name: "a simulated node, followed",
            observations: vec![
                (6.0, Listed, simulated_running()),
                (30.2, Changed, simulated_end("Succeeded", 0)),
            ],
            outcome: "Succeeded",
            exit_code: Some(0),
            reason: None,
            run_millis: Some((24_000, 26_000)),
        },
        Row {
            name: "a kubelet's run of less than a second, read late",
            observations: vec![(
                60.0,
                Listed,
                patched(
                    simulated_end("Succeeded", 0),
                    json!({"status": {"containerStatuses": [container_status("main", 0, terminated("main-0", 30, 30, 0, "Completed"), json!({}))]}}),
                ),
            )],
            outcome: "Succeeded",
            exit_code: Some(0),
            reason: None,
            run_millis: Some((0, 999)),
        },
        Row {
            name: "phase Succeeded with a running container, read late",
            observations: vec![(60.0, Listed, still_running())],
            outcome: "Succeeded",
            exit_code: None,
            reason: None,
            run_millis: Some((15_000, 17_000)),
        },
        Row {
            name: "phase Succeeded with a running container, followed",
            observations: vec![(6.0, Listed, running_pod()), (21.5, Changed, still_running())],
            outcome: "Succeeded",
            exit_code: None,
            reason: None,
            run_millis: Some((15_000, 17_000)),
        },
    ]
}

#[test]
fn incomplete_and_contradictory_statuses_give_no_invented_times() {
    for row in table() {
        let observations: Vec<_> =
            row.observations.into_iter().map(|(at, seen, object)| observation(seen, at, object)).collect();
        let timeline = timeline_of(&observations);
        let document: Value = serde_json::from_str(&json_at(&timeline, at(60.0))).unwrap();
        let pod = &document["workloads"][0]["pods"][0];
        let found = (&pod["outcome"], &pod["exitCode"], &pod["reason"]);
        let expected = (&json!(row.outcome), &json!(row.exit_code), &json!(row.reason));
        assert_eq!(found, expected, "{}: {pod:#}", row.name);
        let run = pod["runMillis"].as_i64();
        let is_right = match (run, row.run_millis) {
            (Some(run), Some((min, max))) => (min..=max).contains(&run),
            (run, expected) => run.is_none() && expected.is_none(),
        };
        assert!(is_right, "{}: a run of {run:?} ms in {pod:#}", row.name);
        for phase in pod["phases"].as_array().unwrap() {
            let millis = phase["millis"].as_i64();
            assert!(millis.is_none_or(|millis| millis >= 0), "{}: {phase:#}", row.name);
            assert_ne!(phase["reason"], "", "{}: {phase:#}", row.name);
        }
    }
}
