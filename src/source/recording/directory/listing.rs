//! Finds and reads the recordings of a directory.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::source::error::SourceError;
use crate::source::recording::directory::file_name::{Compression, RecordingName};
use crate::source::recording::entries_to_end::EntriesToEnd;
use crate::source::recording::entry::RecordingEntry;
use crate::source::recording::header::{RecordedRun, RecordingHeader};
use crate::source::recording::read::{RecordingError, RecordingLines};
use crate::source::recording::replay::{OpenRecording, ReplayPace, recording_name, replay_error};

/// A recording in a directory.
#[derive(Clone, Debug)]
pub(crate) struct RecordingFile {
    pub(crate) path: PathBuf,
    pub(crate) name: RecordingName,
    pub(crate) bytes: u64,
    /// When the file was last written.
    pub(crate) modified: Timestamp,
}

/// Returns the recordings of a directory whose names have the form of this program, by namespace, kind, name, start and
/// number. Other files and symbolic links are left out. Reads only names, lengths and times.
///
/// # Errors
/// The directory cannot be read.
pub(crate) fn list_recordings(folder: &Path) -> io::Result<Vec<RecordingFile>> {
    let mut recordings = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().and_then(RecordingName::parse) else { continue };
        // A file may be removed or renamed while the directory is read.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_file() {
            let modified = Timestamp::try_from(metadata.modified()?).map_err(io::Error::other)?;
            recordings.push(RecordingFile { path: entry.path(), name, bytes: metadata.len(), modified });
        }
    }
    recordings.sort_by(|a, b| {
        let key = |file: &RecordingFile| {
            let RecordingName { namespace, kind, name, start, number, .. } = file.name.clone();
            (namespace, kind, name, start, number)
        };
        key(a).cmp(&key(b))
    });
    Ok(recordings)
}

/// Reads the header of a recording, the beginning of the file. The header of a recording that `record` has completed
/// describes the whole run, see [`RecordedRun`].
///
/// # Errors
/// Usage: the file cannot be opened. Input: the file is not a recording, or has a newer format.
pub(crate) fn read_header(path: &Path) -> Result<RecordingHeader, SourceError> {
    let OpenRecording { input, .. } = OpenRecording::new(path, ReplayPace::AtOnce)?;
    let lines = RecordingLines::new(input).map_err(|error| replay_error(&recording_name(path), error))?;
    Ok(lines.header().clone())
}

/// A recording that was read as a whole.
#[derive(Debug)]
pub(crate) struct WholeRecording {
    pub(crate) header: RecordingHeader,
    /// The entries before the end.
    pub(crate) entries: Vec<RecordingEntry>,
    /// The time that the recorded run shows last: that of the end mark, or of the last entry.
    pub(crate) end: Timestamp,
    /// Why the recording is incomplete, in one sentence. `None` if it has its end mark.
    pub(crate) notice: Option<String>,
}

impl WholeRecording {
    /// Reads a recording; `-` is standard input.
    ///
    /// # Errors
    /// Usage: the file cannot be opened or is a folder. Input: the file cannot be read, is not a recording, has a newer
    /// format, or has an invalid line before its last one.
    pub(crate) fn read(path: &Path) -> Result<Self, SourceError> {
        let name = recording_name(path);
        let OpenRecording { input, .. } = OpenRecording::new(path, ReplayPace::AtOnce)?;
        let lines = RecordingLines::new(input).map_err(|error| replay_error(&name, error))?;
        Self::from_lines(lines, &name).map_err(|error| replay_error(&name, error))
    }

    /// Reads the entries after the header.
    pub(crate) fn from_lines<R: io::BufRead>(
        lines: RecordingLines<R>,
        name: &str,
    ) -> Result<Self, RecordingError> {
        let header = lines.header().clone();
        let mut to_end = EntriesToEnd::new(lines);
        let entries = to_end.by_ref().collect::<Result<Vec<RecordingEntry>, RecordingError>>()?;
        let EntriesToEnd { end, cut_off, .. } = to_end;
        let notice = cut_off.map(|why| format!("{name} was cut off ({why}): only the part before is shown"));
        Ok(Self { header, entries, end, notice })
    }
}

/// The complete recordings of a directory, by the workload in their names.
#[derive(Debug, Default)]
pub(crate) struct RecordingIndex {
    paths: HashMap<(String, String, String), Vec<(Timestamp, PathBuf)>>,
}

impl RecordingIndex {
    /// Indexes these recordings, except the partial ones.
    pub(crate) fn new(recordings: &[RecordingFile]) -> Self {
        let mut index = Self::default();
        for RecordingFile { path, name, .. } in recordings.iter().filter(|file| !file.name.is_partial) {
            let key = (name.namespace.clone(), name.kind.clone(), name.name.clone());
            index.paths.entry(key).or_default().push((name.start, path.clone()));
        }
        index
    }

    /// Whether one of the recordings holds this run. Without `start`, recordings with every start are compared.
    pub(crate) fn has_run(&self, run: &RecordedRun, start: Option<Timestamp>) -> bool {
        let name = RecordingName::new(run, start.unwrap_or_default(), Compression::Zstd);
        let recordings = self.paths.get(&(name.namespace, name.kind, name.name));
        recordings.into_iter().flatten().any(|(other_start, path)| {
            let recorded = || read_header(path).ok()?.run;
            (start.is_none() || *other_start == name.start)
                && recorded().is_some_and(|other| (&other.uid, &other.revision) == (&run.uid, &run.revision))
        })
    }
}
