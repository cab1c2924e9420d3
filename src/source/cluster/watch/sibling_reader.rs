//! Requests the Events about the scheduling of the siblings of named Pods.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::observation::{Object, Observation, Seen};
use crate::source::Update;
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::request::Query;
use crate::source::cluster::watch::collection_watcher::{Signal, wait_until_listed};
use crate::source::cluster::watch::ownership::{CollectionRole, Ownership};
use crate::source::cluster::watch::sibling_requests::PodName;

/// Maximum number of requests that run at the same time.
const MAX_CONCURRENT_REQUESTS: usize = 8;

/// Maximum time for all requests. The Events only improve an estimate, so a slow server must not delay the feed longer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Requests the Events of the siblings of the named Pods of one namespace, or of all namespaces. Each request is for
/// one Event, so the requests cost less than a list of all Events.
pub(crate) struct SiblingReader {
    pub(crate) cluster: Cluster,
    pub(crate) ownership: Arc<Ownership>,
    /// One receiver for each list that must be sent before the requests: the named Pods and the Events. The receiver
    /// becomes `true` when that list has been sent.
    pub(crate) wait_for: Vec<watch::Receiver<bool>>,
    pub(crate) updates: mpsc::Sender<Update>,
    pub(crate) signals: mpsc::UnboundedSender<Signal>,
}

impl SiblingReader {
    /// Requests the Events, sends them as observations, and signals the end of this list. A request that fails is
    /// ignored, because Events are optional.
    pub(crate) async fn run(mut self) {
        wait_until_listed(&mut self.wait_for).await;
        let siblings = self.ownership.start_sibling_requests();
        let mut events = Vec::new();
        let _ = timeout(TIMEOUT, async {
            for siblings in siblings.chunks(MAX_CONCURRENT_REQUESTS) {
                self.request(siblings, &mut events).await;
            }
        })
        .await;
        // The answers arrive in any order, but the order of the observations must not vary.
        events.sort_by(|a, b| a.metadata().name.cmp(&b.metadata().name));
        let mut batch = Vec::new();
        for object in events {
            let observation = Observation { received: self.cluster.clock.now(), seen: Seen::Listed, object };
            self.ownership.admit(observation, CollectionRole::Child, &mut batch);
        }
        if !batch.is_empty() {
            let _ = self.updates.send(Update::Observed(batch)).await;
        }
        let _ = self.signals.send(Signal::Listed);
    }

    /// Requests the Events about the scheduling of these Pods at the same time, and adds the Events to `events`.
    async fn request(&self, pods: &[PodName], events: &mut Vec<Object>) {
        let mut requests = JoinSet::new();
        for PodName { namespace, name } in pods {
            let fields = format!("involvedObject.kind=Pod,involvedObject.name={name},reason=Scheduled");
            let (namespace, fields) = (Some(namespace.to_string()), Some(fields));
            let query = Query { kind: Kind::EVENT, namespace, labels: None, fields };
            let cluster = self.cluster.clone();
            requests.spawn(async move {
                let list = async || {
                    let mut received = Vec::new();
                    let mut list = cluster.list(&query).await?;
                    while list.receive(|object| received.push(object)).await? {}
                    Ok(received)
                };
                cluster.repeat_at_first(list).await.ok()
            });
        }
        while let Some(answer) = requests.join_next().await {
            events.extend(answer.ok().flatten().unwrap_or_default());
        }
    }
}
