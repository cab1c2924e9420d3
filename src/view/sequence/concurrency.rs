//! The line below the bars that shows how many Pods worked at each time.

use crate::lifecycle::PhaseKind;
use crate::timeline::{PodKey, Summary};
use crate::view::chart::axis::Axis;
use crate::view::chart::span::TimeSpan;
use crate::view::frame_cache::keys::ConcurrencyKey;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::groups::Group;
use crate::view::sequence::layout::Layout;
use crate::view::view_context::ViewContext;

/// The minimum number of Pods for this line. The bars of fewer Pods show the same.
pub(crate) const MIN_PODS: usize = 5;

/// A mean below this part of the maximum comes from rounding at the borders of cells, so the cell stays empty.
const MIN_PART: f64 = 0.006;

/// Writes the line, for example `concurrency  ▂▅▇▇▅  at most 4`. Each cell shows the mean over the time of the cell.
pub(crate) fn write_concurrency(
    context: &ViewContext<'_>,
    group: &Group<'_>,
    summary: &Summary,
    layout: &Layout,
    axis: &Axis,
    span: &TimeSpan,
) -> Line {
    let key = ConcurrencyKey {
        group: group.heading.id(),
        filter: context.window.filter.clone(),
        pods: group.pods.len(),
        columns: layout.bar,
        shown_time: span.shown_time(),
    };
    let means = || mean_concurrency(context, &group.pods, axis, span);
    let means = context.cache.concurrency.get_or_compute(context.version(), key, means);
    let max = f64::from(summary.concurrency_max.max(1));
    let left = layout.left();
    let name = text::shorten_end("concurrency", left, context.glyphs.ellipsis);
    let mut line = Line::new(text::pad_right(&name, left + layout.gap()), Style::Dim);
    let bars: String = means.iter().map(|mean| density_glyph(mean / max, context)).collect();
    line.push(bars, Style::Work);
    let words = format!(" at most {}", summary.concurrency_max);
    let fits = line.width() + text::width(&words) <= layout.columns;
    line.push(if fits { words } else { format!(" max {}", summary.concurrency_max) }, Style::Dim);
    line
}

/// The glyph for a part of the maximum, from 0 to 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 8")]
fn density_glyph(part: f64, context: &ViewContext<'_>) -> char {
    match (part.clamp(0.0, 1.0) * 8.0).ceil() as usize {
        0 => ' ',
        _ if part < MIN_PART => ' ',
        level => context.glyphs.density[level - 1],
    }
}

/// The mean number of working Pods in each cell. A work phase adds a part to its first and its last cell, and one to
/// each cell between them. For the cells between, `changes` holds `1` at their start and `-1` after their end.
fn mean_concurrency(context: &ViewContext<'_>, pods: &[PodKey], axis: &Axis, span: &TimeSpan) -> Vec<f64> {
    let columns = axis.columns();
    let mut shares = vec![0.0_f64; columns + 1];
    let mut changes = vec![0_i32; columns + 1];
    for &key in pods {
        let pod = context.timeline.overview(key);
        let zero = span.zero_of(pod);
        let position = |at: i64| axis.position(at.saturating_sub(zero));
        let open = (!pod.outcome.has_ended()).then_some(context.now.as_millisecond());
        context.timeline.for_each_span(key, |phase| {
            let Some(end) =
                phase.end.or(open).filter(|_| matches!(phase.kind, PhaseKind::Unready | PhaseKind::Running))
            else {
                return;
            };
            // A clock that is ahead can put the start after now.
            let (from, to) = (position(phase.start), position(end.max(phase.start)));
            let (first, last) = (cell_at(from, columns), cell_at(to, columns));
            if first == last {
                shares[first] += (to - from).max(0.0);
                return;
            }
            shares[first] += start_of_cell(first + 1) - from;
            shares[last] += to - start_of_cell(last);
            changes[first + 1] += 1;
            changes[last] -= 1;
        });
    }
    let mut whole = 0;
    shares.truncate(columns);
    for (share, change) in shares.iter_mut().zip(changes) {
        whole += change;
        *share += f64::from(whole);
    }
    shares
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positions lie in [0, columns]")]
fn cell_at(position: f64, columns: usize) -> usize {
    (position as usize).min(columns)
}

#[expect(clippy::cast_precision_loss, reason = "a column is a small number")]
fn start_of_cell(cell: usize) -> f64 {
    cell as f64
}
