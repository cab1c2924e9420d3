//! Finds the recordings of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::source::error::system_error_text;
use crate::source::{ErrorKind, SourceError};

/// The endings of the names of recordings. A recording that is still being written ends in the last one.
const ENDINGS: [&str; 3] = [".jsonl", ".zst", ".partial"];

/// Whether a file with this name, or path, can be a recording.
pub(crate) fn is_recording_name(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// The recordings that a path names: the file itself, or the recordings in the folder, by name. Folders inside the folder
/// are left out.
///
/// # Errors
/// Usage: the folder cannot be read. Not found: the folder has no recordings.
pub(crate) fn list_recordings(path: &Path) -> Result<Vec<PathBuf>, SourceError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: std::io::Error| {
        let summary = format!("cannot read {}: {}", path.display(), system_error_text(&error));
        SourceError::new(ErrorKind::Usage, summary).caused_by(error)
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let name = file.to_string_lossy();
        if is_recording_name(&name) && file.is_file() {
            paths.push(file);
        }
    }
    paths.sort();
    if paths.is_empty() {
        let summary = format!("{} has no recordings", path.display());
        let hint =
            format!("Record runs there: `kubectl seq apply -f job.yaml --record {}/`.", path.display());
        return Err(SourceError::new(ErrorKind::NotFound, summary).hint(hint));
    }
    Ok(paths)
}
