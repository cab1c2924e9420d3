//! The reasons why a workload cannot succeed without help: a Pod has failed for good, a Pod cannot start, or the
//! controller cannot create Pods.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::observation::saturating_add;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::fatal_kind::{FatalCause, FatalKind};
use crate::timeline::reports::final_failures::FinalFailure;
use crate::timeline::reports::start_failures::{StartFailure, find_start_failure, is_transient};
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::{Workload, WorkloadState};

impl Timeline {
    /// The causes of all Pods and workloads that hold at `now`, ordered by the time at which they become fatal. This
    /// time may be in the future. `patience` is how long a Pod may wait for something that may come without help,
    /// such as a node.
    pub fn fatal_causes(&self, patience: SignedDuration, now: Timestamp) -> Vec<FatalCause> {
        let pods = self.workloads().iter().flat_map(|workload| workload.pods.iter().copied());
        let mut causes: Vec<FatalCause> =
            pods.filter_map(|pod| self.fatal_cause_of_start(pod, patience, now)).collect();
        causes.retain(|cause| cause.pod.is_none_or(|pod| self.is_of_newest_revision(pod)));
        causes.extend(self.fatal_causes_of_workloads(patience, now));
        causes.sort_by_key(|cause| (cause.due, cause.pod));
        causes
    }

    /// The reason why a Pod cannot start or go on at `now`. `None` for a Pod of a workload that has ended. The caller
    /// must ignore a Pod of an earlier revision, see [`Timeline::is_of_newest_revision`].
    pub(crate) fn fatal_cause_of_start(
        &self,
        pod: PodKey,
        patience: SignedDuration,
        now: Timestamp,
    ) -> Option<FatalCause> {
        if !self.overview(pod).may_fail_to_start() {
            return None;
        }
        let index = self.store.record(pod).workload_index()?;
        let workload = self.workloads().get(index)?;
        if workload.has_ended() || self.tree.workloads_above(index).any(Workload::has_ended) {
            return None;
        }
        let StartFailure { kind, since, due } = find_start_failure(&self.pod(pod).life, patience, now)?;
        Some(FatalCause { workload: Arc::clone(&workload.uid), pod: Some(pod), kind, since, due })
    }

    /// The final failures of Pods, and the causes that concern whole workloads, at `now`.
    pub(crate) fn fatal_causes_of_workloads(
        &self,
        patience: SignedDuration,
        now: Timestamp,
    ) -> Vec<FatalCause> {
        let workloads = self.workloads().iter().enumerate();
        workloads
            .flat_map(|(index, workload)| self.fatal_causes_of_workload(index, workload, patience, now))
            .collect()
    }

    fn fatal_causes_of_workload(
        &self,
        index: usize,
        workload: &Workload,
        patience: SignedDuration,
        now: Timestamp,
    ) -> Vec<FatalCause> {
        let is_root = self.tree.workload_above(index).is_none();
        // A workload that has ended has no causes any more, for example an earlier Job of a CronJob. A root that has
        // failed keeps its causes, because its failure is the outcome of the run.
        let is_over = workload.has_ended() && !(is_root && workload.state == WorkloadState::Failed);
        if is_over || self.tree.workloads_above(index).any(Workload::has_ended) {
            return Vec::new();
        }
        let cause =
            |pod, kind, since, due| FatalCause { workload: Arc::clone(&workload.uid), pod, kind, since, due };
        if !self.is_run_again_from_above(workload) {
            let failures = self.final_failures(workload, now);
            if !failures.is_empty() {
                let to_cause = |FinalFailure { pod, at }: FinalFailure| {
                    let life = &self.pod(pod).life;
                    let (exit_code, reason) = (life.exit_code, life.reason.clone());
                    cause(Some(pod), FatalKind::Failed { exit_code, reason }, at, at)
                };
                return failures.into_iter().map(to_cause).collect();
            }
        }
        if is_root && (workload.state == WorkloadState::Failed || self.is_failing(workload)) {
            let since = workload.finished.unwrap_or(now);
            return vec![cause(None, FatalKind::WorkloadFailed, since, since)];
        }
        let Some(block) =
            workload.creation_block.as_ref().filter(|_| self.makes_no_progress(index, workload))
        else {
            return Vec::new();
        };
        let kind = FatalKind::Refused { message: Arc::clone(&block.message) };
        let due =
            if is_refusal(&block.message) { block.since } else { saturating_add(block.since, patience) };
        vec![cause(None, kind, block.since, due)]
    }

    /// Whether a workload whose Pods are refused makes no progress. A rollout makes no progress, because it needs all
    /// its Pods; of its revisions, only the newest counts. Another workload makes no progress if all its Pods have
    /// ended.
    fn makes_no_progress(&self, index: usize, workload: &Workload) -> bool {
        let has_open_pod = || self.overviews(workload).any(|(_, pod)| !pod.outcome.has_ended());
        match self.rollout_above(index) {
            Some(rollout) => {
                let newest = self.children(rollout).max_by_key(|revision| (revision.created, &revision.name));
                newest.is_some_and(|newest| newest.uid == workload.uid)
            }
            None => workload.is_rollout || !has_open_pod(),
        }
    }

    /// Whether a Pod belongs to the newest revision of its rollout. The controller reports only the number of Pods of
    /// this revision, so this number of the latest Pods counts. Always true for a Pod of another workload.
    pub(crate) fn is_of_newest_revision(&self, pod: PodKey) -> bool {
        let Some(rollout) = self.workload_or_rollout_of(pod).filter(|workload| workload.is_rollout) else {
            return true;
        };
        let updated = self.owners.updated_pods(&rollout.uid).unwrap_or(0) as usize;
        let is_later = |key: &&PodKey| {
            let overview = self.overview(**key);
            let exists = !overview.outcome.has_ended() && !overview.deletion_requested;
            exists && self.store.compare(pod, **key).is_lt()
        };
        let revisions = self.subtree(&rollout.uid).iter();
        revisions.flat_map(|revision| &revision.pods).filter(is_later).count() < updated
    }
}

/// Whether a quota, a webhook or a policy has refused the Pods. Other failures, such as a webhook that does not answer
/// or a missing service account, may pass by themselves.
fn is_refusal(message: &str) -> bool {
    let is_conflict = message.contains("the object has been modified");
    let is_unanswered = message.contains("failed calling webhook") || is_transient(message);
    let is_account = message.contains("error looking up service account");
    !is_conflict && !is_unanswered && !is_account
}
