//! Changes of durations as text with a sign.

use crate::lifecycle::format_elapsed_millis;

/// Changes of this number of milliseconds or more are written in whole seconds.
const MIN_FOR_SECONDS: i64 = 60_000;

/// The unit to which the changes of one table are rounded, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeUnit {
    Tenths,
    Seconds,
}

impl ChangeUnit {
    /// The unit for changes of which none is larger than this.
    pub(crate) fn for_largest(millis: i64) -> Self {
        if millis.abs() < MIN_FOR_SECONDS { Self::Tenths } else { Self::Seconds }
    }

    pub(crate) fn millis(self) -> i64 {
        match self {
            Self::Tenths => 100,
            Self::Seconds => 1_000,
        }
    }

    /// Writes a change of this many units: `+0.8s`, `-1m05s`, `0.0s`.
    pub(crate) fn format(self, units: i64) -> String {
        let sign = match units {
            ..0 => "-",
            0 => "",
            _ => "+",
        };
        let size = units.abs();
        match self {
            Self::Tenths => format!("{sign}{}.{}s", size / 10, size % 10),
            Self::Seconds if size == 0 => "0s".to_owned(),
            Self::Seconds => format!("{sign}{}", format_elapsed_millis(size.saturating_mul(1_000))),
        }
    }
}

/// Writes the size of a change of this many units as a sentence does: `12s`, `0.8s`.
pub(crate) fn describe_size(unit: ChangeUnit, units: i64) -> String {
    let size = unit.format(units.abs());
    let size = size.trim_start_matches('+');
    size.strip_suffix(".0s").map_or_else(|| size.to_owned(), |whole| format!("{whole}s"))
}

/// Rounds parts to a unit so that the rounded parts still sum to the rounded whole.
pub(crate) fn round_parts(parts: &[i64], whole: i64, unit: i64) -> (Vec<i64>, i64) {
    let rounded_whole = (whole + unit / 2).div_euclid(unit);
    let mut rounded: Vec<i64> = parts.iter().map(|part| part.div_euclid(unit)).collect();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|&index| std::cmp::Reverse(parts[index].rem_euclid(unit)));
    let missing = rounded_whole - rounded.iter().sum::<i64>();
    for &index in by_remainder.iter().take(usize::try_from(missing).unwrap_or(0)) {
        rounded[index] += 1;
    }
    (rounded, rounded_whole)
}

/// Writes a change of a duration: `+0.8s`, `-1m05s`.
pub(crate) fn format_change(millis: i64) -> String {
    let unit = ChangeUnit::for_largest(millis);
    unit.format((millis.abs() + unit.millis() / 2) / unit.millis() * millis.signum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_a_fitting_unit() {
        assert_eq!(
            [800, -800, 0, 40, -65_000, 3_900_000].map(format_change),
            ["+0.8s", "-0.8s", "0.0s", "0.0s", "-1m05s", "+1h05m"]
        );
        let sizes = [(ChangeUnit::Tenths, -126), (ChangeUnit::Tenths, 120), (ChangeUnit::Seconds, 65)];
        assert_eq!(sizes.map(|(unit, units)| describe_size(unit, units)), ["12.6s", "12s", "1m05s"]);
    }

    #[test]
    fn rounded_parts_sum_to_the_rounded_whole() {
        assert_eq!(round_parts(&[149, 149, -50, 149], 397, 100), (vec![2, 1, 0, 1], 4));
        let parts = [-19_843, 51, 52, 53, -7];
        let whole = parts.iter().sum();
        for unit in [100, 1_000] {
            let (rounded, rounded_whole) = round_parts(&parts, whole, unit);
            assert_eq!(rounded.iter().sum::<i64>(), rounded_whole);
            assert!(rounded.iter().zip(parts).all(|(own, part)| (own * unit - part).abs() <= unit));
        }
    }
}
