//! The lines of `--explain`. They show the evidence of each boundary in a Pod's life and the precision of that
//! evidence.

use jiff::Timestamp;

use crate::lifecycle::{Evidence, Instant, PhaseKind, Readiness};
use crate::timeline::{PodKey, TimelinePod, Workload};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::clock_text::describe_clock_error;
use crate::view::rows::end_text;
use crate::view::rows::slot_time::held_sentence::state_words;
use crate::view::view_context::ViewContext;

/// Columns for the name of a boundary: `Pulling main`, `Queued: Insufficient cpu`.
const NAME_COLUMNS: usize = 24;
/// From this width on, lines show the source of the evidence too.
const MIN_COLUMNS_FOR_SOURCE: usize = 100;

/// Why the first Ready of a Pod is not known.
pub(crate) const LOST_READY: &str = "the condition Ready shows only its latest transition";

/// Estimates how many lines [`boundary_lines`] returns, without wrapping. The sequence diagram uses this to decide
/// how many Pods fit on a screen.
pub(crate) fn estimate_line_count(pod: &TimelinePod) -> usize {
    let runs: usize = pod.life.containers.iter().map(|container| container.runs.len()).sum();
    pod.life.phases.len() + 2 * runs + 5
}

/// A point in time that gets a line: the start or end of a phase, run, pull or hold, or another instant.
struct Boundary {
    instant: Instant,
    name: String,
}

impl Boundary {
    fn new(instant: Instant, name: impl Into<String>) -> Self {
        Self { instant, name: name.into() }
    }
}

/// A line for each boundary of the Pod's phases, runs and pulls, and for each other instant:
/// `12:49:14.003Z  -50ms +50ms  Setup  event  eventTime of the Scheduled event`. Lines about corrected times follow.
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
        if boundaries[..phase_boundaries].iter().all(|boundary| boundary.instant.at != instant.at) {
            boundaries.push(Boundary::new(instant, name));
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
            // An estimate within the reported interval is not a correction.
            && !(reported.earliest()..=reported.latest()).contains(&corrected.at)
        {
            lines.push(warning(format!(
                "    {name} is reported as {}, which contradicts other times: corrected to {}",
                format_instant(context, reported),
                format_instant(context, corrected)
            )));
        }
    }
    if pod.life.readiness == Readiness::Lost {
        lines.push(warning(format!("    ready is unknown: {LOST_READY}")));
    }
    lines.extend(describe_clock_error(pod).map(|sentence| warning(format!("    {sentence}"))));
    lines
}

/// The start of each phase, and its end unless the next phase starts there.
fn phase_boundaries(pod: &TimelinePod, ends: &[(Instant, Option<Instant>)]) -> Vec<Boundary> {
    let phases = &pod.life.phases;
    let mut boundaries = Vec::with_capacity(phases.len() + 2);
    for (index, (phase, &(begin, end))) in phases.iter().zip(ends).enumerate() {
        let container = phase.container.as_deref().map(|name| format!(" {}", text::clean(name)));
        let reason = phase.reason.as_deref().map(|reason| format!(": {}", text::clean(reason)));
        let name =
            format!("{}{}{}", phase.kind.name(), container.unwrap_or_default(), reason.unwrap_or_default());
        boundaries.push(Boundary::new(begin, name));
        let next_follows = phases.get(index + 1).is_some_and(|next| Some(next.start) == phase.end);
        if let (Some(end), false) = (end, next_follows) {
            boundaries.push(Boundary::new(end, format!("{} ends", phase.kind.name())));
        }
    }
    boundaries
}

/// The boundaries of all runs, and of the pulls that have no Pulling phase. A single container with a single run has
/// none, because its boundaries are those of the Pod.
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
                boundaries
                    .extend(at.map(|at| Boundary::new(Instant::new(at, evidence), format!("{name} {verb}"))));
            };
            push(pull.start, Evidence::PulledEventMinusPull, "is pulled");
            push(pull.end, Evidence::PulledEvent, "pull ends");
        }
        for run in &container.runs {
            boundaries.extend(run.start.map(|start| Boundary::new(start, format!("{name} starts"))));
            boundaries.extend(run.end.map(|end| Boundary::new(end, format!("{name} ends"))));
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
    let instant = boundary.instant;
    let name = text::shorten_end(&boundary.name, NAME_COLUMNS, context.glyphs.ellipsis);
    let source = if columns >= MIN_COLUMNS_FOR_SOURCE { instant.evidence.source().name() } else { "" };
    let source = if source.is_empty() { String::new() } else { format!("{source:<9} ") };
    let head = format!("  {:<13} {:<13} ", format_instant(context, instant), format_interval(instant));
    let mut line = Line { pod, ..Line::default() };
    line.push(head, Style::Dim);
    line.push(text::pad_right(&name, NAME_COLUMNS) + " ", Style::Text);
    line.push(source, Style::Dim);
    let left = line.width();
    let room = columns.saturating_sub(left);
    let description = describe(instant);
    let mut lines = vec![line];
    let mut used = 0;
    for word in description.split(' ') {
        let wanted = text::width(word) + usize::from(used > 0);
        if used > 0 && used + wanted > room {
            let mut next = Line { pod, ..Line::default() };
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
        boundaries.extend(hold.start.map(|start| Boundary::new(start, reason.clone())));
        boundaries.extend(hold.end.map(|end| Boundary::new(end, format!("{reason} ends"))));
    }
    for state in context.timeline.queue(workload).iter().flat_map(|queue| &queue.states) {
        boundaries.extend(state.start.map(|start| Boundary::new(start, state_words(state.kind).to_owned())));
    }
    boundaries.iter().flat_map(|boundary| render_boundary(context, boundary, None, columns)).collect()
}

/// `event     -50ms +50ms  eventTime of the Scheduled event`: source, interval and description of an instant's
/// evidence.
pub(crate) fn describe_evidence(instant: Instant) -> String {
    format!("{:<9} {:<13} {}", instant.evidence.source().name(), format_interval(instant), describe(instant))
}

/// The evidence of an instant, and the evidence that narrowed its interval or moved its estimate:
/// `finishedAt of the container; not after: receipt of the terminated state (upper bound)`.
fn describe(instant: Instant) -> String {
    let mut description = instant.evidence.description().to_owned();
    for (bound, by) in [("not before", instant.earliest_by), ("not after", instant.latest_by)] {
        if by != instant.evidence {
            description.extend(["; ", bound, ": ", by.description()]);
        }
    }
    let by = instant.estimate_by;
    if ![instant.evidence, instant.earliest_by, instant.latest_by].contains(&by) {
        description.extend(["; estimated from: ", by.description()]);
    }
    description
}

/// `-50ms +200ms`: the true time is at most 50 ms before and at most 200 ms after the time that [`format_instant`]
/// shows. For a `finishedAt` this is `-0ms +1s`, because the cluster cuts the fraction of the second off.
pub(crate) fn format_interval(instant: Instant) -> String {
    let distance = |from: Timestamp, to: Timestamp| {
        let millis = (to.as_millisecond() - from.as_millisecond()).max(0);
        if millis < 1_000 { format!("{millis}ms") } else { format!("{}s", (millis + 999) / 1_000) }
    };
    let shown = shown_time(instant);
    format!("-{} +{}", distance(instant.earliest(), shown), distance(shown, instant.latest()))
}

/// The clock time of an instant, with milliseconds only if its interval is narrower than a second.
pub(crate) fn format_instant(context: &ViewContext<'_>, instant: Instant) -> String {
    format_clock_time(context, shown_time(instant), has_milliseconds(instant))
}

/// The time that is shown for an instant. Without milliseconds, this is the start of the second.
fn shown_time(instant: Instant) -> Timestamp {
    let millis = instant.at.as_millisecond();
    let shown = if has_milliseconds(instant) { millis } else { millis.div_euclid(1_000) * 1_000 };
    Timestamp::from_millisecond(shown).unwrap_or(instant.at)
}

fn has_milliseconds(instant: Instant) -> bool {
    instant.width_millis() < 1_000
}

/// A clock time in the zone that the user chose, otherwise in UTC; with milliseconds if `fine`.
pub(crate) fn format_clock_time(context: &ViewContext<'_>, at: Timestamp, fine: bool) -> String {
    end_text::format_clock_time(at, context.state.clock.as_ref(), fine)
}
