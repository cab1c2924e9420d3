//! The data that the timeline stores for each Pod.

use std::sync::Arc;

use crate::lifecycle::{Lifecycle, Packed, PhaseSpans, PodEvidence, TextNumber};
use crate::timeline::pods::overview::PodOverview;
use crate::timeline::pods::pod::PodIdentity;
use crate::timeline::pods::requests::PodRequests;

/// Everything that the timeline stores for a Pod, except for its uid in
/// [`UidIndex`](crate::timeline::pods::uid_index::UidIndex). Texts that many Pods share are stored as their numbers
/// in the interner of the [`PodStore`](crate::timeline::pods::pod_store::PodStore).
#[derive(Clone, Debug)]
pub(crate) struct PodRecord {
    pub(crate) identity: PodIdentity,
    /// The life of a Pod that has not ended. The life of an ended Pod is derived from its evidence on request.
    pub(crate) life: Option<Box<Lifecycle>>,
    /// The phases of an ended Pod.
    pub(crate) spans: PhaseSpans,
    /// The observed states and events of the Pod. Packed once the Pod has ended.
    pub(crate) evidence: Packed<PodEvidence>,
    /// The resources that the Pod requests. `None` if it requests none, or if its spec was not observed.
    pub(crate) requests: Option<Arc<PodRequests>>,
    /// The number of the uid of the object that controls the Pod.
    pub(crate) owner: Option<TextNumber>,
    /// Index of the Pod's workload; `u32::MAX` until the Pod is assigned to a workload. Four bytes save memory.
    pub(crate) workload: u32,
    /// The number of the main image of an ended Pod.
    pub(crate) main_image: Option<TextNumber>,
    pub(crate) overview: PodOverview,
    /// Whether the evidence changed since the last [`Timeline::recompute`](crate::timeline::Timeline::recompute).
    pub(crate) changed: bool,
    /// Whether the evidence changed since the life was derived.
    pub(crate) stale: bool,
    /// Whether the owner deleted the Pod: because of a suspension, a lower number of replicas, or because the Pod had
    /// ended.
    pub(crate) removed_by_owner: bool,
}

impl PodRecord {
    /// Creates the record of a Pod. The life must be derived before the record is read.
    pub(crate) fn new(identity: PodIdentity, evidence: PodEvidence, owner: Option<TextNumber>) -> Self {
        Self {
            identity,
            overview: PodOverview::UNKNOWN,
            life: None,
            spans: PhaseSpans::default(),
            evidence: Packed::new(evidence),
            requests: None,
            owner,
            workload: u32::MAX,
            main_image: None,
            changed: false,
            stale: false,
            removed_by_owner: false,
        }
    }

    /// Assigns the Pod to the workload with this index.
    pub(crate) fn set_workload(&mut self, index: usize) {
        self.workload = u32::try_from(index).unwrap_or(u32::MAX);
    }

    /// Index of the Pod's workload; `None` until the Pod is assigned to a workload.
    pub(crate) fn workload_index(&self) -> Option<usize> {
        (self.workload != u32::MAX).then_some(self.workload as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_takes_at_most_232_bytes_because_every_pod_has_one() {
        assert!(size_of::<PodRecord>() <= 232, "{}", size_of::<PodRecord>());
    }
}
