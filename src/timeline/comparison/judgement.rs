//! The result of a comparison: same, different, or impossible to judge.

use std::collections::BTreeSet;

use crate::lifecycle::PhaseKind;
use crate::timeline::comparison::row_subject::RowSubject;
use crate::timeline::comparison::rows::{DiffRow, RowMark, has_enough_runs};
use crate::timeline::comparison::run::WorkloadRun;
use crate::timeline::comparison::sentence::row_name;
use crate::timeline::reports::findings::number_text::to_percent;
use crate::timeline::reports::slots::slot_time::SlotTime;

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiffResult {
    Same,
    Different,
    CannotJudge,
}

impl DiffResult {
    /// The value of `result` in the document.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::CannotJudge => "cannotJudge",
        }
    }
}

/// Judges two groups of runs, with the reason. The first rule that holds decides: a run is partial; both sides are the
/// same run; the outcomes differ,
/// or a row proves a difference; rows with too few values hold more of the slot time than the threshold; otherwise the
/// runs are the same.
pub(crate) fn judge(
    a: &[WorkloadRun],
    b: &[WorkloadRun],
    rows: &[DiffRow],
    slots: [&SlotTime; 2],
    threshold: f64,
) -> (DiffResult, Option<String>) {
    if let Some(why) = describe_partial(a, b) {
        return (DiffResult::CannotJudge, Some(why));
    }
    if let ([a], [b]) = (a, b)
        && a.uid == b.uid
        && !a.uid.is_empty()
    {
        return (DiffResult::Same, Some("A and B are the same run".to_owned()));
    }
    let [outcomes_a, outcomes_b] = [a, b].map(outcomes);
    if outcomes_a != outcomes_b {
        let why = format!("A {}, B {}", join_and(&outcomes_a), join_and(&outcomes_b));
        return (DiffResult::Different, Some(why));
    }
    let proved = names_of(rows.iter().filter(|row| row.is_proved));
    if !proved.is_empty() {
        let verb = if proved.len() == 1 { "differs" } else { "differ" };
        let claim = if has_enough_runs(a, b) { " significantly" } else { "" };
        return (DiffResult::Different, Some(format!("{} {verb}{claim}", join_and(&proved))));
    }
    let too_few: Vec<&DiffRow> = rows.iter().filter(|row| row.mark == Some(RowMark::TooFew)).collect();
    let unjudged = |slots: &SlotTime| too_few.iter().map(|row| slot_millis(slots, row.subject)).sum::<i64>();
    let is_much = |slots: &SlotTime| {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
        let limit = slots.total as f64 * threshold;
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
        let is_much = unjudged(slots) as f64 > limit;
        is_much
    };
    if slots.into_iter().any(is_much) {
        let percent = slots.map(|slots| to_percent(unjudged(slots), slots.total)).into_iter().max();
        let with_time = too_few
            .iter()
            .copied()
            .filter(|row| slots.into_iter().any(|slots| slot_millis(slots, row.subject) > 0));
        let names = join_and(&names_of(with_time));
        let unit = if a.len() == 1 && b.len() == 1 { "Pods" } else { "runs" };
        let verb = if too_few.len() == 1 { "has" } else { "have" };
        let why = format!(
            "{names} {verb} too few {unit} to compare, and up to {} % of the slot time",
            percent.unwrap_or(0)
        );
        return (DiffResult::CannotJudge, Some(why));
    }
    (DiffResult::Same, describe_same(a, b, rows, threshold))
}

/// The reason why the result is `same` although a row without the correction, or the wall time, differs.
fn describe_same(a: &[WorkloadRun], b: &[WorkloadRun], rows: &[DiffRow], threshold: f64) -> Option<String> {
    let unproved = names_of(rows.iter().filter(|row| row.mark.is_none()));
    if !unproved.is_empty() {
        let verb = if unproved.len() == 1 { "differs" } else { "differ" };
        let names = join_and(&unproved);
        return Some(format!("{names} {verb} alone, but one of {} rows may do so by chance", rows.len()));
    }
    let ([a], [b]) = (a, b) else { return None };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
    let (wall_a, wall_b) = (a.wall_millis() as f64, b.wall_millis() as f64);
    ((wall_b - wall_a).abs() > threshold * wall_a.max(wall_b)).then(|| {
        "the Pods spent the same time in each phase; two runs cannot test the wall time and slots without a Pod"
            .to_owned()
    })
}

fn describe_partial(a: &[WorkloadRun], b: &[WorkloadRun]) -> Option<String> {
    let of_side = |side: &'static str, runs: &[WorkloadRun]| {
        let (run, why) = runs.iter().find_map(|run| Some((run, run.partial.as_ref()?)))?;
        let run = if runs.len() == 1 { String::new() } else { format!(" ({})", run.source.name()) };
        Some(format!("{side}{run} is known only in part: {why}"))
    };
    of_side("A", a).or_else(|| of_side("B", b))
}

fn outcomes(runs: &[WorkloadRun]) -> Vec<String> {
    let outcomes: BTreeSet<String> = runs.iter().map(|run| run.state.name().to_lowercase()).collect();
    outcomes.into_iter().collect()
}

/// The slot time that a row is about.
fn slot_millis(slots: &SlotTime, subject: RowSubject) -> i64 {
    match subject {
        RowSubject::Phase(kind) => slots.phases[kind],
        RowSubject::ColdStart => PhaseKind::ALL
            .into_iter()
            .filter(|kind| kind.is_cold_start())
            .map(|kind| slots.phases[kind])
            .sum(),
        RowSubject::Wall => slots.total,
    }
}

fn names_of<'a>(rows: impl Iterator<Item = &'a DiffRow>) -> Vec<String> {
    rows.map(|row| row_name(row.subject).to_owned()).collect()
}

/// `pull`, `pull and work`, `pull, start and work`.
fn join_and(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
