//! The format of times and durations in all documents.

use jiff::{SignedDuration, Timestamp};
use serde::Serializer;
use serde_with::SerializeAs;

/// Serializes a time in RFC 3339, in UTC, with exactly three decimals. Truncates to the millisecond.
pub(crate) struct Rfc3339Millis;

impl SerializeAs<Timestamp> for Rfc3339Millis {
    fn serialize_as<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{at:.3}"))
    }
}

/// Returns the milliseconds of a duration, truncated. The number saturates at 292 million years.
pub(crate) fn to_millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
