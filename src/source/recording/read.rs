//! Reading, line by line: nothing in a file is believed before it has been checked.

use std::fmt;
use std::io::{self, BufRead, Read as _};

use super::{FORMAT_VERSION, Header};
use crate::source::recording::line::Entry;

/// No object of the API is larger than 3 MiB, nor is its reduced form.
const LONGEST_LINE: u64 = 4 * 1024 * 1024;

/// Why a recording cannot be read on.
#[derive(Debug)]
pub enum Problem {
    /// Reading failed.
    Unreadable(io::Error),
    /// It does not begin as a recording does.
    NoRecording(String),
    /// A newer program wrote it, in that version of the format.
    Newer(u32),
    /// The line of that number is not what it has to be.
    Malformed(u64, String),
    /// The line of that number, which is the last, breaks off.
    CutOff(u64),
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => formatter.write_str(&super::reason(error)),
            Self::NoRecording(why) => write!(formatter, "it is no recording of kubectl seq: {why}"),
            Self::Newer(version) => write!(
                formatter,
                "it has format version {version}; this program knows versions up to {FORMAT_VERSION}"
            ),
            Self::Malformed(number, why) => write!(formatter, "line {number}: {why}"),
            Self::CutOff(number) => write!(formatter, "line {number} breaks off"),
        }
    }
}

impl std::error::Error for Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::NoRecording(_) | Self::Newer(_) | Self::Malformed(..) | Self::CutOff(_) => None,
        }
    }
}

/// The lines of a recording behind its header.
///
/// Holds one line at a time. After a problem there is nothing more.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    header: Header,
    number: u64,
    line: Vec<u8>,
    over: bool,
}

impl<R: BufRead> Lines<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// It cannot be read, is no recording, or is of a version that this program does not know.
    pub fn new(input: R) -> Result<Self, Problem> {
        let header = Header::new(false);
        let mut lines = Self { input, header, number: 0, line: Vec::new(), over: false };
        let no_recording = |why: &str| Problem::NoRecording(why.to_owned());
        if !lines.next_line().map_err(|problem| match problem {
            Problem::Malformed(_, why) => Problem::NoRecording(why),
            other => other,
        })? {
            return Err(no_recording("it is empty"));
        }
        // A newer header may have quite other fields: its version is read first.
        let header: serde_json::Value =
            serde_json::from_slice(&lines.line).map_err(|_| no_recording("its first line is no header"))?;
        if header["kind"] != Header::KIND {
            return Err(no_recording("its first line is no header"));
        }
        let version =
            header["formatVersion"].as_u64().ok_or_else(|| no_recording("it has no formatVersion"))?;
        let version = u32::try_from(version).unwrap_or(u32::MAX);
        if version > FORMAT_VERSION {
            return Err(Problem::Newer(version));
        }
        lines.header = serde_json::from_value(header).map_err(|error| Problem::Malformed(1, what(&error)))?;
        Ok(lines)
    }

    /// The first line.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the next line that is not empty; `false` at the end.
    fn next_line(&mut self) -> Result<bool, Problem> {
        loop {
            self.line.clear();
            self.number += 1;
            let mut limited = self.input.by_ref().take(LONGEST_LINE);
            let length = limited.read_until(b'\n', &mut self.line).map_err(Problem::Unreadable)?;
            if length == 0 {
                return Ok(false);
            }
            if length as u64 == LONGEST_LINE && self.line.last() != Some(&b'\n') {
                return Err(Problem::Malformed(
                    self.number,
                    format!("it is longer than {} MiB", LONGEST_LINE >> 20),
                ));
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    fn read(&mut self) -> Result<Option<Entry>, Problem> {
        if !self.next_line()? {
            return Ok(None);
        }
        entry(&self.line, self.number).map(Some)
    }

    /// Reads on until there are so many bytes, without looking into them. `None` at the end, and after a problem.
    pub(crate) fn piece(&mut self, bytes: usize) -> Option<Piece> {
        let mut piece = Piece { bytes: Vec::with_capacity(bytes), lines: Vec::new(), problem: None };
        while !self.over && piece.bytes.len() < bytes {
            match self.next_line() {
                Ok(true) => {
                    piece.bytes.extend_from_slice(&self.line);
                    piece.lines.push((self.number, piece.bytes.len()));
                }
                Ok(false) => self.over = true,
                Err(problem) => {
                    self.over = true;
                    piece.problem = Some(problem);
                }
            }
        }
        (piece.problem.is_some() || !piece.lines.is_empty()).then_some(piece)
    }
}

/// Some lines that stand together, as they were read: to understand them takes longer than to read them, and the lines
/// behind need not wait for it.
pub(crate) struct Piece {
    bytes: Vec<u8>,
    /// The number of each line, and where it ends.
    lines: Vec<(u64, usize)>,
    /// Why nothing more could be read behind them.
    problem: Option<Problem>,
}

impl Piece {
    /// The number of bytes in the piece.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// What the lines hold up to the first that is wrong.
    pub(crate) fn parse(self) -> (Vec<Entry>, Option<Problem>) {
        let mut entries = Vec::with_capacity(self.lines.len());
        let mut start = 0;
        for (number, end) in self.lines {
            match entry(&self.bytes[start..end], number) {
                Ok(entry) => entries.push(entry),
                Err(problem) => return (entries, Some(problem)),
            }
            start = end;
        }
        (entries, self.problem)
    }
}

/// What a line holds.
fn entry(line: &[u8], number: u64) -> Result<Entry, Problem> {
    match serde_json::from_slice(line) {
        Ok(entry) => Ok(entry),
        // Only of the last line can a part be missing, and then it has no end.
        Err(_) if line.last() != Some(&b'\n') => Err(Problem::CutOff(number)),
        Err(error) => Err(Problem::Malformed(number, what(&error))),
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Entry, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let read = self.read();
        self.over = !matches!(read, Ok(Some(_)));
        read.transpose()
    }
}

/// What is wrong with a line, with its column: that it is the first line of what was parsed is known.
fn what(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", ", at column ")
}
