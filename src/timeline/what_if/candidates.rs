//! The changes that the what-if tries if the user names none.

use crate::timeline::what_if::change::RunChange;
use crate::timeline::what_if::run_model::RunModel;

/// Work that takes more than this many times the median is a straggler.
pub(crate) const STRAGGLER_FACTOR: i64 = 2;

/// The numbers of pieces per Pod that give full waves: the number of Pods is a multiple of the parallelism, or all Pods
/// run in one wave. Of several numbers that give the same number of Pods, only the smallest is tried.
pub(crate) fn merges_with_full_waves(completions: usize, parallelism: usize) -> Vec<u32> {
    let mut merges = Vec::new();
    let mut last_pods = completions;
    let parallelism = parallelism.max(1);
    for merge in 2..=completions {
        let pods = completions.div_ceil(merge);
        if pods == last_pods {
            continue;
        }
        last_pods = pods;
        if pods % parallelism == 0 || pods <= parallelism {
            merges.push(u32::try_from(merge).unwrap_or(u32::MAX));
        }
        // If all Pods run in one wave, more pieces per Pod only make this wave longer.
        if pods <= parallelism {
            break;
        }
    }
    merges
}

/// The changes other than `merge` that can have an effect on this run.
pub(crate) fn single_changes(model: &RunModel) -> Vec<RunChange> {
    let to_u32 = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let base = RunChange::default();
    let mut changes = Vec::new();
    if model.parallelism < model.completions {
        let double = model.parallelism.saturating_mul(2).min(model.completions);
        changes.push(RunChange { parallelism: Some(to_u32(double)), ..base });
        if double < model.completions {
            changes.push(RunChange { parallelism: Some(to_u32(model.completions)), ..base });
        }
    }
    let has_pulls = model.node_pulls.iter().any(|pull| *pull > 0);
    if has_pulls && !model.is_pulled_lazily {
        changes.push(RunChange { prepulled: true, ..base });
    }
    if has_pulls || model.room.is_some() {
        changes.push(RunChange { nodes: Some(to_u32(model.nodes.saturating_mul(2))), ..base });
        if model.nodes > 1 {
            changes.push(RunChange { nodes: Some(to_u32(model.nodes.div_ceil(2))), ..base });
        }
    }
    if model.pods.iter().any(|pod| pod.has_failed || pod.parts.lost > 0) {
        changes.push(RunChange { no_failures: true, ..base });
    }
    if straggler_limit(model)
        .is_some_and(|limit| model.pods.iter().any(|pod| !pod.has_failed && pod.parts.work > limit))
    {
        changes.push(RunChange { no_stragglers: true, ..base });
    }
    changes
}

/// The longest work that is not a straggler, in milliseconds. `None` if no Pod has succeeded.
pub(crate) fn straggler_limit(model: &RunModel) -> Option<i64> {
    model.median_work().map(|median| median.saturating_mul(STRAGGLER_FACTOR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_give_full_waves_or_one_wave() {
        assert_eq!(merges_with_full_waves(20, 4), [5]);
        assert_eq!(merges_with_full_waves(96, 4), [2, 3, 4, 5, 6, 8, 12, 24]);
        assert_eq!(merges_with_full_waves(6, 3), [2]);
        assert_eq!(merges_with_full_waves(3, 5), [2]);
        assert_eq!(merges_with_full_waves(1, 1), Vec::<u32>::new());
        assert_eq!(merges_with_full_waves(7, 1), [2, 3, 4, 7]);
    }
}
