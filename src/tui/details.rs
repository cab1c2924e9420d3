//! The details of a Pod that its page shows besides the timeline. The caller fetches them.

use std::collections::VecDeque;

use crate::view::PodExtras;

/// The fetched details of the Pod whose page is open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    /// Events, conditions, requests and the ends of the logs.
    pub extras: PodExtras,
    /// The YAML of the Pod, or the reason why it cannot be read. `None` until it has been read.
    pub yaml: Option<Result<String, String>>,
    /// The log of the container that is shown.
    pub log: Option<LogView>,
}

/// The end of a log.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogView {
    /// The name of the container.
    pub container: String,
    /// The last lines, not escaped.
    pub lines: VecDeque<String>,
    /// The reason why no more lines come. `None` while lines may come.
    pub ended: Option<String>,
}

impl LogView {
    /// Maximum number of lines that are kept.
    pub(crate) const MAX_LINES: usize = 2000;

    /// Adds lines at the end and drops the oldest ones above the limit.
    pub(crate) fn append(&mut self, lines: impl IntoIterator<Item = String>) {
        self.lines.extend(lines);
        let excess = self.lines.len().saturating_sub(Self::MAX_LINES);
        self.lines.drain(..excess);
    }
}
