//! Groups all Pods by workload from scratch.
//!
//! A Pod belongs to the nearest workload above it. So the Pods of a Deployment belong to its ReplicaSets, and the Pods
//! of a CronJob belong to its Jobs.

use std::sync::Arc;

use jiff::Timestamp;

use crate::timeline::fast_map::FastMap;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::bare_pod::bare_pod_workload;
use crate::timeline::workloads::tree::WorkloadTree;
use crate::timeline::workloads::workload::Workload;

impl Timeline {
    /// Derives all workloads and assigns every Pod to a workload. A Pod whose owner is not followed becomes a workload
    /// of its own.
    pub(crate) fn regroup(&mut self) {
        let workloads = self.sorted_workloads();
        self.tree = WorkloadTree::arrange(workloads, &self.owners);
        let mut workloads = std::mem::take(&mut self.tree.workloads);
        self.owners.set_indexes(&workloads);
        self.attempts.clear();
        self.choose_roles(&self.store.keys().collect::<Vec<_>>());
        for (index, workload) in workloads.iter_mut().enumerate() {
            self.store.sort(&mut workload.pods);
            for &key in &workload.pods {
                self.store.record_mut(key).set_workload(index);
            }
            self.attempts.number_all(index, &workload.pods, &mut self.store);
        }
        self.tree.workloads = workloads.into_iter().map(|workload| self.complete(workload)).collect();
        for index in 0..self.tree.workloads.len() {
            self.tree.keep_revision_running(index);
        }
        self.conclude_unreported();
    }

    /// All workloads with their Pods, by the second of their creation, then namespace and name.
    fn sorted_workloads(&mut self) -> Vec<Workload> {
        let mut workloads = self.owners.workloads(&mut self.store.interner);
        let to_uid_and_index = |(index, workload): (usize, &Workload)| (Arc::clone(&workload.uid), index);
        let index_by_uid: FastMap<Arc<str>, usize> =
            workloads.iter().enumerate().map(to_uid_and_index).collect();
        for key in self.store.keys() {
            let owner = self.store.owner(self.store.record(key));
            match owner.and_then(|owner| self.owners.nearest_workload(owner, &index_by_uid)) {
                Some(index) => workloads[index].pods.push(key),
                None => workloads.push(bare_pod_workload(&mut self.store, key)),
            }
        }
        // A former revision of an observed workload is shown only if one of its Pods was observed.
        let is_hidden = |workload: &Workload| {
            workload.pods.is_empty()
                && self.owners.is_former_revision(&workload.uid)
                && workload.parent.as_ref().is_some_and(|parent| index_by_uid.contains_key(&parent.uid))
        };
        workloads.retain(|workload| !is_hidden(workload));
        // The uid makes the order total, so that the order does not depend on the iteration order of the maps.
        // Most creations are known only to the second, so only the second counts.
        let second = |workload: &Workload| workload.created.map(Timestamp::as_second);
        workloads.sort_by(|a, b| {
            let order = second(a).cmp(&second(b));
            order.then_with(|| (&a.namespace, &a.name, &a.uid).cmp(&(&b.namespace, &b.name, &b.uid)))
        });
        workloads
    }
}
