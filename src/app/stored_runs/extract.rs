//! Extracts the runs of a timeline, with the verdict about each.

use crate::timeline::comparison::{RunReading, WorkloadRun, list_runs};
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
