//! The times of one Pod of a run, by parts.

use std::sync::Arc;

/// A Pod waited for room on a node if it was queued for at least this time, in milliseconds.
pub(crate) const MIN_WAIT_FOR_ROOM: i64 = 2_000;

/// The times of one Pod, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodTimes {
    pub(crate) name: Arc<str>,
    /// The position of the node among the nodes of the run.
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
    /// The duration of the Pod's pulls, without their wait in the queue of the node.
    pub(crate) pull: i64,
    /// Whether the Pod needed its images before they were on its node.
    pub(crate) is_cold: bool,
    /// Whether the pull of this Pod was the first one on its node to end.
    pub(crate) has_first_pull: bool,
}

/// The parts of a Pod's life, in order, in milliseconds.
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
    /// Failed runs inside the Pod and failed pulls, and the back-off after them.
    pub(crate) lost: i64,
}

/// A Pod gets a node, or ends. The fields are declared in the order in which changes are compared: the earlier change
/// comes first, and an end comes before a start at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeChange {
    /// Since the creation of the Job.
    pub(crate) at: i64,
    pub(crate) is_start: bool,
    pub(crate) node: usize,
}

/// The times at which Pods get their nodes and end, in chronological order.
pub(crate) fn node_changes<'a>(pods: impl IntoIterator<Item = &'a PodTimes>) -> Vec<NodeChange> {
    let changes = pods.into_iter().flat_map(|&PodTimes { node, scheduled, end, .. }| {
        [NodeChange { at: scheduled, is_start: true, node }, NodeChange { at: end, is_start: false, node }]
    });
    let mut changes: Vec<NodeChange> = changes.collect();
    changes.sort_unstable();
    changes
}

/// The highest number of Pods that had a node at the same time; at least 1.
pub(crate) fn most_at_once<'a>(pods: impl IntoIterator<Item = &'a PodTimes>) -> usize {
    let (mut running, mut most) = (0_usize, 1);
    for change in node_changes(pods) {
        running = if change.is_start { running + 1 } else { running.saturating_sub(1) };
        most = most.max(running);
    }
    most
}
