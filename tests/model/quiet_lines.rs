//! Tests of the lines that are written although nothing changes: the reasons why Pods wait, and causes that become
//! fatal with time.

use jiff::SignedDuration;
use kubectl_seq::testing::observation::Seen::Listed;
use kubectl_seq::testing::timeline::Timeline;
use kubectl_seq::testing::{LineOptions, StatusLines};
use serde_json::{Value, json};

use crate::support::pod_builder::{at, condition_with_reason, observation, patched, pod, running_pod, time};

fn job(name: &str) -> Value {
    json!({"metadata": {"namespace": "default", "name": name, "uid": name, "creationTimestamp": time(0)},
        "spec": {"parallelism": 3, "completions": 3}, "status": {"active": 3}})
}

fn of_job(job: &str, name: &str, pod: Value) -> Value {
    let owner = json!([{"kind": "Job", "name": job, "uid": job, "controller": true}]);
    patched(pod, json!({"metadata": {"name": name, "uid": name, "ownerReferences": owner}}))
}

/// A Pod for which the scheduler finds no node.
fn unschedulable_pod(job: &str, name: &str) -> Value {
    let mut condition = condition_with_reason("PodScheduled", "False", 1, "Unschedulable");
    condition["message"] = json!("0/2 nodes are available: 2 Insufficient cpu.");
    of_job(job, name, pod(json!({"status": {"conditions": [condition]}})))
}

fn timeline_with(objects: Vec<Value>) -> Timeline {
    let mut timeline = Timeline::default();
    for object in objects {
        timeline.apply(&observation(Listed, 10.0, object));
    }
    timeline.recompute();
    timeline
}

/// The lines of a run in which nothing changes from second 10 to second 108, without the lines at the start.
fn silent_lines(timeline: &Timeline, in_ci: bool) -> Vec<String> {
    let mut lines = StatusLines::new(LineOptions { in_ci, ..LineOptions::default() });
    lines.begin(timeline, at(10.0));
    let ticks = (11..108).flat_map(|second| lines.report_tick(timeline, at(f64::from(second))));
    ticks.map(|line| line.plain().trim().to_owned()).collect()
}

#[test]
fn a_line_names_the_reasons_of_waits_and_comes_every_30_seconds_in_a_ci_service() {
    let timeline = timeline_with(vec![
        job("j"),
        of_job("j", "j-a", running_pod()),
        of_job("j", "j-b", running_pod()),
        unschedulable_pod("j", "j-c"),
    ]);
    let text = "0/3  job/j 2 running, 1 waits: Insufficient cpu";
    assert_eq!(
        silent_lines(&timeline, true),
        [format!("30s    {text}"), format!("1m00s    {text}"), format!("1m30s    {text}")]
    );
    assert_eq!(silent_lines(&timeline, false).len(), 6);
}

#[test]
fn in_a_ci_service_one_line_is_about_all_workloads() {
    let timeline = timeline_with(vec![
        job("a"),
        job("b"),
        of_job("a", "a-1", running_pod()),
        unschedulable_pod("b", "b-1"),
    ]);
    let lines = silent_lines(&timeline, true);
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[0].ends_with("2 workloads: 1 running, 1 waits: Insufficient cpu"), "{lines:#?}");
    assert_eq!(silent_lines(&timeline, false).len(), 12, "a line for each workload");
}

#[test]
fn a_cause_that_becomes_fatal_with_time_has_one_line() {
    let timeline = timeline_with(vec![job("j"), unschedulable_pod("j", "j-c")]);
    let mut lines = StatusLines::default();
    lines.begin(&timeline, at(10.0));
    let causes = timeline.fatal_causes(SignedDuration::from_secs(60), at(62.0));
    let mut report = || {
        let lines = causes.iter().flat_map(|cause| lines.report_fatal_cause(&timeline, cause, at(62.0)));
        lines.map(|line| line.plain().trim().to_owned()).collect::<Vec<String>>()
    };
    assert_eq!(report(), ["52s    0/3  j-c has been unschedulable for 1m01s: Insufficient cpu"]);
    assert_eq!(report(), [""; 0]);
}

#[test]
fn a_line_that_reports_a_fatal_cause_at_the_start_is_not_repeated() {
    let timeline = timeline_with(vec![job("j"), unschedulable_pod("j", "j-c")]);
    let mut lines = StatusLines::default();
    let first: Vec<String> =
        lines.begin(&timeline, at(62.0)).iter().map(|line| line.plain().trim().to_owned()).collect();
    assert!(
        first.last().unwrap().ends_with("j-c has been unschedulable for 1m01s: Insufficient cpu"),
        "{first:#?}"
    );
    let causes = timeline.fatal_causes(SignedDuration::from_secs(60), at(62.0));
    assert_eq!(causes.len(), 1);
    assert!(lines.report_fatal_cause(&timeline, &causes[0], at(62.0)).is_empty());
}
