//! The flags that choose how pictures are drawn.

use clap::{Args, ValueEnum};

/// How pictures are drawn.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Drawing")]
#[expect(clippy::struct_excessive_bools, reason = "flags")]
pub(crate) struct DrawArgs {
    /// Colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorArg,
    /// ASCII characters only [default: where the locale is not UTF-8]
    #[arg(long)]
    pub(crate) ascii: bool,
    /// Columns to draw in [default: the terminal's, else 120]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(20..))]
    pub(crate) width: Option<u16>,
    /// Order of the Pods
    #[arg(long, value_name = "BY", default_value = "start")]
    pub(crate) sort: SortArg,
    /// What makes a block of rows
    #[arg(long, value_name = "BY", default_value = "workload")]
    pub(crate) group_by: GroupByArg,
    /// Where the bars begin: at their time, each at its creation, each at the start of its work
    #[arg(long, value_name = "AT", default_value = "wall")]
    pub(crate) align: AlignArg,
    /// Clock times instead of time since the start
    #[arg(long)]
    pub(crate) absolute_time: bool,
    /// Clock times in UTC
    #[arg(long)]
    pub(crate) utc: bool,
    /// Print the field or event that each boundary was read from
    #[arg(long)]
    pub(crate) explain: bool,
    /// Give each container a bar of its own (without the flag: where the screen has room)
    #[arg(long)]
    pub(crate) containers: bool,
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

/// Orders.
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
}

/// Groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupByArg {
    /// A block per workload
    Workload,
    /// A block per node
    Node,
    /// A block per outcome
    Outcome,
    /// One block
    None,
}

/// Alignments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AlignArg {
    /// At their time
    Wall,
    /// Each at its creation
    Created,
    /// Each at the start of its work
    Started,
}
