//! The results that the cache keeps. Each type is plain data. The module that draws the data also computes it.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::RangedDuration;
use crate::timeline::{OpenRetry, PodKey, Retry};
use crate::view::display_state::{ByDisplayState, DisplayState};

/// Pods grouped by a property, in the order of that property. Pods with the same property keep their order.
pub(crate) type PodsBy<K> = Vec<(K, Vec<PodKey>)>;

/// The number of Pods of a group in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) states: ByDisplayState<usize>,
    /// The number of Pods that succeeded without a request to delete them.
    pub(crate) done_without_deletion: usize,
    /// The number of deleted Pods that were stopped on purpose, as the rows say.
    pub(crate) stopped: usize,
    /// The number of deleted Pods that were preempted.
    pub(crate) preempted: usize,
}

/// How long the Pods of a group work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodPace {
    /// The median work time of the Pods that succeeded; `None` if too few Pods succeeded.
    pub(crate) median: Option<SignedDuration>,
    /// The running Pod that has worked longest; `None` if fewer than two Pods run.
    pub(crate) longest: Option<PodKey>,
}

/// The rows of a group: one row for each Pod, or one row for the Pods of one completion index. The latest Pod of a row
/// identifies the row.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodRows {
    /// The latest Pod of each row, in the order of the rows.
    pub(crate) rows: Vec<PodKey>,
    /// For the latest Pod of a row, the earlier attempts of the row, oldest first.
    pub(crate) earlier: HashMap<PodKey, Vec<PodKey>>,
    /// For a Pod that replaces a failed Pod, the wait since the failure.
    pub(crate) retries: HashMap<PodKey, Retry>,
    /// The wait after a failed Pod, for the next attempt.
    pub(crate) open: HashMap<PodKey, OpenRetry>,
}

/// Pods without rows of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Overflow {
    /// The state of all these Pods; `None` if they are in different states.
    pub(crate) state: Option<DisplayState>,
    pub(crate) pods: Vec<PodKey>,
}

/// The Pods that keep their rows, in the given order, and the other Pods by state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    pub(crate) shown: Vec<PodKey>,
    pub(crate) overflow: Vec<Overflow>,
}

/// The widest content of each column of the sequence diagram, in columns of the terminal.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ColumnContent {
    pub(crate) name: usize,
    /// The part of a name that differs from the workload's name, with the mark of the cut.
    pub(crate) own_name: usize,
    pub(crate) node: usize,
    pub(crate) index: usize,
    pub(crate) attempt: usize,
    /// The mark of the restarts.
    pub(crate) restarts: usize,
    /// Columns for a duration.
    pub(crate) duration: usize,
}

/// The time that the axis must show.
#[derive(Clone, Debug)]
pub(crate) struct TimeExtent {
    /// The zero that all Pods share, in milliseconds since 1970.
    pub(crate) zero: i64,
    /// The first and the last moment of any Pod, in milliseconds since the zero of that Pod.
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Whether a workload or a Pod has not ended.
    pub(crate) is_live: bool,
    /// The stretches of time in which a Pod existed, in milliseconds since the shared zero. Empty unless the axis is a
    /// wall clock.
    pub(crate) lives: Vec<(i64, i64)>,
}

/// The median times of Pods without rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Medians {
    pub(crate) queued: Option<RangedDuration>,
    pub(crate) cold: Option<RangedDuration>,
    pub(crate) run: Option<RangedDuration>,
}

/// The Pods that have worked and waited longest, each with the time at which the work or the wait began.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LongestPods {
    /// Among the Pods that work, the Pod whose work began first.
    pub(crate) working: Option<(Timestamp, PodKey)>,
    /// Among the Pods that have not begun to work, the Pod that was created first.
    pub(crate) waiting: Option<(Timestamp, PodKey)>,
}
