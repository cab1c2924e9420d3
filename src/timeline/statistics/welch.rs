//! Welch's t-test: do the means of two samples differ, if their variances may differ too?

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The share of the confidence range.
const CONFIDENCE: f64 = 0.95;

/// The result of the test. The difference is the second mean minus the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WelchTest {
    pub(crate) difference: f64,
    /// The two-sided p-value.
    pub(crate) p: f64,
    /// The 95 % confidence range of the difference.
    pub(crate) range: [f64; 2],
}

/// Tests the means of two samples. `None` if a sample has fewer than two values.
pub(crate) fn welch_test(a: &[f64], b: &[f64]) -> Option<WelchTest> {
    let (a, b) = (Moments::new(a)?, Moments::new(b)?);
    let difference = b.mean - a.mean;
    let squared_error = a.squared_error + b.squared_error;
    if squared_error <= 0.0 {
        // No value differs from the mean of its sample.
        let p = if difference == 0.0 { 1.0 } else { 0.0 };
        return Some(WelchTest { difference, p, range: [difference; 2] });
    }
    // The degrees of freedom of Welch and Satterthwaite.
    let part = |moments: &Moments| moments.squared_error.powi(2) / (moments.count - 1.0);
    let freedom = squared_error.powi(2) / (part(&a) + part(&b));
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    let error = squared_error.sqrt();
    let p = 2.0 * distribution.sf((difference / error).abs());
    let half = distribution.inverse_cdf(f64::midpoint(1.0, CONFIDENCE)) * error;
    Some(WelchTest { difference, p: p.clamp(0.0, 1.0), range: [difference - half, difference + half] })
}

struct Moments {
    count: f64,
    mean: f64,
    /// The square of the standard error of the mean.
    squared_error: f64,
}

impl Moments {
    #[expect(clippy::cast_precision_loss, reason = "counts of runs are small")]
    fn new(values: &[f64]) -> Option<Self> {
        if values.len() < 2 {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Self { count, mean, squared_error: squares / (count - 1.0) / count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_test(a: &[f64], b: &[f64], p: f64, range: [f64; 2]) {
        let test = welch_test(a, b).unwrap();
        assert!((test.p - p).abs() < 1e-6, "{test:?}");
        assert!(test.range.iter().zip(range).all(|(own, other)| (own - other).abs() < 1e-6), "{test:?}");
    }

    #[test]
    fn the_p_value_and_the_range_are_those_of_published_examples() {
        // The example of Wikipedia's article about Student's t-test; the range by scipy 1.17.
        let a = [29.89, 29.93, 29.72, 29.98, 30.02, 29.98];
        let b = [30.02, 29.99, 30.11, 29.97, 30.01, 29.99];
        assert_test(&a, &b, 0.090_773_324, [-0.019_569_090, 0.209_569_090]);
        // The data of scipy's example of the Mann–Whitney test.
        let (males, females) = ([19.0, 22.0, 16.0, 29.0, 24.0], [20.0, 11.0, 17.0, 12.0]);
        assert_test(&females, &males, 0.056_750_926, [-0.264_922_189, 14.264_922_189]);
    }

    #[test]
    fn equal_values_differ_only_if_the_means_do() {
        assert_eq!(welch_test(&[5.0; 3], &[5.0; 3]).map(|test| test.p), Some(1.0));
        assert_eq!(welch_test(&[5.0; 3], &[6.0; 3]).map(|test| test.p), Some(0.0));
        assert_eq!(welch_test(&[5.0], &[6.0; 3]), None);
    }
}
