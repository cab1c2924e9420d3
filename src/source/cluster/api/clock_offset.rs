//! Measures the offset between the API server's clock and this machine's clock, from the `Date` headers of the server's
//! answers.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use http::header::DATE;
use jiff::Timestamp;

/// The server's clock minus this machine's clock, in milliseconds. Every answer of the server can narrow the interval
/// that contains the offset.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClockOffset {
    /// The estimate that [`crate::source::clock::Clock::Server`] adds to this machine's time: the offset within
    /// `bounds` that is closest to zero.
    estimate: Arc<AtomicI64>,
    /// The lowest and the highest possible offset, or `None` before the first answer.
    bounds: Arc<Mutex<Option<(i64, i64)>>>,
}

impl ClockOffset {
    /// Returns the estimate. The clock shares the estimate, so every answer that narrows the offset adjusts the clock.
    pub(crate) fn shared_estimate(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.estimate)
    }

    /// Returns the lowest and the highest possible offset in milliseconds, or `None` before the first answer.
    pub(crate) fn range_millis(&self) -> Option<(i64, i64)> {
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Narrows the offset by the `Date` header of an answer. The request was sent at `sent`, and the head of the answer
    /// arrived at `received`. Both are times of this machine's clock.
    pub(crate) fn narrow(&self, headers: &HeaderMap, sent: Timestamp, received: Timestamp) {
        let date = headers.get(DATE).and_then(|value| value.to_str().ok());
        let Some(date) = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok()) else { return };
        let date = date.timestamp().as_millisecond();
        // The server wrote the header between `sent` and `received`, at a time in [date, date + 1 s).
        let answer = (date - received.as_millisecond(), date + 999 - sent.as_millisecond());
        let mut bounds = self.bounds.lock().unwrap_or_else(PoisonError::into_inner);
        let narrowed = bounds.map_or(answer, |(low, high)| (low.max(answer.0), high.min(answer.1)));
        // An empty interval means that one of the clocks was adjusted, so earlier answers no longer count.
        let narrowed = if narrowed.0 > narrowed.1 { answer } else { narrowed };
        *bounds = Some(narrowed);
        self.estimate.store(0.clamp(narrowed.0, narrowed.1), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Narrows `offset` by one answer and returns the new estimate in milliseconds.
    fn narrow(offset: &ClockOffset, date: &str, sent: &str, received: &str) -> i64 {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, date.parse().unwrap());
        offset.narrow(&headers, sent.parse().unwrap(), received.parse().unwrap());
        offset.estimate.load(Ordering::Relaxed)
    }

    const NOON: &str = "Mon, 23 Nov 2026 12:00:00 GMT";

    #[test]
    fn equal_clocks_have_no_offset() {
        let offset = ClockOffset::default();
        assert_eq!(narrow(&offset, NOON, "2026-11-23T12:00:00.1Z", "2026-11-23T12:00:00.2Z"), 0);
    }

    #[test]
    fn each_answer_narrows_the_offset() {
        let offset = ClockOffset::default();
        // The server is 5.3 s ahead: its clock shows 12:00:00.0 when this machine's clock shows 11:59:54.7.
        assert_eq!(narrow(&offset, NOON, "2026-11-23T11:59:54.8Z", "2026-11-23T11:59:54.8Z"), 5200);
        assert_eq!(narrow(&offset, NOON, "2026-11-23T11:59:54.7Z", "2026-11-23T11:59:54.7Z"), 5300);
        // An answer with wider bounds changes nothing.
        assert_eq!(narrow(&offset, NOON, "2026-11-23T11:59:55.6Z", "2026-11-23T11:59:55.6Z"), 5300);
    }

    #[test]
    fn after_a_clock_is_adjusted_earlier_answers_do_not_count() {
        let offset = ClockOffset::default();
        assert_eq!(narrow(&offset, NOON, "2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z"), 0);
        assert_eq!(narrow(&offset, NOON, "2026-11-23T13:00:00Z", "2026-11-23T13:00:00Z"), -3_599_001);
    }

    #[test]
    fn a_header_that_is_not_a_date_is_ignored() {
        let offset = ClockOffset::default();
        assert_eq!(narrow(&offset, "yesterday", "2026-11-23T13:00:00Z", "2026-11-23T13:00:00Z"), 0);
    }
}
