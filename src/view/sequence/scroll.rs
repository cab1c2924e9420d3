//! Every Pod with its row, as many as fit, and what is above and below them.

use super::Part;
use super::row::Rows;
use crate::timeline::PodKey;
use crate::view::chart::legend::LegendEntries;
use crate::view::picture::Picture;
use crate::view::primitives::frame::Frame;
use crate::view::rows::headings as summary;
use crate::view::rows::overflow::Overflow;
use crate::view::state::Size;
use crate::view::view_context::ViewContext;

/// The rows that are shown: those from `first` on, moved as far as the selected one needs.
pub(crate) fn visible(
    first: usize,
    selected: Option<usize>,
    count: usize,
    room: usize,
) -> std::ops::Range<usize> {
    let room = room.max(1);
    let first = selected.map_or(first, |selected| first.clamp((selected + 1).saturating_sub(room), selected));
    let first = first.min(count.saturating_sub(room));
    first..(first + room).min(count)
}

/// A line of what scrolls: the heading of a part, or one of its Pods.
type Item = (usize, Option<PodKey>);

pub(crate) fn draw(
    scene: &ViewContext<'_>,
    parts: &[Part<'_>],
    rows: &Rows<'_>,
    size: Size,
    frame: &mut Frame,
    picture: &mut Picture,
) {
    let columns = size.columns.max(1);
    let several = parts.len() > 1;
    let heading =
        |part: &Part<'_>| summary::heading(scene, &part.block, &part.counts, part.summary.as_ref(), columns);
    if let [only] = parts {
        frame.lines.push(heading(only));
        frame.lines.extend(only.reason.clone());
    }
    frame.lines.push(rows.header());
    let mut seen = LegendEntries::default();
    if let Some(workload) = parts.first().filter(|_| !several).and_then(|only| only.held(scene)) {
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
    let selected = scene.window.selected;
    let selected = items.iter().position(|&(_, pod)| pod.is_some() && pod == selected);
    let fits = items.len() <= room;
    // Otherwise a line above and one below tell the rest.
    let room = if fits { room } else { room.saturating_sub(2) };
    let shown = visible(scene.window.first, selected, items.len(), room);
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
    frame.lines.extend(seen.legend(scene.glyphs, columns).into_iter().take(legend));
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn the_selected_row_is_always_shown() {
        assert_eq!(visible(0, None, 100, 10), 0..10);
        assert_eq!(visible(0, Some(30), 100, 10), 21..31);
        assert_eq!(visible(50, Some(30), 100, 10), 30..40);
        assert_eq!(visible(95, None, 100, 10), 90..100);
        assert_eq!(visible(7, Some(2), 3, 10), 0..3);
        assert_eq!(visible(7, None, 0, 10), 0..0);
    }
}
