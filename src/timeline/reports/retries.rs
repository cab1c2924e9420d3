//! Retries: attempts at the same piece of work, and how long the controller waited between them.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::back_offs::{Failure, RetryGroup, end_of_wait, is_overdue};
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::{Workload, WorkloadState};

/// The wait before a Pod that replaces a failed Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// When the failed Pod released its slot.
    pub since: Timestamp,
    /// When the back-off ended: the creation of the new Pod, or an earlier time if the new Pod waited for something
    /// else too.
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
    /// When the Pod that failed released its slot. `None` if the Pod is gone and its end is unknown.
    pub since: Option<Timestamp>,
    /// When the controller's back-off ends; `None` if the controller counted failures that were not observed. The
    /// next Pod may be created later, if no slot is free.
    pub expected: Option<Timestamp>,
}

impl OpenRetry {
    /// The back-off so far: its start and its end. The end is `now`, or an earlier time if the next Pod is overdue,
    /// because the controller then waits for something else. `None` if the start is unknown.
    pub(crate) fn back_off(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let since = self.since?;
        let end = self.expected.filter(|expected| is_overdue(*expected, now)).unwrap_or(now);
        Some((since, end.max(since)))
    }
}

impl Timeline {
    /// The completion indexes that wait for their next attempt at `now`, in ascending order. Empty if the workload has
    /// ended or is suspended. Indexes that need or get no further attempt are left out.
    pub fn open_retries(&self, workload: &Workload, now: Timestamp) -> Vec<OpenRetry> {
        let is_open = matches!(workload.state, WorkloadState::Running | WorkloadState::Pending);
        let job = self.owners.job(&workload.uid).filter(|job| is_open && job.is_indexed());
        let Some(job) = job else { return Vec::new() };
        let Some(failures) = self.job_failures(workload, now).filter(|failures| !failures.has_given_up)
        else {
            return Vec::new();
        };
        let mut latest_pods: BTreeMap<u32, PodKey> = BTreeMap::new();
        for &key in &workload.pods {
            latest_pods.extend(self.identity(key).index.map(|index| (index, key)));
        }
        let by_pod: HashMap<PodKey, &Failure> =
            failures.failures.iter().map(|failure| (failure.pod, failure)).collect();
        // Without a limit per index, the last failure of all indexes decides when the controller creates a Pod.
        let last_due: HashMap<RetryGroup, Option<Timestamp>> =
            failures.failures.iter().map(|failure| (failure.group, failure.due)).collect();
        let to_open_retry = |(index, pod): (u32, PodKey)| {
            let failure = by_pod.get(&pod).filter(|failure| !failure.is_lost)?;
            let is_final = job.is_index_finished(index) || failures.is_final(failure);
            let attempts = self.identity(pod).attempt;
            let expected = last_due.get(&failure.group).copied().flatten();
            (!is_final).then_some(OpenRetry { pod, index, attempts, since: failure.released, expected })
        };
        latest_pods.into_iter().filter_map(to_open_retry).collect()
    }

    /// When the back-off of a Job ends, if the Job is in back-off at `now`. `None` if it is not, or if the controller
    /// counted failures that were not observed.
    pub(crate) fn next_try(&self, workload: &Workload, now: Timestamp) -> Option<Timestamp> {
        let failures = self.job_failures(workload, now).filter(|failures| !failures.has_given_up)?;
        let open = failures.failures.iter().filter(|failure| !failure.is_lost && !failures.is_final(failure));
        open.filter_map(|failure| failure.due).filter(|due| *due > now).min()
    }

    /// The wait before each Pod of a Job that replaces a failed Pod. Empty for other workloads, because their
    /// controllers replace a Pod without a wait.
    ///
    /// Without a completion index, the first Pod that is created after a failure counts as the replacement of the
    /// failed Pod, because a Job creates no Pod during the back-off.
    pub fn retries(&self, workload: &Workload) -> HashMap<PodKey, Retry> {
        let mut retries = HashMap::new();
        let Some(failures) = self.job_failures(workload, Timestamp::MAX) else { return retries };
        let failures = failures.failures;
        let by_pod: HashMap<PodKey, &Failure> =
            failures.iter().map(|failure| (failure.pod, failure)).collect();
        let mut by_group: HashMap<RetryGroup, Vec<&Failure>> = HashMap::new();
        for failure in &failures {
            by_group.entry(failure.group).or_default().push(failure);
        }
        let mut previous_attempts: HashMap<u32, PodKey> = HashMap::new();
        let mut created: Vec<(Timestamp, PodKey)> = Vec::new();
        for &key in &workload.pods {
            let Some(at) = self.overview(key).created() else { continue };
            match self.identity(key).index {
                Some(index) => {
                    let previous = previous_attempts.insert(index, key);
                    let Some(failure) = previous.and_then(|previous| by_pod.get(&previous)) else { continue };
                    let group = by_group.get(&failure.group).map_or(&[][..], Vec::as_slice);
                    let before = group.partition_point(|other| other.at < at);
                    let due = before.checked_sub(1).and_then(|last| group[last].due);
                    retries.extend(retry_after(workload, failure, due, at, false).map(|retry| (key, retry)));
                }
                None => created.push((at, key)),
            }
        }
        created.sort_unstable();
        let mut failures = failures.iter().filter(|failure| failure.index.is_none()).peekable();
        for (at, key) in created {
            let mut latest = None;
            while let Some(failure) = failures.next_if(|failure| failure.at < at) {
                latest = Some(failure);
            }
            let retry = latest.and_then(|failure| retry_after(workload, failure, failure.due, at, true));
            retries.extend(retry.map(|retry| (key, retry)));
        }
        retries
    }
}

/// The wait between a failure and the creation of the next Pod at `created`. `None` if the controller did not wait.
fn retry_after(
    workload: &Workload,
    failure: &Failure,
    due: Option<Timestamp>,
    created: Timestamp,
    estimated: bool,
) -> Option<Retry> {
    let since = failure.released?;
    let until = end_of_wait(workload, failure.at, due, Some(created), created)?;
    (!failure.is_lost && since < until).then_some(Retry { since, until, estimated })
}
