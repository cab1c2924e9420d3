//! Lists a collection, and reports the differences from the previous list.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::observation::{Object, Observation, Relist, Seen};
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::retry::FirstAttempts;
use crate::source::cluster::watch::collection_watcher::{CollectionWatcher, Signal, WatcherState};
use crate::source::cluster::watch::known_object::{KnownObject, version_number};
use crate::source::cluster::watch::ownership::CollectionRole;
use crate::source::cluster::watch::target::Need;
use crate::source::cluster::watch::uid_key::uid_key;
use crate::source::{Progress, Update};

/// Number of observations after which an update is sent. An update may contain more, because one part of an answer may
/// complete several objects.
const BATCH_SIZE: usize = 128;

/// Interval between two progress updates of a long list.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// The number of objects in a list is requested only if the list takes at least this long.
pub(crate) const COUNT_DELAY: Duration = Duration::from_millis(500);

/// Time in which the first list of an optional collection is repeated before the others go on without it.
const OPTIONAL_LIST_PATIENCE: Duration = Duration::from_secs(5);

impl CollectionWatcher {
    /// Requests the first list. After a temporary fault, requests it again for a limited time: 30 s, or less if
    /// `--request-timeout` is shorter or the other collections can be shown without this one.
    pub(crate) async fn request_first_list(
        &mut self,
        state: &mut WatcherState,
    ) -> Result<String, RequestError> {
        let mut patience = self.cluster.first_request_patience();
        if self.watch && self.need == Need::Optional {
            patience = patience.min(OPTIONAL_LIST_PATIENCE);
        }
        let mut attempts = FirstAttempts::new(patience);
        loop {
            let failure = match self.list(state, true).await {
                Err(failure) if self.can_first_list_pass(&failure) => failure,
                other => return other,
            };
            let Some(pause) = attempts.next_pause(failure.retry_after()) else { return Err(failure) };
            let _ = self.signals.send(Signal::Repeating(failure.plain_reason(), patience));
            sleep(pause).await;
        }
    }

    /// Whether the first list may succeed after this failure. If the program follows the objects, it also waits for a
    /// server that cannot be reached. If it prints once, it reports a wrong address at once, as kubectl does.
    fn can_first_list_pass(&self, failure: &RequestError) -> bool {
        failure.is_temporary() || (self.watch && failure.is_unreachable())
    }

    /// Lists the collection. Reports the objects that are new, changed or missing since the previous list. Returns the
    /// version of the list. With `first`, also reports progress.
    pub(crate) async fn list(
        &mut self,
        state: &mut WatcherState,
        first: bool,
    ) -> Result<String, RequestError> {
        if self.is_narrowed_by_owner {
            self.wait_for_lists().await;
            self.query.labels = self.ownership.pod_label_selector();
        }
        let (requested, requested_at) = (Instant::now(), self.cluster.clock.now());
        let mut listing = self.cluster.list(&self.query).await?;
        self.wait_for_lists().await;
        let is_narrowed_by_job_name = self.role == CollectionRole::Child && self.query.needs_job_name();
        if is_narrowed_by_job_name && self.ownership.has_pods_without_job_name() {
            self.query.labels = None;
            listing = self.cluster.list(&self.query).await?;
        }
        state.list_number += 1;
        let mut count = 0;
        let mut last_progress = Instant::now();
        let mut total: Option<Arc<OnceLock<u64>>> = None;
        while listing
            .receive(|object| {
                count += 1;
                self.handle_listed(state, object);
            })
            .await?
        {
            self.resolve_owners(state).await;
            if state.batch.len() >= BATCH_SIZE {
                self.flush(state).await;
            }
            if first && last_progress.elapsed() >= PROGRESS_INTERVAL {
                last_progress = Instant::now();
                if requested.elapsed() >= COUNT_DELAY && total.is_none() {
                    total = Some(self.request_count());
                }
                let total = total.as_ref().and_then(|total| total.get().copied());
                let resource = self.query.kind.plural().to_owned();
                // If the queue is full, the progress update is dropped, because it must not slow down the list.
                let _ = self.updates.try_send(Update::Progress(Progress::Listing { resource, count, total }));
            }
        }
        self.report_missing(state);
        self.flush(state).await;
        if !first && matches!(self.query.kind, Kind::POD | Kind::EVENT) {
            let (kind, namespace) = (self.query.kind.name().to_owned(), self.query.namespace.clone());
            self.send(Update::Relisted(Relist { at: requested_at, kind, namespace })).await;
        }
        state.last_complete = requested;
        Ok(listing.into_version())
    }

    /// Requests the number of objects in the collection. The result is set when the answer arrives. The list does not
    /// wait for the answer.
    fn request_count(&self) -> Arc<OnceLock<u64>> {
        let total = Arc::new(OnceLock::new());
        let (cluster, query, answer) = (self.cluster.clone(), self.query.clone(), Arc::clone(&total));
        tokio::spawn(async move {
            // If there is no answer, the progress shows only the number of objects received so far.
            if let Ok(Some(count)) = cluster.fetch_count(&query).await {
                let _ = answer.set(count);
            }
        });
        total
    }

    /// Reports an object of a list if the object is new or changed since the previous list. If the collection is not
    /// watched, reports every object.
    fn handle_listed(&self, state: &mut WatcherState, object: Object) {
        if !self.watch {
            self.report(state, Seen::Listed, object);
            return;
        }
        let metadata = object.metadata();
        let version = version_number(&metadata.resource_version);
        let uid = uid_key(&metadata.uid);
        if let Some(known) = state.known.get_mut(&uid) {
            known.list_number = state.list_number;
            if std::mem::replace(&mut known.version, version) != version {
                self.report(state, Seen::Listed, object);
            }
            return;
        }
        let known = KnownObject::new(metadata, version, state.list_number);
        if self.report(state, Seen::Listed, object) {
            state.known.insert(uid, known);
        }
    }

    /// Reports the known objects that the latest list did not contain.
    fn report_missing(&self, state: &mut WatcherState) {
        let list = state.list_number;
        let missing: Vec<KnownObject> =
            state.known.extract_if(|_, known| known.list_number != list).map(|(_, known)| known).collect();
        // The server deletes Events when they expire, so the deletion of an Event is not reported.
        if self.query.kind == Kind::EVENT {
            return;
        }
        for known in missing {
            let object = self.query.kind.with_metadata(known.metadata());
            if self.ownership.has_admitted(&object, self.role) {
                let received = self.cluster.clock.now();
                state.batch.push(Observation { received, seen: Seen::Missing, object });
            }
        }
    }
}
