//! The Mann–Whitney U test: do two samples come from the same distribution?

use statrs::distribution::{ContinuousCDF, Normal};

/// If the smaller sample has at most this many values and no value occurs twice, the probability is exact. `scipy` has the
/// same rule.
const MAX_EXACT: usize = 8;

/// The exact probability is not computed for more pairs of values, because the normal approximation is then as good.
const MAX_EXACT_PAIRS: usize = 4_000;

/// Returns the two-sided p-value. Small samples without ties have an exact value. Otherwise, the value is that of the
/// normal approximation, corrected for ties and for continuity. `None` if a sample is empty.
pub(crate) fn mann_whitney_p(a: &[i64], b: &[i64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let ranks = Ranks::new(a, b);
    let (smaller, pairs) = (a.len().min(b.len()), a.len().saturating_mul(b.len()));
    let p = if smaller <= MAX_EXACT && pairs <= MAX_EXACT_PAIRS && ranks.ties == 0 {
        exact_p(ranks.u_of_a, a.len(), b.len())
    } else {
        approximate_p(&ranks, to_f64(a.len()), to_f64(b.len()))
    };
    Some(p.clamp(0.0, 1.0))
}

/// The U statistic of the first sample, from the ranks of both samples together.
struct Ranks {
    /// The number of pairs in which the value of the first sample is larger. A tie counts as half a pair.
    u_of_a: f64,
    /// The sum over all groups of equal values of n³ − n.
    ties: u128,
}

impl Ranks {
    fn new(a: &[i64], b: &[i64]) -> Self {
        let mut values: Vec<(i64, bool)> = Vec::with_capacity(a.len() + b.len());
        values.extend(a.iter().map(|value| (*value, true)));
        values.extend(b.iter().map(|value| (*value, false)));
        values.sort_unstable();
        let (mut rank_sum, mut ties, mut below) = (0.0, 0_u128, 0_usize);
        for group in values.chunk_by(|one, other| one.0 == other.0) {
            let size = group.len();
            let of_a = group.iter().filter(|(_, is_of_a)| *is_of_a).count();
            // Equal values share the mean of their ranks.
            let mean_rank = to_f64(below) + f64::midpoint(to_f64(size), 1.0);
            rank_sum += mean_rank * to_f64(of_a);
            let cubed = u128::try_from(size).unwrap_or(u128::MAX);
            ties += cubed.pow(3) - cubed;
            below += size;
        }
        let of_a = to_f64(a.len());
        Self { u_of_a: rank_sum - of_a * (of_a + 1.0) / 2.0, ties }
    }
}

/// The exact two-sided p-value: how many of all arrangements of the ranks have a U that is at least as extreme.
fn exact_p(u: f64, a: usize, b: usize) -> f64 {
    let pairs = a * b;
    // Without ties, U is a whole number. The distribution is symmetric, so the smaller U decides.
    let extreme = (0..=pairs).take_while(|&small| to_f64(small) <= u.min(to_f64(pairs) - u)).count();
    let shares = u_distribution(a, b);
    2.0 * shares.iter().take(extreme).sum::<f64>()
}

/// The share of the arrangements of `a` and `b` ranks that have each U, by the recursion of Mann and Whitney (1947): the
/// largest value belongs to the first sample, and is larger than all `b` others, or it belongs to the second.
fn u_distribution(a: usize, b: usize) -> Vec<f64> {
    let pairs = a * b;
    // `rows[j]` holds the distribution for `i` and `j` values.
    let mut rows: Vec<Vec<f64>> = vec![vec![1.0]; b + 1];
    for i in 1..=a {
        let mut next: Vec<Vec<f64>> = Vec::with_capacity(b + 1);
        next.push(vec![1.0]);
        for j in 1..=b {
            let share_of_a = to_f64(i) / to_f64(i + j);
            let value = |row: &[f64], u: usize| row.get(u).copied().unwrap_or(0.0);
            let from_a = |u: usize| u.checked_sub(j).map_or(0.0, |rest| value(&rows[j], rest));
            let from_b = |u: usize| value(&next[j - 1], u);
            let row = (0..=i * j).map(|u| share_of_a * from_a(u) + (1.0 - share_of_a) * from_b(u)).collect();
            next.push(row);
        }
        rows = next;
    }
    let mut distribution = rows.pop().unwrap_or_default();
    distribution.resize(pairs + 1, 0.0);
    distribution
}

/// The two-sided p-value of the normal approximation.
fn approximate_p(ranks: &Ranks, a: f64, b: f64) -> f64 {
    let total = a + b;
    #[expect(clippy::cast_precision_loss, reason = "an approximation")]
    let ties = ranks.ties as f64 / (total * (total - 1.0));
    let deviation = (a * b / 12.0 * ((total + 1.0) - ties)).sqrt();
    if deviation <= 0.0 {
        // All values are equal.
        return 1.0;
    }
    let distance = (ranks.u_of_a - a * b / 2.0).abs() - 0.5;
    2.0 * Normal::standard().sf(distance / deviation)
}

#[expect(clippy::cast_precision_loss, reason = "counts of Pods are small")]
fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with a value of `scipy.stats.mannwhitneyu` 1.17.
    fn assert_p(a: &[i64], b: &[i64], expected: f64) {
        for (one, other) in [(a, b), (b, a)] {
            let p = mann_whitney_p(one, other).unwrap();
            assert!((p - expected).abs() < 1e-9, "{p} {expected}");
        }
    }

    #[test]
    fn small_samples_without_ties_have_the_exact_p_value_of_scipy() {
        // The example of scipy's documentation: the ages at which diabetes was diagnosed.
        assert_p(&[19, 22, 16, 29, 24], &[20, 11, 17, 12], 0.111_111_111_111_111_1);
        assert_p(&[1, 2, 3], &[4, 5, 6], 0.1);
        assert_p(&[3, 5, 9, 11, 14, 20, 21], &[1, 2, 4, 6, 7, 8, 10, 12, 13, 15], 0.269_847_799_259_564);
        let (slow, fast) = ([1200, 1210, 1150, 1300, 1250, 1275], [1000, 1100, 1050, 980, 1020, 990]);
        assert_p(&slow, &fast, 0.002_164_502_164_502_164_5);
    }

    #[test]
    fn large_samples_and_ties_have_the_approximate_p_value_of_scipy() {
        let a = [5900, 6000, 400, 500, 600, 6100, 450, 520, 480, 5800];
        let b = [5100, 5200, 450, 450, 600, 600, 300, 310, 320, 330, 340];
        assert_p(&a, &b, 0.044_204_896_418_369_465);
        let a: Vec<i64> = (1..=12).map(|value| 2 * value).collect();
        let b: Vec<i64> = (1..=10).map(|value| 2 * value + 7).collect();
        assert_p(&a, &b, 0.121_250_975_880_737_82);
    }

    #[test]
    fn the_approximation_of_scipys_example_is_the_documented_one() {
        let ranks = Ranks::new(&[19, 22, 16, 29, 24], &[20, 11, 17, 12]);
        assert!((ranks.u_of_a - 17.0).abs() < f64::EPSILON);
        assert!((approximate_p(&ranks, 5.0, 4.0) - 0.111_346_886_533_140_41).abs() < 1e-9);
    }

    #[test]
    fn equal_values_do_not_differ_and_an_empty_sample_has_no_p_value() {
        assert_eq!(mann_whitney_p(&[4; 9], &[4; 7]), Some(1.0));
        assert_eq!(mann_whitney_p(&[], &[1]), None);
    }

    #[test]
    fn the_shares_of_all_u_sum_to_one() {
        for (a, b) in [(1, 1), (3, 3), (8, 40), (5, 2)] {
            assert!((u_distribution(a, b).iter().sum::<f64>() - 1.0).abs() < 1e-12, "{a} {b}");
        }
    }
}
