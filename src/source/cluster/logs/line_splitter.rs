//! Divides the bytes of a stream into lines.
//!
//! Each stream may keep a short beginning of an incomplete line. To keep more, it needs a permit. The number of
//! permits bounds the memory that all streams together use for long lines. A line keeps its permit until it is
//! dropped, so lines that wait for the printer count as well.

use std::borrow::Cow;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep_until};

/// Maximum length of the text of a line in bytes. The end of a longer line is dropped.
pub(crate) const MAX_TEXT_BYTES: usize = 1 << 20;

/// Maximum number of bytes before the text of a line: the time and a blank.
const MAX_TIME_BYTES: usize = 64;

/// The digits and separators at the start of a line.
const TIME_SHAPE: &[u8] = b"0000-00-00T00:00:00";

/// Number of bytes of an incomplete line that a stream may keep without a permit.
const FREE_LINE_BYTES: usize = 32 << 10;

/// Maximum number of long lines that exist at the same time.
const MAX_LONG_LINES: usize = 6;

/// The permits for long lines, which all streams share.
#[derive(Clone, Debug)]
pub(crate) struct LongLineBudget {
    permits: Arc<Semaphore>,
    /// Number of streams that wait for a permit.
    waiting: watch::Sender<usize>,
}

/// The right to keep one long line in memory.
#[derive(Debug)]
pub(crate) struct LongLinePermit(
    #[expect(dead_code, reason = "dropped to release the permit")] OwnedSemaphorePermit,
);

/// A stream that waits for a permit. It no longer counts when this value is dropped.
struct Waiter<'a>(&'a watch::Sender<usize>);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Default for LongLineBudget {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(MAX_LONG_LINES)), waiting: watch::Sender::new(0) }
    }
}

impl LongLineBudget {
    /// Waits for a permit. The streams get their permits in the order in which they began to wait.
    pub(crate) async fn acquire(&self) -> LongLinePermit {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return LongLinePermit(permit);
        }
        self.waiting.send_modify(|count| *count += 1);
        let _waiter = Waiter(&self.waiting);
        match Arc::clone(&self.permits).acquire_owned().await {
            Ok(permit) => LongLinePermit(permit),
            // The semaphore is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    /// Waits until `since` has passed and another stream waits for a permit.
    pub(crate) async fn wait_for_waiter(&self, since: Instant) {
        sleep_until(since).await;
        // The sender exists as long as the budget, so the channel is never closed.
        let _ = self.waiting.subscribe().wait_for(|count| *count > 0).await;
    }

    #[cfg(test)]
    fn available_permits(&self) -> usize {
        self.permits.available_permits()
    }
}

/// The text of a line that a program has rewritten with carriage returns, for example to draw a progress bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RewrittenText {
    /// The line keeps the whole text.
    #[default]
    Whole,
    /// The line keeps the text after the last carriage return, so a progress bar needs little memory.
    Last,
}

/// Divides one stream into lines.
#[derive(Debug, Default)]
pub(crate) struct LineSplitter {
    rewritten_text: RewrittenText,
    /// The beginning of a line whose end has not arrived.
    partial: Vec<u8>,
    /// The permit for a line of more than [`FREE_LINE_BYTES`].
    permit: Option<LongLinePermit>,
    /// Whether the line was cut, so that its further bytes are dropped.
    is_cut: bool,
    /// Whether the next byte of the line replaces its text.
    is_rewritten: bool,
}

/// One line of a stream, without its line feed.
#[derive(Debug)]
pub(crate) struct RawLine<'a> {
    pub(crate) bytes: Cow<'a, [u8]>,
    /// Whether the end of the line is missing, because the line is too long.
    pub(crate) is_cut: bool,
    /// The permit of a long line.
    pub(crate) permit: Option<LongLinePermit>,
}

impl LineSplitter {
    pub(crate) fn new(rewritten_text: RewrittenText) -> Self {
        Self { rewritten_text, ..Self::default() }
    }

    /// Adds bytes of the stream, and calls `on_line` for every line that is complete now.
    ///
    /// If a line needs a permit, returns the bytes that were not added. The caller calls [`Self::allow_long_line`] and
    /// then adds them.
    pub(crate) fn push<'a>(&mut self, mut bytes: &'a [u8], mut on_line: impl FnMut(RawLine<'_>)) -> &'a [u8] {
        let text_end = match self.rewritten_text {
            RewrittenText::Whole => b'\n',
            RewrittenText::Last => b'\r',
        };
        while !bytes.is_empty() {
            let end = bytes.iter().position(|&byte| byte == b'\n' || byte == text_end);
            let text = end.map_or(bytes, |end| &bytes[..end]);
            let rest = end.map_or(&[][..], |end| &bytes[end + 1..]);
            let is_line_end = end.is_some_and(|end| bytes[end] == b'\n');
            if self.is_cut {
                self.is_cut = !is_line_end;
            } else if is_line_end && self.partial.is_empty() && text.len() <= FREE_LINE_BYTES {
                on_line(RawLine { bytes: Cow::Borrowed(text), is_cut: false, permit: None });
            } else {
                let kept = self.keep_text(text);
                let is_too_long = kept < text.len();
                if is_too_long && self.permit.is_none() {
                    return &bytes[kept..];
                }
                if is_too_long || is_line_end {
                    self.take_partial(is_too_long, &mut on_line);
                    self.is_cut = !is_line_end;
                } else {
                    self.is_rewritten |= end.is_some();
                }
            }
            bytes = rest;
        }
        bytes
    }

    /// Calls `on_line` for the last line of the stream, if the line has no line feed.
    pub(crate) fn finish(&mut self, mut on_line: impl FnMut(RawLine<'_>)) {
        if !self.partial.is_empty() {
            self.take_partial(false, &mut on_line);
        }
    }

    /// Returns the hash of the incomplete line, or `None` if there is no such line.
    pub(crate) fn hash_rest(&self) -> Option<u64> {
        let hash = || foldhash::fast::FixedState::default().hash_one(&self.partial);
        (!self.partial.is_empty()).then(hash)
    }

    /// Whether there is an incomplete line that does not begin with a time. Only the kubelet's own messages are such
    /// lines.
    pub(crate) fn is_rest_without_time(&self) -> bool {
        let has_shape = |(byte, shape): (&u8, &u8)| match shape {
            b'0' => byte.is_ascii_digit(),
            separator => byte == separator,
        };
        !self.partial.is_empty() && !self.partial.iter().zip(TIME_SHAPE).all(has_shape)
    }

    /// Lets the incomplete line grow to the maximum length of a line.
    pub(crate) fn allow_long_line(&mut self, permit: LongLinePermit) {
        // All long lines have the same capacity, so that the allocator can reuse the memory of earlier lines.
        self.partial.reserve_exact(MAX_TIME_BYTES + MAX_TEXT_BYTES - self.partial.len());
        self.permit = Some(permit);
    }

    /// Returns the present length of the incomplete line if it has a permit, else 0.
    pub(crate) fn long_line_bytes(&self) -> usize {
        if self.permit.is_some() { self.partial.len() } else { 0 }
    }

    /// Removes the text that is replaced, then adds text, as much as allowed. Returns the number of added bytes.
    fn keep_text(&mut self, text: &[u8]) -> usize {
        if self.is_rewritten && !text.is_empty() {
            self.is_rewritten = false;
            self.partial.truncate(self.time_bytes());
            if self.permit.take().is_some() {
                self.partial.shrink_to(FREE_LINE_BYTES);
            }
        }
        self.keep(text)
    }

    /// Returns the number of bytes before the text of the incomplete line.
    fn time_bytes(&self) -> usize {
        let blank = self.partial.iter().take(MAX_TIME_BYTES).position(|&byte| byte == b' ');
        blank.map_or(0, |blank| blank + 1)
    }

    fn take_partial(&mut self, is_cut: bool, on_line: &mut impl FnMut(RawLine<'_>)) {
        self.is_rewritten = false;
        if let permit @ Some(_) = self.permit.take() {
            let bytes = Cow::Owned(std::mem::take(&mut self.partial));
            on_line(RawLine { bytes, is_cut, permit });
        } else {
            on_line(RawLine { bytes: Cow::Borrowed(&self.partial), is_cut, permit: None });
            self.partial.clear();
        }
    }

    /// Adds bytes to the incomplete line, as many as allowed. Returns their number.
    fn keep(&mut self, bytes: &[u8]) -> usize {
        let length = self.partial.len();
        let max_length =
            if self.permit.is_some() { self.time_bytes() + MAX_TEXT_BYTES } else { FREE_LINE_BYTES };
        let kept = &bytes[..bytes.len().min(max_length - length)];
        let needed = length + kept.len();
        if needed > self.partial.capacity() {
            // The capacity doubles as usual, but never exceeds the limit.
            let capacity = needed.max(2 * self.partial.capacity()).min(max_length);
            self.partial.reserve_exact(capacity - length);
        }
        self.partial.extend_from_slice(kept);
        kept.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds the parts, with permits from the budget. Returns the length of each line and whether it was cut.
    async fn split(
        splitter: &mut LineSplitter,
        budget: &LongLineBudget,
        parts: &[&[u8]],
    ) -> Vec<(usize, bool)> {
        let mut lines = Vec::new();
        for &part in parts {
            let mut rest = part;
            loop {
                rest = splitter.push(rest, |line| lines.push((line.bytes.len(), line.is_cut)));
                if rest.is_empty() {
                    break;
                }
                splitter.allow_long_line(budget.acquire().await);
            }
        }
        lines
    }

    #[test]
    fn lines_are_the_same_however_the_stream_is_divided() {
        let stream = b"one\n\ntwo\nthree";
        for size in 1..=stream.len() {
            let mut splitter = LineSplitter::default();
            let mut lines = Vec::new();
            for part in stream.chunks(size) {
                let rest =
                    splitter.push(part, |line| lines.push(String::from_utf8(line.bytes.to_vec()).unwrap()));
                assert!(rest.is_empty());
            }
            assert_eq!(lines, ["one", "", "two"], "parts of {size}");
            splitter.finish(|line| lines.push(String::from_utf8(line.bytes.to_vec()).unwrap()));
            assert_eq!(lines.last().unwrap(), "three");
        }
    }

    /// Returns the lines of a stream that arrives in parts of this size. The lines need no permits.
    fn lines(rewritten_text: RewrittenText, stream: &str, size: usize) -> Vec<String> {
        let mut splitter = LineSplitter::new(rewritten_text);
        let mut lines = Vec::new();
        for part in stream.as_bytes().chunks(size) {
            let rest =
                splitter.push(part, |line| lines.push(String::from_utf8(line.bytes.to_vec()).unwrap()));
            assert!(rest.is_empty(), "a line needs a permit");
        }
        splitter.finish(|line| lines.push(String::from_utf8(line.bytes.to_vec()).unwrap()));
        lines
    }

    #[test]
    fn the_last_text_of_a_rewritten_line_remains_however_the_stream_is_divided() {
        let stream = "T 1 %\r10 %\rdone\nT windows\r\nT \r\r\n\r\nT plain\nT a\r\rb";
        for size in 1..=stream.len() {
            let last = lines(RewrittenText::Last, stream, size);
            assert_eq!(last, ["T done", "T windows", "T ", "", "T plain", "T b"], "parts of {size}");
            let whole = lines(RewrittenText::Whole, stream, size);
            assert_eq!(whole.join("\n"), stream, "parts of {size}");
        }
    }

    #[test]
    fn a_long_progress_bar_needs_no_permit() {
        let bar = "a step of a long task\r".repeat(200_000);
        let stream = format!("T before\nT {bar}done\nT after\n");
        assert!(stream.len() > 4 * MAX_TEXT_BYTES);
        for size in [stream.len(), 16 << 10, 1000] {
            assert_eq!(lines(RewrittenText::Last, &stream, size), ["T before", "T done", "T after"]);
        }
    }

    #[tokio::test]
    async fn a_line_that_is_rewritten_gives_its_permit_back() {
        let budget = LongLineBudget::default();
        let mut splitter = LineSplitter::new(RewrittenText::Last);
        let long = vec![b'x'; 2 * FREE_LINE_BYTES];
        assert!(split(&mut splitter, &budget, &[b"T ", &long]).await.is_empty());
        assert_eq!(budget.available_permits(), MAX_LONG_LINES - 1);
        assert!(split(&mut splitter, &budget, &[b"\rshort"]).await.is_empty());
        assert_eq!(budget.available_permits(), MAX_LONG_LINES);
        assert!(splitter.partial.capacity() <= FREE_LINE_BYTES);
        assert_eq!(split(&mut splitter, &budget, &[b"\n"]).await, [("T short".len(), false)]);
    }

    #[tokio::test]
    async fn a_line_is_cut_after_a_mebibyte_of_text() {
        let budget = LongLineBudget::default();
        for (bytes, expected) in [
            (MAX_TEXT_BYTES - 1, (MAX_TEXT_BYTES - 1, false)),
            (MAX_TEXT_BYTES, (MAX_TEXT_BYTES, false)),
            (MAX_TEXT_BYTES + 1, (MAX_TEXT_BYTES, true)),
            (3 * MAX_TEXT_BYTES, (MAX_TEXT_BYTES, true)),
        ] {
            let line = [b"2026-01-01T00:00:00.5Z ", vec![b'x'; bytes].as_slice(), b"\nshort\n"].concat();
            for size in [line.len(), 300 << 10, 1000] {
                let mut splitter = LineSplitter::default();
                let parts: Vec<&[u8]> = line.chunks(size).collect();
                let lines = split(&mut splitter, &budget, &parts).await;
                assert_eq!(lines, [(expected.0 + 23, expected.1), (5, false)], "{bytes} in parts of {size}");
            }
        }
    }

    #[tokio::test]
    async fn a_line_that_never_ends_is_returned_and_uses_no_memory_after_its_cut() {
        let budget = LongLineBudget::default();
        let mut splitter = LineSplitter::default();
        let part = vec![b'x'; 300 << 10];
        let lines = split(&mut splitter, &budget, &[part.as_slice(); 20]).await;
        assert_eq!(lines, [(MAX_TEXT_BYTES, true)]);
        assert_eq!(budget.available_permits(), MAX_LONG_LINES);
        assert_eq!(splitter.partial.capacity(), 0);
        assert_eq!(split(&mut splitter, &budget, &[b"end\nshort\n"]).await, [(5, false)]);
    }

    #[tokio::test]
    async fn the_capacity_of_all_lines_is_bounded() {
        let budget = LongLineBudget::default();
        let mut splitter = LineSplitter::default();
        for _ in 0..FREE_LINE_BYTES / 100 {
            assert!(splitter.push(&[b'x'; 100], |_| panic!("no line is complete")).is_empty());
            assert!(splitter.partial.capacity() <= FREE_LINE_BYTES);
        }
        let rest = splitter.push(&[b'x'; 100], |_| panic!("no line is complete"));
        assert!(!rest.is_empty(), "more bytes were kept without a permit");
        splitter.allow_long_line(budget.acquire().await);
        assert_eq!(splitter.partial.capacity(), MAX_TEXT_BYTES + MAX_TIME_BYTES);
        // The line keeps its permit.
        let mut complete = None;
        splitter.push(b"\n", |line| complete = line.permit);
        assert_eq!(budget.available_permits(), MAX_LONG_LINES - 1);
        drop(complete);
        assert_eq!(budget.available_permits(), MAX_LONG_LINES);
    }
}
