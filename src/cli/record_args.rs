//! The flag that records a run.

use std::path::PathBuf;

use clap::Args;

use crate::source::SourceError;
use crate::source::recording::Recorder;

/// What is kept of a run.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Following")]
pub(crate) struct RecordArgs {
    /// Write what is observed to this file, for `kubectl seq replay`: names, times, reasons; no environment, arguments,
    /// logs or free text
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

impl RecordArgs {
    /// Opens the file, if one is wanted, before anything else is done.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn open(&self, followed: bool) -> Result<Option<Recorder>, SourceError> {
        self.record.as_deref().map(|path| Recorder::create(path, followed)).transpose()
    }
}
