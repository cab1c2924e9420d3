//! What the user chose to see, and how.

use jiff::tz::TimeZone;

/// Which picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// One bar a Pod on a common time axis.
    #[default]
    Sequence,
    /// One line of columns a Pod.
    Table,
    /// The table with more columns.
    Wide,
    /// One cell a Pod.
    Grid,
}

/// Order of the Pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// By creation.
    #[default]
    Start,
    /// By end; what goes on comes last.
    End,
    /// Longest work first.
    Work,
    /// Longest cold start first.
    Cold,
    /// By completion index, then attempt.
    Index,
    /// By name.
    Name,
}

/// What makes a block of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupBy {
    /// The workload; bare Pods together.
    #[default]
    Workload,
    /// The node.
    Node,
    /// The Pods' outcome.
    Outcome,
    /// Nothing: one block.
    None,
}

/// Where the bars begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Align {
    /// At their time.
    #[default]
    Wall,
    /// Each at its creation: compares waits.
    Created,
    /// Each at the start of its work: compares work.
    Started,
}

/// The flags of drawing. Pure data: a surface changes it, a view reads it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ViewState {
    /// Which picture.
    pub view: View,
    /// Order of the Pods.
    pub sort: Sort,
    /// What makes a block of rows.
    pub group_by: GroupBy,
    /// Where the bars begin.
    pub align: Align,
    /// Clock times in this zone instead of time since the start; relative if `None`.
    pub clock: Option<TimeZone>,
    /// Whether each boundary's evidence is printed.
    pub explain: bool,
    /// Whether each container has a bar of its own under its Pod's.
    pub containers: bool,
}

/// The room for a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns; no line is wider.
    pub columns: usize,
    /// Lines; `None` is as many as it takes.
    pub rows: Option<usize>,
}

impl Size {
    /// As many lines as it takes.
    pub fn unbounded(columns: usize) -> Self {
        Self { columns, rows: None }
    }
}
