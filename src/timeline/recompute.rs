//! Updates workloads and Pods after observations. Only changed Pods and the workloads that depend on the changes are
//! derived again, unless all Pods must be grouped again.

use crate::timeline::fast_map::FastMap;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::timeline::{Changes, Timeline};
use crate::timeline::workloads::bare_pod::bare_pod_workload;
use crate::timeline::workloads::workload::Workload;

/// New Pods are inserted one by one if the workload has at least this many Pods for each new Pod. Otherwise all Pods of
/// the workload are sorted again.
const MIN_PODS_PER_INSERTION: usize = 64;

impl Timeline {
    /// Updates everything that depends on observations since the last call. Returns the parts that may have changed.
    pub fn recompute(&mut self) -> Changes {
        let workloads_changed =
            self.must_regroup || !self.store.changed.is_empty() || !self.stale_workloads.is_empty();
        self.revision += u64::from(workloads_changed);
        let pods = self.derive_changed_pods();
        self.assign_and_sort_pods();
        if std::mem::take(&mut self.must_regroup) {
            self.stale_workloads.clear();
            self.regroup();
        } else {
            self.update_stale_workloads();
        }
        let have_outages_changed = std::mem::take(&mut self.have_outages_changed);
        Changes { pods, workloads_changed: workloads_changed || have_outages_changed }
    }

    /// Derives the lives of changed Pods, and marks the workloads whose state depends on one of these Pods.
    fn derive_changed_pods(&mut self) -> Vec<PodKey> {
        let mut pods = std::mem::take(&mut self.store.changed);
        for &key in &pods {
            if self.store.record(key).stale {
                self.store.derive(key);
            }
        }
        // The creation of a Pod can be estimated only when the lives of its siblings are known.
        self.store.mark_changed_siblings();
        pods.append(&mut self.store.changed);
        for &key in &pods {
            if self.store.record(key).stale {
                self.store.derive(key);
            }
            let record = self.store.record_mut(key);
            record.changed = false;
            let Some(index) = record.workload_index() else { continue };
            // A bare Pod is a workload itself. A creation block depends on the creation and the outcome of the Pods.
            let depends_on_pods =
                |workload: &Workload| workload.creation_block.is_some() || workload.is_bare_pod();
            if self.tree.workloads.get(index).is_none_or(depends_on_pods) {
                self.stale_workloads.push(index);
            }
        }
        pods
    }

    /// Assigns new Pods to their workloads, and sorts the Pods of a workload again if a creation time changed. Requests
    /// a regrouping instead if the workloads themselves may change.
    fn assign_and_sort_pods(&mut self) {
        let new_pods = std::mem::take(&mut self.store.unassigned);
        let mut unsorted = std::mem::take(&mut self.store.unsorted_workloads);
        if self.must_regroup {
            return;
        }
        unsorted.sort_unstable();
        unsorted.dedup();
        // The workloads are sorted by creation, so a new creation time of a bare Pod can move its workload.
        let is_bare_pod = |index: &usize| self.tree.workloads.get(*index).is_none_or(Workload::is_bare_pod);
        self.must_regroup = unsorted.iter().any(is_bare_pod) || !self.insert_new_pods(&new_pods);
        if !self.must_regroup {
            for index in unsorted {
                self.sort_pods_again(index);
            }
        }
    }

    /// Assigns new Pods to the workloads that own them. Returns `false` if an owner is not a known workload; then all
    /// workloads must be grouped again.
    fn insert_new_pods(&mut self, new_pods: &[PodKey]) -> bool {
        let mut by_workload: FastMap<usize, Vec<PodKey>> = FastMap::default();
        for &key in new_pods {
            let owner = self.store.owner(self.store.record(key));
            let Some(index) = owner.and_then(|owner| self.owners.index_of(owner)) else { return false };
            by_workload.entry(index).or_default().push(key);
        }
        for (index, new_pods) in by_workload {
            for &key in &new_pods {
                self.store.record_mut(key).set_workload(index);
            }
            let mut pods = std::mem::take(&mut self.tree.workloads[index].pods);
            let count_before = pods.len();
            let latest_before = pods.last().copied();
            if new_pods.len() <= pods.len() / MIN_PODS_PER_INSERTION {
                for &key in &new_pods {
                    let at = pods.partition_point(|other| self.store.compare(*other, key).is_lt());
                    pods.insert(at, key);
                }
            } else {
                pods.extend_from_slice(&new_pods);
                self.store.sort(&mut pods);
            }
            self.choose_roles(&new_pods);
            let has_completion_index = new_pods.iter().any(|key| self.identity(*key).index.is_some());
            // If the new Pods are the latest, they are the latest attempts, and all other Pods keep their numbers.
            let are_new_pods_latest = pods[..count_before].last().copied() == latest_before;
            if has_completion_index && are_new_pods_latest {
                self.attempts.number_latest(index, &pods[count_before..], &mut self.store);
            } else if has_completion_index {
                self.attempts.number_all(index, &pods, &mut self.store);
            }
            self.tree.workloads[index].pods = pods;
            // The creation block and the first capacity depend on the workload's Pods.
            self.stale_workloads.push(index);
        }
        true
    }

    /// Chooses the role of each Pod whose labels name several roles: the role that the nearest owner gave.
    pub(crate) fn choose_roles(&mut self, pods: &[PodKey]) {
        for &key in pods {
            let record = self.store.record(key);
            let Some(membership) = record.identity.membership.as_ref().filter(|part| part.roles.len() > 1)
            else {
                continue;
            };
            let owners =
                self.store.owner(record).map(|owner| self.owners.kinds_above(owner)).unwrap_or_default();
            let Some(chosen) = membership.with_nearest_role(&owners) else { continue };
            let chosen = self.store.share_membership(chosen);
            self.store.record_mut(key).identity.membership = Some(chosen);
        }
    }

    /// Sorts and numbers the Pods of a workload again.
    fn sort_pods_again(&mut self, index: usize) {
        let Some(workload) = self.tree.workloads.get_mut(index) else { return };
        let mut pods = std::mem::take(&mut workload.pods);
        self.store.sort(&mut pods);
        self.attempts.number_all(index, &pods, &mut self.store);
        self.tree.workloads[index].pods = pods;
        self.stale_workloads.push(index);
    }

    /// Updates the stale workloads and the workloads directly below them, because a revision's state depends on its
    /// rollout.
    fn update_stale_workloads(&mut self) {
        let mut stale = std::mem::take(&mut self.stale_workloads);
        for position in 0..stale.len() {
            if let Some(workload) = self.tree.workloads.get(stale[position]) {
                stale.extend(self.tree.child_indexes(workload));
            }
        }
        stale.sort_unstable();
        stale.dedup();
        for &index in &stale {
            self.update_workload(index);
        }
        for index in stale {
            self.tree.keep_revision_running(index);
        }
        self.conclude_unreported();
    }

    /// Derives a workload again from its object. The workload keeps its Pods.
    fn update_workload(&mut self, index: usize) {
        let workload = &mut self.tree.workloads[index];
        let pods = std::mem::take(&mut workload.pods);
        let workload = match self.owners.workload(&workload.uid, &mut self.store.interner) {
            Some(workload) => workload,
            None => match pods.first() {
                Some(&key) => bare_pod_workload(&mut self.store, key),
                None => return,
            },
        };
        self.tree.workloads[index] = self.complete(Workload { pods, ..workload });
    }
}
