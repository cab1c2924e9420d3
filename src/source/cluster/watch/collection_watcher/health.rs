//! Failures of a watcher's requests: the pauses between attempts, the reports about failures, and the last list
//! before a run ends.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::observation::Outage;
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::retry::{FirstAttempts, RetryPauses, next_pause, next_pause_after};
use crate::source::cluster::watch::collection_watcher::{CollectionWatcher, Signal, WatcherState};
use crate::source::cluster::watch::target::Need;
use crate::source::feed::RefreshScope;

/// Minimum pause after a failed request, unless the series of pauses has a shorter one. When the requests of another
/// watcher succeed again, this watcher ends its pause early, but not before this time. Without this limit, a watcher
/// whose connection breaks again and again would make all others repeat their requests too.
const MIN_SHORTENED_PAUSE: Duration = Duration::from_secs(3);

/// Time in which the last list before the end of a run is repeated after temporary faults.
const LAST_LIST_PATIENCE: Duration = Duration::from_secs(10);

impl CollectionWatcher {
    /// Returns an outage of this collection without a time and a reason.
    pub(crate) fn outage_template(&self) -> Outage {
        Outage {
            kind: self.query.kind.name().to_owned(),
            resource: self.query.kind.plural().to_owned(),
            namespace: self.query.namespace.clone(),
            since: Timestamp::UNIX_EPOCH,
            reason: String::new(),
            is_optional: self.need == Need::Optional,
        }
    }

    /// If the requests of this watcher were failing, reports that the requests succeed again.
    pub(crate) fn set_healthy(&self, state: &mut WatcherState) {
        state.is_watch_refused = false;
        if state.failing_since.take().is_some() {
            let _ = self.signals.send(Signal::Healthy(self.id));
            self.recovered.notify_waiters();
        }
    }

    /// Reports a failed request.
    pub(crate) fn set_failing(&self, state: &mut WatcherState, failure: &RequestError) {
        let since = *state.failing_since.get_or_insert_with(|| self.start_of_failure(failure));
        let reason = failure.plain_reason();
        let _ = self.signals.send(Signal::Failing { id: self.id, since, reason, is_final: false });
    }

    /// Reports that this optional collection cannot be read and is not requested again.
    pub(crate) fn give_up(&self, failure: &RequestError) {
        let (since, reason) = (self.start_of_failure(failure), failure.plain_reason());
        let _ = self.signals.send(Signal::Failing { id: self.id, since, reason, is_final: true });
    }

    /// Returns the time since which the collection has not been read. A dead connection is noticed only after a long
    /// silence.
    fn start_of_failure(&self, failure: &RequestError) -> Timestamp {
        let now = self.cluster.clock.now();
        let RequestError::TimedOut(silence) = failure else { return now };
        let silence = SignedDuration::try_from(*silence).unwrap_or_default();
        now.checked_sub(silence).unwrap_or(now)
    }

    /// Reports a failed request, then pauses. The pause ends early if the requests of another watcher succeed again.
    /// Returns `true` if the last list is asked for during the pause.
    pub(crate) async fn wait_after_failure(
        &mut self,
        state: &mut WatcherState,
        failure: &RequestError,
        pauses: &mut RetryPauses,
    ) -> bool {
        self.set_failing(state, failure);
        let retry_after = failure.retry_after();
        let pause = next_pause_after(pauses, retry_after);
        let shortened = retry_after.unwrap_or_default().max(MIN_SHORTENED_PAUSE).min(pause);
        let may_repeat = Instant::now() + retry_after.unwrap_or_default();
        let recovered = Arc::clone(&self.recovered);
        let recovered = recovered.notified();
        tokio::select! {
            () = self.wait_for_refresh() => {
                sleep_until(may_repeat).await;
                true
            }
            () = async {
                sleep(shortened).await;
                let _ = timeout(pause.saturating_sub(shortened), recovered).await;
            } => false,
        }
    }

    /// Pauses after a watch that ended too soon. Returns `true` if the last list is asked for during the pause.
    pub(crate) async fn wait_after_watch(&mut self, pauses: &mut RetryPauses) -> bool {
        tokio::select! {
            () = self.wait_for_refresh() => true,
            () = sleep(next_pause(pauses)) => false,
        }
    }

    /// Waits until the run asks for the final refresh of the collections that may be out of date.
    pub(crate) async fn wait_for_refresh(&mut self) {
        if self.refresh.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether the latest refresh includes this collection even while its watch is open.
    pub(crate) fn is_refreshed_while_watched(&self) -> bool {
        match self.refresh.borrow().1 {
            RefreshScope::Unwatched => false,
            RefreshScope::UnwatchedAndPods => self.query.kind == Kind::POD,
        }
    }

    /// Reports that this watcher has finished the latest refresh.
    pub(crate) fn report_refreshed(&self) {
        let _ = self.signals.send(Signal::Refreshed(self.id));
    }

    /// Lists the collection once more, because the run is about to end. Returns the version of the list. Waits out
    /// temporary faults for [`LAST_LIST_PATIENCE`]. If the collection cannot be listed, returns `None`.
    pub(crate) async fn list_once_more(&mut self, state: &mut WatcherState) -> Option<String> {
        let mut attempts = FirstAttempts::new(LAST_LIST_PATIENCE);
        let version = loop {
            let failure = match self.list(state, false).await {
                Ok(version) => {
                    self.set_healthy(state);
                    break Some(version);
                }
                Err(failure) => failure,
            };
            self.set_failing(state, &failure);
            let can_pass = failure.is_temporary() || failure.is_unreachable();
            match attempts.next_pause(failure.retry_after()) {
                Some(pause) if can_pass => sleep(pause).await,
                Some(_) | None => break None,
            }
        };
        self.report_refreshed();
        version
    }
}

#[cfg(test)]
mod tests;
