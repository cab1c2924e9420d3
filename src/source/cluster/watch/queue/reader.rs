//! Reads the Kueue Workloads of followed objects, the Events about them, the names of preemptors, and the positions in
//! the queues.
//!
//! Users without Kueue pay no request: the reader begins when a followed object has the label of a queue.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::observation::{JOB_UID_LABEL, KUEUE_GROUP, Observation};
use crate::source::Update;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::request::Query;
use crate::source::cluster::api::resource::Resource;
use crate::source::cluster::watch::collection_watcher::{CollectionWatcher, Signal, wait_until_listed};
use crate::source::cluster::watch::owner_lookup::OwnerLookup;
use crate::source::cluster::watch::ownership::{CollectionRole, Ownership};
use crate::source::cluster::watch::queue::api_group::fetch_preferred_version;
use crate::source::cluster::watch::queue::positions::Positions;
use crate::source::cluster::watch::queue::preemptor_names::PreemptorNames;
use crate::source::cluster::watch::queue_news::{PreemptorUids, QueueNews};
use crate::source::cluster::watch::target::Need;
use crate::source::error::SourceError;
use crate::source::feed::RefreshScope;

/// The field selector of the Events about Kueue Workloads.
const EVENT_FIELDS: &str = "involvedObject.kind=Workload";

/// The Kueue Workloads of at most this many objects are selected by their labels. Of more objects, all Workloads of the
/// namespace are read.
const MAX_SELECTED: usize = 50;

/// Reads the queues of one namespace, or of all namespaces together.
pub(crate) struct QueueReader {
    pub(crate) cluster: Cluster,
    pub(crate) ownership: Arc<Ownership>,
    pub(crate) namespace: Option<String>,
    /// Whether the feed continues with watches after the lists.
    pub(crate) watch: bool,
    /// Whether all Workloads are read, because the user named no objects, or named Pods.
    pub(crate) has_all: bool,
    /// Whether another watcher reads the Events about all objects.
    pub(crate) reads_events: bool,
    /// The next fields have the same meaning as in [`CollectionWatcher`].
    pub(crate) owner_lookup: Arc<OwnerLookup>,
    pub(crate) recovered: Arc<Notify>,
    pub(crate) refresh: watch::Receiver<(u32, RefreshScope)>,
    pub(crate) wait_for: Vec<watch::Receiver<bool>>,
    /// The labels and states of followed objects that concern queues.
    pub(crate) news: mpsc::UnboundedReceiver<QueueNews>,
    pub(crate) updates: mpsc::Sender<Update>,
    pub(crate) signals: mpsc::UnboundedSender<Signal>,
}

/// The state of a reader.
#[derive(Default)]
struct ReaderState {
    /// The uids of the objects with the label of a queue.
    labelled: BTreeSet<String>,
    /// Whether the labels of the Workloads do not select those that are wanted.
    is_unselected: bool,
    preempted: Vec<PreemptorUids>,
    names: PreemptorNames,
    positions: Positions,
}

impl ReaderState {
    fn take(&mut self, news: QueueNews) {
        match news {
            QueueNews::Labelled { is_pod, uid } => {
                self.is_unselected |= is_pod || self.labelled.len() >= MAX_SELECTED;
                if !self.is_unselected || self.labelled.is_empty() {
                    self.labelled.insert(uid);
                }
            }
            QueueNews::Workload(workload) => self.positions.observe(&workload),
            QueueNews::Preempted(uids) => self.preempted.push(uids),
        }
    }

    /// The selector of the Workloads; `None` if all are read.
    fn label_selector(&self) -> Option<String> {
        let uids: Vec<&str> = self.labelled.iter().map(String::as_str).collect();
        (!self.is_unselected).then(|| format!("{JOB_UID_LABEL} in ({})", uids.join(",")))
    }
}

impl QueueReader {
    /// Waits for an object with the label of a queue, then reads its queue. Signals the end of the first list once.
    pub(crate) async fn run(mut self) {
        wait_until_listed(&mut self.wait_for).await;
        let mut state = ReaderState { is_unselected: self.has_all, ..ReaderState::default() };
        self.take_news(&mut state);
        let is_late = state.labelled.is_empty();
        if is_late {
            let _ = self.signals.send(Signal::Listed);
        }
        while state.labelled.is_empty() {
            let Some(news) = self.news.recv().await else { return };
            state.take(news);
        }
        let resource = self.find_resource().await;
        let mut tasks = JoinSet::new();
        let (own_signals, mut listed) = mpsc::unbounded_channel();
        let mut workloads = None;
        if let Some(resource) = &resource {
            workloads = Some(self.start_workloads(resource, &state, &own_signals, &mut tasks));
            wait_for_list(&mut listed).await;
            let events = self.watcher(Kind::EVENT, None, Some(EVENT_FIELDS), &own_signals);
            let watch = self.watch && !self.reads_events;
            tasks.spawn(CollectionWatcher { watch, ..events }.run());
            wait_for_list(&mut listed).await;
            self.take_news(&mut state);
            self.read_details(resource, &mut state).await;
        }
        if !is_late {
            let _ = self.signals.send(Signal::Listed);
        }
        if let (Some(resource), Some(workloads), true) = (resource, workloads, self.watch) {
            self.follow(&resource, state, workloads, own_signals, listed, tasks).await;
        }
    }

    /// Follows the news, until the task is aborted.
    async fn follow(
        mut self,
        resource: &Arc<Resource>,
        mut state: ReaderState,
        mut workloads: AbortHandle,
        own_signals: mpsc::UnboundedSender<Signal>,
        mut listed: mpsc::UnboundedReceiver<Signal>,
        mut tasks: JoinSet<Result<(), SourceError>>,
    ) {
        loop {
            let selector = state.label_selector();
            tokio::select! {
                Some(news) = self.news.recv() => state.take(news),
                Some(_) = listed.recv() => {}
                Some(_) = tasks.join_next() => {}
                () = wait_until(state.positions.due) => {}
            }
            self.take_news(&mut state);
            if state.label_selector() != selector {
                workloads.abort();
                workloads = self.start_workloads(resource, &state, &own_signals, &mut tasks);
            }
            self.read_details(resource, &mut state).await;
        }
    }

    fn take_news(&mut self, state: &mut ReaderState) {
        while let Ok(news) = self.news.try_recv() {
            state.take(news);
        }
    }

    /// Finds the type of Kueue's Workloads. If the server has none, or does not say so, a notice says that queues are not
    /// shown.
    async fn find_resource(&self) -> Option<Arc<Resource>> {
        let version = match fetch_preferred_version(&self.cluster, KUEUE_GROUP).await {
            Ok(version) => version?,
            Err(failure) => {
                let reason = failure.plain_reason();
                let notice = format!("the states in the queue are not shown: no API of Kueue ({reason})");
                let _ = self.updates.send(Update::Notice(notice)).await;
                return None;
            }
        };
        Some(Arc::new(Resource {
            group: KUEUE_GROUP.to_owned(),
            version,
            kind: "Workload".to_owned(),
            plural: "workloads".to_owned(),
            namespaced: true,
        }))
    }

    /// Starts to read the Kueue Workloads.
    fn start_workloads(
        &self,
        resource: &Arc<Resource>,
        state: &ReaderState,
        own_signals: &mpsc::UnboundedSender<Signal>,
        tasks: &mut JoinSet<Result<(), SourceError>>,
    ) -> AbortHandle {
        let kind = Kind::QueuedWorkload(Arc::clone(resource));
        tasks.spawn(self.watcher(kind, state.label_selector(), None, own_signals).run())
    }

    fn watcher(
        &self,
        kind: Kind,
        labels: Option<String>,
        fields: Option<&str>,
        own_signals: &mpsc::UnboundedSender<Signal>,
    ) -> CollectionWatcher {
        let namespace = self.namespace.clone();
        CollectionWatcher {
            // The signals of these watchers stay here, so no other watcher's id is confused with this one.
            id: 0,
            cluster: self.cluster.clone(),
            query: Query { kind, namespace, labels, fields: fields.map(str::to_owned) },
            need: Need::Optional,
            watch: self.watch,
            since: None,
            ownership: Arc::clone(&self.ownership),
            role: CollectionRole::Child,
            is_narrowed_by_owner: false,
            owner_lookup: Arc::clone(&self.owner_lookup),
            named_resource: None,
            wait_for: Vec::new(),
            is_listed: watch::channel(false).0,
            recovered: Arc::clone(&self.recovered),
            refresh: self.refresh.clone(),
            updates: self.updates.clone(),
            signals: own_signals.clone(),
        }
    }

    /// Requests the names of new preemptors, and the positions if they are due.
    async fn read_details(&self, resource: &Arc<Resource>, state: &mut ReaderState) {
        let mut batch: Vec<Observation> = Vec::new();
        for uids in std::mem::take(&mut state.preempted) {
            // The name of a followed workload is known.
            if !self.ownership.follows_queued_workload(&uids.workload) {
                let namespace = self.namespace.as_deref();
                batch.extend(state.names.find(&self.cluster, resource, namespace, &uids).await);
            }
        }
        if state.positions.due.is_some_and(|due| due <= Instant::now()) {
            match state.positions.request(&self.cluster).await {
                Ok(positions) => batch.extend(positions),
                Err(reason) => {
                    let notice = format!(
                        "the positions in the queue are not shown: Kueue's visibility API cannot be read ({reason})"
                    );
                    let _ = self.updates.send(Update::Notice(notice)).await;
                }
            }
        }
        if !batch.is_empty() {
            let _ = self.updates.send(Update::Observed(batch)).await;
        }
    }
}

/// Waits until a watcher has sent its first list, or a notice that it cannot do so.
async fn wait_for_list(listed: &mut mpsc::UnboundedReceiver<Signal>) {
    while let Some(signal) = listed.recv().await {
        if matches!(signal, Signal::Listed) {
            return;
        }
    }
}

async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
