//! Extracts the runs of a timeline, with the verdict about each.

use std::path::Path;

use crate::app::runs::recording_timeline::{RecordingTimeline, read_recording};
use crate::source::SourceError;
use crate::timeline::comparison::{RunReading, RunSource, WorkloadRun, list_runs};
use crate::timeline::{Timeline, Workload};
use crate::view::describe_verdict;

/// Extracts all runs of a timeline.
pub(crate) fn extract_runs(timeline: &Timeline, reading: &RunReading) -> Vec<WorkloadRun> {
    list_runs(timeline).into_iter().map(|workload| extract_run(timeline, workload, reading)).collect()
}

fn extract_run(timeline: &Timeline, workload: &Workload, reading: &RunReading) -> WorkloadRun {
    let run = WorkloadRun::extract(timeline, workload, reading);
    WorkloadRun { verdict: describe_verdict(timeline, workload, reading.now), ..run }
}

/// Reads a recording and extracts its runs. With `keeps_spans`, each run keeps the phases of its Pods for lanes.
///
/// # Errors
/// See [`read_recording`].
pub(crate) fn read_runs(path: &Path, keeps_spans: bool) -> Result<Vec<WorkloadRun>, SourceError> {
    let RecordingTimeline { timeline, end, is_cut_off } = read_recording(path)?;
    let reading = RunReading {
        source: RunSource::Recording(path.display().to_string()),
        now: end,
        is_cut_off,
        kubernetes_version: None,
        keeps_spans,
    };
    Ok(extract_runs(&timeline, &reading))
}
