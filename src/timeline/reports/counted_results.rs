//! The result of a Pod as the controller of its Job counts it.

use jiff::Timestamp;

use crate::lifecycle::PodOutcome;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::job::JobRecord;
use crate::timeline::workloads::workload::{Workload, WorkloadState};

/// A result that the controller counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CountedResult {
    /// When the controller counted the Pod.
    pub(crate) at: Timestamp,
    /// Whether the Pod counted as succeeded. Otherwise it counted as failed.
    pub(crate) succeeded: bool,
}

impl Timeline {
    /// The result of a Pod as the controller of `workload` counted it; `None` if the Pod did not count.
    ///
    /// With the default policy a Pod counts as failed as soon as somebody deletes it, regardless of its later exit
    /// code. With the replacement policy `Failed`, a deleted Pod counts by its result. A Pod that the workload itself
    /// stops does not count.
    pub(crate) fn counted_result(&self, workload: &Workload, key: PodKey) -> Option<CountedResult> {
        let overview = self.overview(key);
        let counts_results =
            || self.owners.job(&workload.uid).is_some_and(JobRecord::counts_results_of_deleted);
        let end = overview.end();
        if overview.deleted_before_end {
            let by_result = counts_results();
            if !by_result && !self.counts_as_success_despite_deletion(workload, key) {
                let requested = || self.pod(key).life.instants.delete_requested.map(|requested| requested.at);
                let at = if self.is_deleted_by_others(key) { requested().or(end) } else { None };
                return Some(CountedResult { at: at?, succeeded: false });
            }
            // A deleted Pod whose processes obeyed the signal has the phase Failed.
            if by_result && overview.outcome == PodOutcome::Deleted {
                let at = end.filter(|_| !overview.is_lost && self.is_deleted_by_others(key));
                return Some(CountedResult { at: at?, succeeded: false });
            }
        }
        match overview.outcome {
            PodOutcome::Succeeded => Some(CountedResult { at: end?, succeeded: true }),
            PodOutcome::Failed | PodOutcome::NeverStarted => {
                Some(CountedResult { at: end?, succeeded: false })
            }
            PodOutcome::Pending
            | PodOutcome::Starting
            | PodOutcome::Running
            | PodOutcome::Deleted
            | PodOutcome::Unknown
            | PodOutcome::Gone => None,
        }
    }

    /// Whether a deleted Pod counts as a success. If a Pod ends successfully right after the request of its deletion,
    /// the Job may observe only the success. This is assumed if the Job succeeded and the Pod's index has no later
    /// attempt.
    fn counts_as_success_despite_deletion(&self, workload: &Workload, key: PodKey) -> bool {
        let record = self.store.record(key);
        let attempt_count = || self.attempts.count(record.workload_index()?, record.identity.index?);
        record.overview.outcome == PodOutcome::Succeeded
            && workload.state == WorkloadState::Succeeded
            && attempt_count() == Some(record.identity.attempt)
    }

    /// Whether a Pod of a Job ended well, but did not count, because it was deleted before its end.
    pub(crate) fn is_uncounted_success(&self, key: PodKey) -> bool {
        let overview = self.overview(key);
        if overview.outcome != PodOutcome::Succeeded || !overview.deleted_before_end {
            return false;
        }
        let Some(workload) = self.workload_of(key) else { return false };
        self.owners.job(&workload.uid).is_some()
            && self.counted_result(workload, key).is_none_or(|result| !result.succeeded)
    }
}
