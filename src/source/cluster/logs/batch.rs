//! Collects the new lines of an answer.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::source::cluster::logs::cursor::{LineStatus, LogCursor};
use crate::source::cluster::logs::line_splitter::{LongLinePermit, RawLine};
use crate::source::cluster::logs::update::{LogGap, LogLine};

/// Size in bytes that the text of one [`BatchPart::Lines`] does not reach, unless the part has only one line.
const MAX_BATCH_BYTES: usize = 64 << 10;

/// Maximum number of bytes of a message of the kubelet that are shown.
const MAX_MESSAGE_BYTES: usize = 1 << 10;

/// New lines and gaps, in order.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) parts: Vec<BatchPart>,
    bytes: usize,
    /// Whether the answer contains an accepted line, new or known.
    pub(crate) has_lines: bool,
    /// The time of the first accepted line, if this line is new.
    pub(crate) first_new: Option<Timestamp>,
    /// Why the answer is not the expected answer. If this is set, no further line is accepted.
    pub(crate) unexpected: Option<UnexpectedAnswer>,
    /// The last line of the answer, if it has no time: an error of the kubelet. A line without a time before other
    /// lines is the rest of a long line that began before the requested time.
    pub(crate) message: Option<String>,
}

pub(crate) enum BatchPart {
    Lines(Vec<LogLine>, Option<LongLinePermit>),
    Gap(LogGap),
}

/// Why an answer is not the expected answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnexpectedAnswer {
    /// The answer does not contain the lines that the cursor expects.
    OtherLines,
    /// The answer belongs to an earlier run than the accepted lines.
    EarlierRun,
}

impl Batch {
    /// Creates an empty batch that follows a batch with this [`Self::message`].
    pub(crate) fn new(message: Option<String>) -> Self {
        Self { message, ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Adds a line, unless the cursor already knows the line.
    pub(crate) fn accept(&mut self, cursor: &mut LogCursor, line: RawLine<'_>) {
        let Some((at, text)) = parse_line(&line.bytes) else {
            let message = &line.bytes[..line.bytes.len().min(MAX_MESSAGE_BYTES)];
            self.message = Some(String::from_utf8_lossy(message).into_owned());
            return;
        };
        self.message = None;
        if self.unexpected.is_some() {
            return;
        }
        let status = cursor.accept(at, text);
        if status != LineStatus::Fragment {
            self.first_new = self.first_new.or((status == LineStatus::New && !self.has_lines).then_some(at));
            self.has_lines = true;
        }
        match status {
            LineStatus::Known | LineStatus::Fragment => return,
            LineStatus::Unexpected => {
                self.unexpected = Some(UnexpectedAnswer::OtherLines);
                return;
            }
            LineStatus::EarlierRun => {
                self.unexpected = Some(UnexpectedAnswer::EarlierRun);
                return;
            }
            LineStatus::New => {}
            LineStatus::NewAfterGap { since } => {
                self.parts.push(BatchPart::Gap(LogGap::Between(since, at)));
            }
        }
        let length = text.len();
        let start = line.bytes.len() - length;
        let bytes = match line.bytes {
            Cow::Borrowed(bytes) => bytes[start..].to_vec(),
            Cow::Owned(mut bytes) => {
                bytes.drain(..start);
                bytes
            }
        };
        self.bytes += length;
        let log_line = LogLine { at, bytes, is_cut: line.is_cut };
        match self.parts.last_mut() {
            Some(BatchPart::Lines(lines, permit)) if self.bytes < MAX_BATCH_BYTES => {
                lines.push(log_line);
                debug_assert!(permit.is_none() || line.permit.is_none());
                *permit = permit.take().or(line.permit);
            }
            Some(_) | None => {
                self.bytes = length;
                self.parts.push(BatchPart::Lines(vec![log_line], line.permit));
            }
        }
    }
}

/// Divides a line into its time and its text. Returns `None` if the line does not begin with a time.
pub(crate) fn parse_line(line: &[u8]) -> Option<(Timestamp, &[u8])> {
    let end = line.iter().take(64).position(|&byte| byte == b' ').unwrap_or(line.len());
    let at = std::str::from_utf8(&line[..end]).ok()?.parse().ok()?;
    Some((at, line.get(end + 1..).unwrap_or_default()))
}
