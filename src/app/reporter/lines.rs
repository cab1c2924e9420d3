//! Reports a run as lines of text, for CI, pipes and screen readers.

use crate::app::exit::RunError;
use crate::app::reporter::interface::{Reporter, RunEnd};
use crate::app::reporter::status_lines::{LineOptions, StatusLines};
use crate::app::run_state::RunSnapshot;
use crate::app::streams::Streams;
use crate::source::Update;
use crate::timeline::{Changes, FatalCause};
use crate::view::{Line, Style, clean};

/// Writes lines at the start, when the state or the connection changes, and after a long silence.
#[derive(Debug)]
pub(crate) struct LinesReporter<'a> {
    streams: &'a Streams,
    lines: StatusLines,
}

impl<'a> LinesReporter<'a> {
    pub(crate) fn new(streams: &'a Streams, options: LineOptions) -> Self {
        Self { streams, lines: StatusLines::new(options) }
    }
}

impl Reporter for LinesReporter<'_> {
    fn needs_every_change(&self) -> bool {
        true
    }

    fn on_update(&mut self, update: &Update) -> Result<(), RunError> {
        let line = match update {
            Update::Lost(error) => {
                Line::new(format!("connection lost, trying again: {}", clean(error)), Style::Warning)
            }
            Update::Restored => Line::new("connection restored", Style::Text),
            Update::Observed(_)
            | Update::Synced
            | Update::Progress(_)
            | Update::PlaybackRestarted
            | Update::PlaybackEnded
            | Update::Notice(_)
            | Update::Failed(_) => return Ok(()),
        };
        self.streams.write_live_lines(vec![line])
    }

    fn on_synced(&mut self, run: &RunSnapshot<'_>) -> Result<(), RunError> {
        self.streams.write_live_lines(self.lines.begin(&run.state.timeline, run.now))
    }

    fn on_changes(&mut self, run: &RunSnapshot<'_>, changes: &Changes) -> Result<(), RunError> {
        self.streams.write_live_lines(self.lines.report_changes(&run.state.timeline, changes, run.now))
    }

    fn on_tick(&mut self, run: &RunSnapshot<'_>) -> Result<(), RunError> {
        self.streams.write_live_lines(self.lines.report_tick(&run.state.timeline, run.now))
    }

    fn show_fatal_cause(&mut self, run: &RunSnapshot<'_>, cause: &FatalCause) -> Result<bool, RunError> {
        let lines = self.lines.report_fatal_cause(&run.state.timeline, cause, run.now);
        self.streams.write_live_lines(lines)?;
        Ok(true)
    }

    fn on_end(&mut self, run: &RunSnapshot<'_>, _end: RunEnd) -> Result<(), RunError> {
        self.streams.write_live_lines(self.lines.report_end(&run.state.timeline, run.now))
    }
}
