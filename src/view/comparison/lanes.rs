//! Both sides of a comparison as lanes on one axis.

use crate::timeline::comparison::{Diff, WorkloadRun};
use crate::view::chart::axis::Axis;
use crate::view::chart::labels::Labels;
use crate::view::comparison::lane::RunLane;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text;
use crate::view::rows::slot_time::segment::Segment;

/// The maximum number of lines of a lane.
const MAX_HEIGHT: usize = 5;

/// The maximum number of lanes of a side. With more runs a side, the first ones are drawn.
const MAX_LANES: usize = 4;

/// The width of the names of the lanes.
const NAME_COLUMNS: usize = 4;

/// Draws the lanes of all runs, the axis, and the legend. Empty if no phases are known.
pub(crate) fn draw_lanes(diff: &Diff, glyphs: &Glyphs, columns: usize) -> Vec<Line> {
    let named = |side: &'static str, runs: &[WorkloadRun]| -> Vec<(String, usize)> {
        let name =
            |index: usize| if runs.len() == 1 { side.to_owned() } else { format!("{side}{}", index + 1) };
        (0..runs.len().min(MAX_LANES)).map(|index| (name(index), index)).collect()
    };
    let sides = [("A", &diff.a), ("B", &diff.b)];
    let runs: Vec<(String, &WorkloadRun)> = sides
        .into_iter()
        .flat_map(|(side, runs)| named(side, runs).into_iter().map(|(name, index)| (name, &runs[index])))
        .collect();
    let ends = runs.iter().flat_map(|(_, run)| run.spans.iter().filter_map(|span| span.end));
    let walls = runs.iter().map(|(_, run)| run.wall_millis());
    let Some(end) = ends.chain(walls).max() else { return Vec::new() };
    let axis = Axis::new(0, end, columns.saturating_sub(NAME_COLUMNS), Labels::Relative);
    let of_runs: Vec<(&String, RunLane)> =
        runs.iter().map(|(name, run)| (name, RunLane::new(&run.spans, &axis))).collect();
    let max = of_runs.iter().map(|(_, lane)| lane.max()).fold(0.0, f64::max);
    if max <= 0.0 {
        return Vec::new();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of Pods")]
    let height = (max.ceil() as usize).clamp(1, MAX_HEIGHT);
    let mut lines = Vec::new();
    let mut segments: Vec<Segment> = Vec::new();
    for (name, lane) in &of_runs {
        segments.extend(lane.segments());
        for (level, drawn) in lane.draw(height, max, glyphs).into_iter().enumerate() {
            let name = if level == 0 { name.as_str() } else { "" };
            let mut line = Line::new(text::pad_right(name, NAME_COLUMNS), Style::Strong);
            drawn.spans.into_iter().for_each(|span| line.push(span.text, span.style));
            lines.push(line);
        }
    }
    lines.push(draw_axis(&axis));
    lines.push(draw_legend(segments, glyphs, columns));
    lines
}

fn draw_axis(axis: &Axis) -> Line {
    let mut line = " ".repeat(NAME_COLUMNS);
    for tick in axis.ticks() {
        line = text::pad_right(&line, NAME_COLUMNS + tick.column);
        line.push_str(&tick.label);
    }
    Line::new(line, Style::Dim)
}

fn draw_legend(mut segments: Vec<Segment>, glyphs: &Glyphs, columns: usize) -> Line {
    segments.sort_unstable();
    segments.dedup();
    let mut line = Line::default();
    for segment in segments {
        let (glyph, style) = segment.appearance(glyphs);
        let gap = if line.spans.is_empty() { "" } else { "  " };
        if line.width() + gap.len() + 2 + segment.name().len() > columns {
            break;
        }
        line.push(gap, Style::Dim);
        line.push(glyph, style);
        line.push(format!(" {}", segment.name()), Style::Dim);
    }
    line
}
