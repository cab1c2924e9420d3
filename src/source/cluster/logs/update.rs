//! The types that the collector exchanges with its user.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::source::cluster::logs::line_splitter::LongLinePermit;

/// The number that identifies a container. The caller of the collector chooses the number.
pub(crate) type Ticket = u32;

/// A container with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogSource {
    pub(crate) namespace: Arc<str>,
    pub(crate) pod: Arc<str>,
    pub(crate) container: Arc<str>,
}

/// The facts about a container that decide which logs exist and may still grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the facts are independent of each other")]
pub(crate) struct ContainerProgress {
    /// The number of restarts before the latest run.
    pub(crate) run: u32,
    /// Whether the latest run has started. If it has not, only the earlier runs have logs.
    pub(crate) has_started: bool,
    /// Whether the node has lost the run before the latest run, for example because the node was restarted.
    pub(crate) is_previous_lost: bool,
    /// Whether the latest run has ended.
    pub(crate) has_ended: bool,
    /// Whether no other run will follow, because the Pod has ended.
    pub(crate) is_last_run: bool,
    /// Whether the Pod no longer exists, so that its logs can no longer be requested.
    pub(crate) is_pod_gone: bool,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// The time that the container runtime gave to the line.
    pub(crate) at: Timestamp,
    /// The text, which a container may have written in any encoding.
    pub(crate) bytes: Vec<u8>,
    /// Whether the end of the line is missing because the line is too long.
    pub(crate) is_cut: bool,
}

impl LogLine {
    /// Returns the text. Invalid UTF-8 is replaced, which can triple the length. Therefore only the line that is
    /// printed is converted.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match std::str::from_utf8(&self.bytes) {
            // The cut may have divided a character.
            Err(error) if self.is_cut && error.error_len().is_none() => {
                String::from_utf8_lossy(&self.bytes[..error.valid_up_to()])
            }
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(&self.bytes),
        }
    }
}

/// An update from the collector about the logs.
#[derive(Debug)]
pub(crate) enum LogUpdate {
    /// New lines of a run of a container, in order.
    Lines {
        ticket: Ticket,
        run: u32,
        lines: Vec<LogLine>,
        /// The permit of a long line among the lines. It must exist as long as the lines.
        permit: Option<LongLinePermit>,
    },
    /// A part of a log cannot be read.
    Gap { ticket: Ticket, run: u32, gap: LogGap },
    /// The logs of all known runs of a container are complete.
    Complete,
    /// The user may not read logs, for this reason of the server. No log is read any more.
    Forbidden(String),
}

/// A part of a log that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogGap {
    /// The lines between these times: the runtime has deleted the file that contained them.
    Between(Timestamp, Timestamp),
    /// All lines of the run: the kubelet keeps only the log of the latest and of the previous run.
    WholeRun,
    /// The last lines of the run: the container restarted twice before they were read, and the kubelet keeps only the
    /// log of the latest and of the previous run.
    EndOfRun,
    /// The lines after this time, or all lines: the Pod was deleted before the end of the log was read.
    DeletedPod(Option<Timestamp>),
    /// The end of the log, or the whole log: the kubelet refused to return the lines, for this reason.
    Refused { is_end: bool, reason: String },
    /// Maybe some lines at the end of the run: the kubelet no longer returns the last known line, so it is not
    /// certain that no line follows.
    UncertainEnd,
}
