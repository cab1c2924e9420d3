//! The subcommands that compare runs: `diff` and `history`.

pub(crate) mod diff;
pub(crate) mod history;
pub(crate) mod run_reader;
pub(crate) mod run_word;
