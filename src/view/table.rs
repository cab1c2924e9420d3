//! The table: a row of text for each Pod.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::rc::Rc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::lifecycle::{Lifecycle, PhaseKind, RangedDuration, Uncertainty};
use crate::timeline::{OpenRetry, PodKey, Timeline, TimelinePod, Workload};
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::{Counts, Folded, PodPace};
use crate::view::names::has_several_namespaces;
use crate::view::picture::{FlushLines, Picture};
use crate::view::primitives::columns::{Column, Columns, Shrink, TableCell, TableRow};
use crate::view::primitives::duration::format_ranged;
use crate::view::primitives::frame::{Frame, Line, Style};
use crate::view::primitives::text;
use crate::view::rows::container_text::describe_reason;
use crate::view::rows::end_text::describe_special_end;
use crate::view::rows::gang_text::gang_line;
use crate::view::rows::groups::{Group, Heading, pod_groups};
use crate::view::rows::headings;
use crate::view::rows::numbers::{DurationText, PodDurations};
use crate::view::rows::overflow::{PacedPods, fold_pods, name_overflow, style_of_count};
use crate::view::rows::pace::PaceMark;
use crate::view::rows::phase_text::describe_next_try;
use crate::view::rows::retries::open_retries;
use crate::view::rows::scrolling::visible_rows;
use crate::view::rows::slot_time::conclusions::conclusions_below;
use crate::view::sequence::rows::describe_status;
use crate::view::state::Size;
use crate::view::view_context::ViewContext;

/// Draws the table. With `wide`, it has more columns. If the number of lines is limited, the headings of the groups
/// precede the rows, and the rows are folded or scroll. Otherwise `flush` may take complete lines early.
pub(crate) fn draw_table(
    context: &ViewContext<'_>,
    size: Size,
    wide: bool,
    flush: &mut FlushLines<'_>,
) -> Picture {
    let mut groups = pod_groups(context);
    let mut frame = Frame::default();
    // Without a limit, a table with rows has no headings. A table without rows has headings, because they show the
    // reason.
    let has_rows = groups.iter().any(|group| !group.pods.is_empty());
    let max_headings = size.rows.map_or(if has_rows { 0 } else { usize::MAX }, |rows| rows / 3);
    for group in groups.iter().filter(|group| is_listed(context, group, groups.len())).take(max_headings) {
        let counts = Counts::get_or_compute(context, group);
        let summary = group.workload().map(|workload| context.summary(workload));
        let columns = size.heading_columns();
        frame.lines.push(headings::group_heading(context, group, &counts, summary.as_ref(), columns));
        let workload = group.workload().filter(|_| size.rows.is_some());
        frame.lines.extend(workload.and_then(|workload| gang_line(context, workload, columns)));
        if let Some(workload) = group.workload().filter(|_| !has_rows) {
            frame.lines.extend(headings::reason_line(context, workload, columns));
        }
    }
    let pace_by_group: Vec<PodPace> = groups.iter().map(|group| group.pace(context)).collect();
    for group in &mut groups {
        group.apply_filter(context);
    }
    let pods: Vec<PodKey> = groups.iter().flat_map(|group| group.pods.iter().copied()).collect();
    let mut picture = Picture { found: pods.len(), cells_per_line: 1, ..Picture::default() };
    let mut folded = Folded { shown: pods, overflow: Vec::new() };
    let mut around = (0, 0);
    // A table that goes to a file or a program has only its own lines.
    let is_for_people = size.columns != Size::UNLIMITED_COLUMNS;
    let conclusions = if is_for_people { conclusions_below(context, size) } else { Vec::new() };
    if let Some(rows) = size.rows {
        let room = rows.saturating_sub(frame.lines.len() + 1 + conclusions.len());
        if context.window.unfolded {
            picture.pods.clone_from(&folded.shown);
            let selected = folded.shown.iter().position(|&key| context.window.selected == Some(key));
            let room = if folded.shown.len() <= room { room } else { room.saturating_sub(1) };
            let shown = visible_rows(context.window.first, selected, folded.shown.len(), room);
            picture.first_row = shown.start;
            around = (shown.start, folded.shown.len() - shown.end);
            folded.shown = folded.shown[shown].to_vec();
        } else {
            let paced_groups: Vec<PacedPods<'_>> = groups
                .iter()
                .zip(&pace_by_group)
                .map(|(group, &pace)| PacedPods { pace, pods: &group.pods })
                .collect();
            folded = fold_pods(context, &paced_groups, room);
        }
    }
    if !context.window.unfolded || size.rows.is_none() {
        picture.pods.clone_from(&folded.shown);
    }
    picture.folded = picture.found - picture.pods.len();
    if !folded.shown.is_empty() {
        let is_complete = size.columns == Size::UNLIMITED_COLUMNS;
        let table = Table::new(context, &groups, &pace_by_group, &folded.shown, wide, is_complete);
        let mut keep = |_: &mut Vec<Line>| ControlFlow::Continue(());
        let flush: &mut FlushLines<'_> = if size.rows.is_none() { flush } else { &mut keep };
        if table.draw(&folded.shown, size.columns, &mut frame.lines, flush).is_break() {
            return picture;
        }
    }
    for fold in &folded.overflow {
        let label = format!("+ {} {}", fold.pods.len(), name_overflow(fold));
        let line = Line::new(label, style_of_count(fold.state));
        frame.lines.push(line.shorten_end(size.columns, context.glyphs.ellipsis));
    }
    if around != (0, 0) {
        let line = Line::new(format!("+ {} above, {} below", around.0, around.1), Style::Dim);
        frame.lines.push(line.shorten_end(size.columns, context.glyphs.ellipsis));
    }
    frame.lines.extend(conclusions);
    if let Some(rows) = size.rows {
        frame.lines.truncate(rows);
    }
    picture.frame = frame;
    picture
}

/// Whether a group has a heading. Of several groups, only those with a Pod that matches the filter have one.
fn is_listed(context: &ViewContext<'_>, group: &Group<'_>, groups: usize) -> bool {
    if context.window.filter.is_empty() || groups < 2 {
        return true;
    }
    let mut filtered = group.clone();
    filtered.apply_filter(context);
    !filtered.pods.is_empty()
}

/// The number of rows that are drawn before each call of `flush`.
const BLOCK_ROWS: usize = 1000;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PodColumn {
    Namespace,
    Workload,
    Name,
    Index,
    Try,
    Node,
    Status,
    Queued,
    ColdStart,
    Setup,
    Pull,
    Init,
    Start,
    Run,
    Lost,
    ExitCode,
    Restarts,
    Created,
    Image,
    Reason,
    Marks,
}

impl PodColumn {
    /// All columns, from left to right.
    const ALL: &'static [Self] = &[
        Self::Namespace,
        Self::Workload,
        Self::Name,
        Self::Index,
        Self::Try,
        Self::Node,
        Self::Status,
        Self::Queued,
        Self::ColdStart,
        Self::Setup,
        Self::Pull,
        Self::Init,
        Self::Start,
        Self::Run,
        Self::Lost,
        Self::ExitCode,
        Self::Restarts,
        Self::Created,
        Self::Image,
        Self::Reason,
        Self::Marks,
    ];

    /// The heading and the alignment of the column, and how it adapts to a narrow screen.
    fn layout(self) -> Column {
        let name = |heading| Column::left(heading).shrinking(Shrink::Middle(12));
        match self {
            Self::Namespace => name("NAMESPACE").droppable(2),
            Self::Workload => name("WORKLOAD").droppable(6),
            Self::Name => Column::left("POD").shrinking(Shrink::Middle(14)),
            Self::Index => Column::right("INDEX").droppable(1),
            Self::Try => Column::right("TRY").droppable(3),
            Self::Node => Column::left("NODE").shrinking(Shrink::Middle(8)).droppable(4),
            Self::Status => Column::left("STATUS").shrinking(Shrink::End(17)),
            Self::Queued => Column::right("QUEUED").droppable(3),
            Self::ColdStart => Column::right("COLD").droppable(1),
            Self::Setup => Column::right("SETUP").droppable(8),
            Self::Pull => Column::right("PULL").droppable(8),
            Self::Init => Column::right("INIT").droppable(8),
            Self::Start => Column::right("START").droppable(8),
            Self::Run => Column::right("RUN"),
            Self::Lost => Column::left("LOST").droppable(7),
            Self::ExitCode => Column::right("EXIT").droppable(5),
            Self::Restarts => Column::right("RESTARTS").droppable(5),
            Self::Created => Column::left("CREATED").droppable(9),
            Self::Image => Column::left("IMAGE").shrinking(Shrink::Middle(16)).droppable(10),
            Self::Reason => Column::left("REASON").shrinking(Shrink::End(14)).droppable(3),
            Self::Marks => Column::left("MARKS").droppable(2),
        }
    }
}

/// The data that all rows of the table share.
struct Table<'a> {
    context: &'a ViewContext<'a>,
    columns: Vec<PodColumn>,
    /// The workload of each Pod, indexed by the Pod's key. Empty if the table has no column for the workload.
    workloads: Vec<Option<&'a Workload>>,
    /// The failed Pods that will be replaced, with the expected time of the next try.
    open_retries: Rc<HashMap<PodKey, OpenRetry>>,
    /// The pace of each group.
    paces: &'a [PodPace],
    /// The index of the group of each Pod, indexed by the Pod's key. Empty if there is only one group.
    group_by_pod: Vec<u32>,
}

impl<'a> Table<'a> {
    fn new(
        context: &'a ViewContext<'a>,
        groups: &[Group<'_>],
        paces: &'a [PodPace],
        pods: &[PodKey],
        wide: bool,
        is_complete: bool,
    ) -> Self {
        let open_retries =
            context.cache.open_retries.get_or_compute(context.version(), (), || open_retries(context));
        let owners = groups.iter().filter(|group| !matches!(group.heading, Heading::Pods(_))).count();
        let identity = |key: &PodKey| context.timeline.identity(*key);
        // All Pods count, not only those with a row, so that no column comes and goes while other rows are shown.
        let all = || groups.iter().flat_map(|group| group.pods.iter());
        let overview = |key: &PodKey| context.timeline.overview(*key);
        let exit_code = |key: &PodKey| {
            let pod = overview(key);
            // The whole life is only derived for a Pod that may have an exit code other than zero.
            let has_failed = pod.has_failed_run || pod.outcome.has_failed();
            if has_failed { context.timeline.pod(*key).life.exit_code.unwrap_or(0) } else { 0 }
        };
        let restarts = |key: &PodKey| {
            if overview(key).has_restarted { count_restarts(&context.timeline.pod(*key).life) } else { 0 }
        };
        let is_shown = |column: &PodColumn| match column {
            PodColumn::Namespace => has_several_namespaces(context.timeline),
            PodColumn::Workload => owners > 1,
            PodColumn::Index => is_complete || pods.iter().any(|key| identity(key).index.is_some()),
            PodColumn::Try => is_complete || has_differences(all().map(|key| identity(key).attempt)),
            PodColumn::ExitCode => is_complete || wide || has_differences(all().map(exit_code)),
            PodColumn::Restarts => is_complete || wide || has_differences(all().map(restarts)),
            PodColumn::Setup
            | PodColumn::Pull
            | PodColumn::Init
            | PodColumn::Start
            | PodColumn::Created
            | PodColumn::Image => wide,
            PodColumn::Lost => {
                let is_lost = |&key: &PodKey| context.timeline.lost_work_of_pod(key).is_some();
                wide && (is_complete || pods.iter().any(is_lost))
            }
            PodColumn::Reason => {
                is_complete
                    || !open_retries.is_empty()
                    || pods.iter().any(|&key| {
                        context.timeline.pod(key).life.reason.is_some()
                            || context.timeline.is_uncounted_success(key)
                    })
            }
            PodColumn::Name
            | PodColumn::Node
            | PodColumn::Status
            | PodColumn::Queued
            | PodColumn::ColdStart
            | PodColumn::Run
            | PodColumn::Marks => true,
        };
        let columns: Vec<PodColumn> = PodColumn::ALL.iter().copied().filter(is_shown).collect();
        let workloads = if columns.contains(&PodColumn::Workload) {
            workloads_by_pod(context.timeline)
        } else {
            Vec::new()
        };
        let group_by_pod = if groups.len() > 1 { groups_by_pod(groups) } else { Vec::new() };
        Self { context, columns, workloads, open_retries, paces, group_by_pod }
    }

    /// Draws the rows of these Pods in blocks. `flush` may take complete lines and end the drawing.
    fn draw(
        &self,
        pods: &[PodKey],
        room: usize,
        lines: &mut Vec<Line>,
        flush: &mut FlushLines<'_>,
    ) -> ControlFlow<()> {
        let mut columns = Columns::new(self.columns.iter().map(|column| column.layout()).collect());
        for &key in pods {
            columns.measure(&self.row(key));
        }
        let fitted = columns.fit(room, self.context.glyphs.ellipsis);
        lines.extend(fitted.draw_heading().into_iter().filter(|_| !self.context.state.omits_headings));
        for block in pods.chunks(BLOCK_ROWS) {
            lines.extend(fitted.draw_rows(block.iter().map(|&key| self.row(key)).collect()));
            flush(lines)?;
        }
        ControlFlow::Continue(())
    }

    fn row(&self, key: PodKey) -> TableRow {
        let pod = self.context.timeline.pod(key);
        let numbers = PodDurations::from_life(&pod.life, self.context.now);
        let cells = self.columns.iter().map(|&column| self.cell(column, key, &pod, &numbers));
        TableRow { pod: Some(key), cells: cells.collect() }
    }

    fn cell(
        &self,
        column: PodColumn,
        key: PodKey,
        pod: &TimelinePod<'_>,
        numbers: &PodDurations,
    ) -> TableCell {
        let life = &pod.life;
        let text = |text: &str| TableCell::new(text::clean(text), Style::Text);
        let number = |number: &DurationText| {
            if number.text.is_empty() { no_value() } else { TableCell::new(&*number.text, number.style) }
        };
        let time_in = |phases: &[PhaseKind]| number(&time_in_phases(self.context, life, phases));
        match column {
            PodColumn::Namespace => text(&pod.namespace),
            PodColumn::Workload => {
                let workload = self.workloads.get(key.0 as usize).copied().flatten();
                workload.map_or_else(no_value, |workload| {
                    text(&format!("{}/{}", workload.kind.to_lowercase(), workload.name))
                })
            }
            PodColumn::Name => TableCell::new(text::clean(&pod.name), Style::Strong),
            PodColumn::Index => pod.index.map_or_else(no_value, |index| text(&index.to_string())),
            PodColumn::Try => text(&pod.attempt.to_string()),
            PodColumn::Node => pod.node.as_deref().map_or_else(no_value, text),
            PodColumn::Status => TableCell::new(text::clean(&life.status), status_style(pod)),
            PodColumn::Queued => number(&numbers.queued),
            PodColumn::ColdStart => number(&numbers.cold),
            PodColumn::Setup => time_in(&[PhaseKind::Setup]),
            PodColumn::Pull => time_in(&[PhaseKind::Pulling]),
            PodColumn::Init => time_in(&[PhaseKind::Initializing]),
            PodColumn::Start => time_in(&[PhaseKind::Starting, PhaseKind::Startup]),
            PodColumn::Run => number(&numbers.run),
            PodColumn::Lost => self
                .context
                .timeline
                .lost_work_of_pod(key)
                .map_or_else(no_value, |cause| TableCell::new(cause.name(), Style::Warning)),
            PodColumn::ExitCode => life.exit_code.map_or_else(no_value, |code| {
                TableCell::new(code.to_string(), if code == 0 { Style::Text } else { Style::Failure })
            }),
            PodColumn::Restarts => {
                let restarts = count_restarts(life);
                TableCell::new(restarts.to_string(), if restarts > 0 { Style::Warning } else { Style::Text })
            }
            PodColumn::Created => {
                let created = life.instants.created.map(|created| created.at);
                created.map_or_else(no_value, |created| text(&self.date_and_time(created)))
            }
            PodColumn::Image => {
                let images: Vec<_> =
                    life.main_containers().map(|container| text::clean(&container.image)).collect();
                if images.is_empty() { no_value() } else { TableCell::new(images.join(","), Style::Text) }
            }
            PodColumn::Marks => self.marks(key, pod),
            // The status already says that the Pod failed, so the time of the next try replaces the reason.
            PodColumn::Reason => {
                if let Some(open) = self.open_retries.get(&key) {
                    return TableCell::new(describe_next_try(open, self.context.now), Style::BackOff);
                }
                let zone = self.context.state.clock.as_ref();
                if let Some(words) = describe_special_end(self.context.timeline, key, zone) {
                    return TableCell::new(words, Style::Warning);
                }
                let Some(reason) = describe_reason(life) else { return no_value() };
                let style = if pod.overview().has_failed() { Style::Failure } else { Style::Warning };
                TableCell::new(reason, style)
            }
        }
    }

    /// The marks of the Pod's row in the sequence diagram: `✓ 3×`, `▸`, `✗ 137 ↻2`.
    fn marks(&self, key: PodKey, pod: &TimelinePod<'_>) -> TableCell {
        let glyphs = self.context.glyphs;
        let (mut marks, mut style) = describe_status(self.context, pod, self.open_retries.contains_key(&key));
        if self.context.timeline.is_uncounted_success(key) {
            (marks, style) = (format!("({})", glyphs.succeeded), Style::Terminating);
        }
        let restarts = pod.life.count_restarts();
        if restarts > 0 {
            marks = format!("{marks} {}{restarts}", glyphs.restarts);
        }
        let group = self.group_by_pod.get(key.0 as usize).map_or(0, |&group| group as usize);
        let pace = self.paces.get(group).and_then(|pace| pace.mark(self.context, key));
        if let Some(PaceMark::TimesMedian(times)) = pace {
            marks = format!("{marks} {times}{}", glyphs.times);
            style = Style::Warning;
        }
        TableCell::new(marks, style)
    }

    /// The time in the zone that the user chose, otherwise in UTC, to the second.
    fn date_and_time(&self, at: Timestamp) -> String {
        let zone = self.context.state.clock.clone().unwrap_or(TimeZone::UTC);
        let format = if zone == TimeZone::UTC { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%:z" };
        at.to_zoned(zone).strftime(format).to_string()
    }
}

/// The cell of a Pod that has no value for a column.
fn no_value() -> TableCell {
    TableCell::new("-", Style::Dim)
}

/// Whether the values of the Pods differ.
fn has_differences<T: PartialEq>(mut values: impl Iterator<Item = T>) -> bool {
    let first = values.next();
    first.is_some_and(|first| values.any(|value| value != first))
}

/// The number of restarts of all containers of a Pod.
fn count_restarts(life: &Lifecycle) -> u32 {
    life.containers.iter().map(|container| container.restarts).fold(0, u32::saturating_add)
}

/// The index of the group of each Pod, indexed by the Pod's key.
fn groups_by_pod(groups: &[Group<'_>]) -> Vec<u32> {
    let mut by_pod: Vec<u32> = Vec::new();
    for (group, index) in groups.iter().zip(0..) {
        for key in group.pods.iter() {
            let at = key.0 as usize;
            if by_pod.len() <= at {
                by_pod.resize(at + 1, 0);
            }
            by_pod[at] = index;
        }
    }
    by_pod
}

/// The workload of each Pod, indexed by the Pod's key.
fn workloads_by_pod(timeline: &Timeline) -> Vec<Option<&Workload>> {
    let mut workloads: Vec<Option<&Workload>> = Vec::new();
    for workload in timeline.workloads() {
        for key in &workload.pods {
            let index = key.0 as usize;
            if workloads.len() <= index {
                workloads.resize(index + 1, None);
            }
            workloads[index] = Some(workload);
        }
    }
    workloads
}

/// The time that a Pod spent in these phases.
fn time_in_phases(context: &ViewContext<'_>, life: &Lifecycle, kinds: &[PhaseKind]) -> DurationText {
    let mut phases = life.phases.iter().filter(|phase| kinds.contains(&phase.kind)).peekable();
    if phases.peek().is_none() {
        return DurationText::default();
    }
    let (mut millis, mut uncertainty) = (0, Uncertainty::default());
    for phase in phases {
        millis += i64::try_from(phase.duration(context.now).as_millis()).unwrap_or(i64::MAX);
        uncertainty.add_start(phase.start_error);
        uncertainty.add_end(phase.end_error);
    }
    DurationText { text: format_ranged(RangedDuration::new(millis, uncertainty)), style: Style::Text }
}

/// The style of the Pod's status.
pub(crate) fn status_style(pod: &TimelinePod) -> Style {
    match DisplayState::from_overview(pod.overview()) {
        DisplayState::Done => Style::Success,
        DisplayState::Failed | DisplayState::PullFailing | DisplayState::CrashLooping => Style::Failure,
        DisplayState::Running => Style::Text,
        DisplayState::Unready => Style::Unready,
        DisplayState::Deleted => Style::Terminating,
        DisplayState::Starting | DisplayState::Queued if pod.life.reason.is_none() => Style::Dim,
        DisplayState::Starting
        | DisplayState::Queued
        | DisplayState::BackOff
        | DisplayState::Unknown
        | DisplayState::Gone => Style::Warning,
    }
}
