//! The parts of logs that are shown.

use std::sync::Arc;

use crate::source::cluster::logs::{LogGap, LogLine};
use crate::timeline::PodKey;

/// A container whose log is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoggedContainer {
    pub(crate) pod: PodKey,
    pub(crate) name: Arc<str>,
    /// Whether the log of another container of the Pod is shown as well.
    pub(crate) has_neighbours: bool,
}

/// A part of a log that can be shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LogPart {
    pub(crate) container: LoggedContainer,
    /// The number of restarts of the container before the run that wrote the lines.
    pub(crate) run: u32,
    pub(crate) content: LogContent,
}

/// Lines of a log, or a part of a log that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LogContent {
    Lines(Vec<LogLine>),
    Gap(LogGap),
}
