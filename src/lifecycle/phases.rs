//! Instants and container runs to phases.
//!
//! The cold start and the work are each cut at every boundary that is known; each piece becomes what has precedence
//! there, and equal neighbours are joined.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::container::ContainerEvidence;
use super::evidence::{Evidence, Source};
use super::pod::PodEvidence;
use super::waits::{Since, Topic};
use super::{ContainerLife, ContainerRole, Instant, Instants, Phase, PhaseKind, PodOutcome, Run};

/// A boundary, and how it is known.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Timestamp,
    why: Evidence,
}

impl Mark {
    fn source(self) -> Source {
        self.why.source()
    }
}

impl From<Instant> for Mark {
    fn from(instant: Instant) -> Self {
        Self { at: instant.at, why: instant.evidence }
    }
}

/// Something that goes on between two boundaries; without an end it goes on to the end of what it is part of.
#[derive(Clone, Debug)]
struct Span {
    kind: PhaseKind,
    start: Mark,
    end: Option<Mark>,
    container: Option<Arc<str>>,
    reason: Option<Arc<str>>,
    /// It holds only for want of anything better.
    inferred: bool,
}

impl Span {
    fn of(kind: PhaseKind, start: Mark, end: Option<Mark>, reason: Option<Arc<str>>) -> Self {
        Self { kind, start, end, container: None, reason, inferred: false }
    }

    /// The weaker of what the two ends of a piece were read from.
    fn source(&self, start: Mark, end: Option<Mark>) -> Source {
        match end {
            _ if self.inferred => Source::Inferred,
            Some(end) => start.source().max(end.source()),
            None => start.source(),
        }
    }

    /// Whether it begins and ends as a stretch does that takes time.
    fn is_all_of(&self, start: Mark, end: Option<Mark>) -> bool {
        let ends = self.end.map(|end| end.at);
        self.start.at == start.at && ends == end.map(|end| end.at) && ends.is_none_or(|end| end > start.at)
    }

    fn about(
        kind: PhaseKind,
        start: Mark,
        end: Option<Mark>,
        life: &ContainerLife,
        reason: Option<Arc<str>>,
    ) -> Self {
        Self { container: Some(Arc::clone(&life.name)), ..Self::of(kind, start, end, reason) }
    }
}

/// The phases, and what their boundaries were read from.
#[derive(Clone, Debug)]
pub(crate) struct Explained {
    pub(crate) phases: Vec<Phase>,
    /// By place of a phase: its begin and its end. Only where somebody asks.
    pub(crate) ends: Option<Vec<(Evidence, Option<Evidence>)>>,
}

impl Explained {
    /// Adds a phase that is a piece of that span.
    fn push(&mut self, span: &Span, start: Mark, end: Option<Mark>) {
        if let Some(ends) = &mut self.ends {
            ends.push((start.why, end.map(|end| end.why)));
        }
        self.phases.push(Phase {
            kind: span.kind,
            start: start.at,
            end: end.map(|end| end.at),
            source: span.source(start, end),
            container: span.container.clone(),
            reason: span.reason.clone(),
        });
    }
}

/// What the phases are made of.
pub(crate) struct Life<'a> {
    pub(crate) pod: &'a PodEvidence,
    pub(crate) containers: &'a [ContainerLife],
    pub(crate) instants: &'a Instants,
    /// First start of a main container that is known; not `workStarted` where earlier ones are not.
    pub(crate) began: Option<Instant>,
    pub(crate) outcome: PodOutcome,
    /// End of its work, or of a Pod whose work never began.
    pub(crate) end: Option<Instant>,
}

impl Life<'_> {
    /// The phases, in order; `reason` is why it waits. `explain` asks for what their boundaries were read from.
    pub(crate) fn phases(&self, reason: Option<&Arc<str>>, explain: bool) -> Explained {
        let mut phases = Explained { phases: Vec::new(), ends: explain.then(Vec::new) };
        let Some(created) = self.instants.created.map(Mark::from) else { return phases };
        // A time truncated to the second can seem to lie before a finer one.
        let Instants { scheduled, sandbox_ready, .. } = self.instants;
        let before = [*scheduled, *sandbox_ready, self.began].into_iter().flatten().map(|instant| instant.at);
        let earliest = before.fold(created.at, Timestamp::max);
        let end = self.end.map(Mark::from).map(|end| Mark { at: end.at.max(earliest), ..end });
        let began = self.began.map(Mark::from);
        match self.instants.scheduled.map(Mark::from) {
            Some(scheduled) => {
                self.queued(&mut phases, created, Some(scheduled));
                self.cold_start(&mut phases, scheduled, began.or(end));
            }
            None if began.is_some() => {
                let span = Span::of(PhaseKind::Startup, created, None, reason.cloned());
                fill(&mut phases, created, began, &span, &[]);
            }
            None => self.queued(&mut phases, created, end),
        }
        if let Some(began) = began {
            self.work(&mut phases, began, end);
        }
        phases
    }

    fn queued(&self, phases: &mut Explained, created: Mark, end: Option<Mark>) {
        let told = self.pod.waits.queued();
        let gates = self.gate_spans(created);
        // What nothing dates held all the time, as far as anybody knows.
        let reason = self.pod.queued_reason().filter(|_| told.is_empty() && gates.is_empty());
        let queued = Span::of(PhaseKind::Queued, created, None, reason);
        let mut spans = since_spans(PhaseKind::Queued, created, &told);
        // While gates are there nobody looks for a node.
        spans.extend(gates);
        fill(phases, created, end, &queued, &spans);
    }

    /// From its creation on, until the last of them is gone.
    fn gate_spans(&self, created: Mark) -> Vec<Span> {
        let gates = &self.pod.gates;
        let mark = |place: usize| {
            let gates = gates.get(place)?;
            let why = if gates.received { Evidence::ReceivedGates } else { Evidence::GatesSeen };
            Some(gates.since.map_or(created, |at| Mark { at, why }))
        };
        let numbered = gates.iter().enumerate();
        numbered
            .filter_map(|(place, gates)| {
                let reason = gates.reason.clone()?;
                Some(Span::of(PhaseKind::Queued, mark(place)?, mark(place + 1), Some(reason)))
            })
            .collect()
    }

    fn cold_start(&self, phases: &mut Explained, scheduled: Mark, end: Option<Mark>) {
        let pod = self.pod;
        let waits = if self.began.is_none() { pod.waiting_reason() } else { None };
        let not_seen = self.instants.work_started.is_none() && self.began.is_some();
        let Some(ready) = self.instants.sandbox_ready.map(Mark::from).filter(|_| !not_seen) else {
            // Without the condition nobody tells of the sandbox, unless the kubelet has not even seen the Pod.
            let known = self.began.is_none() && (pod.sandbox_condition || pod.start_time.is_none());
            let kind = if known { PhaseKind::Setup } else { PhaseKind::Startup };
            if not_seen {
                let rest = Span::of(kind, scheduled, None, Some("first start not seen".into()));
                return fill(phases, scheduled, end, &rest, &[]);
            }
            let mut spans = since_spans(kind, scheduled, &pod.waits.since(Topic::Setup));
            spans.extend(self.unstartable_spans(kind, scheduled));
            let rest = Span::of(kind, scheduled, None, waits.filter(|_| spans.is_empty()));
            spans.extend(self.init_spans());
            return fill(phases, scheduled, end, &rest, &spans);
        };
        let setup = Span::of(PhaseKind::Setup, scheduled, None, None);
        let told = since_spans(PhaseKind::Setup, scheduled, &pod.waits.since(Topic::Setup));
        fill(phases, scheduled, Some(ready), &setup, &told);
        // Where no event tells of images, pull and start cannot be told apart.
        let told = pod.image_event().is_some();
        let kind = if told { PhaseKind::Starting } else { PhaseKind::Startup };
        let mut spans = self.unstartable_spans(kind, ready);
        let rest = Span::of(kind, ready, None, waits.filter(|_| spans.is_empty()));
        spans.extend(self.pull_spans());
        spans.extend(self.init_spans());
        fill(phases, ready, end, &rest, &spans);
    }

    /// Containers that could not be made or started, until they were.
    fn unstartable_spans(&self, kind: PhaseKind, from: Mark) -> Vec<Span> {
        let pairs = self.pod.containers.iter().zip(self.containers);
        let own = pairs.filter(|(_, life)| life.role != ContainerRole::Ephemeral);
        own.filter_map(|(evidence, life)| {
            let since = evidence.unstartable()?;
            let started = life.runs.iter().find_map(|run| run.start).map(Mark::from);
            let span = since_spans(kind, from, std::slice::from_ref(&since)).pop()?;
            Some(Span { end: started, container: Some(Arc::clone(&life.name)), ..span })
        })
        .collect()
    }

    fn pull_spans(&self) -> Vec<Span> {
        let pairs = self.pod.containers.iter().zip(self.containers);
        let own = pairs.filter(|(_, life)| life.role != ContainerRole::Ephemeral);
        own.flat_map(|(evidence, life)| pull_spans(evidence, life)).collect()
    }

    fn init_spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        let pairs = self.pod.containers.iter().zip(self.containers);
        let inits: Vec<_> = pairs.filter(|(_, life)| life.role == ContainerRole::Init).collect();
        // A condition tells when the last one ended, to the second.
        let initialized = self.pod.initialized.map(|at| Mark { at, why: Evidence::Initialized });
        for (nth, (evidence, life)) in inits.iter().enumerate() {
            for (place, run) in life.runs.iter().enumerate() {
                let Some(start) = run.start.map(Mark::from) else { continue };
                let next = next_start(life, place);
                let last = nth + 1 == inits.len() && place + 1 == life.runs.len();
                let fallback = initialized.filter(|at| last && at.at >= start.at);
                let end = run.end.map(Mark::from).or(next.filter(|_| run.ended)).or(fallback);
                spans.push(Span::about(PhaseKind::Initializing, start, end, life, None));
                if let Some(end) = end.filter(|_| run.ended && evidence.restarts_after(run)) {
                    spans.push(Span::about(PhaseKind::BackOff, end, next, life, why_ended(run)));
                }
            }
        }
        spans
    }

    /// From the start of work on: runs of main containers, the gaps between them, and the deletion.
    fn work(&self, phases: &mut Explained, began: Mark, end: Option<Mark>) {
        let asked = self.instants.delete_requested.filter(|_| self.pod.deleted_before_its_end());
        // Whether what nobody saw end still worked by then is not known either.
        let unseen = self.outcome.ended() && end.is_none();
        let requested = asked.filter(|_| !unseen).map(Mark::from);
        // It worked on only if it began before that.
        let stopping = requested.map(|requested| if requested.at < began.at { began } else { requested });
        let mut spans = Vec::new();
        let mut waits = None;
        let pairs = self.pod.containers.iter().zip(self.containers);
        for (evidence, life) in pairs.filter(|(_, life)| life.role == ContainerRole::Main) {
            for (place, run) in life.runs.iter().enumerate() {
                let Some(start) = run.start.map(Mark::from) else { continue };
                let next = next_start(life, place);
                let run_end = run.end.map(Mark::from).or(next.filter(|_| run.ended));
                let reason = (run.ended && run.end.is_none() && next.is_some()).then(|| not_seen(life));
                spans.extend(running(start, run_end, stopping, reason));
                if let Some(run_end) = run_end.filter(|_| run.ended && evidence.restarts_after(run)) {
                    let gap =
                        Span::about(PhaseKind::BackOff, run_end, next.or(stopping), life, why_ended(run));
                    if next.is_none() {
                        waits = Some(gap.clone());
                    }
                    spans.push(gap);
                }
            }
            if life.runs.is_empty() {
                spans.extend(pull_spans(evidence, life));
            }
        }
        // Between the containers' starts, and where one of several has ended: the Pod still starts.
        let took_no_time = end.is_some_and(|end| end.at <= began.at);
        let kind = if took_no_time { PhaseKind::Running } else { PhaseKind::Starting };
        let rest = Span::of(kind, began, None, None);
        fill(phases, began, end, &rest, &spans);
        // Deleted while it waited for its next run: it waited until then.
        if let (Some(end), Some(requested), Some(waits)) = (end, requested, waits)
            && requested.at > end.at
            && self.outcome == PodOutcome::Deleted
        {
            fill(phases, end, Some(requested), &waits, &[]);
        }
    }
}

/// One run of a main container, cut where the deletion was asked for.
fn running(
    start: Mark,
    end: Option<Mark>,
    stopping: Option<Mark>,
    reason: Option<Arc<str>>,
) -> impl Iterator<Item = Span> {
    let stopping = stopping.filter(|stopping| end.is_none_or(|end| stopping.at < end.at));
    let stops = |stopping| Span::of(PhaseKind::Terminating, stopping, end, None);
    let (first, second) = match stopping {
        Some(stopping) if stopping.at > start.at => {
            (Span::of(PhaseKind::Running, start, Some(stopping), reason), Some(stops(stopping)))
        }
        Some(_) => (stops(start), None),
        None => {
            let inferred = reason.is_some();
            (Span { inferred, ..Span::of(PhaseKind::Running, start, end, reason) }, None)
        }
    };
    std::iter::once(first).chain(second)
}

/// What was told from when on, as spans of a phase that begins at `from`. Who tells of a wait needs a moment to try: the
/// first reason holds from the begin of the phase, if it was told within a second.
fn since_spans(kind: PhaseKind, from: Mark, told: &[Since]) -> Vec<Span> {
    /// How long a first try takes at most.
    const FIRST_TRY: SignedDuration = SignedDuration::from_secs(1);
    let mark = |place: usize| {
        let since = told.get(place)?;
        let at_once = place == 0 && since.at.duration_since(from.at) <= FIRST_TRY;
        Some(if at_once { from } else { Mark { at: since.at, why: since.why } })
    };
    let numbered = told.iter().enumerate();
    numbered
        .filter_map(|(place, since)| {
            Some(Span::of(kind, mark(place)?, mark(place + 1), Some(Arc::clone(&since.reason))))
        })
        .collect()
}

fn next_start(life: &ContainerLife, place: usize) -> Option<Mark> {
    life.runs.iter().skip(place + 1).find_map(|run| run.start).map(Mark::from)
}

fn not_seen(life: &ContainerLife) -> Arc<str> {
    match life.runs_not_seen {
        0 => "end not seen".into(),
        1 => "1 run not seen".into(),
        runs => format!("{runs} runs not seen").into(),
    }
}

/// A shorter wait for a pull is the kubelet's own work, not other Pods' pulls.
const QUEUE: SignedDuration = SignedDuration::from_millis(100);

/// The pull of a container's image, the wait in the node's queue apart; where it failed, the wait for another try apart.
fn pull_spans(evidence: &ContainerEvidence, life: &ContainerLife) -> Vec<Span> {
    let Some(pull) = life.pull.filter(|pull| !pull.cached) else { return Vec::new() };
    let Some((asked, why)) =
        evidence.pull_asked_by().or(pull.start.map(|at| (at, Evidence::PulledEventLessPull)))
    else {
        return Vec::new();
    };
    let asked_mark = Mark { at: asked, why };
    // A pull whose end no event tells of ended before the container started.
    let started = life.runs.iter().find_map(|run| run.start).map(Mark::from);
    let end = pull.end.map(|at| Mark { at, why: Evidence::PulledEvent }).or(started);
    let pulling = |start, end, reason| Span::about(PhaseKind::Pulling, start, end, life, reason);
    // Until its turn came in the node's queue.
    let turn = pull.start.filter(|_| pull.wait.is_some_and(|wait| wait >= QUEUE));
    let turn = turn.map(|at| Mark { at, why: Evidence::PulledEventLessPull });
    let Some(trouble) = evidence.pull_trouble().filter(|trouble| trouble.failed > asked) else {
        let Some(turn) = turn.filter(|turn| turn.at > asked) else {
            return vec![pulling(asked_mark, end, None)];
        };
        return vec![pulling(asked_mark, Some(turn), Some("pull queue".into())), pulling(turn, end, None)];
    };
    let failed = Mark { at: trouble.failed, why: Evidence::PullFailedEvent };
    let again = trouble.again.map(|at| Mark { at, why: Evidence::PullingAgain });
    let back_off = pulling(failed, again.or(end), Some("ImagePullBackOff".into()));
    // The latest attempt may have failed too; when exactly is known to the second.
    let failed_again = trouble.failed_again.map(|at| Mark { at, why: Evidence::PullFailedAgain });
    let again = again.map(|again| pulling(again, failed_again.or(end), None));
    let waits_again = failed_again.map(|failed| pulling(failed, end, Some("ImagePullBackOff".into())));
    let first = pulling(asked_mark, Some(failed), None);
    [Some(first), Some(back_off), again, waits_again].into_iter().flatten().collect()
}

fn why_ended(run: &Run) -> Option<Arc<str>> {
    match (run.reason.as_deref(), run.exit_code) {
        (None | Some("Error" | "Completed"), Some(code)) => Some(format!("exit code {code}").into()),
        _ => run.reason.clone(),
    }
}

/// Cuts `[start, end)` at every boundary of the spans and gives each piece to the span of the highest precedence, or to
/// `rest`.
fn fill(explained: &mut Explained, start: Mark, end: Option<Mark>, rest: &Span, spans: &[Span]) {
    let worked = |kind| matches!(kind, PhaseKind::Running | PhaseKind::Terminating);
    // Most lives have nothing to cut.
    match spans {
        [] => {
            if end.is_none_or(|end| end.at != start.at) || worked(rest.kind) {
                explained.push(rest, start, end);
            }
            return;
        }
        [span] if span.is_all_of(start, end) => return explained.push(span, start, end),
        _ => {}
    }
    let inside = |mark: &Mark| mark.at > start.at && end.is_none_or(|end| mark.at < end.at);
    let mut marks = Vec::with_capacity(2 * spans.len() + 1);
    marks.push(start);
    for span in spans {
        marks.extend([Some(span.start), span.end].into_iter().flatten().filter(inside));
    }
    marks.sort_by_key(|mark| (mark.at, mark.source(), mark.why as u8));
    marks.dedup_by_key(|mark| mark.at);
    let first = explained.phases.len();
    for (place, mark) in marks.iter().enumerate() {
        push_moments(explained, *mark, spans, end);
        let next = marks.get(place + 1).copied().or(end);
        let covers = |span: &&Span| span.start.at <= mark.at && span.end.is_none_or(|end| end.at > mark.at);
        let span = spans.iter().filter(covers).max_by_key(|span| precedence(span.kind)).unwrap_or(rest);
        if let Some(last) = explained.phases.get_mut(first..).and_then(<[Phase]>::last_mut)
            && last.kind == span.kind
            && last.container == span.container
            && last.reason == span.reason
        {
            last.end = next.map(|next| next.at);
            last.source = last.source.max(span.source(*mark, next));
            if let Some(ends) = explained.ends.as_mut().and_then(|ends| ends.last_mut()) {
                ends.1 = next.map(|next| next.why);
            }
            continue;
        }
        explained.push(span, *mark, next);
    }
    if let Some(end) = end.filter(|end| end.at > start.at) {
        push_moments(explained, end, spans, None);
    }
    // What took no time is not told, but for work: that it ran is the point.
    let mut place = first;
    let Explained { phases, ends } = explained;
    while place < phases.len() {
        if phases[place].end == Some(phases[place].start) && !worked(phases[place].kind) {
            phases.remove(place);
            if let Some(ends) = ends {
                ends.remove(place);
            }
        } else {
            place += 1;
        }
    }
}

/// Adds the runs that began and ended at that moment, as far as the times tell: that they ran is the point. Not where all
/// of the work took no time, which is told as it is.
fn push_moments(explained: &mut Explained, mark: Mark, spans: &[Span], end: Option<Mark>) {
    if end.is_some_and(|end| end.at <= mark.at) {
        return;
    }
    let is_work = |span: &&Span| matches!(span.kind, PhaseKind::Running | PhaseKind::Terminating);
    let runs_on = |span: &Span| span.start.at <= mark.at && span.end.is_none_or(|end| end.at > mark.at);
    if spans.iter().filter(is_work).any(runs_on) {
        return;
    }
    let at_once = |span: &&Span| {
        span.start.at == mark.at && span.end.is_some_and(|end| end.at == mark.at) && is_work(span)
    };
    if let Some(span) = spans.iter().find(at_once) {
        explained.push(span, span.start, span.end);
    }
}

fn precedence(kind: PhaseKind) -> u8 {
    match kind {
        PhaseKind::Running => 5,
        PhaseKind::Terminating => 4,
        PhaseKind::Pulling => 3,
        PhaseKind::Initializing => 2,
        PhaseKind::BackOff => 1,
        _ => 0,
    }
}
