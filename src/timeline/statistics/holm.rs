//! Holm's correction: among many tests, some are positive by chance.

/// Adjusts the p-values of several tests by the step-down method of Holm (1979). If each adjusted value is compared with
/// 5 %, the probability of one or more wrong positives among all tests is at most 5 %.
pub(crate) fn adjust_by_holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&one, &other| p_values[one].total_cmp(&p_values[other]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (position, index) in order.into_iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "there are few tests")]
        let tests_left = (p_values.len() - position) as f64;
        largest = largest.max((p_values[index] * tests_left).min(1.0));
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_adjusted_values_are_those_of_the_published_example() {
        // The example of Wikipedia's article about the method. R's `p.adjust` returns the same values.
        let adjusted = adjust_by_holm(&[0.01, 0.04, 0.03, 0.005]);
        for (own, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((own - expected).abs() < 1e-12, "{adjusted:?}");
        }
        assert!(adjust_by_holm(&[]).is_empty());
        assert_eq!(adjust_by_holm(&[0.9, 0.8]), [1.0, 1.0]);
    }
}
