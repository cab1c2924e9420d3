//! The evidence that follows each row with `--explain`, and the bars of containers.

use serde_json::{Value, json};

use crate::observation::{Object, Observation, Seen};
use crate::view::tests::*;

fn time(second: i64) -> String {
    at(second * 1000).to_string()
}

/// Returns an event of the kubelet about a container, `millis` after the start of the test.
fn event(reason: &str, container: &str, millis: i64, message: &str) -> Object {
    let list = if container == "main" { "containers" } else { "initContainers" };
    let value = json!({
        "metadata": {"name": format!("p.{:016x}", at(millis).as_nanosecond()), "uid": format!("{reason} {container} {millis}")},
        "involvedObject": {"kind": "Pod", "name": "p", "uid": "p", "fieldPath": format!("spec.{list}{{{container}}}")},
        "reason": reason, "message": message, "count": 1, "firstTimestamp": time(millis / 1000), "lastTimestamp": time(millis / 1000),
        "source": {"component": "kubelet"},
    });
    Object::Event(Box::new(serde_json::from_value(value).unwrap()))
}

fn ended(name: &str, from: i64, to: i64) -> Value {
    json!({"name": name, "containerID": name, "lastState": {}, "state": {"terminated": {
        "startedAt": time(from), "finishedAt": time(to), "exitCode": 0, "reason": "Completed", "containerID": name}}})
}

fn with_helpers(created: i64) -> Timeline {
    let pod = json!({
        "metadata": {"namespace": "default", "name": "p", "uid": "p", "creationTimestamp": time(created)},
        "spec": {"restartPolicy": "Never", "nodeName": "node-1", "containers": [{"name": "main", "image": "app:1"}],
            "initContainers": [{"name": "fetch", "image": "tool:1"}, {"name": "log", "image": "tool:1", "restartPolicy": "Always"}]},
        "status": {"phase": "Succeeded", "startTime": time(1),
            "conditions": [{"type": "PodScheduled", "status": "True", "lastTransitionTime": time(1)},
                {"type": "PodReadyToStartContainers", "status": "False", "lastTransitionTime": time(21)},
                {"type": "Initialized", "status": "True", "lastTransitionTime": time(9)}],
            "initContainerStatuses": [ended("fetch", 5, 8), ended("log", 9, 20)],
            "containerStatuses": [ended("main", 11, 18)]},
    });
    let pulled =
        "Successfully pulled image \"tool:1\" in 1.5s (2.9s including waiting). Image size: 7 bytes.";
    let there = "Container image \"app:1\" already present on machine";
    let objects = vec![
        Object::Pod(Box::new(serde_json::from_value(pod).unwrap())),
        event("Pulling", "fetch", 2_100, "Pulling image \"tool:1\""),
        event("Pulled", "fetch", 5_000, pulled),
        event("Started", "fetch", 5_100, "Container started"),
        event("Started", "log", 9_050, "Container started"),
        event("Pulled", "main", 9_800, there),
        event("Started", "main", 11_020, "Container started"),
    ];
    let mut timeline = Timeline::default();
    for object in objects {
        timeline.apply(&Observation { received: at(60_000), seen: Seen::Listed, object });
    }
    timeline.recompute();
    timeline
}

#[test]
fn each_boundary_is_followed_by_its_evidence() {
    let explain = ViewState { explain: true, ..SEQUENCE };
    let text = [
        screens(&with_helpers(0), &explain, &Glyphs::UNICODE, 60_000, &USUAL),
        screens(&with_helpers(4), &explain, &Glyphs::UNICODE, 60_000, &[(80, None), (120, Some(12))]),
        screens(
            &with_helpers(0),
            &ViewState { containers: true, ..explain },
            &Glyphs::ASCII,
            60_000,
            &[(100, None)],
        ),
    ];
    insta::assert_snapshot!(text.concat());
}

#[test]
fn containers_have_their_own_bars_if_there_is_room() {
    let timeline = with_helpers(0);
    let sizes = [(80, None), (120, Some(24)), (80, Some(5))];
    insta::assert_snapshot!(screens(&timeline, &SEQUENCE, &Glyphs::UNICODE, 60_000, &sizes));
    // The cache keeps the first decision on a larger screen, so that rows do not jump.
    let cache = FrameCache::default();
    let lines = |rows| {
        let size = Size { columns: 80, rows: Some(rows) };
        let window = Window::default();
        render_picture(&timeline, &SEQUENCE, &window, size, &Glyphs::UNICODE, at(60_000), &cache)
            .frame
            .lines
            .len()
    };
    let small = lines(5);
    assert!(lines(50) <= small + 3, "{} lines after {small}", lines(50));
    assert!(
        render_frame(
            &timeline,
            &SEQUENCE,
            Size { columns: 80, rows: Some(50) },
            &Glyphs::UNICODE,
            at(60_000)
        )
        .lines
        .len()
            > small + 3
    );
}
