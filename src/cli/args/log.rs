//! The flags that show logs.

use clap::{Args, ValueEnum};

use crate::app::logs::options::{LogContainers, LogOptions, LogSelection};
use crate::source::{ErrorKind, SourceError};

/// The flags that show logs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Logs")]
pub(crate) struct LogArgs {
    /// Show the logs of all Pods, or of failed Pods
    #[arg(
        long,
        value_name = "PODS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all"
    )]
    pub(crate) logs: Option<LogsArg>,
    /// More containers whose logs are shown
    ///
    /// `all` means init containers and sidecars. A name means the container with this name. The logs of the main
    /// containers are always shown.
    #[arg(long, value_name = "all|NAME", requires = "logs")]
    pub(crate) logs_containers: Option<String>,
    /// Number of logs that are read at the same time
    #[arg(
        long,
        default_value_t = 50,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub(crate) max_log_requests: u16,
    /// Put the name of the Pod before each log line, even if there is only one Pod
    #[arg(long, requires = "logs")]
    pub(crate) prefix: bool,
    /// Put the time before each log line
    #[arg(long, requires = "logs")]
    pub(crate) timestamps: bool,
}

/// The Pods whose logs are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogsArg {
    /// Every line of every Pod
    All,
    /// The last lines of each Pod that fails; --tail-lines sets their number
    Failed,
}

impl LogArgs {
    /// Returns the options, or `None` without `--logs`. `tail_lines` is the value of `--tail-lines`.
    ///
    /// # Errors
    /// `ErrorKind::Usage` if `--logs=failed` would show no line because `tail_lines` is 0, or if nothing is followed.
    pub(crate) fn options(
        &self,
        tail_lines: u32,
        is_followed: bool,
    ) -> Result<Option<LogOptions>, SourceError> {
        let Some(logs) = self.logs else { return Ok(None) };
        if !is_followed {
            return Err(SourceError::new(ErrorKind::Usage, "--logs needs something to follow")
                .hint("Add --watch, or show the logs that exist with `kubectl logs`."));
        }
        let selection = match logs {
            LogsArg::All => LogSelection::All,
            LogsArg::Failed if tail_lines == 0 => {
                return Err(SourceError::new(
                    ErrorKind::Usage,
                    "--logs=failed with --tail-lines 0 shows nothing",
                )
                .hint("Raise --tail-lines, or omit --logs."));
            }
            LogsArg::Failed => {
                LogSelection::Failed { tail_lines: usize::try_from(tail_lines).unwrap_or(usize::MAX) }
            }
        };
        let containers = match self.logs_containers.as_deref() {
            None => LogContainers::Main,
            Some("all") => LogContainers::All,
            Some(name) => LogContainers::MainAnd(name.to_owned()),
        };
        Ok(Some(LogOptions {
            selection,
            containers,
            max_streams: self.max_log_requests.into(),
            has_prefix: self.prefix,
            has_timestamps: self.timestamps,
        }))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        logs: LogArgs,
    }

    fn options(
        words: &[&str],
        tail_lines: u32,
        is_followed: bool,
    ) -> Result<Option<LogOptions>, SourceError> {
        let words = std::iter::once("seq").chain(words.iter().copied());
        Command::parse_from(words).logs.options(tail_lines, is_followed)
    }

    #[test]
    fn logs_alone_means_the_logs_of_all_pods() {
        assert_eq!(options(&[], 20, true).unwrap(), None);
        let all = options(&["--logs"], 20, true).unwrap().unwrap();
        assert_eq!(
            (all.selection, all.containers, all.max_streams),
            (LogSelection::All, LogContainers::Main, 50)
        );
        let failed = options(&["--logs=failed", "--logs-containers=all"], 7, true).unwrap().unwrap();
        assert_eq!(failed.selection, LogSelection::Failed { tail_lines: 7 });
        assert_eq!(failed.containers, LogContainers::All);
    }

    #[test]
    fn flags_that_show_nothing_are_wrong_usage() {
        for (words, tail_lines, is_followed) in
            [(&["--logs=failed"][..], 0, true), (&["--logs"][..], 20, false)]
        {
            assert_eq!(options(words, tail_lines, is_followed).unwrap_err().kind, ErrorKind::Usage);
        }
        assert!(Command::try_parse_from(["seq", "--prefix"]).is_err());
        assert!(Command::try_parse_from(["seq", "--max-log-requests", "0", "--logs"]).is_err());
    }
}
