//! Rounded parts of a whole.

use std::cmp::Reverse;

/// Divides `whole` units in proportion to these times. The parts with the largest remainders are rounded up, so that
/// the parts sum to `whole`. All parts are 0 if no time is longer than 0.
pub(crate) fn divide_in_proportion(millis: &[i64], whole: usize) -> Vec<usize> {
    let total: i128 = millis.iter().map(|millis| i128::from(*millis)).sum();
    if total <= 0 {
        return vec![0; millis.len()];
    }
    let scaled = |millis: i64| i128::from(millis) * i128::try_from(whole).unwrap_or(0);
    let mut parts: Vec<usize> =
        millis.iter().map(|millis| usize::try_from(scaled(*millis) / total).unwrap_or(0)).collect();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|&index| Reverse(scaled(millis[index]) % total));
    let missing = whole.saturating_sub(parts.iter().sum());
    for &index in by_remainder.iter().take(missing) {
        parts[index] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_sum_to_the_whole() {
        assert_eq!(divide_in_proportion(&[1, 1, 1], 100), [34, 33, 33]);
        assert_eq!(divide_in_proportion(&[500, 0, 200], 7), [5, 0, 2]);
        assert_eq!(divide_in_proportion(&[0, 0], 100), [0, 0]);
        assert!(divide_in_proportion(&[], 100).is_empty());
    }
}
