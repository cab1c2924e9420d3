//! The line that stands for Pods without rows: their number, when they existed, and their median times.

use crate::lifecycle::RangedDuration;
use crate::timeline::{PodKey, nearest_rank};
use crate::view::frame_cache::keys::{DensityKey, OverflowKey};
use crate::view::frame_cache::results::{Medians, Overflow};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::{duration, text};
use crate::view::rows::overflow::{name_overflow, style_of_count};
use crate::view::sequence::rows::RowWriter;

impl RowWriter<'_> {
    /// Writes the line of Pods without rows, for example `+ 14 queued  ▁▂▅█  p50  3s  2s  1m05s`.
    pub(crate) fn write_overflow(&self, overflow: &Overflow) -> Line {
        let (context, layout) = (self.context, self.layout);
        let count = overflow.pods.len();
        let fits = |label: &String| text::width(label) <= layout.left();
        let long = format!("+ {count} {}", name_overflow(overflow));
        let short = || Some(format!("+ {count} {}", text::clean(overflow.role.as_deref()?)));
        let label = Some(long).filter(fits).or_else(|| short().filter(fits));
        let label = label.unwrap_or_else(|| format!("+ {count}"));
        let label = text::shorten_end(&label, layout.left(), context.glyphs.ellipsis);
        let mut line =
            Line::new(text::pad_right(&label, layout.left() + layout.gap()), style_of_count(overflow.state));

        let key = self.overflow_key(overflow);
        let density_key =
            DensityKey { overflow: key.clone(), columns: layout.bar, shown_time: self.span.shown_time() };
        let (cache, version) = (context.cache, context.version());
        let density = cache.density.get_or_compute(version, density_key, || self.density(&overflow.pods));
        line.push(density.as_str(), Style::Dim);
        line.push(" ".repeat(layout.words), Style::Text);
        let medians = cache.medians.get_or_compute(version, key, || self.medians(&overflow.pods));
        if layout.status > 0 {
            let is_known =
                [(layout.queued, medians.queued), (layout.cold, medians.cold), (layout.run, medians.run)]
                    .into_iter()
                    .any(|(width, median)| width > 0 && median.is_some());
            let name = if is_known { "p50" } else { "" };
            line.push(format!(" {}", text::pad_left(name, layout.status)), Style::Dim);
        }
        for (width, median) in
            [(layout.queued, medians.queued), (layout.cold, medians.cold), (layout.run, medians.run)]
        {
            if width > 0 {
                let median = median.map(duration::format_ranged);
                let median = median.unwrap_or_default();
                line.push(format!(" {}", text::pad_left(&median, width)), Style::Dim);
            }
        }
        line.shorten_end(layout.columns, context.glyphs.ellipsis)
    }

    fn overflow_key(&self, overflow: &Overflow) -> OverflowKey {
        let (state, window) = (self.context.state, self.context.window);
        OverflowKey {
            sort: state.sort,
            group_by: state.group_by,
            align: state.align,
            filter: window.filter.clone(),
            state: overflow.state,
            first: overflow.pods.first().copied(),
            pods: overflow.pods.len(),
        }
    }

    fn medians(&self, pods: &[PodKey]) -> Medians {
        let (mut queues, mut colds, mut runs) = (Vec::new(), Vec::new(), Vec::new());
        for &key in pods {
            let pod = self.context.timeline.overview(key);
            queues.extend(pod.queued());
            colds.extend(pod.cold_start());
            runs.extend(pod.run());
        }
        let median = |mut values: Vec<RangedDuration>| nearest_rank(&mut values, 50);
        Medians { queued: median(queues), cold: median(colds), run: median(runs) }
    }

    /// Writes one glyph for each cell, for the number of Pods that existed then. The cell with the maximum is full.
    fn density(&self, pods: &[PodKey]) -> String {
        let columns = self.axis.columns();
        let mut changes = vec![0_i64; columns + 1];
        for &key in pods {
            let pod = self.context.timeline.overview(key);
            let now = self.context.now.as_millisecond();
            let (Some(first), Some(last)) = (pod.start_millis(), pod.last_known_millis(now)) else {
                continue;
            };
            let zero = self.span.zero_of(pod);
            let cells = self.axis.cells_of(first.saturating_sub(zero), last.saturating_sub(zero));
            changes[cells.start] += 1;
            changes[cells.end] -= 1;
        }
        let mut count = 0;
        let counts: Vec<i64> = changes[..columns]
            .iter()
            .map(|change| {
                count += change;
                count
            })
            .collect();
        let max = counts.iter().copied().max().unwrap_or(0).max(1);
        let glyph = |count: i64| match usize::try_from((count * 8 + max - 1) / max) {
            Ok(level @ 1..) => self.context.glyphs.density[level.min(8) - 1],
            _ => ' ',
        };
        counts.into_iter().map(glyph).collect()
    }
}
