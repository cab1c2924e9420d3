//! The entries of a whole recording up to its end.

use std::io::BufRead;

use jiff::Timestamp;

use crate::source::recording::entry::RecordingEntry;
use crate::source::recording::read::{RecordingError, RecordingLines};

/// Iterates over the entries before the end mark. A last line that is incomplete ends the recording, too.
///
/// [`EntriesToEnd::end`] and [`EntriesToEnd::cut_off`] are known when the iterator has ended.
#[derive(Debug)]
pub(crate) struct EntriesToEnd<R> {
    lines: RecordingLines<R>,
    /// The time that the recorded run shows last: that of the end mark, or the latest time of a recording that breaks
    /// off.
    pub(crate) end: Timestamp,
    /// Why the recording breaks off, for example `it has no end mark`. `None` after the end mark.
    pub(crate) cut_off: Option<String>,
    has_ended: bool,
}

impl<R: BufRead> EntriesToEnd<R> {
    pub(crate) fn new(lines: RecordingLines<R>) -> Self {
        let cut_off = Some("it has no end mark".to_owned());
        Self { lines, end: Timestamp::UNIX_EPOCH, cut_off, has_ended: false }
    }
}

impl<R: BufRead> Iterator for EntriesToEnd<R> {
    type Item = Result<RecordingEntry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        match self.lines.next()? {
            Ok(RecordingEntry::End(at)) => {
                (self.end, self.cut_off, self.has_ended) = (at, None, true);
                None
            }
            Ok(entry) => {
                self.end = entry.time().map_or(self.end, |time| time.max(self.end));
                Some(Ok(entry))
            }
            Err(error @ RecordingError::IncompleteLine(_)) => {
                (self.cut_off, self.has_ended) = (Some(error.to_string()), true);
                None
            }
            Err(error) => {
                self.has_ended = true;
                Some(Err(error))
            }
        }
    }
}
