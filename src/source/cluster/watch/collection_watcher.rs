//! One collection, told without a gap: a list, then a watch from where the list ended, for ever.
//!
//! What a watch delivers is dated by its receipt, so every change that may be older than the opening of the watch
//! (after a long list, a lost connection, or when the watch begins in the past) is told as [`Seen::Listed`] and
//! [`Seen::Missing`], which claim no time.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::observation::{Object, ObjectMeta, Observation, Seen};
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::{RequestError, explain_request_error};
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::api::message::{Status, WatchEvent};
use crate::source::cluster::api::request::{Query, WatchResponse};
use crate::source::cluster::watch::known_object::{Known, version};
use crate::source::cluster::watch::owners::Owners;
use crate::source::cluster::watch::ownership::{Relevance, Role, key};
use crate::source::cluster::watch::pause::{Pause, random};
use crate::source::error::SourceError;
use crate::source::{Progress, Update};

/// Observations that are sent at once, about.
const BATCH: usize = 128;

/// Interval between two progress updates of a long list.
const PROGRESS: Duration = Duration::from_millis(250);

/// A list that takes at least this long is worth the request for the number of its objects.
const COUNT_DELAY: Duration = Duration::from_millis(500);

/// How often a busy server is asked for a first list.
const FIRST_TRIES: u32 = 5;

/// The server ends a watch after so long, plus up to a tenth, so that many clients do not come back at once.
const WATCH_SECONDS: u32 = 270;

/// Bookmarks come about every minute: after one, so long a silence is a dead connection.
const BOOKMARK_SILENCE: Duration = Duration::from_secs(150);

/// A watch that lives shorter than this and tells nothing is no sign of health.
const SHORT: Duration = Duration::from_secs(1);

/// With so short a gap before a watch, what it delivers first is still "just now".
const NO_GAP: Duration = Duration::from_millis(150);

/// An object that a watch shows first is new only if it is no older; else it has only begun to match the selector.
const NEW: SignedDuration = SignedDuration::from_secs(3);

/// What a reflector tells its supervisor.
#[derive(Debug)]
pub(crate) enum Signal {
    /// All that existed has been sent.
    Listed,
    /// It cannot ask, and tries again.
    Failing(usize, String),
    /// It can ask again.
    Healthy(usize),
}

/// Whether a run can do without a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    /// Without it, a notice says so.
    Optional,
}

/// A collection that is listed and watched.
pub(crate) struct Reflector {
    pub(crate) id: usize,
    pub(crate) cluster: Cluster,
    pub(crate) query: Query,
    pub(crate) need: Need,
    /// Whether to go on after the list.
    pub(crate) watch: bool,
    /// A version from before: the watch begins there.
    pub(crate) since: Option<String>,
    pub(crate) relevance: Arc<Relevance>,
    /// Why this collection is read.
    pub(crate) role: Role,
    /// Whether what was named tells labels that narrow it.
    pub(crate) narrows: bool,
    /// Where owners are asked for that nobody watches.
    pub(crate) owners: Arc<Owners>,
    /// The name of what the user named, for "not found", if this collection holds it: `jobs.batch`.
    pub(crate) named: Option<String>,
    /// Lists that must be through before these objects can be judged.
    pub(crate) after: Vec<watch::Receiver<bool>>,
    /// Tells that this one is.
    pub(crate) through: watch::Sender<bool>,
    /// Told when one collection can be asked for again: then so can the others.
    pub(crate) recovered: Arc<Notify>,
    pub(crate) updates: mpsc::Sender<Update>,
    pub(crate) signals: mpsc::UnboundedSender<Signal>,
}

/// A running reflector.
struct State {
    known: HashMap<u128, Known>,
    list: u32,
    batch: Vec<Observation>,
    /// When what is known was last all there was to know.
    current: Instant,
    /// Whether the latest try has failed.
    failing: bool,
}

/// Which of the things that a watch delivers were already so before it was opened.
enum Backlog {
    Nothing,
    /// Up to that version.
    Until(u64),
    /// The server's versions are no numbers: whatever comes before that time.
    Before(Instant),
}

/// How a watch ended.
enum End {
    /// It could not be opened.
    Unopened(RequestError),
    /// As the server announced.
    Clean,
    /// What was asked for is too old: only a list helps.
    Expired,
    /// It broke, or the server ended it with an error.
    Failed(RequestError),
}

impl Reflector {
    /// Lists, and watches if that is wanted. Ends when the list is through, with the error of a first list that
    /// cannot be done without, or never.
    pub(crate) async fn run(mut self) -> Result<(), SourceError> {
        let mut state = State {
            known: HashMap::new(),
            list: 0,
            batch: Vec::new(),
            current: Instant::now(),
            failing: false,
        };
        let listed = match self.first_list(&mut state).await {
            Ok(version) => {
                if let Some(error) = self.not_found() {
                    return Err(error);
                }
                Some(version)
            }
            Err(failure) => {
                // What the user named comes first, also among failures.
                self.wait_for_others().await;
                let error =
                    explain_request_error(failure, &self.query.request_context(), &self.cluster.endpoint());
                if self.need == Need::Required {
                    return Err(error);
                }
                let notice = self.without(&error);
                self.send(Update::Notice(notice)).await;
                None
            }
        };
        let _ = self.through.send(true);
        let _ = self.signals.send(Signal::Listed);
        match listed {
            Some(version) if self.watch => self.follow(&mut state, version).await,
            _ => Ok(()),
        }
    }

    async fn wait_for_others(&mut self) {
        for other in &mut self.after {
            // The other one is gone: it has failed, and so will this one be ended.
            if other.wait_for(|through| *through).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    async fn send(&self, update: Update) {
        // Nobody listens any more: the supervisor ends this task.
        let _ = self.updates.send(update).await;
    }

    async fn flush(&self, state: &mut State) {
        if !state.batch.is_empty() {
            self.send(Update::Observed(std::mem::take(&mut state.batch))).await;
        }
    }

    /// The first list; a server that is only busy is asked again a few times.
    async fn first_list(&mut self, state: &mut State) -> Result<String, RequestError> {
        let mut pause = Pause::default();
        for _ in 1..FIRST_TRIES {
            match self.list(state, true).await {
                Err(failure) if failure.is_temporary() => {
                    sleep(pause.next().max(failure.retry_after().unwrap_or_default())).await;
                }
                other => return other,
            }
        }
        self.list(state, true).await
    }

    /// Lists all there is, tells what is new or changed since the last list, and what is missing.
    async fn list(&mut self, state: &mut State, first: bool) -> Result<String, RequestError> {
        if self.narrows {
            self.wait_for_others().await;
            self.query.labels = self.relevance.pod_labels();
        }
        let asked = Instant::now();
        let mut listing = self.cluster.list(&self.query).await?;
        self.wait_for_others().await;
        state.list += 1;
        let mut count = 0;
        let mut told = Instant::now();
        let mut total: Option<Arc<OnceLock<u64>>> = None;
        while listing
            .receive(|object| {
                count += 1;
                self.listed(state, object);
            })
            .await?
        {
            self.resolve(state).await;
            if state.batch.len() >= BATCH {
                self.flush(state).await;
            }
            if first && told.elapsed() >= PROGRESS {
                told = Instant::now();
                if asked.elapsed() >= COUNT_DELAY && total.is_none() {
                    total = Some(self.request_count());
                }
                let total = total.as_ref().and_then(|total| total.get().copied());
                let resource = self.query.kind.plural().to_owned();
                // An update that finds no room is dropped, because progress must not slow down the list.
                let _ = self.updates.try_send(Update::Progress(Progress::Listing { resource, count, total }));
            }
        }
        self.missing(state);
        self.flush(state).await;
        state.current = asked;
        Ok(listing.into_version())
    }

    /// Requests the number of objects in the collection. The answer is stored when it arrives; the list does not wait for it.
    fn request_count(&self) -> Arc<OnceLock<u64>> {
        let total = Arc::new(OnceLock::new());
        let (cluster, query, answer) = (self.cluster.clone(), self.query.clone(), Arc::clone(&total));
        tokio::spawn(async move {
            // Without an answer the progress shows only the number of objects received so far.
            if let Ok(Some(count)) = cluster.count(&query).await {
                let _ = answer.set(count);
            }
        });
        total
    }

    /// An object of a list.
    fn listed(&self, state: &mut State, object: Object) {
        if !self.watch {
            self.tell(state, Seen::Listed, object);
            return;
        }
        let metadata = object.metadata();
        let version = version(&metadata.resource_version);
        let uid = key(&metadata.uid);
        if let Some(known) = state.known.get_mut(&uid) {
            known.list = state.list;
            if std::mem::replace(&mut known.version, version) != version {
                self.tell(state, Seen::Listed, object);
            }
            return;
        }
        let known = Known::new(metadata, version, state.list);
        if self.tell(state, Seen::Listed, object) {
            state.known.insert(uid, known);
        }
    }

    /// Returns whether it is of interest.
    fn tell(&self, state: &mut State, seen: Seen, object: Object) -> bool {
        let received = self.cluster.clock.now();
        self.relevance.admit(Observation { received, seen, object }, self.role, &mut state.batch)
    }

    /// Asks for the owners that decide whether what has come belongs.
    async fn resolve(&self, state: &mut State) {
        while let Some(asked) = self.relevance.unresolved() {
            let found = self.owners.get(&asked).await;
            self.relevance.resolve(&asked, found, self.cluster.clock.now(), &mut state.batch);
        }
    }

    /// Tells what is known and was not in the list.
    fn missing(&self, state: &mut State) {
        let list = state.list;
        let gone: Vec<Known> =
            state.known.extract_if(|_, known| known.list != list).map(|(_, known)| known).collect();
        // An Event that is gone has only expired.
        if self.query.kind == Kind::EVENT {
            return;
        }
        for known in gone {
            let object = self.query.kind.with_metadata(known.metadata());
            if self.relevance.took(&object, self.role) {
                let received = self.cluster.clock.now();
                state.batch.push(Observation { received, seen: Seen::Missing, object });
            }
        }
    }

    /// Watches from `version` on, for ever.
    async fn follow(&mut self, state: &mut State, listed: String) -> Result<(), SourceError> {
        // Where the list stands; a watch that begins before it tells only what the list does not.
        let until = version(&listed);
        let mut position = Some(match &self.since {
            Some(since) if since.parse::<u64>().is_ok() && listed.parse::<u64>().is_ok() => since.clone(),
            _ => listed.clone(),
        });
        let mut past = position.as_ref() != Some(&listed);
        // A server that is not there is given more and more time; one that is back is not made to pay for it.
        let (mut unreached, mut short) = (Pause::default(), Pause::default());
        loop {
            let Some(from) = &mut position else {
                match self.list(state, false).await {
                    Ok(version) => {
                        self.healthy(state);
                        unreached = Pause::default();
                        position = Some(version);
                    }
                    Err(failure) => self.failed(state, &failure, &mut unreached).await,
                }
                continue;
            };
            let began = Instant::now();
            let before = from.clone();
            let end = self.watch(state, from, past.then_some(until)).await;
            if *from != before || began.elapsed() >= SHORT {
                short = Pause::default();
            }
            if !matches!(end, End::Unopened(_)) {
                unreached = Pause::default();
            }
            match end {
                End::Clean => sleep(short.next()).await,
                End::Expired if past => {
                    // The past is gone: the list has to do.
                    past = false;
                    position = Some(listed.clone());
                    if let Some(error) = self.since.take().and_then(|_| self.not_found()) {
                        return Err(error);
                    }
                    continue;
                }
                End::Expired => {
                    position = None;
                    sleep(short.next()).await;
                }
                End::Failed(failure) => self.failed(state, &failure, &mut short).await,
                End::Unopened(failure) => self.failed(state, &failure, &mut unreached).await,
            }
            past = past && position.as_deref().is_some_and(|at| version(at) < until);
        }
    }

    fn healthy(&self, state: &mut State) {
        if std::mem::take(&mut state.failing) {
            let _ = self.signals.send(Signal::Healthy(self.id));
            self.recovered.notify_waiters();
        }
    }

    /// Waits before the next try, or until another collection finds that the server is back.
    async fn failed(&self, state: &mut State, failure: &RequestError, pause: &mut Pause) {
        state.failing = true;
        let _ = self.signals.send(Signal::Failing(self.id, failure.short_reason()));
        let pause = pause.next().max(failure.retry_after().unwrap_or_default());
        let _ = timeout(pause, self.recovered.notified()).await;
    }

    /// One watch, from `from` on, which it moves forward.
    async fn watch(&self, state: &mut State, from: &mut String, past: Option<u64>) -> End {
        let seconds = WATCH_SECONDS + random(WATCH_SECONDS / 10);
        let opening = self.cluster.open_watch(&self.query, from, seconds);
        let (opened, backlog) = if state.current.elapsed() < NO_GAP {
            (opening.await, past.map_or(Backlog::Nothing, Backlog::Until))
        } else {
            let (opened, now) = tokio::join!(opening, self.cluster.collection_version(&self.query));
            let now = now.ok().and_then(|version| version.parse::<u64>().ok());
            (opened, now.map_or_else(|| Backlog::Before(Instant::now() + SHORT), Backlog::Until))
        };
        let mut watch = match opened {
            Ok(watch) => watch,
            Err(failure) if failure.is_expired() => return End::Expired,
            Err(failure) => return End::Unopened(failure),
        };
        self.healthy(state);
        let mut silence = Duration::from_secs(u64::from(seconds)) + Duration::from_secs(15);
        loop {
            match self.drain(state, &mut watch, from, &backlog, past) {
                Ok(bookmark) => {
                    self.resolve(state).await;
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
                Ok(false) => return End::Clean,
                Err(failure) => return End::Failed(failure),
            }
        }
    }

    /// Tells all that has come already; returns whether there was a bookmark.
    fn drain(
        &self,
        state: &mut State,
        watch: &mut WatchResponse,
        from: &mut String,
        backlog: &Backlog,
        past: Option<u64>,
    ) -> Result<bool, End> {
        let mut bookmark = false;
        while let Some(event) = watch.next_event().map_err(End::Failed)? {
            let (seen, object) = match event {
                WatchEvent::Bookmark(version) => {
                    bookmark = true;
                    *from = version;
                    continue;
                }
                WatchEvent::Error(status) => return Err(ended(status)),
                WatchEvent::Added(object) => (Seen::Added, object),
                WatchEvent::Modified(object) => (Seen::Changed, object),
                WatchEvent::Deleted(object) => (Seen::Deleted, object),
            };
            from.clone_from(&object.metadata().resource_version);
            self.changed(state, seen, object, backlog, past);
        }
        Ok(bookmark)
    }

    /// A change that a watch has delivered.
    fn changed(&self, state: &mut State, seen: Seen, object: Object, backlog: &Backlog, past: Option<u64>) {
        let metadata = object.metadata();
        let uid = key(&metadata.uid);
        let version = version(&metadata.resource_version);
        // The list has told a later state.
        let told = state.known.get(&uid).is_some_and(|known| known.version >= version);
        if told && past.is_some_and(|until| version <= until) {
            return;
        }
        let before = match backlog {
            Backlog::Nothing => false,
            Backlog::Until(until) => version <= *until,
            Backlog::Before(instant) => Instant::now() < *instant,
        };
        let known = Known::new(metadata, version, state.list);
        let gone = seen.is_gone();
        let before_it = state.known.remove(&uid);
        let seen = match seen {
            // An Event that is gone has only expired.
            Seen::Deleted if self.query.kind == Kind::EVENT => return,
            Seen::Deleted if before => Seen::Missing,
            _ if before => Seen::Listed,
            Seen::Added if before_it.is_some() || !self.is_new(metadata) => Seen::Changed,
            seen => seen,
        };
        if self.tell(state, seen, object) && !gone {
            state.known.insert(uid, known);
        }
    }

    fn is_new(&self, metadata: &ObjectMeta) -> bool {
        metadata.created().is_none_or(|created| self.cluster.clock.now().duration_since(created) <= NEW)
    }
}

/// What the error in a watch means.
fn ended(status: Status) -> End {
    let failure = RequestError::Refused(status);
    if failure.is_expired() { End::Expired } else { End::Failed(failure) }
}

#[cfg(test)]
mod tests;
