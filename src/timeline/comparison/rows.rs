//! The rows of a comparison: each one compares the times of one phase, or the wall times.

use crate::lifecycle::PhaseKind;
use crate::timeline::comparison::row_subject::RowSubject;
use crate::timeline::comparison::run::WorkloadRun;
use crate::timeline::statistics::{
    WelchTest, adjust_by_holm, bootstrap_median_difference, mann_whitney_p, median, welch_test,
};

/// A difference with a higher p-value may be chance.
pub(crate) const SIGNIFICANCE: f64 = 0.05;

/// With fewer Pods on a side, a rank test cannot prove a difference after the correction for several tests.
const MIN_PODS: usize = 6;

/// With fewer runs on a side, their differences among themselves are unknown.
pub(crate) const MIN_RUNS: usize = 3;

/// Why a row proves no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowMark {
    /// The difference may be chance, or is too small: `~`.
    NoDifference,
    /// There are too few values: `?`.
    TooFew,
}

/// A row of a comparison. Times are in milliseconds. With several runs a side, the values are those of the runs, and the
/// fields `a_median` and `b_median` hold the means of the runs' medians.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DiffRow {
    pub(crate) subject: RowSubject,
    pub(crate) a_count: usize,
    pub(crate) b_count: usize,
    pub(crate) a_median: Option<i64>,
    pub(crate) b_median: Option<i64>,
    /// The value of B minus the value of A.
    pub(crate) delta: Option<i64>,
    /// The 95 % range of the difference.
    pub(crate) range: Option<[i64; 2]>,
    pub(crate) p: Option<f64>,
    pub(crate) mark: Option<RowMark>,
    /// Whether the row proves a difference even among all tests of the comparison.
    pub(crate) is_proved: bool,
}

/// Compares the Pods of two runs, phase by phase. Without `with_ranges`, the ranges are left out, because they take most
/// of the time. `threshold` is the smallest difference that counts, as a fraction.
pub(crate) fn compare_pods(
    a: &WorkloadRun,
    b: &WorkloadRun,
    threshold: f64,
    with_ranges: bool,
) -> Vec<DiffRow> {
    let mut rows = Vec::new();
    for subject in list_subjects(&[a, b]) {
        let counts = [a, b].map(|run| run.samples.times(subject, false).len());
        if counts == [0, 0] {
            continue;
        }
        let is_rare = |with_zeros: bool| {
            let times = [a, b].map(|run| run.samples.times(subject, with_zeros));
            let medians = times.each_ref().map(|times| median(&mut times.clone()));
            (times, medians)
        };
        let (mut times, mut medians) = is_rare(false);
        let mut with_zeros = false;
        let lacks_values = |times: &[Vec<i64>; 2]| times.iter().any(|times| times.len() < MIN_PODS);
        if lacks_values(&times) && counts.iter().any(|&count| count >= MIN_PODS) {
            // One run has the phase often, the other one rarely. The phase is compared over all Pods.
            let (of_all, medians_of_all) = is_rare(true);
            if !lacks_values(&of_all)
                && medians_of_all.iter().any(|median| median.is_some_and(|time| time > 0))
            {
                (times, medians, with_zeros) = (of_all, medians_of_all, true);
            }
        }
        let delta = medians[0].zip(medians[1]).map(|(a, b)| b.saturating_sub(a));
        let p = mann_whitney_p(&times[0], &times[1]);
        let precision = a.samples.precision(subject).max(b.samples.precision(subject));
        let [by_node_a, by_node_b] = [a, b].map(|run| run.samples.times_by_node(subject, with_zeros));
        let mut row = DiffRow {
            subject,
            a_count: times[0].len(),
            b_count: times[1].len(),
            a_median: medians[0],
            b_median: medians[1],
            delta,
            range: with_ranges.then(|| bootstrap_median_difference(&by_node_a, &by_node_b)).flatten(),
            p,
            mark: None,
            is_proved: false,
        };
        row.mark = choose_mark(&row, MIN_PODS, threshold, precision);
        rows.push(row);
    }
    prove_rows(&mut rows);
    rows
}

/// Compares two groups of runs: their wall times, and the medians of each phase.
pub(crate) fn compare_runs(a: &[WorkloadRun], b: &[WorkloadRun], threshold: f64) -> Vec<DiffRow> {
    let all: Vec<&WorkloadRun> = a.iter().chain(b).collect();
    let mut rows = Vec::new();
    for subject in [RowSubject::Wall].into_iter().chain(list_subjects(&all)) {
        let values = |runs: &[WorkloadRun], with_zeros: bool| -> Vec<i64> {
            runs.iter().filter_map(|run| value_of_run(run, subject, with_zeros)).collect()
        };
        let mut sides = [values(a, false), values(b, false)];
        if sides.iter().all(Vec::is_empty) {
            continue;
        }
        if sides.iter().any(|side| side.len() < MIN_RUNS) && sides.iter().any(|side| side.len() >= MIN_RUNS) {
            sides = [values(a, true), values(b, true)];
        }
        let [means_a, means_b] = sides.each_ref().map(|side| mean_of(side));
        let [floats_a, floats_b] = sides.each_ref().map(|side| to_floats(side));
        let test = welch_test(&floats_a, &floats_b);
        let mut precisions: Vec<i64> = all.iter().map(|run| precision_of_run(run, subject)).collect();
        let mut row = DiffRow {
            subject,
            a_count: sides[0].len(),
            b_count: sides[1].len(),
            a_median: means_a,
            b_median: means_b,
            delta: means_a.zip(means_b).map(|(a, b)| b.saturating_sub(a)),
            range: test.map(|WelchTest { range, .. }| range.map(round_millis)),
            p: test.map(|test| test.p),
            mark: None,
            is_proved: false,
        };
        row.mark = choose_mark(&row, MIN_RUNS, threshold, median(&mut precisions).unwrap_or(0));
        rows.push(row);
    }
    prove_rows(&mut rows);
    rows
}

/// Whether both sides have enough runs for a claim about the groups.
pub(crate) fn has_enough_runs(a: &[WorkloadRun], b: &[WorkloadRun]) -> bool {
    a.len() >= MIN_RUNS && b.len() >= MIN_RUNS
}

/// The subjects of the rows, apart from the wall time. If the cold starts of a run cannot be split, the whole cold starts
/// are compared.
fn list_subjects(runs: &[&WorkloadRun]) -> Vec<RowSubject> {
    let is_unsplit = runs.iter().any(|run| run.samples.has_unsplit_cold_starts());
    let mut subjects: Vec<RowSubject> = Vec::new();
    for kind in PhaseKind::ALL {
        let subject =
            if is_unsplit && kind.is_cold_start() { RowSubject::ColdStart } else { RowSubject::Phase(kind) };
        if subjects.last() != Some(&subject) && !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    subjects
}

fn value_of_run(run: &WorkloadRun, subject: RowSubject, with_zeros: bool) -> Option<i64> {
    if subject == RowSubject::Wall {
        return Some(run.wall_millis());
    }
    let own = median(&mut run.samples.times(subject, false));
    own.or_else(|| median(&mut run.samples.times(subject, with_zeros)))
}

fn precision_of_run(run: &WorkloadRun, subject: RowSubject) -> i64 {
    if subject == RowSubject::Wall { WorkloadRun::wall_precision() } else { run.samples.precision(subject) }
}

/// Why a row proves no difference; `None` if it does.
fn choose_mark(row: &DiffRow, min_count: usize, threshold: f64, precision: i64) -> Option<RowMark> {
    let (Some(p), Some(delta)) = (row.p, row.delta) else { return Some(RowMark::TooFew) };
    if row.a_count.min(row.b_count) < min_count {
        return Some(RowMark::TooFew);
    }
    let largest = row.a_median.unwrap_or(0).max(row.b_median.unwrap_or(0));
    let is_small = to_float(delta).abs() < threshold * to_float(largest) || delta.abs() < precision;
    (p > SIGNIFICANCE || is_small || delta == 0).then_some(RowMark::NoDifference)
}

/// Finds the rows that prove a difference among all tests of the comparison.
fn prove_rows(rows: &mut [DiffRow]) {
    let tested = |row: &&mut DiffRow| row.mark != Some(RowMark::TooFew);
    let p_values: Vec<f64> = rows.iter_mut().filter(tested).map(|row| row.p.unwrap_or(1.0)).collect();
    let adjusted = adjust_by_holm(&p_values);
    for (row, p) in rows.iter_mut().filter(tested).zip(adjusted) {
        row.is_proved = row.mark.is_none() && p <= SIGNIFICANCE;
    }
}

fn mean_of(values: &[i64]) -> Option<i64> {
    let count = i64::try_from(values.len()).ok().filter(|count| *count > 0)?;
    Some((values.iter().sum::<i64>() + count / 2).div_euclid(count))
}

fn to_floats(values: &[i64]) -> Vec<f64> {
    values.iter().map(|value| to_float(*value)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
fn to_float(millis: i64) -> f64 {
    millis as f64
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of a run")]
fn round_millis(millis: f64) -> i64 {
    millis.round() as i64
}
