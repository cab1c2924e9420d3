//! Tries at the same piece of work, and how long the controller waited between them.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::{PodKey, Timeline, Workload, WorkloadState};
use crate::lifecycle::PodOutcome;

/// The wait before a Pod: from the end of a failed one to this one's creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The end of the failed Pod.
    pub since: Timestamp,
    /// The creation of this one.
    pub until: Timestamp,
    /// Nothing links the two Pods but the order of time: only Pods of one completion index replace each other for sure.
    pub estimated: bool,
}

/// The wait for the next try at an index whose latest one failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenRetry {
    /// The Pod that failed.
    pub pod: PodKey,
    /// Its completion index.
    pub index: u32,
    /// Tries that were seen.
    pub tries: u32,
    /// When it failed.
    pub since: Timestamp,
    /// When the controller's rule lets it make the next Pod; `None` where failures that count were not seen. Always an
    /// estimate: there may be no free slot then.
    pub expected: Option<Timestamp>,
}

/// The first wait after a failure; it doubles with each that follows.
const BACK_OFF: SignedDuration = SignedDuration::from_secs(10);
/// No wait is longer.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);
/// Within this time the controller says whether a failure was the last one.
const VERDICT: SignedDuration = SignedDuration::from_secs(4);

/// How long the Job controller waits after so many failures in a row.
fn back_off(failures: usize) -> SignedDuration {
    let doubled = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    (BACK_OFF * (1 << doubled)).min(LONGEST)
}

impl Timeline {
    /// The indexes that wait for their next try now, in order. Only while their Job goes on, and not for what it has given
    /// up.
    pub fn open_retries(&self, workload: &Workload, now: Timestamp) -> Vec<OpenRetry> {
        let job = self.jobs.get(&workload.uid).filter(|job| job.retries());
        let going = matches!(workload.state, WorkloadState::Running | WorkloadState::Pending);
        let Some(job) = job.filter(|_| going) else { return Vec::new() };
        let failed = |key: &PodKey| self.failed_at(*key);
        // Most runs have no failure.
        let failures = workload.pods.iter().filter(|key| failed(key).is_some()).count();
        if failures == 0 {
            return Vec::new();
        }
        let mut latest: BTreeMap<u32, PodKey> = BTreeMap::new();
        for &key in &workload.pods {
            latest.extend(self.identity(key).index.map(|index| (index, key)));
        }
        let in_a_row = self.failures_in_a_row(workload);
        let all_seen = failures >= usize::try_from(workload.failed).unwrap_or(usize::MAX);
        let mut open = Vec::new();
        for (index, pod) in latest {
            let Some(since) = failed(&pod).filter(|_| !job.is_over(index)) else { continue };
            let tries = self.identity(pod).attempt;
            let counted = if workload.retries_per_index { tries as usize } else { failures };
            let last = job.limit(workload.retries_per_index).is_some_and(|limit| counted > limit as usize);
            if last && now.duration_since(since) < VERDICT {
                continue;
            }
            let rule = if workload.retries_per_index { Some((tries as usize, since)) } else { in_a_row };
            let expected = rule.filter(|_| all_seen).map(|(failures, since)| since + back_off(failures));
            open.push(OpenRetry { pod, index, tries, since, expected });
        }
        open
    }

    /// Failures since the latest success, and when the last of them was.
    fn failures_in_a_row(&self, workload: &Workload) -> Option<(usize, Timestamp)> {
        let succeeded = |key: &PodKey| {
            let overview = self.overview(*key);
            overview.end().filter(|_| overview.outcome == PodOutcome::Succeeded)
        };
        let success = workload.pods.iter().filter_map(succeeded).max();
        let failures = workload.pods.iter().filter_map(|key| self.failed_at(*key));
        let in_a_row = failures.filter(|at| success.is_none_or(|success| *at > success));
        in_a_row.fold(None, |row, at| {
            let (count, last) = row.unwrap_or((0, at));
            Some((count + 1, at.max(last)))
        })
    }

    /// The waits before the Pods of a workload. Without a completion index the first Pod that is created after a failure
    /// is taken for its answer: a Job makes no Pod while it waits out a failure.
    pub fn retries(&self, workload: &Workload) -> HashMap<PodKey, Retry> {
        let mut retries = HashMap::new();
        // Most runs have no failure.
        if !workload.pods.iter().any(|&key| self.failed_at(key).is_some()) {
            return retries;
        }
        let mut by_index: HashMap<u32, Option<Timestamp>> = HashMap::new();
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
            if let Some(Some(since)) = by_index.insert(index, failed).filter(|since| *since < Some(at)) {
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
        // While it is suspended it waits for something else.
        retries.retain(|_, retry| {
            let none_wanted = |capacity: &&super::Capacity| {
                capacity.parallelism == 0 && (retry.since..retry.until).contains(&capacity.since)
            };
            !workload.capacity.iter().any(|capacity| none_wanted(&capacity))
        });
        retries
    }

    /// When a Pod failed, or was taken from its workload.
    fn failed_at(&self, key: PodKey) -> Option<Timestamp> {
        let record = self.record(key);
        let overview = &record.overview;
        let taken = overview.outcome == PodOutcome::Deleted && record.taken_away();
        if overview.end().is_none() && taken {
            // What ended unseen was given up when its deletion was asked for.
            return self.pod(key).life.instants.delete_requested.map(|requested| requested.at);
        }
        overview.end().filter(|_| overview.outcome.failed() || taken)
    }
}
