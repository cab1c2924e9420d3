//! Lines and pictures of Pods that did not end by themselves: stopped on purpose, evicted, lost with a node.

use kubectl_seq::testing::StatusLines;
use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::{Added, Changed, Deleted, Listed};
use kubectl_seq::testing::timeline::Timeline;
use kubectl_seq::testing::view::{Glyphs, Size, ViewState, render_frame};
use serde_json::{Value, json};

use crate::support::pod_builder::{
    at, condition_with_reason, container_status, kubelet_event, observation, patched, running, terminated,
    time,
};
use crate::support::scenario::read_scenario;

/// The lines that are printed while these observations arrive, and then the final picture.
pub(crate) fn follow(observations: &[Observation]) -> String {
    let mut timeline = Timeline::default();
    let mut lines = StatusLines::default();
    let mut printed = lines.begin(&timeline, at(0.0));
    let mut now = at(0.0);
    for observation in observations {
        timeline.apply(observation);
        let changes = timeline.recompute();
        now = observation.received;
        printed.extend(lines.report_changes(&timeline, &changes, now));
    }
    let now = timeline.workloads().iter().filter_map(|workload| workload.finished).max().unwrap_or(now);
    let size = Size { columns: 120, rows: None };
    let frame = render_frame(&timeline, &ViewState::default(), size, &Glyphs::UNICODE, now);
    let texts = printed.iter().map(|line| line.plain().trim_end().to_owned()).chain(["--".to_owned()]);
    texts
        .chain(frame.lines.iter().map(|line| line.plain().trim_end().to_owned()))
        .collect::<Vec<_>>()
        .join("\n")
}

macro_rules! followed {
    ($($(#[doc = $doc:literal])* $test:ident $name:literal)*) => {$(
        $(#[doc = $doc])*
        #[test]
        fn $test() {
            insta::assert_snapshot!(concat!("followed_", $name), follow(&read_scenario($name).observations));
        }
    )*};
}

followed! {
    /// No next attempt is announced for an index that failed for good.
    a_failed_index_gets_no_next_try "fail-index"
    /// The Pods that a suspension stops end well, but do not count.
    pods_that_end_well_during_a_suspension_do_not_count "suspend-done"
    /// The Pods that a suspension stops are not failures.
    pods_that_a_suspension_stops_are_stopped "paused"
    /// The line about the deadline comes before the Pods have stopped.
    the_decision_of_a_deadline_has_a_line "deadline"
    /// A Pod that was lost with its node keeps its row.
    a_pod_that_was_lost_with_its_node_keeps_its_row "lost-replaced"
    /// The bar and the verdict agree about the back-off.
    an_evicted_pod_costs_a_back_off "evicted"
}

/// A running Pod of the Job `j`.
fn worker(name: &str) -> Value {
    let main = container_status("main", 0, running(1), json!({}));
    json!({
        "metadata": {"namespace": "default", "name": name, "uid": name, "creationTimestamp": time(0),
            "ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]},
        "spec": {"restartPolicy": "Never", "nodeName": "n", "containers": [{"name": "main", "image": "i"}]},
        "status": {"phase": "Running", "startTime": time(0), "containerStatuses": [main]},
    })
}

#[test]
fn a_preempted_pod_names_its_preemptor() {
    let job = json!({
        "metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0)},
        "spec": {"parallelism": 2, "completions": 2}, "status": {"active": 1, "failed": 1},
    });
    let disrupted = condition_with_reason("DisruptionTarget", "True", 10, "PreemptionByScheduler");
    let main = container_status("main", 0, terminated("main-0", 1, 12, 143, "Error"), json!({}));
    let preempted = json!({"metadata": {"deletionTimestamp": time(40), "deletionGracePeriodSeconds": 30},
        "status": {"phase": "Failed", "conditions": [disrupted], "containerStatuses": [main]}});
    let event = |message: &str| {
        let mut event = kubelet_event("Preempted", "", 10.0, message);
        event["involvedObject"] = json!({"kind": "Pod", "name": "a", "uid": "a"});
        event
    };
    let texts = [
        ("Preempted by pod b on node n", "preempted by pod/b"),
        ("Preempted by pod c on node n", "preempted by pod c"),
        ("Preempted by other/urgent on node n", "preempted by pod other/urgent"),
        ("Preempted by default/urgent on node n", "preempted by pod/urgent"),
        ("Preempted by a pod on node n", "preempted"),
    ];
    for (message, expected) in texts {
        let observations = [
            observation(Listed, 5.0, job.clone()),
            observation(Listed, 5.0, worker("a")),
            observation(Listed, 5.0, worker("b")),
            observation(Added, 10.0, event(message)),
            observation(Changed, 12.1, patched(worker("a"), preempted.clone())),
        ];
        let text = follow(&observations);
        let line = text.lines().find(|line| line.contains("a preempted")).unwrap_or_default();
        assert!(line.ends_with(expected), "{message}: {text}");
        let heading = text.lines().find(|line| line.starts_with("job/j ")).unwrap_or_default();
        assert!(heading.contains(" · 1 preempted"), "{heading}");
        let names_preemptor = text.contains("lost: 1 Pod preempted by pod/b)");
        assert_eq!(names_preemptor, expected == "preempted by pod/b", "{text}");
        assert!(!heading.contains("failed"), "the controller counts the Pod as failed: {heading}");
    }
}

#[test]
fn the_pods_of_a_deleted_job_are_stopped_by_its_parent() {
    let parent = json!([{"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "name": "train", "uid": "set", "controller": true}]);
    let job = json!({
        "metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0), "ownerReferences": parent},
        "spec": {"parallelism": 1, "completions": 1}, "status": {"active": 1},
    });
    let deletion = json!({"metadata": {"deletionTimestamp": time(40), "deletionGracePeriodSeconds": 30}});
    let deleted_job = patched(job.clone(), json!({"metadata": {"deletionTimestamp": time(10)}}));
    let main = container_status("main", 0, terminated("main-0", 1, 12, 143, "Error"), json!({}));
    let ended = patched(
        patched(worker("a"), deletion.clone()),
        json!({"status": {"phase": "Failed", "containerStatuses": [main]}}),
    );
    let observations = [
        observation(Listed, 5.0, job),
        observation(Added, 5.1, worker("a")),
        observation(Changed, 10.1, deleted_job.clone()),
        observation(Changed, 10.2, patched(worker("a"), deletion)),
        observation(Changed, 12.1, ended.clone()),
        observation(Deleted, 12.2, ended),
        observation(Deleted, 12.3, deleted_job),
    ];
    let text = follow(&observations);
    assert!(text.contains("a stopped by jobset/train"), "{text}");
    // The verdict shows the work of a stopped Pod as lost.
    let (rows, verdict) = text.split_once("\nslot time ").unwrap_or_default();
    assert!(!rows.contains('✗') && verdict.contains("lost"), "{text}");
}
