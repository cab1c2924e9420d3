//! The outcome and the main times of a Pod, small enough to keep unpacked for every Pod.

use jiff::Timestamp;

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
    /// Whether the Pod has a node that has not taken it up.
    pub is_not_taken_up: bool,
    /// Whether the containers of the Pod end again and again.
    pub is_crash_looping: bool,
    /// Whether a run of a main container failed.
    pub has_failed_run: bool,
    /// Whether the Pod no longer exists and only Events prove its life.
    pub gone: bool,
    /// Whether times of the node contradict other times by more than a second, so that they were moved or left out.
    pub clamped: bool,
    /// Whether events report an image pull of the Pod.
    pub has_pull: bool,
    /// Whether `start` is the creation of the Pod.
    is_created_known: bool,
    /// The creation, or the start of the first phase if the creation is unknown. With a known creation, both are equal.
    start: Millis,
    scheduled: Millis,
    work_started: Millis,
    queued_range: CompactRange,
    cold_start_range: CompactRange,
    run_range: CompactRange,
    /// The work in phases that have ended, in milliseconds.
    closed_work_millis: i64,
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

    fn millis_until(self, end: Self) -> Option<i64> {
        Some(end.known()?.saturating_sub(self.known()?))
    }

    fn timestamp(self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.known()?).ok()
    }
}

/// The range of a duration relative to its estimate, or unknown. Takes few bytes, because every Pod has three of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CompactRange {
    /// The distance from the low end to the estimate, in units, see [`CompactRange::to_millis`].
    below: u16,
    /// The distance from the estimate to the high end, in units.
    above: u16,
}

impl CompactRange {
    /// Each of the first [`CompactRange::SHORT_UNITS`] units stands for this number of milliseconds, and each further
    /// unit for a second. Distances of more than 18 hours are cut.
    const UNIT_MILLIS: i64 = 10;
    const SHORT_UNITS: i64 = 200;
    const UNKNOWN: Self = Self { below: u16::MAX, above: u16::MAX };

    fn new(duration: Option<RangedDuration>) -> Self {
        let Some(duration) = duration else { return Self::UNKNOWN };
        let RangedDuration { estimate_millis, low_millis, high_millis } = duration;
        let distance = |millis: i64| {
            let short = Self::SHORT_UNITS * Self::UNIT_MILLIS;
            // A long distance is rounded up, so that the range contains the true time.
            let long = millis.saturating_sub(short).saturating_add(999) / 1_000;
            let units = if millis <= short { millis / Self::UNIT_MILLIS } else { Self::SHORT_UNITS + long };
            u16::try_from(units).unwrap_or(u16::MAX - 1).min(u16::MAX - 1)
        };
        Self { below: distance(estimate_millis - low_millis), above: distance(high_millis - estimate_millis) }
    }

    /// Converts units to milliseconds.
    fn to_millis(units: u16) -> i64 {
        let units = i64::from(units);
        let long = (units - Self::SHORT_UNITS).max(0);
        units.min(Self::SHORT_UNITS) * Self::UNIT_MILLIS + long * 1_000
    }

    fn is_known(self) -> bool {
        self != Self::UNKNOWN
    }

    /// The duration with this range and this estimate in milliseconds; `None` if the duration is unknown.
    fn with_estimate(self, estimate: Option<i64>) -> Option<RangedDuration> {
        let estimate = estimate.filter(|_| self.is_known())?.max(0);
        let distance = Self::to_millis;
        Some(RangedDuration {
            estimate_millis: estimate,
            low_millis: (estimate - distance(self.below)).max(0),
            high_millis: estimate.saturating_add(distance(self.above)),
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
        is_not_taken_up: false,
        is_crash_looping: false,
        has_failed_run: false,
        gone: false,
        clamped: false,
        has_pull: false,
        is_created_known: false,
        start: Millis::UNKNOWN,
        scheduled: Millis::UNKNOWN,
        work_started: Millis::UNKNOWN,
        queued_range: CompactRange::UNKNOWN,
        cold_start_range: CompactRange::UNKNOWN,
        run_range: CompactRange::UNKNOWN,
        closed_work_millis: 0,
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
            is_not_taken_up: life.not_taken_up_since.is_some(),
            is_crash_looping: life.is_crash_looping(),
            has_failed_run: life.containers.iter().any(ContainerLife::has_failed_main_run),
            gone: life.gone,
            clamped: life.clamped,
            has_pull: life.containers.iter().any(|container| container.pull.is_some()),
            is_created_known: instants.created.is_some(),
            start: Millis::from_timestamp(
                instants.created.map(|created| created.at).or(first.map(|phase| phase.start)),
            ),
            scheduled: at(instants.scheduled),
            work_started: at(instants.work_started),
            queued_range: CompactRange::new(life.queued),
            cold_start_range: CompactRange::new(life.cold_start),
            run_range: CompactRange::new(life.run),
            closed_work_millis: closed_work
                .map(|(start, end)| end.as_millisecond() - start.as_millisecond())
                .sum(),
            last_phase_start: Millis::from_timestamp(last.map(|phase| phase.start)),
            last_phase_end: Millis::from_timestamp(last.and_then(|phase| phase.end)),
        }
    }

    /// Whether the Pod failed. A Pod that was deleted before its work began has not failed.
    pub fn has_failed(&self) -> bool {
        self.outcome.has_failed() && !self.was_deleted_before_work()
    }

    /// Whether the Pod ended because it was deleted.
    pub fn was_stopped(&self) -> bool {
        self.outcome == PodOutcome::Deleted || self.was_deleted_before_work()
    }

    /// Whether the Pod was deleted before its work began.
    pub(crate) fn was_deleted_before_work(&self) -> bool {
        self.outcome == PodOutcome::NeverStarted && self.deleted_before_end
    }

    /// Whether the Pod may be unable to start, or may fail again and again. For most other Pods, the answer is `false`,
    /// so a search skips their lives.
    pub(crate) fn may_fail_to_start(&self) -> bool {
        match self.outcome {
            PodOutcome::Pending | PodOutcome::Starting => true,
            PodOutcome::Running => {
                let is_waiting = self.open_phase == Some(PhaseKind::PullFailing) || self.has_wait_reason;
                self.has_restarted || is_waiting
            }
            PodOutcome::Succeeded
            | PodOutcome::Failed
            | PodOutcome::NeverStarted
            | PodOutcome::Deleted
            | PodOutcome::Unknown
            | PodOutcome::Gone => false,
        }
    }

    /// When the Pod was created.
    pub fn created(&self) -> Option<Timestamp> {
        self.known_creation().timestamp()
    }

    fn known_creation(&self) -> Millis {
        if self.is_created_known { self.start } else { Millis::UNKNOWN }
    }

    /// The time by which Pods are ordered, in milliseconds since 1970: the creation, or the first known time of a Pod
    /// whose creation is unknown.
    pub(crate) fn sort_millis(&self) -> Option<i64> {
        self.start.known()
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
        self.start.known().filter(|_| self.last_phase_start.known().is_some())
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
        self.queued_range.with_estimate(self.known_creation().millis_until(self.scheduled))
    }

    /// Time from scheduled to the start of work.
    pub fn cold_start(&self) -> Option<RangedDuration> {
        self.cold_start_range.with_estimate(self.scheduled.millis_until(self.work_started))
    }

    /// The time in which at least one main container ran; `None` until the work has ended.
    pub fn run(&self) -> Option<RangedDuration> {
        self.run_range.with_estimate(Some(self.closed_work_millis))
    }

    /// Whether one of the three durations needs more columns than usual: its range is wider than a second, and its
    /// upper end is rounded to 100 seconds or more.
    pub fn needs_wide_column(&self) -> bool {
        // Most Pods have no wide range, so this check comes first.
        let is_wide = |range: CompactRange| {
            range.is_known()
                && i64::from(range.below) + i64::from(range.above) > 1_000 / CompactRange::UNIT_MILLIS
        };
        let is_long = |duration: Option<RangedDuration>| {
            duration.is_some_and(|duration| duration.range_millis() > 1_000 && duration.high_millis >= 99_500)
        };
        is_wide(self.queued_range) && is_long(self.queued())
            || is_wide(self.cold_start_range) && is_long(self.cold_start())
            || is_wide(self.run_range) && is_long(self.run())
    }

    /// Milliseconds in the queue; if the Pod is still queued, the time until `now`.
    pub(crate) fn queued_so_far(&self, now: Timestamp) -> Option<i64> {
        self.millis_so_far(self.queued_range, self.known_creation(), self.scheduled, now)
    }

    /// Milliseconds of the cold start; if the Pod is still starting, the time until `now`.
    pub(crate) fn cold_start_so_far(&self, now: Timestamp) -> Option<i64> {
        self.millis_so_far(self.cold_start_range, self.scheduled, self.work_started, now)
    }

    /// Milliseconds of work; if the Pod still works, the time until `now`. `None` if the work has not begun, or if
    /// its end is unknown.
    pub(crate) fn run_so_far(&self, now: Timestamp) -> Option<i64> {
        let ended_at_unknown_time = self.outcome.has_ended() && self.last_phase_end.known().is_none();
        let is_unknown = !self.has_started_work || ended_at_unknown_time;
        (self.run_range.is_known() || !is_unknown).then(|| self.proved_work(now))
    }

    /// Milliseconds of work that are proved; if the Pod still works, the time until `now`. If the end of the work is
    /// unknown, this is the work before the last phase.
    pub(crate) fn proved_work(&self, now: Timestamp) -> i64 {
        // The phase that goes on is the last one.
        let open_since =
            self.last_phase_start.known().filter(|_| self.open_phase.is_some_and(PhaseKind::is_work));
        let open = open_since.map_or(0, |since| (now.as_millisecond() - since).max(0));
        self.closed_work_millis + if self.run_range.is_known() { 0 } else { open }
    }

    /// The milliseconds from `start` to `end` if the duration is known. Otherwise, until the work starts, the
    /// milliseconds from `start` to the last known time of the life.
    fn millis_so_far(&self, range: CompactRange, start: Millis, end: Millis, now: Timestamp) -> Option<i64> {
        if range.is_known() {
            return start.millis_until(end).map(|millis| millis.max(0));
        }
        let ended_at_unknown_time = self.outcome.has_ended() && self.last_phase_end.known().is_none();
        let is_open = !self.has_started_work && !ended_at_unknown_time;
        let until = self.last_known_millis(now.as_millisecond()).filter(|_| is_open)?;
        Some((until - start.known()?).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_range_contains_the_range_up_to_several_hours() {
        for (below, above, stored) in [
            (0, 1_990, (0, 1_990)),
            (2_000, 2_001, (2_000, 3_000)),
            (33_400, 70_000, (34_000, 70_000)),
            (0, 9_999_001, (0, 10_000_000)),
        ] {
            let range = RangedDuration {
                estimate_millis: 50_000,
                low_millis: 50_000 - below,
                high_millis: 50_000 + above,
            };
            let RangedDuration { low_millis, high_millis, .. } =
                CompactRange::new(Some(range)).with_estimate(Some(50_000)).unwrap();
            assert_eq!((50_000 - low_millis, high_millis - 50_000), stored);
        }
    }
}
