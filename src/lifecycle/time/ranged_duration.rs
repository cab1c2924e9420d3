//! Durations that are computed from inexact instants, with their ranges.

use jiff::SignedDuration;

use crate::lifecycle::time::instant::{Instant, MAX_WIDTH_FOR_TENTHS};
use crate::lifecycle::time::instant_error::InstantError;

/// The uncertainty of a sum of durations between instants.
///
/// The errors of most instants count as independent and uniform. If only two bounds of an instant are proved, see
/// [`InstantError::is_only_bounded`], the range of the sum includes the whole interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uncertainty {
    /// Sum of the squared widths of the intervals with uniform errors, in square milliseconds.
    squares: u64,
    /// Sum of the widths of the intervals with uniform errors, in milliseconds.
    total: u64,
    /// How much shorter the sum may be because of instants that are only bounded, in milliseconds.
    shorter: u64,
    /// How much longer the sum may be because of instants that are only bounded, in milliseconds.
    longer: u64,
}

impl Uncertainty {
    /// Adds the start of a duration.
    pub(crate) fn add_start(&mut self, start: InstantError) {
        // A later start makes the duration shorter.
        self.add_end(InstantError { before: start.after, after: start.before });
    }

    /// Adds the end of a duration.
    pub(crate) fn add_end(&mut self, end: InstantError) {
        if end.is_only_bounded() {
            self.shorter = self.shorter.saturating_add(end.before.into());
            self.longer = self.longer.saturating_add(end.after.into());
        } else {
            let width = u64::from(end.width());
            self.add_uniform(width.saturating_mul(width), width);
        }
    }

    /// Adds uniform errors. `squares` is twelve times their variance, and `total` is the sum of the widths of their
    /// intervals.
    pub(crate) fn add_uniform(&mut self, squares: u64, total: u64) {
        self.squares = self.squares.saturating_add(squares);
        self.total = self.total.saturating_add(total);
    }

    /// Adds the uncertainty of another sum.
    pub(crate) fn add_sum(&mut self, other: Self) {
        self.add_uniform(other.squares, other.total);
        self.shorter = self.shorter.saturating_add(other.shorter);
        self.longer = self.longer.saturating_add(other.longer);
    }

    /// Returns the 5th and the 95th percentile of a sum with this estimate, in milliseconds. They can be negative.
    pub(crate) fn range_around(self, estimate_millis: i64) -> [i64; 2] {
        let half = self.uniform_half_range();
        let distance = |bounded: u64| i64::try_from(half.saturating_add(bounded)).unwrap_or(i64::MAX);
        [
            estimate_millis.saturating_sub(distance(self.shorter)),
            estimate_millis.saturating_add(distance(self.longer)),
        ]
    }

    /// Returns half the range from the 5th to the 95th percentile of the uniform errors, in milliseconds.
    fn uniform_half_range(self) -> u64 {
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
        half.min(self.total / 2)
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

    /// Creates a duration with the range that follows from the uncertainty of its instants.
    pub(crate) fn new(estimate_millis: i64, uncertainty: Uncertainty) -> Self {
        let [low_millis, high_millis] = uncertainty.range_around(estimate_millis).map(|millis| millis.max(0));
        Self { estimate_millis: estimate_millis.max(0), low_millis, high_millis }
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
        uncertainty.add_start(start.error());
        uncertainty.add_end(end.error());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_sum_includes_the_whole_interval_of_a_time_that_is_only_bounded() {
        let mut uncertainty = Uncertainty::default();
        for _ in 0..3 {
            uncertainty.add_start(InstantError::in_middle_of(1_000));
        }
        // The range of one uniform error is 95 % of its interval, and independent errors partly cancel out.
        assert_eq!(uncertainty.range_around(20_000), [20_000 - 822, 20_000 + 822]);
        for _ in 0..2 {
            uncertainty.add_end(InstantError { before: 3_000, after: 30_000 });
        }
        uncertainty.add_start(InstantError { before: 2_000, after: 500 });
        assert_eq!(uncertainty.range_around(20_000), [20_000 - 822 - 6_500, 20_000 + 822 + 62_000]);
    }
}
