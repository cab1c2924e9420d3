//! The flags that `diff` and `history` share.

use clap::Args;

use crate::cli::args::connection::ConnectionArgs;
use crate::cli::args::page::PageArgs;
use crate::cli::args::threshold::ThresholdArgs;

/// The flags that `diff` and `history` share.
#[derive(Clone, Debug, Args)]
pub(crate) struct ComparisonArgs {
    /// The threshold.
    #[command(flatten)]
    pub(crate) threshold: ThresholdArgs,
    /// The flags that control drawing.
    #[command(flatten)]
    pub(crate) page: PageArgs,
    /// The global flags of kubectl.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
