//! Retries: attempts at the same piece of work, and how long the controller waited between them.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::PodOutcome;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::{Capacity, Workload, WorkloadState};

/// The wait before a Pod that replaces a failed Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// When the failed Pod ended.
    pub since: Timestamp,
    /// When the new Pod was created.
    pub until: Timestamp,
    /// Whether the two Pods are linked only by the order of their times. The link is certain only for Pods of the same
    /// completion index.
    pub estimated: bool,
}

/// The wait for the next attempt at a completion index whose latest Pod failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenRetry {
    /// The Pod that failed.
    pub pod: PodKey,
    /// The completion index of the Pod.
    pub index: u32,
    /// Number of observed attempts.
    pub attempts: u32,
    /// When the Pod failed.
    pub since: Timestamp,
    /// When the controller's back-off ends; `None` if the controller counted failures that were not observed. The
    /// next Pod may be created later, if no slot is free.
    pub expected: Option<Timestamp>,
}

/// The back-off after the first failure. It doubles with each further failure.
const INITIAL_BACK_OFF: SignedDuration = SignedDuration::from_secs(10);
/// The longest back-off.
const MAX_BACK_OFF: SignedDuration = SignedDuration::from_mins(10);
/// After the last allowed failure, the controller needs at most this time to report that no further attempt follows.
const FINAL_FAILURE_REPORT_DELAY: SignedDuration = SignedDuration::from_secs(4);

/// How long the Job controller waits after this number of consecutive failures.
fn back_off(failures: usize) -> SignedDuration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    (INITIAL_BACK_OFF * (1 << doublings)).min(MAX_BACK_OFF)
}

impl Timeline {
    /// The completion indexes that wait for their next attempt at `now`, in ascending order. Empty if the workload has
    /// ended or is suspended. Indexes that need no further attempt are left out.
    pub fn open_retries(&self, workload: &Workload, now: Timestamp) -> Vec<OpenRetry> {
        let job = self.owners.job(&workload.uid).filter(|job| job.is_retrying_indexes());
        let is_open = matches!(workload.state, WorkloadState::Running | WorkloadState::Pending);
        let Some(job) = job.filter(|_| is_open) else { return Vec::new() };
        let failures = workload.pods.iter().filter(|key| self.failed_at(**key).is_some()).count();
        if failures == 0 {
            return Vec::new();
        }
        let mut latest_pods: BTreeMap<u32, PodKey> = BTreeMap::new();
        for &key in &workload.pods {
            latest_pods.extend(self.identity(key).index.map(|index| (index, key)));
        }
        let per_index = workload.retries_per_index;
        let consecutive = self.consecutive_failures(workload);
        let all_failures_observed = failures >= usize::try_from(workload.failed).unwrap_or(usize::MAX);
        let mut open_retries = Vec::new();
        for (index, pod) in latest_pods {
            let Some(since) = self.failed_at(pod).filter(|_| !job.is_index_finished(index)) else { continue };
            let attempts = self.identity(pod).attempt;
            let counted_failures = if per_index { attempts as usize } else { failures };
            let is_over_limit =
                job.backoff_limit(per_index).is_some_and(|limit| counted_failures > limit as usize);
            if is_over_limit && now.duration_since(since) < FINAL_FAILURE_REPORT_DELAY {
                continue;
            }
            let failures = if per_index { Some((attempts as usize, since)) } else { consecutive };
            let expected =
                failures.filter(|_| all_failures_observed).map(|(count, since)| since + back_off(count));
            open_retries.push(OpenRetry { pod, index, attempts, since, expected });
        }
        open_retries
    }

    /// The number of failures since the latest success, and the time of the last failure. `None` without such a
    /// failure.
    fn consecutive_failures(&self, workload: &Workload) -> Option<(usize, Timestamp)> {
        let succeeded_at = |key: &PodKey| {
            let overview = self.overview(*key);
            overview.end().filter(|_| overview.outcome == PodOutcome::Succeeded)
        };
        let success = workload.pods.iter().filter_map(succeeded_at).max();
        let failures = workload.pods.iter().filter_map(|key| self.failed_at(*key));
        let since_success = failures.filter(|at| success.is_none_or(|success| *at > success));
        since_success.fold(None, |counted, at| {
            let (count, last) = counted.unwrap_or((0, at));
            Some((count + 1, at.max(last)))
        })
    }

    /// The wait before each Pod of a workload that replaces a failed Pod.
    ///
    /// Without a completion index, the first Pod that is created after a failure counts as the replacement of the
    /// failed Pod, because a Job creates no Pod during the back-off.
    pub fn retries(&self, workload: &Workload) -> HashMap<PodKey, Retry> {
        let mut retries = HashMap::new();
        // Most runs have no failure.
        if !workload.pods.iter().any(|&key| self.failed_at(key).is_some()) {
            return retries;
        }
        let mut last_failure_by_index: HashMap<u32, Option<Timestamp>> = HashMap::new();
        let mut failures: Vec<Timestamp> = Vec::new();
        let mut created: Vec<(Timestamp, PodKey)> = Vec::new();
        for &key in &workload.pods {
            let failed = self.failed_at(key);
            let Some(at) = self.overview(key).created() else { continue };
            let Some(index) = self.identity(key).index else {
                failures.extend(failed);
                created.push((at, key));
                continue;
            };
            if let Some(Some(since)) =
                last_failure_by_index.insert(index, failed).filter(|since| *since < Some(at))
            {
                retries.insert(key, Retry { since, until: at, estimated: false });
            }
        }
        failures.sort_unstable();
        created.sort_unstable();
        let mut failures = failures.into_iter().peekable();
        for (until, key) in created {
            let mut latest = None;
            while let Some(failure) = failures.next_if(|failure| *failure < until) {
                latest = Some(failure);
            }
            if let Some(since) = latest {
                retries.insert(key, Retry { since, until, estimated: true });
            }
        }
        // A Pod that follows a suspension did not wait for the back-off.
        retries.retain(|_, retry| {
            let is_suspended = |capacity: &Capacity| {
                capacity.parallelism == 0 && (retry.since..retry.until).contains(&capacity.since)
            };
            !workload.capacity.iter().any(is_suspended)
        });
        retries
    }

    /// When a Pod failed, or when somebody other than its owner deleted it.
    fn failed_at(&self, key: PodKey) -> Option<Timestamp> {
        let record = self.store.record(key);
        let overview = &record.overview;
        let is_deleted_by_others = overview.outcome == PodOutcome::Deleted && record.is_deleted_by_others();
        if overview.end().is_none() && is_deleted_by_others {
            // The end was not observed, so the Pod counts as failed from the request of its deletion.
            return self.pod(key).life.instants.delete_requested.map(|requested| requested.at);
        }
        overview.end().filter(|_| overview.outcome.has_failed() || is_deleted_by_others)
    }
}
