//! The table of a breakdown: a row per node or per image, with its Pods, pulls, slot time and lost work.

use crate::timeline::{BreakdownBy, BreakdownRow, Workload, format_bytes};
use crate::view::primitives::columns::{Column, Columns, Shrink, TableCell, TableRow};
use crate::view::primitives::duration::format_elapsed_millis;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::slot_time::segment::Segment;
use crate::view::view_context::ViewContext;

/// A heading and a row per node or image, in at most `max_lines` lines. If rows have no room, the last line counts
/// these rows.
pub(crate) fn breakdown_lines(
    context: &ViewContext<'_>,
    workload: &Workload,
    by: BreakdownBy,
    columns: usize,
    max_lines: usize,
) -> Vec<Line> {
    let rows = context.timeline.breakdown(&context.account(workload), by);
    if rows.is_empty() || max_lines < 2 {
        return Vec::new();
    }
    // The heading takes one line. The count of the rows without room takes another line.
    let shown = if rows.len() < max_lines { rows.len() } else { max_lines.saturating_sub(2) };
    let segments: Vec<Segment> = Segment::ALL
        .into_iter()
        .filter(|segment| rows.iter().any(|row| millis_in(row, *segment) > 0))
        .collect();
    let name = match by {
        BreakdownBy::Node => Column::left("NODE").shrinking(Shrink::Middle(8)),
        BreakdownBy::Image => Column::left("IMAGE").shrinking(Shrink::Middle(12)),
    };
    let mut described = vec![
        name,
        Column::right("PODS"),
        Column::right("PULLS").droppable(3),
        Column::right("SIZE").droppable(6),
        Column::right("PULL TIME").droppable(5),
        Column::right("SLOT TIME"),
    ];
    described.extend(segments.iter().map(|segment| Column::right(heading(*segment)).droppable(4)));
    let cells = rows.iter().take(shown).map(|row| row_cells(context, row, &segments));
    let mut lines = Columns::new(described).draw(cells.collect(), columns, context.glyphs.ellipsis);
    if rows.len() > shown {
        lines.push(Line::new(format!("+ {} more", rows.len() - shown), Style::Dim));
    }
    lines
}

/// The heading of the column with the slot time of a segment.
fn heading(segment: Segment) -> &'static str {
    match segment {
        Segment::Work => "WORK",
        Segment::LostWork => "LOST",
        Segment::SetupAndStart => "SETUP",
        Segment::Pull => "PULL",
        Segment::PullFailing => "FAILING PULL",
        Segment::Init => "INIT",
        Segment::ColdStart => "COLD",
        Segment::Unready => "NOT READY",
        Segment::Terminating => "TERMINATING",
        Segment::Queued => "QUEUED",
        Segment::BackOff => "BACK-OFF",
        Segment::Unknown => "UNKNOWN",
        Segment::Idle => "IDLE",
    }
}

/// The slot time of a row in a segment, in milliseconds. Work includes lost work.
fn millis_in(row: &BreakdownRow, segment: Segment) -> i64 {
    match segment {
        Segment::LostWork => row.lost_work_millis,
        Segment::Work
        | Segment::SetupAndStart
        | Segment::Pull
        | Segment::PullFailing
        | Segment::Init
        | Segment::ColdStart
        | Segment::Unready
        | Segment::Terminating
        | Segment::Queued
        | Segment::BackOff
        | Segment::Unknown
        | Segment::Idle => segment.phases().map(|kind| row.phases[kind]).sum(),
    }
}

fn row_cells(context: &ViewContext<'_>, row: &BreakdownRow, segments: &[Segment]) -> TableRow {
    let none = || TableCell::new(context.glyphs.none, Style::Dim);
    let time = |millis: i64, style: Style| {
        if millis > 0 { TableCell::new(format_elapsed_millis(millis), style) } else { none() }
    };
    let name = row.name.as_deref().map_or_else(|| context.glyphs.none.into(), text::clean);
    let mut cells = vec![
        TableCell::new(name, Style::Text),
        TableCell::new(row.pods.to_string(), Style::Text),
        TableCell::new(row.pulls.to_string(), Style::Text),
        row.pulled_bytes.map_or_else(none, |bytes| TableCell::new(format_bytes(bytes), Style::Text)),
        time(row.pull_millis, Style::Text),
        time(row.slot_millis(), Style::Strong),
    ];
    cells.extend(segments.iter().map(|segment| {
        let style = if *segment == Segment::LostWork { Style::Failure } else { Style::Text };
        time(millis_in(row, *segment), style)
    }));
    TableRow { pod: None, cells }
}
