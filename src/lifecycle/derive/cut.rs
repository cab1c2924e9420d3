//! Cuts overlapping intervals into phases that do not overlap.

use std::sync::Arc;

use crate::lifecycle::container_life::ContainerLife;
use crate::lifecycle::evidence::Source;
use crate::lifecycle::phase::{Phase, PhaseKind};
use crate::lifecycle::time::instant::Instant;
use crate::lifecycle::time::instant_error::InstantError;

/// A candidate for a phase. It may overlap other intervals.
#[derive(Clone, Debug)]
pub(crate) struct Interval {
    pub(crate) kind: PhaseKind,
    pub(crate) start: Instant,
    /// `None` if the interval extends to the end of the part of the life that is being cut.
    pub(crate) end: Option<Instant>,
    pub(crate) container: Option<Arc<str>>,
    pub(crate) reason: Option<Arc<str>>,
    /// The interval is an assumption, because no evidence supports it.
    pub(crate) inferred: bool,
}

impl Interval {
    pub(crate) fn new(
        kind: PhaseKind,
        start: Instant,
        end: Option<Instant>,
        reason: Option<Arc<str>>,
    ) -> Self {
        Self { kind, start, end, container: None, reason, inferred: false }
    }

    pub(crate) fn for_container(
        kind: PhaseKind,
        start: Instant,
        end: Option<Instant>,
        container: &ContainerLife,
        reason: Option<Arc<str>>,
    ) -> Self {
        Self { container: Some(Arc::clone(&container.name)), ..Self::new(kind, start, end, reason) }
    }

    /// Returns the part of the interval inside `[start, end)`, or `None` if that part is empty.
    pub(crate) fn within(&self, start: Instant, end: Option<Instant>) -> Option<Self> {
        let start = if start.at > self.start.at { start } else { self.start };
        let end = [self.end, end].into_iter().flatten().min_by_key(|end| end.at);
        let is_empty = end.is_some_and(|end| end.at <= start.at);
        (!is_empty).then(|| Self { start, end, ..self.clone() })
    }

    /// Returns the weaker of the sources of `start` and `end`, which bound a piece of the interval. The source of an
    /// inferred interval is always [`Source::Inferred`].
    fn source_of_piece(&self, start: Instant, end: Option<Instant>) -> Source {
        let start = start.evidence.source();
        match end {
            _ if self.inferred => Source::Inferred,
            Some(end) => start.max(end.evidence.source()),
            None => start,
        }
    }

    /// Whether the interval equals `[start, end)` and is not empty.
    fn is_exactly(&self, start: Instant, end: Option<Instant>) -> bool {
        let own_end = self.end.map(|end| end.at);
        self.start.at == start.at
            && own_end == end.map(|end| end.at)
            && own_end.is_none_or(|end| end > start.at)
    }

    fn covers(&self, instant: Instant) -> bool {
        self.start.at <= instant.at && self.end.is_none_or(|end| end.at > instant.at)
    }
}

/// The phases that have been cut so far, in order.
#[derive(Clone, Debug)]
pub(crate) struct PhaseList {
    pub(crate) phases: Vec<Phase>,
    /// The start and the end of each phase. `None` if no explanation was requested.
    pub(crate) boundaries: Option<Vec<(Instant, Option<Instant>)>>,
}

impl PhaseList {
    /// Adds the piece `[start, end)` of `interval` as a phase.
    fn push(&mut self, interval: &Interval, start: Instant, end: Option<Instant>) {
        if let Some(boundaries) = &mut self.boundaries {
            boundaries.push((start, end));
        }
        self.phases.push(Phase {
            kind: interval.kind,
            start: start.at,
            end: end.map(|end| end.at),
            start_error: start.error(),
            end_error: end.map_or(InstantError::NONE, |end| end.error()),
            source: interval.source_of_piece(start, end),
            container: interval.container.clone(),
            reason: interval.reason.clone(),
        });
    }

    /// Cuts the part `[start, end)` of the life at every boundary of the intervals, and adds the pieces as phases. A
    /// piece belongs to the interval with the highest precedence, or to `fallback` if no interval covers the piece.
    /// Neighbouring pieces with the same kind, container and reason become one phase.
    pub(crate) fn add_part(
        &mut self,
        start: Instant,
        end: Option<Instant>,
        fallback: &Interval,
        intervals: &[Interval],
    ) {
        // Most parts need no cut.
        match intervals {
            [] => {
                if end.is_none_or(|end| end.at != start.at) || fallback.kind.is_work() {
                    self.push(fallback, start, end);
                }
                return;
            }
            [interval] if interval.is_exactly(start, end) => return self.push(interval, start, end),
            _ => {}
        }
        let first = self.phases.len();
        let cuts = collect_cuts(start, end, intervals);
        for (index, cut) in cuts.iter().enumerate() {
            self.push_empty_run(*cut, intervals, end);
            let next = cuts.get(index + 1).copied().or(end);
            let covering = intervals.iter().filter(|interval| interval.covers(*cut));
            let interval = covering.max_by_key(|interval| precedence(interval.kind)).unwrap_or(fallback);
            if !self.extend_last(first, interval, *cut, next) {
                self.push(interval, *cut, next);
            }
        }
        if let Some(end) = end.filter(|end| end.at > start.at) {
            self.push_empty_run(end, intervals, None);
        }
        self.remove_empty_phases(first);
    }

    /// Extends the last phase by the piece `[start, end)` of `interval`, if both have the same kind, container and
    /// reason. A phase before index `first` is not extended. Returns whether a phase was extended.
    fn extend_last(
        &mut self,
        first: usize,
        interval: &Interval,
        start: Instant,
        end: Option<Instant>,
    ) -> bool {
        let Some(last) = self.phases.get_mut(first..).and_then(<[Phase]>::last_mut) else { return false };
        if last.kind != interval.kind
            || last.container != interval.container
            || last.reason != interval.reason
        {
            return false;
        }
        last.end = end.map(|end| end.at);
        last.end_error = end.map_or(InstantError::NONE, |end| end.error());
        last.source = last.source.max(interval.source_of_piece(start, end));
        if let Some(boundary) = self.boundaries.as_mut().and_then(|boundaries| boundaries.last_mut()) {
            boundary.1 = end;
        }
        true
    }

    /// Adds a run that starts and ends at `instant`, so that a short run whose times are truncated to the second stays
    /// visible. Does nothing if another run covers the instant, or if the instant is not before `end`.
    fn push_empty_run(&mut self, instant: Instant, intervals: &[Interval], end: Option<Instant>) {
        if end.is_some_and(|end| end.at <= instant.at) {
            return;
        }
        let runs = || intervals.iter().filter(|interval| interval.kind.is_work());
        if runs().any(|run| run.covers(instant)) {
            return;
        }
        let is_empty_here =
            |run: &&Interval| run.start.at == instant.at && run.end.is_some_and(|end| end.at == instant.at);
        if let Some(run) = runs().find(is_empty_here) {
            self.push(run, run.start, run.end);
        }
    }

    /// Removes the phases without length from index `first` on. Phases of work stay, because they show that a container
    /// ran.
    fn remove_empty_phases(&mut self, first: usize) {
        let mut index = first;
        while index < self.phases.len() {
            let phase = &self.phases[index];
            if phase.end == Some(phase.start) && !phase.kind.is_work() {
                self.phases.remove(index);
                if let Some(boundaries) = &mut self.boundaries {
                    boundaries.remove(index);
                }
            } else {
                index += 1;
            }
        }
    }
}

/// Returns `start` and all boundaries of the intervals inside `[start, end)`, sorted, with one instant for each time.
/// Among instants at the same time, the instant with the strongest evidence stays.
fn collect_cuts(start: Instant, end: Option<Instant>, intervals: &[Interval]) -> Vec<Instant> {
    let is_inside = |cut: &Instant| cut.at > start.at && end.is_none_or(|end| cut.at < end.at);
    let mut cuts = Vec::with_capacity(2 * intervals.len() + 1);
    cuts.push(start);
    for interval in intervals {
        cuts.extend([Some(interval.start), interval.end].into_iter().flatten().filter(is_inside));
    }
    cuts.sort_by_key(|cut| (cut.at, cut.evidence.source(), cut.evidence as u8));
    cuts.dedup_by_key(|cut| cut.at);
    cuts
}

/// Returns the precedence of a kind. If several intervals cover a piece, the interval with the highest precedence wins.
fn precedence(kind: PhaseKind) -> u8 {
    match kind {
        PhaseKind::Running | PhaseKind::Unready => 6,
        PhaseKind::Terminating => 5,
        PhaseKind::Pulling | PhaseKind::PullFailing => 4,
        PhaseKind::Initializing => 3,
        PhaseKind::Unknown => 2,
        PhaseKind::BackOff => 1,
        PhaseKind::Queued | PhaseKind::Setup | PhaseKind::Starting | PhaseKind::Startup => 0,
    }
}
