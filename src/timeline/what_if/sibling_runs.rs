//! Finds and reads the other runs of the same workload.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::timeline::timeline::Timeline;
use crate::timeline::what_if::refusal::PredictionRefusal;
use crate::timeline::what_if::run_model::RunModel;
use crate::timeline::workloads::workload::{Workload, WorkloadState};

/// The maximum number of other runs that are read, the newest first.
const MAX_RUNS: usize = 20;

/// Reads a finished Job, and the other runs of the same workload. Runs that the model cannot describe are left out.
pub(crate) fn read_with_other_runs(
    timeline: &Timeline,
    workload: &Workload,
    now: Timestamp,
) -> Result<RunModel, PredictionRefusal> {
    let mut model = RunModel::new(timeline, workload, now)?;
    let mut others: Vec<&Workload> =
        timeline.workloads().iter().filter(|other| is_other_run(workload, other)).collect();
    others.sort_by_key(|other| Reverse(other.created));
    for other in others.into_iter().take(MAX_RUNS) {
        if let Ok(other) = RunModel::new(timeline, other, now) {
            model.other_runs.add(model.wall, other.wall, other.backtest().error());
        }
    }
    Ok(model)
}

/// Whether `other` is another run of the same work: a Job that has succeeded, with the same name or the same
/// `CronJob`, the same number of completions and the same parallelism.
pub(crate) fn is_other_run(workload: &Workload, other: &Workload) -> bool {
    let is_same_parent = || match (&workload.parent, &other.parent) {
        (Some(parent), Some(of_other)) => parent.uid == of_other.uid,
        (_, _) => false,
    };
    other.uid != workload.uid
        && other.state == WorkloadState::Succeeded
        && other.kind == workload.kind
        && other.namespace == workload.namespace
        && (other.name == workload.name || is_same_parent())
        && other.completions == workload.completions
        && other.parallelism == workload.parallelism
}
