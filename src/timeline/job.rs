//! Jobs: what their controller says, and what it was told, over time.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Capacity, Parent, Workload, WorkloadOutcome};
use crate::lifecycle::Names;
use crate::observation::{Job, JobCondition, JobStatus, Seen, known};

/// The value of `spec.managedBy` that means Kubernetes' own Job controller.
const OWN_CONTROLLER: &str = "kubernetes.io/job-controller";

/// A Job that is created suspended has the condition within this time.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(2);

/// What is known of one Job.
#[derive(Clone, Debug, Default)]
pub(super) struct JobRecord {
    job: Job,
    capacity: Vec<Capacity>,
    gone: Option<Timestamp>,
    /// Its desired state was changed before anybody looked: how many Pods it might have had then is not known.
    changed_before: bool,
    /// Its place among the workloads.
    place: Option<usize>,
}

impl JobRecord {
    /// Its place among the workloads, once it has one.
    pub(super) fn place(&self) -> Option<usize> {
        self.place
    }

    /// Gives it its place among the workloads.
    pub(super) fn put_at(&mut self, place: usize) {
        self.place = Some(place);
    }

    /// Whether a Pod that is deleted counts by its result, once it has ended, not as a failure at once.
    pub(super) fn counts_results_of_deleted(&self) -> bool {
        self.job.spec.pod_replacement_policy == "Failed"
    }

    /// Whether its desired state was changed before anybody looked.
    pub(super) fn changed_before(&self) -> bool {
        self.changed_before
    }

    /// Takes in a state of the Job.
    pub(super) fn observe(&mut self, job: &Job, received: Timestamp, seen: Seen) {
        self.gone = seen.gone().then(|| self.gone.unwrap_or(received));
        if seen == Seen::Missing && !self.capacity.is_empty() {
            return; // the object is only what was known before
        }
        self.job = job.clone();
        let created = job.metadata.created().unwrap_or(received);
        let suspended = job.spec.suspend == Some(true);
        let now = Capacity {
            since: created,
            parallelism: if suspended { 0 } else { count(job.spec.parallelism.unwrap_or(1)) },
            completions: job.spec.completions.map(count),
        };
        let resumed = job.status.conditions.iter().find(|condition| condition.reason == "JobResumed");
        let resumed = resumed.and_then(|condition| known(condition.last_transition_time));
        // Suspended after it had run: the condition tells since when.
        let paused =
            job.status.is_true("Suspended").and_then(|condition| known(condition.last_transition_time));
        let paused = paused.filter(|at| suspended && at.duration_since(created) > AT_ONCE);
        if self.capacity.is_empty() {
            // A resume is a change whose time is known.
            let explained = 1 + i64::from(resumed.is_some() || paused.is_some());
            self.changed_before = seen != Seen::Added && job.metadata.generation > explained;
        }
        match self.capacity.last() {
            None if paused.is_some() => {
                let parallelism = count(job.spec.parallelism.unwrap_or(1));
                self.capacity.push(Capacity { parallelism, ..now });
                self.capacity.push(Capacity { since: paused.unwrap_or(created), ..now });
            }
            // It was suspended before anybody looked: no slots until then.
            None if resumed.is_some() && !suspended => {
                self.capacity.push(Capacity { parallelism: 0, ..now });
                self.capacity.push(Capacity { since: resumed.unwrap_or(created), ..now });
            }
            None => self.capacity.push(now),
            Some(last) if (last.parallelism, last.completions) != (now.parallelism, now.completions) => {
                self.capacity.push(Capacity { since: received, ..now });
            }
            Some(_) => {}
        }
    }

    /// Why it stands as it does, for people: what its controller says, which indexes failed, or that another controller
    /// is in charge.
    fn message(&self, told: Option<&JobCondition>) -> Option<Arc<str>> {
        let Job { spec, status, .. } = &self.job;
        let failed = status.failed_indexes.as_deref().filter(|indexes| !indexes.is_empty());
        let failed = failed.map(|indexes| format!("failed indexes: {indexes}"));
        let said = told.map(|told| told.message.as_str()).filter(|message| !message.is_empty());
        let elsewhere = !spec.managed_by.is_empty() && spec.managed_by != OWN_CONTROLLER;
        let silent = elsewhere && *status == JobStatus::default();
        match (said, failed) {
            (Some(said), Some(failed)) => Some(format!("{said} ({failed})").into()),
            (Some(said), None) => Some(said.into()),
            (None, Some(failed)) => Some(failed.into()),
            (None, None) if silent => Some(
                format!(
                    "managed by {}, which says nothing of its Pods here; they may be in another cluster",
                    spec.managed_by
                )
                .into(),
            ),
            (None, None) => None,
        }
    }

    /// The workload that this Job is.
    pub(super) fn workload(&self, names: &mut Names) -> Workload {
        let Job { metadata, spec, status } = &self.job;
        let complete = status.is_true("Complete");
        let failed = status.is_true("Failed");
        let suspended = spec.suspend == Some(true);
        let uncounted = status.uncounted_terminated_pods.as_ref();
        let succeeded = count(status.succeeded) + uncounted.map_or(0, |pods| length(&pods.succeeded));
        let failures = count(status.failed) + uncounted.map_or(0, |pods| length(&pods.failed));
        let begun = status.active > 0 || succeeded + failures > 0;
        let outcome = match (complete, failed) {
            (Some(_), _) => WorkloadOutcome::Succeeded,
            (_, Some(_)) => WorkloadOutcome::Failed,
            _ if self.gone.is_some() => WorkloadOutcome::Unknown,
            _ if suspended => WorkloadOutcome::Suspended,
            _ if begun => WorkloadOutcome::Running,
            _ => WorkloadOutcome::Pending,
        };
        // The decision comes before all Pods have stopped; what it is stays the same.
        let told = complete
            .or(failed)
            .or_else(|| status.is_true("FailureTarget"))
            .or_else(|| status.is_true("SuccessCriteriaMet"))
            .or_else(|| status.is_true("Suspended").filter(|_| suspended));
        let ended = |condition: &JobCondition| known(condition.last_transition_time);
        Workload {
            api_version: names.share("batch/v1"),
            kind: names.share("Job"),
            namespace: names.share(&metadata.namespace),
            name: names.share(&metadata.name),
            uid: names.share(&metadata.uid),
            parent: metadata.controller().map(|owner| Parent {
                kind: names.share(&owner.kind),
                name: names.share(&owner.name),
                uid: names.share(&owner.uid),
            }),
            outcome,
            reason: told.and_then(|condition| names.share_some(&condition.reason)),
            message: self.message(told),
            created: metadata.created(),
            started: known(status.start_time),
            finished: known(status.completion_time)
                .or_else(|| complete.or(failed).and_then(ended))
                .or(self.gone),
            completions: spec.completions.map(count),
            parallelism: Some(count(spec.parallelism.unwrap_or(1))),
            active: count(status.active),
            succeeded,
            failed: failures,
            gone: self.gone.is_some(),
            capacity: self.capacity.clone(),
            per_index: spec.backoff_limit_per_index.is_some(),
            waiting: None,
            next_run: None,
            lasting: false,
            pods: Vec::new(),
        }
    }
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn length(uids: &[String]) -> u32 {
    u32::try_from(uids.len()).unwrap_or(u32::MAX)
}
