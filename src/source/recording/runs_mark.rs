//! The mark `runs`, the line before the end mark of a completed recording: the runs of the recording as a list of runs
//! shows them. A list of many recordings reads this line instead of all observations.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::source::recording::compression::{decompress_frame, is_frame_start, split_frames};
use crate::source::recording::entry::RecordingEntry;
use crate::source::recording::read::RecordingLines;
use crate::source::recording::replay::{OpenRecording, ReplayPace};

/// The start of the line.
pub(crate) const RUNS_MARK_START: &[u8] = br#"{"mark":"runs","#;

/// Maximum length of the line in bytes. A recording whose runs need more has no such line and is read as a whole.
const MAX_LINE_BYTES: usize = 1 << 20;

/// Maximum number of bytes of the lines of the frame that ends with the line.
const MAX_FRAME_BYTES: u64 = 8 << 20;

/// How many bytes at the end of a file that is not compressed are read at first, and then at most.
const TAIL_BYTES: [u64; 2] = [32 * 1024, MAX_LINE_BYTES as u64 + 4096];

/// Maximum length of a compressed file in which the last frame is searched for.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The line. `rules` is the number of the rules by which the runs were derived from the observations. A reader with other
/// rules must derive the runs again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunsMark<T> {
    mark: String,
    rules: u32,
    runs: Vec<T>,
}

impl<T: Serialize> RunsMark<T> {
    pub(crate) fn new(rules: u32, runs: Vec<T>) -> Self {
        Self { mark: "runs".to_owned(), rules, runs }
    }

    /// Returns the line without its line break. `None` if the line would be too long.
    pub(crate) fn to_line(&self) -> Option<String> {
        serde_json::to_string(self).ok().filter(|line| line.len() <= MAX_LINE_BYTES)
    }
}

/// Reads the runs from the end of a recording. `None` if the recording is not complete, has no such line or has one with
/// other rules, or if it is not a recording at all: whoever reads it as a whole finds out why.
pub(crate) fn read_runs_mark<T: DeserializeOwned>(path: &Path, rules: u32) -> Option<Vec<T>> {
    let lines = read_last_lines(path)?;
    let mut lines = lines.rsplit(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let (last, before) = (lines.next()?, lines.next()?);
    if !before.starts_with(RUNS_MARK_START)
        || !matches!(serde_json::from_slice(last), Ok(RecordingEntry::End(_)))
    {
        return None;
    }
    let mark: RunsMark<T> = serde_json::from_slice(before).ok()?;
    // A newer format may give the lines another meaning.
    (mark.rules == rules && has_readable_header(path)).then_some(mark.runs)
}

fn has_readable_header(path: &Path) -> bool {
    let opened = OpenRecording::new(path, ReplayPace::AtOnce);
    opened.is_ok_and(|recording| RecordingLines::new(recording.input).is_ok())
}

/// Reads the last lines of a recording. The first one of them may be incomplete.
fn read_last_lines(path: &Path) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut start = [0; 4];
    file.read_exact(&mut start).ok()?;
    if is_frame_start(&start) {
        return read_last_frame(&mut file, metadata.len());
    }
    for bytes in TAIL_BYTES {
        let lines = read_tail(&mut file, metadata.len(), bytes).ok()?;
        if lines.windows(RUNS_MARK_START.len()).any(|window| window == RUNS_MARK_START) {
            return Some(lines);
        }
    }
    None
}

fn read_last_frame(file: &mut File, length: u64) -> Option<Vec<u8>> {
    if length > MAX_FILE_BYTES {
        return None;
    }
    let frames = read_tail(file, length, length).ok()?;
    decompress_frame(split_frames(&frames).last()?, MAX_FRAME_BYTES).ok()
}

fn read_tail(file: &mut File, length: u64, bytes: u64) -> io::Result<Vec<u8>> {
    let bytes = bytes.min(length);
    file.seek(SeekFrom::Start(length - bytes))?;
    let mut tail = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    file.take(bytes).read_to_end(&mut tail)?;
    Ok(tail)
}
