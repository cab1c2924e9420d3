//! The labels of the ticks on a time axis.

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// The kind of labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Labels {
    /// The time since the axis' zero.
    #[default]
    Relative,
    /// Clock times in the time zone. The timestamp is the time at the axis' zero.
    Clock(Timestamp, TimeZone),
}

impl Labels {
    /// The milliseconds to add to a time so that ticks fall on whole seconds, minutes or hours of the clock.
    pub(crate) fn clock_offset(&self) -> i64 {
        match self {
            Self::Relative => 0,
            Self::Clock(zero, zone) => {
                let local = i64::from(zone.to_offset(*zero).seconds()) * SECOND;
                zero.as_millisecond().saturating_add(local)
            }
        }
    }

    /// The label of a tick on an axis with this distance between ticks and this length, in milliseconds. The labels of
    /// all ticks of an axis differ.
    pub(crate) fn format(&self, at: i64, step: i64, span: i64) -> String {
        match self {
            Self::Relative => format_relative(at),
            Self::Clock(zero, zone) => {
                let Ok(at) = Timestamp::from_millisecond(zero.as_millisecond().saturating_add(at)) else {
                    return String::new();
                };
                let time = match step {
                    ..SECOND => "%H:%M:%S%.3f",
                    SECOND..MINUTE => "%H:%M:%S",
                    MINUTE..DAY => "%H:%M",
                    _ => "",
                };
                // On an axis of more than a day, each time of day occurs several times.
                let date = match step {
                    DAY.. => "%Y-%m-%d",
                    _ if span > DAY => "%m-%d ",
                    _ => "",
                };
                at.to_zoned(zone.clone()).strftime(&format!("{date}{time}")).to_string()
            }
        }
    }
}

/// Writes a time since zero with all its digits, from the first to the last unit that is not zero: `0s`, `0.25s`,
/// `1m30s` (never `90s`), `1m05.5s`, `2h`, `1h00m30s`, `3d`, `3d4h`, `-10s`.
fn format_relative(at: i64) -> String {
    let mut rest = at.saturating_abs();
    if rest == 0 {
        return "0s".into();
    }
    let mut parts = vec![String::from(if at < 0 { "-" } else { "" })];
    let mut is_after_unit = false;
    for (unit, name, digits) in [(DAY, "d", 1), (HOUR, "h", 1), (MINUTE, "m", 2)] {
        let count = rest / unit;
        if count > 0 || (is_after_unit && rest > 0) {
            let digits = if is_after_unit { digits } else { 1 };
            parts.push(format!("{count:0digits$}{name}"));
            is_after_unit = true;
        }
        rest %= unit;
    }
    if rest > 0 {
        let digits = if is_after_unit { 2 } else { 1 };
        let decimals = format!("{:03}", rest % SECOND);
        let decimals = decimals.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        parts.push(format!("{:0digits$}{point}{decimals}s", rest / SECOND));
    }
    parts.concat()
}
