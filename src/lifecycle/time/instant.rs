//! The times at which something happened in a Pod's life, as intervals with a best estimate.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::evidence::{Evidence, EvidenceInterval};
use crate::lifecycle::time::instant_error::InstantError;

/// The longest usual time from the end of a container to the receipt of the end, in milliseconds: the kubelet looks for
/// ended containers once a second, and the update arrives up to 60 ms later.
const KUBELET_CYCLE_MILLIS: i64 = 1_060;

/// Tenths of a second are known only if an interval or a range is narrower than this number of milliseconds.
pub(crate) const MAX_WIDTH_FOR_TENTHS: u32 = 250;

/// A time in a Pod's life: the interval that contains the true time, the best estimate inside it, and the evidence.
///
/// At first, the interval is the one that `evidence` allows. Other evidence then narrows the interval: for
/// example, a container ends after it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant {
    /// The best estimate.
    pub at: Timestamp,
    /// The true time is at most this number of milliseconds before `at`.
    before: u32,
    /// The true time is at most this number of milliseconds after `at`.
    after: u32,
    /// The field, event or receipt that the time was read from.
    pub evidence: Evidence,
    /// The evidence for the earliest possible time. It differs from `evidence` if other evidence narrowed the interval.
    pub earliest_by: Evidence,
    /// The evidence for the latest possible time. It differs from `evidence` if other evidence narrowed the interval.
    pub latest_by: Evidence,
    /// The evidence for the best estimate. It differs from `evidence` if other evidence moved the estimate.
    pub estimate_by: Evidence,
}

impl Instant {
    /// Creates the instant that was read as `read` from `evidence`.
    pub(crate) fn new(read: Timestamp, evidence: Evidence) -> Self {
        let EvidenceInterval { estimate_millis, before_millis, after_millis, .. } = evidence.interval();
        let at = if estimate_millis == 0 {
            read
        } else {
            from_millis(read.as_millisecond().saturating_add(estimate_millis), read)
        };
        Self {
            at,
            before: before_millis,
            after: after_millis,
            evidence,
            earliest_by: evidence,
            latest_by: evidence,
            estimate_by: evidence,
        }
    }

    /// Creates an instant whose true time is exactly `at`.
    pub fn exact(at: Timestamp, evidence: Evidence) -> Self {
        let (earliest_by, latest_by, estimate_by) = (evidence, evidence, evidence);
        Self { at, before: 0, after: 0, evidence, earliest_by, latest_by, estimate_by }
    }

    /// Creates an instant whose best estimate is `at`, with the interval that the evidence alone allows.
    #[cfg(test)]
    pub(crate) fn estimated(at: Timestamp, evidence: Evidence) -> Self {
        Self { at, ..Self::new(at, evidence) }
    }

    /// Returns the earliest possible time.
    pub fn earliest(&self) -> Timestamp {
        from_millis(self.earliest_millis(), self.at)
    }

    /// Returns the latest possible time.
    pub fn latest(&self) -> Timestamp {
        from_millis(self.latest_millis(), self.at)
    }

    fn earliest_millis(&self) -> i64 {
        self.at.as_millisecond().saturating_sub(self.before.into())
    }

    fn latest_millis(&self) -> i64 {
        self.at.as_millisecond().saturating_add(self.after.into())
    }

    /// Whether both instants have the same earliest and the same latest possible time.
    pub(crate) fn has_same_interval(&self, other: &Self) -> bool {
        self.earliest_millis() == other.earliest_millis() && self.latest_millis() == other.latest_millis()
    }

    /// Returns how far the true time may be from the best estimate.
    pub(crate) fn error(&self) -> InstantError {
        InstantError { before: self.before, after: self.after }
    }

    /// Returns the length of the interval, in milliseconds.
    pub fn width_millis(&self) -> u32 {
        self.before.saturating_add(self.after)
    }

    /// Whether the interval is so narrow that tenths of a second are known.
    pub fn is_exact_to_tenths(&self) -> bool {
        self.width_millis() < MAX_WIDTH_FOR_TENTHS
    }

    /// Narrows the interval, because the true time is not before `other`. A bound after the interval has no effect.
    pub(crate) fn raise_earliest_to_instant(&mut self, other: &Self) {
        self.raise_earliest_to_millis(other.earliest_millis(), other.earliest_by);
    }

    /// Narrows the interval, because the true time is not after `other`. A bound before the interval has no effect.
    pub(crate) fn lower_latest_to_instant(&mut self, other: &Self) {
        self.lower_latest_to_millis(other.latest_millis(), other.latest_by);
    }

    /// Narrows the interval, because the true time is not before `bound`. A bound after the interval has no effect.
    pub(crate) fn raise_earliest(&mut self, bound: Timestamp, by: Evidence) {
        self.raise_earliest_to_millis(bound.as_millisecond(), by);
    }

    /// Narrows the interval, because the true time is not after `bound`. A bound before the interval has no effect.
    pub(crate) fn lower_latest(&mut self, bound: Timestamp, by: Evidence) {
        self.lower_latest_to_millis(bound.as_millisecond(), by);
    }

    fn raise_earliest_to_millis(&mut self, bound: i64, by: Evidence) {
        let (earliest, latest) = (self.earliest_millis(), self.latest_millis());
        if bound > earliest && bound <= latest {
            self.earliest_by = by;
            self.set_interval(bound, latest);
        }
    }

    fn lower_latest_to_millis(&mut self, bound: i64, by: Evidence) {
        let (earliest, latest) = (self.earliest_millis(), self.latest_millis());
        if bound < latest && bound >= earliest {
            self.latest_by = by;
            self.set_interval(earliest, bound);
        }
    }

    /// Replaces the estimate by `estimate`, or by the nearest time inside the interval. `by` is the evidence for
    /// `estimate`.
    pub(crate) fn set_estimate(&mut self, estimate: Timestamp, by: Evidence) {
        let before = self.at;
        self.set_estimate_millis(estimate.as_millisecond(), self.earliest_millis(), self.latest_millis());
        if self.at != before {
            self.estimate_by = by;
        }
    }

    /// Estimates the end of a container whose end was known at `noticed`. The end is usually at most
    /// [`KUBELET_CYCLE_MILLIS`] earlier.
    pub(crate) fn estimate_noticed_by(&mut self, noticed: Timestamp, by: Evidence) {
        let (earliest, latest) = (self.earliest_millis(), self.latest_millis());
        let earliest_usual_end = noticed.as_millisecond().saturating_sub(KUBELET_CYCLE_MILLIS);
        if (earliest..=latest).contains(&earliest_usual_end) {
            let before = self.at;
            self.set_estimate_millis(i64::midpoint(earliest_usual_end, latest), earliest, latest);
            if self.at != before {
                self.estimate_by = by;
            }
        }
    }

    /// Sets a narrower interval and estimates the time again. If the time was truncated or is only bounded, the middle
    /// of the interval is the best estimate. Any other estimate stays if it lies inside the interval.
    fn set_interval(&mut self, earliest: i64, latest: i64) {
        let estimate = if self.evidence.interval().is_middle_estimated {
            self.estimate_by = self.evidence;
            i64::midpoint(earliest, latest)
        } else {
            self.at.as_millisecond()
        };
        self.set_estimate_millis(estimate, earliest, latest);
    }

    fn set_estimate_millis(&mut self, estimate: i64, earliest: i64, latest: i64) {
        let estimate = estimate.clamp(earliest, latest);
        if estimate != self.at.as_millisecond() {
            self.at = from_millis(estimate, self.at);
        }
        let distance = |millis: i64| u32::try_from(millis).unwrap_or(u32::MAX);
        (self.before, self.after) = (distance(estimate - earliest), distance(latest - estimate));
    }

    /// Returns the instant with an estimate that is not before that of `min`. If the whole interval is before this
    /// estimate, the instant moves there.
    pub(crate) fn at_least(mut self, min: &Self) -> Self {
        if self.at >= min.at {
            return self;
        }
        if min.at <= self.latest() {
            self.set_estimate(min.at, min.evidence);
            return self;
        }
        Self { at: min.at, before: 0, after: 0, estimate_by: min.evidence, ..self }
    }

    /// Returns the instant with other evidence for the same time.
    pub(crate) fn with_evidence(self, evidence: Evidence) -> Self {
        Self { evidence, ..self }
    }

    /// Replaces the estimate and the interval by those of `other`, because the two instants contradict their order.
    fn move_to(&mut self, other: &Self) {
        (self.at, self.before, self.after) = (other.at, other.before, other.after);
        let by = other.evidence;
        (self.earliest_by, self.latest_by, self.estimate_by) = (by, by, by);
    }
}

/// Narrows two instants, because `first` happened before `second` or at the same time. If their intervals contradict
/// this order, `second` moves to `first`. Only if `second` is exact to tenths of a second and `first` is not, `first`
/// moves to `second`, because a coarse time never overrules a fine time. Returns the distance between the intervals, or
/// zero if the intervals allow the order.
pub(crate) fn order(first: &mut Instant, second: &mut Instant) -> SignedDuration {
    let (earliest, latest) = (second.earliest_millis(), second.latest_millis());
    let (first_earliest, first_latest) = (first.earliest_millis(), first.latest_millis());
    // The order narrows neither of them.
    if first_earliest <= earliest && first.at <= second.at && first_latest <= latest {
        return SignedDuration::ZERO;
    }
    if first_earliest > latest {
        if !first.is_exact_to_tenths() && second.is_exact_to_tenths() {
            first.move_to(second);
        } else {
            second.move_to(first);
        }
        return SignedDuration::from_millis(first_earliest.saturating_sub(latest));
    }
    second.raise_earliest_to_millis(first_earliest, first.earliest_by);
    first.lower_latest_to_millis(latest, second.latest_by);
    if first.at > second.at {
        if first.width_millis() > second.width_millis() {
            first.set_estimate(second.at, second.evidence);
        }
        second.set_estimate(second.at.max(first.at), first.evidence);
        first.set_estimate(first.at.min(second.at), second.evidence);
    }
    SignedDuration::ZERO
}

/// Narrows instants that happened in the given order. Ignores unknown instants. Returns the largest distance between
/// two intervals that contradict the order.
pub(crate) fn order_all(instants: &mut [Option<Instant>]) -> SignedDuration {
    if are_in_order(instants) {
        return SignedDuration::ZERO;
    }
    // Passes lower bounds on to later instants, and then upper bounds on to earlier instants.
    let mut distance = SignedDuration::ZERO;
    let mut previous: Option<&mut Instant> = None;
    for second in instants.iter_mut().flatten() {
        if let Some(first) = previous {
            distance = distance.max(order(first, second));
        }
        previous = Some(second);
    }
    let mut next: Option<&mut Instant> = None;
    for first in instants.iter_mut().flatten().rev() {
        if let Some(second) = next {
            distance = distance.max(order(first, second));
        }
        next = Some(first);
    }
    distance.max(raise_to_order(instants))
}

/// Whether the order of the instants narrows none of them: the bounds and the estimate of each instant are not earlier
/// than those of the instant before. Most instants are in order.
fn are_in_order(instants: &[Option<Instant>]) -> bool {
    let (mut earliest, mut at, mut latest) = (i64::MIN, i64::MIN, i64::MIN);
    for instant in instants {
        let Some(instant) = instant else { continue };
        let next_at = instant.at.as_millisecond();
        let next_earliest = next_at.saturating_sub(instant.before.into());
        let next_latest = next_at.saturating_add(instant.after.into());
        if next_earliest < earliest || next_at < at || next_latest < latest {
            return false;
        }
        (earliest, at, latest) = (next_earliest, next_at, next_latest);
    }
    true
}

/// Moves each instant whose estimate is still before that of the previous instant. This happens if several intervals
/// contradict each other. Returns the largest distance between two intervals that contradict the order.
fn raise_to_order(instants: &mut [Option<Instant>]) -> SignedDuration {
    let mut distance = SignedDuration::ZERO;
    let mut previous: Option<&Instant> = None;
    for instant in instants.iter_mut().flatten() {
        if let Some(previous) = previous
            && previous.at > instant.at
        {
            if instant.latest_millis() < previous.at.as_millisecond() {
                distance = distance.max(previous.at.duration_since(instant.at));
                instant.move_to(previous);
            } else {
                instant.set_estimate(previous.at, previous.evidence);
            }
        }
        previous = Some(instant);
    }
    distance
}

/// Returns the time in the middle between two times, in whole milliseconds.
pub(crate) fn midpoint(earliest: Timestamp, latest: Timestamp) -> Timestamp {
    from_millis(i64::midpoint(earliest.as_millisecond(), latest.as_millisecond()), earliest)
}

/// Returns the time `millis` milliseconds after 1970, or `fallback` if [`Timestamp`] cannot represent this time.
fn from_millis(millis: i64, fallback: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(fallback)
}

/// The instants of one Pod. `None` means unknown, or not reached yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instants {
    /// The API server stored the Pod.
    pub created: Option<Instant>,
    /// The Pod was bound to a node.
    pub scheduled: Option<Instant>,
    /// The sandbox and its network were ready.
    pub sandbox_ready: Option<Instant>,
    /// The first main container started.
    pub work_started: Option<Instant>,
    /// The Pod was Ready for the first time. `None` unless a main container has a startup or readiness probe.
    pub ready: Option<Instant>,
    /// The last main container ended, and no main container will start again.
    pub work_ended: Option<Instant>,
    /// The deletion of the Pod was requested.
    pub delete_requested: Option<Instant>,
    /// The Pod was removed from the API server.
    pub deleted: Option<Instant>,
}

impl Instants {
    /// Returns the instants in the order of a life, with their names in the timeline document.
    pub fn named(&self) -> [(&'static str, Option<Instant>); 8] {
        let Self {
            created,
            scheduled,
            sandbox_ready,
            work_started,
            ready,
            work_ended,
            delete_requested,
            deleted,
        } = *self;
        [
            ("created", created),
            ("scheduled", scheduled),
            ("sandboxReady", sandbox_ready),
            ("workStarted", work_started),
            ("ready", ready),
            ("workEnded", work_ended),
            ("deleteRequested", delete_requested),
            ("deleted", deleted),
        ]
    }

    /// Narrows the instants up to the end of the work by their order. Returns the largest distance between two
    /// intervals that contradict the order.
    pub(crate) fn order_until_work_ended(&mut self) -> SignedDuration {
        let Self { created, scheduled, sandbox_ready, work_started, ready, work_ended, .. } = self;
        let instants = [created, scheduled, sandbox_ready, work_started, ready, work_ended];
        let mut chain = instants.each_ref().map(|instant| **instant);
        let distance = order_all(&mut chain);
        for (instant, ordered) in instants.into_iter().zip(chain) {
            *instant = ordered;
        }
        distance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_767_225_600_000 + millis).unwrap()
    }

    /// The interval and the estimate, in milliseconds.
    fn millis(instant: Instant) -> (i64, i64, i64) {
        let millis = |time: Timestamp| time.as_millisecond() - at(0).as_millisecond();
        (millis(instant.earliest()), millis(instant.at), millis(instant.latest()))
    }

    #[test]
    fn a_truncated_time_lies_in_the_second_that_follows() {
        assert_eq!(millis(Instant::new(at(3_000), Evidence::FinishedAt)), (3_000, 3_500, 4_000));
    }

    #[test]
    fn a_fine_time_narrows_a_truncated_time_on_either_side() {
        let mut end = Instant::new(at(3_000), Evidence::FinishedAt);
        let mut next_start = Instant::new(at(3_600), Evidence::StartedEvent);
        order(&mut end, &mut next_start);
        assert_eq!(millis(end), (3_000, 3_300, 3_600));
        assert_eq!((end.earliest_by, end.latest_by), (Evidence::FinishedAt, Evidence::StartedEvent));
        let mut start = Instant::new(at(3_200), Evidence::StartedEvent);
        order(&mut start, &mut end);
        assert_eq!(millis(end), (3_150, 3_375, 3_600));
        assert_eq!(millis(start), (3_150, 3_200, 3_200));
    }

    #[test]
    fn a_coarse_time_never_overrules_a_fine_time() {
        let pulled = Instant::new(at(5_334), Evidence::PulledEvent);
        // The end was truncated on a clock that runs behind.
        let (mut pull_end, mut end) = (pulled, Instant::new(at(3_000), Evidence::FinishedAt));
        assert_eq!(order(&mut pull_end, &mut end).as_millis(), 5_284 - 4_000);
        assert_eq!(pull_end, pulled);
        assert_eq!(end.at, pulled.at);
        let (mut start, mut pull_start) = (Instant::new(at(9_000), Evidence::StartedAt), pulled);
        order(&mut start, &mut pull_start);
        assert_eq!((start.at, pull_start), (pulled.at, pulled));
    }

    #[test]
    fn bounds_reach_all_instants_of_an_order() {
        let coarse = || Instant::new(at(0), Evidence::FinishedAt);
        let mut chain = [
            Some(Instant::new(at(300), Evidence::StartedEvent)),
            Some(coarse()),
            None,
            Some(coarse()),
            Some(coarse()),
        ];
        chain[4].as_mut().unwrap().lower_latest(at(700), Evidence::ReceivedTerminated);
        order_all(&mut chain);
        assert_eq!(chain[1].map(millis), Some((250, 475, 700)));
        assert_eq!(chain[3].map(millis), Some((250, 475, 700)));
    }
}
