//! The creation times of a workload's Pods.

use jiff::Timestamp;

use crate::lifecycle::Instant;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::pods::pod_store::PodStore;

/// The creation times of Pods that are sorted by creation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CreationTimes<'a> {
    store: &'a PodStore,
    pods: &'a [PodKey],
}

impl<'a> CreationTimes<'a> {
    /// `pods` must be sorted by creation.
    pub(crate) fn new(store: &'a PodStore, pods: &'a [PodKey]) -> Self {
        Self { store, pods }
    }

    /// The creation of the first Pod that was created after `at`.
    pub(crate) fn first_after(self, at: Timestamp) -> Option<Instant> {
        self.created_at_index(self.count_until(at))
    }

    /// The creation of the last Pod that was created at `at` or before.
    pub(crate) fn last_until(self, at: Timestamp) -> Option<Instant> {
        self.created_at_index(self.count_until(at).checked_sub(1)?)
    }

    fn created_at_index(self, index: usize) -> Option<Instant> {
        self.store.pod(*self.pods.get(index)?).life.instants.created
    }

    /// The number of Pods that were created at `at` or before. Pods without a creation time come first.
    fn count_until(self, at: Timestamp) -> usize {
        let at = at.as_millisecond();
        let is_before =
            |key: &PodKey| self.store.record(*key).overview.sort_millis().is_none_or(|created| created <= at);
        self.pods.partition_point(is_before)
    }
}
