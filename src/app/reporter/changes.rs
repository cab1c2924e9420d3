//! Reports every change as a JSON object on standard output.

use crate::app::exit::RunError;
use crate::app::reporter::interface::{Reporter, RunEnd};
use crate::app::run_state::RunSnapshot;
use crate::app::streams::Streams;
use crate::export::ChangeWriter;
use crate::timeline::Changes;

/// Writes one line of JSON for each change.
#[derive(Debug, Default)]
pub(crate) struct ChangesReporter {
    lines: ChangeWriter,
}

impl Reporter for ChangesReporter {
    fn needs_every_change(&self) -> bool {
        true
    }

    fn on_synced(&mut self, run: &RunSnapshot<'_>) -> Result<(), RunError> {
        self.on_changes(run, &run.state.timeline.all_as_changes())
    }

    fn on_changes(&mut self, run: &RunSnapshot<'_>, changes: &Changes) -> Result<(), RunError> {
        Streams::write_stdout(|out| self.lines.write_changes(&run.state.timeline, changes, run.now, out))
    }

    fn on_end(&mut self, run: &RunSnapshot<'_>, end: RunEnd) -> Result<(), RunError> {
        Streams::write_stdout(|out| {
            ChangeWriter::write_end(&run.state.timeline, end.exit.code(), run.now, out)
        })
    }
}
