//! Runs as the input of comparisons: read from recordings or from the live cluster.

pub(crate) mod history_markdown;
pub(crate) mod history_screen;
pub(crate) mod list_paths;
pub(crate) mod live_timeline;
pub(crate) mod read_all;
pub(crate) mod read_runs;
#[cfg(test)]
mod tests;
