//! The lines below the Pods of a group: the verdict with its bar, and the findings.

use crate::timeline::{Summary, Workload};
use crate::view::frame_cache::keys::FindingsKey;
use crate::view::names::Names;
use crate::view::primitives::frame::{Line, Style};
use crate::view::rows::findings;
use crate::view::rows::groups::{Group, Heading, pod_groups, workload_groups};
use crate::view::rows::verdict::{VerdictRoom, verdict_lines};
use crate::view::state::{GroupBy, Size};
use crate::view::view_context::ViewContext;

/// The verdict may have a second line if the screen has at least this many lines for each group of Pods.
const MIN_LINES_FOR_LONG_VERDICT: usize = 16;
/// The verdict has a bar if the screen has at least this many lines for each group of Pods.
const MIN_LINES_FOR_BAR: usize = 14;

/// The room for the conclusions of each group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConclusionRoom {
    verdict: VerdictRoom,
}

impl ConclusionRoom {
    /// The room on a screen with `lines` lines for `groups` groups of Pods. `lines` is `None` if there is no limit.
    pub(crate) fn new(columns: usize, lines: Option<usize>, groups: usize) -> Self {
        let lines_per_group = lines.map_or(usize::MAX, |lines| lines / groups.max(1));
        let max_lines = if lines_per_group < MIN_LINES_FOR_LONG_VERDICT { 1 } else { 2 };
        let has_bar = lines_per_group >= MIN_LINES_FOR_BAR;
        Self { verdict: VerdictRoom { columns, max_lines, has_bar } }
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
    // If an ended workload has no Pods, nothing shows how its slots were used.
    let is_known = |workload: &Workload| !workload.has_ended() || !workload.pods.is_empty();
    let is_known = group.workload().is_none_or(is_known);
    let mut lines = summary
        .filter(|_| is_known)
        .map(|summary| verdict_lines(context, summary, &group.pods, room.verdict))
        .unwrap_or_default();
    let key = FindingsKey { group: group.key(), columns };
    let find = || find(context, group, columns);
    let findings = context.cache.findings.get_or_compute(context.version(), key, find);
    lines.extend(findings.iter().cloned());
    lines
}

/// With fewer lines, a table and a grid have no conclusions.
const MIN_LINES_FOR_CONCLUSIONS: usize = 12;

/// The conclusions about all workloads with Pods, for a view that has them below all its Pods. Each of several workloads
/// begins with a line that names it. On a screen, the conclusions take at most a third of the lines.
pub(crate) fn conclusions_below(context: &ViewContext<'_>, size: Size) -> Vec<Line> {
    if size.rows.is_some_and(|rows| rows < MIN_LINES_FOR_CONCLUSIONS) {
        return Vec::new();
    }
    let mut groups = match context.state.group_by {
        GroupBy::Workload => pod_groups(context),
        GroupBy::Node | GroupBy::Outcome | GroupBy::None => workload_groups(context),
    };
    groups.retain(|group| !group.pods.is_empty());
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
        lines.truncate(rows / 3);
    }
    lines
}

/// The findings about a group: image pulls, the longest waits, the Pods that ended last, and clocks that are off.
fn find(context: &ViewContext<'_>, group: &Group<'_>, columns: usize) -> Vec<Line> {
    let mut lines = findings::pull_lines(context, &group.pods, columns);
    if let Heading::Workload(workload) = group.heading {
        lines.extend(findings::waits_line(context, workload, columns));
        lines.extend(findings::stragglers_line(context, workload, columns));
        lines.extend(findings::gone_line(context, workload, columns));
    }
    lines.extend(findings::clocks_line(context, &group.pods, columns));
    lines
}
