//! Sets of half-open intervals.

/// Pairs of a start and an end. An interval contains its start, but not its end.
pub(crate) type Intervals = Vec<(i64, i64)>;

/// Sorts intervals and joins those that overlap or touch.
pub(crate) fn merge(mut intervals: Intervals) -> Intervals {
    intervals.sort_unstable();
    let mut merged = Intervals::new();
    for (start, end) in intervals {
        match merged.last_mut() {
            Some((_, last_end)) if start <= *last_end => *last_end = end.max(*last_end),
            Some(_) | None => merged.push((start, end)),
        }
    }
    merged
}

/// Returns the parts of `intervals` that are in no interval of `others`, sorted and merged.
pub(crate) fn subtract(intervals: Intervals, others: Intervals) -> Intervals {
    let others = merge(others);
    let mut parts = Intervals::new();
    for (start, end) in merge(intervals) {
        let mut at = start;
        let first = others.partition_point(|(_, other_end)| *other_end <= start);
        for &(other_start, other_end) in others[first..].iter().take_while(|(start, _)| *start < end) {
            if other_start > at {
                parts.push((at, other_start));
            }
            at = at.max(other_end);
        }
        if at < end {
            parts.push((at, end));
        }
    }
    parts
}

/// The length of the union of intervals.
pub(crate) fn total(intervals: Intervals) -> i64 {
    merge(intervals).into_iter().map(|(start, end)| end - start).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_joined_and_subtracted() {
        assert_eq!(merge(vec![(5, 9), (1, 3), (2, 4)]), [(1, 4), (5, 9)]);
        assert_eq!(subtract(vec![(0, 10)], vec![(2, 3), (8, 12)]), [(0, 2), (3, 8)]);
        assert_eq!(subtract(vec![(0, 10)], vec![(0, 10)]), []);
        assert_eq!(subtract(vec![(5, 6)], vec![(0, 2), (7, 9)]), [(5, 6)]);
        let others = vec![(2, 4), (3, 5), (9, 12)];
        assert_eq!(subtract(vec![(0, 10), (1, 11), (20, 21)], others), [(0, 2), (5, 9), (20, 21)]);
        assert_eq!(subtract(vec![(0, 3), (1, 5)], vec![]), [(0, 5)]);
        assert_eq!(total(vec![(0, 5), (3, 8), (10, 11)]), 9);
    }
}
