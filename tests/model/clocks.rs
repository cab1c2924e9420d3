//! Orders that cannot be.

use serde_json::json;

use crate::story::{cond, done, event, listed, scheduled, status, t, tells, terminated, with, works};

#[test]
fn an_impossible_order_is_corrected_and_said() {
    let skewed = with(
        works(),
        json!({"metadata": {"creationTimestamp": t(8)}, "status": {"conditions": [cond("PodScheduled", "True", 8)]}}),
    );
    let story = listed([skewed]);
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
