//! The row of a workload itself: when it made no Pods, because it was suspended or because they were refused.

use jiff::Timestamp;

use super::super::axis::Axis;
use super::super::bar::{Bar, Mark};
use super::super::legend::Seen;
use super::super::{Align, Line, Role, Scene, duration, explain, summary, text};
use super::layout::Layout;
use super::span::Span;
use crate::timeline::{Hold, Workload};

/// Whether there is such a row. Where each bar begins at its own zero, a workload has none.
pub(super) fn is_there(scene: &Scene<'_>, workload: &Workload) -> bool {
    scene.state.align == Align::Wall && holds(scene, workload).next().is_some()
}

/// Those that can be drawn: where a begin or an end is unknown nothing is drawn.
fn holds<'a>(
    scene: &Scene<'_>,
    workload: &'a Workload,
) -> impl Iterator<Item = (&'a Hold, Timestamp, Timestamp)> {
    let now = scene.now;
    workload.holds.iter().filter_map(move |hold| {
        let start = hold.start?.at;
        let end = if hold.over { hold.end?.at } else { now };
        Some((hold, start, end.max(start)))
    })
}

/// `held   ‖‖‖ suspended 12s ‖‖‖▶`, with `--explain` what its ends were read from.
pub(super) fn draw(
    scene: &Scene<'_>,
    workload: &Workload,
    layout: &Layout,
    axis: &Axis,
    span: &Span,
    seen: &mut Seen,
    lines: &mut Vec<Line>,
) {
    let millis = |at: Timestamp| at.as_millisecond().saturating_sub(span.shared_zero());
    let list: Vec<_> = holds(scene, workload)
        .map(|(hold, start, end)| (hold, millis(start), millis(end)))
        .filter(|&(_, start, end)| axis.shows(start, end))
        .collect();
    let open = list.last().is_some_and(|(hold, ..)| !hold.over);
    let mut bar = Bar::of_stretches(list.iter().map(|&(_, start, end)| (start, end)), Mark::Held, axis, open);
    for (place, &(hold, start, end)) in list.iter().enumerate() {
        let took = hold.duration(scene.now).map(duration::so_far).unwrap_or_default();
        let words = format!("{} {took}", text::clean(&hold.reason));
        let cells = axis.cells(start, end);
        let inside = bar.label_inside(&words, Role::Warning, cells.clone());
        if !inside && place + 1 == list.len() && !hold.over {
            bar.label(&words, Role::Warning, None);
        } else if !inside {
            bar.label_inside(&took, Role::Warning, cells);
        }
    }
    let left = layout.left();
    let name = text::shorten_end("held", left, scene.glyphs.ellipsis);
    let mut line = Line::of(text::pad_right(&name, left + layout.gap()), Role::Warning);
    bar.draw(&mut line, scene.glyphs, seen);
    lines.push(summary::fit(line, layout.columns, scene.glyphs.ellipsis));
    if scene.state.explain {
        lines.extend(explain::holds(scene, workload, layout.columns));
    }
}
