//! The flags that decide what a failure does to a run, and the exit code that follows from the failure.

use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use crate::app::failure_rules::FailureRules;
use crate::cli::args::connection::ConnectionArgs;
use crate::cli::args::follow::{needs_watch_error, parse_duration};
use crate::source::SourceError;

/// The flags about failures.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Following")]
pub(crate) struct FailureArgs {
    /// Stop at the first failure, with exit code 1
    ///
    /// A failure is a Pod that has failed for good or cannot start.
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Time after which a waiting Pod cannot start
    ///
    /// The time counts while the Pod is unschedulable, or while its node does not take it up.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration)]
    pub(crate) fail_fast_after: Duration,
    /// Exit with the exit code of the failed container
    ///
    /// The flag has an effect if one workload was followed and failed.
    #[arg(long)]
    pub(crate) pod_exit_code: bool,
}

impl FailureArgs {
    /// Returns the rules for a run with this connection.
    pub(crate) fn rules(&self, connection: &ConnectionArgs) -> FailureRules {
        FailureRules {
            fails_fast: self.fail_fast,
            patience: SignedDuration::try_from(self.fail_fast_after).unwrap_or(SignedDuration::MAX),
            uses_pod_exit_code: self.pod_exit_code,
            connection_flags: connection.flags_without_namespace(),
        }
    }

    /// Returns the name of a flag that has no effect on a command that follows nothing, if the user gave one.
    pub(crate) fn flag_that_follows(&self) -> Option<&'static str> {
        [("--fail-fast", self.fail_fast), ("--pod-exit-code", self.pod_exit_code)]
            .into_iter()
            .find_map(|(flag, is_given)| is_given.then_some(flag))
    }

    /// Checks that no flag needs `--watch`, which the user did not give.
    ///
    /// # Errors
    /// `ErrorKind::Usage` if a flag needs `--watch`.
    pub(crate) fn require_watch(&self, is_followed: bool) -> Result<(), SourceError> {
        match self.flag_that_follows() {
            Some(flag) if !is_followed => Err(needs_watch_error(flag)),
            Some(_) | None => Ok(()),
        }
    }
}
