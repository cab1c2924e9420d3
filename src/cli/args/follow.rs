//! The flags that limit how long a run follows its workloads and choose how the run shows its progress.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::app::ci::service::CiService;
use crate::source::{ErrorKind, SourceError};

/// The flags that control following.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Following")]
pub(crate) struct FollowArgs {
    /// Stop after this time, such as `90s` or `10m`
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = parse_duration)]
    pub(crate) timeout: std::time::Duration,
    /// Number of log lines to show of a failing container or of the Pod that is shown; 0 for none
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) tail_lines: u32,
    /// How progress is shown [env: `KUBECTL_SEQ_PROGRESS`]
    #[arg(long, value_name = "MODE")]
    pub(crate) progress: Option<ProgressMode>,
    /// Stay open after the end, until `q`
    #[arg(short, long)]
    pub(crate) interactive: bool,
    /// Notify through the terminal when the workload has ended
    #[arg(long)]
    pub(crate) notify: bool,
    /// Append a Markdown report to this file at the end
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) summary: Option<PathBuf>,
    /// CI service for whose log the failures become collapsed groups and the cause an annotation
    #[arg(long, value_name = "SERVICE", default_value = "auto", help_heading = "Output")]
    pub(crate) ci: CiArg,
}

impl FollowArgs {
    /// Checks that no flag needs `--watch`, which the user did not give.
    ///
    /// # Errors
    /// `ErrorKind::Usage` if a flag needs `--watch`.
    pub(crate) fn require_watch(&self, is_followed: bool) -> Result<(), SourceError> {
        if self.notify && !is_followed {
            return Err(needs_watch_error("--notify"));
        }
        Ok(())
    }
}

/// Returns the error about a flag that has no effect unless the run follows something.
pub(crate) fn needs_watch_error(flag: &str) -> SourceError {
    SourceError::new(ErrorKind::Usage, format!("{flag} needs something to follow")).hint("Add --watch.")
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    /// Live on a terminal, lines elsewhere
    Auto,
    /// A picture that is redrawn in place
    Live,
    /// One line for each change
    Lines,
    /// Only the end result
    None,
}

/// The CI service that a run writes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CiArg {
    /// The service that the environment names
    Auto,
    /// No groups and no annotations
    None,
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
    /// Azure Pipelines
    Azure,
    /// Buildkite
    Buildkite,
}

impl CiArg {
    /// Returns the service whose groups and annotations the user wants. `detected` is the service that the environment
    /// names.
    pub(crate) fn markup(self, detected: Option<CiService>) -> Option<CiService> {
        match self {
            Self::Auto => detected,
            Self::None => None,
            Self::Github => Some(CiService::GitHub),
            Self::Gitlab => Some(CiService::GitLab),
            Self::Azure => Some(CiService::Azure),
            Self::Buildkite => Some(CiService::Buildkite),
        }
    }
}

/// Parses `90s`, `1h30m`, or whole seconds without a unit.
pub(crate) fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(std::time::Duration::from_secs(seconds));
    }
    let error = || format!("`{text}` is not a duration; write it as 90s, 10m or 1h30m");
    text.parse::<jiff::SignedDuration>().map_err(|_| error())?.try_into().map_err(|_| error())
}
