//! Shifts all times in a text, as if the clock of the program's machine were wrong.

use jiff::{SignedDuration, Timestamp};

/// The length of `2026-01-01T00:00:00`.
const SECOND_LENGTH: usize = 19;

/// Shifts the times in an answer of the API server: RFC 3339 times, the time in the names of Events, and the `Date`
/// header. The text keeps its length.
pub(crate) fn shift_times(text: &str, seconds: i64) -> String {
    if let Some(date) = text.strip_prefix("Date: ") {
        let at = jiff::fmt::rfc2822::parse(date).unwrap().timestamp() + SignedDuration::from_secs(seconds);
        return format!("Date: {}", at.strftime("%a, %d %b %Y %H:%M:%S GMT"));
    }
    let mut shifted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let (replacement, length) = if let Some(time) = rest.get(..SECOND_LENGTH).filter(|time| is_time(time))
        {
            let at: Timestamp = format!("{time}Z").parse().unwrap();
            let at = at + SignedDuration::from_secs(seconds);
            (at.strftime("%Y-%m-%dT%H:%M:%S").to_string(), SECOND_LENGTH)
        } else if let Some(nanos) = event_name_time(rest) {
            (format!(".{:016x}\"", nanos + seconds * 1_000_000_000), 18)
        } else {
            (char.to_string(), char.len_utf8())
        };
        shifted.push_str(&replacement);
        rest = &rest[length..];
    }
    shifted
}

fn is_time(text: &str) -> bool {
    let pattern = "dddd-dd-ddTdd:dd:dd";
    text.bytes().zip(pattern.bytes()).all(|(byte, expected)| match expected {
        b'd' => byte.is_ascii_digit(),
        _ => byte == expected,
    })
}

/// Reads the time at the end of an Event's name: `.18a1b2c3d4e5f607"`.
fn event_name_time(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('.')?.get(..16)?;
    let is_end = text.get(17..18) == Some("\"");
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    i64::from_str_radix(digits, 16).ok().filter(|_| is_end && is_hex)
}

#[test]
fn all_times_of_an_answer_are_shifted() {
    let text =
        r#"{"name":"pi.18a1b2c3d4e5f607","at":"2026-11-28T00:59:59Z","micro":"2026-12-31T23:59:59.123456Z"}"#;
    assert_eq!(
        shift_times(text, 3600),
        r#"{"name":"pi.18a1b60a059e9607","at":"2026-11-28T01:59:59Z","micro":"2027-01-01T00:59:59.123456Z"}"#
    );
    assert_eq!(
        shift_times("Date: Sat, 28 Nov 2026 00:00:05 GMT", -10),
        "Date: Fri, 27 Nov 2026 23:59:55 GMT"
    );
}
