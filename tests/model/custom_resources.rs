//! Tests of custom resources: their own message, their numbers of Pods, and Pods at any depth.

use kubectl_seq::testing::observation::{Observation, Seen};
use kubectl_seq::testing::timeline::WorkloadState;
use kubectl_seq::testing::view::{Glyphs, Line, Size, ViewState, render_frame};
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::gangs::entry;
use crate::slots::pod_of;
use crate::support::pod_builder::{at, time};
use crate::support::scenario::parse_object;

fn listed(tag: &str, object: Value) -> Observation {
    Observation { received: at(1000.0), seen: Seen::Listed, object: parse_object(tag, object) }
}

fn owned_by(mut object: Value, kind: &str, name: &str) -> Value {
    object["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "x/v1", "kind": kind, "name": name, "uid": name}]);
    object
}

#[expect(clippy::needless_pass_by_value, reason = "the callers build the value in place")]
fn custom(api_version: &str, kind: &str, status: Value) -> Observation {
    let object = json!({"apiVersion": api_version, "kind": kind, "status": status,
        "metadata": {"namespace": "default", "name": "top", "uid": "top", "creationTimestamp": time(0)}});
    listed("Custom", object)
}

#[test]
fn an_argo_workflow_with_one_done_and_one_failed_pod_says_so_with_its_own_message() {
    let observations = [
        custom(
            "argoproj.io/v1alpha1",
            "Workflow",
            json!({"phase": "Failed", "message": "child 'flow-b' failed", "progress": "1/2",
                "startedAt": time(0), "finishedAt": time(30),
                "conditions": [{"type": "Completed", "status": "True"}]}),
        ),
        listed("Pod", owned_by(pod_of("flow-a", 0, 2, 20, 0), "Workflow", "top")),
        listed("Pod", owned_by(pod_of("flow-b", 0, 2, 25, 1), "Workflow", "top")),
    ];
    let timeline = timeline_of(&observations);
    let flow = entry(&timeline, "top", 100.0);
    assert_eq!([&flow["active"], &flow["succeeded"], &flow["failed"]], [&json!(0), &json!(1), &json!(1)]);
    assert_eq!(
        [&flow["outcome"], &flow["reason"], &flow["message"], &flow["finishedAt"]],
        [
            &json!("Failed"),
            &json!("Failed"),
            &json!("child 'flow-b' failed"),
            &json!("2026-01-01T12:00:30.000Z")
        ]
    );
    let size = Size { columns: 100, rows: None };
    let frame = render_frame(&timeline, &ViewState::default(), size, &Glyphs::UNICODE, at(100.0));
    let text: Vec<String> = frame.lines.iter().map(Line::plain).collect();
    assert!(text[0].contains("1 done · 1 failed Pod"), "{text:#?}");
    assert!(text.iter().any(|line| line.contains("Failed: child 'flow-b' failed")), "{text:#?}");
}

#[test]
fn pods_are_found_at_any_depth_and_counted_below_their_workload() {
    let depth = 40;
    let mut observations = vec![custom("example.com/v1", "Chain", json!({}))];
    for level in 0..depth {
        let above = if level == 0 { "top".to_owned() } else { format!("link-{}", level - 1) };
        let object = json!({"apiVersion": "example.com/v1", "kind": "Link",
            "metadata": {"namespace": "default", "name": format!("link-{level}"), "uid": format!("link-{level}")}});
        observations.push(listed("Owner", owned_by(object, "Link", &above)));
    }
    let last = format!("link-{}", depth - 1);
    observations.push(listed("Pod", owned_by(pod_of("a", 0, 2, 20, 0), "Link", &last)));
    let timeline = timeline_of(&observations);
    let workload = &timeline.workloads()[0];
    assert_eq!((&*workload.kind, workload.pods.len(), workload.succeeded), ("Chain", 1, 1));
    assert_eq!((workload.state, timeline.workloads().len()), (WorkloadState::Succeeded, 1));
}
