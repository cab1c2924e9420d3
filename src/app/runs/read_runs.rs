//! Reads the runs of a recording.

use std::path::Path;

use crate::app::stored_runs::extract::extract_runs;
use crate::app::stored_runs::recording_timeline::{RecordingTimeline, read_recording};
use crate::app::stored_runs::runs_line::read_stored_runs;
use crate::source::SourceError;
use crate::timeline::comparison::{RunReading, RunSource, WorkloadRun};

/// The parts of a run that a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunDetail {
    /// A row of the history.
    Row,
    /// Everything that the document of a comparison contains.
    Comparison,
    /// Also the phases of each Pod, for lanes.
    Lanes,
}

/// Reads the runs of a recording. Rows do not need the whole of a completed recording.
///
/// # Errors
/// See [`read_recording`].
pub(crate) fn read_runs(path: &Path, detail: RunDetail) -> Result<Vec<WorkloadRun>, SourceError> {
    let stored = if detail == RunDetail::Row { read_stored_runs(path) } else { None };
    match stored {
        Some(runs) => Ok(runs),
        None => read_whole_runs(path, detail),
    }
}

/// Reads a recording as a whole and extracts its runs.
///
/// # Errors
/// See [`read_recording`].
fn read_whole_runs(path: &Path, detail: RunDetail) -> Result<Vec<WorkloadRun>, SourceError> {
    let RecordingTimeline { timeline, end, is_cut_off, kubernetes_version } = read_recording(path)?;
    let reading = RunReading {
        source: RunSource::Recording(path.display().to_string()),
        now: end,
        is_cut_off,
        kubernetes_version,
        keeps_spans: detail == RunDetail::Lanes,
    };
    Ok(extract_runs(&timeline, &reading))
}
