//! Every Pod with its row, as many as fit, and what is above and below them.

use super::Part;
use super::row::Rows;
use crate::timeline::PodKey;
use crate::view::chart::legend::LegendEntries;
use crate::view::frame_cache::results::Overflow;
use crate::view::picture::Picture;
use crate::view::primitives::frame::Frame;
use crate::view::rows::headings;
use crate::view::rows::scrolling::visible_rows;
use crate::view::state::Size;
use crate::view::view_context::ViewContext;

/// A line of what scrolls: the heading of a part, or one of its Pods.
type Item = (usize, Option<PodKey>);

pub(crate) fn draw(
    context: &ViewContext<'_>,
    parts: &[Part<'_>],
    rows: &Rows<'_>,
    size: Size,
    frame: &mut Frame,
    picture: &mut Picture,
) {
    let columns = size.columns.max(1);
    let several = parts.len() > 1;
    let heading = |part: &Part<'_>| {
        headings::heading(context, &part.block, &part.counts, part.summary.as_ref(), columns)
    };
    if let [only] = parts {
        frame.lines.push(heading(only));
        frame.lines.extend(only.reason.clone());
    }
    frame.lines.push(rows.header());
    let mut seen = LegendEntries::default();
    if let Some(workload) = parts.first().filter(|_| !several).and_then(|only| only.held(context)) {
        rows.draw_held(workload, &mut seen, &mut frame.lines);
    }
    let mut items: Vec<Item> = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        items.extend(several.then_some((place, None)));
        items.extend(part.block.pods.iter().map(|&key| (place, Some(key))));
        picture.pods.extend_from_slice(&part.block.pods);
    }
    let room = size.rows.unwrap_or(usize::MAX).saturating_sub(frame.lines.len());
    let verdict = match parts {
        [only] if room >= 12 => only.verdict.as_slice(),
        _ => &[],
    };
    let legend = usize::from(room >= 8);
    let room = room.saturating_sub(verdict.len() + legend) / rows.lines_of_row();
    let selected = context.window.selected;
    let selected = items.iter().position(|&(_, pod)| pod.is_some() && pod == selected);
    let fits = items.len() <= room;
    // Otherwise a line above and one below tell the rest.
    let room = if fits { room } else { room.saturating_sub(2) };
    let shown = visible_rows(context.window.first, selected, items.len(), room);
    picture.first = shown.start;
    let fold =
        |items: &[Item]| Overflow { state: None, pods: items.iter().filter_map(|item| item.1).collect() };
    if !fits {
        frame.lines.push(rows.draw_fold(&fold(&items[..shown.start])));
    }
    for &(place, pod) in &items[shown.clone()] {
        match pod {
            None => frame.lines.push(heading(&parts[place])),
            Some(key) => {
                let part = &parts[place];
                rows.draw(key, &part.block, &part.tries, part.pace, &mut seen, &mut frame.lines);
            }
        }
    }
    if !fits {
        frame.lines.push(rows.draw_fold(&fold(&items[shown.end..])));
    }
    frame.lines.extend_from_slice(verdict);
    frame.lines.extend(seen.legend(context.glyphs, columns).into_iter().take(legend));
}
