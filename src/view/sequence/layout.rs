//! Which columns stand around the bars, and how wide they are.

use crate::view::frame_cache::keys::WidthsKey;
use crate::view::frame_cache::results::ColumnContent;
use crate::view::primitives::{duration, text};
use crate::view::rows::groups::{Group, Heading};
use crate::view::view_context::ViewContext;

/// The widths of the columns; 0 is a column that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) columns: usize,
    pub(crate) index: usize,
    pub(crate) name: usize,
    pub(crate) attempt: usize,
    pub(crate) node: usize,
    pub(crate) bar: usize,
    pub(crate) status: usize,
    pub(crate) queued: usize,
    pub(crate) cold: usize,
    pub(crate) run: usize,
}

/// `…4h9hq`.
const LEAST_NAME: usize = 6;
/// `✗ 137`.
const STATUS: usize = 5;

impl Layout {
    /// The widths for these blocks: the bars get about half of the line, the columns the rest by what they are worth.
    pub(crate) fn of(context: &ViewContext<'_>, blocks: &[&Group<'_>], columns: usize) -> Self {
        let widest = context.cache.column_content.get_or_compute(
            context.version(),
            WidthsKey { group_by: context.state.group_by, filter: context.window.filter.clone() },
            || ColumnContent::measure(context, blocks),
        );
        let mut layout = Self {
            columns,
            index: 0,
            name: widest.own_name.clamp(LEAST_NAME, 12).min(columns.saturating_sub(1) / 2),
            attempt: 0,
            node: 0,
            bar: 0,
            status: if columns < 24 { 0 } else { STATUS },
            queued: 0,
            cold: 0,
            run: 0,
        };
        let least_bar = columns * 45 / 100;
        let spare = |layout: &Self| columns.saturating_sub(layout.around() + least_bar);
        let give =
            |layout: &Self, wanted: usize| if wanted > 0 && spare(layout) > wanted { wanted } else { 0 };

        layout.run = give(&layout, duration::COLUMNS);
        layout.cold = give(&layout, duration::COLUMNS);
        // Nodes become known one by one: a column of a usual width does not jump with the first of them.
        layout.node = give(&layout, widest.node.clamp(6, 8));
        layout.attempt = give(&layout, widest.attempt);
        layout.index = give(&layout, widest.index);
        let wider = widest.name.min(if columns < 160 { 28 } else { 40 }).saturating_sub(layout.name);
        layout.name += wider.min(spare(&layout));
        if columns >= 100 {
            layout.queued = give(&layout, duration::COLUMNS);
        }
        if layout.node > 0 {
            layout.node += widest.node.clamp(8, 24).saturating_sub(layout.node).min(spare(&layout));
        }
        layout.bar = columns.saturating_sub(layout.around()).max(1);
        layout
    }

    /// The columns that are not the bar's, with the blanks between them.
    fn around(&self) -> usize {
        let parts =
            [self.index, self.name, self.attempt, self.node, self.status, self.queued, self.cold, self.run];
        // A second blank keeps the bar from what stands before it.
        parts.iter().filter(|&&part| part > 0).map(|part| part + 1).sum::<usize>()
            + usize::from(self.columns >= 60)
    }

    /// Blanks between the columns and the bar.
    pub(crate) fn gap(&self) -> usize {
        1 + usize::from(self.columns >= 60)
    }

    /// The columns before the bar, without the gap.
    pub(crate) fn left(&self) -> usize {
        let parts = [self.index, self.name, self.attempt, self.node];
        (parts.iter().filter(|&&part| part > 0).map(|part| part + 1).sum::<usize>()).saturating_sub(1)
    }
}

impl ColumnContent {
    /// The widest content of each column in these groups.
    fn measure(context: &ViewContext<'_>, blocks: &[&Group<'_>]) -> Self {
        let mut widest = Self::default();
        let (mut index, mut attempt) = (None, 1);
        for block in blocks {
            let shared = match block.heading {
                Heading::Workload(workload) => workload.name.len() + 1,
                _ => 0,
            };
            for &key in block.pods.iter() {
                let pod = context.timeline.identity(key);
                // Names of Pods and nodes are ASCII; bytes are never fewer than columns.
                widest.name = widest.name.max(pod.name.len());
                if shared > 0 {
                    let own = pod.name.len().saturating_sub(shared) + text::width(context.glyphs.ellipsis);
                    widest.own_name = widest.own_name.max(own);
                }
                widest.node = widest.node.max(pod.node.as_ref().map_or(0, |node| node.len()));
                index = index.max(pod.index);
                attempt = attempt.max(pod.attempt);
            }
        }
        widest.index = index.map_or(0, |index| index.to_string().len().max("INDEX".len()));
        widest.attempt = if attempt > 1 { "TRY".len() } else { 0 };
        widest
    }
}
