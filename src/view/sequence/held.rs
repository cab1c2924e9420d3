//! The row of a workload itself: when it made no Pods, because it was suspended or because they were refused.

use jiff::Timestamp;

use super::super::explain;
use super::layout::Layout;
use crate::timeline::{Hold, Workload};
use crate::view::chart::axis::Axis;
use crate::view::chart::bar::Bar;
use crate::view::chart::legend::LegendEntries;
use crate::view::chart::mark::CellMark;
use crate::view::chart::span::TimeSpan;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::{duration, text};

use crate::view::state::Align;
use crate::view::view_context::ViewContext;

/// Whether there is such a row. Where each bar begins at its own zero, a workload has none.
pub(crate) fn is_there(context: &ViewContext<'_>, workload: &Workload) -> bool {
    context.state.align == Align::Wall && holds(context, workload).next().is_some()
}

/// Those that can be drawn: where a begin or an end is unknown nothing is drawn.
fn holds<'a>(
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

/// `held   ‖‖‖ suspended 12s ‖‖‖▶`, with `--explain` what its ends were read from.
pub(crate) fn draw(
    context: &ViewContext<'_>,
    workload: &Workload,
    layout: &Layout,
    axis: &Axis,
    span: &TimeSpan,
    seen: &mut LegendEntries,
    lines: &mut Vec<Line>,
) {
    let millis = |at: Timestamp| at.as_millisecond().saturating_sub(span.shared_zero());
    let list: Vec<_> = holds(context, workload)
        .map(|(hold, start, end)| (hold, millis(start), millis(end)))
        .filter(|&(_, start, end)| axis.shows(start, end))
        .collect();
    let open = list.last().is_some_and(|(hold, ..)| !hold.ended);
    let mut bar =
        Bar::of_stretches(list.iter().map(|&(_, start, end)| (start, end)), CellMark::Held, axis, open);
    for (place, &(hold, start, end)) in list.iter().enumerate() {
        let took = hold.duration(context.now).map(duration::so_far).unwrap_or_default();
        let words = format!("{} {took}", text::clean(&hold.reason));
        let cells = axis.cells(start, end);
        let inside = bar.label_inside(&words, Style::Warning, cells.clone());
        if !inside && place + 1 == list.len() && !hold.ended {
            bar.label(&words, Style::Warning, None);
        } else if !inside {
            bar.label_inside(&took, Style::Warning, cells);
        }
    }
    let left = layout.left();
    let name = text::shorten_end("held", left, context.glyphs.ellipsis);
    let mut line = Line::of(text::pad_right(&name, left + layout.gap()), Style::Warning);
    bar.draw(&mut line, context.glyphs, seen);
    lines.push(line.shorten_end(layout.columns, context.glyphs.ellipsis));
    if context.state.explain {
        lines.extend(explain::holds(context, workload, layout.columns));
    }
}
