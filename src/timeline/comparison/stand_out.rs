//! The run that stands out among the runs of the same work.

use crate::timeline::comparison::rows::compare_pods;
use crate::timeline::comparison::run::WorkloadRun;
use crate::timeline::statistics::median;

/// With fewer runs, none stands out.
const MIN_RUNS: usize = 3;

/// Finds the run whose Pods differ from those of every other run, by the rule of a comparison. If several do, the run
/// furthest from the median wall time. Failed and partial runs must be left out. Returns its index.
pub(crate) fn find_run_that_stands_out(runs: &[&WorkloadRun], threshold: f64) -> Option<usize> {
    if runs.len() < MIN_RUNS {
        return None;
    }
    let mut walls: Vec<i64> = runs.iter().map(|run| run.wall_millis()).collect();
    let middle = median(&mut walls)?;
    let distance = |index: usize, wall: i64| runs[index].wall_millis().abs_diff(wall);
    let mut by_distance: Vec<usize> = (0..runs.len()).collect();
    by_distance.sort_by_key(|&index| std::cmp::Reverse(distance(index, middle)));
    by_distance.into_iter().find(|&candidate| {
        // The run most like the candidate comes first, because one run of the same kind is enough to end the search.
        let mut others: Vec<usize> = (0..runs.len()).filter(|&index| index != candidate).collect();
        others.sort_by_key(|&index| distance(index, runs[candidate].wall_millis()));
        others.into_iter().all(|other| {
            let rows = compare_pods(runs[candidate], runs[other], threshold, false);
            rows.iter().any(|row| row.is_proved)
        })
    })
}
