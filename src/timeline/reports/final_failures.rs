//! Pods that failed for good: no further attempt at their work is allowed.

use jiff::Timestamp;

use crate::lifecycle::{Lifecycle, PodOutcome};
use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::back_offs::{Failure, JobFailures};
use crate::timeline::reports::fatal_kind::{FatalCause, FatalKind};
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::job::JobRecord;
use crate::timeline::workloads::job_failures::FailureEffect;
use crate::timeline::workloads::workload::{Workload, WorkloadState};

/// A failure of a Pod after which its work is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FinalFailure {
    pub(crate) pod: PodKey,
    /// When the Pod failed.
    pub(crate) at: Timestamp,
}

impl Timeline {
    /// The Pods of a workload that failed for good at `now`, in chronological order. Without a limit per index, a Job
    /// fails because of one of its Pods, so only that Pod is in the list.
    ///
    /// The Pods of other controllers are never in the list, because these controllers replace a Pod that has failed.
    pub(crate) fn final_failures(&self, workload: &Workload, now: Timestamp) -> Vec<FinalFailure> {
        if workload.is_bare_pod() {
            let failed = self.overviews(workload).filter(|(_, pod)| pod.has_failed());
            return failed
                .filter_map(|(pod, overview)| Some(FinalFailure { pod, at: overview.end()? }))
                .collect();
        }
        let Some(job) = self.owners.job(&workload.uid) else { return Vec::new() };
        let failures = self.job_failures(workload, now);
        let mut failed: Vec<FinalFailure> = failures.iter().flat_map(failures_of_indexes).collect();
        // A Job with a limit per index also fails because of its indexes, unless it has a limit for the whole Job.
        if failed.is_empty() {
            failed.extend(self.failure_of_job(workload, job, failures.as_ref()));
        }
        failed.sort_by_key(|failure| (failure.at, failure.pod));
        failed
    }

    /// The failure because of which a whole Job fails. `None` if the Job does not fail, or fails for another reason,
    /// for example because of its deadline.
    fn failure_of_job(
        &self,
        workload: &Workload,
        job: &JobRecord,
        failures: Option<&JobFailures>,
    ) -> Option<FinalFailure> {
        let reason = job.decision().filter(|decision| !decision.succeeds).map(|decision| decision.reason);
        if let Some(failures) = failures.filter(|failures| failures.is_failing) {
            let by_policy =
                || failures.failures.iter().find(|failure| failure.effect == FailureEffect::FailsJob);
            let by_limit = || {
                let mut counted =
                    failures.failures.iter().filter(|failure| failure.effect != FailureEffect::Ignored);
                let last = failures.failures.last();
                job.fatal_failure_position().and_then(|position| counted.nth(position)).or(last)
            };
            let failure = match reason {
                // The controller may report its decision a moment later.
                None | Some("PodFailurePolicy") => by_policy().or_else(by_limit),
                Some("BackoffLimitExceeded") => by_limit(),
                Some(_) => None,
            };
            return failure.map(to_final_failure);
        }
        // The restarts of the containers also count towards the limit. The controller then deletes the Pods, so none of
        // them has failed.
        let at = job.decision().filter(|_| reason == Some("BackoffLimitExceeded"))?.at?;
        let pod = *workload.pods.iter().rev().find(|key| self.overview(**key).has_failed_run)?;
        Some(FinalFailure { pod, at })
    }

    /// The exit code of the container that made the only root fail. If several Pods failed for good, the first of them
    /// counts. `None` if there are several roots, if the root has not failed, or if no container made the root fail,
    /// for example after a deadline.
    pub(crate) fn exit_code_of_failure(&self, now: Timestamp) -> Option<i32> {
        let mut roots = self.roots();
        let (Some(root), None) = (roots.next(), roots.next()) else { return None };
        if root.state != WorkloadState::Failed {
            return None;
        }
        let workloads = self.subtree(&root.uid);
        let failures = workloads.iter().flat_map(|workload| self.final_failures(workload, now));
        let first = failures.min_by_key(|failure| (failure.at, failure.pod)).map(|failure| failure.pod);
        let first = first.or_else(|| {
            // A custom resource may own its Pods directly, and the Pods of a rollout never fail for good.
            let pods = self.pods_below(root);
            let failed =
                pods.iter().copied().filter(|key| !root.is_rollout && self.overview(*key).has_failed());
            let is_job = |workload: &Workload| self.owners.job(&workload.uid).is_some();
            let has_no_rules = !workloads.iter().any(is_job);
            let first = failed.filter(|_| has_no_rules).min_by_key(|key| self.overview(*key).end());
            first.or_else(|| {
                let is_looping = |key: &PodKey| self.overview(*key).is_crash_looping;
                pods.iter().copied().find(|key| root.is_rollout && is_looping(key))
            })
        });
        self.failed_exit_code(first?)
    }

    /// The exit code of the container that a fatal cause is about. `None` if no container failed.
    pub(crate) fn exit_code_of_cause(&self, cause: &FatalCause) -> Option<i32> {
        match &cause.kind {
            FatalKind::Failed { .. } => self.failed_exit_code(cause.pod?),
            FatalKind::CrashLoop { exit_code, .. } => *exit_code,
            FatalKind::ImageNotPullable { .. }
            | FatalKind::InvalidImageName { .. }
            | FatalKind::ImageNotPresent { .. }
            | FatalKind::Misconfigured { .. }
            | FatalKind::Unschedulable { .. }
            | FatalKind::NotTakenUp
            | FatalKind::Refused { .. }
            | FatalKind::WorkloadFailed => None,
        }
    }

    /// The exit code of the container that made a Pod fail, or that fails again and again. `None` if the kubelet or a
    /// controller ended the Pod.
    fn failed_exit_code(&self, key: PodKey) -> Option<i32> {
        let life = &self.pod(key).life;
        if life.outcome == PodOutcome::Deleted {
            return life.last_failure_before_deletion()?.exit_code;
        }
        let code = life.exit_code.filter(|code| *code != 0)?;
        (!is_ended_as_a_whole(life)).then_some(code)
    }
}

/// Whether the reason of the failure concerns the whole Pod and not one of its containers, for example
/// `DeadlineExceeded` or `Evicted`.
fn is_ended_as_a_whole(life: &Lifecycle) -> bool {
    let Some(reason) = life.reason.as_ref().filter(|_| life.outcome.has_ended()) else { return false };
    let runs = || life.containers.iter().flat_map(|container| &container.runs);
    let is_reason_of_run = runs().any(|run| run.reason.as_ref() == Some(reason));
    !is_reason_of_run && !reason.starts_with("Init:")
}

/// The last failure of each index that has failed for good.
fn failures_of_indexes(failures: &JobFailures) -> impl Iterator<Item = FinalFailure> {
    let last_of =
        |index: u32| failures.failures.iter().rev().find(move |failure| failure.index == Some(index));
    failures.failed_indexes.keys().filter_map(move |index| last_of(*index)).map(to_final_failure)
}

fn to_final_failure(failure: &Failure) -> FinalFailure {
    FinalFailure { pod: failure.pod, at: failure.at }
}
