//! Numbers in the sentences of findings.

use jiff::SignedDuration;

use crate::lifecycle::{format_elapsed_millis, format_exact};
use crate::timeline::reports::findings::finding::Cost;

/// A duration of at least this number of milliseconds is written without tenths of a second.
const MIN_FOR_SECONDS: i64 = 10_000;

/// A duration with tenths of a second if it is short: `0.7s`, `12s`.
pub(crate) fn format_short(millis: i64) -> String {
    if millis < MIN_FOR_SECONDS {
        format_exact(SignedDuration::from_millis(millis))
    } else {
        format_elapsed_millis(millis)
    }
}

/// `1 Pod`, `2 Pods`.
pub(crate) fn format_count(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `1st`, `2nd`, `3rd`, `4th`.
pub(crate) fn format_ordinal(number: u32) -> String {
    let suffix = match (number % 10, number % 100) {
        (1, last) if last != 11 => "st",
        (2, last) if last != 12 => "nd",
        (3, last) if last != 13 => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

/// The share of a loss: `22 %`, `22 % ± 3`.
pub(crate) fn format_share(cost: Cost) -> String {
    let percent = cost.percent;
    cost.uncertainty.map_or(format!("{percent} %"), |points| format!("{percent} % ± {points}"))
}

/// `part` in whole percent of `whole`. Half a percent is rounded up. 0 if the whole is 0.
pub(crate) fn to_percent(part: i64, whole: i64) -> i64 {
    let (part, whole) = (i128::from(part), i128::from(whole));
    let percent = (part * 200 + whole).checked_div(whole * 2).unwrap_or(0);
    i64::try_from(percent).unwrap_or(i64::MAX)
}

/// The mean of `count` numbers with this sum, rounded; 0 without numbers.
pub(crate) fn mean(sum: i64, count: usize) -> i64 {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    sum.saturating_add(count / 2).checked_div(count).unwrap_or(0)
}

/// A number of bytes in decimal units: `4.1 GB`, `26 MB`.
pub(crate) fn format_bytes(bytes: u64) -> String {
    let (unit, name) = match bytes {
        ..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    let tenths = bytes.saturating_mul(10).saturating_add(unit / 2) / unit;
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ordinals_are_readable() {
        assert_eq!(
            [900, 26_000_000, 4_100_000_000, 9_960_000].map(format_bytes),
            ["0.9 kB", "26 MB", "4.1 GB", "10 MB"]
        );
        assert_eq!(
            [1, 2, 3, 4, 11, 12, 22, 113].map(format_ordinal).join(" "),
            "1st 2nd 3rd 4th 11th 12th 22nd 113th"
        );
        assert_eq!(
            [(18, 100), (1, 8), (145, 1000), (1, 0)].map(|(part, whole)| to_percent(part, whole)),
            [18, 13, 15, 0]
        );
        assert_eq!([(10, 4), (0, 0), (11, 2)].map(|(sum, count)| mean(sum, count)), [3, 0, 6]);
        assert_eq!([40, 700, 9_940, 12_400].map(format_short), ["<0.1s", "0.7s", "9.9s", "12s"]);
    }
}
