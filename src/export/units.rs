//! The format of times and durations in all documents.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::Serializer;
use serde::ser::Error as _;
use serde_with::SerializeAs;

/// Serializes a time in RFC 3339, in UTC, with exactly three decimals. Truncates to the millisecond.
pub(crate) struct Rfc3339Millis;

impl SerializeAs<Timestamp> for Rfc3339Millis {
    fn serialize_as<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        let time = Offset::UTC.to_datetime(*at);
        let Ok(year) = u16::try_from(time.year()) else {
            return serializer.collect_str(&format_args!("{at:.3}"));
        };
        let text = rfc3339_millis(year, time);
        serializer.serialize_str(str::from_utf8(&text).map_err(S::Error::custom)?)
    }
}

/// Writes the digits itself, because a document has many times and jiff's printer takes four times as long.
#[rustfmt::skip]
fn rfc3339_millis(year: u16, time: DateTime) -> [u8; 24] {
    let digit = |number: u16, unit: u16| b'0' + (number / unit % 10) as u8;
    let tens = |number: i8| b'0' + number.unsigned_abs() / 10;
    let ones = |number: i8| b'0' + number.unsigned_abs() % 10;
    let (month, day, hour, minute, second) =
        (time.month(), time.day(), time.hour(), time.minute(), time.second());
    let millis = time.millisecond().unsigned_abs();
    [
        digit(year, 1000), digit(year, 100), digit(year, 10), digit(year, 1), b'-',
        tens(month), ones(month), b'-',
        tens(day), ones(day), b'T',
        tens(hour), ones(hour), b':',
        tens(minute), ones(minute), b':',
        tens(second), ones(second), b'.',
        digit(millis, 100), digit(millis, 10), digit(millis, 1), b'Z',
    ]
}

/// Returns the milliseconds of a duration, truncated. The number saturates at 292 million years.
pub(crate) fn to_millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// In the schema, the time is text in RFC 3339.
#[cfg(test)]
impl serde_with::schemars_1::JsonSchemaAs<Timestamp> for Rfc3339Millis {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }

    fn inline_schema() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_jiff_writes_it() {
        let times = ["2026-11-23T19:11:05.0079Z", "1969-12-31T23:59:59.9995Z", "0000-01-01T00:00:00Z"]
            .map(|text| text.parse().unwrap());
        for at in times.into_iter().chain([Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX]) {
            let written = Rfc3339Millis::serialize_as(&at, serde_json::value::Serializer).unwrap();
            assert_eq!(written, format!("{at:.3}"));
        }
    }
}
