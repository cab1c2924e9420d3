//! The outcome and the main times of a Pod, small enough to keep unpacked for every Pod.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{ContainerLife, Instant, Lifecycle, PhaseKind, PodOutcome};

/// A time whose largest possible error is below this limit counts as more precise than a second.
const SUBSECOND: SignedDuration = SignedDuration::from_millis(100);

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
    /// Whether events report an image pull of the Pod.
    pub has_pull: bool,
    /// Whether all known times among creation, scheduling, start of work and end of work are more precise than a
    /// second.
    pub is_subsecond: bool,
    created: Millis,
    scheduled: Millis,
    work_started: Millis,
    work_ended: Millis,
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

    fn duration_until(self, end: Self) -> Option<SignedDuration> {
        Some(SignedDuration::from_millis(end.known()? - self.known()?))
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
        has_pull: false,
        is_subsecond: true,
        created: Millis::UNKNOWN,
        scheduled: Millis::UNKNOWN,
        work_started: Millis::UNKNOWN,
        work_ended: Millis::UNKNOWN,
        first_phase_start: Millis::UNKNOWN,
        last_phase_start: Millis::UNKNOWN,
        last_phase_end: Millis::UNKNOWN,
    };

    /// Extracts the overview from a life. `deleted_before_end` is whether the deletion was requested before the end.
    pub(crate) fn from_life(life: &Lifecycle, deleted_before_end: bool) -> Self {
        let at = |instant: Option<Instant>| Millis::from_timestamp(instant.map(|instant| instant.at));
        let instants = &life.instants;
        let (first, last) = (life.phases.first(), life.phases.last());
        let is_work = |kind| matches!(kind, PhaseKind::Running | PhaseKind::Terminating);
        let main_instants =
            [instants.created, instants.scheduled, instants.work_started, instants.work_ended];
        Self {
            outcome: life.outcome,
            open_phase: life.open_phase().map(|phase| phase.kind),
            has_started_work: instants.work_started.is_some()
                || life.phases.iter().any(|phase| is_work(phase.kind)),
            has_wait_reason: life.phases.iter().any(|phase| phase.wait_reason().is_some()),
            has_restarted: life.count_restarts() > 0,
            is_stopping: life.stopping_sidecar.is_some(),
            deletion_requested: instants.delete_requested.is_some(),
            deleted_before_end,
            is_lost: life.lost_since.is_some(),
            has_failed_run: life.containers.iter().any(ContainerLife::has_failed_main_run),
            has_pull: life.containers.iter().any(|container| container.pull.is_some()),
            is_subsecond: main_instants
                .into_iter()
                .flatten()
                .all(|instant| instant.evidence.precision() < SUBSECOND),
            created: at(instants.created),
            scheduled: at(instants.scheduled),
            work_started: at(instants.work_started),
            work_ended: at(instants.work_ended),
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

    /// When the Pod was created, in milliseconds since 1970.
    pub(crate) fn created_millis(&self) -> Option<i64> {
        self.created.known()
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
    pub fn queued(&self) -> Option<SignedDuration> {
        self.created.duration_until(self.scheduled)
    }

    /// Time from scheduled to the start of work.
    pub fn cold_start(&self) -> Option<SignedDuration> {
        self.scheduled.duration_until(self.work_started)
    }

    /// Time from the start to the end of work.
    pub fn run(&self) -> Option<SignedDuration> {
        self.work_started.duration_until(self.work_ended)
    }

    /// Milliseconds in the queue; if the Pod is still queued, the time until `now`.
    pub(crate) fn queued_so_far(&self, now: Timestamp) -> Option<i64> {
        self.millis_so_far(self.queued(), self.created, now, !self.has_started_work)
    }

    /// Milliseconds of the cold start; if the Pod is still starting, the time until `now`.
    pub(crate) fn cold_start_so_far(&self, now: Timestamp) -> Option<i64> {
        self.millis_so_far(self.cold_start(), self.scheduled, now, !self.has_started_work)
    }

    /// Milliseconds of work; if the Pod still works, the time until `now`.
    pub(crate) fn run_so_far(&self, now: Timestamp) -> Option<i64> {
        self.millis_so_far(self.run(), self.work_started, now, true)
    }

    /// The milliseconds of `complete` if it is known. Otherwise, if `is_open`, the milliseconds from `start` to the
    /// last known time of the life.
    fn millis_so_far(
        &self,
        complete: Option<SignedDuration>,
        start: Millis,
        now: Timestamp,
        is_open: bool,
    ) -> Option<i64> {
        if let Some(complete) = complete {
            return i64::try_from(complete.as_millis()).ok();
        }
        let end_unknown = self.outcome.has_ended() && self.last_phase_end.known().is_none();
        let until = self.last_known_millis(now.as_millisecond()).filter(|_| is_open && !end_unknown)?;
        Some((until - start.known()?).max(0))
    }
}
