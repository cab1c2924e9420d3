//! The same data as columns of text.

use std::collections::HashMap;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::lifecycle::{self, Lifecycle, PhaseKind};
use crate::timeline::{OpenRetry, PodKey, TimelinePod, Workload};
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::Counts;
use crate::view::frame_cache::results::Folded;
use crate::view::picture::Picture;
use crate::view::primitives::columns::{Cell, Column, Columns, Shrink};
use crate::view::primitives::duration::{format_duration, is_exact_to_tenths};
use crate::view::primitives::frame::{Frame, Line, Style};
use crate::view::primitives::text;
use crate::view::rows::groups::{Group, Heading, blocks};
use crate::view::rows::headings;
use crate::view::rows::numbers::{Number, Numbers};
use crate::view::rows::overflow::fold;
use crate::view::rows::phase_text::next_try;
use crate::view::rows::scrolling::visible_rows;
use crate::view::state::Size;
use crate::view::view_context::ViewContext;

/// The table; `wide` has more columns. Where the lines are bounded, headings come first and what has no room is folded.
pub(crate) fn draw(context: &ViewContext<'_>, size: Size, wide: bool) -> Picture {
    let mut blocks = blocks(context);
    let mut frame = Frame::default();
    if let Some(rows) = size.rows {
        let headings = blocks.iter().take(rows / 3).map(|block| {
            let counts = Counts::recall(context, block);
            let workload =
                if let Heading::Workload(workload) = block.heading { Some(workload) } else { None };
            let summary = workload.map(|workload| context.summary(workload));
            headings::heading(context, block, &counts, summary.as_ref(), size.columns)
        });
        frame.lines.extend(headings);
    }
    for block in &mut blocks {
        block.find(context);
    }
    let pods: Vec<PodKey> = blocks.iter().flat_map(|block| block.pods.iter().copied()).collect();
    let mut picture = Picture { found: pods.len(), per_line: 1, ..Picture::default() };
    let mut folded = Folded { shown: pods, folds: Vec::new() };
    let mut around = (0, 0);
    if let Some(rows) = size.rows {
        let room = rows.saturating_sub(frame.lines.len() + 1);
        if context.window.unfolded {
            picture.pods.clone_from(&folded.shown);
            let selected = folded.shown.iter().position(|&key| context.window.selected == Some(key));
            let room = if folded.shown.len() <= room { room } else { room.saturating_sub(1) };
            let shown = visible_rows(context.window.first, selected, folded.shown.len(), room);
            picture.first = shown.start;
            around = (shown.start, folded.shown.len() - shown.end);
            folded.shown = folded.shown[shown].to_vec();
        } else {
            folded = fold(context, &folded.shown, room);
        }
    }
    if !context.window.unfolded || size.rows.is_none() {
        picture.pods.clone_from(&folded.shown);
    }
    picture.folded = picture.found - picture.pods.len();
    if !folded.shown.is_empty() {
        let table = Table::of(context, &blocks, &folded.shown, wide);
        frame.lines.extend(table.columns.lines(size.columns, context.glyphs.ellipsis));
    }
    for fold in &folded.folds {
        let what = fold.state.map_or("more", DisplayState::name);
        let line = Line::new(
            format!("+ {} {what}", fold.pods.len()),
            fold.state.map_or(Style::Dim, DisplayState::style),
        );
        frame.lines.push(line.shorten_end(size.columns, context.glyphs.ellipsis));
    }
    if around != (0, 0) {
        let line = Line::new(format!("+ {} above, {} below", around.0, around.1), Style::Dim);
        frame.lines.push(line.shorten_end(size.columns, context.glyphs.ellipsis));
    }
    if let Some(rows) = size.rows {
        frame.lines.truncate(rows);
    }
    picture.frame = frame;
    picture
}

/// Which columns some Pod has something for.
#[derive(Clone, Copy, Default)]
struct Present {
    namespace: bool,
    workload: bool,
    place: Place,
}

#[derive(Clone, Copy, Default)]
struct Place {
    index: bool,
    attempt: bool,
    reason: bool,
}

struct Table {
    columns: Columns,
}

impl Table {
    fn of(context: &ViewContext<'_>, blocks: &[Group<'_>], pods: &[PodKey], wide: bool) -> Self {
        let mut place = Place::default();
        for &key in pods {
            let pod = context.timeline.pod(key);
            place.index |= pod.index.is_some();
            place.attempt |= pod.attempt > 1;
            place.reason |= pod.life.reason.is_some();
        }
        let open = context.cache.open_retries.get_or_compute(context.version(), (), || open_retries(context));
        place.reason |= !open.is_empty();
        let owners = blocks.iter().filter(|block| !matches!(block.heading, Heading::Pods)).count();
        let present =
            Present { namespace: headings::several_namespaces(context), workload: owners > 1, place };
        let mut columns = Columns::new(headings(present, wide));
        let owner_of = owners_of(context, present.workload);
        for &key in pods {
            let owner = owner_of.get(key.0 as usize).copied().flatten();
            let mut cells = row(context, &context.timeline.pod(key), owner, present, wide);
            // What it waits for is more than that it failed; the status says that.
            if let (Some(open), Some(reason)) = (open.get(&key), cells.last_mut()) {
                *reason = (next_try(open, context.now), Style::BackOff);
            }
            columns.push(Some(key), cells);
        }
        Self { columns }
    }
}

/// The waits for a next try, by the Pod that failed.
fn open_retries(context: &ViewContext<'_>) -> HashMap<PodKey, OpenRetry> {
    let workloads = context.timeline.workloads().iter();
    let open = workloads.flat_map(|workload| context.timeline.open_retries(workload, context.now));
    open.map(|open| (open.pod, open)).collect()
}

/// The workload of each Pod, by key; nothing if nobody asks.
fn owners_of<'a>(context: &ViewContext<'a>, wanted: bool) -> Vec<Option<&'a Workload>> {
    let mut owners: Vec<Option<&Workload>> = Vec::new();
    for workload in context.timeline.workloads().iter().filter(|_| wanted) {
        for key in &workload.pods {
            let place = key.0 as usize;
            if owners.len() <= place {
                owners.resize(place + 1, None);
            }
            owners[place] = Some(workload);
        }
    }
    owners
}

fn headings(present: Present, wide: bool) -> Vec<Column> {
    let name = |name| Column::text(name).shrinking(Shrink::Middle(12));
    let mut columns = Vec::new();
    if present.namespace {
        columns.push(name("NAMESPACE").dispensable(2));
    }
    if present.workload {
        columns.push(name("WORKLOAD").dispensable(6));
    }
    columns.push(Column::text("NAME").shrinking(Shrink::Middle(14)));
    if present.place.index {
        columns.push(Column::number("INDEX").dispensable(1));
    }
    if present.place.attempt {
        columns.push(Column::number("TRY").dispensable(3));
    }
    columns.push(Column::text("NODE").shrinking(Shrink::Middle(8)).dispensable(4));
    columns.push(Column::text("STATUS").shrinking(Shrink::End(17)));
    columns.push(Column::number("QUEUED").dispensable(3));
    columns.push(Column::number("COLD").dispensable(1));
    if wide {
        for part in ["SETUP", "PULL", "INIT", "START"] {
            columns.push(Column::number(part).dispensable(8));
        }
    }
    columns.push(Column::number("RUN"));
    if wide {
        columns.push(Column::number("EXIT").dispensable(7));
    }
    columns.push(Column::number("RESTARTS").dispensable(5));
    if wide {
        columns.push(Column::text("CREATED").dispensable(9));
        columns.push(Column::text("IMAGE").shrinking(Shrink::Middle(16)).dispensable(10));
    }
    if present.place.reason {
        columns.push(Column::text("REASON").shrinking(Shrink::End(14)).dispensable(6));
    }
    columns
}

fn row(
    context: &ViewContext<'_>,
    pod: &TimelinePod,
    owner: Option<&Workload>,
    present: Present,
    wide: bool,
) -> Vec<Cell> {
    let none = || ("-".to_owned(), Style::Dim);
    let number = |number: Number| if number.text.is_empty() { none() } else { (number.text, number.style) };
    let count = |count: Option<u32>| count.map_or_else(none, |count| (count.to_string(), Style::Text));
    let life = &pod.life;
    let mut cells: Vec<Cell> = Vec::new();
    if present.namespace {
        cells.push((text::clean(&pod.namespace).into_owned(), Style::Text));
    }
    if present.workload {
        cells.push(owner.map_or_else(none, |owner| {
            (format!("{}/{}", owner.kind.to_lowercase(), text::clean(&owner.name)), Style::Text)
        }));
    }
    cells.push((text::clean(&pod.name).into_owned(), Style::Strong));
    if present.place.index {
        cells.push(count(pod.index));
    }
    if present.place.attempt {
        cells.push(count(Some(pod.attempt)));
    }
    cells.push(pod.node.as_deref().map_or_else(none, |node| (text::clean(node).into_owned(), Style::Text)));
    cells.push((text::clean(&life.status).into_owned(), status_role(pod)));
    let numbers = Numbers::of(life, context.now);
    cells.push(number(numbers.queued));
    cells.push(number(numbers.cold));
    if wide {
        let starting: &[PhaseKind] = &[PhaseKind::Starting, PhaseKind::Startup];
        for kinds in [&[PhaseKind::Setup][..], &[PhaseKind::Pulling], &[PhaseKind::Initializing], starting] {
            cells.push(number(spent(context, life, kinds)));
        }
    }
    cells.push(number(numbers.run));
    if wide {
        cells.push(match life.exit_code {
            Some(0) => ("0".into(), Style::Text),
            Some(code) => (code.to_string(), Style::Failure),
            None => none(),
        });
    }
    let restarts: u32 = life.containers.iter().map(|container| container.restarts).sum();
    cells.push((restarts.to_string(), if restarts > 0 { Style::Warning } else { Style::Text }));
    if wide {
        cells.push(life.instants.created.map_or_else(none, |created| {
            let zone = context.state.clock.clone().unwrap_or(TimeZone::UTC);
            let format = if zone == TimeZone::UTC { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%:z" };
            (created.at.to_zoned(zone).strftime(format).to_string(), Style::Text)
        }));
        let mains =
            life.containers.iter().filter(|container| container.role == lifecycle::ContainerRole::Main);
        let images: Vec<_> = mains.map(|container| text::clean(&container.image)).collect();
        cells.push(if images.is_empty() { none() } else { (images.join(","), Style::Text) });
    }
    if present.place.reason {
        cells.push(life.reason.as_deref().map_or_else(none, |reason| {
            (
                text::clean(reason).into_owned(),
                if life.outcome.has_failed() { Style::Failure } else { Style::Warning },
            )
        }));
    }
    cells
}

/// How long a Pod did these things together.
fn spent(context: &ViewContext<'_>, life: &Lifecycle, kinds: &[PhaseKind]) -> Number {
    let mut phases = life.phases.iter().filter(|phase| kinds.contains(&phase.kind)).peekable();
    if phases.peek().is_none() {
        return Number::default();
    }
    let ends = [life.instants.scheduled, life.instants.sandbox_ready, life.instants.work_started];
    let fine = ends.into_iter().flatten().all(|end| is_exact_to_tenths(Some(end)));
    let time =
        phases.fold(SignedDuration::ZERO, |sum, phase| sum.saturating_add(phase.duration(context.now)));
    Number { text: format_duration(time, fine), style: Style::Text }
}

/// How kubectl's STATUS looks here.
pub(crate) fn status_role(pod: &TimelinePod) -> Style {
    match DisplayState::from_overview(pod.overview()) {
        DisplayState::Done => Style::Success,
        DisplayState::Failed => Style::Failure,
        DisplayState::Running => Style::Text,
        DisplayState::Deleted => Style::Terminating,
        DisplayState::Starting | DisplayState::Queued if pod.life.reason.is_none() => Style::Dim,
        _ => Style::Warning,
    }
}
