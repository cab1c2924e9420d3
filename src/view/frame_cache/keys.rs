//! Keys of cached results. In one run, a result depends only on its key, the timeline and the time.

use std::sync::Arc;

use jiff::Timestamp;

use crate::timeline::PodKey;
use crate::view::display_state::DisplayState;
use crate::view::state::{Align, GroupBy, Sort};

/// The version of a timeline for which a result was computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimelineVersion {
    /// The number of Pods in the timeline.
    pub(crate) pods: usize,
    /// The timeline's revision, which grows with each change.
    pub(crate) revision: u64,
    /// The time of the frame.
    pub(crate) now: Timestamp,
}

/// The identity of a group of Pods. At one revision of a timeline, groups with the same identity have the same Pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GroupId {
    /// The workload with this uid.
    Workload(Arc<str>),
    /// The Pods without a workload.
    BarePods(Option<Arc<str>>),
    /// The Pods on this node, or the Pods without a node.
    Node(Option<Arc<str>>),
    /// The Pods with this role, or the Pods without a role, of the workload with this uid, or of all workloads.
    Role(Option<Arc<str>>, Option<Arc<str>>),
    /// The Pods with this outcome.
    Outcome(&'static str),
    /// All Pods.
    All,
}

/// A group and the order of its Pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKey {
    pub(crate) id: GroupId,
    pub(crate) sort: Sort,
}

/// The text of the filter, as the user typed it.
pub(crate) type PodFilter = String;

/// The key of the findings below a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FindingsKey {
    pub(crate) group: GroupKey,
    pub(crate) columns: usize,
    pub(crate) max_findings: usize,
}

/// The key of the rows of a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowsKey {
    pub(crate) group: GroupKey,
    pub(crate) filter: PodFilter,
    pub(crate) align: Align,
    pub(crate) explain: bool,
    pub(crate) unfolded: bool,
}

/// The key of the rows that a group keeps if it has only `lines` lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FoldKey {
    pub(crate) rows: RowsKey,
    pub(crate) lines: usize,
}

/// The key of the widest content of each column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WidthsKey {
    pub(crate) group_by: GroupBy,
    pub(crate) filter: PodFilter,
}

/// The key of results about Pods without a row. The first Pod and the number of Pods stand for the list of Pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OverflowKey {
    pub(crate) sort: Sort,
    pub(crate) group_by: GroupBy,
    pub(crate) align: Align,
    pub(crate) filter: PodFilter,
    pub(crate) state: Option<DisplayState>,
    pub(crate) first: Option<PodKey>,
    pub(crate) pods: usize,
}

/// The key of a density line: the Pods, the columns of the bars, and the time that the axis shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DensityKey {
    pub(crate) overflow: OverflowKey,
    pub(crate) columns: usize,
    pub(crate) shown_time: (i64, i64),
}

/// The key of a concurrency line: the Pods, the columns of the bars, and the time that the axis shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConcurrencyKey {
    pub(crate) group: GroupId,
    pub(crate) filter: PodFilter,
    pub(crate) pods: usize,
    pub(crate) columns: usize,
    pub(crate) shown_time: (i64, i64),
}
