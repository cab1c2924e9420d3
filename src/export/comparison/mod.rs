//! The documents of `diff` and `history`.

pub(crate) mod diff;
pub(crate) mod history;
pub(crate) mod history_csv;
pub(crate) mod run;

pub(crate) use diff::DiffDocument;
pub(crate) use history::HistoryDocument;
pub(crate) use history_csv::write_history_csv;
