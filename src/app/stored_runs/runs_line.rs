//! Stores the runs of a recording before its end, and reads them again.

use std::path::Path;

use jiff::Timestamp;

use crate::app::stored_runs::extract::extract_runs;
use crate::app::stored_runs::recording_timeline::read_recording;
use crate::source::recording::runs_mark::{RunsMark, read_runs_mark};
use crate::timeline::Timeline;
use crate::timeline::comparison::{RunReading, RunSource, STORED_RUN_RULES, StoredRun, WorkloadRun};

/// Returns the line that stores the runs of a recording whose end mark has the time `end`. `None` if the line would be too
/// long.
pub(crate) fn describe_runs(timeline: &Timeline, end: Timestamp) -> Option<String> {
    let reading = RunReading {
        source: RunSource::Recording(String::new()),
        now: end,
        is_cut_off: false,
        kubernetes_version: None,
        keeps_spans: false,
    };
    let runs = extract_runs(timeline, &reading);
    RunsMark::new(STORED_RUN_RULES, runs.iter().map(StoredRun::new).collect()).to_line()
}

/// Returns the line of [`describe_runs`] for a recording that has everything but its end. The run itself may show more
/// workloads than this recording holds, and what is known of a workload may depend on the others.
pub(crate) fn describe_recorded_runs(path: &Path, end: Timestamp) -> Option<String> {
    describe_runs(&read_recording(path).ok()?.timeline, end)
}

/// Reads the stored runs of a recording. `None` if it must be read as a whole.
pub(crate) fn read_stored_runs(path: &Path) -> Option<Vec<WorkloadRun>> {
    let source = RunSource::Recording(path.display().to_string());
    let stored: Vec<StoredRun> = read_runs_mark(path, STORED_RUN_RULES)?;
    stored.into_iter().map(|run| run.into_run(source.clone())).collect()
}
