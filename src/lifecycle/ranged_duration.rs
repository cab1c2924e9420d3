//! Durations that are computed from inexact instants, with their ranges.

use jiff::SignedDuration;

use crate::lifecycle::instant::{Instant, MAX_WIDTH_FOR_TENTHS};

/// The uncertainty of a sum or a difference of instants. The errors of the instants count as independent and uniform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uncertainty {
    /// Sum of the squared widths of the intervals, in square milliseconds.
    squares: u64,
    /// Sum of the widths of the intervals, in milliseconds.
    total: u64,
}

impl Uncertainty {
    /// Adds an instant whose interval has this width. The instant counts `weight` times.
    pub(crate) fn add(&mut self, width_millis: u32, weight: u32) {
        let width = u64::from(width_millis) * u64::from(weight);
        self.squares = self.squares.saturating_add(width.saturating_mul(width));
        self.total = self.total.saturating_add(width);
    }

    /// Adds the uncertainty of another sum.
    pub(crate) fn add_sum(&mut self, other: Self) {
        self.squares = self.squares.saturating_add(other.squares);
        self.total = self.total.saturating_add(other.total);
    }

    /// Returns half the range from the 5th to the 95th percentile, in milliseconds.
    pub(crate) fn half_range_millis(self) -> i64 {
        // The variance of a uniform error is a twelfth of the squared width. The sum counts as normally distributed:
        // the 95th percentile lies the square root of 2.7055 variances above the mean. The error cannot exceed half of
        // all widths together.
        let variances = (self.squares / 12).saturating_mul(27_055) / 10_000;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a range of more than a day need not be exact to the millisecond"
        )]
        let half = (variances as f64).sqrt() as u64;
        i64::try_from(half.min(self.total / 2)).unwrap_or(i64::MAX)
    }
}

/// A duration with its range, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RangedDuration {
    /// The best estimate. Never negative.
    pub estimate_millis: i64,
    /// The 5th percentile. Never negative.
    pub low_millis: i64,
    /// The 95th percentile.
    pub high_millis: i64,
}

impl RangedDuration {
    /// Creates a duration that is known exactly to the millisecond.
    pub fn exact(duration: SignedDuration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self { estimate_millis: millis, low_millis: millis, high_millis: millis }
    }

    /// Creates a duration with a symmetric range.
    pub(crate) fn new(estimate_millis: i64, uncertainty: Uncertainty) -> Self {
        let half = uncertainty.half_range_millis();
        Self {
            estimate_millis: estimate_millis.max(0),
            low_millis: estimate_millis.saturating_sub(half).max(0),
            high_millis: estimate_millis.saturating_add(half).max(0),
        }
    }

    /// The time between two instants, or zero if the estimates are in the opposite order.
    pub(crate) fn between(start: &Instant, end: &Instant) -> Self {
        let millis = end.at.as_millisecond().saturating_sub(start.at.as_millisecond());
        // Both instants have the same interval, so the duration lies between zero and the width of the interval.
        if start.earliest_by == end.earliest_by && start.has_same_interval(end) {
            let estimate_millis = millis.max(0);
            let high_millis = estimate_millis.max(start.width_millis().into());
            return Self { estimate_millis, low_millis: 0, high_millis };
        }
        let mut uncertainty = Uncertainty::default();
        uncertainty.add(start.width_millis(), 1);
        uncertainty.add(end.width_millis(), 1);
        Self::new(millis, uncertainty)
    }

    /// Returns the best estimate.
    pub fn estimate(&self) -> SignedDuration {
        SignedDuration::from_millis(self.estimate_millis)
    }

    /// Whether the range is so narrow that tenths of a second are known.
    pub(crate) fn is_exact_to_tenths(&self) -> bool {
        self.range_millis() < i64::from(MAX_WIDTH_FOR_TENTHS)
    }

    /// Returns the length of the range, in milliseconds.
    pub fn range_millis(&self) -> i64 {
        self.high_millis.saturating_sub(self.low_millis)
    }
}
