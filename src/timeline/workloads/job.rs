//! Records of Jobs: their desired state over time, and the workload that their status describes.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::{Instant, Interner};
use crate::observation::{Job, JobCondition, JobStatus, Seen, known_time};
use crate::timeline::workloads::change_times::{creation_instant, estimate_change};
use crate::timeline::workloads::gang_demand::GangDemand;
use crate::timeline::workloads::hold::suspension_holds;
use crate::timeline::workloads::job_events::JobEvents;
use crate::timeline::workloads::suspension::{
    Suspension, SuspensionEvents, SuspensionHistory, SuspensionReport,
};
use crate::timeline::workloads::workload::{Capacity, Parent, Workload, WorkloadState};

/// The value of `spec.managedBy` for the Job controller of Kubernetes.
const DEFAULT_MANAGER: &str = "kubernetes.io/job-controller";

/// The observed states of one Job.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobRecord {
    job: Job,
    /// The desired number of Pods over time. Ignores suspensions.
    desired: Vec<Capacity>,
    suspensions: SuspensionHistory,
    /// When the removal of the Job was observed.
    gone_at: Option<Timestamp>,
    /// The generation of the Job when a list first contained it; `None` if a watch reported its creation.
    listed_generation: Option<i64>,
    /// The index of the Job's workload; `None` until the Job is grouped.
    index: Option<usize>,
    /// Whether the Job was already gone when it was first observed, so that all facts come from Events.
    is_known_from_events: bool,
}

impl JobRecord {
    /// The latest observed state of the Job.
    pub(crate) fn job(&self) -> &Job {
        &self.job
    }

    /// Namespace and name of the Job.
    pub(crate) fn namespace_and_name(&self) -> (&str, &str) {
        (&self.job.metadata.namespace, &self.job.metadata.name)
    }

    /// The completions of an Indexed Job, whose Pods have their index in their names. `None` for any other Job.
    pub(crate) fn indexed_completions(&self) -> Option<u32> {
        let spec = &self.job.spec;
        (spec.completion_mode == "Indexed").then(|| spec.completions.map_or(0, to_count))
    }

    /// Whether the Job was already gone when it was first observed.
    pub(crate) fn is_known_from_events(&self) -> bool {
        self.is_known_from_events
    }

    /// When the Job was created, truncated to the second.
    pub(crate) fn created(&self) -> Option<Timestamp> {
        self.job.metadata.created()
    }

    /// When the status says that the Job ended, truncated to the second.
    pub(crate) fn ended(&self) -> Option<Timestamp> {
        let JobStatus { completion_time, .. } = &self.job.status;
        let condition = ["Complete", "Failed"].iter().find_map(|kind| self.job.status.true_condition(kind));
        known_time(*completion_time)
            .or_else(|| condition.and_then(|condition| known_time(condition.last_transition_time)))
    }

    /// The index of the Job's workload; `None` until the Job is grouped.
    pub(crate) fn index(&self) -> Option<usize> {
        self.index
    }

    pub(crate) fn set_index(&mut self, index: usize) {
        self.index = Some(index);
    }

    /// Whether a deleted Pod counts by its result once it has ended. Otherwise a deleted Pod counts as failed
    /// immediately.
    pub(crate) fn counts_results_of_deleted(&self) -> bool {
        self.job.spec.pod_replacement_policy == "Failed"
    }

    /// Whether the desired state changed before the Job was first observed, so that the earlier capacity is unknown.
    pub(crate) fn has_unobserved_changes(&self, events: Option<&SuspensionEvents>) -> bool {
        let Some(generation) = self.listed_generation else { return false };
        // Each start and end of a suspension is a change of the desired state whose time is known. A suspension that
        // began with the creation is no change.
        let creation = self.desired.first().map(|first| first.since);
        let is_change =
            |instant: Option<Instant>| i64::from(instant.is_some_and(|instant| Some(instant.at) != creation));
        let suspensions = self.suspensions.suspensions(events);
        let known_changes: i64 = suspensions
            .iter()
            .map(|suspension| is_change(suspension.start) + is_change(suspension.end))
            .sum();
        generation > 1 + known_changes
    }

    /// The members of the gang that an Indexed Job is at `at`; `None` if the Pods of the Job also work alone.
    pub(crate) fn gang_demand(&self, at: Option<Timestamp>) -> Option<GangDemand> {
        if self.is_indexed() { GangDemand::of_indexed_job(&self.desired, at) } else { None }
    }

    /// Whether the Job needs a success of each completion index.
    pub(crate) fn is_indexed(&self) -> bool {
        self.job.spec.completion_mode == "Indexed"
    }

    /// When the deletion of the Job was requested or observed.
    pub(crate) fn deleted_at(&self) -> Option<Timestamp> {
        known_time(self.job.metadata.deletion_timestamp).or(self.gone_at)
    }

    /// Whether an index needs no further attempt, because it is complete, has failed, or is no longer desired.
    pub(crate) fn is_index_finished(&self, index: u32) -> bool {
        let Job { spec, status, .. } = &self.job;
        let is_undesired = spec.completions.is_some_and(|completions| index >= to_count(completions));
        let failed = status.failed_indexes.as_deref().unwrap_or_default();
        is_undesired || contains_index(&status.completed_indexes, index) || contains_index(failed, index)
    }

    /// Adds a state of the Job that was received at `received`.
    pub(crate) fn observe(&mut self, job: &Job, received: Timestamp, seen: Seen) {
        self.gone_at = seen.is_gone().then(|| self.gone_at.unwrap_or(received));
        if seen == Seen::Missing && !self.desired.is_empty() {
            return; // A missing object contains only what was known before.
        }
        self.job = job.clone();
        // The last state of a deleted Job has a creation time.
        self.is_known_from_events = seen == Seen::Missing && job.metadata.created().is_none();
        if self.is_known_from_events {
            return; // Such an object contains only its name and its uid.
        }
        let condition = job.status.conditions.iter().find(|condition| condition.r#type == "Suspended");
        let condition = condition.and_then(|condition| {
            Some((condition.status == "True", known_time(condition.last_transition_time)?))
        });
        let report = SuspensionReport {
            suspended: job.spec.suspend == Some(true),
            condition,
            created: job.metadata.created(),
            generation: job.metadata.generation,
        };
        self.suspensions.observe(&report, received, seen);
        let new = Capacity {
            since: job.metadata.created().map_or(received, |created| creation_instant(created, received).at),
            parallelism: to_count(job.spec.parallelism.unwrap_or(1)),
            completions: job.spec.completions.map(to_count),
        };
        match self.desired.last() {
            None => {
                self.listed_generation = (seen != Seen::Added).then_some(job.metadata.generation);
                self.desired.push(new);
            }
            Some(last) if (last.parallelism, last.completions) != (new.parallelism, new.completions) => {
                self.desired.push(Capacity { since: estimate_change(received), ..new });
            }
            Some(_) => {}
        }
    }

    /// The controller that manages the Job, if it is not the Job controller of Kubernetes.
    fn other_controller(&self) -> Option<&str> {
        let controller = self.job.spec.managed_by.as_str();
        (!controller.is_empty() && controller != DEFAULT_MANAGER).then_some(controller)
    }

    /// The message of the workload: the text of `condition`, the failed indexes, or the name of the other controller
    /// that manages the Job.
    fn message(&self, condition: Option<&JobCondition>) -> Option<Arc<str>> {
        let status = &self.job.status;
        let failed = status.failed_indexes.as_deref().filter(|indexes| !indexes.is_empty());
        let failed = failed.map(|indexes| format!("failed indexes: {indexes}"));
        let text =
            condition.map(|condition| condition.message.as_str()).filter(|message| !message.is_empty());
        match (text, failed) {
            (Some(text), Some(failed)) => Some(format!("{text} ({failed})").into()),
            (Some(text), None) => Some(text.into()),
            (None, Some(failed)) => Some(failed.into()),
            (None, None) => {
                let controller = self.other_controller()?;
                let silence = if *status == JobStatus::default() {
                    ", which has not reported a status here"
                } else {
                    ""
                };
                Some(format!("managed by {controller}{silence}; the Pods may run in another cluster").into())
            }
        }
    }

    /// Converts the record to a workload without Pods. `suspension_events` are the controller's events about
    /// suspensions, and `events` are all events about the Job.
    pub(crate) fn to_workload(
        &self,
        interner: &mut Interner,
        suspension_events: Option<&SuspensionEvents>,
        events: Option<&JobEvents>,
    ) -> Workload {
        let workload = self.workload_from_object(interner, suspension_events);
        if !self.is_known_from_events {
            return workload;
        }
        let end = events.and_then(|events| events.end.as_ref());
        Workload {
            state: end.map_or(WorkloadState::Unknown, |end| end.state),
            reason: end.and_then(|end| end.reason.clone()),
            message: end.and_then(|end| end.message.clone()),
            finished: end.and_then(|end| end.at),
            parallelism: None,
            is_known_from_events: true,
            ..workload
        }
    }

    /// Converts the last observed state of the Job to a workload without Pods.
    fn workload_from_object(&self, interner: &mut Interner, events: Option<&SuspensionEvents>) -> Workload {
        let Job { metadata, spec, status } = &self.job;
        let complete = status.true_condition("Complete");
        let failed = status.true_condition("Failed");
        let suspended = spec.suspend == Some(true);
        let uncounted = status.uncounted_terminated_pods.as_ref();
        let succeeded_pods =
            to_count(status.succeeded) + uncounted.map_or(0, |pods| count_uids(&pods.succeeded));
        let failed_pods = to_count(status.failed) + uncounted.map_or(0, |pods| count_uids(&pods.failed));
        let has_pods = status.active > 0 || status.terminating.is_some_and(|terminating| terminating > 0);
        let has_begun = has_pods || succeeded_pods + failed_pods > 0;
        let state = match (complete, failed) {
            (Some(_), _) => WorkloadState::Succeeded,
            (_, Some(_)) => WorkloadState::Failed,
            _ if self.gone_at.is_some() => WorkloadState::Unknown,
            _ if suspended => WorkloadState::Suspended,
            _ if has_begun => WorkloadState::Running,
            _ => WorkloadState::Pending,
        };
        // The controller sets FailureTarget or SuccessCriteriaMet before all Pods have stopped. The reason is already
        // final.
        let condition = complete
            .or(failed)
            .or_else(|| status.true_condition("FailureTarget"))
            .or_else(|| status.true_condition("SuccessCriteriaMet"))
            .or_else(|| status.true_condition("Suspended").filter(|_| suspended));
        let transition_time = |condition: &JobCondition| known_time(condition.last_transition_time);
        let suspensions = self.suspensions.suspensions(events);
        Workload {
            api_version: interner.share("batch/v1"),
            kind: interner.share("Job"),
            namespace: interner.share(&metadata.namespace),
            name: interner.share(&metadata.name),
            uid: interner.share(&metadata.uid),
            generate_name: interner
                .share_non_empty(&metadata.generate_name)
                .filter(|_| metadata.controller().is_none()),
            parent: metadata.controller().map(|owner| Parent {
                kind: interner.share(&owner.kind),
                name: interner.share(&owner.name),
                uid: interner.share(&owner.uid),
            }),
            state,
            reason: condition.and_then(|condition| interner.share_non_empty(&condition.reason)),
            message: self.message(condition),
            created: metadata.created(),
            started: known_time(status.start_time),
            finished: known_time(status.completion_time)
                .or_else(|| complete.or(failed).and_then(transition_time))
                .or(self.gone_at),
            completions: spec.completions.map(to_count),
            parallelism: Some(to_count(spec.parallelism.unwrap_or(1))),
            active: to_count(status.active),
            succeeded: succeeded_pods,
            failed: failed_pods,
            gone: self.gone_at.is_some(),
            ttl_seconds: spec.ttl_seconds_after_finished.map(to_count),
            managed_by: self.other_controller().map(|controller| interner.share(controller)),
            capacity: subtract_suspensions(&self.desired, &suspensions),
            retries_per_index: spec.backoff_limit_per_index.is_some(),
            max_attempts_per_index: spec
                .backoff_limit_per_index
                .and_then(|limit| u32::try_from(limit).ok()?.checked_add(1)),
            creation_block: None,
            holds: suspension_holds(suspensions, metadata, interner),
            next_run: None,
            is_rollout: false,
            is_known_from_events: false,
            pods: Vec::new(),
        }
    }
}

/// The desired capacity over time, with 0 Pods during suspensions. A suspension with an unknown start begins at the end
/// of the previous one, or at the creation.
fn subtract_suspensions(desired: &[Capacity], suspensions: &[Suspension]) -> Vec<Capacity> {
    let Some(creation) = desired.first().map(|first| first.since).filter(|_| !suspensions.is_empty()) else {
        return desired.to_vec();
    };
    let mut last_end = creation;
    // The times of changes, and whether the workload is suspended from then on.
    let mut changes: Vec<(Timestamp, bool)> = Vec::with_capacity(2 * suspensions.len());
    for suspension in suspensions {
        let start = suspension.start.map_or(last_end, |start| start.at.max(last_end));
        changes.push((start, true));
        last_end = suspension.end.map_or(start, |end| end.at.max(start));
        if suspension.ended {
            changes.push((last_end, false));
        }
    }
    let mut times: Vec<Timestamp> =
        desired.iter().map(|capacity| capacity.since).chain(changes.iter().map(|change| change.0)).collect();
    times.sort_unstable();
    times.dedup();
    let mut result: Vec<Capacity> = Vec::with_capacity(times.len());
    for since in times {
        let desired = desired.iter().rfind(|capacity| capacity.since <= since).or(desired.first());
        let suspended = changes.iter().rfind(|(at, _)| *at <= since).is_some_and(|(_, suspended)| *suspended);
        let Some(desired) = desired else { continue };
        let parallelism = if suspended { 0 } else { desired.parallelism };
        let new = Capacity { since, parallelism, ..*desired };
        match result.last() {
            Some(last) if (last.parallelism, last.completions) == (new.parallelism, new.completions) => {}
            _ => result.push(new),
        }
    }
    result
}

/// Whether a list of indexes in the form `0,2-4` contains an index.
pub(crate) fn contains_index(list: &str, index: u32) -> bool {
    list.split(',').any(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let range = from.parse::<u32>().ok().zip(to.parse::<u32>().ok());
        range.is_some_and(|(from, to)| (from..=to).contains(&index))
    })
}

/// Converts a number from the Kubernetes API, which is never negative in practice.
pub(crate) fn to_count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn count_uids(uids: &[String]) -> u32 {
    u32::try_from(uids.len()).unwrap_or(u32::MAX)
}
