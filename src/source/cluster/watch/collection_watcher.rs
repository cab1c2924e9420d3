//! Reads one collection without a gap: a list, then watches that continue where the list ended.
//!
//! A change that a watch delivers gets the time of its receipt. This time would be wrong for a change that happened
//! before the watch was opened: during a long list or a lost connection, or because the watch begins in the past. Such
//! a change is reported as [`Seen::Listed`] or [`Seen::Missing`], which claim no time.

pub(crate) mod health;
pub(crate) mod list;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::observation::{Object, ObjectMeta, Observation, Seen};
use crate::source::Update;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::decoding::message::{Status, WatchEvent};
use crate::source::cluster::api::errors::{RequestError, explain_request_error};
use crate::source::cluster::api::request::{Query, WatchResponse};
use crate::source::cluster::retry::{random_below, retry_pauses};
use crate::source::cluster::watch::known_object::{KnownObject, is_older, version_number};
use crate::source::cluster::watch::owner_lookup::OwnerLookup;
use crate::source::cluster::watch::ownership::{CollectionRole, Ownership};
use crate::source::cluster::watch::target::Need;
use crate::source::cluster::watch::uid_key::uid_key;
use crate::source::error::SourceError;
use crate::source::feed::RefreshScope;

/// Number of seconds after which the server ends a watch. Up to a tenth of this number is added at random, so that many
/// clients do not reconnect at the same time.
const WATCH_SECONDS: u32 = 270;

/// Maximum silence of a watch that has delivered a bookmark. Servers send a bookmark about every minute, so a longer
/// silence means that the connection is dead.
const BOOKMARK_SILENCE: Duration = Duration::from_secs(150);

/// A watch resets the back-off if it stays open for at least this long. A shorter watch does not, even if it delivers
/// events, because the server may end every watch after one event.
const MIN_WATCH_LIFE: Duration = Duration::from_secs(10);

/// A watch that is opened after a failure counts as a success when it has delivered an event, or has been open for this
/// time. Without this rule, a watch that fails on its first event would count as a success each time.
const PROVING_TIME: Duration = Duration::from_millis(500);

/// Time after the opening of a watch in which all changes count as older than the watch, if the version at its
/// opening is unknown.
const BACKLOG_TIME: Duration = Duration::from_secs(1);

/// Maximum gap between the instant at which the watcher last knew the complete collection and the opening of the next
/// watch. The changes during a longer gap are reported without a time.
const MAX_GAP: Duration = Duration::from_millis(150);

/// Maximum age of an object that a watch reports as created. If a watch adds an older object, the object was changed so
/// that it now matches the selector.
const MAX_NEW_AGE: SignedDuration = SignedDuration::from_secs(3);

/// A message from a watcher to the task that runs the watchers.
#[derive(Debug)]
pub(crate) enum Signal {
    /// A watcher has sent its whole first list, or a notice that an optional collection cannot be read.
    Listed,
    /// The first list failed for this reason and is requested again within this time.
    Repeating(String, Duration),
    /// A request of a watcher failed.
    Failing {
        /// The id of the watcher.
        id: usize,
        /// The time since which its collection has not been read.
        since: Timestamp,
        /// The reason, see [`RequestError::plain_reason`].
        reason: String,
        /// Whether the watcher has ended and does not try again.
        is_final: bool,
    },
    /// The requests of the watcher with this id succeed again.
    Healthy(usize),
    /// The watcher with this id has done what the latest refresh asks for.
    Refreshed(usize),
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
    /// A resource version from before the list. If `since` is set, the watch begins at this version and not at the
    /// version of the list.
    pub(crate) since: Option<String>,
    pub(crate) ownership: Arc<Ownership>,
    /// The reason why this collection is read.
    pub(crate) role: CollectionRole,
    /// Whether the selector of the named workload narrows the collection. The list then waits for the workload.
    pub(crate) is_narrowed_by_owner: bool,
    /// Requests owners whose kinds no watch reads.
    pub(crate) owner_lookup: Arc<OwnerLookup>,
    /// The resource that the user named, such as `jobs.batch`, if this collection holds the named objects.
    pub(crate) named_resource: Option<String>,
    /// One receiver for each list that must be sent before the list of this collection. The receiver becomes `true`
    /// when that list has been sent. Owners must be sent before the objects that they own.
    pub(crate) wait_for: Vec<watch::Receiver<bool>>,
    /// Set to `true` when the first list of this collection has been sent. Other watchers have its receiver in
    /// `wait_for`.
    pub(crate) is_listed: watch::Sender<bool>,
    /// Notified when the requests of a failing watcher succeed again. The other failing watchers then try again
    /// immediately.
    pub(crate) recovered: Arc<Notify>,
    /// Changes when the run requests a refresh of the collections that may be out of date. The number grows with each
    /// request.
    pub(crate) refresh: watch::Receiver<(u32, RefreshScope)>,
    pub(crate) updates: mpsc::Sender<Update>,
    pub(crate) signals: mpsc::UnboundedSender<Signal>,
}

/// The state of a running watcher.
pub(crate) struct WatcherState {
    /// The objects of the collection, by uid, that are followed, or whose owners have not arrived yet.
    known: HashMap<u128, KnownObject>,
    /// The number of the latest list.
    list_number: u32,
    /// The observations to send.
    pub(crate) batch: Vec<Observation>,
    /// The latest instant at which the watcher knew the complete collection.
    last_complete: Instant,
    /// The time since which the collection has not been read, while requests fail.
    failing_since: Option<Timestamp>,
    /// Whether the server refuses watches for a reason that does not pass by itself. The collection is then listed
    /// before each attempt to open a watch.
    is_watch_refused: bool,
}

/// The changes that a watch delivers although they happened before it was opened.
enum Backlog {
    /// No changes.
    Nothing,
    /// The changes up to this version.
    Until(u64),
    /// The changes that arrive before this instant. This variant is used if the collection's current version cannot be
    /// requested or is not a number.
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
    /// The collection must be listed once more.
    Refresh,
}

impl CollectionWatcher {
    /// Lists the collection. If `watch` is set, then watches the collection until the task is aborted.
    ///
    /// # Errors
    ///
    /// The first list of a required collection fails, or an object that the user named does not exist.
    pub(crate) async fn run(mut self) -> Result<(), SourceError> {
        let mut state = WatcherState {
            known: HashMap::new(),
            list_number: 0,
            batch: Vec::new(),
            last_complete: Instant::now(),
            failing_since: None,
            is_watch_refused: false,
        };
        let listed = match self.request_first_list(&mut state).await {
            Ok(version) => {
                if let Some(error) = self.missing_objects_error() {
                    self.report_missing_objects(error).await?;
                }
                self.conclude_missing(&mut state).await?;
                Some(version)
            }
            Err(failure) => {
                // An error about the objects that the user named must be reported before other errors.
                self.wait_for_lists().await;
                let can_pass = failure.is_temporary() || failure.is_unreachable();
                if self.need == Need::Optional && self.watch && can_pass {
                    // The other collections do not wait any longer. This one is listed as soon as the fault has passed.
                    self.set_failing(&mut state, &failure);
                    self.conclude_missing(&mut state).await?;
                    let _ = self.is_listed.send(true);
                    let _ = self.signals.send(Signal::Listed);
                    return self.follow(&mut state, None).await;
                }
                if self.need == Need::Optional {
                    self.give_up(&failure);
                }
                let error =
                    explain_request_error(failure, &self.query.request_context(), &self.cluster.endpoint());
                if self.need == Need::Required {
                    self.ownership.wait_for_missing().await;
                    return Err(error);
                }
                self.conclude_missing(&mut state).await?;
                let notice = self.missing_collection_notice(&error);
                self.send(Update::Notice(notice)).await;
                None
            }
        };
        let _ = self.is_listed.send(true);
        let _ = self.signals.send(Signal::Listed);
        match listed {
            Some(version) if self.watch => self.follow(&mut state, Some(version)).await,
            _ => Ok(()),
        }
    }

    /// Waits until the lists that this collection depends on have been sent.
    async fn wait_for_lists(&mut self) {
        wait_until_listed(&mut self.wait_for).await;
    }

    /// Sends an update to the receiver of the feed.
    pub(crate) async fn send(&self, update: Update) {
        // If the receiver was dropped, `run_watchers` ends and aborts this task.
        let _ = self.updates.send(update).await;
    }

    /// Sends the observations of the batch.
    pub(crate) async fn flush(&self, state: &mut WatcherState) {
        if !state.batch.is_empty() {
            self.send(Update::Observed(std::mem::take(&mut state.batch))).await;
        }
    }

    /// Adds an observation to the batch if its object is followed. Returns `true` if the object is followed, or if an
    /// owner that has not arrived yet will decide this.
    fn report(&self, state: &mut WatcherState, seen: Seen, object: Object) -> bool {
        let received = self.cluster.clock.now();
        self.ownership.admit(Observation { received, seen, object }, self.role, &mut state.batch)
    }

    /// Requests the owners that decide whether the received objects are followed.
    async fn resolve_owners(&self, state: &mut WatcherState) {
        while let Some(wanted) = self.ownership.next_unresolved_owner() {
            let owner = self.owner_lookup.fetch_owner(&wanted).await;
            self.ownership.resolve_owner(&wanted, owner, self.cluster.clock.now(), &mut state.batch);
        }
    }

    /// Watches the collection until the task is aborted. `listed` is the version of the first list. If `listed` is
    /// `None`, lists the collection first, as soon as this is possible.
    ///
    /// # Errors
    ///
    /// The watch was to begin in the past, but the server no longer has the past changes, and an object that the user
    /// named does not exist.
    async fn follow(&mut self, state: &mut WatcherState, listed: Option<String>) -> Result<(), SourceError> {
        // A watch that begins before the list skips the changes that the list has already shown.
        let list_version = listed.as_deref().map_or(0, version_number);
        let is_number = |version: &&String| version.parse::<u64>().is_ok();
        let since = self
            .since
            .as_ref()
            .filter(is_number)
            .filter(|_| listed.as_ref().is_some_and(|version| is_number(&version)));
        let mut position = since.cloned().or_else(|| listed.clone());
        let mut begins_in_past = position != listed;
        let mut pauses = retry_pauses();
        loop {
            let Some(from) = &mut position else {
                let must_refresh = match self.list(state, false).await {
                    Ok(version) => {
                        position = Some(version);
                        if state.is_watch_refused {
                            state.failing_since = Some(self.cluster.clock.now());
                        } else {
                            self.set_healthy(state);
                        }
                        false
                    }
                    Err(failure) => self.wait_after_failure(state, &failure, &mut pauses).await,
                };
                if must_refresh {
                    position = self.list_once_more(state).await;
                }
                continue;
            };
            let began = Instant::now();
            let end = self.run_watch(state, from, begins_in_past.then_some(list_version)).await;
            if began.elapsed() >= MIN_WATCH_LIFE {
                pauses = retry_pauses();
            }
            let must_refresh = match end {
                WatchEnd::Clean => self.wait_after_watch(&mut pauses).await,
                WatchEnd::Expired if begins_in_past => {
                    // The server no longer has the past changes, so the next watch begins at the list.
                    begins_in_past = false;
                    position.clone_from(&listed);
                    if let Some(error) = self.since.take().and_then(|_| self.not_found_error()) {
                        return Err(error);
                    }
                    continue;
                }
                WatchEnd::Expired => {
                    position = None;
                    self.wait_after_watch(&mut pauses).await
                }
                WatchEnd::Failed(failure) => self.wait_after_failure(state, &failure, &mut pauses).await,
                WatchEnd::Unopened(failure) => {
                    if !failure.is_temporary() && !failure.is_unreachable() {
                        state.is_watch_refused = true;
                        position = None;
                    }
                    self.wait_after_failure(state, &failure, &mut pauses).await
                }
                WatchEnd::Refresh => true,
            };
            if must_refresh {
                position = self.list_once_more(state).await;
            }
            begins_in_past =
                begins_in_past && position.as_deref().is_some_and(|at| version_number(at) < list_version);
        }
    }

    /// Runs one watch that begins at the version `position`, and moves `position` forward with each event.
    /// `initial_list` is the version of the first list if the watch begins before this list.
    async fn run_watch(
        &mut self,
        state: &mut WatcherState,
        position: &mut String,
        initial_list: Option<u64>,
    ) -> WatchEnd {
        let seconds = WATCH_SECONDS + random_below(WATCH_SECONDS / 10);
        let is_gap_long = state.last_complete.elapsed() >= MAX_GAP;
        let mut watch = match self.cluster.open_watch(&self.query, position, seconds).await {
            Ok(watch) => watch,
            Err(failure) if failure.is_expired() => return WatchEnd::Expired,
            Err(failure) => return WatchEnd::Unopened(failure),
        };
        // A server that refuses watches gets no second request.
        let backlog = if is_gap_long {
            let now = self.cluster.fetch_collection_version(&self.query).await;
            let now = now.ok().and_then(|version| version.parse::<u64>().ok());
            now.map_or_else(|| Backlog::Before(Instant::now() + BACKLOG_TIME), Backlog::Until)
        } else {
            initial_list.map_or(Backlog::Nothing, Backlog::Until)
        };
        let (opened, first_position) = (Instant::now(), position.clone());
        let mut silence = Duration::from_secs(u64::from(seconds)) + Duration::from_secs(15);
        loop {
            match self.handle_arrived_events(state, &mut watch, position, &backlog, initial_list) {
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
            state.last_complete = Instant::now();
            if *position != first_position {
                self.set_healthy(state);
            }
            let received = tokio::select! {
                biased;
                received = watch.receive(silence) => received,
                () = sleep_until(opened + PROVING_TIME), if state.failing_since.is_some() => {
                    self.set_healthy(state);
                    continue;
                }
                () = self.wait_for_refresh() => {
                    if self.is_refreshed_while_watched() || state.failing_since.is_some() {
                        return WatchEnd::Refresh;
                    }
                    self.report_refreshed();
                    continue;
                }
            };
            match received {
                Ok(true) => {}
                Ok(false) => return WatchEnd::Clean,
                Err(failure) => return WatchEnd::Failed(failure),
            }
        }
    }

    /// Handles all events that have already arrived. Returns `true` if a bookmark was among them.
    fn handle_arrived_events(
        &self,
        state: &mut WatcherState,
        watch: &mut WatchResponse,
        position: &mut String,
        backlog: &Backlog,
        initial_list: Option<u64>,
    ) -> Result<bool, WatchEnd> {
        let mut bookmark = false;
        while let Some(event) = watch.next_event().map_err(WatchEnd::Failed)? {
            let (seen, object) = match event {
                WatchEvent::Bookmark(version) => {
                    bookmark = true;
                    *position = version;
                    continue;
                }
                WatchEvent::Error(status) => return Err(watch_end_from_error(status)),
                WatchEvent::Added(object) => (Seen::Added, object),
                WatchEvent::Modified(object) => (Seen::Changed, object),
                WatchEvent::Deleted(object) => (Seen::Deleted, object),
            };
            // A proxy may repeat or reorder the events of different objects.
            let version = &object.metadata().resource_version;
            if !is_older(version, position) {
                position.clone_from(version);
            }
            self.handle_change(state, seen, object, backlog, initial_list);
        }
        Ok(bookmark)
    }

    /// Handles a change that a watch has delivered.
    fn handle_change(
        &self,
        state: &mut WatcherState,
        seen: Seen,
        object: Object,
        backlog: &Backlog,
        initial_list: Option<u64>,
    ) {
        let metadata = object.metadata();
        let uid = uid_key(&metadata.uid);
        let version = version_number(&metadata.resource_version);
        // A list or watch has already delivered this or a later version of the object.
        let is_known = state.known.get(&uid).is_some_and(|known| known.version >= version);
        let is_in_list = initial_list.is_some_and(|list_version| version <= list_version);
        let can_be_compared = metadata.resource_version.parse::<u64>().is_ok();
        if is_known && (is_in_list || (can_be_compared && !seen.is_gone())) {
            return;
        }
        let is_backlog = match backlog {
            Backlog::Nothing => false,
            Backlog::Until(until) => version <= *until,
            Backlog::Before(instant) => Instant::now() < *instant,
        };
        let known = KnownObject::new(metadata, version, state.list_number);
        let is_gone = seen.is_gone();
        let previous = state.known.remove(&uid);
        let seen = match seen {
            // The server deletes Events when they expire, so the deletion of an Event is not reported.
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

    /// Whether an object that a watch reports as added was created just now. An older object may be added because it
    /// was changed so that it now matches the selector.
    fn is_new(&self, metadata: &ObjectMeta) -> bool {
        !self.query.selects_by_state()
            && metadata
                .created()
                .is_none_or(|created| self.cluster.clock.now().duration_since(created) <= MAX_NEW_AGE)
    }
}

/// Waits until all of these lists have been sent. A receiver becomes `true` when its list has been sent.
pub(crate) async fn wait_until_listed(lists: &mut [watch::Receiver<bool>]) {
    for list in lists {
        // If the watcher of the list has failed, this task waits until it is aborted, so that only the first error is
        // reported.
        if list.wait_for(|is_listed| *is_listed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Converts an error that a watch delivered into the reason why the watch ended.
fn watch_end_from_error(status: Status) -> WatchEnd {
    let failure = RequestError::Refused(status);
    if failure.is_expired() { WatchEnd::Expired } else { WatchEnd::Failed(failure) }
}

#[cfg(test)]
pub(crate) mod tests;
