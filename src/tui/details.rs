//! The details on a Pod's page that the timeline does not hold. The caller fetches these details.

use std::collections::VecDeque;

use crate::view::PodExtras;

/// The fetched details of the Pod whose page is open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    /// Events, conditions, requests and the ends of the logs.
    pub extras: PodExtras,
    /// The YAML of the Pod, or the reason why it cannot be read. `None` until it has been read.
    pub yaml: Option<Result<String, String>>,
    /// The log of the chosen container. `None` if no log is open.
    pub log: Option<LogView>,
}

/// The last lines of a container's log.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogView {
    /// The name of the container.
    pub container: String,
    /// Whether the container has started. Before that, the page shows the container's Events.
    pub has_started: bool,
    /// The last lines, not escaped.
    pub lines: VecDeque<String>,
    /// The reason why no more lines come. `None` while lines may come.
    pub ended: Option<String>,
}

impl LogView {
    /// Maximum number of lines that are kept.
    pub(crate) const MAX_LINES: usize = 2000;

    /// Adds lines at the end. Drops the oldest lines if there are more than [`Self::MAX_LINES`].
    pub(crate) fn append(&mut self, lines: impl IntoIterator<Item = String>) {
        self.lines.extend(lines);
        let excess = self.lines.len().saturating_sub(Self::MAX_LINES);
        self.lines.drain(..excess);
    }
}
