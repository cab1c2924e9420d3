//! Stretches of the axis in which no Pod was there for long: they are cut out, and said.

/// A gap that is shorter is drawn as it is, in milliseconds.
const LEAST: i64 = 60_000;
/// No more gaps than these are cut out: each costs columns.
const MOST: usize = 3;

/// Lives as stretches in order, those that are too near each other for a gap in one: few, however many lives.
pub(crate) fn stretches(mut lives: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    lives.sort_unstable();
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    for (begin, ended) in lives {
        match stretches.last_mut() {
            Some(last) if begin.saturating_sub(last.1) < LEAST => last.1 = last.1.max(ended),
            _ => stretches.push((begin, ended)),
        }
    }
    stretches.shrink_to_fit();
    stretches
}

/// The gaps between lives or stretches of them (begin and end, in order, in milliseconds since the axis' zero) from 0 to `end` that are worth a break: each takes
/// more than a quarter of the axis, or more than all that is left of it. A margin of each stays, so that what ends there is seen.
pub(crate) fn gaps(lives: &[(i64, i64)], end: i64) -> Vec<(i64, i64)> {
    if end < LEAST || lives.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(i64, i64)> = Vec::new();
    let mut until = 0;
    for (begin, ended) in lives.iter().copied().chain([(end, end)]) {
        if begin.saturating_sub(until) >= LEAST {
            found.push((until, begin));
        }
        until = until.max(ended);
    }
    found.sort_unstable_by_key(|&(from, to)| from - to);
    let mut left = end;
    let mut gaps = Vec::new();
    for (from, to) in found.into_iter().take(MOST) {
        if (to - from).saturating_mul(4) <= left {
            break;
        }
        left -= to - from;
        gaps.push((from, to));
    }
    let margin = (left / 30).max(1000);
    gaps.retain_mut(|(from, to)| {
        (*from, *to) = (from.saturating_add(margin), to.saturating_sub(margin));
        to.saturating_sub(*from) >= LEAST / 2
    });
    gaps.sort_unstable();
    gaps
}

#[cfg(test)]
mod tests {
    use super::{gaps, stretches};

    const HOUR: i64 = 3_600_000;

    #[test]
    fn only_long_gaps_are_cut_out() {
        assert_eq!(gaps(&stretches(vec![(0, 30_000), (40_000, 70_000)]), 70_000), []);
        assert_eq!(gaps(&stretches(vec![(0, 1000)]), 50_000), [], "a minute at least");
        let cut = gaps(
            &stretches(vec![(2 * HOUR, 2 * HOUR + 60_000), (0, 60_000), (30_000, 50_000)]),
            2 * HOUR + 60_000,
        );
        let [(from, to)] = cut[..] else { panic!("{cut:?}") };
        assert!(from > 60_000 && from < 70_000 && to < 2 * HOUR && to > 2 * HOUR - 10_000, "{cut:?}");
    }

    #[test]
    fn the_time_before_the_first_and_after_the_last_pod_is_cut_too() {
        assert_eq!(gaps(&stretches(vec![(HOUR, HOUR + 60_000)]), 3 * HOUR).len(), 2);
        assert_eq!(gaps(&[], 3 * HOUR), []);
    }
}
