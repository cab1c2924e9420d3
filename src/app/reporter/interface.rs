//! The interface between a run and its reporters.

use crate::app::exit::{Exit, RunError};
use crate::app::run_state::RunSnapshot;
use crate::source::Update;
use crate::timeline::Changes;
use crate::view::Line;

/// The end of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunEnd {
    /// How the program is about to end.
    pub(crate) exit: Exit,
    /// Number of lines of the closing report, which follows below the last picture.
    pub(crate) lines_below: usize,
}

/// Shows a run in one way. Every method has a default that does nothing.
pub(crate) trait Reporter {
    /// Whether [`Self::on_changes`] must be called after every single observation, and not only when convenient.
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

    /// Called with the changes since the last call. Only reporters that need every change can rely on it.
    fn on_changes(&mut self, _run: &RunSnapshot<'_>, _changes: &Changes) -> Result<(), RunError> {
        Ok(())
    }

    /// Called ten times a second.
    fn on_tick(&mut self, _run: &RunSnapshot<'_>) -> Result<(), RunError> {
        Ok(())
    }

    /// Shows a message while the run goes on. Returns `false` if the run must print it itself; the reporter has then
    /// removed everything from the terminal that would stand in the way.
    fn show_message(&mut self, _message: &Line) -> Result<bool, RunError> {
        Ok(false)
    }

    /// Called once at the end. The clock of the run is frozen.
    fn on_end(&mut self, _run: &RunSnapshot<'_>, _end: RunEnd) -> Result<(), RunError> {
        Ok(())
    }

    /// Shows lines of the closing report. Returns `false` if the run must print them itself.
    fn show_below(&mut self, _lines: &[Line]) -> Result<bool, RunError> {
        Ok(false)
    }
}
