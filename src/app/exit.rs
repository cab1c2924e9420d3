//! How the program ends: exit codes and failures.

use std::process::ExitCode;

use crate::source::{ErrorKind, SourceError};
use crate::timeline::WorkloadState;

/// How the program ends. Scripts rest on these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Printed; or everything followed ended well: 0.
    Success,
    /// A followed workload failed: 1.
    Failed,
    /// Wrong usage: 2.
    Usage,
    /// Could not find out: connection, permission, not found, deleted before it ended: 3.
    Unknown,
    /// `--timeout` ran out: 124.
    Timeout,
    /// Ctrl-C: 130.
    Interrupted,
    /// SIGTERM: 143.
    Terminated,
    /// The wrapped program's own.
    Wrapped(u8),
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unknown => 3,
            Self::Timeout => 124,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Wrapped(code) => code,
        }
    }

    /// Of several ended workloads the worst decides: a failure before what is not known.
    pub(crate) fn of_outcomes(outcomes: impl IntoIterator<Item = WorkloadState>) -> Self {
        let of_one = |outcome| match outcome {
            WorkloadState::Succeeded => Self::Success,
            WorkloadState::Failed => Self::Failed,
            _ => Self::Unknown,
        };
        let badness =
            |exit: &Self| [Self::Success, Self::Unknown, Self::Failed].iter().position(|known| known == exit);
        outcomes.into_iter().map(of_one).max_by_key(badness).unwrap_or(Self::Success)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Usage => Self::Usage,
            ErrorKind::NotFound
            | ErrorKind::Forbidden
            | ErrorKind::Connection
            | ErrorKind::Configuration
            | ErrorKind::Input
            | ErrorKind::Kubectl => Self::Unknown,
            ErrorKind::Wrapped(code) => Self::Wrapped(code),
        }
    }
}

/// The reason why a command stops before its work is done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The source failed. The user sees the summary and the hints.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The reader of the output has gone, so the program ends without a message.
    #[error("the reader of the output has gone")]
    BrokenPipe(#[source] std::io::Error),
    /// The output cannot be written for another reason.
    #[error("cannot write the output: {0}")]
    Output(#[source] std::io::Error),
}

impl From<std::io::Error> for RunError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::BrokenPipe(error),
            _ => Self::Output(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_outcome_decides() {
        use WorkloadState::{Failed, Succeeded, Unknown};
        assert_eq!(Exit::of_outcomes([]), Exit::Success);
        assert_eq!(Exit::of_outcomes([Succeeded, Succeeded]), Exit::Success);
        assert_eq!(Exit::of_outcomes([Succeeded, Unknown]), Exit::Unknown);
        assert_eq!(Exit::of_outcomes([Unknown, Failed, Succeeded]), Exit::Failed);
    }
}
