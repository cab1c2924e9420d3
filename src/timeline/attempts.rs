//! Tries at the same piece of work, and how long the controller waited between them.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{PodKey, Timeline, Workload};
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

impl Timeline {
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
            let Some(at) = self.digest(key).created() else { continue };
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
        let digest = &record.digest;
        let taken = digest.outcome == PodOutcome::Deleted && record.taken_away();
        if digest.end().is_none() && taken {
            // What ended unseen was given up when its deletion was asked for.
            return self.pod(key).life.instants.delete_requested.map(|requested| requested.at);
        }
        digest.end().filter(|_| digest.outcome.failed() || taken)
    }
}
