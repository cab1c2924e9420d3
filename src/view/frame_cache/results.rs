//! The results that the cache keeps. Each type is plain data; the module that draws it computes it.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::timeline::{OpenRetry, PodKey, Retry};
use crate::view::display_state::{ByDisplayState, DisplayState};

/// The Pods by some property of theirs, in the order of that property. Pods with the same property keep their order.
pub(crate) type PodsBy<K> = Vec<(K, Vec<PodKey>)>;

/// How many Pods of a group are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) states: ByDisplayState<usize>,
    /// How many of the Pods that succeeded had not been asked to stop before.
    pub(crate) done_unasked: usize,
}

/// How long the Pods of a group work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodPace {
    /// The median work time of the Pods that succeeded; `None` if there are too few.
    pub(crate) median: Option<SignedDuration>,
    /// The running Pod that has worked longest; `None` if fewer than two Pods run.
    pub(crate) longest: Option<PodKey>,
}

/// The rows of a group: one for each Pod, or one for each completion index that several Pods worked on. The latest Pod of a
/// row stands for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodRows {
    /// The latest Pod of each row, in the order of the rows.
    pub(crate) rows: Vec<PodKey>,
    /// The earlier attempts of a row, oldest first.
    pub(crate) earlier: HashMap<PodKey, Vec<PodKey>>,
    /// The wait before a Pod, from the failure of the Pod that it replaces.
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
    /// The part of a name that it does not share with its workload, with the mark of the cut.
    pub(crate) own_name: usize,
    pub(crate) node: usize,
    pub(crate) index: usize,
    pub(crate) attempt: usize,
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
    /// The stretches of time in which a Pod existed, in milliseconds since the shared zero. Empty unless the axis is a wall
    /// clock.
    pub(crate) lives: Vec<(i64, i64)>,
}

/// The median times of Pods without rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Medians {
    pub(crate) queued: Option<SignedDuration>,
    pub(crate) cold: Option<SignedDuration>,
    pub(crate) run: Option<SignedDuration>,
    /// Whether the times of all Pods are known to a tenth of a second.
    pub(crate) is_fine: bool,
}

/// The Pods that have worked and waited longest, each with the time since when.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LongestPods {
    /// The Pod whose work began first, of those that work.
    pub(crate) working: Option<(Timestamp, PodKey)>,
    /// The Pod that was created first, of those that have not begun to work.
    pub(crate) waiting: Option<(Timestamp, PodKey)>,
}
