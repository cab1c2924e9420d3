//! Deletes old recordings.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::source::recording::directory::listing::{RecordingFile, list_recordings};

/// How long or how many recordings are kept. Without limits, all are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Maximum time since a recording was completed.
    pub(crate) age: Option<SignedDuration>,
    /// Maximum size of all recordings in bytes.
    pub(crate) bytes: Option<u64>,
}

impl Retention {
    /// Deletes the recordings of a directory that are too old, and then the oldest ones until the others are small enough.
    /// Deletes neither partial recordings nor files whose names do not have the form of this program. Returns the deleted
    /// files.
    ///
    /// # Errors
    /// The directory cannot be read, or a recording cannot be deleted.
    pub(crate) fn delete_surplus(self, folder: &Path, now: Timestamp) -> io::Result<Vec<PathBuf>> {
        if self == Self::default() {
            return Ok(Vec::new());
        }
        let surplus = self.surplus(list_recordings(folder)?, now);
        for path in &surplus {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(surplus)
    }

    /// Returns the recordings that must be deleted.
    pub(crate) fn surplus(self, recordings: Vec<RecordingFile>, now: Timestamp) -> Vec<PathBuf> {
        let mut recordings: Vec<RecordingFile> =
            recordings.into_iter().filter(|file| !file.name.is_partial).collect();
        recordings.sort_by_key(|file| (file.modified, file.name.start));
        let mut bytes: u64 = recordings.iter().map(|file| file.bytes).sum();
        let mut surplus = Vec::new();
        for file in recordings {
            let age = now.duration_since(file.modified);
            let is_old = self.age.is_some_and(|max| age > max);
            if !is_old && self.bytes.is_none_or(|max| bytes <= max) {
                break;
            }
            bytes = bytes.saturating_sub(file.bytes);
            surplus.push(file.path);
        }
        surplus
    }
}
