//! The flags that choose how a printed page looks.

use clap::Args;

use crate::cli::args::draw::ColorArg;

/// The flags that choose how a printed page looks.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Drawing")]
pub(crate) struct PageArgs {
    /// When to use colours [env: `KUBECTL_SEQ_COLOR`]
    #[arg(long, value_name = "WHEN")]
    pub(crate) color: Option<ColorArg>,
    /// Use ASCII characters only [default: if the locale is not UTF-8]
    #[arg(long)]
    pub(crate) ascii: bool,
    /// Number of columns [default: the terminal's, else 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(20..))]
    pub(crate) width: Option<u16>,
}
