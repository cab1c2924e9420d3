//! One phase of one Pod in a line or two: exact times, and what they were read from. And which Pods are worth a look.

use jiff::Timestamp;

use crate::lifecycle::{Instant, Lifecycle, Phase, PhaseKind, Source};
use crate::timeline::{OpenRetry, PodKey, Timeline};
use crate::view::chart::mark::phase_style;
use crate::view::display_state::DisplayState;
use crate::view::primitives::duration::{format_duration, format_elapsed, is_exact_to_tenths};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text;
use crate::view::rows::explain;

use crate::view::state::ViewState;
use crate::view::view_context::ViewContext;
use crate::view::{
    frame_cache::{cache::FrameCache, results::LongestPods},
    window::Window,
};

/// What is known of a phase of a Pod (its last one, if `phase` is `None`): two parts that are one line where there is
/// room, else a line each.
pub(crate) fn describe_phase(
    timeline: &Timeline,
    key: PodKey,
    phase: Option<usize>,
    state: &ViewState,
    columns: usize,
    glyphs: &Glyphs,
    now: Timestamp,
) -> [Line; 2] {
    let context = ViewContext {
        timeline,
        state,
        glyphs,
        now,
        window: &Window::default(),
        cache: &FrameCache::default(),
    };
    let pod = timeline.pod(key);
    let life = &pod.life;
    let name = text::shorten_middle(&text::clean(&pod.name), (columns / 3).max(12), glyphs.ellipsis);
    let mut what = Line::new(name, Style::Strong);
    let place = phase.unwrap_or(life.phases.len().saturating_sub(1));
    let Some(phase) = life.phases.get(place) else {
        what.push(format!("  {}", text::clean(&life.status)), Style::Warning);
        return [what, Line::default()];
    };
    what.push("  ", Style::Text);
    what.push(format!("{} {}", glyphs.phase(phase.kind), phase.kind.name()), phase_style(phase.kind));
    let (begin, end) = (boundary(life, phase.start), phase.end.and_then(|end| boundary(life, end)));
    what.push(format!("  {}", time(&context, phase.start, begin, phase.source)), Style::Text);
    let open = phase.end.is_none();
    match phase.end {
        Some(at) => {
            what.push(format!(" {} {}", glyphs.to, time(&context, at, end, phase.source)), Style::Text);
            let fine = matches!(phase.source, Source::Event | Source::Observed);
            what.push(format!("  {}", format_duration(phase.duration(now), fine)), Style::Strong);
        }
        None if life.end_unknown || life.outcome.has_ended() => what.push("  end unknown", Style::Warning),
        None => what.push(format!("  {} so far", format_elapsed(phase.duration(now))), Style::Now),
    }
    if let Some(container) = &phase.container {
        what.push(format!("  {}", text::clean(container)), Style::Dim);
    }
    if let Some(reason) = &phase.reason {
        what.push(format!("  {}", text::clean(reason)), Style::Warning);
    }
    let mut why = Line::new("from ", Style::Dim);
    why.push(evidence(begin, phase), Style::Dim);
    if !open {
        why.push(format!(" {} {}", glyphs.to, evidence(end, phase)), Style::Dim);
    }
    [what, why].map(|line| line.shorten_end(columns, glyphs.ellipsis))
}

/// The instant of the Pod, of a pull or of a run that a boundary is.
fn boundary(life: &Lifecycle, at: Timestamp) -> Option<Instant> {
    let instants = life.instants.named().into_iter().filter_map(|(_, instant)| instant);
    let runs = life.containers.iter().flat_map(|container| &container.runs);
    instants.chain(runs.flat_map(|run| [run.start, run.end]).flatten()).find(|instant| instant.at == at)
}

/// A clock time, with no digit that its evidence does not carry.
fn time(context: &ViewContext<'_>, at: Timestamp, instant: Option<Instant>, source: Source) -> String {
    let fine = instant.map_or(matches!(source, Source::Event | Source::Observed), |instant| {
        instant.evidence.precision().as_millis() < 1000
    });
    explain::format_clock_time(context, at, fine)
}

fn evidence(instant: Option<Instant>, phase: &Phase) -> String {
    instant.map_or_else(
        || format!("an {}", phase.source.name()),
        |instant| instant.evidence.description().to_owned(),
    )
}

/// The Pod that has run longest and the one that has waited longest to begin: where to look first.
pub(crate) fn longest(
    timeline: &Timeline,
    columns: usize,
    glyphs: &Glyphs,
    now: Timestamp,
    cache: &FrameCache,
) -> Line {
    let (state, window) = (&ViewState::default(), &Window::default());
    let context = ViewContext { timeline, state, glyphs, now, window, cache };
    let LongestPods { working, waiting } =
        *cache.longest_pods.get_or_compute(context.version(), (), || oldest(timeline));
    let mut line = Line::default();
    for (what, longest) in [("runs longest: ", working), ("waits longest: ", waiting)] {
        let Some((since, key)) = longest else { continue };
        let (time, pod) = (now.duration_since(since), timeline.pod(key));
        line.push(if line.spans.is_empty() { "" } else { glyphs.separator }, Style::Dim);
        line.push(what, Style::Dim);
        line.push(format!("{} ", text::clean(&pod.name)), Style::Text);
        line.push(format_elapsed(time), Style::Strong);
        let open = pod.life.open_phase().filter(|open| open.kind != PhaseKind::Running);
        if let Some(reason) = open.and_then(|open| open.reason.as_deref()).or(pod.life.reason.as_deref()) {
            line.push(format!(" {}", text::clean(reason)), Style::Warning);
        }
    }
    line.shorten_end(columns, glyphs.ellipsis)
}

/// The Pod whose work began first of those at work, and the one that was created first of those that wait to begin.
fn oldest(timeline: &Timeline) -> LongestPods {
    let mut longest = LongestPods::default();
    let keys = timeline.workloads().iter().flat_map(|workload| workload.pods.iter().copied());
    for key in keys {
        let overview = timeline.overview(key);
        let (oldest, since) = match DisplayState::from_overview(overview) {
            DisplayState::Running | DisplayState::BackOff => (&mut longest.working, overview.work_started()),
            DisplayState::Queued | DisplayState::Starting => (&mut longest.waiting, overview.created()),
            _ => continue,
        };
        if let Some(since) = since
            && oldest.is_none_or(|(first, _)| since < first)
        {
            *oldest = Some((since, key));
        }
    }
    longest
}

/// What the index of a failed Pod waits for: `next try in about 8s`.
pub(crate) fn next_try(open: &OpenRetry, now: Timestamp) -> String {
    match open.expected.map(|expected| expected.duration_since(now)) {
        Some(left) if left.is_positive() => format!("next try in about {}", format_duration(left, false)),
        Some(_) => "next try is due".to_owned(),
        None => "waits for its next try".to_owned(),
    }
}

/// A time span that went by until `now`, for a line that says how old something is.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> String {
    format_elapsed(now.duration_since(at))
}

/// How a Pod ended badly: `exit code 3, Error, after 2.1s on node-2`.
pub(crate) fn failure(timeline: &Timeline, key: PodKey) -> String {
    let pod = timeline.pod(key);
    let life = &pod.life;
    let mut parts = Vec::new();
    parts.extend(life.exit_code.map(|code| format!("exit code {code}")));
    let signal = life.exit_code.filter(|code| (129..=192).contains(code)).map(|code| code - 128);
    parts.extend(signal.map(|signal| format!("signal {signal}")));
    let reason = life.reason.as_deref().filter(|&reason| reason != "Error" || life.exit_code.is_none());
    parts.extend(reason.map(|reason| text::clean(reason).into_owned()));
    if parts.is_empty() {
        parts.push(if life.outcome == crate::lifecycle::PodOutcome::NeverStarted {
            "it never started".into()
        } else {
            "reason unknown".into()
        });
    }
    let mut said = parts.join(", ");
    if let Some(run) = life.run {
        let fine =
            is_exact_to_tenths(life.instants.work_started) && is_exact_to_tenths(life.instants.work_ended);
        said += ", after ";
        said += &format_duration(run, fine);
    }
    if let Some(node) = &pod.node {
        said += " on ";
        said += &text::clean(node);
    }
    said
}
