//! How long the Job controller waits after Pods have failed.

use jiff::SignedDuration;

/// The longest delay after a failure.
const MAX_RETRY_DELAY: SignedDuration = SignedDuration::from_mins(10);

/// How long the controller waits after this number of failures. The delay doubles with each failure, up to
/// [`MAX_RETRY_DELAY`].
pub(crate) fn retry_delay(failures: u32) -> SignedDuration {
    let doubled = 1_i32 << failures.saturating_sub(1).min(6);
    SignedDuration::from_secs(10).saturating_mul(doubled).min(MAX_RETRY_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_with_each_failure_up_to_ten_minutes() {
        let seconds: Vec<i64> = (1..9).map(|failures| retry_delay(failures).as_secs()).collect();
        assert_eq!(seconds, [10, 20, 40, 80, 160, 320, 600, 600]);
    }
}
