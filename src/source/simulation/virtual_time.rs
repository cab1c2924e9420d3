//! The start of virtual time, and short constructors of durations and ranges.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use crate::observation::Time;

/// The time at which every simulation begins: 2026-01-01T00:00:00Z.
pub(crate) const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// A duration of `millis` milliseconds.
pub(crate) const fn ms(millis: i64) -> SignedDuration {
    SignedDuration::from_millis(millis)
}

/// The durations from `min` to `max` milliseconds, both included.
pub(crate) const fn ms_range(min: i64, max: i64) -> RangeInclusive<SignedDuration> {
    ms(min)..=ms(max)
}

/// Truncates a time to the second. The times in a status are truncated in this way.
pub(crate) fn truncate_to_second(at: Timestamp) -> Time {
    Time { seconds: at.as_second(), nanos: 0 }
}
