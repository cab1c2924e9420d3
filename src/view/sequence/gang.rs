//! The row of a gang. It shows when the first members waited for the last one, and marks when all of them worked.

use jiff::Timestamp;

use crate::timeline::{GangReport, Workload};
use crate::view::chart::axis::Axis;
use crate::view::chart::bar::Bar;
use crate::view::chart::legend::LegendEntries;
use crate::view::chart::mark::CellMark;
use crate::view::chart::span::TimeSpan;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::gang_text::shown_gang;
use crate::view::sequence::layout::Layout;
use crate::view::state::Align;
use crate::view::view_context::ViewContext;

/// The gang of a workload, if it has a row. Without a common clock for all bars, no gang has a row.
pub(crate) fn gang_of_row(context: &ViewContext<'_>, workload: &Workload) -> Option<GangReport> {
    if context.state.align == Align::Wall { shown_gang(context, workload) } else { None }
}

/// Writes the row, for example `gang  ─────────● all 8 work`.
pub(crate) fn write_gang_row(
    context: &ViewContext<'_>,
    gang: &GangReport,
    layout: &Layout,
    axis: &Axis,
    span: &TimeSpan,
    legend: &mut LegendEntries,
) -> Line {
    let millis = |at: Timestamp| at.as_millisecond().saturating_sub(span.shared_zero());
    let waits: Vec<_> = gang
        .waits
        .iter()
        .map(|wait| (wait, millis(wait.start), millis(wait.end)))
        .filter(|&(_, start, end)| axis.shows(start, end))
        .collect();
    let stretches = waits.iter().map(|&(_, start, end)| (start, end));
    let mut bar = Bar::from_stretches(stretches, CellMark::GangWait, axis, false);
    for &(wait, _, end) in &waits {
        if axis.shows(end, end) {
            let mark = if wait.is_complete { CellMark::GangComplete } else { CellMark::Now };
            bar.cells[axis.cell_at(end)] = mark;
        }
    }
    for &(wait, _, end) in waits.iter().filter(|(wait, ..)| wait.is_complete) {
        let words = format!("all {} work", wait.members);
        bar.add_label_behind(&words, Style::Dim, axis.cell_at(end));
    }
    let left = layout.left();
    let name = text::shorten_end("gang", left, context.glyphs.ellipsis);
    let mut line = Line::new(text::pad_right(&name, left + layout.gap()), Style::Dim);
    bar.push_to(&mut line, context.glyphs, legend);
    line.shorten_end(layout.columns, context.glyphs.ellipsis)
}
