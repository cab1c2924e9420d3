//! Reads the positions of waiting workloads in their queues from Kueue's visibility API.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::observation::{Object, ObjectMeta, Observation, QueuedWorkload, Seen, is_valid_name};
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::watch::queue::api_group::fetch_preferred_version;

/// The API group of Kueue's visibility API.
const VISIBILITY_GROUP: &str = "visibility.kueue.x-k8s.io";

/// Minimum time between two requests for the positions.
const MIN_INTERVAL: Duration = Duration::from_secs(10);

/// Maximum number of bytes of the description of a queue.
const MAX_QUEUE_BYTES: usize = 16 << 20;

/// Maximum number of waiting workloads whose positions are known.
const MAX_WAITING: usize = 1_000;

/// `visibility.kueue.x-k8s.io` `PendingWorkloadsSummary`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PendingWorkloadsSummary {
    items: Vec<PendingWorkload>,
}

/// `visibility.kueue.x-k8s.io` `PendingWorkload`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PendingWorkload {
    metadata: ObjectMeta,
    position_in_local_queue: u32,
}

/// The waiting workloads, and when their positions are requested.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    /// The names of the waiting Kueue Workloads, by uid.
    waiting: BTreeMap<String, QueuedWorkload>,
    /// The API's version, once it is known.
    version: Option<String>,
    last_request: Option<Instant>,
    /// When the positions are requested next.
    pub(crate) due: Option<Instant>,
    /// Whether the API cannot be read.
    is_unreadable: bool,
}

impl Positions {
    /// Takes over a state of a Kueue Workload. If it waits, its position is requested soon.
    pub(crate) fn observe(&mut self, workload: &QueuedWorkload) {
        let uid = &workload.metadata.uid;
        if !workload.is_pending() {
            self.waiting.remove(uid);
            return;
        }
        if self.is_unreadable || self.waiting.len() >= MAX_WAITING {
            return;
        }
        let spec = workload.spec.clone();
        self.waiting.insert(uid.clone(), QueuedWorkload { spec, ..workload.name_only() });
        let earliest = self.last_request.map_or_else(Instant::now, |last| last + MIN_INTERVAL);
        self.due.get_or_insert(earliest);
    }

    /// Requests the positions. Returns an observation of each position.
    ///
    /// # Errors
    /// The API cannot be read. It is not requested again.
    pub(crate) async fn request(&mut self, cluster: &Cluster) -> Result<Vec<Observation>, String> {
        self.due = None;
        self.last_request = Some(Instant::now());
        let queue_of =
            |waiting: &QueuedWorkload| (waiting.metadata.namespace.clone(), waiting.spec.queue_name.clone());
        let queues: BTreeSet<(String, String)> = self.waiting.values().map(queue_of).collect();
        let mut observations = Vec::new();
        for (namespace, queue) in queues {
            let found = match self.request_queue(cluster, &namespace, &queue).await {
                Ok(found) => found,
                // The queue may no longer exist.
                Err(RequestError::Refused(status)) if status.code == 404 && self.version.is_some() => {
                    Vec::new()
                }
                Err(failure) if failure.is_temporary() || failure.is_unreachable() => continue,
                Err(failure) => {
                    self.is_unreadable = true;
                    self.waiting.clear();
                    return Err(failure.plain_reason());
                }
            };
            let in_queue = self
                .waiting
                .values()
                .filter(|waiting| queue_of(waiting) == (namespace.clone(), queue.clone()));
            for waiting in in_queue {
                let item = found.iter().find(|item| item.metadata.name == waiting.metadata.name);
                let Some(PendingWorkload { position_in_local_queue: position, .. }) = item else { continue };
                let object = QueuedWorkload { position: Some(*position), ..waiting.name_only() };
                let object = Object::QueuedWorkload(Box::new(object));
                observations.push(Observation { received: cluster.clock.now(), seen: Seen::Listed, object });
            }
        }
        Ok(observations)
    }

    async fn request_queue(
        &mut self,
        cluster: &Cluster,
        namespace: &str,
        queue: &str,
    ) -> Result<Vec<PendingWorkload>, RequestError> {
        if !is_valid_name(queue) || !is_valid_name(namespace) {
            return Ok(Vec::new());
        }
        if self.version.is_none() {
            self.version = fetch_preferred_version(cluster, VISIBILITY_GROUP).await?;
        }
        let version = self.version.as_deref().unwrap_or("v1beta1");
        let path = format!(
            "/apis/{VISIBILITY_GROUP}/{version}/namespaces/{namespace}/localqueues/{queue}/pendingworkloads?limit={MAX_WAITING}"
        );
        let request = http::Request::get(path).body(Vec::new()).unwrap_or_default();
        let summary: PendingWorkloadsSummary = cluster.fetch_json(request, MAX_QUEUE_BYTES).await?;
        Ok(summary.items)
    }
}
