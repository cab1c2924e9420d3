//! Finds the names of the workloads that preempted followed workloads. Kueue's messages contain only their uids.

use std::collections::HashSet;
use std::sync::Arc;

use crate::observation::{JOB_UID_LABEL, Object, Observation, Seen};
use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::request::Query;
use crate::source::cluster::api::resource::Resource;
use crate::source::cluster::watch::queue_news::PreemptorUids;

/// Maximum number of preemptors that are remembered. When it is reached, all are forgotten.
const MAX_REMEMBERED: usize = 1_000;

/// The preemptors that were looked for.
#[derive(Debug, Default)]
pub(crate) struct PreemptorNames {
    requested: HashSet<PreemptorUids>,
}

impl PreemptorNames {
    /// Requests the Kueue Workload of a preemptor, first in `namespace`, then in all namespaces. Returns an observation of
    /// its names. `None` if it was looked for before, if it no longer exists, and if the user may not read it.
    pub(crate) async fn find(
        &mut self,
        cluster: &Cluster,
        resource: &Arc<Resource>,
        namespace: Option<&str>,
        uids: &PreemptorUids,
    ) -> Option<Observation> {
        if self.requested.len() >= MAX_REMEMBERED {
            self.requested.clear();
        }
        if uids.job.is_empty() || !self.requested.insert(uids.clone()) {
            return None;
        }
        let everywhere = namespace.map(|_| None);
        for namespace in [Some(namespace), everywhere].into_iter().flatten() {
            let query = Query {
                kind: Kind::QueuedWorkload(Arc::clone(resource)),
                namespace: namespace.map(str::to_owned),
                labels: Some(format!("{JOB_UID_LABEL}={}", uids.job)),
                fields: None,
            };
            if let Some(object) = find_first(cluster, &query).await {
                return Some(Observation { received: cluster.clock.now(), seen: Seen::Listed, object });
            }
        }
        None
    }
}

/// Returns the names of the first Kueue Workload of the list.
async fn find_first(cluster: &Cluster, query: &Query) -> Option<Object> {
    let list = async || {
        let mut received = Vec::new();
        let mut list = cluster.list(query).await?;
        while list.receive(|object| received.push(object)).await? {}
        Ok(received)
    };
    cluster.repeat_at_first(list).await.ok()?.into_iter().find_map(|object| {
        let Object::QueuedWorkload(workload) = object else { return None };
        Some(Object::QueuedWorkload(Box::new(workload.name_only())))
    })
}
