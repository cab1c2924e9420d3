//! Durations for people: at most two units, and no digit that the evidence does not carry.

use jiff::SignedDuration;

use crate::lifecycle::Instant;

/// No duration is written wider: `59m59s`, `23h59m`.
pub(crate) const COLUMNS: usize = 6;

/// A tenth of a second is shown only if both ends are known better than this.
const FINE: SignedDuration = SignedDuration::from_millis(100);

/// Whether a time is known to better than a tenth of a second.
pub(crate) fn is_fine(instant: Option<Instant>) -> bool {
    instant.is_some_and(|instant| instant.evidence.precision() < FINE)
}

/// A duration that is over, rounded. Two units at most: `<1s`, `42s`, `1m05s`, `2h03m`, `3d4h`, `400d`. Tenths below ten
/// seconds if `fine`: `5.9s`. Never `0s`: what takes no time cannot be told from what takes a little.
pub(crate) fn human(duration: SignedDuration, fine: bool) -> String {
    let millis = duration.as_millis().max(0);
    if fine && millis < 9_950 {
        let tenths = (millis + 50) / 100;
        return if tenths == 0 { "<0.1s".into() } else { format!("{}.{}s", tenths / 10, tenths % 10) };
    }
    in_seconds((millis + 500) / 1000)
}

/// A duration that goes on, or a sum: whole seconds that have passed.
pub(crate) fn so_far(duration: SignedDuration) -> String {
    in_seconds(duration.as_millis().max(0) / 1000)
}

fn in_seconds(seconds: i128) -> String {
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

/// The same of a number of milliseconds.
pub(crate) fn whole(millis: i64) -> String {
    so_far(SignedDuration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_no_more_than_is_known() {
        let human = |millis, fine| human(SignedDuration::from_millis(millis), fine);
        assert_eq!((whole(5_999).as_str(), whole(999).as_str()), ("5s", "<1s"));
        for (millis, coarse, fine) in [
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
            assert_eq!(human(millis, false), coarse, "{millis}");
            assert_eq!(human(millis, true), fine, "{millis}");
        }
    }

    #[test]
    fn fits_its_column() {
        let mut millis: i64 = 1;
        while millis < 3_000 * 86_400_000 {
            for fine in [false, true] {
                assert!(human(SignedDuration::from_millis(millis), fine).len() <= COLUMNS, "{millis}");
            }
            millis += 1 + millis / 97;
        }
    }
}
