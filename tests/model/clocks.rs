//! Orders that cannot be.

use serde_json::{Value, json};

use crate::story::{
    cond, done, event, listed, running, scheduled, status, t, tells, terminated, with, works,
};

#[test]
fn an_impossible_order_is_corrected_and_said() {
    let impossible = with(
        works(),
        json!({"metadata": {"creationTimestamp": t(8)}, "status": {"startTime": t(7), "conditions": [cond("PodScheduled", "True", 8)]}}),
    );
    let story = listed([impossible]);
    tells(
        &story,
        &[
            "p: Running [Running] clamped",
            "created 8.000",
            "scheduled 8.000",
            "sandboxReady 8.000",
            "workStarted 8.000",
        ],
    );
    // Less than a second is only rounding.
    let story = listed([works(), scheduled(1.4), event("Pulling", "main", 1.2, "x")]);
    tells(&story, &["p: Running [Running]", "scheduled 1.400", "sandboxReady 1.400"]);
    assert!(!story.contains("clamped"), "{story}");
}

/// A kubelet's event that the API server stored at that second, whatever the kubelet's clock said.
fn stored(event: Value, second: i64) -> Value {
    with(event, json!({"metadata": {"creationTimestamp": t(second)}, "source": {"host": "node-1"}}))
}

#[test]
fn a_node_whose_clock_is_behind_is_put_right() {
    // The kubelet saw the Pod at its 1.x, which was after 8.3: it is behind by at least 6.3 s.
    let slow = with(
        works(),
        json!({"metadata": {"creationTimestamp": t(8)}, "status": {"conditions": [cond("PodScheduled", "True", 8)]}}),
    );
    let facts =
        [slow, scheduled(8.3), event("Pulling", "main", 3.1, "x"), event("Started", "main", 5.25, "x")];
    let story = listed(facts.clone());
    tells(
        &story,
        &[
            "p: Running [Running]",
            "created 8.000",
            "scheduled 8.300 ScheduledEvent",
            "sandboxReady 9.400 ImageEvent",
            "workStarted 11.550 StartedEvent",
        ],
    );
    assert!(!story.contains("clamped"), "{story}");
    for turn in 1..facts.len() {
        let mut facts = facts.clone();
        facts.rotate_left(turn);
        assert_eq!(listed(facts), story);
    }
}

#[test]
fn a_node_whose_clock_is_ahead_is_put_right() {
    // Stored at 2.x: its clock read 5.0 then, and so is ahead by at least 2 s.
    let early = stored(event("Pulling", "main", 5.0, "x"), 2);
    let ahead =
        with(works(), json!({"status": {"containerStatuses": [status("main", 0, running(7), json!({}))]}}));
    let facts = [ahead, scheduled(1.2), early, stored(event("Started", "main", 7.5, "x"), 5)];
    let story = listed(facts.clone());
    tells(&story, &["scheduled 1.200", "sandboxReady 3.000 ImageEvent", "workStarted 5.500 StartedEvent"]);
    for turn in 1..facts.len() {
        let mut facts = facts.clone();
        facts.rotate_left(turn);
        assert_eq!(listed(facts), story);
    }
}

#[test]
fn an_end_does_not_lie_before_its_start() {
    let short = with(
        done(),
        json!({"status": {"containerStatuses": [status("main", 0, terminated("main-0", 5, 5, 0, "Completed"), json!({}))]}}),
    );
    tells(
        &listed([short, event("Started", "main", 5.9, "x")]),
        &["workStarted 5.900", "workEnded 5.900 FinishedAt", "| 5.900..5.900 Running"],
    );
}

#[test]
fn a_name_that_does_not_fit_its_own_event_is_no_time() {
    let mut started = event("Started", "main", 5.4, "x");
    started["metadata"]["name"] = json!("p.00000000000003e8");
    tells(&listed([works(), started.clone()]), &["workStarted 5.000 StartedAt"]);
    started["metadata"]["name"] = json!("7d5c6f1e-1f0e-4b53-8f6c-0f3a4a0a1b2c");
    tells(&listed([works(), started]), &["workStarted 5.000 StartedAt"]);
}

#[test]
fn a_clock_that_was_set_has_no_one_skew_and_impossible_orders_are_clamped() {
    // One Pod says that the node is behind by 6 s, an event that it is ahead by 3 s.
    let slow = with(
        works(),
        json!({"metadata": {"creationTimestamp": t(8)}, "status": {"conditions": [cond("PodScheduled", "True", 8)]}}),
    );
    let ahead = stored(event("Pulling", "main", 6.0, "x"), 2);
    let facts = [slow, scheduled(8.3), ahead, event("Started", "main", 5.25, "x")];
    let story = listed(facts.clone());
    tells(
        &story,
        &["p: Running [Running] clamped", "scheduled 8.300", "sandboxReady 8.300", "workStarted 8.300"],
    );
    for turn in 1..facts.len() {
        let mut facts = facts.clone();
        facts.rotate_left(turn);
        assert_eq!(listed(facts), story);
    }
}

#[test]
fn only_a_kubelets_event_with_its_host_bounds_a_clock() {
    // Stored long before its own time: of whom it is not known.
    let nobodys = with(event("Pulling", "main", 5.0, "x"), json!({"metadata": {"creationTimestamp": t(2)}}));
    tells(&listed([works(), scheduled(1.2), nobodys]), &["sandboxReady 5.000 ImageEvent"]);
    let mut schedulers = stored(event("Pulling", "main", 5.0, "x"), 2);
    schedulers["source"]["component"] = json!("default-scheduler");
    tells(&listed([works(), scheduled(1.2), schedulers]), &["sandboxReady 5.000 ImageEvent"]);
}

#[test]
fn what_one_pod_tells_of_a_node_moves_all_its_pods() {
    let mut pod = works();
    pod["metadata"]["name"] = json!("q");
    pod["metadata"]["uid"] = json!("q");
    let mut started = event("Started", "main", 5.25, "x");
    started["involvedObject"] =
        json!({"kind": "Pod", "name": "q", "uid": "q", "fieldPath": "spec.containers{main}"});
    let late = stored(event("Pulling", "main", 9.0, "x"), 4);
    let story = listed([works(), pod, scheduled(1.2), started, late]);
    // Ahead by at least 4 s: what ran since 5.25 ran since 1.25.
    tells(&story, &["q: Running", "workStarted 1.250 StartedEvent"]);
}
