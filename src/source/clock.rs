//! The time of a source: the only place of the program where a clock is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// "Now", on the clock that a source's times are on.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
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
        /// Where it stops, in nanoseconds since 1970; the largest number if nowhere.
        end: Arc<AtomicI64>,
    },
    /// A simulation's or a recording's that is delivered at once: the time of what was delivered last, in nanoseconds
    /// since 1970.
    Told(Arc<AtomicI64>),
}

impl Clock {
    /// The API server's clock, as long as nothing is known of a difference.
    #[cfg(test)]
    pub(crate) fn server() -> Self {
        Self::Server(Arc::new(AtomicI64::new(0)))
    }

    /// A clock that shows `start` now and runs at `speed`.
    pub(crate) fn virtual_from(start: Timestamp, speed: f64) -> Self {
        Self::Virtual { start, began: Instant::now(), speed, end: Arc::new(AtomicI64::new(i64::MAX)) }
    }

    /// A clock that shows what it was told last, at first `start`.
    pub(crate) fn told(start: Timestamp) -> Self {
        let clock = Self::Told(Arc::new(AtomicI64::new(0)));
        clock.tell(start);
        clock
    }

    /// Whether it shows what it was told.
    pub(crate) fn is_told(&self) -> bool {
        matches!(self, Self::Told(_))
    }

    /// Tells a [`Clock::Told`] the time; the others know it.
    pub(crate) fn tell(&self, at: Timestamp) {
        if let Self::Told(latest) = self {
            latest.store(nanoseconds(at), Ordering::Relaxed);
        }
    }

    /// From that time on it shows that time, because nothing more is known; of the server's there is no end.
    pub(crate) fn stop_at(&self, at: Timestamp) {
        match self {
            Self::Server(_) => {}
            Self::Virtual { end, .. } => end.store(nanoseconds(at), Ordering::Relaxed),
            Self::Told(_) => self.tell(at),
        }
    }

    /// When a [`Clock::Virtual`] shows that time; `None` for the others, and for a time that never comes.
    pub(crate) fn instant(&self, at: Timestamp) -> Option<Instant> {
        let Self::Virtual { start, began, speed, .. } = self else { return None };
        let seconds = at.duration_since(*start).as_secs_f64() / speed;
        began.checked_add(std::time::Duration::try_from_secs_f64(seconds.max(0.0)).ok()?)
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Server(offset) => local_now() + SignedDuration::from_millis(offset.load(Ordering::Relaxed)),
            Self::Virtual { start, began, speed, end } => {
                let passed = SignedDuration::try_from_secs_f64(began.elapsed().as_secs_f64() * speed);
                let now = start.saturating_add(passed.unwrap_or(SignedDuration::MAX));
                now.unwrap_or(Timestamp::MAX).min(timestamp(end.load(Ordering::Relaxed)))
            }
            Self::Told(latest) => timestamp(latest.load(Ordering::Relaxed)),
        }
    }
}

fn nanoseconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

fn timestamp(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default()
}

/// This machine's clock.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(crate) fn local_now() -> Timestamp {
    Timestamp::now()
}
