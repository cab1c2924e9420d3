//! A completion index that waits for its next attempt.

use serde_json::{Value, json};

use crate::observation::{Object, Observation, Seen};
use crate::view::tests::*;

fn time(second: i64) -> String {
    at(second * 1000).to_string()
}

fn tried(index: u32, name: &str, created: i64, ended: Option<(i64, i32)>) -> Value {
    let state = match ended {
        Some((ended, code)) => {
            json!({"terminated": {"startedAt": time(created + 1), "finishedAt": time(ended), "exitCode": code,
            "reason": if code == 0 { "Completed" } else { "Error" }, "containerID": name}})
        }
        None => json!({"running": {"startedAt": time(created + 1)}}),
    };
    let phase = match ended {
        Some((_, 0)) => "Succeeded",
        Some(_) => "Failed",
        None => "Running",
    };
    json!({
        "metadata": {"namespace": "default", "name": name, "uid": name, "creationTimestamp": time(created),
            "labels": {"batch.kubernetes.io/job-completion-index": index.to_string()},
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "work", "uid": "work", "controller": true}]},
        "spec": {"restartPolicy": "Never", "nodeName": "node-1", "containers": [{"name": "main", "image": "i"}]},
        "status": {"phase": phase, "startTime": time(created),
            "conditions": [{"type": "PodScheduled", "status": "True", "lastTransitionTime": time(created)}],
            "containerStatuses": [{"name": "main", "containerID": name, "state": state, "lastState": {}}]},
    })
}

fn indexed(status: &Value) -> Timeline {
    let job = json!({
        "metadata": {"namespace": "default", "name": "work", "uid": "work", "creationTimestamp": time(0), "generation": 1},
        "spec": {"parallelism": 3, "completions": 3, "completionMode": "Indexed", "backoffLimitPerIndex": 3, "suspend": false},
        "status": status,
    });
    let pods = [
        tried(0, "work-0-aaaaa", 0, Some((14, 0))),
        tried(1, "work-1-bbbbb", 0, Some((4, 3))),
        tried(1, "work-1-ccccc", 15, Some((20, 3))),
        tried(2, "work-2-ddddd", 0, None),
    ];
    let objects = pods.map(|pod| Object::Pod(Box::new(serde_json::from_value(pod).unwrap())));
    let job = Object::Job(Box::new(serde_json::from_value(job).unwrap()));
    let mut timeline = Timeline::default();
    for object in [job].into_iter().chain(objects) {
        timeline.apply(&Observation { received: at(24_000), seen: Seen::Listed, object });
    }
    timeline.recompute();
    timeline
}

#[test]
fn the_back_off_lasts_until_the_next_attempt() {
    let now = indexed(
        &json!({"active": 1, "succeeded": 1, "failed": 2, "completedIndexes": "0", "failedIndexes": ""}),
    );
    let given_up = indexed(
        &json!({"active": 1, "succeeded": 1, "failed": 2, "completedIndexes": "0", "failedIndexes": "1"}),
    );
    // Earlier failed Pods are gone, so the number of failures of this index is unknown.
    let more = indexed(
        &json!({"active": 1, "succeeded": 1, "failed": 4, "completedIndexes": "0", "failedIndexes": ""}),
    );
    let text = [
        screens(&now, &SEQUENCE, &Glyphs::UNICODE, 24_000, &USUAL),
        screens(&now, &SEQUENCE, &Glyphs::UNICODE, 45_000, &[(80, None)]),
        screens(&now, &TABLE, &Glyphs::UNICODE, 24_000, &[(120, None)]),
        screens(&now, &GRID, &Glyphs::UNICODE, 24_000, &[(80, None)]),
        screens(&more, &SEQUENCE, &Glyphs::ASCII, 24_000, &[(80, None)]),
        screens(&given_up, &SEQUENCE, &Glyphs::UNICODE, 24_000, &[(80, None)]),
    ];
    insta::assert_snapshot!(text.concat());
}
