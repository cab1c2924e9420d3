//! Parts of the axis with one mark, and the cells that show these parts.

use std::ops::Range;

use jiff::Timestamp;

use crate::lifecycle::Lifecycle;
use crate::view::chart::axis::Axis;
use crate::view::chart::family::PhaseFamily;
use crate::view::chart::mark::CellMark;

/// A part of the axis with one mark, in columns.
pub(crate) struct Stretch {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) mark: CellMark,
}

/// Shows stretches in cells, which were empty.
pub(crate) fn show_stretches(cells: &mut [CellMark], stretches: &[Stretch]) {
    fill(cells, stretches);
    keep_families(cells, stretches);
}

/// Gives each cell the mark with the largest share of the cell, if stretches cover at least half of the cell.
fn fill(cells: &mut [CellMark], stretches: &[Stretch]) {
    let mut best = vec![0.0_f64; cells.len()];
    let mut covered = vec![0.0_f64; cells.len()];
    for stretch in stretches {
        for cell in cells_between(stretch.start, stretch.end, cells.len()) {
            let left = position(cell).max(stretch.start);
            let share = (position(cell + 1).min(stretch.end) - left).max(0.0);
            covered[cell] += share;
            if share > best[cell] {
                best[cell] = share;
                cells[cell] = stretch.mark;
            }
        }
    }
    for (cell, covered) in cells.iter_mut().zip(covered) {
        if covered < 0.5 {
            *cell = CellMark::Empty;
        }
    }
    // A life that is shorter than half a cell still gets one cell.
    if cells.iter().all(|&cell| cell == CellMark::Empty)
        && let Some(longest) = stretches.iter().max_by(|a, b| (a.end - a.start).total_cmp(&(b.end - b.start)))
    {
        let cell = cells_between(longest.start, longest.start, cells.len()).start;
        cells[cell] = longest.mark;
    }
}

/// Gives a cell to each family of phases that lost all its cells to longer neighbours. A family gets no cell if its
/// phases are too short, or if the cell is the last cell of another mark.
fn keep_families(cells: &mut [CellMark], stretches: &[Stretch]) {
    for family in PhaseFamily::ALL {
        let is_family = |mark: CellMark| mark.family() == Some(family);
        let longest = stretches
            .iter()
            .filter(|stretch| is_family(stretch.mark))
            .max_by(|a, b| (a.end - a.start).total_cmp(&(b.end - b.start)));
        let is_long = |stretch: &&Stretch| stretch.end - stretch.start > family.min_columns();
        let Some(longest) = longest.filter(is_long) else {
            continue;
        };
        if cells.iter().any(|&cell| is_family(cell)) {
            continue;
        }
        let cell = cells_between(longest.start, longest.start, cells.len()).start;
        let taken = cells[cell];
        let others = cells.iter().filter(|&&other| other == taken).count();
        if taken == CellMark::Empty || others > 1 {
            cells[cell] = longest.mark;
        } else if family == PhaseFamily::Work && cells.get(cell + 1) == Some(&CellMark::Empty) {
            // The only cell of the cold start stays, and the short work gets the next cell.
            cells[cell + 1] = longest.mark;
        }
    }
}

/// The visible phases as stretches of the axis. An unknown stretch fills the time between two phases that do not meet.
pub(crate) fn to_stretches(
    life: &Lifecycle,
    axis: &Axis,
    millis: &impl Fn(Timestamp) -> i64,
    now: Timestamp,
) -> Vec<Stretch> {
    let mut stretches = Vec::with_capacity(life.phases.len() + 1);
    let mut known_until: Option<i64> = None;
    for (index, phase) in life.phases.iter().enumerate() {
        let start = millis(phase.start);
        if let Some(until) = known_until.filter(|&until| until < start && axis.shows(until, start)) {
            stretches.push(Stretch {
                start: axis.position(until),
                end: axis.position(start),
                mark: CellMark::Unknown,
            });
        }
        let end = match phase.end {
            Some(end) => millis(end),
            // A phase with an unknown end is shown only at its start.
            None if life.end_unknown => start,
            None => millis(now),
        };
        let end = end.max(start);
        let from = known_until.replace(end);
        if !axis.shows(start, end) {
            continue;
        }
        let mark = CellMark::from_phase(life, index);
        match stretches.last_mut() {
            // Phases that differ only in their reason look the same, so they are merged.
            Some(last) if last.mark == mark && from == Some(start) => last.end = axis.position(end),
            _ => stretches.push(Stretch { start: axis.position(start), end: axis.position(end), mark }),
        }
    }
    stretches
}

/// The cells that a stretch touches. A stretch without a length touches one cell.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positions lie in [0, columns]")]
pub(crate) fn cells_between(start: f64, end: f64, columns: usize) -> Range<usize> {
    let first = (start as usize).min(columns - 1);
    let end = (end.ceil() as usize).min(columns);
    first..end.max(first + 1)
}

#[expect(clippy::cast_precision_loss, reason = "a column is a small number")]
pub(crate) fn position(cell: usize) -> f64 {
    cell as f64
}
