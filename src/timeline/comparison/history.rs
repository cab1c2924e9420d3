//! The runs of the same work, in order, with what is remarkable about them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::timeline::comparison::run::WorkloadRun;
use crate::timeline::comparison::stand_out::find_run_that_stands_out;
use crate::timeline::comparison::trend::{Trend, find_trend};
use crate::timeline::comparison::work_key::WorkKey;
use crate::timeline::workloads::workload::WorkloadState;

/// The runs of one work.
#[derive(Clone, Debug)]
pub(crate) struct WorkHistory {
    pub(crate) work: WorkKey,
    /// The runs, the newest last.
    pub(crate) runs: Vec<WorkloadRun>,
    /// The index of the run that stands out.
    pub(crate) stands_out: Option<usize>,
    pub(crate) trend: Option<Trend>,
}

/// Groups runs by work. Of several runs with the same uid, the most complete one stays.
pub(crate) fn group_by_work(runs: Vec<WorkloadRun>, threshold: f64) -> Vec<WorkHistory> {
    let mut by_uid: BTreeMap<Arc<str>, WorkloadRun> = BTreeMap::new();
    let mut works: BTreeMap<WorkKey, Vec<WorkloadRun>> = BTreeMap::new();
    for run in runs {
        if run.uid.is_empty() {
            works.entry(run.work.clone()).or_default().push(run);
            continue;
        }
        match by_uid.get(&run.uid) {
            Some(known) if completeness(known) >= completeness(&run) => {}
            Some(_) | None => drop(by_uid.insert(Arc::clone(&run.uid), run)),
        }
    }
    for run in by_uid.into_values() {
        works.entry(run.work.clone()).or_default().push(run);
    }
    works.into_iter().map(|(work, runs)| WorkHistory::new(work, runs, threshold)).collect()
}

/// How much of a run is known: the whole run, then the number of Pods.
fn completeness(run: &WorkloadRun) -> (bool, usize) {
    (!run.is_partial(), run.summary.pods)
}

impl WorkHistory {
    fn new(work: WorkKey, mut runs: Vec<WorkloadRun>, threshold: f64) -> Self {
        runs.sort_by(|one, other| {
            let key = |run: &WorkloadRun| (run.created, run.name.clone(), run.source.name().to_owned());
            key(one).cmp(&key(other))
        });
        let usable: Vec<usize> = (0..runs.len())
            .filter(|&index| runs[index].state == WorkloadState::Succeeded && !runs[index].is_partial())
            .collect();
        let compared: Vec<&WorkloadRun> = usable.iter().map(|&index| &runs[index]).collect();
        let stands_out =
            find_run_that_stands_out(&compared, threshold).and_then(|index| usable.get(index).copied());
        let trend = find_trend(&compared);
        Self { work, runs, stands_out, trend }
    }
}
