//! Clocks of the sources. [`local_now`] is the only function that reads this machine's wall clock.
//!
//! Other modules read monotonic clocks (`Instant`) to measure pauses, timeouts and intervals, never the time of day.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// The current time on the clock that a source's timestamps use.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    /// The API server's clock: this machine's clock plus the measured offset.
    Server {
        /// The server's clock minus this machine's clock, in milliseconds.
        offset_millis: Arc<AtomicI64>,
    },
    /// The clock of a simulation or recording that is played back.
    Playback {
        /// The time that the clock shows when playback begins.
        start: Timestamp,
        /// The real instant at which playback begins.
        began: Instant,
        /// Seconds of playback per real second.
        speed: f64,
        /// The time at which the clock stops, in nanoseconds since 1970; `i64::MAX` if it does not stop.
        end_nanos: Arc<AtomicI64>,
    },
    /// The clock of a recording whose playback the user controls.
    Controlled(PlaybackControl),
    /// The clock of a simulation or recording that is read in one go, without playback. The clock shows the time of the
    /// latest observation.
    Latest {
        /// The time that the clock shows, in nanoseconds since 1970.
        nanos: Arc<AtomicI64>,
    },
}

impl Clock {
    /// Returns the clock of an API server whose offset is zero.
    #[cfg(test)]
    pub(crate) fn server() -> Self {
        Self::Server { offset_millis: Arc::new(AtomicI64::new(0)) }
    }

    /// Returns a playback clock that shows `start` now and runs at `speed`, in seconds of playback per real second.
    pub(crate) fn playback(start: Timestamp, speed: f64) -> Self {
        Self::Playback { start, began: Instant::now(), speed, end_nanos: Arc::new(AtomicI64::new(i64::MAX)) }
    }

    /// Returns a [`Clock::Latest`] that shows `start`.
    pub(crate) fn latest(start: Timestamp) -> Self {
        Self::Latest { nanos: Arc::new(AtomicI64::new(to_nanos(start))) }
    }

    /// Whether this is a [`Clock::Latest`].
    pub(crate) fn is_latest(&self) -> bool {
        matches!(self, Self::Latest { .. })
    }

    /// Moves a [`Clock::Latest`] to `at`. Has no effect on the other clocks, because they advance by themselves.
    pub(crate) fn advance_to(&self, at: Timestamp) {
        if let Self::Latest { nanos } = self {
            nanos.store(to_nanos(at), Ordering::Relaxed);
        }
    }

    /// Stops a playback clock at `at`, and moves a [`Clock::Latest`] to `at`. Has no effect on a server's clock.
    pub(crate) fn stop_at(&self, at: Timestamp) {
        match self {
            Self::Server { .. } | Self::Controlled(_) => {}
            Self::Playback { end_nanos, .. } => end_nanos.store(to_nanos(at), Ordering::Relaxed),
            Self::Latest { .. } => self.advance_to(at),
        }
    }

    /// Returns the real instant at which a playback clock shows `at`, or `None` if this is another clock or playback
    /// never reaches `at`.
    pub(crate) fn real_instant_of(&self, at: Timestamp) -> Option<Instant> {
        let Self::Playback { start, began, speed, .. } = self else { return None };
        let seconds = at.duration_since(*start).as_secs_f64() / speed;
        began.checked_add(Duration::try_from_secs_f64(seconds.max(0.0)).ok()?)
    }

    /// Returns the current time on this clock.
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Server { offset_millis } => {
                local_now() + SignedDuration::from_millis(offset_millis.load(Ordering::Relaxed))
            }
            Self::Playback { start, began, speed, end_nanos } => {
                let passed = SignedDuration::try_from_secs_f64(began.elapsed().as_secs_f64() * speed);
                let now = start.saturating_add(passed.unwrap_or(SignedDuration::MAX));
                now.unwrap_or(Timestamp::MAX).min(from_nanos(end_nanos.load(Ordering::Relaxed)))
            }
            Self::Controlled(control) => control.now(),
            Self::Latest { nanos } => from_nanos(nanos.load(Ordering::Relaxed)),
        }
    }
}

/// A playback clock that can be paused and moved. Clones share their state.
#[derive(Clone, Debug)]
pub(crate) struct PlaybackControl {
    state: Arc<Mutex<PlaybackState>>,
    /// The time of the first entry.
    start: Timestamp,
    /// The time at which the clock stops.
    end: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct PlaybackState {
    /// The time that the clock showed at `since`.
    shown: Timestamp,
    since: Instant,
    /// Seconds of playback per real second.
    speed: f64,
    is_paused: bool,
}

impl PlaybackControl {
    /// Returns a clock that shows `start` now, runs at `speed` and stops at `end`.
    pub(crate) fn new(start: Timestamp, end: Timestamp, speed: f64) -> Self {
        let state = PlaybackState { shown: start, since: Instant::now(), speed, is_paused: false };
        Self { state: Arc::new(Mutex::new(state)), start, end }
    }

    /// Returns the time of the first entry and the time at which the clock stops.
    pub(crate) fn bounds(&self) -> (Timestamp, Timestamp) {
        (self.start, self.end)
    }

    /// Returns the current time on this clock.
    pub(crate) fn now(&self) -> Timestamp {
        let state = self.state();
        let seconds = if state.is_paused { 0.0 } else { state.since.elapsed().as_secs_f64() * state.speed };
        let passed = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX);
        state.shown.saturating_add(passed).unwrap_or(self.end).min(self.end)
    }

    /// Returns the real instant at which the clock shows `at`. `None` if the clock is paused.
    pub(crate) fn real_instant_of(&self, at: Timestamp) -> Option<Instant> {
        let state = self.state();
        if state.is_paused {
            return None;
        }
        let seconds = at.duration_since(state.shown).as_secs_f64() / state.speed;
        state.since.checked_add(Duration::try_from_secs_f64(seconds.max(0.0)).ok()?)
    }

    /// Returns the number of seconds of playback per real second.
    pub(crate) fn speed(&self) -> f64 {
        self.state().speed
    }

    /// Whether the clock is paused.
    pub(crate) fn is_paused(&self) -> bool {
        self.state().is_paused
    }

    /// Moves the clock to `now`.
    pub(crate) fn set_now(&self, now: Timestamp) {
        self.change(|state| state.shown = now);
    }

    /// Pauses the clock, or lets it run.
    pub(crate) fn set_paused(&self, is_paused: bool) {
        self.change(|state| state.is_paused = is_paused);
    }

    /// Changes the speed.
    pub(crate) fn set_speed(&self, speed: f64) {
        self.change(|state| state.speed = speed);
    }

    fn state(&self) -> PlaybackState {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state from now on.
    fn change(&self, change: impl FnOnce(&mut PlaybackState)) {
        let mut changed = PlaybackState { shown: self.now(), since: Instant::now(), ..self.state() };
        change(&mut changed);
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = changed;
    }
}

/// Converts a time into nanoseconds since 1970. A time after the year 2262 becomes `i64::MAX`.
fn to_nanos(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

/// Converts nanoseconds since 1970 into a time.
fn from_nanos(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or_default()
}

/// Returns the time on this machine's wall clock.
#[expect(clippy::disallowed_methods, reason = "the only function that reads the wall clock")]
pub(crate) fn local_now() -> Timestamp {
    Timestamp::now()
}
