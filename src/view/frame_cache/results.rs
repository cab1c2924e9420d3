//! The results that the cache keeps. Each type is plain data. The module that draws the data also computes it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{PhaseKind, RangedDuration};
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
    /// The number of running Pods that are being deleted.
    pub(crate) terminating: usize,
    /// The restarts and the exit codes of the Pods that are crash-looping.
    pub(crate) crashes: Crashes,
}

/// The restarts and the exit codes of Pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crashes {
    /// The highest number of restarts of one Pod.
    pub(crate) max_restarts: u32,
    /// The exit code of the first of these Pods that has one.
    pub(crate) exit_code: Option<i32>,
    /// Whether the Pods have different exit codes.
    pub(crate) has_several_codes: bool,
}

/// Why Pods of a workload failed, the most frequent cause first.
#[derive(Clone, Debug, Default)]
pub(crate) struct FailureCauses {
    pub(crate) causes: Vec<FailureCause>,
    /// Whether the causes of all failed Pods are known. Otherwise, only the first failed Pods were examined.
    pub(crate) is_complete: bool,
}

/// A cause for which Pods failed.
#[derive(Clone, Debug)]
pub(crate) struct FailureCause {
    /// The cause as text, escaped for a terminal.
    pub(crate) text: String,
    /// The first Pod that failed for this cause.
    pub(crate) first: PodKey,
    /// The number of Pods.
    pub(crate) pods: usize,
    /// The completion indexes of the Pods, each once.
    pub(crate) indexes: Vec<u32>,
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
    /// The role of all these Pods, if the Pods without rows are divided by role.
    pub(crate) role: Option<Arc<str>>,
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
    /// The words behind a bar, with a blank before them.
    pub(crate) words: usize,
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

/// How long the work of a Pod took, compared with the median of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WorkShare {
    /// More than the median, up to twice the median.
    Long,
    /// More than half of the median, up to the median.
    Usual,
    /// Up to half of the median.
    Short,
}

/// The states that a cell can show, worst first. A cell for several Pods shows the worst of their states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CellState {
    Failed,
    Unknown,
    BackOff,
    /// The Pod works, and has worked for more than twice the median.
    RunningSlowly,
    /// The Pod succeeded, and its work took more than twice the median.
    DoneSlowly,
    Queued,
    Cold(PhaseKind),
    Unready,
    Running,
    Deleted,
    Done(WorkShare),
    /// The completion has no Pod yet.
    ToCome,
}

/// The cells of a group in the grid.
#[derive(Clone, Debug, Default)]
pub(crate) struct GridCells {
    /// The Pod of each cell, in the order of the cells. `None` for a completion that has no Pod yet.
    pub(crate) pods: Vec<Option<PodKey>>,
    /// The state of each cell.
    pub(crate) states: Vec<CellState>,
    /// The number of cells in each state.
    pub(crate) counts: BTreeMap<CellState, usize>,
    /// Whether each completion has a fixed position, so that the position can be its label.
    pub(crate) has_positions: bool,
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
