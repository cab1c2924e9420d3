//! Pods whose times, numbers and texts break rules of the API, in every view.

use kubectl_seq::testing::export::document;
use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::{self, Added, Changed, Listed};
use kubectl_seq::testing::view::{
    Frame, Glyphs, Line, PodExtras, Size, View, ViewState, draw_pod, render_frame,
};
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::support::pod_builder::{
    at, container_status, deletion, observation, patched, running, running_pod, scheduled_pod, time, waiting,
};

/// Draws all views and all pages of Pods at this second. Returns the lines.
fn draw_everything(observations: &[Observation], seconds: f64) -> Vec<Line> {
    let timeline = timeline_of(observations);
    let (now, size) = (at(seconds), Size { columns: 80, rows: Some(24) });
    let mut frames: Vec<Frame> = Vec::new();
    for view in [View::Sequence, View::Table, View::Wide, View::Grid, View::Runs] {
        for explain in [false, true] {
            let state = ViewState { view, explain, containers: explain, ..ViewState::default() };
            frames.push(render_frame(&timeline, &state, size, &Glyphs::UNICODE, now));
        }
    }
    for &key in timeline.workloads().iter().flat_map(|workload| &workload.pods) {
        let (extras, state) = (PodExtras::default(), ViewState::default());
        frames.push(draw_pod(&timeline, key, &extras, &state, size, &Glyphs::UNICODE, now));
    }
    serde_json::to_value(document(&timeline, now)).expect("a document");
    frames.into_iter().flat_map(|frame| frame.lines).collect()
}

#[test]
fn a_grace_period_of_any_length_can_be_drawn() {
    for grace in [9_007_199_254_740_992, 9_223_372_036_854_775, i64::MAX, i64::MIN, -1] {
        let spec = json!({"spec": {"terminationGracePeriodSeconds": grace}});
        let pod = patched(running_pod(), spec);
        for deadline in [20, -253_402_300_799, 1_000] {
            let deleted = patched(pod.clone(), deletion(deadline, grace));
            let observations = [observation(Listed, 6.0, pod.clone()), observation(Changed, 10.0, deleted)];
            assert!(!draw_everything(&observations, 12.0).is_empty());
        }
    }
}

/// A Job with five running Pods. The container of the last Pod started at second `last_start`.
fn five_pods(seen: Seen, last_start: i64) -> Vec<Observation> {
    let job = json!({"metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0)},
        "spec": {"parallelism": 5, "completions": 5}, "status": {"startTime": time(0), "active": 5}});
    let pod = |number: i64| {
        let name = format!("p{number}");
        let start = if number == 4 { last_start } else { 5 };
        patched(
            running_pod(),
            json!({"metadata": {"name": name, "uid": name,
                    "ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]},
                "spec": {"nodeName": name},
                "status": {"containerStatuses": [container_status("main", 0, running(start), json!({}))]}}),
        )
    };
    let pods = (0..5).map(|number| observation(seen, 90.0, pod(number)));
    std::iter::once(observation(seen, 90.0, job)).chain(pods).collect()
}

#[test]
fn a_start_in_the_future_does_not_count_as_work() {
    for seen in [Listed, Added, Changed] {
        for start in [8, 10, 22, 67] {
            for seconds in [6.0, 7.0, 7.5, 9.0, 24.0, 300.0] {
                let lines = draw_everything(&five_pods(seen, start), seconds);
                let line = lines.iter().map(Line::plain).find(|line| line.starts_with("concurrency"));
                assert!(line.is_some(), "{seen:?} {start} {seconds}");
            }
        }
    }
}

#[test]
fn a_reason_of_emoji_fits_in_a_table() {
    for reason in [
        "\u{2600}\u{fe0f}",
        "\u{1f468}\u{200d}\u{1f469}",
        "\u{1f1e9}\u{1f1ea}",
        "\u{644}\u{627}",
        "e\u{301}\u{fe0f}",
    ] {
        let reason = reason.repeat(20);
        let waiting: Value = container_status("main", 0, waiting(&reason), json!({}));
        let pod = scheduled_pod(json!({"status": {"containerStatuses": [waiting]}}));
        for line in draw_everything(&[observation(Listed, 6.0, pod)], 8.0) {
            assert!(line.width() <= 80, "{reason}: {}", line.plain());
        }
    }
}
