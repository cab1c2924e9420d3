//! Durations as text, with at most two units and no digit that the evidence does not support.

use jiff::SignedDuration;

use crate::lifecycle::Instant;

/// The width of the longest duration, for example `59m59s` or `23h59m`.
pub(crate) const MAX_WIDTH: usize = 6;

/// Tenths of a second are shown only if both ends of a duration are known more precisely than this.
const TENTH: SignedDuration = SignedDuration::from_millis(100);

/// Whether an instant is known more precisely than a tenth of a second. `None` counts as not exact.
pub(crate) fn is_exact_to_tenths(instant: Option<Instant>) -> bool {
    instant.is_some_and(|instant| instant.evidence.precision() < TENTH)
}

/// Writes a duration that has ended, rounded: `<1s`, `42s`, `1m05s`, `2h03m`, `3d4h`, `400d`. With `tenths`, durations
/// below ten seconds have one decimal: `5.9s`. Never writes `0s`, because the evidence cannot distinguish a duration of
/// zero from a very short duration.
pub(crate) fn format_duration(duration: SignedDuration, tenths: bool) -> String {
    let millis = duration.as_millis().max(0);
    if tenths && millis < 9_950 {
        let tenths = (millis + 50) / 100;
        return if tenths == 0 { "<0.1s".into() } else { format!("{}.{}s", tenths / 10, tenths % 10) };
    }
    format_seconds((millis + 500) / 1000)
}

/// Writes a duration that has not ended, or a sum of durations: the whole seconds that have passed.
pub(crate) fn format_elapsed(duration: SignedDuration) -> String {
    format_seconds(duration.as_millis().max(0) / 1000)
}

/// Writes a number of milliseconds like [`format_elapsed`].
pub(crate) fn format_elapsed_millis(millis: i64) -> String {
    format_elapsed(SignedDuration::from_millis(millis))
}

fn format_seconds(seconds: i128) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0 => "<1s".into(),
        1..60 => format!("{seconds}s"),
        60..3600 => format!("{minutes}m{:02}s", seconds % 60),
        3600..86_400 => format!("{hours}h{:02}m", minutes % 60),
        86_400..8_640_000 => format!("{days}d{}h", hours % 24),
        _ => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_shows_no_more_digits_than_are_known() {
        let format = |millis, tenths| format_duration(SignedDuration::from_millis(millis), tenths);
        assert_eq!(format_elapsed_millis(5_999), "5s");
        assert_eq!(format_elapsed_millis(999), "<1s");
        for (millis, in_seconds, in_tenths) in [
            (-5_000, "<1s", "<0.1s"),
            (0, "<1s", "<0.1s"),
            (49, "<1s", "<0.1s"),
            (50, "<1s", "0.1s"),
            (999, "1s", "1.0s"),
            (5_940, "6s", "5.9s"),
            (9_949, "10s", "9.9s"),
            (9_950, "10s", "10s"),
            (59_999, "1m00s", "1m00s"),
            (65_000, "1m05s", "1m05s"),
            (3_599_000, "59m59s", "59m59s"),
            (7_380_000, "2h03m", "2h03m"),
            (273_600_000, "3d4h", "3d4h"),
            (100 * 86_400_000, "100d", "100d"),
        ] {
            assert_eq!(format(millis, false), in_seconds, "{millis}");
            assert_eq!(format(millis, true), in_tenths, "{millis}");
        }
    }

    #[test]
    fn no_duration_is_wider_than_its_column() {
        let mut millis: i64 = 1;
        while millis < 3_000 * 86_400_000 {
            for tenths in [false, true] {
                let text = format_duration(SignedDuration::from_millis(millis), tenths);
                assert!(text.len() <= MAX_WIDTH, "{millis}: {text}");
            }
            millis += 1 + millis / 97;
        }
    }
}
