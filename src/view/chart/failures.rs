//! Marks in a bar where an attempt to pull an image failed, and where a run of a container failed.

use jiff::Timestamp;

use crate::lifecycle::{Lifecycle, Phase, PhaseKind};
use crate::view::chart::axis::Axis;
use crate::view::chart::mark::CellMark;

/// Marks each failed attempt and each failed run of a Pod: `▒✗~~~▒✗~~~`. A mark takes a cell of the wait that follows
/// the failure. The mark is left out if the failure and the end of the wait share one cell.
pub(crate) fn mark_failures(
    cells: &mut [CellMark],
    life: &Lifecycle,
    axis: &Axis,
    millis: &impl Fn(Timestamp) -> i64,
    now: Timestamp,
) {
    for (index, wait) in life.phases.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &life.phases[before]);
        let (failed, until) = (millis(wait.start), millis(wait.end.unwrap_or(now)));
        if !axis.shows(failed, failed) {
            continue;
        }
        let (failed, until) = (axis.cell_at(failed), axis.cell_at(until));
        match wait.kind {
            PhaseKind::PullFailing if wait.reason.is_some() => {
                let attempt = before.filter(|before| is_attempt(before)).map(|attempt| millis(attempt.start));
                let attempt = attempt.filter(|&start| axis.shows(start, start));
                mark_failed_pull(cells, attempt.map(|start| axis.cell_at(start)), failed, until);
            }
            PhaseKind::BackOff if life.is_back_off_after_failure(index) => {
                mark_failed_run(cells, failed, until);
            }
            PhaseKind::BackOff
            | PhaseKind::PullFailing
            | PhaseKind::Queued
            | PhaseKind::Setup
            | PhaseKind::Pulling
            | PhaseKind::Initializing
            | PhaseKind::Starting
            | PhaseKind::Startup
            | PhaseKind::Unready
            | PhaseKind::Running
            | PhaseKind::Terminating
            | PhaseKind::Unknown => {}
        }
    }
}

fn is_attempt(phase: &Phase) -> bool {
    phase.kind == PhaseKind::PullFailing && phase.reason.is_none()
}

/// Marks a failed pull. `attempt` is the first cell of the attempt, or `None` if no attempt is known. If there is room,
/// even a short attempt gets a cell of its own.
fn mark_failed_pull(cells: &mut [CellMark], attempt: Option<usize>, failed: usize, until: usize) {
    let is_pull =
        |mark: CellMark| matches!(mark, CellMark::PullAttempt | CellMark::Phase(PhaseKind::PullFailing));
    let first = attempt.unwrap_or(failed);
    let cells_left = until.saturating_sub(first);
    let mut mark = failed;
    if attempt.is_some() && cells_left >= 4 {
        // A neighbour that covers most of the first cell keeps it.
        if let Some(own) = (first..first + 2).find(|&cell| is_pull(cells[cell])) {
            cells[own] = CellMark::PullAttempt;
            mark = failed.max(own + 1);
        }
    }
    // A neighbour that covers most of the cell keeps it.
    let free = (mark..until.min(mark + 2)).find(|&cell| is_pull(cells[cell]));
    if let Some(cell) = free.filter(|_| cells_left >= 2) {
        cells[cell] = CellMark::Failed;
    }
}

/// Marks a failed run. The mark takes the first cell of the wait, or else the last cell of the work if the work has
/// another cell.
pub(crate) fn mark_failed_run(cells: &mut [CellMark], failed: usize, until: usize) {
    let wait = CellMark::Phase(PhaseKind::BackOff);
    let free = (failed..=until.min(failed + 1)).find(|&cell| cells.get(cell) == Some(&wait));
    let is_work = |cell: usize| cells.get(cell) == Some(&CellMark::FailedWork);
    let cell = free.or_else(|| {
        let before = failed.checked_sub(1).is_some_and(is_work);
        Some(failed).filter(|&failed| is_work(failed) && before)
    });
    if let Some(cell) = cell {
        cells[cell] = CellMark::Failed;
    }
}
