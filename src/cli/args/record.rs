//! The flag that records a run.

use std::path::PathBuf;

use clap::Args;

use crate::app::recording::RunRecorder;
use crate::source::SourceError;
use crate::source::recording::{DirectoryRecorder, Recorder};

/// The characters that end the path of a directory.
const SEPARATORS: &[char] = if cfg!(windows) { &['/', '\\'] } else { &['/'] };

/// The recording flag.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct RecordArgs {
    /// Record the run, for `kubectl seq replay`
    ///
    /// The file contains names, times and reasons, but no environment variables, arguments, logs or free text. A file
    /// whose name ends in .zst is compressed. In a directory, a path that exists or ends in /, each workload gets a new
    /// file, named by namespace, kind, name and start.
    #[arg(long, value_name = "PATH")]
    pub(crate) record: Option<PathBuf>,
}

impl RecordArgs {
    /// Opens the file or the directory of `--record`, if the flag is given. Call this before the command changes anything in the cluster, so that a bad path fails first.
    ///
    /// # Errors
    /// The file cannot be written, or the directory cannot be created.
    pub(crate) fn open(&self, followed: bool) -> Result<Option<RunRecorder>, SourceError> {
        let Some(path) = self.record.as_deref() else { return Ok(None) };
        let is_directory = path.is_dir() || path.as_os_str().to_string_lossy().ends_with(SEPARATORS);
        Ok(Some(if is_directory {
            RunRecorder::Directory(Box::new(DirectoryRecorder::create(path, followed)?))
        } else {
            RunRecorder::File(Box::new(Recorder::create(path, followed)?))
        }))
    }
}
