//! The time axis: maps milliseconds to columns, chooses readable ticks, and grows in steps so that bars do not move in
//! every frame.

use std::ops::Range;

use crate::view::chart::labels::{DAY, HOUR, Labels, MINUTE, SECOND};
use crate::view::primitives::duration::format_elapsed_millis;
use crate::view::primitives::text;

/// The minimum number of blanks between two labels.
const LABEL_GAP: usize = 3;

/// The possible distances between ticks, in milliseconds. People can read the times of such ticks easily.
const STEPS: [i64; 32] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    30 * DAY,
    90 * DAY,
    365 * DAY,
];

/// The lengths of a growing axis, in seconds, then in tens of seconds, and so on. Each length is about a fifth longer
/// than the length before, so that bars keep their position for a while and little room stays empty.
const SPANS: [i64; 13] = [10, 12, 15, 18, 22, 26, 31, 37, 44, 53, 63, 75, 90];

/// A stretch of time on a number of columns. Times are milliseconds since a zero that the caller chooses.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    start: i64,
    span: i64,
    columns: usize,
    labels: Labels,
    breaks: Vec<Break>,
}

/// A stretch of time that is cut out of the axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Break {
    from: i64,
    to: i64,
    /// The label that replaces the stretch.
    pub(crate) label: String,
    /// The first column of the label.
    pub(crate) column: usize,
}

/// A labelled column of the axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tick {
    /// The column at which the label begins.
    pub column: usize,
    /// The text of the label.
    pub label: String,
}

impl Axis {
    /// An axis from `start` to `end`. If the end is not after the start, the axis is one second long.
    pub(crate) fn new(start: i64, end: i64, columns: usize, labels: Labels) -> Self {
        let span = end.saturating_sub(start);
        Self {
            start,
            span: if span > 0 { span } else { SECOND },
            columns: columns.max(1),
            labels,
            breaks: Vec::new(),
        }
    }

    /// Cuts these stretches out of the axis. The stretches must be in order. A label with the length of the stretch
    /// replaces each stretch. A stretch is not cut if the labels would take more than half of the columns.
    pub(crate) fn without(mut self, gaps: &[(i64, i64)]) -> Self {
        for &(from, to) in gaps {
            let label = format!("//{}//", format_elapsed_millis(to.saturating_sub(from)));
            let taken: usize = self.breaks.iter().map(|cut| text::width(&cut.label)).sum();
            if (taken + text::width(&label)) * 2 <= self.columns {
                self.breaks.push(Break { from, to, label, column: 0 });
            }
        }
        for index in 0..self.breaks.len() {
            self.breaks[index].column = to_cell(self.position(self.breaks[index].from));
        }
        self
    }

    /// The stretches that are cut out.
    pub(crate) fn breaks(&self) -> &[Break] {
        &self.breaks
    }

    /// The number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// The position of a time, from 0 to the number of columns. A time outside the axis has the position of the nearer
    /// end.
    #[expect(clippy::cast_precision_loss, reason = "2^53 ms are 285,000 years")]
    pub(crate) fn position(&self, at: i64) -> f64 {
        let columns = self.columns as f64;
        if self.breaks.is_empty() {
            return (at.saturating_sub(self.start) as f64 / self.span as f64 * columns).clamp(0.0, columns);
        }
        let cut: i64 = self.breaks.iter().map(|cut| cut.to - cut.from).sum();
        let taken: usize = self.breaks.iter().map(|cut| text::width(&cut.label)).sum();
        let scale = (columns - to_position(taken)) / self.span.saturating_sub(cut).max(1) as f64;
        let mut position = at.saturating_sub(self.start) as f64 * scale;
        for cut in &self.breaks {
            // Times inside a gap are spread over the columns of its label.
            let inside = at.clamp(cut.from, cut.to) - cut.from;
            let share = inside as f64 / (cut.to - cut.from).max(1) as f64;
            position += share * text::width(&cut.label) as f64 - inside as f64 * scale;
        }
        position.clamp(0.0, columns)
    }

    /// Whether the axis shows any part of an interval.
    pub(crate) fn shows(&self, start: i64, end: i64) -> bool {
        end >= self.start && start <= self.start.saturating_add(self.span)
    }

    /// The time at the middle of a cell, in milliseconds.
    pub(crate) fn time_at(&self, cell: usize) -> i64 {
        if !self.breaks.is_empty() {
            // Searches for the last time before the middle of the cell.
            let (mut low, mut high) = (self.start, self.start.saturating_add(self.span));
            while high - low > 1 {
                let middle = low.midpoint(high);
                if self.position(middle) < to_position(cell) + 0.5 { low = middle } else { high = middle }
            }
            return low;
        }
        let columns = i128::from(to_millis(self.columns));
        let cell = i128::from(to_millis(cell.min(self.columns - 1)));
        let passed = i128::from(self.span) * (2 * cell + 1) / (2 * columns);
        self.start.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    /// The cell that contains a time.
    pub(crate) fn cell_at(&self, at: i64) -> usize {
        to_cell(self.position(at)).min(self.columns - 1)
    }

    /// The cells that an interval touches. An interval without a length touches one cell.
    pub(crate) fn cells_of(&self, start: i64, end: i64) -> Range<usize> {
        let first = self.cell_at(start);
        let last = self.cell_at(end);
        // An interval that ends on the border of two cells does not touch the second one.
        let ends_on_border = self.position(end) <= to_position(last);
        first..(if ends_on_border { last } else { last + 1 }).max(first + 1)
    }

    /// The ticks, from left to right. The labels do not touch each other and do not extend beyond the axis.
    pub(crate) fn ticks(&self) -> Vec<Tick> {
        for step in STEPS {
            // Skips a step with too many ticks early, because a label is at least two columns wide.
            let cut: i64 = self.breaks.iter().map(|cut| cut.to - cut.from).sum();
            if (self.span - cut) / step > to_millis(self.columns / (2 + LABEL_GAP) + 1) {
                continue;
            }
            if let Some(ticks) = self.ticks_every(step) {
                return ticks;
            }
        }
        Vec::new()
    }

    /// The ticks at multiples of `step`. `None` if the labels would touch each other.
    fn ticks_every(&self, step: i64) -> Option<Vec<Tick>> {
        let offset = self.labels.clock_offset();
        // Near the ends of the numbers, the start of the axis is the first tick.
        let steps_before = |start: i64| Some(start.checked_add(offset)?.div_euclid(step));
        let first = steps_before(self.start).and_then(|steps| steps.checked_mul(step)?.checked_sub(offset));
        let first = first.unwrap_or(self.start);
        let mut ticks: Vec<Tick> = Vec::new();
        let mut free = 0;
        let mut at = first;
        while at < self.start.saturating_add(self.span) {
            if let Some(cut) = self.breaks.iter().find(|cut| (cut.from..cut.to).contains(&at)) {
                // Continues with the first tick behind the gap.
                at = at.saturating_add(((cut.to - at) / step + 1).saturating_mul(step));
                continue;
            }
            if at >= self.start {
                let tick = Tick { column: self.cell_at(at), label: self.labels.format(at, step, self.span) };
                let width = text::width(&tick.label);
                let at_break = self.breaks.iter().any(|cut| {
                    let behind = cut.column + text::width(&cut.label);
                    tick.column + width + 1 > cut.column && tick.column < behind + 1
                });
                if at_break {
                    at = at.saturating_add(step);
                    continue;
                }
                if tick.column < free {
                    return None;
                }
                free = tick.column + width + LABEL_GAP;
                if tick.column + width <= self.columns {
                    ticks.push(tick);
                }
            }
            at = at.saturating_add(step);
        }
        ticks.extend(self.breaks.iter().map(|cut| Tick { column: cut.column, label: cut.label.clone() }));
        ticks.sort_by_key(|tick| tick.column);
        Some(ticks)
    }
}

/// The length of a growing axis that must show `elapsed` milliseconds. The length is at least ten seconds. The axis has
/// one of a few lengths, so that its length stays the same for a while.
pub(crate) fn growing_length(elapsed: i64) -> i64 {
    let mut unit = SECOND;
    while unit < i64::MAX / 1_000 {
        for span in SPANS {
            let span = unit * span;
            // The mark of now needs room before the end of the axis.
            if span - span / 50 > elapsed {
                return span;
            }
        }
        unit *= 10;
    }
    i64::MAX / 2
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positions lie in [0, columns]")]
fn to_cell(position: f64) -> usize {
    position as usize
}

#[expect(clippy::cast_precision_loss, reason = "a column is a small number")]
fn to_position(cell: usize) -> f64 {
    cell as f64
}

fn to_millis(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;

    fn line(axis: &Axis) -> String {
        let mut line = String::new();
        for tick in axis.ticks() {
            line = text::pad_right(&line, tick.column);
            line.push_str(&tick.label);
        }
        line
    }

    fn relative_line(end: i64, columns: usize) -> String {
        line(&Axis::new(0, end, columns, Labels::Relative))
    }

    #[test]
    fn ticks_are_readable() {
        assert_eq!(relative_line(30_000, 60), "0s        5s        10s       15s       20s       25s");
        assert_eq!(relative_line(30_000, 20), "0s    10s    20s");
        assert_eq!(relative_line(2_000, 40), "0s        0.5s      1s        1.5s");
        assert_eq!(relative_line(600_000, 40), "0s      2m      4m      6m      8m");
        assert_eq!(relative_line(5 * HOUR, 40), "0s      1h      2h      3h      4h");
        assert_eq!(relative_line(100_000, 50), "0s     15s     30s    45s     1m     1m15s   1m30s");
    }

    #[test]
    fn clock_times_fall_on_whole_units() {
        let zero: Timestamp = "2026-09-21T12:49:14.3Z".parse().unwrap();
        let labels = Labels::Clock(zero, TimeZone::fixed(jiff::tz::offset(2)));
        assert_eq!(
            line(&Axis::new(0, 30_000, 60, labels.clone())),
            "           14:49:20            14:49:30            14:49:40"
        );
        assert_eq!(
            line(&Axis::new(0, 5 * HOUR, 60, labels)),
            "  15:00       16:00       17:00       18:00       19:00"
        );
    }

    #[test]
    fn the_labels_of_a_zoomed_axis_differ() {
        let zoomed = |start, span, labels| line(&Axis::new(start, start + span, 60, labels));
        assert_eq!(
            zoomed(65_000, 2_000, Labels::Relative),
            "1m05s          1m05.5s        1m06s          1m06.5s"
        );
        assert_eq!(
            zoomed(HOUR + 5_000, 2_000, Labels::Relative),
            "1h00m05s       1h00m05.5s     1h00m06s       1h00m06.5s"
        );
        assert_eq!(
            zoomed(DAY + HOUR, 2 * HOUR, Labels::Relative),
            "1d1h           1d1h30m        1d2h           1d2h30m"
        );
        let zero: Timestamp = "2026-09-21T12:00:00Z".parse().unwrap();
        for zone in [TimeZone::UTC, TimeZone::fixed(jiff::tz::offset(-7))] {
            for labels in [Labels::Relative, Labels::Clock(zero, zone.clone())] {
                for start in [0, 59_000, HOUR - 7, DAY - MINUTE, 40 * DAY + 1] {
                    for span in (0..40).map(|power| 3_i64.pow(power / 2) * (1 + i64::from(power % 2))) {
                        let axis = Axis::new(start, start + span, 120, labels.clone());
                        let mut texts: Vec<String> =
                            axis.ticks().into_iter().map(|tick| tick.label).collect();
                        let count = texts.len();
                        texts.sort_unstable();
                        texts.dedup();
                        assert_eq!(texts.len(), count, "{start} {span} {texts:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_time_before_zero_has_a_sign() {
        let axis = Axis::new(-20_000, 40_000, 60, Labels::Relative);
        assert_eq!(line(&axis), "-20s      -10s      0s        10s       20s       30s");
    }

    #[test]
    fn the_label_of_a_gap_is_its_length() {
        let axis =
            Axis::new(0, 2 * HOUR + 60_000, 60, Labels::Relative).without(&[(40_000, 2 * HOUR + 20_000)]);
        assert_eq!(line(&axis), "0s                 30s   //1h59m//      2h00m30s");
        let mut last = -1.0;
        for at in (0..2 * HOUR + 60_000).step_by(997) {
            let position = axis.position(at);
            assert!(position > last && position <= 60.0, "{at} {position}");
            last = position;
        }
        for cell in 0..60 {
            assert_eq!(axis.cell_at(axis.time_at(cell)), cell);
        }
    }

    #[test]
    fn ticks_and_positions_stay_within_the_axis() {
        for end in [-5, 0, 1, 7, 999, 31_000, 86_399_999, i64::MAX] {
            for columns in [0, 1, 2, 13, 80, 300] {
                let axis = Axis::new(0, end, columns, Labels::Relative);
                let mut free = 0;
                for tick in axis.ticks() {
                    assert!(tick.column >= free, "{end} {columns} {tick:?}");
                    free = tick.column + text::width(&tick.label) + 1;
                    assert!(free <= axis.columns() + 1, "{end} {columns} {tick:?}");
                }
                let mut last = 0.0;
                for at in [i64::MIN, -1, 0, end / 3, end / 2, end, end.saturating_add(1), i64::MAX] {
                    let position = axis.position(at);
                    assert!(position.is_finite() && (0.0..=to_position(axis.columns())).contains(&position));
                    if at >= 0 && end > 0 {
                        assert!(position >= last, "{end} {columns} {at}");
                        last = position;
                    }
                }
            }
        }
    }

    #[test]
    fn every_interval_has_a_cell_and_neighbours_share_at_most_one() {
        let axis = Axis::new(0, 31_000, 57, Labels::Relative);
        let mut random: u64 = 1;
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from((random >> 33) % 40_000).unwrap() - 4_000
        };
        for _ in 0..10_000 {
            let mut times = [next(), next(), next()];
            times.sort_unstable();
            let [start, middle, end] = times;
            let (left, right) = (axis.cells_of(start, middle), axis.cells_of(middle, end));
            assert!(!left.is_empty() && !right.is_empty());
            assert!(
                left.start <= right.start && left.end <= right.end && right.end <= axis.columns(),
                "{times:?}"
            );
            assert!(left.end <= right.start + 1, "{times:?}");
        }
    }

    #[test]
    fn a_growing_axis_changes_its_length_rarely() {
        let spans: Vec<i64> = (0..200).map(|second| growing_length(second * SECOND)).collect();
        let steps = spans.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(steps <= 20, "{steps} steps in 200 s");
        for (elapsed, &span) in (0..).zip(&spans) {
            assert!(
                span > elapsed * SECOND && (span <= 10 * SECOND || span <= elapsed * SECOND * 130 / 100),
                "{elapsed} {span}"
            );
        }
        assert!(growing_length(i64::MAX) > 0);
    }
}
