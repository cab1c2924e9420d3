//! One Pod: its phases as a bar and a table, containers, instants, events, the end of the log.

pub(crate) mod conditions;

use jiff::{SignedDuration, Timestamp};

use super::explain;
use super::table::status_role;
use crate::lifecycle::{ContainerLife, ContainerRun, Phase, Pull, Source};
use crate::timeline::{PodKey, Timeline, TimelinePod, Workload};
use crate::view::chart::axis::{Axis, Labels, growing_length};
use crate::view::chart::bar::Bar;
use crate::view::chart::mark::phase_style;
use crate::view::chart::{lanes, legend::LegendEntries};
use crate::view::frame_cache::cache::FrameCache;
use crate::view::pod::conditions::{self as standing, ConditionRow, ResourceRequest};
use crate::view::primitives::columns::{Column, Columns, Shrink};
use crate::view::primitives::duration::{format_duration, format_elapsed, is_exact_to_tenths};
use crate::view::primitives::frame::{Frame, Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text;

use crate::view::state::{Size, ViewState};
use crate::view::view_context::ViewContext;
use crate::view::window::Window;

/// What a Pod's view shows beside its life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodExtras {
    /// Events about the Pod, oldest first.
    pub events: Vec<PodEvent>,
    /// The end of each container's log.
    pub log: Vec<ContainerLog>,
    /// The conditions of its status.
    pub conditions: Vec<ConditionRow>,
    /// What its containers request.
    pub requests: Vec<ResourceRequest>,
}

/// An Event, as a person reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodEvent {
    /// When it happened last.
    pub at: Option<Timestamp>,
    /// Whether its type is `Warning`.
    pub warning: bool,
    /// Reason, one word.
    pub reason: String,
    /// Message; not yet escaped.
    pub message: String,
    /// How often it happened.
    pub count: u32,
}

/// The last lines that a container wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContainerLog {
    /// Name of the container.
    pub container: String,
    /// The lines, oldest first; not yet escaped.
    pub lines: Vec<String>,
}

/// The picture of one Pod as of `now` (the server's time). No line is wider than the columns; the lines end where the rows do.
///
/// # Panics
/// Panics with a key of another timeline.
pub(crate) fn draw_pod(
    timeline: &Timeline,
    key: PodKey,
    extras: &PodExtras,
    state: &ViewState,
    size: Size,
    glyphs: &Glyphs,
    now: Timestamp,
) -> Frame {
    let picture = PodPage {
        context: &ViewContext {
            timeline,
            state,
            glyphs,
            now,
            window: &Window::default(),
            cache: &FrameCache::default(),
        },
        pod: timeline.pod(key),
        columns: size.columns.max(1),
    };
    let owner = timeline.workloads().iter().find(|workload| workload.pods.contains(&key));
    let mut lines = picture.heading(owner);
    lines.extend(standing::reserved(picture.context, &picture.pod, &extras.requests));
    picture.bar(&mut lines);
    picture.phases(&mut lines);
    picture.containers(&mut lines);
    picture.images(&mut lines);
    picture.instants(&mut lines);
    if !extras.conditions.is_empty() {
        lines.push(Line::default());
        lines.extend(standing::conditions(picture.context, &extras.conditions, picture.columns));
    }
    picture.events(&extras.events, &mut lines);
    PodPage::log(&extras.log, &mut lines);
    for line in &mut lines {
        *line = std::mem::take(line).shorten_end(picture.columns, glyphs.ellipsis);
        line.pod = Some(key);
    }
    lines.truncate(size.rows.unwrap_or(usize::MAX));
    Frame { lines }
}

struct PodPage<'a> {
    context: &'a ViewContext<'a>,
    pod: TimelinePod<'a>,
    columns: usize,
}

impl PodPage<'_> {
    /// `pod/pi-4h9hq  Completed  on node-1`, and whose it is.
    fn heading(&self, owner: Option<&Workload>) -> Vec<Line> {
        let pod = &self.pod;
        let ellipsis = self.context.glyphs.ellipsis;
        let mut line = Line::default();
        let name = format!("pod/{}", text::clean(&pod.name));
        line.push(text::shorten_middle(&name, (self.columns * 3 / 5).max(16), ellipsis), Style::Strong);
        line.push("  ", Style::Text);
        line.push(text::clean(&pod.life.status), status_role(pod));
        if let Some(code) = pod.life.exit_code {
            line.push(format!("  exit code {code}"), if code == 0 { Style::Text } else { Style::Failure });
        }
        let mut about = Line::default();
        let mut say = |words: String, role: Style| {
            if !about.spans.is_empty() {
                about.push(self.context.glyphs.separator, Style::Dim);
            }
            about.push(words, role);
        };
        if let Some(reason) = pod.life.reason.as_ref().filter(|&reason| *reason != pod.life.status) {
            let role = if pod.life.outcome.has_failed() { Style::Failure } else { Style::Warning };
            say(text::clean(reason).into_owned(), role);
        }
        match &pod.node {
            Some(node) => say(format!("on {}", text::clean(node)), Style::Text),
            None => say("no node yet".into(), Style::Warning),
        }
        say(format!("namespace {}", text::clean(&pod.namespace)), Style::Dim);
        if let Some(owner) = owner.filter(|owner| owner.uid != pod.uid) {
            say(format!("of {}/{}", owner.kind.to_lowercase(), text::clean(&owner.name)), Style::Dim);
        }
        if let Some(index) = pod.index {
            say(format!("index {index}"), Style::Dim);
        }
        if pod.attempt > 1 {
            say(format!("try {}", pod.attempt), Style::Dim);
        }
        vec![line, about]
    }

    /// When its life begins, in milliseconds since 1970.
    fn zero(&self) -> Option<i64> {
        let created = self.pod.life.instants.created.map(|created| created.at);
        Some(created.or(self.pod.life.phases.first().map(|phase| phase.start))?.as_millisecond())
    }

    /// The whole life over the whole line.
    fn bar(&self, lines: &mut Vec<Line>) {
        let (Some(zero), Some(last)) = (self.zero(), self.pod.life.phases.last()) else { return };
        let open = !self.pod.life.outcome.has_ended();
        let end = last.end.unwrap_or(if open { self.context.now } else { last.start });
        // A sidecar may outlive the work.
        let end = lanes::last_known_end(&self.pod).filter(|_| !open).map_or(end, |lane| lane.max(end));
        let end = end.as_millisecond().saturating_sub(zero);
        // The mark of the end stands behind the bar.
        let end = if open { growing_length(end) } else { end.saturating_add(end / 30) };
        let labels = match (&self.context.state.clock, Timestamp::from_millisecond(zero)) {
            (Some(zone), Ok(zero)) => Labels::Clock(zero, zone.clone()),
            _ => Labels::Relative,
        };
        let axis = Axis::new(0, end, self.columns, labels);
        let mut ticks = String::new();
        for tick in axis.ticks() {
            ticks = text::pad_right(&ticks, tick.column);
            ticks.push_str(&tick.label);
        }
        let (mut line, mut legend) = (Line::default(), LegendEntries::default());
        let bar = Bar::from_pod(&self.pod, &axis, zero, self.context.now);
        bar.push_to(&mut line, self.context.glyphs, &mut legend);
        lines.extend([Line::default(), Line::new(ticks, Style::Dim), line]);
        for lane in lanes::container_lanes(self.context, &self.pod, &axis, zero) {
            let name = format!("{} ({})", lane.name, lane.role.name());
            lines.push(Line::new(
                text::shorten_middle(&name, self.columns, self.context.glyphs.ellipsis),
                Style::Dim,
            ));
            let mut line = Line::default();
            lane.push_to(&mut line, self.context.glyphs, &mut legend);
            lines.push(line);
        }
        lines.extend(legend.write_legend(self.context.glyphs, self.columns));
    }

    /// Phase by phase: when, how long, how it is known, why.
    fn phases(&self, lines: &mut Vec<Line>) {
        let Some(zero) = self.zero() else { return };
        let mut columns = Columns::new(vec![
            Column::text("PHASE"),
            Column::number("START"),
            Column::number("TIME"),
            Column::text("EVIDENCE").dispensable(1),
            Column::text("CONTAINER").shrinking(Shrink::Middle(9)).dispensable(2),
            Column::text("REASON").shrinking(Shrink::End(9)),
        ]);
        for phase in &self.pod.life.phases {
            let start = phase.start.as_millisecond().saturating_sub(zero);
            let glyph = self.context.glyphs.phase(phase.kind);
            let (time, role) = self.time(phase);
            columns.push(
                None,
                vec![
                    (format!("{glyph} {}", phase.kind.name()), phase_style(phase.kind)),
                    (offset(start, is_exact(phase)), Style::Text),
                    (time, role),
                    (phase.source.name().into(), Style::Dim),
                    (clean_or_blank(phase.container.as_deref()), Style::Text),
                    (clean_or_blank(phase.reason.as_deref()), Style::Warning),
                ],
            );
        }
        self.section("", &columns, lines);
    }

    /// How long a phase took, or has taken.
    fn time(&self, phase: &Phase) -> (String, Style) {
        match phase.end {
            Some(_) => (format_duration(phase.duration(self.context.now), is_exact(phase)), Style::Text),
            None if self.pod.life.end_unknown || self.pod.life.outcome.has_ended() => {
                ("?".into(), Style::Warning)
            }
            None => (format_elapsed(phase.duration(self.context.now)), Style::Now),
        }
    }

    fn containers(&self, lines: &mut Vec<Line>) {
        let mut columns = Columns::new(vec![
            Column::text("CONTAINER").shrinking(Shrink::Middle(9)),
            Column::text("ROLE").dispensable(2),
            Column::text("STATE").shrinking(Shrink::End(9)),
            Column::number("EXIT"),
            Column::number("STARTED").dispensable(1),
            Column::number("RUN"),
            Column::number("RESTARTS").dispensable(3),
        ]);
        for container in &self.pod.life.containers {
            let last = container.runs.last();
            self.push_run(&mut columns, container, last, true);
            for run in container.runs.iter().rev().skip(1) {
                self.push_run(&mut columns, container, Some(run), false);
            }
            if container.runs_not_seen > 0 {
                let mut cells = vec![(String::new(), Style::Text); 7];
                cells[2] = (runs_not_seen(container.runs_not_seen), Style::Dim);
                columns.push(None, cells);
            }
        }
        if !self.pod.life.containers.is_empty() {
            self.section("", &columns, lines);
        }
    }

    /// A run of a container; its latest with all that is the same for all of them.
    fn push_run(&self, rows: &mut Columns, life: &ContainerLife, run: Option<&ContainerRun>, latest: bool) {
        let none = self.context.glyphs.none;
        let only_latest = |text: String| if latest { text } else { String::new() };
        let (state, role) = match run {
            _ if latest && life.waiting.is_some() => {
                let failed_before = run.is_some_and(|run| run.ended && run.exit_code != Some(0));
                let waiting = text::clean(life.waiting.as_deref().unwrap_or(none)).into_owned();
                (waiting, if failed_before { Style::BackOff } else { Style::Warning })
            }
            None => (none.to_owned(), Style::Dim),
            Some(run) if !run.ended => ("running".into(), Style::Work),
            Some(run) => {
                let reason = run.reason.as_deref().map_or("ended".into(), text::clean);
                let signal = run.signal().map(|signal| format!(" (signal {signal})")).unwrap_or_default();
                let role = if run.exit_code == Some(0) { Style::Success } else { Style::Failure };
                (format!("{reason}{signal}"), role)
            }
        };
        let code = run.and_then(|run| run.exit_code);
        let start = run.and_then(|run| run.start);
        let since = self.zero().zip(start).map(|(zero, start)| {
            offset(start.at.as_millisecond().saturating_sub(zero), is_exact_to_tenths(Some(start)))
        });
        let unknown = if run.is_some() { "?" } else { none };
        let (time, time_role) = self.run_time(run);
        rows.push(
            None,
            vec![
                (only_latest(text::clean(&life.name).into_owned()), Style::Strong),
                (only_latest(life.role.name().into()), Style::Dim),
                (state, role),
                (
                    code.map_or(none.into(), |code| code.to_string()),
                    if code.is_some_and(|code| code != 0) { Style::Failure } else { Style::Text },
                ),
                (since.unwrap_or_else(|| unknown.into()), Style::Text),
                (time, time_role),
                (
                    only_latest(life.restarts.to_string()),
                    if life.restarts > 0 { Style::Warning } else { Style::Text },
                ),
            ],
        );
    }

    fn run_time(&self, run: Option<&ContainerRun>) -> (String, Style) {
        let Some(run) = run else { return (self.context.glyphs.none.into(), Style::Dim) };
        match (run.start, run.end) {
            (Some(start), Some(end)) => {
                let fine = is_exact_to_tenths(run.start) && is_exact_to_tenths(run.end);
                (format_duration(end.at.duration_since(start.at), fine), Style::Text)
            }
            (Some(start), None) if !run.ended => {
                (format_elapsed(self.context.now.duration_since(start.at)), Style::Now)
            }
            _ => ("?".into(), Style::Warning),
        }
    }

    /// The image of each container, and what its pull took.
    fn images(&self, lines: &mut Vec<Line>) {
        let mut columns = Columns::new(vec![
            Column::text("IMAGE").shrinking(Shrink::Middle(12)),
            Column::text("CONTAINER").shrinking(Shrink::Middle(9)).dispensable(4),
            Column::number("PULL"),
            Column::number("WAITED").dispensable(2),
            Column::number("SIZE").dispensable(1),
            Column::number("RATE").dispensable(3),
        ]);
        for container in &self.pod.life.containers {
            let none = || (self.context.glyphs.none.to_owned(), Style::Dim);
            let mut cells = vec![
                (text::clean(&container.image).into_owned(), Style::Text),
                (text::clean(&container.name).into_owned(), Style::Dim),
            ];
            cells.extend(match container.pull {
                Some(pull) => self.pull(pull),
                None => [none(), none(), none(), none()],
            });
            columns.push(None, cells);
        }
        if !self.pod.life.containers.is_empty() {
            self.section("", &columns, lines);
        }
    }

    /// Time, time in the node's queue, size, rate. The event says the times to the millisecond.
    fn pull(&self, pull: Pull) -> [(String, Style); 4] {
        let none = || (self.context.glyphs.none.to_owned(), Style::Dim);
        if pull.cached {
            return [("cached".into(), Style::Success), none(), none(), none()];
        }
        let time = pull.start.map(|start| pull.end.unwrap_or(self.context.now).duration_since(start));
        let rate = pull.bytes.zip(time).filter(|(_, time)| pull.end.is_some() && time.as_millis() > 0);
        [
            match time {
                Some(time) if pull.end.is_some() => (format_duration(time, true), Style::Text),
                Some(time) => (format_elapsed(time), Style::Now),
                None => ("?".into(), Style::Warning),
            },
            pull.wait.map_or_else(none, |wait| (format_duration(wait, true), Style::Text)),
            pull.bytes.map_or_else(none, |bytes| (megabytes(bytes), Style::Text)),
            rate.map_or_else(none, |(bytes, time)| {
                (format!("{}/s", megabytes(per_second(bytes, time))), Style::Text)
            }),
        ]
    }

    /// When, how it is known, how exact that is.
    fn instants(&self, lines: &mut Vec<Line>) {
        let mut columns = Columns::new(vec![
            Column::text("INSTANT"),
            Column::text("TIME"),
            Column::text("EVIDENCE").shrinking(Shrink::End(6)),
        ]);
        for (name, instant) in self.pod.life.instants.named() {
            let (time, evidence) = match instant {
                Some(instant) => (explain::clock(self.context, instant), explain::evidence(instant)),
                None => (self.context.glyphs.none.to_owned(), String::new()),
            };
            columns.push(None, vec![(name.into(), Style::Text), (time, Style::Text), (evidence, Style::Dim)]);
        }
        self.section("", &columns, lines);
        if self.pod.life.clamped {
            let moved = "clamped: an impossible order of times was corrected by more than a second";
            lines.push(Line::new(moved, Style::Warning));
        }
    }

    /// The events with their messages in full: they say what no column has.
    fn events(&self, events: &[PodEvent], lines: &mut Vec<Line>) {
        let mut columns = Columns::new(vec![
            Column::number("EVENT"),
            Column::text("REASON").shrinking(Shrink::End(12)),
            Column::number("COUNT").dispensable(1),
        ]);
        for event in events {
            let at = self.zero().zip(event.at);
            let since =
                at.map_or("?".into(), |(zero, at)| offset(at.as_millisecond().saturating_sub(zero), false));
            columns.push(
                None,
                vec![
                    (since, Style::Dim),
                    (text::clean(&event.reason).into_owned(), event_role(event)),
                    (event.count.max(1).to_string(), Style::Dim),
                ],
            );
        }
        if events.is_empty() {
            return;
        }
        let mut heads = columns.lines(self.columns.div_ceil(2), self.context.glyphs.ellipsis).into_iter();
        let heading = heads.next().unwrap_or_default();
        let indent = heading.width() + 3;
        let room = self.columns.saturating_sub(indent);
        let mut put = |mut line: Line, message: &str, role: Style| {
            line.push(" ".repeat(indent - line.width()), Style::Text);
            line.push(message, role);
            lines.push(line);
        };
        put(Line::default(), "", Style::Text);
        put(heading, "MESSAGE", Style::Dim);
        for (head, event) in heads.zip(events) {
            let message = text::wrap(&text::clean(&event.message), room);
            let mut head = Some(head);
            for part in &message {
                put(head.take().unwrap_or_default(), part, event_role(event));
            }
        }
    }

    fn log(logs: &[ContainerLog], lines: &mut Vec<Line>) {
        for log in logs {
            lines.push(Line::default());
            let count = log.lines.len();
            let what = if count == 1 { "line".to_owned() } else { format!("{count} lines") };
            let container = text::clean(&log.container);
            lines.push(Line::new(format!("LOG of {container}, last {what}"), Style::Dim));
            lines.extend(
                log.lines.iter().map(|line| Line::new(format!("  {}", text::clean(line)), Style::Text)),
            );
        }
    }

    fn section(&self, title: &str, columns: &Columns, lines: &mut Vec<Line>) {
        lines.push(Line::new(title, Style::Strong));
        lines.extend(columns.lines(self.columns, self.context.glyphs.ellipsis));
    }
}

/// `3 runs not seen`.
fn runs_not_seen(runs: u32) -> String {
    format!("{runs} run{} not seen", if runs == 1 { "" } else { "s" })
}

fn clean_or_blank(text: Option<&str>) -> String {
    text.map_or(String::new(), |text| text::clean(text).into_owned())
}

fn event_role(event: &PodEvent) -> Style {
    if event.warning { Style::Warning } else { Style::Text }
}

/// Whether a phase's length can be told in tenths.
fn is_exact(phase: &Phase) -> bool {
    matches!(phase.source, Source::Event | Source::Observed)
}

/// Time since the Pod's creation: `+5.9s`.
fn offset(millis: i64, fine: bool) -> String {
    match millis {
        0 => "0s".into(),
        1.. => format!("+{}", format_duration(SignedDuration::from_millis(millis), fine)),
        _ => format!("-{}", format_duration(SignedDuration::from_millis(millis.saturating_neg()), fine)),
    }
}

/// Decimal megabytes, as registries count them.
fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..10_000_000_000 => format!("{} MB", (bytes + 500_000) / 1_000_000),
        _ => format!("{} GB", (bytes + 500_000_000) / 1_000_000_000),
    }
}

fn per_second(bytes: u64, time: SignedDuration) -> u64 {
    let millis = u128::try_from(time.as_millis()).unwrap_or(1).max(1);
    u64::try_from(u128::from(bytes) * 1000 / millis).unwrap_or(u64::MAX)
}
