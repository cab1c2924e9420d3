//! The format of times and durations in all documents.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::Serializer;
use serde_with::SerializeAs;

/// Serializes a time in RFC 3339, in UTC, with exactly three decimals. Truncates to the millisecond.
pub(crate) struct Rfc3339Millis;

impl SerializeAs<Timestamp> for Rfc3339Millis {
    fn serialize_as<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_rfc3339_millis(*at))
    }
}

/// Fills in the digits itself, because a document has many times and jiff's printer takes four times as long.
fn format_rfc3339_millis(at: Timestamp) -> String {
    let time = Offset::UTC.to_datetime(at);
    let Ok(year) = u16::try_from(time.year()) else { return format!("{at:.3}") };
    let mut text = *b"0000-00-00T00:00:00.000Z";
    fill_digits(&mut text[..4], year);
    for (position, number) in
        [(5, time.month()), (8, time.day()), (11, time.hour()), (14, time.minute()), (17, time.second())]
    {
        fill_digits(&mut text[position..position + 2], number.unsigned_abs().into());
    }
    fill_digits(&mut text[20..23], time.millisecond().unsigned_abs());
    String::from_utf8_lossy(&text).into_owned()
}

/// Writes a number with as many digits as `text` has bytes.
fn fill_digits(text: &mut [u8], mut number: u16) {
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Returns the milliseconds of a duration, truncated. The number saturates at 292 million years.
pub(crate) fn to_millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_jiff_writes_it() {
        let times = ["2026-11-23T19:11:05.0079Z", "1969-12-31T23:59:59.9995Z", "0000-01-01T00:00:00Z"]
            .map(|text| text.parse().unwrap());
        for at in times.into_iter().chain([Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX]) {
            assert_eq!(format_rfc3339_millis(at), format!("{at:.3}"));
        }
        assert_eq!(format_rfc3339_millis(times[0]), "2026-11-23T19:11:05.007Z");
    }
}
