//! The evidence about a gone Pod: a Pod that no longer exists and whose state was never seen.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::event_fact::EventTime;
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::instant::Instant;
use crate::lifecycle::packed::packed_struct;

/// The evidence that only the Events of a gone Pod report.
#[derive(Clone, Debug, Default)]
pub(crate) struct GoneEvidence {
    /// The latest occurrence of an Event about the Pod.
    pub(crate) latest_event: Option<Timestamp>,
    /// Time of the owner's `SuccessfulDelete` event.
    pub(crate) deleted_by_owner: Option<Timestamp>,
    /// Whether the owner deleted the Pod. The time of the deletion may be unknown.
    pub(crate) is_deleted_by_owner: bool,
    /// Time and reason of the disruption that deleted the Pod.
    pub(crate) disruption: Option<(EventTime, Arc<str>)>,
    /// The reason why the kubelet ended or rejected the Pod.
    pub(crate) ended_by_kubelet: Option<Arc<str>>,
}

impl GoneEvidence {
    /// Returns the instant at which the deletion was requested. `killing` is the first `Killing` event of a main
    /// container: the kubelet stops the containers of a Pod if the Pod is deleted, or if the kubelet ends the Pod
    /// itself.
    pub(crate) fn delete_requested(&self, killing: Option<EventTime>) -> Option<Instant> {
        let killing = killing.filter(|_| self.ended_by_kubelet.is_none());
        let killing =
            killing.map(|event| event.to_instant(Evidence::KillingEvent, Evidence::KillingEventCoarse));
        let by_owner = || self.deleted_by_owner.map(|at| Instant::new(at, Evidence::SuccessfulDelete));
        let disruption =
            || self.disruption.as_ref().map(|(time, _)| Instant::new(time.at, Evidence::DisruptionEvent));
        killing.or_else(by_owner).or_else(disruption)
    }

    /// Whether an Event proves that the Pod was deleted. `killing` is the first `Killing` event of a main container.
    pub(crate) fn is_deleted(&self, killing: Option<EventTime>) -> bool {
        self.is_deleted_by_owner || self.delete_requested(killing).is_some()
    }

    /// Returns the latest time at which the Pod is known to have existed, as the lower bound of its end.
    /// `delete_requested` is the instant of the deletion request.
    pub(crate) fn latest_known(&self, delete_requested: Option<Instant>) -> Option<Instant> {
        let latest = self.latest_event.map(|at| Instant::new(at, Evidence::LatestEvent));
        // Most times of latest occurrences are truncated to the second, so at equal times the request is more precise.
        [latest, delete_requested].into_iter().flatten().max_by_key(|instant| instant.at)
    }

    /// The reason why the Pod ended.
    pub(crate) fn reason(&self) -> Option<Arc<str>> {
        let disruption = || self.disruption.as_ref().map(|(_, reason)| Arc::clone(reason));
        self.ended_by_kubelet.clone().or_else(disruption)
    }
}

packed_struct!(GoneEvidence {
    latest_event,
    deleted_by_owner,
    is_deleted_by_owner,
    disruption,
    ended_by_kubelet,
});
