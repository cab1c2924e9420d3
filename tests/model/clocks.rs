//! Tests of nodes with clocks that differ from the clock of the API server, and of impossible orders of times.

use kubectl_seq::testing::observation::Seen;
use kubectl_seq::testing::view::{Glyphs, PodExtras, Size, ViewState, draw_pod, render_frame};
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::one_pod::{assert_lines, describe_listed};
use crate::support::pod_builder::{
    at, condition, container_status, kubelet_event, observation, patched, pod, running, running_pod,
    scheduled_event, succeeded_pod, terminated, time,
};

#[test]
fn an_impossible_order_is_corrected_and_reported() {
    let impossible = patched(
        running_pod(),
        json!({"metadata": {"creationTimestamp": time(8)}, "status": {"startTime": time(7), "conditions": [condition("PodScheduled", "True", 8)]}}),
    );
    let description = describe_listed([impossible]);
    assert_lines(
        &description,
        &[
            "p: Running [Running] clamped",
            "created 8.000",
            "scheduled 8.000",
            "sandboxReady 8.000",
            "workStarted 8.000",
        ],
    );
    // A difference below one second comes from rounding, so the description does not report a correction.
    let description =
        describe_listed([running_pod(), scheduled_event(1.4), kubelet_event("Pulling", "main", 1.2, "x")]);
    assert_lines(&description, &["p: Running [Running]", "scheduled 1.400", "sandboxReady 1.400"]);
}

/// An event of the kubelet that the API server stored at this second of the server's clock.
fn stored(event: Value, second: i64) -> Value {
    patched(event, json!({"metadata": {"creationTimestamp": time(second)}, "source": {"host": "node-1"}}))
}

#[test]
fn the_times_of_a_node_whose_clock_is_behind_are_moved_forward() {
    // The kubelet first saw the Pod at 1.x on the kubelet's clock, and after 8.3 on the server's clock. So the
    // kubelet's clock is behind by at least 6.3 s.
    let slow = patched(
        running_pod(),
        json!({"metadata": {"creationTimestamp": time(8)}, "status": {"conditions": [condition("PodScheduled", "True", 8)]}}),
    );
    let objects = [
        slow,
        scheduled_event(8.3),
        kubelet_event("Pulling", "main", 3.1, "x"),
        kubelet_event("Started", "main", 5.25, "x"),
    ];
    let description = describe_listed(objects.clone());
    assert_lines(
        &description,
        &[
            "p: Running [Running] clamped",
            "created 8.300",
            "scheduled 8.300 ScheduledEvent",
            "sandboxReady 9.400 ImageEvent",
            "workStarted 11.550 StartedEvent",
        ],
    );
    for rotation in 1..objects.len() {
        let mut objects = objects.clone();
        objects.rotate_left(rotation);
        assert_eq!(describe_listed(objects), description);
    }
}

#[test]
fn the_times_of_a_node_whose_clock_is_ahead_are_moved_back() {
    // The event was stored at 2.x, when the kubelet's clock already read 5.0. So this clock is ahead by at least 2 s.
    let early = stored(kubelet_event("Pulling", "main", 5.0, "x"), 2);
    let ahead = patched(
        running_pod(),
        json!({"status": {"containerStatuses": [container_status("main", 0, running(7), json!({}))]}}),
    );
    let objects = [ahead, scheduled_event(1.2), early, stored(kubelet_event("Started", "main", 7.5, "x"), 5)];
    let description = describe_listed(objects.clone());
    assert_lines(
        &description,
        &["scheduled 1.200", "sandboxReady 3.000 ImageEvent", "workStarted 5.500 StartedEvent"],
    );
    for rotation in 1..objects.len() {
        let mut objects = objects.clone();
        objects.rotate_left(rotation);
        assert_eq!(describe_listed(objects), description);
    }
}

#[test]
fn a_run_does_not_end_before_it_starts() {
    let short = patched(
        succeeded_pod(),
        json!({"status": {"containerStatuses": [container_status("main", 0, terminated("main-0", 5, 5, 0, "Completed"), json!({}))]}}),
    );
    assert_lines(
        &describe_listed([short, kubelet_event("Started", "main", 5.9, "x")]),
        &["workStarted 5.900", "workEnded 5.925 FinishedAt", "| 5.900..5.925 Running"],
    );
}

#[test]
fn an_event_name_that_does_not_fit_the_timestamps_is_ignored() {
    let mut started = kubelet_event("Started", "main", 5.4, "x");
    started["metadata"]["name"] = json!("p.00000000000003e8");
    assert_lines(&describe_listed([running_pod(), started.clone()]), &["workStarted 5.500 StartedAt"]);
    started["metadata"]["name"] = json!("7d5c6f1e-1f0e-4b53-8f6c-0f3a4a0a1b2c");
    assert_lines(&describe_listed([running_pod(), started]), &["workStarted 5.500 StartedAt"]);
}

#[test]
fn contradictory_bounds_of_the_skew_lead_to_corrected_orders() {
    // The Pod shows that the node's clock is behind by 6 s, and an event shows that the clock is ahead by 3 s.
    let slow = patched(
        running_pod(),
        json!({"metadata": {"creationTimestamp": time(8)}, "status": {"conditions": [condition("PodScheduled", "True", 8)]}}),
    );
    let ahead = stored(kubelet_event("Pulling", "main", 6.0, "x"), 2);
    let objects = [slow, scheduled_event(8.3), ahead, kubelet_event("Started", "main", 5.25, "x")];
    let description = describe_listed(objects.clone());
    assert_lines(
        &description,
        &["p: Running [Running] clamped", "scheduled 8.300", "sandboxReady 8.300", "workStarted 8.300"],
    );
    for rotation in 1..objects.len() {
        let mut objects = objects.clone();
        objects.rotate_left(rotation);
        assert_eq!(describe_listed(objects), description);
    }
}

#[test]
fn only_a_kubelet_event_with_a_host_bounds_the_skew() {
    // The event was stored long before its own time, but the event names no host, so the node is unknown.
    let without_host = patched(
        kubelet_event("Pulling", "main", 5.0, "x"),
        json!({"metadata": {"creationTimestamp": time(2)}}),
    );
    assert_lines(
        &describe_listed([running_pod(), scheduled_event(1.2), without_host]),
        &["sandboxReady 5.000 ImageEvent"],
    );
    let mut from_scheduler = stored(kubelet_event("Pulling", "main", 5.0, "x"), 2);
    from_scheduler["source"]["component"] = json!("default-scheduler");
    assert_lines(
        &describe_listed([running_pod(), scheduled_event(1.2), from_scheduler]),
        &["sandboxReady 5.000 ImageEvent"],
    );
}

#[test]
fn the_skew_found_with_one_pod_moves_all_pods_of_the_node() {
    let mut pod = running_pod();
    pod["metadata"]["name"] = json!("q");
    pod["metadata"]["uid"] = json!("q");
    let mut started = kubelet_event("Started", "main", 5.25, "x");
    started["involvedObject"] =
        json!({"kind": "Pod", "name": "q", "uid": "q", "fieldPath": "spec.containers{main}"});
    let late = stored(kubelet_event("Pulling", "main", 9.0, "x"), 4);
    let description = describe_listed([running_pod(), pod, scheduled_event(1.2), started, late]);
    // The node's clock is ahead by at least 4 s, so the start at 5.25 was at 1.25 on the server's clock.
    assert_lines(&description, &["q: Running", "workStarted 1.250 StartedEvent"]);
}

/// The lines that the sequence diagram and the Pod page draw about clocks.
fn clock_sentences(objects: Vec<Value>) -> Vec<String> {
    let list: Vec<_> = objects.into_iter().map(|object| observation(Seen::Listed, 1000.0, object)).collect();
    let timeline = timeline_of(&list);
    let (size, state) = (Size::unbounded(120), ViewState::default());
    let key = timeline.workloads()[0].pods[0];
    let mut lines = render_frame(&timeline, &state, size, &Glyphs::ASCII, at(1000.0)).lines;
    let explained = ViewState { explain: true, ..ViewState::default() };
    lines.extend(render_frame(&timeline, &explained, size, &Glyphs::ASCII, at(1000.0)).lines);
    lines.extend(
        draw_pod(&timeline, key, &PodExtras::default(), &state, size, &Glyphs::ASCII, at(1000.0)).lines,
    );
    let plain = lines.iter().map(|line| line.plain().trim().to_owned());
    plain.filter(|line| line.starts_with("the clock of")).collect()
}

/// A Pod whose main container ran in these seconds, and whose status the kubelet wrote at second 50.
fn ran(from: i64, to: i64) -> Value {
    let wrote =
        json!([{"manager": "kubelet", "subresource": "status", "operation": "Update", "time": time(50)}]);
    let state = terminated("main-0", from, to, 0, "Completed");
    patched(
        succeeded_pod(),
        json!({"metadata": {"managedFields": wrote}, "status": {"containerStatuses": [container_status("main", 0, state, json!({}))]}}),
    )
}

#[test]
fn every_view_reports_the_wrong_clock_of_a_node() {
    assert_eq!(clock_sentences(vec![ran(5, 9)]), [""; 0]);
    let ends_before_its_start = "the clock of node-1 contradicts itself: some times are unknown";
    // The diagram, its explanation with the finding, and the Pod page.
    assert_eq!(clock_sentences(vec![ran(30, 10)]), [ends_before_its_start; 4]);
    let starts_in_the_future =
        "the clock of node-1 is at least 9m59s ahead of the API server's: its times are moved";
    assert_eq!(clock_sentences(vec![ran(645, 650)]), [starts_in_the_future; 4]);
}

/// The end of the work, in milliseconds after noon, if the Pod's last update is received at second 9.3, and the
/// scheduler's event of second 1.5 is received at `event_received`.
fn end_if_event_is_received(event_received: f64) -> (i64, i64) {
    let timeline = timeline_of(&[
        observation(Seen::Added, 0.9, pod(json!({}))),
        observation(Seen::Added, event_received, scheduled_event(1.5)),
        observation(Seen::Changed, 5.45, running_pod()),
        observation(Seen::Changed, 9.3, succeeded_pod()),
    ]);
    let (_, pod) = timeline.pods(&timeline.workloads()[0]).next().unwrap();
    let end = pod.life.instants.work_ended.unwrap();
    let millis = |time: jiff::Timestamp| time.as_millisecond() - at(0.0).as_millisecond();
    (millis(end.earliest()), millis(end.latest()))
}

#[test]
fn receipts_move_if_an_event_was_received_before_it_happened() {
    assert_eq!(end_if_event_is_received(1.51), (9_000, 9_300));
    // The clock of this machine is behind by at least 420 ms, so the end was received at second 9.72 or later.
    assert_eq!(end_if_event_is_received(1.08), (9_000, 9_730));
}
