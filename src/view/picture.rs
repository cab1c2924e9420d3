//! A frame, and the positions on it that a surface needs in order to move in it.

use std::ops::Range;

use jiff::Timestamp;

use crate::lifecycle::Phase;
use crate::timeline::{PodKey, TimelinePod};
use crate::view::chart::span::TimeSpan;
use crate::view::primitives::frame::Frame;

/// A frame, and where on it is what.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// What is drawn. A line that is about one Pod says so itself.
    pub frame: Frame,
    /// The Pods that can be selected, in the order of the picture.
    pub pods: Vec<PodKey>,
    /// Where the bars are.
    pub bars: Option<Bars>,
    /// Cells that stand for a Pod each; of several Pods the first.
    pub cells: Vec<PodCell>,
    /// Pods to a line of cells; 1 where each Pod has a line.
    pub per_line: usize,
    /// The first row that is shown, where they scroll.
    pub first: usize,
    /// Pods without a row of their own.
    pub folded: usize,
    /// Pods that the filter lets through.
    pub found: usize,
}

/// A cell of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodCell {
    /// Line of the frame.
    pub line: usize,
    /// Column.
    pub column: usize,
    /// The Pod.
    pub pod: PodKey,
}

/// Where the bars are on the lines, and which time is where on them.
#[derive(Clone, Debug)]
pub struct Bars {
    /// Their first column.
    pub column: usize,
    /// How many columns they have.
    pub columns: usize,
    pub(crate) span: TimeSpan,
}

impl Bars {
    /// Begin and end of the axis, in milliseconds since its zero.
    pub fn stretch(&self) -> (i64, i64) {
        self.span.stretch()
    }

    /// Milliseconds since the axis' zero at a column of the line.
    pub fn time(&self, column: usize) -> i64 {
        self.span.axis(self.columns).time(column.saturating_sub(self.column))
    }

    /// Now, in milliseconds since the axis' zero.
    pub fn now(&self) -> i64 {
        self.span.now()
    }

    /// The columns of the line that a phase of the Pod takes; `None` if it is out of sight.
    pub fn columns_of(&self, pod: &TimelinePod, phase: usize) -> Option<Range<usize>> {
        let phase = pod.life.phases.get(phase)?;
        let (start, end) = self.times(pod, phase);
        let axis = self.span.axis(self.columns);
        if !axis.shows(start, end) {
            return None;
        }
        let cells = axis.cells(start, end);
        Some(cells.start + self.column..cells.end + self.column)
    }

    /// The place of the Pod's phase that is drawn at a column of the line, else of the nearest.
    pub fn phase_at(&self, pod: &TimelinePod, column: usize) -> Option<usize> {
        let at = column.checked_sub(self.column).filter(|&cell| cell < self.columns)?;
        let axis = self.span.axis(self.columns);
        let distance = |(_, phase): &(usize, &Phase)| {
            let (start, end) = self.times(pod, phase);
            let cells = axis.cells(start, end);
            let inside = cells.contains(&at);
            let away = if inside { 0 } else { at.abs_diff(cells.start).min(at.abs_diff(cells.end)) };
            // Of several in one cell the longest is the one that is seen there.
            (away, std::cmp::Reverse(end.saturating_sub(start)))
        };
        pod.life.phases.iter().enumerate().min_by_key(distance).map(|(place, _)| place)
    }

    /// The middle of a phase, in milliseconds since the axis' zero.
    pub fn middle_of(&self, pod: &TimelinePod, phase: usize) -> Option<i64> {
        let (start, end) = self.times(pod, pod.life.phases.get(phase)?);
        Some(start.midpoint(end))
    }

    /// The length of the whole time, in milliseconds.
    pub fn whole(&self) -> i64 {
        self.span.whole()
    }

    /// Begin and end of a phase since the axis' zero.
    fn times(&self, pod: &TimelinePod, phase: &Phase) -> (i64, i64) {
        let zero = self.span.zero(pod.overview());
        let start = phase.start.as_millisecond();
        let end = phase.end.map_or(self.span.clock().max(start), Timestamp::as_millisecond);
        (start.saturating_sub(zero), end.saturating_sub(zero))
    }
}
