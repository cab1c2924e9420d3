//! Percentiles by nearest rank.

/// The nearest-rank percentile of values in any order; `None` if there are no values. Reorders the values, but does not
/// sort all values.
pub(crate) fn nearest_rank<T: Copy + Ord>(values: &mut [T], percent: usize) -> Option<T> {
    let rank = (values.len() * percent).div_ceil(100).max(1);
    (rank <= values.len()).then(|| *values.select_nth_unstable(rank - 1).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_of_the_list() {
        let mut twenty: Vec<i64> = (1..=20).rev().collect();
        assert_eq!(
            [5, 50, 95, 100].map(|percent| nearest_rank(&mut twenty, percent).unwrap()),
            [1, 10, 19, 20]
        );
        assert_eq!([50, 95].map(|percent| nearest_rank(&mut [3, 1, 2], percent).unwrap()), [2, 3]);
        assert_eq!(nearest_rank(&mut [7], 5), Some(7));
        assert_eq!(nearest_rank::<i64>(&mut [], 50), None);
    }
}
