//! Combines the parts of the sequence diagram.

use crate::view::chart::legend::LegendEntries;
use crate::view::chart::span::choose_span;
use crate::view::picture::{Bars, FlushLines, Picture};
use crate::view::primitives::frame::{Frame, Line, Style};
use crate::view::rows::groups::{Group, merge_jobs_by_role, pod_groups, workload_groups};
use crate::view::rows::slot_time::conclusions::ConclusionRoom;
use crate::view::sequence::container_bars::choose_groups;
use crate::view::sequence::layout::Layout;
use crate::view::sequence::line_budget::{SurroundingLines, divide_lines, max_legend_lines};
use crate::view::sequence::rows::RowWriter;
use crate::view::sequence::scrolling;
use crate::view::sequence::section::{Section, ShownConclusions};
use crate::view::state::{GroupBy, Size};
use crate::view::view_context::ViewContext;

/// With fewer lines for each group of Pods, the groups of Jobs with the same role are merged.
const MIN_LINES_PER_GROUP: usize = 3;

/// Draws the diagram. If the number of lines is not limited, `flush` may take complete lines early.
pub(crate) fn draw_sequence(context: &ViewContext<'_>, size: Size, flush: &mut FlushLines<'_>) -> Picture {
    let columns = size.columns.max(1);
    let mut groups = pod_groups(context);
    // If the Jobs of a JobSet do not fit, the Jobs of each role share a group.
    if size.rows.is_some_and(|rows| groups.len() * MIN_LINES_PER_GROUP > rows) {
        groups = merge_jobs_by_role(context, groups);
    }
    let conclusion_room = ConclusionRoom::new(columns, size.rows, groups.len());
    let mut sections: Vec<Section<'_>> =
        groups.into_iter().map(|group| Section::prepare(context, group, columns, conclusion_room)).collect();
    if !context.window.filter.is_empty() && sections.len() > 1 {
        sections.retain(|section| !section.group.pods.is_empty());
    }
    let groups: Vec<&Group<'_>> = sections.iter().map(|section| &section.group).collect();
    let layout = Layout::choose(context, &groups, columns);
    let span = choose_span(context);
    let axis = span.axis(layout.bar);
    let with_container_bars = choose_groups(context, &sections, size);
    let rows = RowWriter::new(context, &layout, &axis, &span, with_container_bars);

    let has_axis = sections
        .iter()
        .any(|section| !section.group.pods.is_empty() || section.held_workload(context).is_some());
    let mut frame = Frame { lines: workload_lines(context, columns, conclusion_room) };
    if let Some(rows) = size.rows {
        frame.lines.truncate(rows / 3);
    }
    let mut picture = Picture {
        found: sections.iter().map(|section| section.group.pods.len()).sum(),
        cells_per_line: 1,
        bars: has_axis.then(|| Bars {
            column: layout.left() + layout.gap(),
            columns: layout.bar,
            span: span.clone(),
        }),
        ..Picture::default()
    };
    if context.window.unfolded && size.rows.is_some() {
        scrolling::draw_scrolling(context, &sections, &rows, size, &mut frame, &mut picture);
    } else {
        draw_folded(context, &mut sections, &rows, size, (&mut frame, flush), &mut picture);
    }
    if let Some(rows) = size.rows {
        frame.lines.truncate(rows);
    }
    picture.frame = frame;
    picture
}

/// Draws the rows that fit, and the counts of the other Pods.
fn draw_folded(
    context: &ViewContext<'_>,
    sections: &mut [Section<'_>],
    rows: &RowWriter<'_>,
    size: Size,
    (frame, flush): (&mut Frame, &mut FlushLines<'_>),
    picture: &mut Picture,
) {
    let has_axis = picture.bars.is_some();
    let room = size.rows.map(|rows| rows.saturating_sub(frame.lines.len()));
    let first_line = frame.lines.len();
    let reserved = max_legend_lines(size.columns.max(1));
    let shown = divide_lines(context, sections, room, rows, has_axis.then_some(reserved));
    let legend_lines = draw_sections(context, sections, rows, size, shown, (&mut *frame, flush), picture);
    let has_spare_lines = room.is_some_and(|room| frame.lines.len() - first_line < room);
    if has_spare_lines && picture.folded > 0 && legend_lines < reserved {
        // The legend is shorter than expected, so more rows fit.
        frame.lines.truncate(first_line);
        picture.pods.clear();
        let shown = divide_lines(context, sections, room, rows, has_axis.then_some(legend_lines));
        draw_sections(context, sections, rows, size, shown, (frame, flush), picture);
    }
}

/// Draws the sections with the rows that were chosen for them, and the legend. Returns the number of lines of the
/// legend.
fn draw_sections(
    context: &ViewContext<'_>,
    sections: &[Section<'_>],
    rows: &RowWriter<'_>,
    size: Size,
    shown: SurroundingLines,
    (frame, flush): (&mut Frame, &mut FlushLines<'_>),
    picture: &mut Picture,
) -> usize {
    let columns = size.columns.max(1);
    let has_axis = picture.bars.is_some();
    let several = sections.len() > 1;

    let mut legend = LegendEntries::default();
    // A single section has its heading above the axis. Several sections share the axis, so the axis comes first.
    if several && has_axis {
        frame.lines.push(rows.write_header());
    }
    for (index, section) in sections.iter().enumerate() {
        let room = size.rows.unwrap_or(usize::MAX).saturating_sub(frame.lines.len());
        if room < 2 && index + 1 < sections.len() {
            let hidden = sections.len() - index;
            let groups = if hidden == 1 { "group is" } else { "groups are" };
            let words = format!("{hidden} more {groups} hidden; enlarge the terminal to see more");
            let line = Line::new(words, Style::Dim);
            frame.lines.push(line.shorten_end(columns, context.glyphs.ellipsis));
            break;
        }
        if shown.blanks && index > 0 {
            frame.lines.push(Line::default());
        }
        frame.lines.push(section.heading(context, columns));
        if shown.reasons {
            frame.lines.extend_from_slice(&section.reasons);
        }
        if !several && has_axis {
            frame.lines.push(rows.write_header());
        }
        if let Some(workload) = section.held_workload(context).filter(|_| shown.reasons) {
            rows.push_held(workload, &mut legend, &mut frame.lines);
        }
        if let Some(gang) = section.gang(context).filter(|_| shown.reasons && has_axis) {
            frame.lines.push(rows.write_gang(&gang, &mut legend));
        }
        for &key in &section.folded.shown {
            rows.push_pod(key, section, &mut legend, &mut frame.lines);
            if size.rows.is_none() && flush(&mut frame.lines).is_break() {
                return 0;
            }
        }
        picture.pods.extend_from_slice(&section.folded.shown);
        for overflow in &section.folded.overflow {
            legend.add_folded();
            frame.lines.push(rows.write_overflow(overflow));
        }
        if let Some(summary) = section.concurrency(context).filter(|_| shown.concurrency) {
            frame.lines.push(rows.write_concurrency(&section.group, summary));
        }
        frame.lines.extend_from_slice(section.conclusions(shown.conclusions));
    }
    let row_count: usize = sections.iter().map(|section| section.rows.rows.len()).sum();
    picture.folded = row_count.saturating_sub(picture.pods.len());
    picture.hidden_trouble = sections.iter().map(|section| section.hidden_rows_in_trouble(context)).sum();
    if !shown.legend || !has_axis {
        return 0;
    }
    let lines = legend.write_legend(context.glyphs, columns);
    let legend_lines = lines.len().min(max_legend_lines(columns));
    frame.lines.extend(lines.into_iter().take(legend_lines));
    legend_lines
}

/// The lines about the workloads, if the sections are not workloads.
fn workload_lines(context: &ViewContext<'_>, columns: usize, room: ConclusionRoom) -> Vec<Line> {
    if context.state.group_by == GroupBy::Workload {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for group in workload_groups(context) {
        let section = Section::prepare(context, group, columns, room);
        lines.push(section.heading(context, columns));
        lines.extend_from_slice(&section.reasons);
        lines.extend_from_slice(section.conclusions(ShownConclusions::All));
    }
    lines
}
