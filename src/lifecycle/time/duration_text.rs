//! Durations as text, with at most two units and no digit that the evidence does not support.

use jiff::SignedDuration;

use crate::lifecycle::time::ranged_duration::RangedDuration;

/// The width of most durations, for example `59m59s` or `23h59m`.
pub(crate) const USUAL_DURATION_WIDTH: usize = 6;

/// The width of the longest duration, for example `10m04–06s`.
pub(crate) const MAX_DURATION_WIDTH: usize = 9;

/// If the range of a duration is wider than this number of milliseconds, both ends are shown.
const MAX_RANGE_FOR_SECONDS: i64 = 1_000;

/// A range that ends below this number of seconds is written in seconds: `58–62s`. Longer ranges have larger units.
const MAX_SECONDS_IN_RANGE: i64 = 100;

/// Writes a duration that has ended, rounded, with the digits that its range allows:
///
/// | range | text |
/// |---|---|
/// | narrower than a quarter of a second | tenths below a minute: `5.9s` |
/// | up to one second | `42s`, `1m05s`, `2h03m`, `3d4h`, `400d` |
/// | wider | both ends: `4–6s`, `2m04–06s` |
/// | completely below one second, and too wide for tenths | `<1s` |
///
/// From one hour on, both ends are shown only if the range is wider than a minute, because the text has no seconds.
pub(crate) fn format_ranged(duration: RangedDuration) -> String {
    let RangedDuration { estimate_millis, low_millis, high_millis } = duration;
    let [estimate, low, high] = [estimate_millis, low_millis, high_millis].map(|millis| millis.max(0));
    let range = high.saturating_sub(low);
    if duration.is_exact_to_tenths() && estimate < 59_950 {
        let tenths = (estimate + 50) / 100;
        return if tenths == 0 { "<0.1s".into() } else { format!("{}.{}s", tenths / 10, tenths % 10) };
    }
    if high <= 1_000 {
        return "<1s".into();
    }
    let (low, high) = (round_to_seconds(low), round_to_seconds(high));
    let is_visible = if low >= 3_600 { range > 60_000 } else { range > MAX_RANGE_FOR_SECONDS };
    if is_visible && low != high {
        return format_range(low, high);
    }
    format_seconds(round_to_seconds(estimate).max(1))
}

/// Writes both ends of a range. `low` and `high` are in seconds. From 100 days on, writes only `high`.
fn format_range(low: i64, high: i64) -> String {
    if high < MAX_SECONDS_IN_RANGE {
        return format!("{low}–{high}s");
    }
    if high < 3_600 && low / 60 == high / 60 {
        return format!("{}m{:02}–{:02}s", low / 60, low % 60, high % 60);
    }
    match high {
        ..3_600 => format!("{}–{}m", low / 60, (high + 59) / 60),
        3_600..86_400 => format!("{}–{}h", low / 3_600, (high + 3_599) / 3_600),
        86_400..8_640_000 => format!("{}–{}d", low / 86_400, (high + 86_399) / 86_400),
        _ => format_seconds(high),
    }
}

/// Writes an exact duration like [`format_ranged`].
pub(crate) fn format_exact(duration: SignedDuration) -> String {
    format_ranged(RangedDuration::exact(duration))
}

/// Writes a duration that has not ended, or a sum of durations, rounded to seconds. Never writes `0s`, because the
/// evidence cannot distinguish a duration of zero from a very short duration.
pub(crate) fn format_elapsed(duration: SignedDuration) -> String {
    format_elapsed_millis(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

/// Writes a number of milliseconds like [`format_elapsed`].
pub(crate) fn format_elapsed_millis(millis: i64) -> String {
    format_seconds(round_to_seconds(millis))
}

fn round_to_seconds(millis: i64) -> i64 {
    millis.max(0).saturating_add(500) / 1_000
}

fn format_seconds(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        ..1 => "<1s".into(),
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

    fn ranged(estimate_millis: i64, low_millis: i64, high_millis: i64) -> RangedDuration {
        RangedDuration { estimate_millis, low_millis, high_millis }
    }

    #[test]
    fn a_duration_shows_the_digits_that_its_range_allows() {
        for (estimate, low, high, text) in [
            (5_003, 4_900, 5_100, "5.0s"),
            (25_040, 25_000, 25_249, "25.0s"),
            (5_003, 4_870, 5_120, "5s"),
            (5_400, 4_950, 5_850, "5s"),
            (5_000, 4_330, 5_670, "4–6s"),
            (500, 0, 1_000, "<1s"),
            (700, 250, 1_150, "1s"),
            (30, 0, 80, "<0.1s"),
            (65_000, 64_400, 65_600, "64–66s"),
            (105_000, 104_400, 105_600, "1m44–46s"),
            (60_000, 59_300, 60_700, "59–61s"),
            (120_000, 119_300, 120_700, "1–3m"),
            (7_380_000, 7_378_000, 7_382_000, "2h03m"),
            (7_380_000, 7_320_000, 7_440_000, "2–3h"),
        ] {
            assert_eq!(format_ranged(ranged(estimate, low, high)), text, "{estimate} [{low}, {high}]");
        }
    }

    #[test]
    fn seconds_are_rounded() {
        for (millis, elapsed, exact) in [
            (-5_000, "<1s", "<0.1s"),
            (49, "<1s", "<0.1s"),
            (50, "<1s", "0.1s"),
            (999, "1s", "1.0s"),
            (5_940, "6s", "5.9s"),
            (59_949, "1m00s", "59.9s"),
            (59_950, "1m00s", "1m00s"),
            (65_000, "1m05s", "1m05s"),
            (3_599_000, "59m59s", "59m59s"),
            (7_380_000, "2h03m", "2h03m"),
            (273_600_000, "3d4h", "3d4h"),
            (100 * 86_400_000, "100d", "100d"),
        ] {
            assert_eq!(format_elapsed_millis(millis), elapsed, "{millis}");
            assert_eq!(format_exact(SignedDuration::from_millis(millis)), exact, "{millis}");
        }
    }

    #[test]
    fn no_duration_is_wider_than_its_column() {
        let mut millis: i64 = 1;
        while millis < 3_000 * 86_400_000 {
            let exact = format_exact(SignedDuration::from_millis(millis));
            assert!(exact.chars().count() <= USUAL_DURATION_WIDTH, "{millis}: {exact}");
            for half in [400, 670, 5_000, 100_000, 10_000_000] {
                let text = format_ranged(ranged(millis, (millis - half).max(0), millis + half));
                assert!(text.chars().count() <= MAX_DURATION_WIDTH, "{millis}: {text}");
            }
            millis += 1 + millis / 97;
        }
    }
}
