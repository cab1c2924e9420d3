//! Keeps track of the watchers whose requests fail, and of the last lists before a run ends.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use crate::observation::Outage;

/// An outage is reported when the requests of a watcher have failed for this long.
pub(crate) const OUTAGE_REPORT_DELAY: Duration = Duration::from_secs(2);

/// Outages that are due within this time after a report are a part of the report.
const SHARED_REPORT_TIME: Duration = Duration::from_millis(500);

/// Maximum time that a refresh takes. A watcher that has not finished by then counts as failing.
pub(crate) const REFRESH_LIMIT: Duration = Duration::from_secs(30);

/// The watchers of a feed: which of them fail, and which of them still work on a refresh.
#[derive(Debug, Default)]
pub(crate) struct WatcherHealth {
    /// The outage of each watcher, by its id, without a time and a reason.
    templates: Vec<Outage>,
    /// The failing watchers, by their ids.
    failing: BTreeMap<usize, FailingWatcher>,
    /// The ids of the watchers that have ended.
    ended: BTreeSet<usize>,
    /// The outages that were reported last.
    reported: Vec<Outage>,
    /// The current refresh, until it has ended.
    refresh: Option<Refresh>,
}

#[derive(Debug)]
struct FailingWatcher {
    /// The instant at which the outage is reported.
    report_at: Instant,
    since: Timestamp,
    reason: String,
}

#[derive(Debug)]
struct Refresh {
    deadline: Instant,
    /// The ids of the watchers that have not finished.
    unfinished: BTreeSet<usize>,
}

impl WatcherHealth {
    /// Creates the state of watchers that all work. `templates` has the outage of each watcher, without a time and a
    /// reason.
    pub(crate) fn new(templates: Vec<Outage>) -> Self {
        Self { templates, ..Self::default() }
    }

    /// Stores that a request of the watcher with this id failed. With `is_final`, the watcher has ended.
    pub(crate) fn set_failing(&mut self, id: usize, since: Timestamp, reason: String, is_final: bool) {
        let delay = if is_final { Duration::ZERO } else { OUTAGE_REPORT_DELAY };
        let known = self.failing.get(&id);
        let report_at = known.map_or_else(|| Instant::now() + delay, |known| known.report_at);
        self.failing.insert(id, FailingWatcher { report_at, since, reason });
        if is_final {
            self.ended.insert(id);
        }
    }

    /// Stores that the requests of the watcher with this id succeed again.
    pub(crate) fn set_healthy(&mut self, id: usize) {
        self.failing.remove(&id);
    }

    /// Starts a refresh, which all watchers that have not ended take part in.
    pub(crate) fn start_refresh(&mut self) {
        let unfinished = (0..self.templates.len()).filter(|id| !self.ended.contains(id)).collect();
        self.refresh = Some(Refresh { deadline: Instant::now() + REFRESH_LIMIT, unfinished });
    }

    /// Stores that the watcher with this id has finished the refresh.
    pub(crate) fn set_refreshed(&mut self, id: usize) {
        if let Some(refresh) = &mut self.refresh {
            refresh.unfinished.remove(&id);
        }
    }

    /// Returns `true` once, when the refresh has ended. The next report then also contains failures that are shorter
    /// than [`OUTAGE_REPORT_DELAY`]. A watcher that has not finished in time counts as failing.
    pub(crate) fn end_refresh(&mut self, now: Timestamp) -> bool {
        let Some(refresh) = &self.refresh else { return false };
        if !refresh.unfinished.is_empty() && Instant::now() < refresh.deadline {
            return false;
        }
        for &id in &refresh.unfinished {
            let reason = format!("no answer within {} s", REFRESH_LIMIT.as_secs());
            let report_at = Instant::now();
            self.failing.entry(id).or_insert(FailingWatcher { report_at, since: now, reason });
        }
        for failing in self.failing.values_mut() {
            failing.report_at = Instant::now();
        }
        self.refresh = None;
        true
    }

    /// Waits until [`WatcherHealth::take_report`] or [`WatcherHealth::end_refresh`] may have a result because time has
    /// passed.
    pub(crate) async fn wait_until_due(&self) {
        let is_unreported = |failing: &&FailingWatcher| failing.report_at > Instant::now();
        let report = self.failing.values().filter(is_unreported).map(|failing| failing.report_at).min();
        let deadline = self.refresh.as_ref().map(|refresh| refresh.deadline);
        match report.into_iter().chain(deadline).min() {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// Returns the outages to report, if they differ from those that were reported last. Several watchers of one kind
    /// in one namespace have one outage: that of the watcher that has failed for the longest time.
    pub(crate) fn take_report(&mut self) -> Option<Vec<Outage>> {
        let now = Instant::now();
        // The watchers usually fail for the same reason within milliseconds, and then share a report.
        let is_any_due = self.failing.values().any(|failing| failing.report_at <= now);
        let horizon = if is_any_due { now + SHARED_REPORT_TIME } else { now };
        let mut outages: Vec<Outage> = Vec::new();
        for (&id, failing) in self.failing.iter().filter(|(_, failing)| failing.report_at <= horizon) {
            let Some(template) = self.templates.get(id) else { continue };
            let (since, reason) = (failing.since, failing.reason.clone());
            let outage = Outage { since, reason, ..template.clone() };
            let is_same =
                |other: &&mut Outage| (&other.kind, &other.namespace) == (&outage.kind, &outage.namespace);
            match outages.iter_mut().find(is_same) {
                Some(known) => {
                    known.is_optional &= outage.is_optional;
                    if outage.since < known.since {
                        (known.since, known.reason) = (outage.since, outage.reason);
                    }
                }
                None => outages.push(outage),
            }
        }
        if outages == self.reported {
            return None;
        }
        self.reported.clone_from(&outages);
        Some(outages)
    }
}
