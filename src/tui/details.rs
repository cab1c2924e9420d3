//! What a page shows beside the timeline; fetched by somebody else.

use std::collections::VecDeque;

use crate::view::PodExtras;

/// What is known of the Pod that is open, beside its life.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    /// Events and the end of its logs.
    pub extras: PodExtras,
    /// The object; or why it cannot be had.
    pub yaml: Option<Result<String, String>>,
    /// The log that is followed.
    pub log: Option<LogView>,
}

/// A log as far as it has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogView {
    /// The container.
    pub container: String,
    /// Its last lines; not yet escaped.
    pub lines: VecDeque<String>,
    /// Whether nothing more will come, and why.
    pub over: Option<String>,
}

impl LogView {
    /// The most lines that are kept.
    pub(crate) const MOST: usize = 2000;

    /// Adds lines at the end.
    pub(crate) fn push(&mut self, lines: impl IntoIterator<Item = String>) {
        self.lines.extend(lines);
        let excess = self.lines.len().saturating_sub(Self::MOST);
        self.lines.drain(..excess);
    }
}
