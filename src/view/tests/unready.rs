//! Pods that work but are not ready yet.

use serde_json::json;

use crate::observation::{Object, Observation, Seen};
use crate::view::tests::*;

/// A Deployment whose Pods have a readiness probe.
fn rollout(now: i64) -> Timeline {
    let mut web = job("web", WorkloadState::Running);
    (web.kind, web.is_rollout) = ("Deployment".into(), true);
    (web.completions, web.parallelism, web.active) = (None, Some(4), 4);
    let web_pod = |name: &str, created, pull, unready, ready| {
        let cold = pod(name, created).on("node-1").phase(Queued, 100).phase(Setup, 700).phase(Pulling, pull);
        let works = cold.phase(Starting, 200).phase(Unready, unready);
        if ready { works.phase(Running, 60_000) } else { works }
    };
    let pods = vec![
        web_pod("web-5d9c7-4h9hq", 300, 2_400, 6_200, true),
        web_pod("web-5d9c7-77sms", 400, 2_900, 3_100, true),
        web_pod("web-5d9c7-zqnh9", 500, 200, 90_000, false),
        web_pod("web-5d9c7-qv6kc", 600, 4_000, 4_000, false).failed(Some(143), None),
    ];
    timeline(now, vec![(web, pods)])
}

#[test]
fn a_pod_that_is_not_ready_yet_has_a_look_of_its_own() {
    let timeline = rollout(20_000);
    insta::assert_snapshot!(
        "sequence_unready",
        [
            screens(&timeline, &SEQUENCE, &Glyphs::UNICODE, 20_000, &USUAL),
            screens(&timeline, &SEQUENCE, &Glyphs::ASCII, 20_000, &[(80, None)]),
            screens(&timeline, &GRID, &Glyphs::UNICODE, 20_000, &[(80, None)]),
        ]
        .concat()
    );
    insta::assert_snapshot!("sequence_unready_coloured", coloured(&timeline, &SEQUENCE, 20_000));
}

#[test]
fn the_evidence_says_why_the_first_ready_of_an_ended_pod_is_unknown() {
    let time = |second: i64| at(second * 1000).to_string();
    let pod = json!({
        "metadata": {"namespace": "default", "name": "p", "uid": "p", "creationTimestamp": time(0)},
        "spec": {"restartPolicy": "Never", "nodeName": "node-1",
            "containers": [{"name": "main", "image": "app:1", "readinessProbe": {"exec": {}}}]},
        "status": {"phase": "Succeeded", "startTime": time(1),
            "conditions": [{"type": "PodScheduled", "status": "True", "lastTransitionTime": time(1)},
                {"type": "Ready", "status": "False", "lastTransitionTime": time(18)}],
            "containerStatuses": [{"name": "main", "containerID": "main", "lastState": {}, "state": {"terminated": {
                "startedAt": time(3), "finishedAt": time(18), "exitCode": 0, "reason": "Completed"}}}]},
    });
    let object = Object::Pod(Box::new(serde_json::from_value(pod).unwrap()));
    let mut timeline = Timeline::default();
    timeline.apply(&Observation { received: at(60_000), seen: Seen::Listed, object });
    timeline.recompute();
    let explain = ViewState { explain: true, ..SEQUENCE };
    let text = screens(&timeline, &explain, &Glyphs::UNICODE, 60_000, &[(80, None)]);
    assert!(
        text.contains("ready is unknown: the condition Ready shows only its latest transition"),
        "{text}"
    );
    assert!(!text.contains('═'), "{text}");
}
