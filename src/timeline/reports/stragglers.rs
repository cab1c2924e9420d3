//! Stragglers: the last few Pods of a workload, if the workload waited only for them.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::timeline::pods::pod::PodKey;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// The last few Pods of a workload, if the workload waited only for them during a large part of its wall time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stragglers {
    /// Number of stragglers.
    pub pods: usize,
    /// Number of all Pods whose end is known.
    pub ended: usize,
    /// Milliseconds from the end of the last other Pod to the end of the last straggler.
    pub millis: i64,
}

/// A workload with fewer ended Pods than this number has no stragglers.
const MIN_ENDED_PODS: usize = 10;
/// The minimum number of ended Pods per straggler.
const MIN_PODS_PER_STRAGGLER: usize = 10;
/// The wait for stragglers is at least the workload's wall time divided by this number.
const WALL_DIVISOR: i64 = 5;

impl Timeline {
    /// The last few Pods, if these Pods ended long after all others. `None` if the workload has not ended.
    pub fn stragglers(&self, workload: &Workload) -> Option<Stragglers> {
        let start = workload.created.filter(|_| workload.has_ended())?.as_millisecond();
        let ends = self.overviews(workload).filter_map(|(_, overview)| overview.end());
        let mut ends: Vec<i64> = ends.map(Timestamp::as_millisecond).collect();
        if ends.len() < MIN_ENDED_PODS {
            return None;
        }
        ends.sort_unstable();
        let last = *ends.last()?;
        let wall_millis =
            workload.finished.map_or(last, |finished| finished.as_millisecond().max(last)) - start;
        // The widest gap between two of the last ends separates the stragglers from the other Pods.
        let first_candidate = ends.len() - (ends.len() / MIN_PODS_PER_STRAGGLER).max(1);
        let first = (first_candidate..ends.len()).max_by_key(|&index| ends[index] - ends[index - 1])?;
        let straggler_millis = last - ends[first - 1];
        let stragglers = Stragglers { pods: ends.len() - first, ended: ends.len(), millis: straggler_millis };
        (straggler_millis.checked_mul(WALL_DIVISOR)? >= wall_millis && wall_millis > 0).then_some(stragglers)
    }

    /// The Pods that ended last, the last one first.
    pub(crate) fn last_pods(&self, workload: &Workload, count: usize) -> Vec<PodKey> {
        let ends = self.overviews(workload).filter_map(|(key, overview)| Some((overview.end()?, key)));
        let mut ends: Vec<(Timestamp, PodKey)> = ends.collect();
        // The sort is stable, so Pods that end together stay in the order of the workload.
        ends.sort_by_key(|&(end, _)| Reverse(end));
        ends.into_iter().take(count).map(|(_, key)| key).collect()
    }
}
