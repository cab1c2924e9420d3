//! Tests of whether two samples differ: rank test, t-test, correction for several tests, and bootstrap.
//!
//! The distributions come from `statrs`. Its rank test is not used, because it compares every pair of values and gives
//! wrong exact probabilities for samples of the same size.

pub(crate) mod bootstrap;
pub(crate) mod holm;
pub(crate) mod mann_whitney;
pub(crate) mod median;
pub(crate) mod welch;

pub(crate) use bootstrap::bootstrap_median_difference;
pub(crate) use holm::adjust_by_holm;
pub(crate) use mann_whitney::mann_whitney_p;
pub(crate) use median::median;
pub(crate) use welch::{WelchTest, welch_test};
