//! The subcommands that compare runs: `diff` and `history`.

pub(crate) mod comparison_args;
pub(crate) mod diff;
pub(crate) mod history;
pub(crate) mod history_browser;
pub(crate) mod run_reader;
pub(crate) mod run_word;
