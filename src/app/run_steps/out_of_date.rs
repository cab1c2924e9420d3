//! Handles collections that the source cannot read: the run reports them, and asks for a final refresh before it ends.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::app::exit::RunError;
use crate::app::final_refresh::FinalRefresh;
use crate::app::run::Run;
use crate::observation::{Outage, Relist};
use crate::source::feed::RefreshScope;

/// Maximum time that the end of a run waits for the final refresh. The source itself limits a refresh to a shorter
/// time.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(35);

impl Run<'_> {
    /// Stores which collections the source cannot read. Reports the change if a reporter needs every change.
    pub(crate) fn on_outages(&mut self, received: Timestamp, outages: Vec<Outage>) -> Result<(), RunError> {
        self.state.timeline.set_outages(outages);
        self.report_changes(received)
    }

    /// Adds the Pods that Events name and that a new list does not contain. Reports the change if a reporter needs
    /// every change.
    pub(crate) fn on_relist(&mut self, relist: &Relist) -> Result<(), RunError> {
        if !self.state.is_synced {
            return Ok(());
        }
        self.state.timeline.apply_relist(relist);
        let received = self.state.timeline.last_received().unwrap_or(relist.at);
        self.report_changes(received)
    }

    fn report_changes(&mut self, received: Timestamp) -> Result<(), RunError> {
        if !self.state.is_synced {
            return Ok(());
        }
        if self.reporters.iter_mut().any(|reporter| reporter.needs_every_change()) {
            let changes = self.recompute();
            self.report(received, |reporter, run| reporter.on_changes(run, &changes))?;
        }
        Ok(())
    }

    /// Stores that the source has finished the final refresh.
    pub(crate) fn on_refreshed(&mut self) {
        self.final_refresh = FinalRefresh::Done;
    }

    /// Asks the source for the final refresh on the first call: the source lists again the collections that may be
    /// out of date. Returns `true` if the source has finished, cannot refresh, or takes too long.
    pub(crate) fn poll_final_refresh(&mut self) -> bool {
        let Some(refresh) = &self.options.feed.refresh else { return true };
        match self.final_refresh {
            FinalRefresh::Done => true,
            FinalRefresh::Asked(deadline) => deadline <= Instant::now(),
            FinalRefresh::NotAsked => {
                self.final_refresh = FinalRefresh::Asked(Instant::now() + REFRESH_TIMEOUT);
                let scope = if self.state.have_pods_ended() {
                    RefreshScope::Unwatched
                } else {
                    RefreshScope::UnwatchedAndPods
                };
                refresh.send(scope).is_err()
            }
        }
    }
}
