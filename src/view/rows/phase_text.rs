//! Texts about one Pod: a phase with its times and evidence, the wait for the next try, the reason for a failure.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Instant, Lifecycle, MIN_LATE_TAKE_UP, Phase, Source, signal_of_exit_code};
use crate::timeline::{OpenRetry, PodKey, Timeline, TimelinePod};
use crate::view::chart::mark::CellMark;
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::cache::FrameCache;
use crate::view::frame_cache::results::LongestPods;
use crate::view::names::Names;
use crate::view::primitives::duration::{format_elapsed, format_ranged};
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text;
use crate::view::rows::container_text::{
    describe_cause, describe_failed_init, describe_never_ready, describe_open_wait, describe_reason,
    describe_runs,
};
use crate::view::rows::explain;
use crate::view::rows::groups::{Group, Heading};
use crate::view::state::ViewState;
use crate::view::view_context::ViewContext;
use crate::view::window::Window;

/// Describes the phase of a Pod with the index `phase`, or the last phase. Returns one line with the times and one line
/// with the evidence. The caller joins the lines if there is room.
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
    let mut times = Line::new(name, Style::Strong);
    let phase_index = phase.unwrap_or(life.phases.len().saturating_sub(1));
    let Some(phase) = life.phases.get(phase_index) else {
        times.push(format!("  {}", text::clean(&life.status)), Style::Warning);
        return [times, Line::default()];
    };
    times.push("  ", Style::Text);
    let mark = CellMark::from_phase(life, phase_index);
    times.push(format!("{} {}", mark.glyph(glyphs), phase.kind.name()), mark.style());
    match phase.end {
        Some(_) => {
            let length = phase.ranged_duration().map(format_ranged).unwrap_or_default();
            times.push(format!("  {length}"), Style::Strong);
        }
        None if life.end_unknown || life.outcome.has_ended() => times.push("  end unknown", Style::Warning),
        None => times.push(format!("  {} so far", format_elapsed(phase.duration(now))), Style::Now),
    }
    let (begin, end) = (instant_at(life, phase.start), phase.end.and_then(|end| instant_at(life, end)));
    times.push(format!("  {}", format_time(&context, phase.start, begin, phase.source)), Style::Text);
    let open = phase.end.is_none();
    if let Some(at) = phase.end {
        times.push(format!(" {} {}", glyphs.to, format_time(&context, at, end, phase.source)), Style::Text);
    }
    if let Some(container) = &phase.container {
        times.push(format!("  {}", text::clean(container)), Style::Dim);
    }
    if let Some(reason) = &phase.reason {
        times.push(format!("  {}", text::clean(reason)), Style::Warning);
    }
    let compose_sources = |is_short: bool| {
        let mut sources = Line::new("from ", Style::Dim);
        sources.push(describe_source(begin, phase, is_short), Style::Dim);
        if !open {
            sources.push(format!(" {} {}", glyphs.to, describe_source(end, phase, is_short)), Style::Dim);
        }
        sources
    };
    let sources = Some(compose_sources(false)).filter(|sources| sources.width() <= columns);
    [times, sources.unwrap_or_else(|| compose_sources(true))]
        .map(|line| line.shorten_end(columns, glyphs.ellipsis))
}

/// The instant at this time, among the instants of the Pod and the starts and ends of its runs.
fn instant_at(life: &Lifecycle, at: Timestamp) -> Option<Instant> {
    let instants = life.instants.named().into_iter().filter_map(|(_, instant)| instant);
    let runs = life.containers.iter().flat_map(|container| &container.runs);
    instants.chain(runs.flat_map(|run| [run.start, run.end]).flatten()).find(|instant| instant.at == at)
}

/// Formats a clock time. Shows milliseconds only if the evidence is more exact than a second.
fn format_time(context: &ViewContext<'_>, at: Timestamp, instant: Option<Instant>, source: Source) -> String {
    let fine = instant
        .map_or(matches!(source, Source::Event | Source::Observed), |instant| instant.width_millis() < 1000);
    explain::format_clock_time(context, at, fine)
}

/// The evidence and the interval of an instant: `startedAt of the container (-0ms +1s)`. `is_short` names only the
/// field or the event. Without an instant, the source of the phase.
fn describe_source(instant: Option<Instant>, phase: &Phase, is_short: bool) -> String {
    let Some(instant) = instant else { return format!("an {}", phase.source.name()) };
    let mut evidence = instant.evidence.description();
    if is_short {
        evidence = match evidence.split_once(" of the ") {
            Some(("name", event)) => event,
            Some((field, _)) => field,
            None => evidence,
        };
    }
    format!("{evidence} ({})", explain::format_interval(instant))
}

/// The line that names the Pod that has worked longest and the Pod that has waited longest to start. A time that is
/// usual for the workload is left out, so the line may be empty.
pub(crate) fn longest_pods_line(
    timeline: &Timeline,
    state: &ViewState,
    columns: usize,
    glyphs: &Glyphs,
    now: Timestamp,
    cache: &FrameCache,
) -> Line {
    let window = &Window::default();
    let context = ViewContext { timeline, state, glyphs, now, window, cache };
    let LongestPods { working, waiting } =
        *cache.longest_pods.get_or_compute(context.version(), (), || find_longest_pods(&context));
    let mut line = Line::default();
    let usual: [fn(&ViewContext<'_>, PodKey) -> Option<SignedDuration>; 2] = [usual_work, usual_wait];
    for (label, longest, usual) in
        [("runs longest: ", working, usual[0]), ("waits longest: ", waiting, usual[1])]
    {
        let Some((since, key)) = longest else { continue };
        let time = now.duration_since(since);
        if !is_unusually_long(time, usual(&context, key)) {
            continue;
        }
        let pod = timeline.pod(key);
        line.push(if line.spans.is_empty() { "" } else { glyphs.separator }, Style::Dim);
        line.push(label, Style::Dim);
        line.push(format!("{} ", Names::from_timeline(timeline).pod(&pod)), Style::Text);
        line.push(format_elapsed(time), Style::Strong);
        if let Some(reason) = describe_not_taken_up(&pod, now).or_else(|| describe_open_wait(&pod.life)) {
            line.push(format!(" {reason}"), Style::Warning);
        }
    }
    line.shorten_end(columns, glyphs.ellipsis)
}

/// A time that is longer than this always gets a line.
const ALWAYS_LONG: SignedDuration = SignedDuration::from_secs(10);

/// Whether a time gets a line: it is longer than [`ALWAYS_LONG`], or it is at least a second and more than twice as
/// long as usual.
fn is_unusually_long(time: SignedDuration, usual: Option<SignedDuration>) -> bool {
    let is_long =
        |usual: SignedDuration| time >= SignedDuration::from_secs(1) && time > usual.saturating_mul(2);
    time > ALWAYS_LONG || usual.is_some_and(is_long)
}

/// The median work of the workload of a Pod, once enough of its Pods have succeeded.
fn usual_work(context: &ViewContext<'_>, key: PodKey) -> Option<SignedDuration> {
    let workload = context.timeline.workload_of(key)?;
    let pods = Cow::Borrowed(workload.pods.as_slice());
    let group = Group { heading: Heading::Workload(workload), sort: context.state.sort, pods };
    group.pace(context).median
}

/// The median time from the creation of a Pod to its work, once the median work is known too.
fn usual_wait(context: &ViewContext<'_>, key: PodKey) -> Option<SignedDuration> {
    usual_work(context, key)?;
    let summary = context.summary(context.timeline.workload_of(key)?);
    let cold_start = summary.cold_start_percentiles.p50?.estimate();
    Some(cold_start.saturating_add(summary.queued_percentiles.p50?.estimate()))
}

/// Finds the working Pod that began its work first, and the waiting Pod that was created first.
fn find_longest_pods(context: &ViewContext<'_>) -> LongestPods {
    let mut longest = LongestPods::default();
    let workloads = context.workloads();
    let keys = workloads.iter().flat_map(|workload| workload.pods.iter().map(move |&key| (workload, key)));
    for (workload, key) in keys {
        let overview = context.timeline.overview(key);
        let (oldest, since) = match DisplayState::from_overview(overview) {
            // The Pods of a rollout run until they are replaced.
            DisplayState::Running | DisplayState::Unready if workload.is_rollout => continue,
            DisplayState::Running | DisplayState::Unready => (&mut longest.working, overview.work_started()),
            DisplayState::Queued | DisplayState::Starting | DisplayState::PullFailing => {
                (&mut longest.waiting, overview.created())
            }
            DisplayState::BackOff
            | DisplayState::CrashLooping
            | DisplayState::Done
            | DisplayState::Failed
            | DisplayState::Deleted
            | DisplayState::Unknown
            | DisplayState::Gone => continue,
        };
        if let Some(since) = since
            && oldest.is_none_or(|(first, _)| since < first)
        {
            *oldest = Some((since, key));
        }
    }
    longest
}

/// Describes a Pod that its node has not taken up: `node-1 has not taken it up for 1m15s`. `None` if the node has
/// taken it up, or may still do so in the usual time.
pub(crate) fn describe_not_taken_up(pod: &TimelinePod, now: Timestamp) -> Option<String> {
    let waited = now.duration_since(pod.life.not_taken_up_since?);
    let node = pod.node.as_deref().map_or("its node".into(), text::clean);
    (waited >= MIN_LATE_TAKE_UP).then(|| format!("{node} has not taken it up for {}", format_elapsed(waited)))
}

/// Describes when a failed Pod will be replaced: `next try in about 8s`.
pub(crate) fn describe_next_try(open: &OpenRetry, now: Timestamp) -> String {
    match open.expected.map(|expected| expected.duration_since(now)) {
        Some(left) if left.is_positive() => format!("next try in about {}", format_elapsed(left)),
        Some(_) => "next try is due".to_owned(),
        None => "waits for its next try".to_owned(),
    }
}

/// The time from `at` to `now`, in completed seconds.
pub(crate) fn format_age(at: Timestamp, now: Timestamp) -> String {
    format_elapsed(now.duration_since(at))
}

/// Describes how a Pod failed: `exit code 137, signal 9, OOMKilled, after 2.1s on node-2`.
pub(crate) fn describe_failure(timeline: &Timeline, key: PodKey) -> String {
    let pod = timeline.pod(key);
    let life = &pod.life;
    let mut text = describe_failure_cause(life);
    if let Some(run) = life.run.filter(|_| describe_failed_init(life).is_none()) {
        text += ", after ";
        text += &format_ranged(run);
        text += &describe_runs(life);
        text += describe_never_ready(life);
    }
    let on_node = pod.node.as_deref().map(|node| format!(" on {}", text::clean(node)));
    text + &on_node.unwrap_or_default()
}

/// Describes why a Pod failed, without its times and its node: `exit code 137, signal 9, OOMKilled`.
pub(crate) fn describe_failure_cause(life: &Lifecycle) -> String {
    if let Some(failed_init) = describe_failed_init(life) {
        return failed_init;
    }
    let mut parts = Vec::new();
    parts.extend(life.exit_code.map(|code| format!("exit code {code}")));
    let signal = life.exit_code.and_then(signal_of_exit_code);
    parts.extend(signal.map(|signal| format!("signal {signal}")));
    let reason = life.reason.as_deref().filter(|&reason| reason != "Error" || life.exit_code.is_none());
    let cause = || describe_cause(life).map(Cow::into_owned);
    parts.extend(reason.and_then(|_| describe_reason(life)).or_else(cause));
    if parts.is_empty() {
        parts.push("reason unknown".into());
    }
    parts.join(", ")
}
