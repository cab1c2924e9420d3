//! Instants and container runs to phases.
//!
//! The cold start and the work are each cut at every boundary that is known; each piece becomes what has precedence
//! there, and equal neighbours are joined.

use std::sync::Arc;

use jiff::Timestamp;

use super::container::ContainerEvidence;
use super::evidence::Source;
use super::pod::PodEvidence;
use super::{ContainerLife, Instant, Instants, Phase, PhaseKind, PodOutcome, Role, Run};

/// A boundary, and how it is known.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Timestamp,
    source: Source,
}

impl From<Instant> for Mark {
    fn from(instant: Instant) -> Self {
        Self { at: instant.at, source: instant.evidence.source() }
    }
}

/// Something that goes on between two boundaries; without an end it goes on to the end of what it is part of.
struct Span {
    kind: PhaseKind,
    start: Mark,
    end: Option<Mark>,
    container: Option<Arc<str>>,
    reason: Option<Arc<str>>,
}

/// The phases of a Pod. `end` is the end of its work, or of a Pod whose work never began.
pub(super) fn phases(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    instants: &Instants,
    outcome: PodOutcome,
    end: Option<Instant>,
    reason: Option<&Arc<str>>,
) -> Vec<Phase> {
    let Some(created) = instants.created.map(Mark::from) else { return Vec::new() };
    let end = end.map(Mark::from).map(|end| Mark { at: end.at.max(created.at), ..end });
    let work_started = instants.work_started.map(Mark::from);
    let mut phases = Vec::new();
    let Some(scheduled) = instants.scheduled.map(Mark::from) else {
        let kind = if work_started.is_some() { PhaseKind::Startup } else { PhaseKind::Queued };
        let span = Span { kind, start: created, end: None, container: None, reason: reason.cloned() };
        fill(&mut phases, created, work_started.or(end), &span, &[]);
        if work_started.is_some() {
            work(&mut phases, pod, containers, instants, outcome, end);
        }
        return phases;
    };
    let queued = Span {
        kind: PhaseKind::Queued,
        start: created,
        end: None,
        container: None,
        reason: pod.unschedulable.clone(),
    };
    fill(&mut phases, created, Some(scheduled), &queued, &[]);
    cold_start(&mut phases, pod, containers, instants, scheduled, work_started.or(end));
    if work_started.is_some() {
        work(&mut phases, pod, containers, instants, outcome, end);
    }
    phases
}

fn cold_start(
    phases: &mut Vec<Phase>,
    pod: &PodEvidence,
    containers: &[ContainerLife],
    instants: &Instants,
    scheduled: Mark,
    end: Option<Mark>,
) {
    let waits = if instants.work_started.is_none() { pod.waiting_reason() } else { None };
    let setup = |kind| Span { kind, start: scheduled, end: None, container: None, reason: waits.clone() };
    let Some(ready) = instants.sandbox_ready.map(Mark::from) else {
        // Without the condition nobody tells of the sandbox, unless the kubelet has not even seen the Pod.
        let known = instants.work_started.is_none() && (pod.sandbox_condition || pod.start_time.is_none());
        let kind = if known { PhaseKind::Setup } else { PhaseKind::Startup };
        return fill(phases, scheduled, end, &setup(kind), &init_spans(pod, containers));
    };
    fill(phases, scheduled, Some(ready), &setup(PhaseKind::Setup), &[]);
    // Where no event tells of the main containers' images, pull and start cannot be told apart.
    let told = pod.image_event.is_some();
    let rest = if told { PhaseKind::Starting } else { PhaseKind::Startup };
    let mut spans = pull_spans(pod, containers);
    spans.extend(init_spans(pod, containers));
    let rest = Span { kind: rest, start: ready, end: None, container: None, reason: waits };
    fill(phases, ready, end, &rest, &spans);
}

fn pull_spans(pod: &PodEvidence, containers: &[ContainerLife]) -> Vec<Span> {
    let pairs = pod.containers.iter().zip(containers).filter(|(_, life)| life.role != Role::Ephemeral);
    pairs.filter_map(|(evidence, life)| pull_span(evidence, life)).collect()
}

fn pull_span(evidence: &ContainerEvidence, life: &ContainerLife) -> Option<Span> {
    let pull = life.pull.filter(|pull| !pull.cached)?;
    let asked = evidence.pull_asked().map(|asked| asked.at).or(pull.start)?;
    let mark = |at| Mark { at, source: Source::Event };
    // A pull whose end no event tells of ended before the container started.
    let started = life.runs.first().and_then(|run| run.start).map(Mark::from);
    let end = pull.end.map(mark).or(started);
    let reason = life.waiting.clone().filter(|reason| end.is_none() && is_image_trouble(reason));
    Some(Span {
        kind: PhaseKind::Pulling,
        start: mark(asked),
        end,
        container: Some(Arc::clone(&life.name)),
        reason,
    })
}

fn is_image_trouble(reason: &str) -> bool {
    matches!(reason, "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull")
}

fn init_spans(pod: &PodEvidence, containers: &[ContainerLife]) -> Vec<Span> {
    let mut spans = Vec::new();
    let pairs = pod.containers.iter().zip(containers).filter(|(_, life)| life.role == Role::Init);
    for (evidence, life) in pairs {
        let name = || Some(Arc::clone(&life.name));
        for (place, run) in life.runs.iter().enumerate() {
            let Some(start) = run.start.map(Mark::from) else { continue };
            let next = life.runs.get(place + 1).and_then(|next| next.start).map(Mark::from);
            let end = run.end.map(Mark::from).or(next.filter(|_| run.ended));
            spans.push(Span { kind: PhaseKind::Initializing, start, end, container: name(), reason: None });
            let again = run.ended && run.exit_code != Some(0) && evidence.restarts_after.on_failure;
            if let Some(start) = end.filter(|_| again) {
                let reason = why_ended(run);
                spans.push(Span { kind: PhaseKind::BackOff, start, end: next, container: name(), reason });
            }
        }
    }
    spans
}

fn why_ended(run: &Run) -> Option<Arc<str>> {
    match (run.reason.as_deref(), run.exit_code) {
        (None | Some("Error" | "Completed"), Some(code)) => Some(format!("exit code {code}").into()),
        _ => run.reason.clone(),
    }
}

/// From the start of work on: runs of main containers, the gaps between them, and the deletion.
fn work(
    phases: &mut Vec<Phase>,
    pod: &PodEvidence,
    containers: &[ContainerLife],
    instants: &Instants,
    outcome: PodOutcome,
    end: Option<Mark>,
) {
    let Some(started) = instants.work_started.map(Mark::from) else { return };
    let requested = instants.delete_requested.map(Mark::from).filter(|requested| requested.at > started.at);
    let mut spans = Vec::new();
    let mut gap_reason = None;
    let mut gap_container = None;
    for life in containers.iter().filter(|life| life.role == Role::Main) {
        for (place, run) in life.runs.iter().enumerate() {
            let Some(start) = run.start.map(Mark::from) else { continue };
            let next = life.runs.get(place + 1).and_then(|next| next.start).map(Mark::from);
            let run_end = run.end.map(Mark::from).or(next.filter(|_| run.ended));
            let reason = (outcome == PodOutcome::Unknown).then(|| "NodeNotReady".into());
            let running = |start, end, kind, reason| Span { kind, start, end, container: None, reason };
            match requested.filter(|requested| run_end.is_none_or(|end| requested.at < end.at)) {
                Some(requested) if requested.at > start.at => {
                    spans.push(running(start, Some(requested), PhaseKind::Running, reason));
                    spans.push(running(requested, run_end, PhaseKind::Terminating, None));
                }
                Some(_) => spans.push(running(start, run_end, PhaseKind::Terminating, None)),
                None => spans.push(running(start, run_end, PhaseKind::Running, reason)),
            }
            if run.ended {
                gap_reason = why_ended(run);
                gap_container = Some(Arc::clone(&life.name));
            }
        }
    }
    let gap = |start| Span {
        kind: PhaseKind::BackOff,
        start,
        end: None,
        container: gap_container.clone(),
        reason: gap_reason.clone(),
    };
    fill(phases, started, end, &gap(started), &spans);
    // Deleted while it waited for its next run: it waited until then.
    let would_restart = pod
        .containers
        .iter()
        .any(|evidence| evidence.role == Role::Main && evidence.restarts_after.on_failure);
    if let (Some(end), Some(requested)) = (end, requested)
        && would_restart
        && requested.at > end.at
        && outcome == PodOutcome::Deleted
    {
        fill(phases, end, Some(requested), &gap(end), &[]);
    }
}

/// Cuts `[start, end)` at every boundary of the spans and gives each piece to the span of the highest precedence, or to
/// `rest`.
fn fill(phases: &mut Vec<Phase>, start: Mark, end: Option<Mark>, rest: &Span, spans: &[Span]) {
    let inside = |mark: &Mark| mark.at > start.at && end.is_none_or(|end| mark.at < end.at);
    let mut marks: Vec<Mark> =
        spans.iter().flat_map(|span| [Some(span.start), span.end]).flatten().filter(inside).collect();
    marks.push(start);
    marks.sort_by_key(|mark| (mark.at, mark.source));
    marks.dedup_by_key(|mark| mark.at);
    let first = phases.len();
    for (place, mark) in marks.iter().enumerate() {
        let next = marks.get(place + 1).copied().or(end);
        let covers = |span: &&Span| span.start.at <= mark.at && span.end.is_none_or(|end| end.at > mark.at);
        let span = spans.iter().filter(covers).max_by_key(|span| precedence(span.kind)).unwrap_or(rest);
        let source = next.map_or(mark.source, |next| mark.source.max(next.source));
        if let Some(last) = phases.get_mut(first..).and_then(<[Phase]>::last_mut)
            && last.kind == span.kind
            && last.container == span.container
        {
            last.end = next.map(|next| next.at);
            last.source = last.source.max(source);
            continue;
        }
        phases.push(Phase {
            kind: span.kind,
            start: mark.at,
            end: next.map(|next| next.at),
            source,
            container: span.container.clone(),
            reason: span.reason.clone(),
        });
    }
    // What took no time is not told, but for work: that it ran is the point.
    let worked = |phase: &Phase| matches!(phase.kind, PhaseKind::Running | PhaseKind::Terminating);
    let mut place = first;
    while place < phases.len() {
        if phases[place].end == Some(phases[place].start) && !worked(&phases[place]) {
            phases.remove(place);
        } else {
            place += 1;
        }
    }
}

fn precedence(kind: PhaseKind) -> u8 {
    match kind {
        PhaseKind::Pulling => 4,
        PhaseKind::Running => 3,
        PhaseKind::Terminating => 2,
        PhaseKind::Initializing => 1,
        _ => 0,
    }
}
