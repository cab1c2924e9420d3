//! How much the API server's clock differs from this machine's, from the `Date` header of its answers.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use http::header::DATE;
use jiff::Timestamp;

/// What is known of (server − local), in milliseconds: an interval that every answer narrows.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClockOffset {
    /// What [`crate::source::Clock::Server`] adds.
    shared: Arc<AtomicI64>,
    bounds: Arc<Mutex<Option<(i64, i64)>>>,
}

impl ClockOffset {
    /// The number that the clock adds to this machine's time.
    pub(crate) fn shared(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.shared)
    }

    /// Learns from an answer that was asked for at `sent` and whose head was there at `received`, both local.
    pub(crate) fn learn(&self, headers: &HeaderMap, sent: Timestamp, received: Timestamp) {
        let date = headers.get(DATE).and_then(|value| value.to_str().ok());
        let Some(date) = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok()) else { return };
        let date = date.timestamp().as_millisecond();
        // The server wrote the header between `sent` and `received`, at a time in [date, date + 1 s).
        let answer = (date - received.as_millisecond(), date + 999 - sent.as_millisecond());
        let mut bounds = self.bounds.lock().unwrap_or_else(PoisonError::into_inner);
        let known = bounds.map_or(answer, |(low, high)| (low.max(answer.0), high.min(answer.1)));
        // One of the clocks was set: what was known before is worth nothing.
        let known = if known.0 > known.1 { answer } else { known };
        *bounds = Some(known);
        self.shared.store(0.clamp(known.0, known.1), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(offset: &ClockOffset, date: &str, sent: &str, received: &str) -> i64 {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, date.parse().unwrap());
        offset.learn(&headers, sent.parse().unwrap(), received.parse().unwrap());
        offset.shared.load(Ordering::Relaxed)
    }

    const NOON: &str = "Mon, 23 Nov 2026 12:00:00 GMT";

    #[test]
    fn equal_clocks_differ_by_nothing() {
        let offset = ClockOffset::default();
        assert_eq!(learn(&offset, NOON, "2026-11-23T12:00:00.1Z", "2026-11-23T12:00:00.2Z"), 0);
    }

    #[test]
    fn answers_narrow_the_difference() {
        let offset = ClockOffset::default();
        // The server is 5.3 s ahead: its clock shows 12:00:00.0 to 12:00:00.9 when ours shows 11:59:54.7 to …
        assert_eq!(learn(&offset, NOON, "2026-11-23T11:59:54.8Z", "2026-11-23T11:59:54.8Z"), 5200);
        assert_eq!(learn(&offset, NOON, "2026-11-23T11:59:54.7Z", "2026-11-23T11:59:54.7Z"), 5300);
        // A looser answer changes nothing.
        assert_eq!(learn(&offset, NOON, "2026-11-23T11:59:55.6Z", "2026-11-23T11:59:55.6Z"), 5300);
    }

    #[test]
    fn a_clock_that_was_set_is_learnt_anew() {
        let offset = ClockOffset::default();
        assert_eq!(learn(&offset, NOON, "2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z"), 0);
        assert_eq!(learn(&offset, NOON, "2026-11-23T13:00:00Z", "2026-11-23T13:00:00Z"), -3_599_001);
    }

    #[test]
    fn a_header_that_is_no_date_is_ignored() {
        let offset = ClockOffset::default();
        assert_eq!(learn(&offset, "yesterday", "2026-11-23T13:00:00Z", "2026-11-23T13:00:00Z"), 0);
    }
}
