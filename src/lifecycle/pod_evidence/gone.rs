//! The evidence about a gone Pod: a Pod that no longer exists and whose state was never seen.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::event_fact::EventTime;
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::packed::packed_struct;
use crate::lifecycle::time::instant::Instant;
use crate::observation::saturating_add;

/// The longest time from the end of the grace period to the end of a container: the kubelet adds two seconds for a
/// `preStop` hook that still runs, and the signal needs time.
const MAX_KILL_DELAY: SignedDuration = SignedDuration::from_secs(3);

/// The usual time from the end of the last stopped container of a Job until the end of the second in which the
/// controller reports the end of the Job. It was between 1.3 and 2 s in ten Jobs on Kubernetes 1.37.
const USUAL_REPORT_DELAY: SignedDuration = SignedDuration::from_millis(1_800);

/// If the end of the work is known only to an interval that is longer than this, it counts as unknown.
const MAX_END_WIDTH_MILLIS: u32 = 60_000;

/// The bounds of the end of a gone Pod that its owner proves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StopBounds {
    /// How long the containers of a deleted Pod may take to stop.
    pub(crate) grace_period: Option<SignedDuration>,
    /// When the owner decided to stop all its Pods, truncated to the second.
    pub(crate) decided: Option<Timestamp>,
    /// A time before which all Pods of the owner have ended. The owner reports its end as soon as they have.
    pub(crate) ended_by: Option<Timestamp>,
}

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
    /// The bounds of the Pod's end that the owner proves.
    pub(crate) stop_bounds: StopBounds,
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

    /// Returns the end of the work as an interval, if both ends of the interval are proved. `killing` is the first
    /// `Killing` event of a main container, and `concluded` is the time at which the Pod was missing from a list.
    ///
    /// The kubelet stops containers that ran when it last looked at them. They end within the grace period if nobody
    /// but the owner, the scheduler or the taint manager deleted the Pod, because these use the grace period of the
    /// Pod and do not remove the Pod before its containers have ended.
    pub(crate) fn work_ended(&self, killing: Option<EventTime>, concluded: Timestamp) -> Option<Instant> {
        let disruption = self.disruption.as_ref().map(|(_, reason)| &**reason);
        let keeps_grace_period = self.ended_by_kubelet.is_none()
            && (self.is_deleted_by_owner
                || matches!(disruption, Some("PreemptionByScheduler" | "DeletionByTaintManager")));
        let killing = killing.filter(|event| event.fine && keeps_grace_period)?;
        let mut end = Instant::new(killing.at, Evidence::KillingOfGonePod);
        let StopBounds { grace_period, decided, ended_by } = self.stop_bounds;
        if let Some(grace_period) = grace_period {
            end.lower_latest(
                saturating_add(killing.at, grace_period.saturating_add(MAX_KILL_DELAY)),
                Evidence::GracePeriod,
            );
        }
        if let Some(ended_by) = ended_by {
            end.lower_latest(ended_by, Evidence::OwnerEndedAfterPods);
        }
        end.lower_latest(concluded, Evidence::MissingFromList);
        // The Pod rarely ended by itself before the kubelet stopped it.
        end.set_estimate(end.at.max(killing.at), Evidence::KillingEvent);
        // The Pods that are stopped by the same decision run the same program: either all of them end at the signal, or
        // all of them at the end of the grace period. So each of them probably ended when the last of them ended.
        if let Some(ended_by) = ended_by
            && decided.is_some_and(|decided| killing.at >= decided)
        {
            let last_end = ended_by.checked_sub(USUAL_REPORT_DELAY).unwrap_or(ended_by);
            end.set_estimate(last_end.max(killing.at), Evidence::OwnerEndedAfterPods);
        }
        (end.width_millis() <= MAX_END_WIDTH_MILLIS).then_some(end)
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
    stop_bounds,
});

packed_struct!(StopBounds { grace_period, decided, ended_by });
