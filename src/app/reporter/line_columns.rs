//! The columns with which each line begins: the time since following began, and the number of Pods that have reached
//! their goal.

use jiff::{SignedDuration, Timestamp};

use crate::app::reporter::goal_count::GoalCount;
use crate::timeline::{PodKey, Timeline, Workload};
use crate::view::primitives::{duration, text};
use crate::view::{Line, Names, Style, clean_whole};

/// Minimum number of characters of the count.
const MIN_COUNT_WIDTH: usize = 5;

/// Writes the columns of lines. All lines share one clock, which never runs backwards.
#[derive(Debug)]
pub(crate) struct LineColumns {
    /// When following began.
    start: Option<Timestamp>,
    /// The latest time of a line.
    latest: Option<Timestamp>,
    count_width: usize,
}

impl Default for LineColumns {
    fn default() -> Self {
        Self { start: None, latest: None, count_width: MIN_COUNT_WIDTH }
    }
}

impl LineColumns {
    /// Returns a line about a workload.
    pub(crate) fn workload_line(
        &mut self,
        timeline: &Timeline,
        workload: &Workload,
        now: Timestamp,
        text: &str,
        style: Style,
    ) -> Line {
        let mut line = self.start_line(GoalCount::from_workload(timeline, workload), now);
        line.push(format!("{} ", Names::from_timeline(timeline).workload(workload)), Style::Strong);
        line.push(clean_whole(text), style);
        line
    }

    /// Returns a line about a Pod. The line names the workload if there are several workloads. The Pod of a revision
    /// counts towards the rollout above the revision.
    pub(crate) fn pod_line(
        &mut self,
        timeline: &Timeline,
        workload: &Workload,
        now: Timestamp,
        key: PodKey,
        text: &str,
        style: Style,
    ) -> Line {
        let mut line = self.start_line(GoalCount::from_workload(timeline, workload), now);
        let (names, pod) = (Names::from_timeline(timeline), timeline.identity(key));
        if workload.is_bare_pod() {
            line.push(format!("{} ", names.pod(pod)), Style::Strong);
        } else {
            if timeline.workloads_without_revisions().nth(1).is_some() {
                let workload = names.with_namespace(&workload.name, &workload.namespace);
                line.push(format!("{workload}: "), Style::Dim);
            }
            line.push(format!("{} ", text::clean(&pod.name)), Style::Strong);
        }
        line.push(clean_whole(text), style);
        line.pod = Some(key);
        line
    }

    /// Returns a line with the two columns: the time since following began, and `count`.
    pub(crate) fn start_line(&mut self, count: Option<GoalCount>, now: Timestamp) -> Line {
        let elapsed = self.elapsed(now);
        let text = count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let width = count.map_or(0, GoalCount::final_width).max(text.len());
        self.count_width = self.count_width.max(width);
        let mut line = Line::default();
        let columns =
            format!("{:>6}  {text:>width$}  ", duration::format_elapsed(elapsed), width = self.count_width);
        line.push(columns, Style::Dim);
        line
    }

    /// Returns the time from the first line to `now`. A time before the previous line counts as the time of the
    /// previous line.
    fn elapsed(&mut self, now: Timestamp) -> SignedDuration {
        let latest = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(latest);
        latest.duration_since(*self.start.get_or_insert(latest))
    }
}
