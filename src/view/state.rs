//! The user's choices: which view, in which order, grouped how.

use jiff::tz::TimeZone;

/// The kind of picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// One bar for each Pod, on a common time axis.
    #[default]
    Sequence,
    /// One line of text columns for each Pod.
    Table,
    /// The table with more columns.
    Wide,
    /// One cell for each Pod.
    Grid,
}

/// The order of the Pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// By creation time.
    #[default]
    Start,
    /// By end time; Pods that have not ended come last.
    End,
    /// By work time, longest first.
    Work,
    /// By cold start, longest first.
    Cold,
    /// By completion index, then attempt.
    Index,
    /// By name.
    Name,
}

/// The property that Pods of one group share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupBy {
    /// The workload. Pods without a workload form one group.
    #[default]
    Workload,
    /// The node.
    Node,
    /// The outcome.
    Outcome,
    /// Nothing: all Pods form one group.
    None,
}

/// The moment at which each bar begins on the axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Align {
    /// Bars begin at their own time, on a common clock.
    #[default]
    Wall,
    /// All bars begin at the creation of their Pod, to compare waits.
    Created,
    /// The work of all Pods begins at the same column, to compare work.
    Started,
}

/// All choices together. The command line and the keys change them; the views read them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ViewState {
    /// The kind of picture.
    pub view: View,
    /// The order of the Pods.
    pub sort: Sort,
    /// The property that Pods of one group share.
    pub group_by: GroupBy,
    /// The moment at which each bar begins on the axis.
    pub align: Align,
    /// The zone of clock times on the axis. If `None`, the axis shows the time since the start.
    pub clock: Option<TimeZone>,
    /// Whether each boundary of a phase is followed by its evidence.
    pub explain: bool,
    /// Whether each container has its own bar below the bar of its Pod.
    pub containers: bool,
}

/// The room for a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The columns of a line.
    pub columns: usize,
    /// The number of lines; `None` allows any number.
    pub rows: Option<usize>,
}

impl Size {
    /// Room for any number of lines.
    pub fn unbounded(columns: usize) -> Self {
        Self { columns, rows: None }
    }
}
