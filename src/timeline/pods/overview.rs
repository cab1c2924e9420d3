//! The outcome and the main times of a Pod, small enough to keep unpacked for every Pod.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{ContainerLife, Instant, Lifecycle, PhaseKind, PodOutcome, RangedDuration};

/// The values of a Pod's life that loops over all Pods need. [`Timeline::pod`] returns the whole life, at a higher
/// cost.
///
/// [`Timeline::pod`]: crate::timeline::Timeline::pod
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct PodOverview {
    /// The outcome of the Pod so far.
    pub outcome: PodOutcome,
    /// The current phase; `None` if the Pod has ended.
    pub open_phase: Option<PhaseKind>,
    /// Whether the Pod's work has begun. The time of the first start may be unknown.
    pub has_started_work: bool,
    /// Whether a phase of the Pod has a reason, for example the reason for a wait.
    pub has_wait_reason: bool,
    /// Whether a container of the Pod was restarted. Debug containers do not count.
    pub has_restarted: bool,
    /// Whether the work has ended and the kubelet still stops the sidecars.
    pub is_stopping: bool,
    /// Whether the deletion of the Pod was requested.
    pub deletion_requested: bool,
    /// Whether the deletion of the Pod was requested before the Pod had ended.
    pub deleted_before_end: bool,
    /// Whether the Pod was lost with its node, so that its end is unknown.
    pub is_lost: bool,
    /// Whether a run of a main container failed.
    pub has_failed_run: bool,
    /// Whether the Pod no longer exists and only Events prove its life.
    pub gone: bool,
    /// Whether times of the node contradict other times by more than a second, so that they were moved or left out.
    pub clamped: bool,
    /// Whether events report an image pull of the Pod.
    pub has_pull: bool,
    created: Millis,
    scheduled: Millis,
    work_started: Millis,
    queued: CompactDuration,
    cold_start: CompactDuration,
    run: CompactDuration,
    /// The work in phases that have ended, in milliseconds.
    closed_work_millis: i64,
    /// Start of the phase of work that goes on.
    open_work_since: Millis,
    /// Start of the first phase.
    first_phase_start: Millis,
    /// Start of the last phase.
    last_phase_start: Millis,
    /// End of the last phase.
    last_phase_end: Millis,
}

/// Milliseconds since 1970, or unknown. Takes half the memory of an optional [`Timestamp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Millis(i64);

impl Millis {
    const UNKNOWN: Self = Self(i64::MIN);

    fn from_timestamp(at: Option<Timestamp>) -> Self {
        at.map_or(Self::UNKNOWN, |at| Self(at.as_millisecond()))
    }

    fn known(self) -> Option<i64> {
        (self != Self::UNKNOWN).then_some(self.0)
    }

    fn timestamp(self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.known()?).ok()
    }
}

/// A duration with its range in milliseconds, or unknown. Takes a third of the memory of an optional
/// [`RangedDuration`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CompactDuration {
    /// The estimate, or `i64::MIN` if the duration is unknown.
    estimate: i64,
    /// The distance from the low end of the range to the estimate.
    below: u32,
    /// The distance from the estimate to the high end of the range.
    above: u32,
}

impl CompactDuration {
    const UNKNOWN: Self = Self { estimate: i64::MIN, below: 0, above: 0 };

    fn new(duration: Option<RangedDuration>) -> Self {
        let Some(RangedDuration { estimate, low, high }) = duration else { return Self::UNKNOWN };
        let distance = |distance: SignedDuration| u32::try_from(distance.as_millis()).unwrap_or(u32::MAX);
        let (below, above) = (distance(estimate - low), distance(high - estimate));
        Self { estimate: i64::try_from(estimate.as_millis()).unwrap_or(i64::MAX), below, above }
    }

    fn known(self) -> Option<RangedDuration> {
        let millis = SignedDuration::from_millis;
        (self.estimate != i64::MIN).then(|| RangedDuration {
            estimate: millis(self.estimate),
            low: millis(self.estimate.saturating_sub(self.below.into())),
            high: millis(self.estimate.saturating_add(self.above.into())),
        })
    }
}

impl PodOverview {
    /// The overview of a Pod whose life is not derived yet.
    pub(crate) const UNKNOWN: Self = Self {
        outcome: PodOutcome::Pending,
        open_phase: None,
        has_started_work: false,
        has_wait_reason: false,
        has_restarted: false,
        is_stopping: false,
        deletion_requested: false,
        deleted_before_end: false,
        is_lost: false,
        has_failed_run: false,
        gone: false,
        clamped: false,
        has_pull: false,
        created: Millis::UNKNOWN,
        scheduled: Millis::UNKNOWN,
        work_started: Millis::UNKNOWN,
        queued: CompactDuration::UNKNOWN,
        cold_start: CompactDuration::UNKNOWN,
        run: CompactDuration::UNKNOWN,
        closed_work_millis: 0,
        open_work_since: Millis::UNKNOWN,
        first_phase_start: Millis::UNKNOWN,
        last_phase_start: Millis::UNKNOWN,
        last_phase_end: Millis::UNKNOWN,
    };

    /// Extracts the overview from a life. `deleted_before_end` is whether the deletion was requested before the end.
    pub(crate) fn from_life(life: &Lifecycle, deleted_before_end: bool) -> Self {
        let at = |instant: Option<Instant>| Millis::from_timestamp(instant.map(|instant| instant.at));
        let instants = &life.instants;
        let (first, last) = (life.phases.first(), life.phases.last());
        let work = || life.phases.iter().filter(|phase| phase.kind.is_work());
        let closed_work = work().filter_map(|phase| Some((phase.start, phase.end?)));
        Self {
            outcome: life.outcome,
            open_phase: life.open_phase().map(|phase| phase.kind),
            has_started_work: instants.work_started.is_some() || work().next().is_some(),
            has_wait_reason: life.phases.iter().any(|phase| phase.wait_reason().is_some()),
            has_restarted: life.count_restarts() > 0,
            is_stopping: life.stopping_sidecar.is_some(),
            deletion_requested: instants.delete_requested.is_some(),
            deleted_before_end,
            is_lost: life.lost_since.is_some(),
            has_failed_run: life.containers.iter().any(ContainerLife::has_failed_main_run),
            gone: life.gone,
            clamped: life.clamped,
            has_pull: life.containers.iter().any(|container| container.pull.is_some()),
            created: at(instants.created),
            scheduled: at(instants.scheduled),
            work_started: at(instants.work_started),
            queued: CompactDuration::new(life.queued),
            cold_start: CompactDuration::new(life.cold_start),
            run: CompactDuration::new(life.run),
            closed_work_millis: closed_work
                .map(|(start, end)| end.as_millisecond() - start.as_millisecond())
                .sum(),
            open_work_since: Millis::from_timestamp(
                work().find(|phase| phase.end.is_none()).map(|phase| phase.start),
            ),
            first_phase_start: Millis::from_timestamp(first.map(|phase| phase.start)),
            last_phase_start: Millis::from_timestamp(last.map(|phase| phase.start)),
            last_phase_end: Millis::from_timestamp(last.and_then(|phase| phase.end)),
        }
    }

    /// Whether the Pod failed. A Pod that was deleted before its work began has not failed.
    pub fn has_failed(&self) -> bool {
        self.outcome.has_failed() && !self.is_withdrawn()
    }

    /// Whether the Pod ended because it was deleted.
    pub fn was_stopped(&self) -> bool {
        self.outcome == PodOutcome::Deleted || self.is_withdrawn()
    }

    /// Whether the Pod was deleted before its work began.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.outcome == PodOutcome::NeverStarted && self.deleted_before_end
    }

    /// When the Pod was created.
    pub fn created(&self) -> Option<Timestamp> {
        self.created.timestamp()
    }

    /// The time by which Pods are ordered, in milliseconds since 1970: the creation, or the first known time of a Pod
    /// whose creation is unknown.
    pub(crate) fn order_millis(&self) -> Option<i64> {
        self.created.known().or_else(|| self.start_millis())
    }

    /// When the Pod was bound to a node.
    pub fn scheduled(&self) -> Option<Timestamp> {
        self.scheduled.timestamp()
    }

    /// When the Pod's work began.
    pub fn work_started(&self) -> Option<Timestamp> {
        self.work_started.timestamp()
    }

    /// When the Pod ended; `None` if it has not ended or the end is unknown.
    pub fn end(&self) -> Option<Timestamp> {
        self.last_phase_end.timestamp().filter(|_| self.outcome.has_ended())
    }

    /// Start of the first phase, in milliseconds since 1970.
    pub fn start_millis(&self) -> Option<i64> {
        self.first_phase_start.known()
    }

    /// The time until which the Pod's life is known, in milliseconds since 1970. This is the end of the last phase, or
    /// `now` while that phase is open. If the Pod has ended but its end was not observed, this is the start of the last
    /// phase.
    pub fn last_known_millis(&self, now: i64) -> Option<i64> {
        let last = self.last_phase_start.known()?;
        Some(self.last_phase_end.known().unwrap_or(if self.outcome.has_ended() { last } else { now }))
    }

    /// Time from created to scheduled.
    pub fn queued(&self) -> Option<RangedDuration> {
        self.queued.known()
    }

    /// Time from scheduled to the start of work.
    pub fn cold_start(&self) -> Option<RangedDuration> {
        self.cold_start.known()
    }

    /// The time in which at least one main container ran; `None` until the work has ended.
    pub fn run(&self) -> Option<RangedDuration> {
        self.run.known()
    }

    /// Whether one of the three durations needs more columns than usual: its range is wider than a second, and its
    /// upper end is rounded to 100 seconds or more.
    pub fn has_long_range(&self) -> bool {
        [self.queued, self.cold_start, self.run].iter().any(|duration| {
            duration.below.saturating_add(duration.above) > 1_000
                && duration.estimate.saturating_add(duration.above.into()) >= 99_500
        })
    }

    /// Milliseconds in the queue; if the Pod is still queued, the time until `now`.
    pub(crate) fn queued_so_far(&self, now: Timestamp) -> Option<i64> {
        self.millis_so_far(self.queued, self.created, now)
    }

    /// Milliseconds of the cold start; if the Pod is still starting, the time until `now`.
    pub(crate) fn cold_start_so_far(&self, now: Timestamp) -> Option<i64> {
        self.millis_so_far(self.cold_start, self.scheduled, now)
    }

    /// Milliseconds of work; if the Pod still works, the time until `now`.
    pub(crate) fn run_so_far(&self, now: Timestamp) -> Option<i64> {
        if self.run.known().is_some() {
            return Some(self.run.estimate);
        }
        let ended_at_unknown_time = self.outcome.has_ended() && self.last_phase_end.known().is_none();
        if !self.has_started_work || ended_at_unknown_time {
            return None;
        }
        let open = self.open_work_since.known().map_or(0, |since| (now.as_millisecond() - since).max(0));
        Some(self.closed_work_millis + open)
    }

    /// The milliseconds of `complete` if it is known. Otherwise, until the work starts, the milliseconds from `start`
    /// to the last known time of the life.
    fn millis_so_far(&self, complete: CompactDuration, start: Millis, now: Timestamp) -> Option<i64> {
        if complete.known().is_some() {
            return Some(complete.estimate);
        }
        let ended_at_unknown_time = self.outcome.has_ended() && self.last_phase_end.known().is_none();
        let is_open = !self.has_started_work && !ended_at_unknown_time;
        let until = self.last_known_millis(now.as_millisecond()).filter(|_| is_open)?;
        Some((until - start.known()?).max(0))
    }
}
