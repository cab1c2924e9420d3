//! Intervals in the life of a workload whose start and end may be unknown.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Instant, Source};

/// Returns the duration of an interval, until `now` if it has not ended. `None` if the start or the end is unknown. Never
/// negative.
pub(crate) fn known_duration(
    start: Option<Instant>,
    end: Option<Instant>,
    has_ended: bool,
    now: Timestamp,
) -> Option<SignedDuration> {
    let end = if has_ended { end?.at } else { now };
    Some(end.duration_since(start?.at).max(SignedDuration::ZERO))
}

/// Returns the weaker of the sources of the start and the end, or `Inferred` if both times are unknown.
pub(crate) fn weaker_source(start: Option<Instant>, end: Option<Instant>) -> Source {
    let boundaries = [start, end].into_iter().flatten();
    boundaries.map(|boundary| boundary.evidence.source()).max().unwrap_or(Source::Inferred)
}
