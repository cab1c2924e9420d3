//! Searches for the changes with the shortest predicted run, if the user names no change.

use crate::timeline::what_if::candidates::{merges_with_full_waves, single_changes};
use crate::timeline::what_if::change::{RunChange, RunChangeKind};
use crate::timeline::what_if::play::Played;
use crate::timeline::what_if::run_model::RunModel;

/// The maximum number of plays per change when changes are compared.
const SCAN_PLAYS: usize = 32;

/// The minimum number of plays per change when changes are compared.
const MIN_SCAN_PLAYS: usize = 6;

/// The maximum number of different numbers of pieces per Pod in the first comparison.
const MAX_SCANNED: usize = 24;

/// The maximum number of predictions with another number of pieces per Pod.
const MAX_MERGES: usize = 4;

impl RunModel {
    /// Chooses the numbers of pieces per Pod that are predicted: the best number and its neighbours. Also returns the
    /// best number.
    pub(crate) fn choose_merges(&self) -> (Vec<u32>, Option<u32>) {
        let merges = merges_with_full_waves(self.completions, self.parallelism);
        let Some(best) = self.find_best_merge(&merges) else { return (Vec::new(), None) };
        let first = best.saturating_sub(1).min(merges.len().saturating_sub(MAX_MERGES));
        (merges.iter().copied().skip(first).take(MAX_MERGES).collect(), merges.get(best).copied())
    }

    /// Finds the index of the best number of pieces per Pod. If `merges` has more than [`MAX_SCANNED`]
    /// numbers, first plays some of the numbers, and then the best of these numbers with its neighbours.
    pub(crate) fn find_best_merge(&self, merges: &[u32]) -> Option<usize> {
        let best_of = |indexes: &[usize]| {
            let change = |index: &usize| RunChange { merge: Some(merges[*index]), ..RunChange::default() };
            let changes: Vec<RunChange> = indexes.iter().map(change).collect();
            self.find_shortest(&changes).map(|shortest| indexes[shortest])
        };
        let step = merges.len().div_ceil(MAX_SCANNED).max(1);
        let coarse: Vec<usize> = (0..merges.len()).step_by(step).collect();
        let best = best_of(&coarse)?;
        if step == 1 {
            return Some(best);
        }
        let fine: Vec<usize> = (best.saturating_sub(step - 1)..(best + step).min(merges.len())).collect();
        best_of(&fine)
    }

    /// Finds the single change with the shortest run. If some Pods worked far longer than the others, only
    /// `noStragglers` is a candidate, because the runs with other changes have no upper bound. Returns `None` if
    /// there is no candidate.
    pub(crate) fn find_most_helpful_change(&self) -> Option<RunChange> {
        let mut changes = single_changes(self);
        if self.long_pods().is_empty() {
            let (_, merge) = self.choose_merges();
            changes.extend(merge.map(|merge| RunChange { merge: Some(merge), ..RunChange::default() }));
        } else {
            changes.retain(|change| change.no_stragglers);
        }
        self.find_shortest(&changes).map(|shortest| changes[shortest])
    }

    /// Finds the pair of changes with the shortest run, among the best change of each kind. `alone` has single
    /// changes with their predicted wall times in milliseconds. Returns `None` if there are changes of only one kind.
    pub(crate) fn find_best_pair(&self, alone: &[(RunChange, i64)]) -> Option<RunChange> {
        let best = |kind: RunChangeKind| {
            let of_kind = alone.iter().filter(|(change, _)| change.kinds() == [kind]);
            of_kind.min_by_key(|(_, wall)| *wall).map(|(change, _)| *change)
        };
        let best: Vec<RunChange> = RunChangeKind::ALL.into_iter().filter_map(best).collect();
        let pairs = best
            .iter()
            .enumerate()
            .flat_map(|(index, first)| best.iter().skip(index + 1).map(|second| first.and(*second)));
        let pairs: Vec<RunChange> = pairs.collect();
        self.find_shortest(&pairs).map(|index| pairs[index])
    }

    /// Plays each change several times. Returns the index of the change with the shortest total wall time.
    fn find_shortest(&self, changes: &[RunChange]) -> Option<usize> {
        let plays = self.plays(changes, self.play_count(SCAN_PLAYS, MIN_SCAN_PLAYS));
        let total_wall = |plays: &Vec<Played>| plays.iter().map(|played| played.wall).sum::<i64>();
        plays.iter().map(total_wall).enumerate().min_by_key(|(_, wall)| *wall).map(|(index, _)| index)
    }
}
