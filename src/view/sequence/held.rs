//! The row of a workload itself. It shows when the workload created no Pods, because it was suspended or its Pods were
//! refused.

use jiff::Timestamp;

use crate::timeline::{HeldStretch, Hold, Workload, held_stretches};
use crate::view::chart::axis::Axis;
use crate::view::chart::bar::Bar;
use crate::view::chart::legend::LegendEntries;
use crate::view::chart::mark::CellMark;
use crate::view::chart::span::TimeSpan;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::{duration, text};
use crate::view::rows::explain;
use crate::view::sequence::layout::Layout;
use crate::view::state::Align;
use crate::view::view_context::ViewContext;

/// Whether the workload has such a row. Without a common clock for all bars, no workload has a row.
pub(crate) fn has_row(context: &ViewContext<'_>, workload: &Workload) -> bool {
    context.state.align == Align::Wall && holds_with_ends(context, workload).next().is_some()
}

/// The holds with their start and end. A hold without a known start, or with an unknown end, cannot be drawn.
fn holds_with_ends<'a>(
    context: &ViewContext<'_>,
    workload: &'a Workload,
) -> impl Iterator<Item = (&'a Hold, Timestamp, Timestamp)> {
    let now = context.now;
    workload.holds.iter().filter_map(move |hold| {
        let start = hold.start?.at;
        let end = if hold.ended { hold.end?.at } else { now };
        Some((hold, start, end.max(start)))
    })
}

/// A part of the row: a stretch of time with its reason.
struct HeldPart {
    reason: String,
    start: i64,
    end: i64,
    is_open: bool,
}

/// The parts of the row. The states of a queue divide the suspensions of a workload that waits there. `to_axis` converts
/// milliseconds since 1970 to the time of the axis.
fn held_parts(context: &ViewContext<'_>, workload: &Workload, to_axis: impl Fn(i64) -> i64) -> Vec<HeldPart> {
    if let Some(queue) = context.timeline.nearest_queue(workload) {
        let stretches = held_stretches(workload, Some(&queue), context.now);
        let to_part = |HeldStretch { reason, start, end, is_open }| HeldPart {
            reason: reason.words().to_owned(),
            start: to_axis(start),
            end: to_axis(end),
            is_open,
        };
        return stretches.into_iter().map(to_part).collect();
    }
    let to_part = |(hold, start, end): (&Hold, Timestamp, Timestamp)| HeldPart {
        reason: text::clean(&hold.reason).to_string(),
        start: to_axis(start.as_millisecond()),
        end: to_axis(end.as_millisecond()),
        is_open: !hold.ended,
    };
    holds_with_ends(context, workload).map(to_part).collect()
}

/// Adds the row, for example `held ‖‖‖‖‖▶ suspended 12s`. With `--explain`, the evidence for the start and the end of
/// each hold follows.
pub(crate) fn push_held_row(
    context: &ViewContext<'_>,
    workload: &Workload,
    layout: &Layout,
    axis: &Axis,
    span: &TimeSpan,
    legend: &mut LegendEntries,
    lines: &mut Vec<Line>,
) {
    let zero = span.shared_zero();
    let mut parts = held_parts(context, workload, |at| at.saturating_sub(zero));
    parts.retain(|part| axis.shows(part.start, part.end));
    let is_open = parts.last().is_some_and(|part| part.is_open);
    let stretches = parts.iter().map(|part| (part.start, part.end));
    let mut bar = Bar::from_stretches(stretches, CellMark::Held, axis, is_open);
    for part in &parts {
        let time = duration::format_elapsed_millis(part.end.saturating_sub(part.start).max(0));
        let words = format!("{} {time}", part.reason);
        let end = axis.cells_of(part.start, part.end).end;
        if !bar.add_label_behind(&words, Style::Warning, end) {
            bar.add_label_behind(&time, Style::Warning, end);
        }
    }
    let left = layout.left();
    let name = text::shorten_end("held", left, context.glyphs.ellipsis);
    let mut line = Line::new(text::pad_right(&name, left + layout.gap()), Style::Warning);
    bar.push_to(&mut line, context.glyphs, legend);
    lines.push(line.shorten_end(layout.columns, context.glyphs.ellipsis));
    if context.state.explain {
        lines.extend(explain::hold_lines(context, workload, layout.columns));
    }
}
