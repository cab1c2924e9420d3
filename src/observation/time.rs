//! Times as the API server sends them.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The last second of the year 8999. A later time means "never", and calculations with it could overflow.
const LAST_SECOND: i64 = 221_845_391_999;

/// `metav1.Time` and `metav1.MicroTime`: seconds and nanoseconds since 1970 in protobuf, RFC 3339 in JSON.
///
/// A server also writes an absent time as an empty message, as `0001-01-01T00:00:00Z` or as `1970-01-01T00:00:00Z`.
/// [`Time::known`] returns `None` for all these values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct Time {
    /// Seconds since 1970-01-01T00:00:00Z.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds of the second.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl Time {
    /// The time, or `None` if this is one of the times that mean "none" or "never".
    pub fn known(self) -> Option<Timestamp> {
        if !(1..=LAST_SECOND).contains(&self.seconds) {
            return None;
        }
        Timestamp::new(self.seconds, self.nanos).ok()
    }
}

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.known() {
            Some(at) => serializer.collect_str(&at),
            None => serializer.serialize_none(),
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Ok(match text.as_deref() {
            None | Some("") => Self::default(),
            // A malformed time counts as unknown, so that the rest of the object is not lost.
            Some(text) => text.parse::<Timestamp>().map(Self::from).unwrap_or_default(),
        })
    }
}

/// Truncates a time to the millisecond, because no evidence and no output is more precise. The lengths of consecutive
/// phases still add up to the total length, because the boundaries of the phases are truncated, not the lengths.
pub(crate) fn truncate_to_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// Adds a duration. A sum outside the years that a [`Timestamp`] can hold becomes the nearest time that it can hold,
/// because the times and durations of a cluster can have any value.
pub(crate) fn saturating_add(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

/// Subtracts a duration like [`saturating_add`].
pub(crate) fn saturating_sub(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(at)
}

/// The time in an optional field, or `None` if the field is absent or its value means "none".
pub(crate) fn known_time(time: Option<Time>) -> Option<Timestamp> {
    time.and_then(Time::known)
}
