//! The row of a workload itself. It shows when the workload created no Pods, because it was suspended or its Pods were
//! refused.

use jiff::Timestamp;

use crate::timeline::{Hold, Workload};
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
    let millis = |at: Timestamp| at.as_millisecond().saturating_sub(span.shared_zero());
    let holds: Vec<_> = holds_with_ends(context, workload)
        .map(|(hold, start, end)| (hold, millis(start), millis(end)))
        .filter(|&(_, start, end)| axis.shows(start, end))
        .collect();
    let is_open = holds.last().is_some_and(|(hold, ..)| !hold.ended);
    let stretches = holds.iter().map(|&(_, start, end)| (start, end));
    let mut bar = Bar::from_stretches(stretches, CellMark::Held, axis, is_open);
    for &(hold, start, end) in &holds {
        let time = hold.duration(context.now).map(duration::format_elapsed).unwrap_or_default();
        let words = format!("{} {time}", text::clean(&hold.reason));
        let end = axis.cells_of(start, end).end;
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
