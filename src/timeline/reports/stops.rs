//! Pods that were stopped on purpose: because their workload was suspended, ended, deleted or scaled down.

use std::sync::Arc;

use jiff::Timestamp;

use crate::timeline::pods::pod::PodKey;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::change_times::MAX_REPORT_DELAY;
use crate::timeline::workloads::job::JobRecord;
use crate::timeline::workloads::workload::Workload;

/// The object that stopped a Pod on purpose, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// The object, for example `job/pi`.
    pub(crate) by: String,
    /// The reason, for example `suspended` or `DeadlineExceeded`; `None` if it is unknown.
    pub(crate) reason: Option<Arc<str>>,
}

impl Timeline {
    /// The object that stopped a Pod on purpose, with its reason. `None` if the Pod ended by itself, or if something
    /// other than its owners deleted it.
    ///
    /// The owner writes an Event for each Pod that it deletes. Kubernetes combines these Events after the ninth, so
    /// the times of the owner's changes are evidence too.
    pub(crate) fn deliberate_stop(&self, key: PodKey) -> Option<Stop> {
        let record = self.store.record(key);
        if !record.overview.deleted_before_end {
            return None;
        }
        let workload = self.workload_of(key).filter(|workload| !workload.is_bare_pod())?;
        let own = format!("{}/{}", workload.kind.to_lowercase(), workload.name);
        let by_owner = |reason: Option<Arc<str>>| Some(Stop { by: own.clone(), reason });
        let pod = self.pod(key);
        // A disruption names the component that requested the deletion. This component is never the owner.
        let requested = pod.life.instants.delete_requested.filter(|_| pod.life.disruption.is_none());
        if let Some(requested) = requested.map(|requested| requested.at) {
            if is_suspended_at(workload, requested) {
                return by_owner(Some("suspended".into()));
            }
            let follows = |at: Timestamp| requested.duration_since(at) >= -MAX_REPORT_DELAY;
            if let Some(job) = self.owners.job(&workload.uid) {
                if let Some(decision) = job.decision().filter(|decision| decision.at.is_some_and(follows)) {
                    return by_owner(Some(decision.reason.into()));
                }
                if job.deleted_at().is_some_and(follows) {
                    return match &workload.parent {
                        Some(parent) => Some(Stop {
                            by: format!("{}/{}", parent.kind.to_lowercase(), parent.name),
                            reason: None,
                        }),
                        None => by_owner(Some("deleted".into())),
                    };
                }
            }
        }
        by_owner(None).filter(|_| record.removed_by_owner)
    }

    /// Whether the controller has decided that a Job ends, and the Job has not ended yet, because its Pods must stop
    /// first.
    pub(crate) fn is_stopping(&self, workload: &Workload) -> bool {
        let job = self.owners.job(&workload.uid).filter(|_| !workload.has_ended());
        job.is_some_and(|job| job.decision().is_some())
    }

    /// Whether the controller has decided that a Job fails.
    pub(crate) fn is_failing(&self, workload: &Workload) -> bool {
        let job = self.owners.job(&workload.uid);
        job.and_then(JobRecord::decision).is_some_and(|decision| !decision.succeeds)
    }

    /// Writes which Pod preempted a Pod: `preempted by pod/urgent`. `None` if the scheduler did not preempt the Pod.
    pub(crate) fn describe_preemption(&self, key: PodKey) -> Option<String> {
        let is_preempted = self.pod(key).life.disruption.as_deref() == Some("PreemptionByScheduler");
        is_preempted.then(|| match self.store.preemptor(key) {
            Some(by) => format!("preempted by {by}"),
            None => "preempted".to_owned(),
        })
    }

    /// Whether a Pod was deleted before its end, and not by its owner.
    pub(crate) fn is_deleted_by_others(&self, key: PodKey) -> bool {
        let record = self.store.record(key);
        record.overview.deleted_before_end && !record.removed_by_owner && self.deliberate_stop(key).is_none()
    }
}

/// Whether a suspension of the workload began at this time.
fn is_suspended_at(workload: &Workload, at: Timestamp) -> bool {
    let suspensions = workload.holds.iter().filter(|hold| hold.message.is_none());
    suspensions
        .filter_map(|hold| hold.start)
        .any(|start| start.at.duration_since(at).abs() <= MAX_REPORT_DELAY)
}
