//! The flags that limit how long a run follows its workloads and choose how the run shows its progress.

use clap::{Args, ValueEnum};

/// The flags that control following.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Following")]
pub(crate) struct FollowArgs {
    /// Stop following after this time: `90s`, `10m`, `2h`; 0 for no limit
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

/// Parses `90s`, `1h30m`, or whole seconds without a unit.
pub(crate) fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(std::time::Duration::from_secs(seconds));
    }
    let error = || format!("`{text}` is not a duration; write it as 90s, 10m or 1h30m");
    text.parse::<jiff::SignedDuration>().map_err(|_| error())?.try_into().map_err(|_| error())
}
