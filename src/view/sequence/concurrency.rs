//! How many Pods worked at which time, as a line under the bars.

use super::layout::Layout;
use crate::lifecycle::PhaseKind;
use crate::timeline::{PodKey, Summary};
use crate::view::chart::axis::Axis;
use crate::view::chart::span::TimeSpan;
use crate::view::frame_cache::keys::ConcurrencyKey;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::groups::Group;
use crate::view::view_context::ViewContext;

/// Fewer Pods tell it by their own bars.
pub(crate) const LEAST_PODS: usize = 5;

/// `concurrency  ▂▅▇▇▅  max 4`: each cell is the mean of its time.
pub(crate) fn draw(
    context: &ViewContext<'_>,
    group: &Group<'_>,
    summary: &Summary,
    layout: &Layout,
    axis: &Axis,
    span: &TimeSpan,
) -> Line {
    let pods = &group.pods;
    let key = ConcurrencyKey {
        group: group.heading.id(),
        filter: context.window.filter.clone(),
        pods: pods.len(),
        columns: layout.bar,
        shown_time: span.stretch(),
    };
    let concurrency = &context.cache.concurrency;
    let means = concurrency.get_or_compute(context.version(), key, || means(context, pods, axis, span));
    let most = f64::from(summary.concurrency_max.max(1));
    let left = layout.left();
    let mut line = Line::of(
        text::pad_right(
            &text::shorten_end("concurrency", left, context.glyphs.ellipsis),
            left + layout.gap(),
        ),
        Style::Dim,
    );
    let bars: String = means.iter().map(|mean| level(mean / most, context)).collect();
    line.push(bars, Style::Work);
    line.push(format!(" max {}", summary.concurrency_max), Style::Dim);
    line
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 8")]
fn level(part: f64, context: &ViewContext<'_>) -> char {
    match (part.clamp(0.0, 1.0) * 8.0).ceil() as usize {
        // What is not a twentieth of an eighth is only rounding.
        0 => ' ',
        _ if part < 0.006 => ' ',
        level => context.glyphs.density[level - 1],
    }
}

/// How many Pods worked in each cell, on average: each phase adds its share of the first and the last cell and one to
/// those between, which are summed up at the end.
fn means(context: &ViewContext<'_>, pods: &[PodKey], axis: &Axis, span: &TimeSpan) -> Vec<f64> {
    let columns = axis.columns();
    let mut shares = vec![0.0_f64; columns + 1];
    let mut changes = vec![0_i32; columns + 1];
    for &key in pods {
        let pod = context.timeline.overview(key);
        let zero = span.zero(pod);
        let position = |at: i64| axis.position(at.saturating_sub(zero));
        let open = (!pod.outcome.has_ended()).then_some(context.now.as_millisecond());
        context.timeline.for_each_span(key, |phase| {
            let Some(end) = phase.end.or(open).filter(|_| phase.kind == PhaseKind::Running) else { return };
            let (from, to) = (position(phase.start), position(end));
            let (first, last) = (cell(from, columns), cell(to, columns));
            if first == last {
                shares[first] += (to - from).max(0.0);
                return;
            }
            shares[first] += begin(first + 1) - from;
            shares[last] += to - begin(last);
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
fn cell(position: f64, columns: usize) -> usize {
    (position as usize).min(columns)
}

#[expect(clippy::cast_precision_loss, reason = "a column is a small number")]
fn begin(cell: usize) -> f64 {
    cell as f64
}
