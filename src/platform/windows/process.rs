//! Replaces the search for the signal that ended a child process, because Windows has no signals.

use std::process::ExitStatus;

/// Returns `None`, because Windows has no signals.
pub(crate) fn ending_signal(_status: ExitStatus) -> Option<i32> {
    None
}
