//! The interface between a run and its reporters.

use crate::app::exit::{Exit, RunError};
use crate::app::run_state::RunSnapshot;
use crate::source::Update;
use crate::timeline::{Changes, FatalCause};
use crate::view::Line;

/// The end of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunEnd {
    /// How the program is about to end.
    pub(crate) exit: Exit,
    /// Maximum number of lines that follow below the last picture: the closing report and how the run ended.
    pub(crate) max_lines_below: usize,
}

/// Shows a run in one way. Every method has a default that does nothing.
pub(crate) trait Reporter {
    /// Whether this reporter needs [`Self::on_changes`] after every observation.
    fn needs_every_change(&self) -> bool {
        false
    }

    /// Called with each update before it is applied.
    fn on_update(&mut self, _update: &Update) -> Result<(), RunError> {
        Ok(())
    }

    /// Called once, when everything that existed at the start is in the timeline.
    fn on_synced(&mut self, _run: &RunSnapshot<'_>) -> Result<(), RunError> {
        Ok(())
    }

    /// Called after every observation with its changes. Never called if `needs_every_change` is false for every
    /// reporter of the run.
    fn on_changes(&mut self, _run: &RunSnapshot<'_>, _changes: &Changes) -> Result<(), RunError> {
        Ok(())
    }

    /// Called ten times a second.
    fn on_tick(&mut self, _run: &RunSnapshot<'_>) -> Result<(), RunError> {
        Ok(())
    }

    /// Shows a message during the run. Returns `false` if the run must print the message itself. In that case the
    /// reporter has removed its own output from the terminal.
    fn show_message(&mut self, _message: &Line) -> Result<bool, RunError> {
        Ok(false)
    }

    /// Shows a warning about a fatal cause. Returns `false` if the run must print the warning itself.
    fn show_fatal_cause(&mut self, _run: &RunSnapshot<'_>, _cause: &FatalCause) -> Result<bool, RunError> {
        Ok(false)
    }

    /// Called once at the end. The clock of the run is frozen.
    fn on_end(&mut self, _run: &RunSnapshot<'_>, _end: RunEnd) -> Result<(), RunError> {
        Ok(())
    }

    /// Shows lines of the closing report. Returns `false` if the run must print them itself.
    fn show_closing_lines(&mut self, _lines: &[Line]) -> Result<bool, RunError> {
        Ok(false)
    }
}
