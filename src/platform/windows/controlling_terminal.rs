//! The console of Windows. Windows has no job control, and the program opens no pseudo-terminal on Windows.

use std::fs::File;
use std::io;

/// Determines whether this program is in the foreground. On Windows the answer is always yes.
#[derive(Debug)]
pub(crate) struct JobControl;

impl JobControl {
    /// Does nothing.
    pub(crate) fn new() -> Self {
        Self
    }

    /// Returns `true`.
    #[expect(
        clippy::unused_self,
        reason = "the function has the same type on Unix, where it asks the terminal"
    )]
    pub(crate) fn is_foreground(&self) -> bool {
        true
    }
}

/// Does nothing, because a console program cannot be stopped.
pub(crate) fn stop_process_group() {}

/// Opens the console for writing.
///
/// # Errors
/// There is no console.
pub(crate) fn open_for_writing() -> io::Result<File> {
    File::options().write(true).open("CONOUT$")
}

/// Returns an error. The caller then uses a pipe, so kubectl's messages have no colours.
///
/// # Errors
/// Always.
pub(crate) fn open_pseudo_terminal() -> io::Result<(File, File)> {
    Err(io::ErrorKind::Unsupported.into())
}
