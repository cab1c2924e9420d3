//! The output formats of a run.

use clap::ValueEnum;

/// Output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One bar per Pod on a common time axis
    Seq,
    /// One line of columns per Pod
    Table,
    /// The table with more columns
    Wide,
    /// One cell per Pod
    Grid,
    /// The timeline document
    Json,
    /// One line per change, each a JSON object
    Jsonl,
    /// The timeline document
    Yaml,
    /// Names only
    Name,
}

impl Format {
    /// Whether it is for programs, so that nothing else may be on standard output.
    pub(crate) fn is_for_machines(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl | Self::Yaml | Self::Name)
    }
}
