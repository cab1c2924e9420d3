//! The second column of the lines: the number of Pods that have reached the goal of their workload.

use std::fmt;

use crate::lifecycle::PodOutcome;
use crate::timeline::{Timeline, Workload};

/// The number of Pods that have reached the goal of their workload, and the number that the workload wants. A Pod of a
/// rollout has reached the goal when it is available. Any other Pod has reached the goal when it has succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GoalCount {
    reached: usize,
    /// The wanted number; `None` if the workload has no wanted number.
    wanted: Option<usize>,
}

impl GoalCount {
    /// The count of a workload. A workload without Pods of its own has the sum of the workloads below it. `None` if
    /// there is nothing to count, such as a CronJob without Jobs.
    pub(crate) fn from_workload(timeline: &Timeline, workload: &Workload) -> Option<Self> {
        if workload.is_rollout {
            let wanted = to_usize(workload.parallelism.unwrap_or(0));
            let available = to_usize(timeline.available_pods(workload).unwrap_or(0));
            return Some(Self { reached: available.min(wanted), wanted: Some(wanted) });
        }
        let wanted = workload.completions.map(to_usize);
        if wanted.is_none() && timeline.has_children(workload) {
            return Self::sum(
                timeline.children(workload).filter_map(|child| Self::from_workload(timeline, child)),
            );
        }
        if &*workload.kind == "CronJob" {
            return None;
        }
        Some(Self { reached: count_succeeded_pods(timeline, workload), wanted })
    }

    /// The sum of several counts. The sum has a wanted number if each count has one. `None` if there is no count.
    pub(crate) fn sum(counts: impl Iterator<Item = Self>) -> Option<Self> {
        counts.reduce(|a, b| Self {
            reached: a.reached + b.reached,
            wanted: a.wanted.zip(b.wanted).map(|(a, b)| a + b),
        })
    }

    /// The percentage that is reached. `None` without a wanted number.
    pub(crate) fn percent(self) -> Option<u8> {
        let wanted = self.wanted.filter(|wanted| *wanted > 0)?;
        u8::try_from(self.reached.min(wanted) * 100 / wanted).ok()
    }

    /// The number of characters of the count once all wanted Pods have reached the goal.
    pub(crate) fn final_width(self) -> usize {
        Self { reached: self.wanted.unwrap_or(self.reached), ..self }.to_string().len()
    }
}

impl fmt::Display for GoalCount {
    /// Writes `2/6`, or `2` without a wanted number.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.wanted {
            Some(wanted) => write!(formatter, "{}/{wanted}", self.reached),
            None => write!(formatter, "{}", self.reached),
        }
    }
}

/// The number of Pods that have succeeded. The controller counts a Pod some time after the Pod has succeeded, but it
/// also counts Pods that were deleted before they were observed. So the larger of both numbers is used until the
/// workload ends.
fn count_succeeded_pods(timeline: &Timeline, workload: &Workload) -> usize {
    let counted = to_usize(workload.succeeded);
    if workload.has_ended() {
        return counted;
    }
    let has_succeeded =
        |key| timeline.overview(key).outcome == PodOutcome::Succeeded && !timeline.is_uncounted_success(key);
    let observed = workload.pods.iter().filter(|key| has_succeeded(**key)).count();
    let wanted = workload.completions.map_or(usize::MAX, to_usize);
    counted.max(observed.min(wanted))
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
