//! The time that is left, as text.

use crate::timeline::TimeLeft;
use crate::view::primitives::duration::format_elapsed_millis;

/// The time left with its range: `about 40s left (30s–1m)`. A narrow range is left out.
pub(crate) fn describe_time_left(left: TimeLeft) -> String {
    let (low, high) = (format_rounded(left.low, Rounding::Down), format_rounded(left.high, Rounding::Up));
    let short = describe_time_left_briefly(left);
    if low == high { short } else { format!("{short} ({low}–{high})") }
}

/// The time left without its range: `about 40s left`.
pub(crate) fn describe_time_left_briefly(left: TimeLeft) -> String {
    format!("about {} left", format_rounded(left.millis, Rounding::Nearest))
}

#[derive(Clone, Copy)]
enum Rounding {
    Down,
    Nearest,
    Up,
}

/// Writes a time with the digits that a prediction deserves: seconds below 10 s, then steps of 5 s, 10 s, 1 min and
/// 10 min.
pub(crate) fn format_about(millis: i64) -> String {
    format_rounded(millis, Rounding::Nearest)
}

fn format_rounded(millis: i64, rounding: Rounding) -> String {
    let seconds = millis.max(0).saturating_add(500) / 1_000;
    let step = match seconds {
        ..10 => 1,
        10..60 => 5,
        60..600 => 10,
        600..7_200 => 60,
        _ => 600,
    };
    let rounded = match rounding {
        Rounding::Down => seconds / step * step,
        Rounding::Nearest => seconds.saturating_add(step / 2) / step * step,
        Rounding::Up => seconds.saturating_add(step - 1) / step * step,
    };
    let text = format_elapsed_millis(rounded.saturating_mul(1_000));
    // A round number needs no second unit.
    for zero in ["00s", "00m"] {
        if let Some(round) = text.strip_suffix(zero).filter(|round| round.ends_with(['m', 'h'])) {
            return round.to_owned();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_has_few_digits_and_its_range_is_rounded_outwards() {
        let describe = |seconds: [i64; 3]| {
            let [millis, low, high] = seconds.map(|seconds| seconds * 1_000);
            describe_time_left(TimeLeft { millis, low, high })
        };
        assert_eq!(describe([41, 32, 57]), "about 40s left (30s–1m)");
        assert_eq!(describe([7, 7, 7]), "about 7s left");
        assert_eq!(describe([0, 0, 2]), "about <1s left (<1s–2s)");
        assert_eq!(describe([95, 71, 125]), "about 1m40s left (1m10s–2m10s)");
        assert_eq!(describe([3_000, 1_830, 7_300]), "about 50m left (30m–2h10m)");
        assert_eq!(describe([7_200, 7_190, 7_205]), "about 2h left (1h59m–2h10m)");
    }
}
