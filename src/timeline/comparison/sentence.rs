//! The sentence that sums up a comparison.

use crate::lifecycle::{PhaseKind, format_elapsed_millis};
use crate::timeline::comparison::change_text::{ChangeUnit, describe_size};
use crate::timeline::comparison::rounded_slots::RoundedSlots;
use crate::timeline::comparison::row_subject::RowSubject;
use crate::timeline::comparison::rows::{DiffRow, RowMark};
use crate::timeline::comparison::run::WorkloadRun;
use crate::timeline::reports::findings::number_text::{mean, to_percent};
use crate::timeline::reports::slots::slot_time::SlotTime;

/// The maximum number of phases that the sentence names besides the work.
const MAX_PHASES: usize = 2;

/// A phase is named if its slot time changed by at least this percentage of the whole slot time.
const MIN_PERCENT: i64 = 2;

/// The name of a phase in tables.
pub(crate) fn phase_name(kind: PhaseKind) -> &'static str {
    match kind {
        PhaseKind::Queued => "queued",
        PhaseKind::Setup => "setup",
        PhaseKind::Pulling => "pull",
        PhaseKind::PullFailing => "failing pull",
        PhaseKind::Initializing => "init",
        PhaseKind::Starting => "start",
        PhaseKind::Startup => "cold start",
        PhaseKind::Unready => "not ready",
        PhaseKind::Running => "work",
        PhaseKind::BackOff => "back-off",
        PhaseKind::Terminating => "terminating",
        PhaseKind::Unknown => "unknown",
    }
}

/// The name of a row in tables and sentences.
pub(crate) fn row_name(subject: RowSubject) -> &'static str {
    match subject {
        RowSubject::Phase(kind) => phase_name(kind),
        RowSubject::ColdStart => "cold start",
        RowSubject::Wall => "wall time",
    }
}

/// The words for the slot time of a phase, as the subject of `58s less`.
fn subject_of_phase(kind: PhaseKind) -> &'static str {
    match kind {
        PhaseKind::Queued => "queue",
        PhaseKind::Pulling => "pulls",
        PhaseKind::PullFailing => "failing pulls",
        PhaseKind::Setup
        | PhaseKind::Initializing
        | PhaseKind::Starting
        | PhaseKind::Startup
        | PhaseKind::Unready
        | PhaseKind::Running
        | PhaseKind::BackOff
        | PhaseKind::Terminating
        | PhaseKind::Unknown => phase_name(kind),
    }
}

/// Writes the sentence: `B took 3m08s, A 4m10s: 25 % less; pulls 58s less, work the same, one straggler gone`.
pub(crate) fn describe_difference(
    a: &[WorkloadRun],
    b: &[WorkloadRun],
    rows: &[DiffRow],
    deltas: &SlotTime,
    a_slots: &SlotTime,
) -> String {
    let [wall_a, wall_b] =
        [a, b].map(|runs| mean(runs.iter().map(WorkloadRun::wall_millis).sum(), runs.len()));
    let percent = to_percent(wall_b.abs_diff(wall_a).cast_signed(), wall_a);
    let change = match percent {
        0 => "the same".to_owned(),
        _ => format!("{percent} % {}", less_or_more(wall_b - wall_a)),
    };
    let averages = if a.len() == 1 && b.len() == 1 { "" } else { " on average" };
    let (long_a, long_b) = (format_elapsed_millis(wall_a), format_elapsed_millis(wall_b));
    let mut parts = describe_phases(deltas, a_slots);
    parts.push(describe_work(rows, &RoundedSlots::new(deltas)));
    if let ([a], [b]) = (a, b) {
        parts.extend(describe_count(a.stragglers, b.stragglers, "straggler"));
        parts.extend(describe_count(a.failed, b.failed, "failed try"));
    }
    format!("B took {long_b}{averages}, A {long_a}: {change}; {}", parts.join(", "))
}

/// The largest changes of slot time besides the work.
fn describe_phases(deltas: &SlotTime, a_slots: &SlotTime) -> Vec<String> {
    let rounded = RoundedSlots::new(deltas);
    let phases = deltas.phases.iter().filter(|(kind, _)| *kind != PhaseKind::Running);
    let mut changes: Vec<(&str, i64, i64)> =
        phases.map(|(kind, &millis)| (subject_of_phase(kind), millis, rounded.phases[kind])).collect();
    changes.push(("idle slots", deltas.idle, rounded.idle));
    let whole = a_slots.total.max(a_slots.total.saturating_add(deltas.total));
    changes.retain(|(_, millis, units)| to_percent(millis.abs(), whole) >= MIN_PERCENT && *units != 0);
    changes.sort_by_key(|(_, millis, _)| -millis.abs());
    changes.truncate(MAX_PHASES);
    let words = changes.into_iter().map(|(name, _, units)| describe_change(name, rounded.unit, units));
    words.collect()
}

fn describe_work(rows: &[DiffRow], rounded: &RoundedSlots) -> String {
    let units = rounded.phases[PhaseKind::Running];
    let row = rows.iter().find(|row| row.subject == RowSubject::Phase(PhaseKind::Running));
    match row.map(|row| row.mark) {
        Some(Some(RowMark::NoDifference)) => "work the same".to_owned(),
        Some(Some(RowMark::TooFew) | None) | None if units == 0 => "work the same".to_owned(),
        Some(Some(RowMark::TooFew) | None) | None => describe_change("work", rounded.unit, units),
    }
}

/// `pulls 58s less`.
fn describe_change(name: &str, unit: ChangeUnit, units: i64) -> String {
    format!("{name} {} {}", describe_size(unit, units), less_or_more(units))
}

/// `one straggler gone`, `3 stragglers more`; `None` if the number has not changed.
fn describe_count(a: usize, b: usize, noun: &str) -> Option<String> {
    let change = if b < a { "gone" } else { "more" };
    let plural = if noun.ends_with("try") { "failed tries".to_owned() } else { format!("{noun}s") };
    match a.abs_diff(b) {
        0 => None,
        1 => Some(format!("one {noun} {change}")),
        count => Some(format!("{count} {plural} {change}")),
    }
}

fn less_or_more(difference: i64) -> &'static str {
    if difference < 0 { "less" } else { "more" }
}
