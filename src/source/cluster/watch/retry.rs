//! The pauses between a failed request and its repetition.

use std::hash::{BuildHasher, RandomState};
use std::iter;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// Maximum pause. The series reaches this pause after about seven attempts.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// The endless series of pauses that [`retry_pauses`] returns.
pub(crate) type RetryPauses = iter::Chain<iter::Once<Duration>, ExponentialBackoff>;

/// Returns the pauses of a new series of attempts: no pause before the first repetition, then 0.2 s, doubling up to
/// 10 s. Each pause is shortened at random by up to a half, so that many clients do not repeat their requests at the
/// same time.
pub(crate) fn retry_pauses() -> RetryPauses {
    // `backon` lengthens each pause at random by up to its own length, so the limits for `backon` are half of the
    // intended limits.
    let exponential = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(MAX_PAUSE / 2)
        .with_jitter()
        .without_max_times();
    iter::once(Duration::ZERO).chain(exponential.build())
}

/// Takes the next pause from the series.
pub(crate) fn next_pause(pauses: &mut RetryPauses) -> Duration {
    pauses.next().unwrap_or(MAX_PAUSE)
}

/// Returns a random number below `limit`. A limit of 0 counts as 1.
pub(crate) fn random_below(limit: u32) -> u32 {
    u32::try_from(RandomState::new().hash_one(0_u8) % u64::from(limit.max(1))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds_with_jitter() {
        let mut pauses = retry_pauses();
        assert_eq!(next_pause(&mut pauses), Duration::ZERO);
        let mut longest = Duration::from_millis(200);
        for _ in 0..20 {
            let pause = next_pause(&mut pauses);
            assert!((longest / 2..=longest).contains(&pause), "{pause:?} of at most {longest:?}");
            longest = (longest * 2).min(MAX_PAUSE);
        }
    }
}
