//! The median of a sample.

/// The median: the middle value, or the mean of the two middle values, rounded down. `None` if there are no values.
/// Reorders the values, but does not sort all of them.
pub(crate) fn median(values: &mut [i64]) -> Option<i64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let is_even = values.len().is_multiple_of(2);
    let (below, &mut upper, _) = values.select_nth_unstable(middle);
    match below.iter().max().filter(|_| is_even) {
        Some(&lower) => Some(lower.midpoint(upper)),
        None => Some(upper),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value_or_the_mean_of_two() {
        assert_eq!(median(&mut [7, 1, 3]), Some(3));
        assert_eq!(median(&mut [9, 1, 4, 2]), Some(3));
        assert_eq!(median(&mut [5]), Some(5));
        assert_eq!(median(&mut []), None);
    }
}
