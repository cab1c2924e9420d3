//! Directories of recordings: one file for each run, named by namespace, kind, name and start.

pub(crate) mod directory_recorder;
pub(crate) mod file_name;
pub(crate) mod listing;
pub(crate) mod run_file;
pub(crate) mod run_router;
#[cfg(test)]
mod tests;

pub(crate) use directory_recorder::DirectoryRecorder;
pub(crate) use file_name::RecordingName;
