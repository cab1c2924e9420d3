//! What of a life is asked of all Pods at once: never packed, and small.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Instant, Lifecycle, PhaseKind, PodOutcome};

/// The finest times are known to better than this.
const FINE: SignedDuration = SignedDuration::from_millis(100);

/// The little of a life that passes over all Pods need; the rest is in [`Timeline::pod`](super::Timeline::pod).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct PodOverview {
    /// How it stands.
    pub outcome: PodOutcome,
    /// The phase it is in, if it has not ended.
    pub open_phase: Option<PhaseKind>,
    /// Whether its work has begun, though its first start may be unknown.
    pub has_started_work: bool,
    /// Whether its phases tell why it waited.
    pub has_wait_reason: bool,
    /// Whether somebody asked for its deletion.
    pub deletion_requested: bool,
    /// Whether events tell of the pull of an image.
    pub has_pull: bool,
    /// Whether created, scheduled, the start and the end of work are, as far as they are known, finer than a second.
    pub is_subsecond: bool,
    created: Millis,
    scheduled: Millis,
    work_started: Millis,
    work_ended: Millis,
    first: Millis,
    last: Millis,
    end: Millis,
}

/// Milliseconds since 1970, or unknown, in half of the room of an optional [`Timestamp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Millis(i64);

impl Millis {
    const UNKNOWN: Self = Self(i64::MIN);

    fn of(at: Option<Timestamp>) -> Self {
        at.map_or(Self::UNKNOWN, |at| Self(at.as_millisecond()))
    }

    fn known(self) -> Option<i64> {
        (self != Self::UNKNOWN).then_some(self.0)
    }

    fn at(self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.known()?).ok()
    }

    fn until(self, end: Self) -> Option<SignedDuration> {
        Some(SignedDuration::from_millis(end.known()? - self.known()?))
    }
}

impl PodOverview {
    /// Of a life of which nothing is known yet.
    pub(crate) const UNKNOWN: Self = Self {
        outcome: PodOutcome::Pending,
        open_phase: None,
        has_started_work: false,
        has_wait_reason: false,
        deletion_requested: false,
        has_pull: false,
        is_subsecond: true,
        created: Millis::UNKNOWN,
        scheduled: Millis::UNKNOWN,
        work_started: Millis::UNKNOWN,
        work_ended: Millis::UNKNOWN,
        first: Millis::UNKNOWN,
        last: Millis::UNKNOWN,
        end: Millis::UNKNOWN,
    };

    /// What stands out of a life.
    pub(crate) fn of(life: &Lifecycle) -> Self {
        let at = |instant: Option<Instant>| Millis::of(instant.map(|instant| instant.at));
        let instants = &life.instants;
        let (first, last) = (life.phases.first(), life.phases.last());
        let working = |kind| matches!(kind, PhaseKind::Running | PhaseKind::Terminating);
        let ends = [instants.created, instants.scheduled, instants.work_started, instants.work_ended];
        Self {
            outcome: life.outcome,
            open_phase: life.open_phase().map(|phase| phase.kind),
            has_started_work: instants.work_started.is_some()
                || life.phases.iter().any(|phase| working(phase.kind)),
            has_wait_reason: life.phases.iter().any(|phase| phase.reason.is_some()),
            deletion_requested: instants.delete_requested.is_some(),
            has_pull: life.containers.iter().any(|container| container.pull.is_some()),
            is_subsecond: ends.into_iter().flatten().all(|end| end.evidence.precision() < FINE),
            created: at(instants.created),
            scheduled: at(instants.scheduled),
            work_started: at(instants.work_started),
            work_ended: at(instants.work_ended),
            first: Millis::of(first.map(|phase| phase.start)),
            last: Millis::of(last.map(|phase| phase.start)),
            end: Millis::of(last.and_then(|phase| phase.end)),
        }
    }

    /// When it was created.
    pub fn created(&self) -> Option<Timestamp> {
        self.created.at()
    }

    /// The same in milliseconds since 1970.
    pub(crate) fn created_millis(&self) -> Option<i64> {
        self.created.known()
    }

    /// When it was bound to a node.
    pub fn scheduled(&self) -> Option<Timestamp> {
        self.scheduled.at()
    }

    /// When its work began.
    pub fn work_started(&self) -> Option<Timestamp> {
        self.work_started.at()
    }

    /// When it ended, as far as that is known.
    pub fn end(&self) -> Option<Timestamp> {
        self.end.at().filter(|_| self.outcome.ended())
    }

    /// Begin of its first phase, in milliseconds since 1970.
    pub fn start_millis(&self) -> Option<i64> {
        self.first.known()
    }

    /// Until when it is known in milliseconds since 1970: the end of its last phase; `now` while that goes on; its begin
    /// where nobody saw the end.
    pub fn last_known_millis(&self, now: i64) -> Option<i64> {
        let last = self.last.known()?;
        Some(self.end.known().unwrap_or(if self.outcome.ended() { last } else { now }))
    }

    /// `scheduled - created`.
    pub fn queued(&self) -> Option<SignedDuration> {
        self.created.until(self.scheduled)
    }

    /// `workStarted - scheduled`.
    pub fn cold_start(&self) -> Option<SignedDuration> {
        self.scheduled.until(self.work_started)
    }

    /// `workEnded - workStarted`.
    pub fn run(&self) -> Option<SignedDuration> {
        self.work_started.until(self.work_ended)
    }

    /// How long it was queued, or has been.
    pub(crate) fn queued_so_far(&self, now: Timestamp) -> Option<i64> {
        self.whole(self.queued(), self.created, now, !self.has_started_work)
    }

    /// How long its cold start took, or has taken.
    pub(crate) fn cold_so_far(&self, now: Timestamp) -> Option<i64> {
        self.whole(self.cold_start(), self.scheduled, now, !self.has_started_work)
    }

    /// How long it worked, or has worked.
    pub(crate) fn run_so_far(&self, now: Timestamp) -> Option<i64> {
        self.whole(self.run(), self.work_started, now, true)
    }

    /// A range in milliseconds; of one that goes on what has passed of it until knowledge of the Pod ends.
    fn whole(
        &self,
        range: Option<SignedDuration>,
        from: Millis,
        now: Timestamp,
        goes_on: bool,
    ) -> Option<i64> {
        if let Some(range) = range {
            return i64::try_from(range.as_millis()).ok();
        }
        let unseen = self.outcome.ended() && self.end.known().is_none();
        let until = self.last_known_millis(now.as_millisecond()).filter(|_| goes_on && !unseen)?;
        Some((until - from.known()?).max(0))
    }
}
