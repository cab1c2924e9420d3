//! The times at which something happened in a Pod's life, as intervals with a best estimate.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::evidence::Evidence;

/// A time in a Pod's life: the interval that contains the true time, the best estimate inside it, and the evidence.
///
/// The interval starts as the one that the evidence itself allows, see [`Evidence::interval`]. Orders that must hold,
/// for example that a container ends after it started, then narrow the interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant {
    /// The best estimate.
    pub at: Timestamp,
    /// The true time is not before this time.
    pub earliest: Timestamp,
    /// The true time is not after this time.
    pub latest: Timestamp,
    /// The field, event or receipt that the time was read from.
    pub evidence: Evidence,
    /// The evidence for `earliest`. It differs from `evidence` if an order narrowed the interval.
    pub earliest_by: Evidence,
    /// The evidence for `latest`. It differs from `evidence` if an order narrowed the interval.
    pub latest_by: Evidence,
}

impl Instant {
    /// Creates the instant that was read as `read` from `evidence`.
    pub(crate) fn new(read: Timestamp, evidence: Evidence) -> Self {
        let interval = evidence.interval();
        let shifted = |millis: i64| {
            if millis == 0 { read } else { saturating_add(read, SignedDuration::from_millis(millis)) }
        };
        Self {
            at: shifted(interval.estimate_millis()),
            earliest: shifted(interval.earliest_millis),
            latest: shifted(interval.latest_millis),
            evidence,
            earliest_by: evidence,
            latest_by: evidence,
        }
    }

    /// Creates an instant whose true time is exactly `at`.
    pub fn exact(at: Timestamp, evidence: Evidence) -> Self {
        Self { at, earliest: at, latest: at, evidence, earliest_by: evidence, latest_by: evidence }
    }

    /// Creates an instant whose best estimate is `at`, with the interval that the evidence alone allows.
    #[cfg(test)]
    pub(crate) fn estimated(at: Timestamp, evidence: Evidence) -> Self {
        Self::new(at - SignedDuration::from_millis(evidence.interval().estimate_millis()), evidence)
    }

    /// Returns the length of the interval, in milliseconds. Never negative.
    pub fn width_millis(&self) -> u32 {
        let width = self.latest.as_millisecond().saturating_sub(self.earliest.as_millisecond());
        u32::try_from(width.max(0)).unwrap_or(u32::MAX)
    }

    /// Whether the interval is narrower than a quarter of a second, so that tenths of a second are known.
    pub fn is_exact_to_tenths(&self) -> bool {
        self.width_millis() < 250
    }

    /// Narrows the interval, because the true time is not before `bound`. A bound after the interval has no effect.
    pub(crate) fn not_before(&mut self, bound: Timestamp, by: Evidence) {
        if bound > self.earliest && bound <= self.latest {
            self.earliest = bound;
            self.earliest_by = by;
            self.estimate_again();
        }
    }

    /// Narrows the interval, because the true time is not after `bound`. A bound before the interval has no effect.
    pub(crate) fn not_after(&mut self, bound: Timestamp, by: Evidence) {
        if bound < self.latest && bound >= self.earliest {
            self.latest = bound;
            self.latest_by = by;
            self.estimate_again();
        }
    }

    /// Replaces the estimate by `estimate`, or by the nearest time inside the interval.
    pub(crate) fn set_estimate(&mut self, estimate: Timestamp) {
        self.at = estimate.clamp(self.earliest, self.latest);
    }

    /// Estimates the time again after the interval became narrower. The middle is the best estimate for a time that was
    /// truncated or that is only bounded. A time that is not truncated stays the best estimate while it lies inside.
    fn estimate_again(&mut self) {
        if self.evidence.interval().estimate.is_none() {
            self.at = midpoint(self.earliest, self.latest);
        }
        self.at = self.at.clamp(self.earliest, self.latest);
    }

    /// Moves the whole instant to the estimate of another instant, because both contradict each other and the other one
    /// is known better. Returns the distance between the two intervals.
    fn move_to(&mut self, other: &Self) -> SignedDuration {
        let distance = if self.latest < other.earliest {
            other.earliest.duration_since(self.latest)
        } else {
            self.earliest.duration_since(other.latest)
        };
        (self.at, self.earliest, self.latest) = (other.at, other.earliest, other.latest);
        (self.earliest_by, self.latest_by) = (other.evidence, other.evidence);
        distance
    }
}

/// Narrows two instants, because `first` happened before `second` or at the same time. If their intervals contradict
/// this order, `second` moves, unless only `second` is exact to tenths of a second: a coarse time never overrules a fine
/// one. Returns the distance between the intervals, or zero if they allow the order.
pub(crate) fn order(first: &mut Instant, second: &mut Instant) -> SignedDuration {
    if first.earliest > second.latest {
        return if !first.is_exact_to_tenths() && second.is_exact_to_tenths() {
            first.move_to(second)
        } else {
            second.move_to(first)
        };
    }
    second.not_before(first.earliest, first.earliest_by);
    first.not_after(second.latest, second.latest_by);
    if first.at > second.at {
        if first.width_millis() > second.width_millis() {
            first.set_estimate(second.at);
        }
        second.set_estimate(second.at.max(first.at));
        first.set_estimate(first.at.min(second.at));
    }
    SignedDuration::ZERO
}

/// Narrows instants that happened in the given order; unknown instants are left out. Returns the largest distance
/// between two intervals that contradict the order.
pub(crate) fn order_all(instants: &mut [Option<Instant>]) -> SignedDuration {
    let mut distance = SignedDuration::ZERO;
    let mut order_with_previous = |instants: &mut [Option<Instant>], index: usize| {
        let (before, after) = instants.split_at_mut(index);
        if let Some(Some(second)) = after.first_mut()
            && let Some(first) = before.iter_mut().rev().flatten().next()
        {
            distance = distance.max(order(first, second));
        }
    };
    // The first pass hands lower bounds on to later instants, the second pass upper bounds to earlier instants.
    for index in (1..instants.len()).chain((1..instants.len()).rev()) {
        order_with_previous(instants, index);
    }
    distance
}

/// Returns the time in the middle between two times, in whole milliseconds.
pub(crate) fn midpoint(earliest: Timestamp, latest: Timestamp) -> Timestamp {
    let middle = i64::midpoint(earliest.as_millisecond(), latest.as_millisecond());
    Timestamp::from_millisecond(middle).unwrap_or(earliest)
}

fn saturating_add(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
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
        (millis(instant.earliest), millis(instant.at), millis(instant.latest))
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
        chain[4].as_mut().unwrap().not_after(at(700), Evidence::ReceivedTerminated);
        order_all(&mut chain);
        assert_eq!(chain[1].map(millis), Some((250, 475, 700)));
        assert_eq!(chain[3].map(millis), Some((250, 475, 700)));
    }
}
