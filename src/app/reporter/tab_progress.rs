//! Shows in the terminal's tab how much of a run is done.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::exit::RunError;
use crate::app::reporter::goal_count::GoalCount;
use crate::app::reporter::interface::{Reporter, RunEnd};
use crate::app::run_state::RunSnapshot;
use crate::terminal::tab_progress::{TabProgress, TabState};
use crate::timeline::{Timeline, WorkloadState};

/// The minimum time between two counts. Not every tick counts the Pods, because a count visits all Pods.
const COUNT_PERIOD: Duration = Duration::from_secs(1);

/// Shows the share of the Pods that have reached the goal of their workload.
pub(crate) struct TabProgressReporter {
    progress: TabProgress,
    last_count: Option<Instant>,
}

impl TabProgressReporter {
    pub(crate) fn new(progress: TabProgress) -> Self {
        Self { progress, last_count: None }
    }
}

impl Reporter for TabProgressReporter {
    fn on_tick(&mut self, run: &RunSnapshot<'_>) -> Result<(), RunError> {
        if run.state.has_ended {
            return Ok(self.progress.remove()?);
        }
        if self.last_count.is_none_or(|at| at.elapsed() >= COUNT_PERIOD) {
            self.last_count = Some(Instant::now());
            self.progress.show(tab_state(&run.state.timeline))?;
        }
        Ok(())
    }

    fn on_end(&mut self, _run: &RunSnapshot<'_>, _end: RunEnd) -> Result<(), RunError> {
        Ok(self.progress.remove()?)
    }
}

fn tab_state(timeline: &Timeline) -> TabState {
    let counts = timeline.roots().filter_map(|workload| GoalCount::from_workload(timeline, workload));
    let percent = GoalCount::sum(counts).and_then(GoalCount::percent);
    let has_failed = timeline.roots().any(|workload| workload.state == WorkloadState::Failed);
    match (percent, has_failed) {
        (percent, true) => TabState::Failed(percent.unwrap_or(100)),
        (Some(percent), false) => TabState::Done(percent),
        (None, false) => TabState::Indeterminate,
    }
}
