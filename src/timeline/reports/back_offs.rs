//! The failures of a Job's Pods, and the back-off after each of them, in which the controller creates no Pod.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::timeline::pods::pod::PodKey;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::job::JobRecord;
use crate::timeline::workloads::job_failures::FailureEffect;
use crate::timeline::workloads::workload::{Capacity, Workload};

/// The back-off after the first failure. It doubles with each further failure.
const INITIAL_BACK_OFF: SignedDuration = SignedDuration::from_secs(10);
/// The longest back-off.
const MAX_BACK_OFF: SignedDuration = SignedDuration::from_mins(10);
/// The longest time that the controller needs to report the last allowed failure, or to create the next Pod after a
/// back-off.
const MAX_CONTROLLER_DELAY: SignedDuration = SignedDuration::from_secs(4);

/// How long the Job controller waits after this number of consecutive failures.
pub(crate) fn back_off(failures: usize) -> SignedDuration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    (INITIAL_BACK_OFF * (1 << doublings)).min(MAX_BACK_OFF)
}

/// The completion index of a Pod if retries are counted per index; otherwise `None`, which stands for all Pods.
pub(crate) type RetryGroup = Option<u32>;

/// A failure of a Pod, as the controller counted it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub(crate) pod: PodKey,
    pub(crate) index: Option<u32>,
    pub(crate) group: RetryGroup,
    /// When the controller counted the failure.
    pub(crate) at: Timestamp,
    /// When the Pod released its slot: its end, but not before `at`. A gone Pod whose end is unknown
    /// releases its slot when the next Pod is created; `None` if no Pod was created since.
    pub(crate) released: Option<Timestamp>,
    /// The time before which the controller creates no Pod of the group; `None` if the controller counted failures that
    /// were not observed.
    pub(crate) due: Option<Timestamp>,
    /// Whether the Pod was lost with its node. No wait follows, because the controller counts the wait from the time at
    /// which the node stopped responding, which is long before the deletion.
    pub(crate) is_lost: bool,
    pub(crate) effect: FailureEffect,
}

/// An interval in which the controller creates no Pod of a group, because a Pod failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackOff {
    pub(crate) group: RetryGroup,
    pub(crate) since: Timestamp,
    /// `None` while the controller waits.
    pub(crate) until: Option<Timestamp>,
}

/// The failures of a Job.
#[derive(Debug)]
pub(crate) struct JobFailures {
    /// In chronological order.
    pub(crate) failures: Vec<Failure>,
    /// The indexes that have failed for good, with the time of the last failure.
    pub(crate) failed_indexes: BTreeMap<u32, Timestamp>,
    /// Number of indexes that have failed for good and whose Pods were not observed.
    pub(crate) unobserved_failed_indexes: u32,
    /// Whether the controller creates no further Pod.
    pub(crate) has_given_up: bool,
    /// Whether the Job fails, because of its rules or because its controller has decided so.
    pub(crate) is_failing: bool,
}

impl JobFailures {
    /// Whether the controller creates no Pod after this failure.
    pub(crate) fn is_final(&self, failure: &Failure) -> bool {
        self.has_given_up || failure.index.is_some_and(|index| self.failed_indexes.contains_key(&index))
    }
}

impl Timeline {
    /// The failures of a Job at `now`. `None` if the workload is no Job, or if no Pod has failed.
    pub(crate) fn job_failures(&self, workload: &Workload, now: Timestamp) -> Option<JobFailures> {
        if &*workload.kind != "Job" {
            return None;
        }
        let without_rules = JobRecord::default();
        let job = self.owners.job(&workload.uid).unwrap_or(&without_rules);
        let now = workload.finished.filter(|_| workload.has_ended()).unwrap_or(now);
        let mut failures: Vec<Failure> = Vec::new();
        let mut successes: Vec<(Timestamp, Option<u32>)> = Vec::new();
        for &key in &workload.pods {
            let Some(result) = self.counted_result(workload, key) else { continue };
            let index = self.identity(key).index;
            if result.succeeded {
                successes.push((result.at, index));
                continue;
            }
            let overview = self.overview(key);
            let effect = if job.has_failure_policy() {
                job.failure_effect(&self.pod(key).life)
            } else {
                FailureEffect::Counts
            };
            failures.push(Failure {
                pod: key,
                index,
                group: index.filter(|_| workload.retries_per_index),
                at: result.at,
                released: match self.unknown_since(key) {
                    Some(since) => self.released_by_next_pod(workload, since),
                    None => Some(overview.end().map_or(result.at, |end| end.max(result.at))),
                },
                due: None,
                is_lost: overview.is_lost,
                effect,
            });
        }
        let observed_failed_indexes = job.failed_index_count();
        if failures.is_empty() && observed_failed_indexes == 0 {
            return None;
        }
        failures.sort_by_key(|failure| (failure.at, failure.pod));
        successes.sort_unstable();
        let counted = failures.iter().filter(|failure| failure.effect != FailureEffect::Ignored).count();
        if counted >= usize::try_from(workload.failed).unwrap_or(usize::MAX) {
            set_due_times(&mut failures, &successes);
        }
        let failed_indexes = self.failed_indexes(workload, job, &failures, now);
        let in_status = failed_indexes.keys().filter(|index| job.has_failed_index(**index));
        let unobserved = observed_failed_indexes.saturating_sub(in_status.count());
        let is_recent = failures.last().is_some_and(|last| is_unreported(last.at, now));
        let succeeded = || successes.iter().filter_map(|(_, index)| *index).collect::<BTreeSet<u32>>();
        let breaks_rules = failures.iter().any(|failure| failure.effect == FailureEffect::FailsJob)
            || (job.exceeds_backoff_limit(counted) && is_recent)
            || job.exceeds_max_failed_indexes(failed_indexes.len() + unobserved);
        let is_success_met = job.has_success_policy() && job.is_success_policy_met(&succeeded());
        let has_given_up = job.decision().is_some() || breaks_rules || is_success_met;
        let is_failing =
            job.decision().map_or(breaks_rules && !is_success_met, |decision| !decision.succeeds);
        let unobserved_failed_indexes = u32::try_from(unobserved).unwrap_or(u32::MAX);
        Some(JobFailures { failures, failed_indexes, unobserved_failed_indexes, has_given_up, is_failing })
    }

    /// The indexes that have failed for good, with the time of the last failure.
    fn failed_indexes(
        &self,
        workload: &Workload,
        job: &JobRecord,
        failures: &[Failure],
        now: Timestamp,
    ) -> BTreeMap<u32, Timestamp> {
        if !workload.retries_per_index {
            return BTreeMap::new();
        }
        let mut counts: HashMap<u32, usize> = HashMap::new();
        let mut failed: BTreeMap<u32, Timestamp> = BTreeMap::new();
        for failure in failures {
            let Some(index) = failure.index else { continue };
            let count = counts.entry(index).or_default();
            *count += usize::from(failure.effect != FailureEffect::Ignored);
            let identity = self.identity(failure.pod);
            let workload = self.store.record(failure.pod).workload_index();
            let attempts = workload.and_then(|workload| self.attempts.count(workload, index));
            let is_latest = attempts == Some(identity.attempt);
            // The status lists the failed indexes, but a moment late. Until then, an index also counts as failed if its
            // observed failures exceed the limit. If the status does not list it after that time, the controller has
            // not counted all of these failures.
            let is_final = job.has_failed_index(index)
                || failure.effect == FailureEffect::FailsIndex
                || (job.exceeds_limit_per_index(*count) && is_unreported(failure.at, now));
            if is_latest && is_final {
                failed.insert(index, failure.at);
            }
        }
        failed
    }

    /// The intervals in which the controller creates no Pod, because a Pod failed.
    pub(crate) fn back_offs(
        &self,
        workload: &Workload,
        failures: &JobFailures,
        now: Timestamp,
    ) -> Vec<BackOff> {
        let mut created: HashMap<RetryGroup, Vec<Timestamp>> = HashMap::new();
        for (key, overview) in self.overviews(workload) {
            let group = self.identity(key).index.filter(|_| workload.retries_per_index);
            created.entry(group).or_default().extend(overview.created());
        }
        for created in created.values_mut() {
            created.sort_unstable();
        }
        let mut back_offs = Vec::new();
        for failure in failures.failures.iter().filter(|failure| !failure.is_lost) {
            let created = created.get(&failure.group).map_or(&[][..], Vec::as_slice);
            let next = created.get(created.partition_point(|at| *at <= failure.at)).copied();
            // The controller does not wait after the last failure of a Job or of an index.
            if next.is_none() && (workload.has_ended() || failures.is_final(failure)) {
                continue;
            }
            let until = end_of_wait(workload, failure.at, failure.due, next, now);
            back_offs.push(BackOff { group: failure.group, since: failure.at, until });
        }
        back_offs
    }
}

/// The end of a wait that began at `since` and is due to end at `due`. The wait ends earlier if the next Pod is
/// created or the workload is suspended. It ends later if the controller created the next Pod with its usual delay.
/// `None` while the controller waits.
pub(crate) fn end_of_wait(
    workload: &Workload,
    since: Timestamp,
    due: Option<Timestamp>,
    next: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let is_suspension = |capacity: &&Capacity| {
        capacity.parallelism == 0 && capacity.since >= since && next.is_none_or(|next| capacity.since < next)
    };
    if let Some(suspension) = workload.capacity.iter().find(is_suspension) {
        return Some(suspension.since);
    }
    if due.is_some_and(|due| is_overdue(due, next.unwrap_or(now))) { due } else { next }
}

/// Whether the controller would have created a Pod before `now`, if only the back-off until `due` had delayed the Pod.
pub(crate) fn is_overdue(due: Timestamp, now: Timestamp) -> bool {
    now.duration_since(due) > MAX_CONTROLLER_DELAY
}

/// Whether the controller may not have reported yet that a failure at `at` was the last one.
fn is_unreported(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < MAX_CONTROLLER_DELAY
}

/// Sets when the controller may create the next Pod after each failure. Both lists must be in chronological order.
///
/// The back-off doubles with each consecutive failure. If retries are counted per index, the failures of each index are
/// counted separately, and otherwise those of the whole Job together.
fn set_due_times(failures: &mut [Failure], successes: &[(Timestamp, Option<u32>)]) {
    let mut in_a_row: HashMap<RetryGroup, usize> = HashMap::new();
    let mut successes = successes.iter().map(|(at, _)| *at).peekable();
    for failure in failures {
        while successes.next_if(|success| *success < failure.at).is_some() {
            in_a_row.remove(&None);
        }
        let count = in_a_row.entry(failure.group).or_default();
        *count += 1;
        failure.due = failure.at.checked_add(back_off(*count)).ok();
    }
}
