//! Reads one collection without a gap: a list, then watches that continue where the list ended.
//!
//! A change that a watch delivers gets the time of its receipt. A change that may have happened before the watch was opened
//! (during a long list or a lost connection, or if the watch begins in the past) is therefore reported as [`Seen::Listed`] or
//! [`Seen::Missing`], which claim no time.

pub(crate) mod list;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::observation::{Object, ObjectMeta, Observation, Seen};
use crate::source::Update;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::{RequestError, explain_request_error};
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::api::message::{Status, WatchEvent};
use crate::source::cluster::api::request::{Query, WatchResponse};
use crate::source::cluster::watch::known_object::{KnownObject, version_number};
use crate::source::cluster::watch::owner_lookup::OwnerLookup;
use crate::source::cluster::watch::ownership::{CollectionRole, Ownership, uid_key};
use crate::source::cluster::watch::retry::{RetryPauses, next_pause, random_below, retry_pauses};
use crate::source::error::SourceError;

/// The server ends a watch after this number of seconds plus a random part of up to a tenth, so that many clients do not
/// reconnect at the same time.
const WATCH_SECONDS: u32 = 270;

/// A server that sends bookmarks sends one about every minute. After the first one, a silence of this length means that the
/// connection is dead.
const BOOKMARK_SILENCE: Duration = Duration::from_secs(150);

/// A watch that delivers nothing and lives for less than this does not reset the back-off.
const MIN_WATCH_LIFE: Duration = Duration::from_secs(1);

/// If the collection was known completely this short time before a watch is opened, the first changes of the watch count as
/// new.
const MAX_GAP: Duration = Duration::from_millis(150);

/// Maximum age of an object that counts as newly created when a watch adds it. An older object has only begun to match the
/// selector.
const MAX_NEW_AGE: SignedDuration = SignedDuration::from_secs(3);

/// A message from a watcher to the task that runs the watchers.
#[derive(Debug)]
pub(crate) enum Signal {
    /// The first list has been sent completely.
    Listed,
    /// The requests of the watcher with this id fail, for the reason given. The watcher tries again.
    Failing(usize, String),
    /// The requests of the watcher with this id succeed again.
    Healthy(usize),
}

/// Whether the feed can work without a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The feed fails if the collection cannot be read.
    Required,
    /// If the collection cannot be read, the user receives a notice and the feed goes on.
    Optional,
}

/// Lists and watches one collection.
pub(crate) struct CollectionWatcher {
    /// The index of the watcher in its feed.
    pub(crate) id: usize,
    pub(crate) cluster: Cluster,
    pub(crate) query: Query,
    pub(crate) need: Need,
    /// Whether to watch the collection after the list.
    pub(crate) watch: bool,
    /// A resource version from before the list. If it is set, the watch begins there.
    pub(crate) since: Option<String>,
    pub(crate) ownership: Arc<Ownership>,
    /// The reason why this collection is read.
    pub(crate) role: CollectionRole,
    /// Whether the selector of the named workload narrows the collection. The list then waits for the workload.
    pub(crate) is_narrowed_by_owner: bool,
    /// Requests owners whose kinds no watch reads.
    pub(crate) owner_lookup: Arc<OwnerLookup>,
    /// The resource that the user named, such as `jobs.batch`, if this collection holds the named objects.
    pub(crate) named: Option<String>,
    /// Become `true` when the lists that this collection waits for have been sent: its objects can only be judged, and may only
    /// be sent, after the objects that own them.
    pub(crate) after: Vec<watch::Receiver<bool>>,
    /// Set to `true` when the first list of this collection has been sent, for the `after` of other watchers.
    pub(crate) is_listed: watch::Sender<bool>,
    /// Notified when a request of one watcher succeeds again. The other watchers then try again at once.
    pub(crate) recovered: Arc<Notify>,
    pub(crate) updates: mpsc::Sender<Update>,
    pub(crate) signals: mpsc::UnboundedSender<Signal>,
}

/// The state of a running watcher.
pub(crate) struct WatcherState {
    /// The objects that the collection holds, by uid.
    known: HashMap<u128, KnownObject>,
    /// The number of the latest list.
    list: u32,
    /// The observations to send.
    batch: Vec<Observation>,
    /// The latest instant at which the collection was known completely.
    current: Instant,
    /// Whether the latest request has failed.
    is_failing: bool,
}

/// The changes that a watch delivers although they happened before it was opened.
enum Backlog {
    /// There are none.
    Nothing,
    /// The changes up to this version.
    Until(u64),
    /// The changes that arrive before this instant. Used if the server's versions are not numbers.
    Before(Instant),
}

/// The reason why a watch ended.
enum WatchEnd {
    /// The watch could not be opened.
    Unopened(RequestError),
    /// The server ended the watch without an error.
    Clean,
    /// The requested version is too old, so a new list is necessary.
    Expired,
    /// The connection was lost, or the server ended the watch with an error.
    Failed(RequestError),
}

impl CollectionWatcher {
    /// Lists the collection, and then watches it if `watch` is set. Without `watch`, ends after the list; with it, runs until it is
    /// aborted.
    ///
    /// # Errors
    ///
    /// The first list of a required collection fails, or an object that the user named does not exist.
    pub(crate) async fn run(mut self) -> Result<(), SourceError> {
        let mut state = WatcherState {
            known: HashMap::new(),
            list: 0,
            batch: Vec::new(),
            current: Instant::now(),
            is_failing: false,
        };
        let listed = match self.first_list(&mut state).await {
            Ok(version) => {
                if let Some(error) = self.not_found_error() {
                    return Err(error);
                }
                Some(version)
            }
            Err(failure) => {
                // An error of the objects that the user named is reported before other errors.
                self.wait_for_others().await;
                let error =
                    explain_request_error(failure, &self.query.request_context(), &self.cluster.endpoint());
                if self.need == Need::Required {
                    return Err(error);
                }
                let notice = self.missing_collection_notice(&error);
                self.send(Update::Notice(notice)).await;
                None
            }
        };
        let _ = self.is_listed.send(true);
        let _ = self.signals.send(Signal::Listed);
        match listed {
            Some(version) if self.watch => self.follow(&mut state, version).await,
            _ => Ok(()),
        }
    }

    /// Waits until the lists that this collection depends on have been sent.
    async fn wait_for_others(&mut self) {
        for other in &mut self.after {
            // If the other watcher has failed, this one waits until it is aborted, so that only the first error is reported.
            if other.wait_for(|is_listed| *is_listed).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    async fn send(&self, update: Update) {
        // If the receiver was dropped, `run_watchers` ends and aborts this task.
        let _ = self.updates.send(update).await;
    }

    /// Sends the observations of the batch.
    async fn flush(&self, state: &mut WatcherState) {
        if !state.batch.is_empty() {
            self.send(Update::Observed(std::mem::take(&mut state.batch))).await;
        }
    }

    /// Adds an observation to the batch if its object belongs. Returns `true` if it belongs or may still turn out to belong.
    fn report(&self, state: &mut WatcherState, seen: Seen, object: Object) -> bool {
        let received = self.cluster.clock.now();
        self.ownership.admit(Observation { received, seen, object }, self.role, &mut state.batch)
    }

    /// Requests the owners that decide whether the received objects belong.
    async fn resolve_owners(&self, state: &mut WatcherState) {
        while let Some(wanted) = self.ownership.next_unresolved_owner() {
            let owner = self.owner_lookup.fetch_owner(&wanted).await;
            self.ownership.resolve_owner(&wanted, owner, self.cluster.clock.now(), &mut state.batch);
        }
    }

    /// Watches the collection from the version `listed` on, until the task is aborted.
    ///
    /// # Errors
    ///
    /// The past is no longer available, and an object that the user named does not exist.
    async fn follow(&mut self, state: &mut WatcherState, listed: String) -> Result<(), SourceError> {
        // A watch that begins before the list reports only the changes that the list does not show.
        let list_version = version_number(&listed);
        let mut position = Some(match &self.since {
            Some(since) if since.parse::<u64>().is_ok() && listed.parse::<u64>().is_ok() => since.clone(),
            _ => listed.clone(),
        });
        let mut past = position.as_ref() != Some(&listed);
        // The pauses grow separately: after a failed request, and after a watch that ended too soon.
        let (mut request_pauses, mut watch_pauses) = (retry_pauses(), retry_pauses());
        loop {
            let Some(from) = &mut position else {
                match self.list(state, false).await {
                    Ok(version) => {
                        self.set_healthy(state);
                        request_pauses = retry_pauses();
                        position = Some(version);
                    }
                    Err(failure) => self.wait_after_failure(state, &failure, &mut request_pauses).await,
                }
                continue;
            };
            let began = Instant::now();
            let previous = from.clone();
            let end = self.run_watch(state, from, past.then_some(list_version)).await;
            if *from != previous || began.elapsed() >= MIN_WATCH_LIFE {
                watch_pauses = retry_pauses();
            }
            if !matches!(end, WatchEnd::Unopened(_)) {
                request_pauses = retry_pauses();
            }
            match end {
                WatchEnd::Clean => sleep(next_pause(&mut watch_pauses)).await,
                WatchEnd::Expired if past => {
                    // The past is no longer available, so the watch continues from the list.
                    past = false;
                    position = Some(listed.clone());
                    if let Some(error) = self.since.take().and_then(|_| self.not_found_error()) {
                        return Err(error);
                    }
                    continue;
                }
                WatchEnd::Expired => {
                    position = None;
                    sleep(next_pause(&mut watch_pauses)).await;
                }
                WatchEnd::Failed(failure) => {
                    self.wait_after_failure(state, &failure, &mut watch_pauses).await;
                }
                WatchEnd::Unopened(failure) => {
                    self.wait_after_failure(state, &failure, &mut request_pauses).await;
                }
            }
            past = past && position.as_deref().is_some_and(|at| version_number(at) < list_version);
        }
    }

    /// Reports that requests succeed again, if they were failing.
    fn set_healthy(&self, state: &mut WatcherState) {
        if std::mem::take(&mut state.is_failing) {
            let _ = self.signals.send(Signal::Healthy(self.id));
            self.recovered.notify_waiters();
        }
    }

    /// Reports a failed request. Then waits for the next pause, or until the request of another watcher succeeds.
    async fn wait_after_failure(
        &self,
        state: &mut WatcherState,
        failure: &RequestError,
        pauses: &mut RetryPauses,
    ) {
        state.is_failing = true;
        let _ = self.signals.send(Signal::Failing(self.id, failure.short_reason()));
        let pause = next_pause(pauses).max(failure.retry_after().unwrap_or_default());
        let _ = timeout(pause, self.recovered.notified()).await;
    }

    /// Runs one watch from the version `from`, which it moves forward. `past` is the version of the list if the watch begins before
    /// it.
    async fn run_watch(&self, state: &mut WatcherState, from: &mut String, past: Option<u64>) -> WatchEnd {
        let seconds = WATCH_SECONDS + random_below(WATCH_SECONDS / 10);
        let opening = self.cluster.open_watch(&self.query, from, seconds);
        let (opened, backlog) = if state.current.elapsed() < MAX_GAP {
            (opening.await, past.map_or(Backlog::Nothing, Backlog::Until))
        } else {
            let (opened, now) = tokio::join!(opening, self.cluster.collection_version(&self.query));
            let now = now.ok().and_then(|version| version.parse::<u64>().ok());
            (opened, now.map_or_else(|| Backlog::Before(Instant::now() + MIN_WATCH_LIFE), Backlog::Until))
        };
        let mut watch = match opened {
            Ok(watch) => watch,
            Err(failure) if failure.is_expired() => return WatchEnd::Expired,
            Err(failure) => return WatchEnd::Unopened(failure),
        };
        self.set_healthy(state);
        let mut silence = Duration::from_secs(u64::from(seconds)) + Duration::from_secs(15);
        loop {
            match self.drain_events(state, &mut watch, from, &backlog, past) {
                Ok(bookmark) => {
                    self.resolve_owners(state).await;
                    if bookmark {
                        silence = BOOKMARK_SILENCE;
                    }
                }
                Err(end) => {
                    self.flush(state).await;
                    return end;
                }
            }
            self.flush(state).await;
            state.current = Instant::now();
            match watch.receive(silence).await {
                Ok(true) => {}
                Ok(false) => return WatchEnd::Clean,
                Err(failure) => return WatchEnd::Failed(failure),
            }
        }
    }

    /// Handles all events that have already arrived. Returns `true` if one of them was a bookmark.
    fn drain_events(
        &self,
        state: &mut WatcherState,
        watch: &mut WatchResponse,
        from: &mut String,
        backlog: &Backlog,
        past: Option<u64>,
    ) -> Result<bool, WatchEnd> {
        let mut bookmark = false;
        while let Some(event) = watch.next_event().map_err(WatchEnd::Failed)? {
            let (seen, object) = match event {
                WatchEvent::Bookmark(version) => {
                    bookmark = true;
                    *from = version;
                    continue;
                }
                WatchEvent::Error(status) => return Err(end_of_error(status)),
                WatchEvent::Added(object) => (Seen::Added, object),
                WatchEvent::Modified(object) => (Seen::Changed, object),
                WatchEvent::Deleted(object) => (Seen::Deleted, object),
            };
            from.clone_from(&object.metadata().resource_version);
            self.on_changed(state, seen, object, backlog, past);
        }
        Ok(bookmark)
    }

    /// Handles a change that a watch has delivered.
    fn on_changed(
        &self,
        state: &mut WatcherState,
        seen: Seen,
        object: Object,
        backlog: &Backlog,
        past: Option<u64>,
    ) {
        let metadata = object.metadata();
        let uid = uid_key(&metadata.uid);
        let version = version_number(&metadata.resource_version);
        // The list has already shown this or a later state of the object.
        let is_known = state.known.get(&uid).is_some_and(|known| known.version >= version);
        if is_known && past.is_some_and(|list_version| version <= list_version) {
            return;
        }
        let is_backlog = match backlog {
            Backlog::Nothing => false,
            Backlog::Until(until) => version <= *until,
            Backlog::Before(instant) => Instant::now() < *instant,
        };
        let known = KnownObject::new(metadata, version, state.list);
        let is_gone = seen.is_gone();
        let previous = state.known.remove(&uid);
        let seen = match seen {
            // An Event that is deleted has only expired.
            Seen::Deleted if self.query.kind == Kind::EVENT => return,
            Seen::Deleted if is_backlog => Seen::Missing,
            _ if is_backlog => Seen::Listed,
            Seen::Added if previous.is_some() || !self.is_new(metadata) => Seen::Changed,
            Seen::Listed | Seen::Added | Seen::Changed | Seen::Deleted | Seen::Missing => seen,
        };
        if self.report(state, seen, object) && !is_gone {
            state.known.insert(uid, known);
        }
    }

    /// Whether an object was created so recently that a watch may report it as created now.
    fn is_new(&self, metadata: &ObjectMeta) -> bool {
        metadata
            .created()
            .is_none_or(|created| self.cluster.clock.now().duration_since(created) <= MAX_NEW_AGE)
    }
}

/// Converts the error in a watch into the end of the watch.
fn end_of_error(status: Status) -> WatchEnd {
    let failure = RequestError::Refused(status);
    if failure.is_expired() { WatchEnd::Expired } else { WatchEnd::Failed(failure) }
}

#[cfg(test)]
mod tests;
