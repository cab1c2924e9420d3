//! A section of the diagram: a group of Pods with everything that its lines need.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::timeline::{GangReport, PodKey, Summary, Workload};
use crate::view::frame_cache::keys::{FoldKey, RowsKey};
use crate::view::frame_cache::results::{Counts, Folded, PodPace, PodRows};
use crate::view::primitives::frame::Line;
use crate::view::rows::failure_line::failure_line;
use crate::view::rows::gang_text::gang_line;
use crate::view::rows::groups::{Group, Heading};
use crate::view::rows::headings;
use crate::view::rows::overflow::{PacedPods, fold_pods};
use crate::view::rows::slot_time::conclusions::{ConclusionRoom, conclusion_lines, short_verdict_line};
use crate::view::rows::slot_time::findings;
use crate::view::rows::slot_time::held_sentence::queue_line;
use crate::view::rows::trouble::rank_trouble;
use crate::view::sequence::{concurrency, gang, held};
use crate::view::state::Align;
use crate::view::view_context::ViewContext;

/// Each section gets room for this many of its rows before the lines around the rows get any room.
const MIN_ROWS: usize = 4;

/// The lines that are shown below the rows of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShownConclusions {
    /// The verdict with its bar, and the findings.
    All,
    /// The sentence of the verdict.
    Sentence,
    None,
}

/// A group with everything that its lines need.
pub(crate) struct Section<'a> {
    pub(crate) group: Group<'a>,
    pub(crate) counts: Counts,
    /// The summary of the workload, if the group is a workload.
    pub(crate) summary: Option<Summary>,
    /// The lines that say why Pods failed, and why the workload failed or waits.
    pub(crate) reasons: Vec<Line>,
    /// The lines below the rows: the verdict and the findings.
    conclusions: Vec<Line>,
    /// The sentence of the verdict in one line, for a screen without room for all conclusions.
    sentence: Option<Line>,
    pub(crate) rows: Rc<PodRows>,
    /// The rows that are shown. Empty until [`Self::fold_to`] runs.
    pub(crate) folded: Rc<Folded>,
    pub(crate) pace: PodPace,
    rows_key: RowsKey,
    in_trouble: OnceCell<usize>,
}

impl<'a> Section<'a> {
    /// Prepares a group. The counts, the pace and the findings include all Pods of the group. The rows include only the
    /// Pods that match the filter.
    /// Each line has at most `columns` columns.
    pub(crate) fn prepare(
        context: &ViewContext<'a>,
        mut group: Group<'a>,
        columns: usize,
        room: ConclusionRoom,
    ) -> Self {
        let counts = Counts::get_or_compute(context, &group);
        let (cache, version) = (context.cache, context.version());
        let pace = group.pace(context);
        let (summary, reason) = match group.heading {
            Heading::Workload(workload) => {
                (Some(context.summary(workload)), headings::reason_line(context, workload, columns))
            }
            Heading::Pods(_)
            | Heading::Node(_)
            | Heading::Role { .. }
            | Heading::Outcome(_)
            | Heading::All => (None, None),
        };
        let mut failures = match group.heading {
            Heading::Workload(workload) => findings::pull_failure_lines(context, workload, columns),
            Heading::Pods(_)
            | Heading::Node(_)
            | Heading::Role { .. }
            | Heading::Outcome(_)
            | Heading::All => Vec::new(),
        };
        let reason = reason.or_else(|| (!failures.is_empty()).then(|| failures.remove(0)));
        let failure = failure_line(context, &group, &counts, columns);
        let gang = match group.heading {
            Heading::Workload(workload) => gang_line(context, workload, columns),
            Heading::Pods(_)
            | Heading::Node(_)
            | Heading::Role { .. }
            | Heading::Outcome(_)
            | Heading::All => None,
        };
        let queue = group.workload().and_then(|workload| queue_line(context, workload, columns));
        let reasons = queue.into_iter().chain(gang).chain(failure).chain(reason).collect();
        let conclusions = conclusion_lines(context, &group, summary.as_ref(), room);
        let conclusions = failures.into_iter().chain(conclusions).collect();
        let sentence = short_verdict_line(context, &group, summary.as_ref(), columns);
        group.apply_filter(context);
        let rows_key = RowsKey {
            group: group.key(),
            filter: context.window.filter.clone(),
            align: context.state.align,
            explain: context.state.explain,
            unfolded: context.window.unfolded,
        };
        let rows =
            cache.pod_rows.get_or_compute(version, rows_key.clone(), || PodRows::for_group(context, &group));
        Self {
            group,
            counts,
            summary,
            reasons,
            conclusions,
            sentence,
            rows,
            folded: Rc::default(),
            pace,
            rows_key,
            in_trouble: OnceCell::new(),
        }
    }

    /// The heading of the section.
    pub(crate) fn heading(&self, context: &ViewContext<'_>, columns: usize) -> Line {
        headings::group_heading(context, &self.group, &self.counts, self.summary.as_ref(), columns)
    }

    /// The summary, if the section has a line about concurrency.
    pub(crate) fn concurrency(&self, context: &ViewContext<'_>) -> Option<&Summary> {
        let has_enough = context.state.align == Align::Wall && self.group.pods.len() >= concurrency::MIN_PODS;
        self.summary.as_ref().filter(|summary| has_enough && summary.concurrency_max > 1)
    }

    /// The workload, if it has a row of its own because it was held.
    pub(crate) fn held_workload(&self, context: &ViewContext<'_>) -> Option<&'a Workload> {
        match self.group.heading {
            Heading::Workload(workload) => Some(workload).filter(|_| held::has_row(context, workload)),
            Heading::Pods(_)
            | Heading::Node(_)
            | Heading::Role { .. }
            | Heading::Outcome(_)
            | Heading::All => None,
        }
    }

    /// The gang of the workload, if it has a row of its own.
    pub(crate) fn gang(&self, context: &ViewContext<'_>) -> Option<GangReport> {
        gang::gang_of_row(context, self.group.workload()?)
    }

    /// The lines below the rows.
    pub(crate) fn conclusions(&self, shown: ShownConclusions) -> &[Line] {
        match shown {
            ShownConclusions::All => &self.conclusions,
            ShownConclusions::Sentence => self.sentence.as_slice(),
            ShownConclusions::None => &[],
        }
    }

    /// The number of lines that the rows get before the lines around them get any of `lines` lines. The rows in trouble
    /// are among them, with a line that counts the other Pods. They never get more than half of the lines.
    pub(crate) fn min_rows(&self, context: &ViewContext<'_>, lines: usize) -> usize {
        let rows = self.rows.rows.as_slice();
        if rows.len() <= MIN_ROWS {
            return rows.len();
        }
        let in_trouble = self.rows_in_trouble(context);
        let wanted = if in_trouble < rows.len() { in_trouble + 1 } else { in_trouble };
        wanted.min(lines.div_ceil(2)).max(MIN_ROWS)
    }

    /// The number of rows that are in trouble.
    fn rows_in_trouble(&self, context: &ViewContext<'_>) -> usize {
        *self.in_trouble.get_or_init(|| {
            let key = self.rows_key.clone();
            let count = || self.rows.rows.iter().filter(|&&key| self.is_in_trouble(context, key)).count();
            *context.cache.rows_in_trouble.get_or_compute(context.version(), key, count)
        })
    }

    /// The number of rows that are in trouble and are not shown.
    pub(crate) fn hidden_rows_in_trouble(&self, context: &ViewContext<'_>) -> usize {
        if self.folded.overflow.is_empty() {
            return 0;
        }
        let shown = self.folded.shown.iter().filter(|&&key| self.is_in_trouble(context, key)).count();
        self.rows_in_trouble(context).saturating_sub(shown)
    }

    fn is_in_trouble(&self, context: &ViewContext<'_>, key: PodKey) -> bool {
        rank_trouble(context, &self.pace, key).0.is_trouble()
    }

    /// Chooses the rows that fit into `lines` lines.
    pub(crate) fn fold_to(&mut self, context: &ViewContext<'_>, lines: usize) {
        let rows = self.rows.rows.as_slice();
        let paced = [PacedPods { pace: self.pace, pods: rows }];
        self.folded = if lines == 0 {
            Rc::default()
        } else if lines >= rows.len() {
            Rc::new(fold_pods(context, &paced, lines))
        } else {
            let key = FoldKey { rows: self.rows_key.clone(), lines };
            context.cache.folded.get_or_compute(context.version(), key, || fold_pods(context, &paced, lines))
        };
    }
}
