//! The diagram with a row for every Pod. The rows scroll, and two lines count the Pods above and below.

use crate::timeline::PodKey;
use crate::view::chart::legend::LegendEntries;
use crate::view::frame_cache::results::Overflow;
use crate::view::picture::Picture;
use crate::view::primitives::frame::Frame;
use crate::view::rows::scrolling::visible_rows;
use crate::view::sequence::rows::RowWriter;
use crate::view::sequence::section::{Section, ShownConclusions};
use crate::view::state::Size;
use crate::view::view_context::ViewContext;

/// The conclusions are shown if at least this many lines are free.
const MIN_LINES_FOR_CONCLUSIONS: usize = 12;
/// The sentence of the verdict is shown if at least this many lines are free.
const MIN_LINES_FOR_SENTENCE: usize = 4;
/// The legend is shown if at least this many lines are free.
const MIN_LINES_FOR_LEGEND: usize = 8;

/// A line that scrolls: the heading of the section with this index, or the row of one of its Pods.
type ScrollingLine = (usize, Option<PodKey>);

/// Adds the lines to the frame, and the Pods and the first visible row to the picture.
pub(crate) fn draw_scrolling(
    context: &ViewContext<'_>,
    sections: &[Section<'_>],
    rows: &RowWriter<'_>,
    size: Size,
    frame: &mut Frame,
    picture: &mut Picture,
) {
    let columns = size.columns.max(1);
    let several = sections.len() > 1;
    if let [only] = sections {
        frame.lines.push(only.heading(context, columns));
        frame.lines.extend_from_slice(&only.reasons);
    }
    frame.lines.push(rows.write_header());
    let mut legend = LegendEntries::default();
    if let [only] = sections
        && let Some(workload) = only.held_workload(context)
    {
        rows.push_held(workload, &mut legend, &mut frame.lines);
    }
    if let [only] = sections
        && let Some(gang) = only.gang(context)
    {
        frame.lines.push(rows.write_gang(&gang, &mut legend));
    }
    let mut lines: Vec<ScrollingLine> = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        lines.extend(several.then_some((index, None)));
        lines.extend(section.group.pods.iter().map(|&key| (index, Some(key))));
        picture.pods.extend_from_slice(&section.group.pods);
    }
    let room = size.rows.unwrap_or(usize::MAX).saturating_sub(frame.lines.len());
    let conclusions = match sections {
        [only] if room >= MIN_LINES_FOR_CONCLUSIONS => only.conclusions(ShownConclusions::All),
        [only] if room >= MIN_LINES_FOR_SENTENCE => only.conclusions(ShownConclusions::Sentence),
        _ => &[],
    };
    let legend_lines = usize::from(room >= MIN_LINES_FOR_LEGEND);
    let room = room.saturating_sub(conclusions.len() + legend_lines) / rows.max_lines_per_row();
    let selected = context.window.selected;
    let selected = lines.iter().position(|&(_, pod)| pod.is_some() && pod == selected);
    let all_fit = lines.len() <= room;
    // If not all rows fit, one line counts the Pods above and one line counts the Pods below, if there are any.
    let visible = if all_fit {
        0..lines.len()
    } else {
        let with_counts = visible_rows(context.window.first, selected, lines.len(), room.saturating_sub(2));
        let longer = room.saturating_sub(1).clamp(1, lines.len());
        if with_counts.start == 0 {
            0..longer
        } else if with_counts.end == lines.len() {
            lines.len() - longer..lines.len()
        } else {
            with_counts
        }
    };
    picture.first_row = visible.start;
    let hidden = |lines: &[ScrollingLine]| Overflow {
        state: None,
        role: None,
        pods: lines.iter().filter_map(|&(_, pod)| pod).collect(),
    };
    if !all_fit {
        legend.add_folded();
    }
    if visible.start > 0 {
        frame.lines.push(rows.write_overflow(&hidden(&lines[..visible.start])));
    }
    for &(index, pod) in &lines[visible.clone()] {
        match pod {
            None => frame.lines.push(sections[index].heading(context, columns)),
            Some(key) => rows.push_pod(key, &sections[index], &mut legend, &mut frame.lines),
        }
    }
    if visible.end < lines.len() {
        frame.lines.push(rows.write_overflow(&hidden(&lines[visible.end..])));
    }
    frame.lines.extend_from_slice(conclusions);
    frame.lines.extend(legend.write_legend(context.glyphs, columns).into_iter().take(legend_lines));
}
