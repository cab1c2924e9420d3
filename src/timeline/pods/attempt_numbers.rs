//! Numbers the Pods of each completion index in the order of their creation.

use crate::timeline::fast_map::FastMap;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::pods::pod_store::PodStore;

/// The number of attempts at each completion index of each workload.
#[derive(Clone, Debug, Default)]
pub(crate) struct AttemptNumbers {
    /// By the index of a workload, then by completion index.
    counts: FastMap<usize, FastMap<u32, u32>>,
}

impl AttemptNumbers {
    /// Forgets the attempts of all workloads.
    pub(crate) fn clear(&mut self) {
        self.counts.clear();
    }

    /// The number of attempts at a completion index of a workload; `None` if there were no attempts.
    pub(crate) fn count(&self, workload: usize, index: u32) -> Option<u32> {
        self.counts.get(&workload)?.get(&index).copied()
    }

    /// Numbers all Pods of a workload. `pods` must be sorted by creation.
    pub(crate) fn number_all(&mut self, workload: usize, pods: &[PodKey], store: &mut PodStore) {
        self.counts.remove(&workload);
        if pods.iter().any(|key| store.record(*key).identity.index.is_some()) {
            self.number_latest(workload, pods, store);
        }
    }

    /// Numbers Pods that were created after all other Pods of the workload. `pods` must be sorted by creation.
    pub(crate) fn number_latest(&mut self, workload: usize, pods: &[PodKey], store: &mut PodStore) {
        let counts = self.counts.entry(workload).or_default();
        for key in pods {
            let identity = &mut store.record_mut(*key).identity;
            if let Some(index) = identity.index {
                let count = counts.entry(index).or_default();
                *count += 1;
                identity.attempt = *count;
            }
        }
    }
}
