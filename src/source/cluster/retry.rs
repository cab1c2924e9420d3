//! The pauses between a failed request and its repetition.

use std::hash::{BuildHasher, RandomState};
use std::iter;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

/// Maximum pause. The series reaches this pause after about seven attempts.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// Maximum pause before the first repetition, in milliseconds.
const MAX_FIRST_PAUSE_MILLIS: u32 = 100;

/// Time after its first attempt in which a first request is repeated.
pub(crate) const FIRST_REQUEST_PATIENCE: Duration = Duration::from_secs(30);

/// The endless series of pauses that [`retry_pauses`] returns.
pub(crate) type RetryPauses = iter::Chain<iter::Once<Duration>, ExponentialBackoff>;

/// Returns the pauses of a new series of attempts: up to 0.1 s before the first repetition, then 0.2 s, doubling up to
/// 10 s. Each pause is shortened at random, the first one down to nothing and the others by up to a half, so that many
/// clients do not repeat their requests at the same time.
pub(crate) fn retry_pauses() -> RetryPauses {
    // `backon` lengthens each pause at random by up to its own length, so the limits for `backon` are half of the
    // intended limits.
    let exponential = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(MAX_PAUSE / 2)
        .with_jitter()
        .without_max_times();
    let first = Duration::from_millis(u64::from(random_below(MAX_FIRST_PAUSE_MILLIS)));
    iter::once(first).chain(exponential.build())
}

/// Takes the next pause from the series.
pub(crate) fn next_pause(pauses: &mut RetryPauses) -> Duration {
    pauses.next().unwrap_or(MAX_PAUSE)
}

/// Takes the next pause from the series, or returns the time that the server asked for if that time is longer. The
/// server's time is lengthened at random by up to a quarter, because the server asks all clients for the same time.
pub(crate) fn next_pause_after(pauses: &mut RetryPauses, retry_after: Option<Duration>) -> Duration {
    let pause = next_pause(pauses);
    let Some(asked) = retry_after else { return pause };
    let quarter = u32::try_from(asked.as_millis() / 4).unwrap_or(u32::MAX);
    pause.max(asked + Duration::from_millis(u64::from(random_below(quarter))))
}

/// Returns a random number below `limit`. A limit of 0 counts as 1.
pub(crate) fn random_below(limit: u32) -> u32 {
    u32::try_from(RandomState::new().hash_one(0_u8) % u64::from(limit.max(1))).unwrap_or_default()
}

/// The attempts at a request for whose answer the user waits. After a temporary fault, the request is repeated only for
/// a limited time.
pub(crate) struct FirstAttempts {
    deadline: Instant,
    pauses: RetryPauses,
}

impl FirstAttempts {
    /// Starts a series of attempts that lasts at most `patience`.
    pub(crate) fn new(patience: Duration) -> Self {
        Self { deadline: Instant::now() + patience, pauses: retry_pauses() }
    }

    /// Returns the pause before the next attempt, or `None` if the pause would last beyond the end of the series.
    pub(crate) fn next_pause(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        let pause = next_pause_after(&mut self.pauses, retry_after);
        (Instant::now() + pause <= self.deadline).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds_with_jitter() {
        let mut pauses = retry_pauses();
        assert!(next_pause(&mut pauses) < Duration::from_millis(100));
        let mut longest = Duration::from_millis(200);
        for _ in 0..20 {
            let pause = next_pause(&mut pauses);
            assert!((longest / 2..=longest).contains(&pause), "{pause:?} of at most {longest:?}");
            longest = (longest * 2).min(MAX_PAUSE);
        }
    }

    #[test]
    fn the_time_that_the_server_asks_for_is_kept_with_jitter() {
        let asked = Duration::from_secs(20);
        for _ in 0..100 {
            let pause = next_pause_after(&mut retry_pauses(), Some(asked));
            assert!((asked..asked * 5 / 4).contains(&pause), "{pause:?}");
        }
    }

    #[test]
    fn random_numbers_differ_and_stay_below_the_limit() {
        let numbers: std::collections::BTreeSet<u32> = (0..100).map(|_| random_below(1000)).collect();
        assert!(numbers.len() > 50 && numbers.iter().all(|number| *number < 1000));
    }
}
