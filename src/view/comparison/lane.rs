//! A lane: how many Pods of a run were in each phase over time, as a stack of cells.

use crate::lifecycle::{ByPhase, PhaseKind, PhaseSpan};
use crate::view::chart::axis::Axis;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::rows::slot_time::segment::Segment;
use crate::view::rows::slot_time::shares::divide_in_proportion;

/// The mean number of Pods in each phase, for each cell of an axis.
pub(crate) struct RunLane {
    cells: Vec<ByPhase<f64>>,
}

impl RunLane {
    /// Computes the lane of these phases. Times are in milliseconds since the creation of the run.
    pub(crate) fn new(spans: &[PhaseSpan], axis: &Axis) -> Self {
        let mut cells = vec![ByPhase::<f64>::default(); axis.columns()];
        for span in spans {
            let (from, to) = (axis.position(span.start), axis.position(span.end.unwrap_or(span.start)));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positions lie between 0 and the number of columns"
            )]
            let (first, last) = (from as usize, to.ceil() as usize);
            for (index, cell) in cells.iter_mut().enumerate().take(last).skip(first) {
                #[expect(clippy::cast_precision_loss, reason = "a column is a small number")]
                let start = index as f64;
                cell[span.kind] += (to.min(start + 1.0) - from.max(start)).max(0.0);
            }
        }
        Self { cells }
    }

    /// The highest mean number of Pods in a cell.
    pub(crate) fn max(&self) -> f64 {
        self.cells.iter().map(|cell| cell.values().sum::<f64>()).fold(0.0, f64::max)
    }

    /// Draws the lane in `height` lines, of which a full stack of cells stands for `max` Pods.
    pub(crate) fn draw(&self, height: usize, max: f64, glyphs: &Glyphs) -> Vec<Line> {
        let stacks: Vec<Vec<(char, Style)>> =
            self.cells.iter().map(|cell| draw_stack(cell, height, max, glyphs)).collect();
        let line_at = |level: usize| {
            let mut line = Line::default();
            for stack in &stacks {
                let (glyph, style) = stack.get(level).copied().unwrap_or((' ', Style::Text));
                line.push(glyph.to_string(), style);
            }
            line
        };
        (0..height).rev().map(line_at).collect()
    }

    /// The parts of the stacks, in the order of the stacks.
    pub(crate) fn segments(&self) -> Vec<Segment> {
        let has_time =
            |segment: &Segment| self.cells.iter().any(|cell| segment.phases().any(|kind| cell[kind] > 0.0));
        let mut segments: Vec<Segment> =
            Segment::ALL.into_iter().filter(has_time).map(Segment::in_bar).collect();
        segments.dedup();
        segments
    }
}

/// The cells of a stack from the bottom to the top: work first, the wait for a node last.
fn draw_stack(cell: &ByPhase<f64>, height: usize, max: f64, glyphs: &Glyphs) -> Vec<(char, Style)> {
    #[expect(clippy::cast_possible_truncation, reason = "thousandths of a number of Pods")]
    let thousandths = |kind: PhaseKind| (cell[kind] * 1_000.0) as i64;
    let times: Vec<i64> =
        Segment::ALL.into_iter().map(|segment| segment.phases().map(thousandths).sum()).collect();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "between 0 and the height"
    )]
    let filled = (cell.values().sum::<f64>() / max * height as f64).round() as usize;
    let mut stack = Vec::with_capacity(filled);
    for (segment, cells) in Segment::ALL.into_iter().zip(divide_in_proportion(&times, filled)) {
        stack.extend(std::iter::repeat_n(segment.appearance(glyphs), cells));
    }
    stack
}
