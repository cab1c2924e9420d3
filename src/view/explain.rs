//! What each boundary was read from, and how exact that is.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::lifecycle::{Evidence, Instant, PhaseKind, Source};
use crate::timeline::{PodKey, TimelinePod, Workload};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::{duration, text};

use crate::view::view_context::ViewContext;

/// What stands beside a boundary: `Pulling main`, `Queued: Insufficient cpu`.
const WORDS: usize = 24;
/// From this width on the kind of the evidence has a column too.
const WIDE: usize = 100;

/// How many lines a Pod takes at most, near enough to deal out the lines of a screen.
pub(crate) fn most_lines(pod: &TimelinePod) -> usize {
    let runs: usize = pod.life.containers.iter().map(|container| container.runs.len()).sum();
    pod.life.phases.len() + 2 * runs + 5
}

/// A boundary.
struct Boundary {
    at: Timestamp,
    evidence: Evidence,
    words: String,
}

impl Boundary {
    fn of(instant: Instant, words: impl Into<String>) -> Self {
        Self { at: instant.at, evidence: instant.evidence, words: words.into() }
    }
}

/// A line for each boundary of each phase, of each run of each container, and for what else is known to the moment:
/// `12:49:14.003Z  +50ms  Setup  event  eventTime of the Scheduled event`.
pub(crate) fn lines(context: &ViewContext<'_>, pod: &TimelinePod, key: PodKey, columns: usize) -> Vec<Line> {
    let explanation = context.timeline.explain(key);
    let mut boundaries = phases(pod, &explanation.boundaries);
    let known = boundaries.len();
    for (name, instant) in pod.life.instants.named() {
        let Some(instant) = instant else { continue };
        if boundaries[..known].iter().all(|boundary| boundary.at != instant.at) {
            boundaries.push(Boundary::of(instant, name));
        }
    }
    boundaries.extend(containers(pod));
    let mut lines: Vec<Line> =
        boundaries.iter().flat_map(|boundary| line(context, boundary, Some(key), columns)).collect();
    for ((name, told), (_, now)) in explanation.uncorrected.named().into_iter().zip(pod.life.instants.named())
    {
        if let (Some(told), Some(now)) = (told, now)
            // What the evidence leaves open is no correction.
            && now.at.duration_since(told.at).abs() > told.evidence.precision()
        {
            let said = format!(
                "    {name} is told as {}, which cannot be: clamped to {}",
                clock(context, told),
                clock(context, now)
            );
            lines.push(Line::new(said, Style::Warning).shorten_end(columns, context.glyphs.ellipsis));
        }
    }
    if !pod.life.skew.is_zero() {
        let (off, node) = (pod.life.skew.abs(), pod.node.as_deref().unwrap_or_default());
        let way = if pod.life.skew.is_positive() { "behind" } else { "ahead of" };
        let said = format!(
            "    the clock of {} is at least {} {way} the API server's: its kubelet's times were moved by that",
            text::clean(node),
            duration::format_duration(off, true),
        );
        lines.push(Line::new(said, Style::Warning).shorten_end(columns, context.glyphs.ellipsis));
    }
    lines
}

/// The begin of each phase, and its end where no other phase begins.
fn phases(pod: &TimelinePod, ends: &[(Evidence, Option<Evidence>)]) -> Vec<Boundary> {
    let phases = &pod.life.phases;
    let mut boundaries = Vec::with_capacity(phases.len() + 2);
    for (place, (phase, &(begin, end))) in phases.iter().zip(ends).enumerate() {
        let container = phase.container.as_deref().map(|name| format!(" {}", text::clean(name)));
        let reason = phase.reason.as_deref().map(|reason| format!(": {}", text::clean(reason)));
        let words =
            format!("{}{}{}", phase.kind.name(), container.unwrap_or_default(), reason.unwrap_or_default());
        boundaries.push(Boundary { at: phase.start, evidence: begin, words });
        let goes_on = phases.get(place + 1).is_some_and(|next| Some(next.start) == phase.end);
        if let (Some(at), Some(evidence), false) = (phase.end, end, goes_on) {
            boundaries.push(Boundary { at, evidence, words: format!("{} ends", phase.kind.name()) });
        }
    }
    boundaries
}

/// The runs and pulls of containers whose life is not that of the Pod.
fn containers(pod: &TimelinePod) -> Vec<Boundary> {
    let several = pod.life.containers.len() > 1;
    let told = pod.life.containers.iter().filter(|container| several || container.runs.len() > 1);
    let mut boundaries = Vec::new();
    for container in told {
        let name = text::clean(&container.name);
        let shown = pod.life.phases.iter().any(|phase| {
            phase.kind == PhaseKind::Pulling && phase.container.as_deref() == Some(&*container.name)
        });
        if let Some(pull) = container.pull.filter(|pull| !pull.cached && !shown) {
            let mut push = |at: Option<Timestamp>, evidence, word: &str| {
                boundaries.extend(at.map(|at| Boundary { at, evidence, words: format!("{name} {word}") }));
            };
            push(pull.start, Evidence::PulledEventLessPull, "is pulled");
            push(pull.end, Evidence::PulledEvent, "pull ends");
        }
        for run in &container.runs {
            boundaries.extend(run.start.map(|start| Boundary::of(start, format!("{name} starts"))));
            boundaries.extend(run.end.map(|end| Boundary::of(end, format!("{name} ends"))));
        }
    }
    boundaries
}

/// A boundary, on a second line too where what it was read from has no room on one.
fn line(context: &ViewContext<'_>, boundary: &Boundary, pod: Option<PodKey>, columns: usize) -> Vec<Line> {
    let instant = Instant { at: boundary.at, evidence: boundary.evidence };
    let words = text::shorten_end(&boundary.words, WORDS, context.glyphs.ellipsis);
    let source = if columns >= WIDE { boundary.evidence.source().name() } else { "" };
    let source = if source.is_empty() { String::new() } else { format!("{source:<9} ") };
    let head = format!("  {:<13} {:<6} ", clock(context, instant), precision(boundary.evidence));
    let mut line = Line { spans: Vec::new(), pod };
    line.push(head, Style::Dim);
    line.push(text::pad_right(&words, WORDS) + " ", Style::Text);
    line.push(source, Style::Dim);
    let left = line.width();
    let room = columns.saturating_sub(left);
    let description = boundary.evidence.description();
    let mut lines = vec![line];
    let mut used = 0;
    for word in description.split(' ') {
        let wanted = text::width(word) + usize::from(used > 0);
        if used > 0 && used + wanted > room {
            let mut next = Line { spans: Vec::new(), pod };
            next.push(" ".repeat(left + 2), Style::Text);
            lines.push(next);
            used = 2;
        } else if used > 0 {
            lines.last_mut().into_iter().for_each(|line| line.push(" ", Style::Dim));
        }
        lines.last_mut().into_iter().for_each(|line| line.push(word, Style::Dim));
        used += wanted;
    }
    lines.into_iter().map(|line| line.shorten_end(columns, context.glyphs.ellipsis)).collect()
}

/// Both ends of each time in which a workload was held back.
pub(crate) fn holds(context: &ViewContext<'_>, workload: &Workload, columns: usize) -> Vec<Line> {
    let mut boundaries = Vec::new();
    for hold in &workload.holds {
        let reason = text::clean(&hold.reason);
        boundaries.extend(hold.start.map(|start| Boundary::of(start, reason.clone())));
        boundaries.extend(hold.end.map(|end| Boundary::of(end, format!("{reason} ends"))));
    }
    boundaries.iter().flat_map(|boundary| line(context, boundary, None, columns)).collect()
}

/// `event     +50ms   eventTime of the Scheduled event`: the truth lies so much after the time, or before a receipt.
pub(crate) fn evidence(instant: Instant) -> String {
    let Instant { evidence, .. } = instant;
    format!("{:<9} {:<7} {}", evidence.source().name(), precision(evidence), evidence.description())
}

/// `+50ms`: the truth lies so much after the time; `-50ms`: before a receipt.
fn precision(evidence: Evidence) -> String {
    let sign = if evidence.source() == Source::Observed { '-' } else { '+' };
    let millis = evidence.precision().as_millis();
    if millis < 1000 { format!("{sign}{millis}ms") } else { format!("{sign}{}s", (millis + 999) / 1000) }
}

/// The clock time of an instant, without digits that its evidence does not carry.
pub(crate) fn clock(context: &ViewContext<'_>, instant: Instant) -> String {
    clock_time(context, instant.at, instant.evidence.precision().as_millis() < 1000)
}

/// A clock time in the zone that the user chose, else UTC.
pub(crate) fn clock_time(context: &ViewContext<'_>, at: Timestamp, fine: bool) -> String {
    let zone = context.state.clock.clone();
    let utc = zone.as_ref().is_none_or(|zone| *zone == TimeZone::UTC);
    let format = match (fine, utc) {
        (true, true) => "%H:%M:%S%.3fZ",
        (true, false) => "%H:%M:%S%.3f",
        (false, true) => "%H:%M:%SZ",
        (false, false) => "%H:%M:%S",
    };
    at.to_zoned(zone.unwrap_or(TimeZone::UTC)).strftime(format).to_string()
}
