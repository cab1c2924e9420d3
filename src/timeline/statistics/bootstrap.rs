//! The bootstrap: how far a difference of medians may be from its estimate, if other nodes and Pods had been drawn.

use crate::timeline::reports::forecast_random::ForecastRandom;
use crate::timeline::statistics::median::median;

/// The number of draws, unless the samples are large.
const DRAWS: usize = 1_000;

/// The minimum number of draws.
const MIN_DRAWS: usize = 200;

/// The maximum number of values that are drawn for one range.
const MAX_DRAWN_VALUES: usize = 4_000_000;

/// The seed of the random numbers. It is fixed, so that the same runs always give the same range.
const SEED: u64 = 19;

/// Returns the 95 % range of the median of `b` minus the median of `a`. Each sample holds the values of the Pods of each
/// node. A draw first chooses nodes, then Pods of each chosen node, because the Pods of one node are not independent.
/// `None` if a sample has no values.
pub(crate) fn bootstrap_median_difference(a: &[Vec<i64>], b: &[Vec<i64>]) -> Option<[i64; 2]> {
    let count = |nodes: &[Vec<i64>]| nodes.iter().map(Vec::len).sum::<usize>();
    let values = count(a) + count(b);
    if count(a) == 0 || count(b) == 0 {
        return None;
    }
    let draws = (MAX_DRAWN_VALUES / values).clamp(MIN_DRAWS, DRAWS);
    let mut random = ForecastRandom(SEED);
    let mut sample = Vec::new();
    let mut differences = Vec::with_capacity(draws);
    for _ in 0..draws {
        let of_a = draw_median(a, &mut sample, &mut random)?;
        let of_b = draw_median(b, &mut sample, &mut random)?;
        differences.push(of_b.saturating_sub(of_a));
    }
    differences.sort_unstable();
    // 2.5 % of the draws are below the range, and 2.5 % are above it.
    let cut = draws / 40;
    Some([*differences.get(cut)?, *differences.get(draws.checked_sub(cut + 1)?)?])
}

/// Draws nodes and their Pods, and returns the median of the drawn values.
fn draw_median(nodes: &[Vec<i64>], sample: &mut Vec<i64>, random: &mut ForecastRandom) -> Option<i64> {
    sample.clear();
    while sample.is_empty() {
        for _ in 0..nodes.len() {
            let node = &nodes[random.below(nodes.len())];
            sample.extend((0..node.len()).map(|_| random.pick(node)));
        }
    }
    median(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_contains_the_difference_and_is_the_same_each_time() {
        let node = |start: i64| (0..20).map(|pod| start + pod * 10).collect::<Vec<i64>>();
        let (a, b) = (vec![node(1_000), node(1_020)], vec![node(1_500), node(1_510)]);
        let range = bootstrap_median_difference(&a, &b).unwrap();
        assert!(range[0] < 495 && 495 < range[1] && range[0] > 380 && range[1] < 610, "{range:?}");
        assert_eq!(bootstrap_median_difference(&a, &b), Some(range));
    }

    #[test]
    fn differences_between_nodes_widen_the_range() {
        // The Pods of a node take the same time, so more Pods do not make the median more certain.
        let nodes = |times: [i64; 4]| times.map(|time| vec![time; 50]).to_vec();
        let [low, high] =
            bootstrap_median_difference(&nodes([10, 12, 30, 33]), &nodes([11, 13, 31, 34])).unwrap();
        assert!(low < -10 && high > 10, "{low} {high}");
        let pods = |times: [i64; 4]| vec![times.repeat(50)];
        let [narrow_low, narrow_high] =
            bootstrap_median_difference(&pods([10, 12, 30, 33]), &pods([11, 13, 31, 34])).unwrap();
        assert!(narrow_high - narrow_low < high - low);
    }

    #[test]
    fn the_range_of_normal_values_is_that_of_the_theory() {
        // The standard error of a median of n normal values is 1.2533 σ / √n.
        let mut random = ForecastRandom(7);
        let mut normal = |mean: f64| -> Vec<i64> {
            #[expect(clippy::cast_possible_truncation, reason = "values near 10,000")]
            (0..400).map(|_| (mean + 1_000.0 * random.normal()).round() as i64).collect()
        };
        let [low, high] = bootstrap_median_difference(&[normal(10_000.0)], &[normal(10_000.0)]).unwrap();
        // 2 × 1.96 × √2 × 1.2533 × 1,000 / 20 = 347
        assert!((200..520).contains(&(high - low)), "{low} {high}");
    }

    #[test]
    fn there_is_no_range_without_values() {
        assert_eq!(bootstrap_median_difference(&[Vec::new()], &[vec![1]]), None);
    }
}
