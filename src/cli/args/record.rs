//! The flag that records a run.

use std::path::PathBuf;

use clap::Args;

use crate::source::SourceError;
use crate::source::recording::Recorder;

/// The recording flag.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct RecordArgs {
    /// Record the run, for `kubectl seq replay`
    ///
    /// The file contains names, times and reasons, but no environment variables, arguments, logs or free text.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

impl RecordArgs {
    /// Opens the file of `--record`, if the flag is given. Call this before the command changes anything in the cluster, so that a bad path fails first.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn open(&self, followed: bool) -> Result<Option<Recorder>, SourceError> {
        self.record.as_deref().map(|path| Recorder::create(path, followed)).transpose()
    }
}
