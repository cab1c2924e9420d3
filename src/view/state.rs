//! The user's choices: the view, and the order, grouping and alignment of the Pods.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::timeline::BreakdownBy;

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
    /// One row for each workload, with a bar that divides its slot time.
    Runs,
}

/// The order of the Pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// The Pods of an Indexed Job by completion index, all other Pods by creation time.
    #[default]
    Usual,
    /// By creation time.
    Start,
    /// By end time; Pods that have not ended come last.
    End,
    /// By work time, longest first.
    Work,
    /// By cold start, longest first.
    Cold,
    /// By completion index, then attempt.
    Index,
    /// By namespace, then name.
    Name,
    /// By the attention that a Pod needs: failed, waiting with a reason, slow, running, done.
    Trouble,
    /// The longest time without work first, with the work that was lost.
    Wasted,
}

/// The property that Pods of one group share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupBy {
    /// The workload. Pods whose owner is not followed form one group.
    #[default]
    Workload,
    /// The node.
    Node,
    /// The role in the workload.
    Role,
    /// The outcome.
    Outcome,
    /// Nothing: all Pods form one group.
    None,
}

/// The moment that all bars have in common on the axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Align {
    /// The clock time: all bars share one clock.
    #[default]
    Wall,
    /// The creation: all bars begin at the same column, to compare waits.
    Created,
    /// The start of work: the work of all Pods begins at the same column, to compare work.
    Started,
}

/// All choices together. The command line and the keys change them; the views read them.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each field is a choice of its own")]
pub struct ViewState {
    /// The kind of picture.
    pub view: View,
    /// The order of the Pods.
    pub sort: Sort,
    /// The property that Pods of one group share.
    pub group_by: GroupBy,
    /// The moment that all bars have in common on the axis.
    pub align: Align,
    /// The zone of clock times on the axis. If `None`, the axis shows the time since the start.
    pub clock: Option<TimeZone>,
    /// Whether each boundary of a phase is followed by its evidence.
    pub explain: bool,
    /// Whether each container has its own bar below the bar of its Pod.
    pub containers: bool,
    /// The property by which a table below each workload divides its Pods. If `None`, there is no such table.
    pub breakdown: Option<BreakdownBy>,
    /// The uid of the only workload that is shown, with the workloads below it; `None` shows all workloads.
    pub workload: Option<Arc<str>>,
    /// The namespace of a command without `-n`. `None` if the source is not a cluster.
    pub current_namespace: Option<Arc<str>>,
    /// Whether the tables have no line with the names of their columns.
    pub omits_headings: bool,
    /// Whether [`View::Runs`] shows only workloads that run or that ended a short time ago.
    pub recent_only: bool,
}

/// The space that a picture may fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The maximum width of a line, in columns.
    pub columns: usize,
    /// The maximum number of lines; `None` means no limit.
    pub rows: Option<usize>,
}

impl Size {
    /// The number of columns of a table that goes to a file or a program: so many that the table has all its columns.
    pub(crate) const UNLIMITED_COLUMNS: usize = u16::MAX as usize;
    /// The number of columns of a heading above a table without a limit.
    const HEADING_COLUMNS: usize = 120;

    /// The width of the lines around a table.
    pub(crate) fn heading_columns(self) -> usize {
        if self.columns == Self::UNLIMITED_COLUMNS { Self::HEADING_COLUMNS } else { self.columns }
    }

    /// Room for any number of lines.
    pub fn unbounded(columns: usize) -> Self {
        Self { columns, rows: None }
    }
}
