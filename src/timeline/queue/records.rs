//! The observed Kueue Workloads, by uid, and the workloads that they were made for.

use std::sync::Arc;

use jiff::Timestamp;

use crate::observation::{Event, OwnerReference, QueueAdmission, QueuedWorkload, Seen, parse_preemptor_uids};
use crate::timeline::fast_map::FastMap;
use crate::timeline::queue::changes::states_between;
use crate::timeline::queue::history::QueueHistory;
use crate::timeline::queue::state::Queue;

/// The observed Kueue Workloads.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueueRecords {
    histories: FastMap<Arc<str>, QueueHistory>,
    /// The uids of the Kueue Workloads of each workload, in the order of their observation.
    by_owner: FastMap<Arc<str>, Vec<Arc<str>>>,
    /// The names of the workloads in queues, by their uids and by the uids of their Kueue Workloads.
    names: FastMap<Arc<str>, Arc<str>>,
}

impl QueueRecords {
    /// Applies a version of a Kueue Workload. Returns the uids of the workloads that it was made for.
    pub(crate) fn apply(
        &mut self,
        object: &QueuedWorkload,
        received: Timestamp,
        seen: Seen,
    ) -> Vec<Arc<str>> {
        let metadata = &object.metadata;
        let is_only_named = object.is_only_named();
        let uid: Arc<str> = Arc::from(metadata.uid.as_str());
        for OwnerReference { uid: owner, name, .. } in &metadata.owner_references {
            let owner: Arc<str> = Arc::from(owner.as_str());
            let full_name: Arc<str> = Arc::from(format!("{}/{name}", metadata.namespace));
            self.names.insert(Arc::clone(&owner), Arc::clone(&full_name));
            self.names.insert(Arc::clone(&uid), full_name);
            if is_only_named {
                continue;
            }
            let known = self.by_owner.entry(owner).or_default();
            if !known.contains(&uid) {
                known.push(Arc::clone(&uid));
            }
        }
        if is_only_named {
            // Any workload may show the name.
            return self.by_owner.keys().cloned().collect();
        }
        self.histories.entry(Arc::clone(&uid)).or_default().observe(object, received, seen);
        self.owners(&uid)
    }

    /// Applies an Event about a Kueue Workload. Returns the uids of the workloads that it was made for.
    pub(crate) fn apply_event(&mut self, event: &Event) -> Vec<Arc<str>> {
        let uid: Arc<str> = Arc::from(event.involved_object.uid.as_str());
        let is_change = self.histories.entry(Arc::clone(&uid)).or_default().add_event(event);
        if is_change { self.owners(&uid) } else { Vec::new() }
    }

    fn owners(&self, uid: &str) -> Vec<Arc<str>> {
        let latest = self.histories.get(uid).and_then(|history| history.latest.as_ref());
        let owners = latest.into_iter().flat_map(|latest| &latest.metadata.owner_references);
        owners.map(|owner| Arc::from(owner.uid.as_str())).collect()
    }

    /// The newest Kueue Workload of a workload. Kueue replaces a Workload that no longer fits the object.
    pub(crate) fn newest_history(&self, owner: &str) -> Option<&QueueHistory> {
        let histories = self.by_owner.get(owner)?.iter().filter_map(|uid| self.histories.get(uid));
        let created =
            |history: &&QueueHistory| history.latest.as_ref().and_then(|latest| latest.metadata.created());
        histories.filter(|history| history.latest.is_some()).max_by_key(created)
    }

    /// The place of the workload with this uid in its queue.
    pub(crate) fn queue(&self, owner: &str) -> Option<Queue> {
        let history = self.newest_history(owner)?;
        let latest = history.latest.as_ref()?;
        let non_empty = |text: &str| (!text.is_empty()).then(|| Arc::from(text));
        let admission = latest.status.admission.as_ref();
        let count_pods = |admission: &QueueAdmission| -> Option<i32> {
            admission.pod_set_assignments.iter().map(|set| set.count).sum()
        };
        let admitted = admission.and_then(count_pods);
        Some(Queue {
            name: Arc::from(latest.spec.queue_name.as_str()),
            cluster_queue: admission.and_then(|admission| non_empty(&admission.cluster_queue)),
            priority: latest.spec.priority,
            position: history.position.filter(|_| latest.is_pending()),
            cluster: latest.status.cluster_name.as_deref().and_then(non_empty),
            admitted_pods: admitted.and_then(|count| u32::try_from(count).ok()),
            wanted_pods: latest.spec.wanted_pods(),
            states: states_between(&history.changes(), |message| self.preemptor(message)),
        })
    }

    /// The workload that Kueue's message about a preemption names.
    fn preemptor(&self, message: &str) -> Option<Arc<str>> {
        let (workload, job) = parse_preemptor_uids(message)?;
        let name = self.names.get(job).or_else(|| self.names.get(workload));
        name.cloned().or_else(|| [job, workload].into_iter().find(|uid| !uid.is_empty()).map(Arc::from))
    }
}
