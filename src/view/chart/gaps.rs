//! Finds long gaps in which no Pod existed. The axis cuts out these gaps and shows the length of each gap.

/// The minimum time without Pods that counts as a gap, in milliseconds.
const MIN_GAP: i64 = 60_000;
/// The maximum number of gaps that are cut out, because the label of each gap takes columns.
const MAX_GAPS: usize = 3;

/// Sorts the lives of Pods and merges lives without a gap of [`MIN_GAP`] between them. Each life is a start and an end
/// in milliseconds since the axis' zero.
pub(crate) fn merge_lives(mut lives: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    lives.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (start, end) in lives {
        match merged.last_mut() {
            Some(last) if start.saturating_sub(last.1) < MIN_GAP => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged.shrink_to_fit();
    merged
}

/// Finds the gaps between lives, from 0 to `end`, that the axis cuts out. The lives are in order. Each gap takes more
/// than a quarter of the axis that is left after the longer gaps are cut. A margin at both ends of a gap stays on the
/// axis, so that the end of a bar before the gap is visible.
pub(crate) fn find_gaps(lives: &[(i64, i64)], end: i64) -> Vec<(i64, i64)> {
    if end < MIN_GAP || lives.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(i64, i64)> = Vec::new();
    let mut until = 0;
    for (start, ended) in lives.iter().copied().chain([(end, end)]) {
        let start = start.min(end);
        if start.saturating_sub(until) >= MIN_GAP {
            found.push((until, start));
        }
        until = until.max(ended);
    }
    found.sort_unstable_by_key(|&(from, to)| from - to);
    let mut left = end;
    let mut gaps = Vec::new();
    for (from, to) in found.into_iter().take(MAX_GAPS) {
        if (to - from).saturating_mul(4) <= left {
            break;
        }
        left -= to - from;
        gaps.push((from, to));
    }
    let margin = (left / 30).max(1000);
    gaps.retain_mut(|(from, to)| {
        (*from, *to) = (from.saturating_add(margin), to.saturating_sub(margin));
        to.saturating_sub(*from) >= MIN_GAP / 2
    });
    gaps.sort_unstable();
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn only_long_gaps_are_cut_out() {
        assert_eq!(find_gaps(&merge_lives(vec![(0, 30_000), (40_000, 70_000)]), 70_000), []);
        assert_eq!(find_gaps(&merge_lives(vec![(0, 1000)]), 50_000), [], "a gap lasts at least a minute");
        let cut = find_gaps(
            &merge_lives(vec![(2 * HOUR, 2 * HOUR + 60_000), (0, 60_000), (30_000, 50_000)]),
            2 * HOUR + 60_000,
        );
        let [(from, to)] = cut[..] else { panic!("{cut:?}") };
        assert!(from > 60_000 && from < 70_000 && to < 2 * HOUR && to > 2 * HOUR - 10_000, "{cut:?}");
    }

    #[test]
    fn a_gap_ends_with_the_axis_if_a_clock_is_ahead() {
        let cut = find_gaps(&[(0, 60_000), (400 * HOUR, 400 * HOUR)], 3 * HOUR);
        assert!(matches!(cut[..], [(_, to)] if to < 3 * HOUR), "{cut:?}");
    }

    #[test]
    fn the_time_before_the_first_and_after_the_last_pod_is_cut_too() {
        assert_eq!(find_gaps(&merge_lives(vec![(HOUR, HOUR + 60_000)]), 3 * HOUR).len(), 2);
        assert_eq!(find_gaps(&[], 3 * HOUR), []);
    }
}
