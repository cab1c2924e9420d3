//! The workloads as a tree. For example, a Deployment is above its ReplicaSets, and a CronJob is above its Jobs.

use std::sync::Arc;

use crate::timeline::fast_map::FastMap;
use crate::timeline::workloads::owner_records::OwnerRecords;
use crate::timeline::workloads::workload::{Workload, WorkloadState};

/// The workloads in the order of the tree: each workload is followed by the workloads below it.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkloadTree {
    pub(crate) workloads: Vec<Workload>,
    /// For each workload, the index of the workload directly above it.
    parents: Vec<Option<usize>>,
    /// For the uid of each workload, the indexes of the workloads directly below it.
    children: FastMap<Arc<str>, Vec<usize>>,
}

impl WorkloadTree {
    /// Arranges workloads as a tree by the parents that they name.
    #[cfg(test)]
    pub(crate) fn from_workloads(workloads: Vec<Workload>) -> Self {
        Self::arrange(workloads, &OwnerRecords::default())
    }

    /// Arranges workloads as a tree. Siblings keep their order.
    pub(crate) fn arrange(workloads: Vec<Workload>, owners: &OwnerRecords) -> Self {
        let to_uid_and_index = |(index, workload): (usize, &Workload)| (Arc::clone(&workload.uid), index);
        let index_by_uid: FastMap<Arc<str>, usize> =
            workloads.iter().enumerate().map(to_uid_and_index).collect();
        let parent_of =
            |workload: &Workload| owners.nearest_workload(&workload.parent.as_ref()?.uid, &index_by_uid);
        let parents: Vec<Option<usize>> = workloads.iter().map(parent_of).collect();
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); workloads.len()];
        for (index, parent) in parents.iter().enumerate() {
            if let Some(parent) = parent {
                children[*parent].push(index);
            }
        }
        let order = depth_first(&parents, &children);
        let mut new_indexes = vec![0; workloads.len()];
        for (new, old) in order.iter().enumerate() {
            new_indexes[*old] = new;
        }
        let with_children = children.iter().enumerate().filter(|(_, children)| !children.is_empty());
        let children = with_children
            .map(|(index, children)| {
                let children = children.iter().map(|child| new_indexes[*child]).collect();
                (Arc::clone(&workloads[index].uid), children)
            })
            .collect();
        let parents = order.iter().map(|old| parents[*old].map(|parent| new_indexes[parent])).collect();
        let mut unordered: Vec<Option<Workload>> = workloads.into_iter().map(Some).collect();
        let workloads = order.into_iter().filter_map(|old| unordered[old].take()).collect();
        Self { workloads, parents, children }
    }

    /// The workloads that have no workload above them.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &Workload> {
        self.workloads
            .iter()
            .enumerate()
            .filter(|(index, _)| self.parent(*index).is_none())
            .map(|(_, workload)| workload)
    }

    /// The workload with this uid, followed by the workloads below it. Empty if no workload has this uid.
    pub(crate) fn subtree(&self, uid: &str) -> &[Workload] {
        let Some(root) = self.workloads.iter().position(|workload| &*workload.uid == uid) else { return &[] };
        let is_below = |index: &usize| self.parent(*index).is_some_and(|parent| parent >= root);
        let below = (root + 1..self.workloads.len()).take_while(is_below).count();
        &self.workloads[root..=root + below]
    }

    /// The workloads directly below `workload`.
    pub(crate) fn children(&self, workload: &Workload) -> impl Iterator<Item = &Workload> {
        self.child_indexes(workload).iter().map(|&index| &self.workloads[index])
    }

    /// Whether another workload is below `workload`.
    pub(crate) fn has_children(&self, workload: &Workload) -> bool {
        self.children.contains_key(&workload.uid)
    }

    /// The indexes of the workloads directly below `workload`.
    pub(crate) fn child_indexes(&self, workload: &Workload) -> &[usize] {
        self.children.get(&workload.uid).map_or(&[], Vec::as_slice)
    }

    /// The workload directly above the workload with this index.
    pub(crate) fn workload_above(&self, index: usize) -> Option<&Workload> {
        self.workloads.get(self.parent(index)?)
    }

    /// The workloads above the workload with this index, the nearest first.
    pub(crate) fn workloads_above(&self, index: usize) -> impl Iterator<Item = &Workload> {
        let above = std::iter::successors(self.parent(index), |above| self.parent(*above));
        above.map(|above| &self.workloads[above])
    }

    /// The index of the workload directly above the workload with this index.
    pub(crate) fn parent(&self, index: usize) -> Option<usize> {
        self.parents.get(index).copied().flatten()
    }

    /// Sets the state of a succeeded revision back to running while the rollout above the revision has not ended,
    /// because the revision may have all desired replicas only for a moment.
    pub(crate) fn keep_revision_running(&mut self, index: usize) {
        let Some(parent) = self.parent(index) else { return };
        let parent = &self.workloads[parent];
        if !parent.is_rollout || parent.has_ended() {
            return;
        }
        let workload = &mut self.workloads[index];
        if workload.is_rollout && workload.state == WorkloadState::Succeeded {
            workload.state = WorkloadState::Running;
            workload.finished = None;
        }
    }
}

/// The indexes of all workloads in depth-first order.
fn depth_first(parents: &[Option<usize>], children: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(parents.len());
    let mut stack: Vec<usize> = (0..parents.len()).rev().filter(|&index| parents[index].is_none()).collect();
    while let Some(index) = stack.pop() {
        order.push(index);
        stack.extend(children[index].iter().rev());
    }
    order
}
