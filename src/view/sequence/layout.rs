//! The columns around the bars and their widths.

use crate::timeline::PodOverview;
use crate::view::frame_cache::keys::WidthsKey;
use crate::view::frame_cache::results::ColumnContent;
use crate::view::primitives::{duration, text};
use crate::view::rows::groups::{Group, Heading};
use crate::view::sequence::words::words_width;
use crate::view::state::GroupBy;
use crate::view::view_context::ViewContext;

/// The widths of the columns. A width of 0 means that the column is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The width of the whole line.
    pub(crate) columns: usize,
    pub(crate) index: usize,
    pub(crate) name: usize,
    pub(crate) attempt: usize,
    pub(crate) node: usize,
    pub(crate) bar: usize,
    /// The columns directly behind the bars, in which the words of the rows continue.
    pub(crate) words: usize,
    pub(crate) status: usize,
    pub(crate) queued: usize,
    pub(crate) cold: usize,
    pub(crate) run: usize,
}

/// The minimum width of the column of names: `…4h9hq`.
const MIN_NAME: usize = 6;
/// The width of the column of names in which `+ 10 done` fits.
const USUAL_NAME: usize = 9;
/// The width of the longest status without restarts: `✗ 137`.
const STATUS: usize = 5;
/// The width of the mark of up to 99 restarts, with a blank: ` ↻12`.
const RESTARTS: usize = 4;
/// The maximum number of Pods whose words are measured, because this needs their whole lives.
const MEASURED_PODS: usize = 20;
/// In lines of at least this width, a second blank separates the bar from the columns before it.
const WIDE_GAP_COLUMNS: usize = 60;

impl Layout {
    /// Chooses the widths for these groups. Optional columns leave about half of the line to the bars. The columns get
    /// their widths in the order of importance.
    pub(crate) fn choose(context: &ViewContext<'_>, groups: &[&Group<'_>], columns: usize) -> Self {
        let key = WidthsKey { group_by: context.state.group_by, filter: context.window.filter.clone() };
        let measure = || ColumnContent::measure(context, groups);
        let widest = context.cache.column_content.get_or_compute(context.version(), key, measure);
        let mut layout = Self {
            columns,
            index: 0,
            name: widest.own_name.clamp(MIN_NAME, 12).min(columns.saturating_sub(1) / 2),
            attempt: 0,
            node: 0,
            bar: 0,
            words: 0,
            status: if columns < 24 { 0 } else { STATUS + widest.restarts },
            queued: 0,
            cold: 0,
            run: 0,
        };
        let min_bar = columns * 45 / 100;
        let spare = |layout: &Self| columns.saturating_sub(layout.around() + min_bar);
        let give =
            |layout: &Self, wanted: usize| if wanted > 0 && spare(layout) > wanted { wanted } else { 0 };

        layout.run = give(&layout, widest.duration);
        layout.cold = give(&layout, widest.duration);
        // Nodes become known one by one. This minimum width keeps the column stable.
        if context.state.group_by != GroupBy::Node {
            layout.node = give(&layout, widest.node.clamp(6, 8));
        }
        layout.attempt = give(&layout, widest.attempt);
        // On a narrow screen, the work time says more than the index, which is also a part of the name.
        layout.index = if layout.run > 0 { give(&layout, widest.index) } else { 0 };
        layout.name += widest.more_for_name(&layout, spare(&layout));
        if columns >= 100 {
            layout.queued = give(&layout, widest.duration);
        }
        if layout.node > 0 {
            layout.node += widest.node.clamp(8, 24).saturating_sub(layout.node).min(spare(&layout));
        }
        if columns >= WIDE_GAP_COLUMNS {
            // On a narrow screen the bars need the room more than the words do.
            let percent = if columns < 100 { 20 } else { 30 };
            layout.words = widest.words.min((columns * percent / 100).max(spare(&layout)));
        }
        layout.bar = columns.saturating_sub(layout.around() + layout.words).max(1);
        layout
    }

    /// The width of all columns except the bar, with the blanks between them.
    fn around(&self) -> usize {
        let columns =
            [self.index, self.name, self.attempt, self.node, self.status, self.queued, self.cold, self.run];
        columns.iter().filter(|&&width| width > 0).map(|width| width + 1).sum::<usize>()
            + usize::from(self.columns >= WIDE_GAP_COLUMNS)
    }

    /// The number of blanks between the bar and the columns before it.
    pub(crate) fn gap(&self) -> usize {
        1 + usize::from(self.columns >= WIDE_GAP_COLUMNS)
    }

    /// The width of the columns before the bar, without the gap.
    pub(crate) fn left(&self) -> usize {
        let columns = [self.index, self.name, self.attempt, self.node];
        columns.iter().filter(|&&width| width > 0).map(|width| width + 1).sum::<usize>().saturating_sub(1)
    }
}

/// Whether the row of a Pod may have words behind its bar.
fn may_have_words(pod: &PodOverview) -> bool {
    pod.has_failed()
        || pod.was_stopped()
        || (pod.has_wait_reason && !pod.outcome.has_ended())
        || pod.is_crash_looping
        || pod.is_not_taken_up
}

impl ColumnContent {
    /// The columns to add to the column of names if `spare` columns are free. If the names fit without the name of
    /// their workload, but not as a whole, more than [`USUAL_NAME`] columns would stay empty.
    fn more_for_name(&self, layout: &Layout, spare: usize) -> usize {
        let max = if layout.columns < 160 { 28 } else { 40 };
        let wanted = self.name.min(max).saturating_sub(layout.name);
        let is_enough = layout.name >= self.own_name && self.own_name > 0;
        let has_empty_columns = is_enough && (self.name > max || wanted > spare);
        let limit = if has_empty_columns { USUAL_NAME.saturating_sub(layout.name) } else { wanted };
        limit.min(wanted).min(spare)
    }

    /// The widest content of each column in these groups.
    fn measure(context: &ViewContext<'_>, groups: &[&Group<'_>]) -> Self {
        let mut widest = Self::default();
        let (mut index, mut attempt, mut needs_wide_column, mut measured) = (None, 1, false, 0);
        let ellipsis = text::width(context.glyphs.ellipsis);
        for group in groups {
            let shared = match group.heading {
                Heading::Workload(workload) => workload.name.len() + 1,
                Heading::Pods(_)
                | Heading::Node(_)
                | Heading::Role { .. }
                | Heading::Outcome(_)
                | Heading::All => 0,
            };
            for &key in group.pods.iter() {
                let pod = context.timeline.identity(key);
                // Names of Pods and nodes are ASCII. Any other text has at least as many bytes as columns.
                widest.name = widest.name.max(pod.name.len());
                if shared > 0 {
                    widest.own_name = widest.own_name.max(pod.name.len().saturating_sub(shared) + ellipsis);
                }
                widest.node = widest.node.max(pod.node.as_ref().map_or(0, |node| node.len()));
                index = index.max(pod.index);
                attempt = attempt.max(pod.attempt);
                if context.timeline.overview(key).has_restarted {
                    widest.restarts = RESTARTS;
                }
                needs_wide_column |= context.timeline.overview(key).needs_wide_column();
                if measured < MEASURED_PODS && may_have_words(context.timeline.overview(key)) {
                    measured += 1;
                    widest.words = widest.words.max(words_width(context, key));
                }
            }
        }
        widest.duration = if needs_wide_column { duration::MAX_WIDTH } else { duration::USUAL_WIDTH };
        widest.index = index.map_or(0, |index| index.to_string().len().max("INDEX".len()));
        widest.attempt = if attempt > 1 { "TRY".len() } else { 0 };
        widest
    }
}
