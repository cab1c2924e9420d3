//! The comparison of two runs, or of two groups of runs.

use crate::timeline::comparison::changed::{ChangedCondition, list_changed};
use crate::timeline::comparison::judgement::{DiffResult, judge};
use crate::timeline::comparison::rows::{DiffRow, compare_pods, compare_runs, has_enough_runs};
use crate::timeline::comparison::run::WorkloadRun;
use crate::timeline::comparison::sentence::describe_difference;
use crate::timeline::comparison::slot_deltas::{mean_slots, subtract_slots};
use crate::timeline::reports::slots::slot_time::SlotTime;

/// The choices of the user.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DiffOptions {
    /// The smallest difference that counts, as a fraction.
    pub(crate) threshold: f64,
}

/// The comparison of the runs `a` with the runs `b`. Each side has at least one run.
#[derive(Clone, Debug)]
pub(crate) struct Diff {
    pub(crate) a: Vec<WorkloadRun>,
    pub(crate) b: Vec<WorkloadRun>,
    pub(crate) result: DiffResult,
    /// The difference in one sentence.
    pub(crate) text: String,
    /// The reason for the result; `None` if it needs none.
    pub(crate) why: Option<String>,
    /// The mean slot time of a run of A.
    pub(crate) a_slots: SlotTime,
    /// The mean slot time of a run of B.
    pub(crate) b_slots: SlotTime,
    /// The slot time of B minus that of A. The parts sum to the whole.
    pub(crate) slot_deltas: SlotTime,
    pub(crate) rows: Vec<DiffRow>,
    pub(crate) changed: Vec<ChangedCondition>,
}

impl Diff {
    /// Compares two groups of runs. If both sides have one run, the Pods of the runs are compared, and otherwise the runs.
    pub(crate) fn new(a: Vec<WorkloadRun>, b: Vec<WorkloadRun>, options: DiffOptions) -> Self {
        let DiffOptions { threshold } = options;
        let rows = match (&a[..], &b[..]) {
            ([a], [b]) => compare_pods(a, b, threshold, true),
            (a, b) => compare_runs(a, b, threshold),
        };
        let (a_slots, b_slots) = (mean_slots(&a), mean_slots(&b));
        let slot_deltas = subtract_slots(&a, &b);
        let (result, why) = judge(&a, &b, &rows, [&a_slots, &b_slots], threshold);
        let text = describe_difference(&a, &b, &rows, &slot_deltas, &a_slots);
        let changed = list_changed(&a, &b);
        Self { a, b, result, text, why, a_slots, b_slots, slot_deltas, rows, changed }
    }

    /// Whether both sides have enough runs for a claim about the groups.
    pub(crate) fn can_prove_versions(&self) -> bool {
        has_enough_runs(&self.a, &self.b)
    }

    /// Whether each side has a single run, so that Pods were compared.
    pub(crate) fn compares_pods(&self) -> bool {
        self.a.len() == 1 && self.b.len() == 1
    }
}
