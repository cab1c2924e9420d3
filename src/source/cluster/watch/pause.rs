//! How long to wait before the next try.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Pauses between tries: none, then 0.2 s and doubling up to 10 s, each shortened by up to a half.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    tries: u32,
}

impl Pause {
    pub(crate) fn next(&mut self) -> Duration {
        let tries = self.tries;
        self.tries += 1;
        let Some(doublings) = tries.checked_sub(1) else { return Duration::ZERO };
        let longest = (200_u32 << doublings.min(6)).min(10_000);
        Duration::from_millis(u64::from(longest - random(longest / 2)))
    }
}

/// A number below `limit`, another one each time.
pub(crate) fn random(limit: u32) -> u32 {
    u32::try_from(RandomState::new().hash_one(0_u8) % u64::from(limit.max(1))).unwrap_or_default()
}
