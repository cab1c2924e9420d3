//! The time that a user types to move in a replay.

use jiff::SignedDuration;
use jiff::civil::Time;

/// A place in a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SeekTarget {
    /// The time since the start of the recording.
    Elapsed(SignedDuration),
    /// A share of the recording, from 0 to 1.
    Share(f64),
    /// A clock time, in the zone of the time axis.
    Clock(Time),
}

/// The forms of a time, for a message.
pub(crate) const SEEK_FORMS: &str = "90, 1m30s, 1:30 or 50%";

/// Reads a time that a user typed: seconds, a duration such as `1m30s`, minutes and seconds such as `1:30`, or a
/// percentage. If the axis shows clock times, a text with colons is a clock time. `None` if the text is none of these.
pub(crate) fn parse_seek_target(text: &str, has_clock_axis: bool) -> Option<SeekTarget> {
    let text = text.trim();
    if let Some(percent) = text.strip_suffix('%') {
        let share = percent.trim().parse::<f64>().ok()? / 100.0;
        return (0.0..=1.0).contains(&share).then_some(SeekTarget::Share(share));
    }
    if text.contains(':') {
        let parts = text.split(':').map(|part| part.parse::<i8>().ok()).collect::<Option<Vec<i8>>>()?;
        return if has_clock_axis { parse_clock(&parts) } else { parse_minutes(&parts) };
    }
    let elapsed = match text.parse::<f64>() {
        Ok(seconds) => SignedDuration::try_from_secs_f64(seconds).ok()?,
        Err(_) => text.parse().ok()?,
    };
    (!elapsed.is_negative()).then_some(SeekTarget::Elapsed(elapsed))
}

/// Hours and minutes, with or without seconds.
fn parse_clock(parts: &[i8]) -> Option<SeekTarget> {
    let (&[hour, minute], seconds) = parts.split_first_chunk()?;
    let second = match seconds {
        [] => 0,
        &[second] => second,
        [_, _, ..] => return None,
    };
    Time::new(hour, minute, second, 0).ok().map(SeekTarget::Clock)
}

/// Minutes and seconds, with or without hours.
fn parse_minutes(parts: &[i8]) -> Option<SeekTarget> {
    let (&first, others) = parts.split_first()?;
    if others.len() > 2 || first < 0 || !others.iter().all(|part| (0..60).contains(part)) {
        return None;
    }
    let seconds = parts.iter().fold(0, |sum, &part| sum * 60 + i64::from(part));
    Some(SeekTarget::Elapsed(SignedDuration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_time_has_several_forms() {
        let seconds = |text| match parse_seek_target(text, false) {
            Some(SeekTarget::Elapsed(elapsed)) => Some(elapsed.as_secs_f64()),
            Some(SeekTarget::Share(_) | SeekTarget::Clock(_)) | None => None,
        };
        let forms = ["90", "1.5", "1m30s", " 2h ", "1:30", "1:02:03", "0"];
        assert_eq!(forms.map(seconds), [90.0, 1.5, 90.0, 7200.0, 90.0, 3723.0, 0.0].map(Some));
        assert_eq!(parse_seek_target("50%", true), Some(SeekTarget::Share(0.5)));
        let clock = |text| parse_seek_target(text, true);
        assert_eq!(clock("10:15"), Some(SeekTarget::Clock(Time::constant(10, 15, 0, 0))));
        assert_eq!(clock("10:15:30"), Some(SeekTarget::Clock(Time::constant(10, 15, 30, 0))));
        for text in ["", "x", "-5", "1:75", "1:2:3:4", ":", "101%", "nan%", "nan", "inf", "1e300", "-1:30"] {
            assert_eq!(parse_seek_target(text, false), None, "{text}");
        }
        for text in ["24:00", "1:2:3:4", "10:"] {
            assert_eq!(parse_seek_target(text, true), None, "{text}");
        }
    }
}
