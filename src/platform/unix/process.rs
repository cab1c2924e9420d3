//! Finds the signal that ended a child process.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

/// Returns the number of the signal that ended a process, or `None` if no signal ended it.
pub(crate) fn ending_signal(status: ExitStatus) -> Option<i32> {
    status.signal()
}
