//! Reports a run as lines of text, for CI, pipes and screen readers.

use jiff::Timestamp;

use crate::app::exit::RunError;
use crate::app::reporter::interface::{Reporter, RunEnd};
use crate::app::reporter::status_lines::{LineOptions, StatusLines};
use crate::app::run_state::RunSnapshot;
use crate::app::streams::Streams;
use crate::observation::Outage;
use crate::source::Update;
use crate::timeline::{Changes, FatalCause};
use crate::view::{Line, Style, describe_outages, list_resources};

/// Writes lines at the start, when the state or the connection changes, and after a long silence.
#[derive(Debug)]
pub(crate) struct LinesReporter<'a> {
    streams: &'a Streams,
    lines: StatusLines,
    /// The outages that the lines have reported.
    outages: Vec<Outage>,
}

impl<'a> LinesReporter<'a> {
    pub(crate) fn new(streams: &'a Streams, options: LineOptions) -> Self {
        Self { streams, lines: StatusLines::new(options), outages: Vec::new() }
    }

    /// Returns the lines about new outages, and about the collections that can be read again.
    fn report_outages(&mut self, outages: &[Outage], now: Timestamp) -> Vec<Line> {
        let is_same =
            |one: &Outage, other: &Outage| (&one.kind, &one.namespace) == (&other.kind, &other.namespace);
        let is_known = |outage: &&Outage| {
            self.outages.iter().any(|known| is_same(known, outage) && known.reason == outage.reason)
        };
        let new: Vec<Outage> = outages.iter().filter(|outage| !is_known(outage)).cloned().collect();
        let has_ended = |known: &&Outage| !outages.iter().any(|outage| is_same(known, outage));
        let ended: Vec<&Outage> = self.outages.iter().filter(has_ended).collect();
        let mut lines = describe_outages(&new, now);
        if !ended.is_empty() {
            lines.push(Line::new(format!("reading {} again", list_resources(&ended)), Style::Text));
        }
        self.outages = outages.to_vec();
        lines
    }
}

impl Reporter for LinesReporter<'_> {
    fn needs_every_change(&self) -> bool {
        true
    }

    fn on_update(&mut self, update: &Update) -> Result<(), RunError> {
        let lines = match update {
            Update::Outages { received, outages } => self.report_outages(outages, *received),
            Update::Observed(_)
            | Update::Relisted(_)
            | Update::Unwatched(_)
            | Update::Refreshed
            | Update::Synced
            | Update::Progress(_)
            | Update::PlaybackRestarted
            | Update::PlaybackEnded
            | Update::Notice(_)
            | Update::Missing(_)
            | Update::Failed(_) => return Ok(()),
        };
        self.streams.write_live_lines(lines)
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
