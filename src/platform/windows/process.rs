//! The end of a child process.

use std::process::ExitStatus;

/// Returns `None`, because Windows has no signals.
pub(crate) fn ending_signal(_status: ExitStatus) -> Option<i32> {
    None
}
