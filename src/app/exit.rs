//! The ways in which the program ends: exit codes and errors.

use std::io;
use std::process::ExitCode;

use crate::source::{ErrorKind, SourceError};
use crate::timeline::WorkloadState;

/// How the program ends. Scripts rely on the exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The output was printed, or every followed workload succeeded. Exit code 0.
    Success,
    /// A followed workload failed, or the runs that the user compares differ. Exit code 1.
    Failed,
    /// A followed workload failed, and the user asked for the exit code of the container that failed.
    FailedContainer(u8),
    /// The command line or the content of an input file is invalid. Exit code 2.
    Usage,
    /// The outcome is unknown: no connection, no permission, no such object, or it was deleted before it ended. Exit
    /// code 3.
    Unknown,
    /// A workload exceeds a budget of `--fail-if`. Exit code 4.
    OverBudget,
    /// `--timeout` has passed. Exit code 124.
    Timeout,
    /// The user pressed Ctrl-C. Exit code 130.
    Interrupted,
    /// The program received SIGTERM. Exit code 143.
    Terminated,
    /// The terminal was closed (SIGHUP). Exit code 129.
    HungUp,
    /// The exit code of the wrapped kubectl.
    Wrapped(u8),
}

impl Exit {
    /// Returns the exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unknown => 3,
            Self::OverBudget => 4,
            Self::Timeout => 124,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::HungUp => 129,
            Self::FailedContainer(code) | Self::Wrapped(code) => code,
        }
    }

    /// Returns the exit of the worst state: a failure is worse than an unknown outcome, which is worse than a success.
    pub(crate) fn from_states(states: impl IntoIterator<Item = WorkloadState>) -> Self {
        let severity_and_exit = |state| match state {
            WorkloadState::Succeeded => (0, Self::Success),
            WorkloadState::Pending
            | WorkloadState::Suspended
            | WorkloadState::Running
            | WorkloadState::Unknown => (1, Self::Unknown),
            WorkloadState::Failed => (2, Self::Failed),
        };
        let worst = states.into_iter().map(severity_and_exit).max_by_key(|(severity, _)| *severity);
        worst.map_or(Self::Success, |(_, exit)| exit)
    }

    /// Returns the exit if a part of what the user asked for does not exist.
    pub(crate) fn with_missing_objects(self) -> Self {
        match self {
            Self::Success | Self::OverBudget | Self::Unknown => Self::Unknown,
            Self::Failed
            | Self::FailedContainer(_)
            | Self::Usage
            | Self::Timeout
            | Self::Interrupted
            | Self::Terminated
            | Self::HungUp
            | Self::Wrapped(_) => self,
        }
    }

    /// Whether the workloads have ended with a known outcome.
    pub(crate) fn is_known_outcome(self) -> bool {
        match self {
            Self::Success | Self::Failed | Self::FailedContainer(_) | Self::OverBudget => true,
            Self::Usage
            | Self::Unknown
            | Self::Timeout
            | Self::Interrupted
            | Self::Terminated
            | Self::HungUp
            | Self::Wrapped(_) => false,
        }
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
            | ErrorKind::Rejected
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
    /// The source failed. The user sees the error's summary and hints.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The reader of the output has gone, so the program ends without a message.
    #[error("the reader of the output has gone")]
    BrokenPipe(#[source] io::Error),
    /// The output cannot be written for another reason.
    #[error("cannot write the output: {0}")]
    Output(#[source] io::Error),
}

impl From<io::Error> for RunError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::BrokenPipe(error) } else { Self::Output(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_state_decides_the_exit() {
        use WorkloadState::{Failed, Succeeded, Unknown};
        assert_eq!(Exit::from_states([]), Exit::Success);
        assert_eq!(Exit::from_states([Succeeded, Succeeded]), Exit::Success);
        assert_eq!(Exit::from_states([Succeeded, Unknown]), Exit::Unknown);
        assert_eq!(Exit::from_states([Unknown, Failed, Succeeded]), Exit::Failed);
    }
}
