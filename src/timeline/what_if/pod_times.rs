//! The times of one Pod of a run, by parts.

use std::sync::Arc;

/// A Pod waited for room on a node if it was queued for at least this time, in milliseconds.
pub(crate) const MIN_WAIT_FOR_ROOM: i64 = 2_000;

/// The times of one Pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodTimes {
    pub(crate) name: Arc<str>,
    pub(crate) node: usize,
    /// Since the creation of the Job.
    pub(crate) created: i64,
    /// Since the creation of the Job.
    pub(crate) scheduled: i64,
    /// Since the creation of the Job.
    pub(crate) end: i64,
    /// The parts of the Pod's life.
    pub(crate) parts: PodParts,
    pub(crate) has_failed: bool,
    /// The time that the pulls of the Pod took, without the wait in the queue of the node.
    pub(crate) pull: i64,
    /// Whether the Pod needed its images before they were on its node.
    pub(crate) is_cold: bool,
    /// Whether the pull of this Pod was the first one on its node to end.
    pub(crate) has_first_pull: bool,
}

/// The parts of a Pod's life, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodParts {
    /// From the creation to the binding, without a wait for room.
    pub(crate) queued: i64,
    pub(crate) setup: i64,
    /// The check of an image that is on the node.
    pub(crate) check: i64,
    pub(crate) init: i64,
    pub(crate) starting: i64,
    /// The work that counts.
    pub(crate) work: i64,
    /// Failed runs inside the Pod, and the back-off after them.
    pub(crate) lost: i64,
}

/// The highest number of Pods that had a node at the same time; at least 1.
pub(crate) fn most_at_once<'a>(pods: impl Iterator<Item = &'a PodTimes>) -> usize {
    let mut changes: Vec<(i64, i32)> = pods.flat_map(|pod| [(pod.scheduled, 1), (pod.end, -1)]).collect();
    // An end comes before a start at the same time.
    changes.sort_unstable();
    let (mut running, mut most) = (0, 1);
    for (_, change) in changes {
        running += change;
        most = most.max(running);
    }
    usize::try_from(most).unwrap_or(1)
}
