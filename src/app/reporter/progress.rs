//! Reports the progress of the source on a progress bar, before and while it delivers observations.

use crate::app::exit::RunError;
use crate::app::reporter::interface::{Reporter, RunEnd};
use crate::app::reporter::progress_bar::{ProgressBar, Step};
use crate::app::run_state::RunSnapshot;
use crate::source::Update;
use crate::view::Line;

/// Shows the progress of the source on a progress bar.
pub(crate) struct ProgressReporter {
    /// The bar. `None` once the run no longer needs it.
    bar: Option<ProgressBar>,
    /// Whether the bar is removed once the run is synced, because other reporters print lines from then on.
    ends_when_synced: bool,
}

impl ProgressReporter {
    pub(crate) fn new(bar: ProgressBar, ends_when_synced: bool) -> Self {
        Self { bar: Some(bar), ends_when_synced }
    }
}

impl Reporter for ProgressReporter {
    fn on_update(&mut self, update: &Update) -> Result<(), RunError> {
        let Some(bar) = &mut self.bar else { return Ok(()) };
        match update {
            Update::Progress(progress) => bar.set_step(Step::from_progress(progress)),
            Update::Synced if self.ends_when_synced => self.bar = None,
            Update::Synced => bar.set_step(None),
            Update::Observed(_)
            | Update::Outages { .. }
            | Update::Relisted(_)
            | Update::Unwatched(_)
            | Update::Refreshed
            | Update::PlaybackRestarted
            | Update::PlaybackEnded
            | Update::Notice(_)
            | Update::Missing(_)
            | Update::Failed(_) => {}
        }
        Ok(())
    }

    fn on_tick(&mut self, _run: &RunSnapshot<'_>) -> Result<(), RunError> {
        if let Some(bar) = &mut self.bar {
            bar.tick();
        }
        Ok(())
    }

    fn show_message(&mut self, _message: &Line) -> Result<bool, RunError> {
        if let Some(bar) = &mut self.bar {
            bar.clear();
        }
        Ok(false)
    }

    fn on_end(&mut self, _run: &RunSnapshot<'_>, _end: RunEnd) -> Result<(), RunError> {
        self.bar = None;
        Ok(())
    }
}
