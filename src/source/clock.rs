//! The time of a source: the only place of the program where a clock is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// "Now", on the clock that a source's times are on.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The API server's: this machine's clock plus what the server's differs, in milliseconds.
    Server(Arc<AtomicI64>),
    /// A simulation's or a recording's, which runs at `speed` since `began`.
    Virtual {
        /// Time at the beginning.
        start: Timestamp,
        /// When it began.
        began: Instant,
        /// Virtual seconds a second.
        speed: f64,
    },
}

impl Clock {
    /// The API server's clock, as long as nothing is known of a difference.
    pub fn server() -> Self {
        Self::Server(Arc::new(AtomicI64::new(0)))
    }

    /// A clock that shows `start` now and runs at `speed`.
    pub fn virtual_from(start: Timestamp, speed: f64) -> Self {
        Self::Virtual { start, began: Instant::now(), speed }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Server(offset) => local_now() + SignedDuration::from_millis(offset.load(Ordering::Relaxed)),
            Self::Virtual { start, began, speed } => {
                let passed = SignedDuration::try_from_secs_f64(began.elapsed().as_secs_f64() * speed);
                *start + passed.unwrap_or(SignedDuration::MAX)
            }
        }
    }
}

/// This machine's clock.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(super) fn local_now() -> Timestamp {
    Timestamp::now()
}
