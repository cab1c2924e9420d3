//! Tests of the number of lines that a run with many Pods prints.

use jiff::{SignedDuration, Timestamp};
use kubectl_seq::testing::StatusLines;
use kubectl_seq::testing::observation::Seen::{Changed, Listed};
use kubectl_seq::testing::source::simulation::{ManifestText, SimulationOptions, simulate};
use kubectl_seq::testing::timeline::{Timeline, WorkloadState};

use serde_json::{Value, json};

use crate::support::pod_builder::{at, observation, time};

/// A simulated Job with `completions` Pods. About `fail` percent of the Pods fail.
fn manifest(completions: u32, parallelism: u32, fail: u32) -> String {
    format!(
        "
apiVersion: batch/v1
kind: Job
metadata: {{name: work}}
spec:
  completions: {completions}
  parallelism: {parallelism}
  backoffLimit: {completions}
  template:
    metadata: {{annotations: {{simulate.kubectl-seq/fail: {fail}%, simulate.kubectl-seq/exit-code: \"3\"}}}}
    spec:
      restartPolicy: Never
      containers:
      - {{name: main, image: app:1, command: [sleep, '5']}}
"
    )
}

/// Follows a simulated Job with a tick in each second, and returns the printed lines and the final state of the Job.
/// The observations of each interval of `step` milliseconds are applied together.
fn follow(manifest: String, nodes: u32, step: i64) -> (Vec<String>, WorkloadState) {
    let manifest = ManifestText { text: manifest, ..ManifestText::default() };
    let mut observations = simulate(&SimulationOptions { manifest, seed: 1, nodes }).unwrap().peekable();
    let (mut timeline, mut lines) = (Timeline::default(), StatusLines::default());
    let first = observations.next().unwrap();
    let mut now = first.received;
    timeline.apply(&first);
    timeline.recompute();
    let mut printed = lines.begin(&timeline, now);
    while let Some(observation) = observations.next() {
        while now + SignedDuration::from_secs(1) < observation.received {
            now += SignedDuration::from_secs(1);
            printed.extend(lines.report_tick(&timeline, now));
        }
        now = observation.received;
        timeline.apply(&observation);
        let interval = |at: Timestamp| at.as_millisecond() / step;
        while let Some(next) =
            observations.next_if(|next| step > 0 && interval(next.received) == interval(now))
        {
            timeline.apply(&next);
        }
        let changes = timeline.recompute();
        printed.extend(lines.report_changes(&timeline, &changes, now));
    }
    printed.extend(lines.report_end(&timeline, now));
    let printed = printed.iter().map(|line| line.plain().trim_end().to_owned()).collect();
    (printed, timeline.workloads()[0].state)
}

/// The seconds in the first column of a line.
fn seconds(line: &str) -> u32 {
    let column = line.split_whitespace().next().unwrap();
    let number = |text: &str| text.parse::<u32>().unwrap();
    match (column.split_once('h'), column.split_once('m')) {
        _ if column == "<1s" => 0,
        (Some((hours, minutes)), _) => 3600 * number(hours) + 60 * number(minutes.trim_end_matches('m')),
        (None, Some((minutes, seconds))) => 60 * number(minutes) + number(seconds.trim_end_matches('s')),
        (None, None) => number(column.trim_end_matches('s')),
    }
}

#[test]
fn the_lines_about_800_pods_give_counts_and_name_news_and_failures() {
    let (printed, state) = follow(manifest(800, 40, 10), 10, 100);
    assert_eq!(state, WorkloadState::Succeeded);
    assert!(printed.len() <= 200, "{} lines", printed.len());
    insta::assert_snapshot!(printed.join("\n"));
}

#[test]
fn at_most_300_lines_report_10_000_pods() {
    let (printed, state) = follow(manifest(10_000, 200, 20), 20, 100);
    assert_eq!(state, WorkloadState::Succeeded);
    assert!(printed.len() <= 300, "{} lines", printed.len());
    assert!(printed.last().unwrap().ends_with("10000/10000  job/work succeeded"), "{printed:#?}");
    let failures = printed.iter().filter(|line| line.contains("failed: ")).count();
    assert_eq!(failures, 20, "{printed:#?}");
    assert!(printed.iter().map(|line| seconds(line)).is_sorted(), "{printed:#?}");
}

#[test]
fn each_change_of_up_to_50_pods_has_a_line() {
    let (printed, _) = follow(manifest(50, 10, 0), 10, 0);
    let count = |text: &str| printed.iter().filter(|line| line.contains(text)).count();
    assert_eq!((count(" runs on "), count(" succeeded after ")), (50, 50), "{printed:#?}");
    // The line that reports a success counts the success.
    let successes: Vec<&String> = printed.iter().filter(|line| line.contains(" succeeded after ")).collect();
    for (index, line) in successes.iter().enumerate() {
        assert!(line.contains(&format!(" {}/50 ", index + 1)), "{line}");
    }
}

#[test]
fn the_end_of_a_run_with_many_pods_has_the_last_counts() {
    let text = manifest(100, 100, 0);
    let manifest = ManifestText { text, ..ManifestText::default() };
    let observations = simulate(&SimulationOptions { manifest, seed: 1, nodes: 10 }).unwrap();
    let (mut timeline, mut lines) = (Timeline::default(), StatusLines::default());
    lines.begin(&timeline, at(0.0));
    let mut now = at(0.0);
    for observation in observations.take(600) {
        now = observation.received;
        timeline.apply(&observation);
        let changes = timeline.recompute();
        lines.report_changes(&timeline, &changes, now);
    }
    let last = lines.report_end(&timeline, now);
    assert_eq!(last.len(), 1, "{last:#?}");
    assert!(last[0].plain().contains("0/100  job/work "), "{}", last[0].plain());
    assert!(lines.report_end(&timeline, now).is_empty());
}

/// The Job with this number. Ended Jobs end after one second for each Job before them.
fn numbered_job(number: u32, ended: bool) -> Value {
    let status = match ended {
        false => json!({"active": 1}),
        true if number.is_multiple_of(4) => {
            json!({"failed": 1, "conditions": [{"type": "Failed", "status": "True",
            "reason": "BackoffLimitExceeded", "lastTransitionTime": time(10)}]})
        }
        true => json!({"succeeded": 1, "conditions": [{"type": "Complete", "status": "True",
            "lastTransitionTime": time(10)}]}),
    };
    json!({"metadata": {"namespace": "default", "name": format!("job-{number}"), "uid": number.to_string(),
        "creationTimestamp": time(0)}, "spec": {"completions": 1}, "status": status})
}

#[test]
fn many_jobs_are_counted_and_the_first_failures_are_named() {
    let (mut timeline, mut lines) = (Timeline::default(), StatusLines::default());
    (0..200).for_each(|number| timeline.apply(&observation(Listed, 1.0, numbered_job(number, false))));
    timeline.recompute();
    let mut printed = lines.begin(&timeline, at(1.0));
    let mut seconds = 10.0;
    for number in 0..200 {
        seconds += 0.25;
        timeline.apply(&observation(Changed, seconds, numbered_job(number, true)));
        let changes = timeline.recompute();
        printed.extend(lines.report_changes(&timeline, &changes, at(seconds)));
    }
    printed.extend(lines.report_end(&timeline, at(seconds)));
    let printed: Vec<String> = printed.iter().map(|line| line.plain().trim_end().to_owned()).collect();
    assert!(printed.len() <= 90, "{printed:#?}");
    insta::assert_snapshot!(printed.join("\n"));
}
