//! How far the true time of an instant may be from its estimate.

/// Longer intervals do not come from the precision of a clock or of a field, but from two bounds that different
/// evidence proves. The longest interval of a single field is two seconds.
const MAX_MEASURED_WIDTH: u32 = 2_000;

/// The distances from the estimate of an instant to the bounds of its interval, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstantError {
    /// The true time is at most this much before the estimate.
    pub before: u32,
    /// The true time is at most this much after the estimate.
    pub after: u32,
}

impl InstantError {
    /// The error of a time that is known exactly.
    pub(crate) const NONE: Self = Self { before: 0, after: 0 };

    /// Creates the error of an estimate in the middle of an interval of this length.
    pub(crate) const fn in_middle_of(width: u32) -> Self {
        Self { before: width / 2, after: width - width / 2 }
    }

    /// Returns the length of the interval.
    pub const fn width(self) -> u32 {
        self.before.saturating_add(self.after)
    }

    /// Whether only two bounds of the time are proved. The true time is then often near one of the bounds: a container
    /// that is stopped ends right after the signal, or is killed at the end of the grace period. Other containers that
    /// are stopped for the same reason do the same. So such errors are neither uniform nor independent.
    pub(crate) const fn is_only_bounded(self) -> bool {
        self.width() > MAX_MEASURED_WIDTH
    }
}
