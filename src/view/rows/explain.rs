//! The lines of `--explain`. They show the evidence of each boundary in a Pod's life and the precision of that evidence.

use jiff::Timestamp;

use crate::lifecycle::{Evidence, Instant, PhaseKind, Source};
use crate::timeline::{PodKey, TimelinePod, Workload};
use crate::view::primitives::duration::format_duration;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::end_text;
use crate::view::view_context::ViewContext;

/// Columns for the name of a boundary: `Pulling main`, `Queued: Insufficient cpu`.
const NAME_COLUMNS: usize = 24;
/// From this width on, lines show the source of the evidence too.
const MIN_COLUMNS_FOR_SOURCE: usize = 100;

/// Estimates how many lines [`boundary_lines`] returns, without wrapping. The sequence diagram uses this to decide how many Pods fit on a screen.
pub(crate) fn estimate_line_count(pod: &TimelinePod) -> usize {
    let runs: usize = pod.life.containers.iter().map(|container| container.runs.len()).sum();
    pod.life.phases.len() + 2 * runs + 5
}

/// A point in time that gets a line: the start or end of a phase, run, pull or hold, or another instant.
struct Boundary {
    at: Timestamp,
    evidence: Evidence,
    name: String,
}

impl Boundary {
    fn from_instant(instant: Instant, name: impl Into<String>) -> Self {
        Self { at: instant.at, evidence: instant.evidence, name: name.into() }
    }
}

/// A line for each boundary of the Pod's phases, runs and pulls, and for each other instant:
/// `12:49:14.003Z  +50ms  Setup  event  eventTime of the Scheduled event`. Lines about corrected times follow.
pub(crate) fn boundary_lines(
    context: &ViewContext<'_>,
    pod: &TimelinePod,
    key: PodKey,
    columns: usize,
) -> Vec<Line> {
    let explanation = context.timeline.explain(key);
    let mut boundaries = phase_boundaries(pod, &explanation.boundaries);
    let phase_boundaries = boundaries.len();
    for (name, instant) in pod.life.instants.named() {
        let Some(instant) = instant else { continue };
        if boundaries[..phase_boundaries].iter().all(|boundary| boundary.at != instant.at) {
            boundaries.push(Boundary::from_instant(instant, name));
        }
    }
    boundaries.extend(container_boundaries(pod));
    let mut lines: Vec<Line> = boundaries
        .iter()
        .flat_map(|boundary| render_boundary(context, boundary, Some(key), columns))
        .collect();
    let warning =
        |text: String| Line::new(text, Style::Warning).shorten_end(columns, context.glyphs.ellipsis);
    let reported = explanation.uncorrected.named().into_iter();
    for ((name, reported), (_, corrected)) in reported.zip(pod.life.instants.named()) {
        if let (Some(reported), Some(corrected)) = (reported, corrected)
            // A shift within the precision of the evidence is not a correction.
            && corrected.at.duration_since(reported.at).abs() > reported.evidence.precision()
        {
            lines.push(warning(format!(
                "    {name} is reported as {}, which contradicts other times: corrected to {}",
                format_instant(context, reported),
                format_instant(context, corrected)
            )));
        }
    }
    if !pod.life.skew.is_zero() {
        let node = pod.node.as_deref().unwrap_or_default();
        let direction = if pod.life.skew.is_positive() { "behind" } else { "ahead of" };
        lines.push(warning(format!(
            "    the clock of {} is at least {} {direction} the API server's: the times of its kubelet are corrected by this",
            text::clean(node),
            format_duration(pod.life.skew.abs(), true),
        )));
    }
    lines
}

/// The start of each phase, and its end unless the next phase starts there.
fn phase_boundaries(pod: &TimelinePod, ends: &[(Evidence, Option<Evidence>)]) -> Vec<Boundary> {
    let phases = &pod.life.phases;
    let mut boundaries = Vec::with_capacity(phases.len() + 2);
    for (index, (phase, &(begin, end))) in phases.iter().zip(ends).enumerate() {
        let container = phase.container.as_deref().map(|name| format!(" {}", text::clean(name)));
        let reason = phase.reason.as_deref().map(|reason| format!(": {}", text::clean(reason)));
        let name =
            format!("{}{}{}", phase.kind.name(), container.unwrap_or_default(), reason.unwrap_or_default());
        boundaries.push(Boundary { at: phase.start, evidence: begin, name });
        let next_follows = phases.get(index + 1).is_some_and(|next| Some(next.start) == phase.end);
        if let (Some(at), Some(evidence), false) = (phase.end, end, next_follows) {
            boundaries.push(Boundary { at, evidence, name: format!("{} ends", phase.kind.name()) });
        }
    }
    boundaries
}

/// The boundaries of all runs, and of the pulls that have no Pulling phase. A single container with a single run has none, because
/// its boundaries are those of the Pod.
fn container_boundaries(pod: &TimelinePod) -> Vec<Boundary> {
    let several = pod.life.containers.len() > 1;
    let shown = pod.life.containers.iter().filter(|container| several || container.runs.len() > 1);
    let mut boundaries = Vec::new();
    for container in shown {
        let name = text::clean(&container.name);
        let has_phase = pod.life.phases.iter().any(|phase| {
            phase.kind == PhaseKind::Pulling && phase.container.as_deref() == Some(&*container.name)
        });
        if let Some(pull) = container.pull.filter(|pull| !pull.cached && !has_phase) {
            let mut push = |at: Option<Timestamp>, evidence, verb: &str| {
                boundaries.extend(at.map(|at| Boundary { at, evidence, name: format!("{name} {verb}") }));
            };
            push(pull.start, Evidence::PulledEventMinusPull, "is pulled");
            push(pull.end, Evidence::PulledEvent, "pull ends");
        }
        for run in &container.runs {
            boundaries.extend(run.start.map(|start| Boundary::from_instant(start, format!("{name} starts"))));
            boundaries.extend(run.end.map(|end| Boundary::from_instant(end, format!("{name} ends"))));
        }
    }
    boundaries
}

/// The line of a boundary. The description of the evidence continues on further lines if it is too long.
fn render_boundary(
    context: &ViewContext<'_>,
    boundary: &Boundary,
    pod: Option<PodKey>,
    columns: usize,
) -> Vec<Line> {
    let instant = Instant { at: boundary.at, evidence: boundary.evidence };
    let name = text::shorten_end(&boundary.name, NAME_COLUMNS, context.glyphs.ellipsis);
    let source = if columns >= MIN_COLUMNS_FOR_SOURCE { boundary.evidence.source().name() } else { "" };
    let source = if source.is_empty() { String::new() } else { format!("{source:<9} ") };
    let head =
        format!("  {:<13} {:<6} ", format_instant(context, instant), format_precision(boundary.evidence));
    let mut line = Line { spans: Vec::new(), pod };
    line.push(head, Style::Dim);
    line.push(text::pad_right(&name, NAME_COLUMNS) + " ", Style::Text);
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

/// A line for the start and the end of each time in which the workload was held.
pub(crate) fn hold_lines(context: &ViewContext<'_>, workload: &Workload, columns: usize) -> Vec<Line> {
    let mut boundaries = Vec::new();
    for hold in &workload.holds {
        let reason = text::clean(&hold.reason);
        boundaries.extend(hold.start.map(|start| Boundary::from_instant(start, reason.clone())));
        boundaries.extend(hold.end.map(|end| Boundary::from_instant(end, format!("{reason} ends"))));
    }
    boundaries.iter().flat_map(|boundary| render_boundary(context, boundary, None, columns)).collect()
}

/// `event     +50ms   eventTime of the Scheduled event`: source, precision and description of an instant's evidence.
pub(crate) fn describe_evidence(instant: Instant) -> String {
    let Instant { evidence, .. } = instant;
    format!("{:<9} {:<7} {}", evidence.source().name(), format_precision(evidence), evidence.description())
}

/// `+50ms`: the event happened up to 50 ms after the time of its evidence. `-50ms`: it happened up to 50 ms before, because
/// its evidence is the receipt of an update.
fn format_precision(evidence: Evidence) -> String {
    let sign = if evidence.source() == Source::Observed { '-' } else { '+' };
    let millis = evidence.precision().as_millis();
    if millis < 1000 { format!("{sign}{millis}ms") } else { format!("{sign}{}s", (millis + 999) / 1000) }
}

/// The clock time of an instant, with milliseconds only if the evidence is more exact than a second.
pub(crate) fn format_instant(context: &ViewContext<'_>, instant: Instant) -> String {
    format_clock_time(context, instant.at, instant.evidence.precision().as_millis() < 1000)
}

/// A clock time in the zone that the user chose, otherwise in UTC; with milliseconds if `fine`.
pub(crate) fn format_clock_time(context: &ViewContext<'_>, at: Timestamp, fine: bool) -> String {
    end_text::format_clock_time(at, context.state.clock.as_ref(), fine)
}
