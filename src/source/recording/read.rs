//! Reads a recording line by line and checks each line, because anybody may have written the file.

use std::io::{self, BufRead, Read as _};

use crate::source::error::system_error_text;
use crate::source::recording::entry::RecordingEntry;
use crate::source::recording::header::{FORMAT_VERSION, RecordingHeader};

/// Maximum length of a line, in bytes. The API server stores no object larger than 3 MiB.
const MAX_LINE_BYTES: u64 = 4 * 1024 * 1024;

/// Why a recording cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Reading the file failed.
    #[error("{}", system_error_text(.0))]
    Unreadable(#[source] io::Error),
    /// The file does not begin with the header of a recording.
    #[error("it is not a recording of kubectl seq: {0}")]
    NotARecording(String),
    /// The recording has this version of the format. It is newer than the versions that this program reads.
    #[error("it has format version {0}; this program reads versions up to {FORMAT_VERSION}")]
    NewerFormat(u32),
    /// The line with this number, counted from 1, is not valid.
    #[error("line {line}: {}", invalid_json_text(.cause))]
    InvalidLine {
        /// Number of the line, counted from 1.
        line: u64,
        /// The error of the parser.
        #[source]
        cause: serde_json::Error,
    },
    /// The line with this number, counted from 1, is longer than any line of a recording.
    #[error("line {0}: it is longer than {size} MiB", size = MAX_LINE_BYTES >> 20)]
    LongLine(u64),
    /// The line with this number, which is the last, is incomplete.
    #[error("line {0} is incomplete")]
    IncompleteLine(u64),
}

/// The lines of a recording after its header.
///
/// The iterator holds one line at a time and ends after an error.
#[derive(Debug)]
pub struct RecordingLines<R> {
    input: R,
    header: RecordingHeader,
    /// Number of the line in `line`, counted from 1.
    line_number: u64,
    line: Vec<u8>,
    /// Whether the end of the input or an error was reached.
    ended: bool,
}

impl<R: BufRead> RecordingLines<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// The input cannot be read, is not a recording, has a newer format version, or has a header with an invalid field.
    pub fn new(input: R) -> Result<Self, RecordingError> {
        let header = RecordingHeader::new(false);
        let mut lines = Self { input, header, line_number: 0, line: Vec::new(), ended: false };
        let not_a_recording = |why: &str| RecordingError::NotARecording(why.to_owned());
        let no_header = || not_a_recording("its first line is not a header");
        let has_line = match lines.next_line() {
            Err(RecordingError::LongLine(_)) => return Err(not_a_recording("its first line is too long")),
            has_line => has_line?,
        };
        if !has_line {
            return Err(not_a_recording("it is empty"));
        }
        // The version is read first, because a newer header may have other fields.
        let header: serde_json::Value = serde_json::from_slice(&lines.line).map_err(|_| no_header())?;
        if header["kind"] != RecordingHeader::KIND {
            return Err(no_header());
        }
        let version =
            header["formatVersion"].as_u64().ok_or_else(|| not_a_recording("it has no formatVersion"))?;
        let version = u32::try_from(version).unwrap_or(u32::MAX);
        if version > FORMAT_VERSION {
            return Err(RecordingError::NewerFormat(version));
        }
        lines.header = serde_json::from_value(header)
            .map_err(|error| RecordingError::InvalidLine { line: 1, cause: error })?;
        Ok(lines)
    }

    /// The header, which [`RecordingLines::new`] has read.
    pub fn header(&self) -> &RecordingHeader {
        &self.header
    }

    /// Reads the next line that is not empty into `line`. Returns `false` at the end.
    fn next_line(&mut self) -> Result<bool, RecordingError> {
        loop {
            self.line.clear();
            self.line_number += 1;
            let mut limited = self.input.by_ref().take(MAX_LINE_BYTES);
            let length = limited.read_until(b'\n', &mut self.line).map_err(RecordingError::Unreadable)?;
            if length == 0 {
                return Ok(false);
            }
            if length as u64 == MAX_LINE_BYTES && self.line.last() != Some(&b'\n') {
                return Err(RecordingError::LongLine(self.line_number));
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    fn next_entry(&mut self) -> Result<Option<RecordingEntry>, RecordingError> {
        if !self.next_line()? {
            return Ok(None);
        }
        parse_entry(&self.line, self.line_number).map(Some)
    }

    /// Reads lines, without parsing them, until their total length is at least `bytes` bytes. Returns `None` at the end
    /// and after an error was returned.
    pub(crate) fn read_chunk(&mut self, bytes: usize) -> Option<LineChunk> {
        let mut chunk = LineChunk { bytes: Vec::with_capacity(bytes), lines: Vec::new(), error: None };
        while !self.ended && chunk.bytes.len() < bytes {
            match self.next_line() {
                Ok(true) => {
                    chunk.bytes.extend_from_slice(&self.line);
                    chunk.lines.push((self.line_number, chunk.bytes.len()));
                }
                Ok(false) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    chunk.error = Some(error);
                }
            }
        }
        (chunk.error.is_some() || !chunk.lines.is_empty()).then_some(chunk)
    }
}

/// Consecutive lines that are not parsed yet. Parsing takes longer than reading, so another thread parses the lines
/// while the next chunk is read.
pub(crate) struct LineChunk {
    bytes: Vec<u8>,
    /// The number of each line, and the end of the line in `bytes`.
    lines: Vec<(u64, usize)>,
    /// The error that ended reading after these lines.
    error: Option<RecordingError>,
}

impl LineChunk {
    /// The length of the lines in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Parses the lines up to the first invalid one. Also returns the error that ended parsing or reading.
    pub(crate) fn parse(self) -> (Vec<RecordingEntry>, Option<RecordingError>) {
        let mut entries = Vec::with_capacity(self.lines.len());
        let mut start = 0;
        for (number, end) in self.lines {
            match parse_entry(&self.bytes[start..end], number) {
                Ok(entry) => entries.push(entry),
                Err(error) => return (entries, Some(error)),
            }
            start = end;
        }
        (entries, self.error)
    }
}

fn parse_entry(line: &[u8], number: u64) -> Result<RecordingEntry, RecordingError> {
    match serde_json::from_slice(line) {
        Ok(entry) => Ok(entry),
        // Only the last line of a file can lack its line break.
        Err(_) if line.last() != Some(&b'\n') => Err(RecordingError::IncompleteLine(number)),
        Err(error) => Err(RecordingError::InvalidLine { line: number, cause: error }),
    }
}

impl<R: BufRead> Iterator for RecordingLines<R> {
    type Item = Result<RecordingEntry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = self.next_entry();
        self.ended = !matches!(entry, Ok(Some(_)));
        entry.transpose()
    }
}

/// The text of a parser's error without the line number, which is always 1 because each line is parsed separately.
fn invalid_json_text(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", ", at column ")
}
