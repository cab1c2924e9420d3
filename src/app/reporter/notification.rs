//! Notifies the user when a run has ended.

use std::time::Duration;

use crate::app::exit::{Exit, RunError};
use crate::app::reporter::interface::{Reporter, RunEnd};
use crate::app::reporter::texts::ending_text::describe_ending;
use crate::app::reporter::texts::fatal_text::describe_fatal_cause;
use crate::app::reporter::texts::status_text::describe_workload;
use crate::app::run_state::RunSnapshot;
use crate::terminal::notification::notify;
use crate::timeline::{Workload, WorkloadState};
use crate::view::Names;
use crate::view::primitives::{duration, text};
use crate::view::rows::headings::elapsed_millis;

/// Maximum number of columns of a notification. Most desktops show no more than this.
const MAX_COLUMNS: usize = 200;

/// Notifies the user once: when all workloads have ended, or when the run ends and the user has not stopped it.
pub(crate) struct NotificationReporter {
    timeout: Option<Duration>,
    is_sent: bool,
}

impl NotificationReporter {
    /// Creates the reporter. `timeout` is the time limit of the run.
    pub(crate) fn new(timeout: Option<Duration>) -> Self {
        Self { timeout, is_sent: false }
    }

    fn send(&mut self, text: &str) -> Result<(), RunError> {
        if self.is_sent {
            return Ok(());
        }
        self.is_sent = true;
        // Some terminals interpret a text that begins with a number as another command.
        let text = format!("kubectl seq: {}", text::clean(text));
        Ok(notify(&text::shorten_end(&text, MAX_COLUMNS, "..."))?)
    }
}

impl Reporter for NotificationReporter {
    fn on_tick(&mut self, run: &RunSnapshot<'_>) -> Result<(), RunError> {
        // The picture of the run stays open after the end.
        if run.state.has_ended { self.send(&describe_outcome(run)) } else { Ok(()) }
    }

    fn on_end(&mut self, run: &RunSnapshot<'_>, end: RunEnd) -> Result<(), RunError> {
        match end.exit {
            Exit::Interrupted | Exit::Terminated | Exit::HungUp => Ok(()),
            Exit::Timeout | Exit::Unknown => {
                let timeline = &run.state.timeline;
                let ending = describe_ending(timeline, end.exit, self.timeout, false, run.now);
                self.send(&ending.unwrap_or_else(|| describe_outcome(run)))
            }
            Exit::Success
            | Exit::Failed
            | Exit::FailedContainer(_)
            | Exit::OverBudget
            | Exit::Usage
            | Exit::Wrapped(_) => self.send(&describe_outcome(run)),
        }
    }
}

/// Describes how the workloads ended: `job/pi succeeded after 3m12s`, or `1 of 3 workloads failed`.
fn describe_outcome(run: &RunSnapshot<'_>) -> String {
    let timeline = &run.state.timeline;
    if let Some(cause) = &run.state.fatal_cause {
        return describe_fatal_cause(timeline, cause, run.now);
    }
    let workloads: Vec<&Workload> = timeline.roots().collect();
    if let [workload] = workloads[..] {
        let name = Names::from_timeline(timeline).workload(workload);
        let elapsed =
            elapsed_millis(workload, run.now).filter(|_| workload.state == WorkloadState::Succeeded);
        let elapsed = elapsed.map(|millis| format!(" after {}", duration::format_elapsed_millis(millis)));
        return format!("{name} {}{}", describe_workload(timeline, workload).0, elapsed.unwrap_or_default());
    }
    let count = |state| workloads.iter().filter(|workload| workload.state == state).count();
    let all = workloads.len();
    match (count(WorkloadState::Failed), count(WorkloadState::Succeeded)) {
        (0, succeeded) if succeeded == all => format!("all {all} workloads succeeded"),
        (0, succeeded) => format!("{succeeded} of {all} workloads succeeded"),
        (failed, _) => format!("{failed} of {all} workloads failed"),
    }
}
