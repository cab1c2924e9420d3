//! The flags that choose how pictures are drawn.

use clap::{Args, ValueEnum};

/// The flags that choose how pictures are drawn.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Drawing")]
#[expect(clippy::struct_excessive_bools, reason = "each field is a flag of its own")]
pub(crate) struct DrawArgs {
    /// When to use colours [env: `KUBECTL_SEQ_COLOR`]
    #[arg(long, value_name = "WHEN")]
    pub(crate) color: Option<ColorArg>,
    /// Use ASCII characters only [default: if the locale is not UTF-8]
    #[arg(long)]
    pub(crate) ascii: bool,
    /// Number of columns [default: the terminal's, else 120]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(20..))]
    pub(crate) width: Option<u16>,
    /// Order of the Pods
    ///
    /// Without the flag, the order is `index` for Indexed Jobs, and otherwise `start`.
    #[arg(long, value_name = "BY")]
    pub(crate) sort: Option<SortArg>,
    /// How rows are divided into blocks
    #[arg(long, value_name = "BY", default_value = "workload")]
    pub(crate) group_by: GroupByArg,
    /// Add a table per `node` or per `image`
    ///
    /// The table has Pods, pulls, slot time and lost work. The formats seq, table and wide have it.
    #[arg(long, value_name = "BY", help_heading = "Output")]
    pub(crate) by: Option<ByArg>,
    /// The time at which bars begin
    #[arg(long, value_name = "AT", default_value = "wall")]
    pub(crate) align: AlignArg,
    /// Show clock times instead of the time since the start
    #[arg(long)]
    pub(crate) absolute_time: bool,
    /// Show clock times in UTC
    #[arg(long)]
    pub(crate) utc: bool,
    /// Print the field or event from which each time was read
    #[arg(long, help_heading = "Output")]
    pub(crate) explain: bool,
    /// Leave out the names of the columns (table, wide, runs)
    #[arg(long)]
    pub(crate) no_headers: bool,
    /// Draw a bar for each container [default: where the screen has room]
    #[arg(long)]
    pub(crate) containers: bool,
}

impl DrawArgs {
    /// Whether the user chose how the rows of Pods are arranged or what they contain. The overview has no such rows.
    pub(crate) fn arranges_pods(&self) -> bool {
        self.sort.is_some_and(|sort| sort != SortArg::Wasted)
            || self.group_by != GroupByArg::Workload
            || self.by.is_some()
            || self.align != AlignArg::Wall
            || self.explain
            || self.containers
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorArg {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The order of the Pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SortArg {
    /// By creation
    Start,
    /// By end
    End,
    /// Longest work first
    Work,
    /// Longest cold start first
    Cold,
    /// By completion index
    Index,
    /// By name
    Name,
    /// Failed, waiting with a reason, slow, running, done
    Trouble,
    /// Most time without work first; in `runs`, the most wasteful workload
    Wasted,
}

/// How rows are divided into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupByArg {
    /// A block per workload
    Workload,
    /// A block per node
    Node,
    /// A block per role, such as driver and worker
    Role,
    /// A block per outcome
    Outcome,
    /// One block
    None,
}

/// The property by which the additional table divides the Pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ByArg {
    /// A row per node
    Node,
    /// A row per image
    Image,
}

/// The time at which bars begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AlignArg {
    /// All on one time axis
    Wall,
    /// Each at the creation of its Pod
    Created,
    /// Each at the start of its work
    Started,
}
