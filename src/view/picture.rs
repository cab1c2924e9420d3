//! A frame, and the positions in the frame that keys and mouse need.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::Phase;
use crate::timeline::{PodKey, TimelinePod};
use crate::view::chart::span::TimeSpan;
use crate::view::primitives::frame::{Frame, Line};

/// Takes finished lines out of the list while a picture is drawn, so that a large picture is never in memory as a
/// whole. Returns `Break` to end the drawing.
pub(crate) type FlushLines<'a> = dyn FnMut(&mut Vec<Line>) -> ControlFlow<()> + 'a;

/// A frame, with the positions of Pods and bars in it.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// The lines. The field `pod` of a line names the Pod that the line is about.
    pub frame: Frame,
    /// The Pods that can be selected, in the order of the picture.
    pub pods: Vec<PodKey>,
    /// The position of the bars and of the time axis.
    pub bars: Option<Bars>,
    /// The cells of the grid. A cell that stands for several Pods names the worst of them.
    pub cells: Vec<PodCell>,
    /// The rows of workloads that can be selected, in the order of the picture.
    pub workloads: Vec<WorkloadRow>,
    /// The number of cells in a line of the grid; 1 in the other views.
    pub cells_per_line: usize,
    /// The index of the first row that is shown, if the rows scroll.
    pub first_row: usize,
    /// The number of Pods without a row.
    pub folded: usize,
    /// The number of rows in trouble among the rows that the sequence view does not show.
    pub hidden_trouble: usize,
    /// The number of Pods that match the filter.
    pub found: usize,
}

impl Picture {
    /// Whether the picture has lines that a click can open.
    pub(crate) fn has_rows(&self) -> bool {
        !self.pods.is_empty()
            || !self.workloads.is_empty()
            || self.frame.lines.iter().any(|line| line.link.is_some())
    }
}

/// A row that stands for a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadRow {
    /// The index of the line in the frame.
    pub line: usize,
    /// The uid of the workload.
    pub uid: Arc<str>,
    /// The column at which the bar begins.
    pub bar_column: usize,
}

/// A cell of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodCell {
    /// The index of the line in the frame.
    pub line: usize,
    /// The first column of the cell in the line.
    pub column: usize,
    /// The number of columns of the cell.
    pub columns: usize,
    /// The Pod that a click on the cell selects.
    pub pod: PodKey,
}

/// The columns of the bars, and the time at each of them.
#[derive(Clone, Debug)]
pub struct Bars {
    /// The first column of the bars.
    pub column: usize,
    /// The number of columns of the bars.
    pub columns: usize,
    pub(crate) span: TimeSpan,
}

impl Bars {
    /// The start and the end of the axis, in milliseconds since its zero.
    pub fn shown_time(&self) -> (i64, i64) {
        self.span.shown_time()
    }

    /// The time at a column of the line, in milliseconds since the axis' zero.
    pub fn time_at(&self, column: usize) -> i64 {
        self.span.axis(self.columns).time_at(column.saturating_sub(self.column))
    }

    /// The time of the frame, in milliseconds since the axis' zero.
    pub fn now(&self) -> i64 {
        self.span.now()
    }

    /// The columns of the line that a phase of the Pod covers; `None` if the axis does not show that phase.
    pub fn columns_of_phase(&self, pod: &TimelinePod, phase: usize) -> Option<Range<usize>> {
        let phase = pod.life.phases.get(phase)?;
        let (start, end) = self.start_and_end(pod, phase);
        let axis = self.span.axis(self.columns);
        if !axis.shows(start, end) {
            return None;
        }
        let cells = axis.cells_of(start, end);
        Some(cells.start + self.column..cells.end + self.column)
    }

    /// The index of the Pod's phase at a column of the line, or of the nearest phase. `None` if the column is outside
    /// the bars, or if the Pod has no phases.
    pub fn phase_at(&self, pod: &TimelinePod, column: usize) -> Option<usize> {
        let at = column.checked_sub(self.column).filter(|&cell| cell < self.columns)?;
        let axis = self.span.axis(self.columns);
        let distance = |(_, phase): &(usize, &Phase)| {
            let (start, end) = self.start_and_end(pod, phase);
            let cells = axis.cells_of(start, end);
            let inside = cells.contains(&at);
            let away = if inside { 0 } else { at.abs_diff(cells.start).min(at.abs_diff(cells.end)) };
            // If several phases share a cell, the longest of these phases counts.
            (away, std::cmp::Reverse(end.saturating_sub(start)))
        };
        pod.life.phases.iter().enumerate().min_by_key(distance).map(|(index, _)| index)
    }

    /// The middle of a phase, in milliseconds since the axis' zero. `None` if the Pod has no such phase.
    pub fn middle_of_phase(&self, pod: &TimelinePod, phase: usize) -> Option<i64> {
        let (start, end) = self.start_and_end(pod, pod.life.phases.get(phase)?);
        Some(start.midpoint(end))
    }

    /// The length of the axis without zoom, in milliseconds.
    pub fn unzoomed_length(&self) -> i64 {
        self.span.unzoomed_length()
    }

    /// The start and the end of a phase, in milliseconds since the axis' zero.
    fn start_and_end(&self, pod: &TimelinePod, phase: &Phase) -> (i64, i64) {
        let zero = self.span.zero_of(pod.overview());
        let start = phase.start.as_millisecond();
        let end = phase.end.map_or(self.span.now_since_epoch().max(start), Timestamp::as_millisecond);
        (start.saturating_sub(zero), end.saturating_sub(zero))
    }
}
