//! Describes one Pod after a few observations, and checks the description.

use kubectl_seq::testing::observation::Seen;
use kubectl_seq::testing::timeline::Timeline;
use serde_json::Value;

use crate::describe::{describe_pod, timeline_of};
use crate::support::pod_builder::{noon, observation};

/// Describes the Pod after a list at second 1000 that contains these objects.
pub(crate) fn describe_listed(objects: impl IntoIterator<Item = Value>) -> String {
    let list: Vec<_> = objects.into_iter().map(|object| observation(Seen::Listed, 1000.0, object)).collect();
    describe_pods(&timeline_of(&list))
}

/// Describes the Pod after a watch that received these objects at these seconds.
pub(crate) fn describe_watched(observations: impl IntoIterator<Item = (f64, Seen, Value)>) -> String {
    let list: Vec<_> =
        observations.into_iter().map(|(at, seen, object)| observation(seen, at, object)).collect();
    describe_pods(&timeline_of(&list))
}

/// Describes all Pods of a timeline.
pub(crate) fn describe_pods(timeline: &Timeline) -> String {
    let mut text = String::new();
    for workload in timeline.workloads() {
        for (_, pod) in timeline.pods(workload) {
            describe_pod(&mut text, &pod, noon());
        }
    }
    text
}

/// Fails unless the description has lines that start with these texts, in this order.
#[track_caller]
pub(crate) fn assert_lines(description: &str, lines: &[&str]) {
    let mut rest = description.lines();
    for line in lines {
        assert!(rest.any(|found| found.trim_start().starts_with(line)), "no `{line}` in\n{description}");
    }
}

/// Fails if a line of the description starts with this text.
#[track_caller]
pub(crate) fn assert_no_line(description: &str, line: &str) {
    assert!(
        !description.lines().any(|found| found.trim_start().starts_with(line)),
        "`{line}` in\n{description}"
    );
}
