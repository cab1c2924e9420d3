//! The lines below the Pods of a group: the verdict with its bar, and the findings.

use std::rc::Rc;

use crate::timeline::{Finding, FindingKind, Summary, Workload};
use crate::view::frame_cache::keys::FindingsKey;
use crate::view::names::Names;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text::CONTINUATION_INDENT;
use crate::view::rows::gang_text::gang_sentence;
use crate::view::rows::groups::{Group, Heading, pod_groups, workload_groups};
use crate::view::rows::slot_time::breakdown_table::breakdown_lines;
use crate::view::rows::slot_time::findings;
use crate::view::rows::slot_time::held_sentence::held_sentence;
use crate::view::rows::slot_time::verdict::{VerdictRoom, verdict_lines};
use crate::view::rows::trouble::rank_trouble;
use crate::view::state::{GroupBy, Size, View};
use crate::view::view_context::ViewContext;

/// The verdict may have a second line if the screen has at least this many lines for each group of Pods.
const MIN_LINES_FOR_LONG_VERDICT: usize = 16;
/// The verdict has a bar if the screen has at least this many lines for each group of Pods.
const MIN_LINES_FOR_BAR: usize = 14;

/// The room for the conclusions of each group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConclusionRoom {
    verdict: VerdictRoom,
    /// The number of lines for each group.
    lines: usize,
}

/// The number of lines around the rows and the findings of a group: its heading, the axis, the concurrency, the verdict
/// with its bar, and the legend.
const LINES_AROUND_ROWS: usize = 8;
/// The maximum number of lines of a finding.
const LINES_PER_FINDING: usize = 2;

impl ConclusionRoom {
    /// The room on a screen with `lines` lines for `groups` groups of Pods. `lines` is `None` if there is no limit.
    pub(crate) fn new(columns: usize, lines: Option<usize>, groups: usize) -> Self {
        let lines_per_group = lines.map_or(usize::MAX, |lines| lines / groups.max(1));
        let max_lines = if lines_per_group < MIN_LINES_FOR_LONG_VERDICT { 1 } else { 2 };
        let has_bar = lines_per_group >= MIN_LINES_FOR_BAR;
        Self { verdict: VerdictRoom { columns, max_lines, has_bar, workloads: 1 }, lines: lines_per_group }
    }

    /// The maximum number of findings about a group with this number of Pods. If a Pod would lose its row, rows are
    /// more important than findings.
    fn max_findings(self, pods: usize) -> usize {
        let beside_rows =
            self.lines.saturating_sub(LINES_AROUND_ROWS).saturating_sub(pods) / LINES_PER_FINDING;
        let beside_folded_rows = match self.lines {
            ..MIN_LINES_FOR_BAR => 0,
            MIN_LINES_FOR_BAR..30 => 1,
            30..40 => 2,
            40.. => usize::MAX,
        };
        beside_rows.max(beside_folded_rows)
    }
}

/// The verdict about a group in one line, without its bar, for a screen that has no room for more. `None` if the
/// group is no workload, or if it is unknown how its slots were used.
pub(crate) fn short_verdict_line(
    context: &ViewContext<'_>,
    group: &Group<'_>,
    summary: Option<&Summary>,
    columns: usize,
) -> Option<Line> {
    let summary = summary.filter(|_| has_known_slots(context, group))?;
    let room = VerdictRoom { columns, max_lines: 1, has_bar: false, workloads: 1 };
    verdict_lines(context, summary, &group.pods, room).into_iter().next()
}

/// Where the Pods of a workload have their rows.
enum RowPlace {
    /// Below the heading of the workload, or below the headings of several workloads below it.
    Own,
    /// Below the heading of the only workload below it that has Pods.
    OnlyChild,
    /// Nowhere, because no Pod is known.
    Nowhere,
}

impl RowPlace {
    fn of_workload(context: &ViewContext<'_>, workload: &Workload) -> Self {
        if !workload.pods.is_empty() {
            return Self::Own;
        }
        let below = context.timeline.subtree(&workload.uid).iter().filter(|below| !below.pods.is_empty());
        match below.take(2).count() {
            0 => Self::Nowhere,
            1 => Self::OnlyChild,
            _ => Self::Own,
        }
    }
}

/// Whether the conclusions about a group show how its slots were used. For an ended workload without Pods, this is
/// unknown. If all Pods are below the heading of one other workload, the conclusions about that workload show it.
fn has_known_slots(context: &ViewContext<'_>, group: &Group<'_>) -> bool {
    let Some(workload) = group.workload() else { return true };
    match RowPlace::of_workload(context, workload) {
        RowPlace::Own => true,
        RowPlace::OnlyChild => false,
        RowPlace::Nowhere => !workload.has_ended(),
    }
}

/// The verdict about a group, if the group is a workload, and the findings.
pub(crate) fn conclusion_lines(
    context: &ViewContext<'_>,
    group: &Group<'_>,
    summary: Option<&Summary>,
    room: ConclusionRoom,
) -> Vec<Line> {
    let columns = room.verdict.columns;
    let summary = summary.filter(|_| has_known_slots(context, group));
    let mut lines =
        summary.map(|summary| verdict_lines(context, summary, &group.pods, room.verdict)).unwrap_or_default();
    let gang = group.workload().and_then(|workload| gang_sentence(context, workload));
    lines.extend(gang.map(|text| Line::new(text, Style::Text).shorten_end(columns, context.glyphs.ellipsis)));
    let held = summary.and_then(held_sentence);
    lines.extend(held.map(|text| Line::new(text, Style::Text).shorten_end(columns, context.glyphs.ellipsis)));
    let max_findings = room.max_findings(group.pods.len());
    let key = FindingsKey { group: group.key(), columns, max_findings };
    let find = || find(context, group, summary, columns, max_findings);
    let findings = context.cache.findings.get_or_compute(context.version(), key, find);
    lines.extend(findings.iter().cloned());
    let has_tables = match context.state.view {
        View::Sequence | View::Table | View::Wide => true,
        View::Grid | View::Runs => false,
    };
    if let (Some(workload), Some(by)) = (group.workload(), context.state.breakdown.filter(|_| has_tables)) {
        lines.extend(breakdown_lines(context, workload, by, columns, room.lines / 3));
    }
    lines
}

/// With fewer lines, a table and a grid have only the sentence of the verdict.
const MIN_LINES_FOR_CONCLUSIONS: usize = 12;

/// With fewer lines, a table and a grid have no conclusions.
const MIN_LINES_FOR_SENTENCE: usize = 5;

/// The conclusions about all workloads with Pods, for a view that shows the conclusions below all Pods. If there are
/// several workloads, a line with the name precedes the conclusions about each one. On a screen, the conclusions take
/// at most a third of the lines.
pub(crate) fn conclusions_below(context: &ViewContext<'_>, size: Size) -> Vec<Line> {
    if size.rows.is_some_and(|rows| rows < MIN_LINES_FOR_SENTENCE) {
        return Vec::new();
    }
    let mut groups = match context.state.group_by {
        GroupBy::Workload => pod_groups(context),
        GroupBy::Node | GroupBy::Role | GroupBy::Outcome | GroupBy::None => workload_groups(context),
    };
    groups.retain(|group| !group.pods.is_empty());
    if let Some(rows) = size.rows.filter(|rows| *rows < MIN_LINES_FOR_CONCLUSIONS) {
        // Sentences about several workloads would need their names too.
        let [only] = &groups[..] else { return Vec::new() };
        if !has_room_for_sentence(context, only, rows) {
            return Vec::new();
        }
        let summary = only.workload().map(|workload| context.summary(workload));
        return short_verdict_line(context, only, summary.as_ref(), size.columns).into_iter().collect();
    }
    let room = ConclusionRoom::new(size.columns, size.rows, groups.len());
    let names = Names::from_timeline(context.timeline);
    let mut lines = Vec::new();
    for group in &groups {
        let workload = group.workload();
        let summary = workload.map(|workload| context.summary(workload));
        let conclusions = conclusion_lines(context, group, summary.as_ref(), room);
        let name = workload.filter(|_| groups.len() > 1 && !conclusions.is_empty());
        lines.extend(name.map(|workload| Line::new(names.workload(workload), Style::Strong)));
        lines.extend(conclusions);
    }
    if let Some(rows) = size.rows {
        truncate_to_whole_sentences(&mut lines, rows / 3);
    }
    lines
}

/// Whether a screen with this number of lines has room for the sentence of the verdict. Rows of Pods in trouble are
/// more important.
fn has_room_for_sentence(context: &ViewContext<'_>, group: &Group<'_>, lines: usize) -> bool {
    match context.state.view {
        View::Sequence | View::Table | View::Wide => {}
        View::Grid | View::Runs => return true,
    }
    let pace = group.pace(context);
    let in_trouble = group.pods.iter().filter(|key| rank_trouble(context, &pace, **key).0.is_trouble());
    // The heading, the names of the columns, the count of the other Pods and the sentence need lines of their own.
    in_trouble.take(lines).count() + 4 <= lines || group.pods.len() + 3 <= lines
}

/// Keeps at most `max` lines. A sentence whose last line does not fit is left out.
fn truncate_to_whole_sentences(lines: &mut Vec<Line>, max: usize) {
    let continues = |line: &Line| line.plain().starts_with(CONTINUATION_INDENT);
    let mut end = max.min(lines.len());
    while end > 0 && lines.get(end).is_some_and(continues) {
        end -= 1;
    }
    lines.truncate(end);
}

/// The lines about a group below its verdict: the findings, further waits, and wrong clocks. If the group has no slot
/// time, lines about image pulls replace the findings.
fn find(
    context: &ViewContext<'_>,
    group: &Group<'_>,
    summary: Option<&Summary>,
    columns: usize,
    max_findings: usize,
) -> Vec<Line> {
    let mut lines = Vec::new();
    let has_slots = summary.is_some_and(|summary| summary.slots.total > 0);
    if !has_slots {
        lines.extend(findings::pull_lines(context, &group.pods, columns));
    }
    if let Heading::Workload(workload) = group.heading {
        let mut named = Vec::new();
        // Failing pulls have lines of their own.
        let has_own_line = |finding: &&Finding| {
            finding.kind == FindingKind::PullFailing && context.timeline.cannot_pull(workload)
        };
        let all = if has_slots { context.findings(workload) } else { Rc::default() };
        for finding in all.iter().filter(|finding| !has_own_line(finding)).take(max_findings) {
            lines.extend(findings::finding_lines(context, finding, columns, LINES_PER_FINDING));
            named.extend_from_slice(&finding.reasons);
        }
        lines.extend(findings::waits_line(context, workload, &named, columns));
        lines.extend(findings::gone_line(context, workload, columns));
    }
    lines.extend(findings::clocks_line(context, &group.pods, columns));
    lines
}
