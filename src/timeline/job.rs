//! Jobs: what their controller says, and what it was told, over time.

use std::sync::Arc;

use jiff::Timestamp;

use super::hold;
use super::suspension::{Suspension, Suspensions, Toggles, Told};
use super::{Capacity, Parent, Workload, WorkloadState};
use crate::lifecycle::Names;
use crate::observation::{Job, JobCondition, JobStatus, Seen, known};

/// The value of `spec.managedBy` that means Kubernetes' own Job controller.
const OWN_CONTROLLER: &str = "kubernetes.io/job-controller";

/// What is known of one Job.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobRecord {
    job: Job,
    /// How many Pods it wanted from when on, suspended or not.
    capacity: Vec<Capacity>,
    suspensions: Suspensions,
    gone: Option<Timestamp>,
    /// How often its desired state had been written when it was first listed; `None` if a watch told of its creation.
    attached: Option<i64>,
    /// Its place among the workloads.
    place: Option<usize>,
}

impl JobRecord {
    /// Its place among the workloads, once it has one.
    pub(crate) fn place(&self) -> Option<usize> {
        self.place
    }

    /// Gives it its place among the workloads.
    pub(crate) fn put_at(&mut self, place: usize) {
        self.place = Some(place);
    }

    /// Whether a Pod that is deleted counts by its result, once it has ended, not as a failure at once.
    pub(crate) fn counts_results_of_deleted(&self) -> bool {
        self.job.spec.pod_replacement_policy == "Failed"
    }

    /// Whether its desired state was changed before anybody looked: how many Pods it might have had then is not known.
    pub(crate) fn changed_before(&self, events: Option<&Toggles>) -> bool {
        let Some(generation) = self.attached else { return false };
        // A suspension is a change whose time is known.
        let first = self.capacity.first().map(|first| first.since);
        let known = |instant: Option<crate::lifecycle::Instant>| {
            i64::from(instant.is_some_and(|instant| Some(instant.at) != first))
        };
        let suspensions = self.suspensions.list(events);
        let explained: i64 = suspensions.iter().map(|one| known(one.start) + known(one.end)).sum();
        generation > 1 + explained
    }

    /// Whether another Pod follows a failed one of the same index.
    pub(crate) fn retries(&self) -> bool {
        let Job { spec, status, .. } = &self.job;
        let decided = ["FailureTarget", "SuccessCriteriaMet", "Failed", "Complete"];
        spec.completion_mode == "Indexed" && decided.iter().all(|kind| status.is_true(kind).is_none())
    }

    /// Whether an index needs no other try, because it is done, given up or wanted no more.
    pub(crate) fn is_over(&self, index: u32) -> bool {
        let Job { spec, status, .. } = &self.job;
        let unwanted = spec.completions.is_some_and(|completions| index >= count(completions));
        let failed = status.failed_indexes.as_deref().unwrap_or_default();
        unwanted || holds_index(&status.completed_indexes, index) || holds_index(failed, index)
    }

    /// How many failures it takes, of one index or of all together.
    pub(crate) fn limit(&self, per_index: bool) -> Option<u32> {
        let spec = &self.job.spec;
        if per_index { spec.backoff_limit_per_index } else { spec.backoff_limit }.map(count)
    }

    /// Takes in a state of the Job.
    pub(crate) fn observe(&mut self, job: &Job, received: Timestamp, seen: Seen) {
        self.gone = seen.gone().then(|| self.gone.unwrap_or(received));
        if seen == Seen::Missing && !self.capacity.is_empty() {
            return; // the object is only what was known before
        }
        self.job = job.clone();
        let condition = job.status.conditions.iter().find(|condition| condition.r#type == "Suspended");
        let condition =
            condition.and_then(|told| Some((told.status == "True", known(told.last_transition_time)?)));
        let told = Told {
            suspended: job.spec.suspend == Some(true),
            condition,
            created: job.metadata.created(),
            generation: job.metadata.generation,
        };
        self.suspensions.observe(&told, received, seen);
        let now = Capacity {
            since: job.metadata.created().unwrap_or(received),
            parallelism: count(job.spec.parallelism.unwrap_or(1)),
            completions: job.spec.completions.map(count),
        };
        match self.capacity.last() {
            None => {
                self.attached = (seen != Seen::Added).then_some(job.metadata.generation);
                self.capacity.push(now);
            }
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

    /// The workload that this Job is, with what its controller's events say.
    pub(crate) fn workload(&self, names: &mut Names, events: Option<&Toggles>) -> Workload {
        let Job { metadata, spec, status } = &self.job;
        let complete = status.is_true("Complete");
        let failed = status.is_true("Failed");
        let suspended = spec.suspend == Some(true);
        let uncounted = status.uncounted_terminated_pods.as_ref();
        let succeeded = count(status.succeeded) + uncounted.map_or(0, |pods| length(&pods.succeeded));
        let failures = count(status.failed) + uncounted.map_or(0, |pods| length(&pods.failed));
        let begun = status.active > 0 || succeeded + failures > 0;
        let outcome = match (complete, failed) {
            (Some(_), _) => WorkloadState::Succeeded,
            (_, Some(_)) => WorkloadState::Failed,
            _ if self.gone.is_some() => WorkloadState::Unknown,
            _ if suspended => WorkloadState::Suspended,
            _ if begun => WorkloadState::Running,
            _ => WorkloadState::Pending,
        };
        // The decision comes before all Pods have stopped; what it is stays the same.
        let told = complete
            .or(failed)
            .or_else(|| status.is_true("FailureTarget"))
            .or_else(|| status.is_true("SuccessCriteriaMet"))
            .or_else(|| status.is_true("Suspended").filter(|_| suspended));
        let ended = |condition: &JobCondition| known(condition.last_transition_time);
        let suspensions = self.suspensions.list(events);
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
            state: outcome,
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
            capacity: without_slots(&self.capacity, &suspensions),
            retries_per_index: spec.backoff_limit_per_index.is_some(),
            creation_block: None,
            holds: hold::suspended(suspensions, metadata, names),
            next_run: None,
            is_rollout: false,
            pods: Vec::new(),
        }
    }
}

/// What it wanted, but nothing while it was suspended. Where nobody tells since when, it was from the first.
fn without_slots(wanted: &[Capacity], suspensions: &[Suspension]) -> Vec<Capacity> {
    let Some(begin) = wanted.first().map(|first| first.since).filter(|_| !suspensions.is_empty()) else {
        return wanted.to_vec();
    };
    let mut last = begin;
    let mut changes: Vec<(Timestamp, bool)> = Vec::with_capacity(2 * suspensions.len());
    for suspension in suspensions {
        let start = suspension.start.map_or(last, |start| start.at.max(last));
        changes.push((start, true));
        last = suspension.end.map_or(start, |end| end.at.max(start));
        if suspension.over {
            changes.push((last, false));
        }
    }
    let mut times: Vec<Timestamp> =
        wanted.iter().map(|one| one.since).chain(changes.iter().map(|one| one.0)).collect();
    times.sort_unstable();
    times.dedup();
    let mut capacity: Vec<Capacity> = Vec::with_capacity(times.len());
    for since in times {
        let wants = wanted.iter().rfind(|one| one.since <= since).or(wanted.first());
        let suspended = changes.iter().rfind(|(at, _)| *at <= since).is_some_and(|(_, suspended)| *suspended);
        let Some(wants) = wants else { continue };
        let now = Capacity { since, parallelism: if suspended { 0 } else { wants.parallelism }, ..*wants };
        match capacity.last() {
            Some(last) if (last.parallelism, last.completions) == (now.parallelism, now.completions) => {}
            _ => capacity.push(now),
        }
    }
    capacity
}

/// Whether a list like `0,2-4` has an index.
fn holds_index(list: &str, index: u32) -> bool {
    list.split(',').any(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let range = from.parse::<u32>().ok().zip(to.parse::<u32>().ok());
        range.is_some_and(|(from, to)| (from..=to).contains(&index))
    })
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn length(uids: &[String]) -> u32 {
    u32::try_from(uids.len()).unwrap_or(u32::MAX)
}
