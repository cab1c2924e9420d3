//! Divides the bytes of a stream into lines. All streams share a limited memory for long incomplete lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Maximum length of a line in bytes. The end of a longer line is dropped.
const MAX_LINE_BYTES: usize = 1 << 20;

/// Number of bytes of an incomplete line that do not count against the budget.
const FREE_LINE_BYTES: usize = 64 << 10;

/// Maximum number of bytes beyond [`FREE_LINE_BYTES`] that the incomplete lines of all streams may use together.
const BUDGET_BYTES: usize = 12 << 20;

/// The memory that is left for long incomplete lines.
#[derive(Clone, Debug)]
pub(crate) struct LineBudget(Arc<AtomicUsize>);

impl Default for LineBudget {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(BUDGET_BYTES)))
    }
}

impl LineBudget {
    fn try_take(&self, bytes: usize) -> bool {
        let take = |left: usize| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    fn release(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Divides one stream into lines.
#[derive(Debug)]
pub(crate) struct LineSplitter {
    budget: LineBudget,
    /// The beginning of a line whose end has not arrived.
    partial: Vec<u8>,
    /// Number of bytes that were taken from the budget.
    taken: usize,
    /// Whether a limit has been reached, so that the further bytes of the line are dropped.
    is_cut: bool,
}

/// One line of a stream, without its line feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawLine<'a> {
    pub(crate) bytes: &'a [u8],
    /// Whether the end of the line is missing, because the line is too long or the budget is used up.
    pub(crate) is_cut: bool,
}

impl LineSplitter {
    pub(crate) fn new(budget: LineBudget) -> Self {
        Self { budget, partial: Vec::new(), taken: 0, is_cut: false }
    }

    /// Adds bytes of the stream, and calls `on_line` for every line that is complete now.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut on_line: impl FnMut(RawLine<'_>)) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            bytes = rest;
            if self.partial.is_empty() && !self.is_cut && line.len() <= MAX_LINE_BYTES {
                on_line(RawLine { bytes: line, is_cut: false });
                continue;
            }
            self.keep(line);
            self.take_partial(&mut on_line);
        }
        self.keep(bytes);
    }

    /// Calls `on_line` for the last line of the stream, if the line has no line feed.
    pub(crate) fn finish(&mut self, mut on_line: impl FnMut(RawLine<'_>)) {
        if !self.partial.is_empty() {
            self.take_partial(&mut on_line);
        }
    }

    fn take_partial(&mut self, on_line: &mut impl FnMut(RawLine<'_>)) {
        on_line(RawLine { bytes: &self.partial, is_cut: self.is_cut });
        self.forget_partial();
    }

    /// Adds bytes to the incomplete line, as many as the limits allow.
    fn keep(&mut self, bytes: &[u8]) {
        if self.is_cut || bytes.is_empty() {
            return;
        }
        let room = MAX_LINE_BYTES - self.partial.len();
        let bytes = if bytes.len() > room {
            self.is_cut = true;
            &bytes[..room]
        } else {
            bytes
        };
        let needed = (self.partial.len() + bytes.len()).saturating_sub(FREE_LINE_BYTES);
        let missing = needed.saturating_sub(self.taken);
        if missing > 0 {
            if !self.budget.try_take(missing) {
                self.is_cut = true;
                let room = FREE_LINE_BYTES.saturating_sub(self.partial.len()).min(bytes.len());
                self.partial.extend_from_slice(&bytes[..room]);
                return;
            }
            self.taken += missing;
        }
        self.partial.extend_from_slice(bytes);
    }

    fn forget_partial(&mut self) {
        self.budget.release(std::mem::take(&mut self.taken));
        self.is_cut = false;
        if self.partial.capacity() > FREE_LINE_BYTES {
            self.partial = Vec::new();
        } else {
            self.partial.clear();
        }
    }
}

impl Drop for LineSplitter {
    fn drop(&mut self) {
        self.forget_partial();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(splitter: &mut LineSplitter, parts: &[&[u8]]) -> Vec<(usize, bool)> {
        let mut lines = Vec::new();
        for part in parts {
            splitter.push(part, |line| lines.push((line.bytes.len(), line.is_cut)));
        }
        lines
    }

    #[test]
    fn lines_are_the_same_however_the_stream_is_divided() {
        let stream = b"one\n\ntwo\nthree";
        for size in 1..=stream.len() {
            let mut splitter = LineSplitter::new(LineBudget::default());
            let mut lines = Vec::new();
            for part in stream.chunks(size) {
                splitter.push(part, |line| lines.push(String::from_utf8(line.bytes.to_vec()).unwrap()));
            }
            assert_eq!(lines, ["one", "", "two"], "parts of {size}");
            splitter.finish(|line| lines.push(String::from_utf8(line.bytes.to_vec()).unwrap()));
            assert_eq!(lines.last().unwrap(), "three");
        }
    }

    #[test]
    fn a_line_is_cut_after_a_mebibyte() {
        let mut splitter = LineSplitter::new(LineBudget::default());
        let part = vec![b'x'; 300 << 10];
        let long = split(&mut splitter, &[&part, &part, &part, &part, b"\nshort\n"]);
        assert_eq!(long, [(MAX_LINE_BYTES, true), (5, false)]);
        let whole = vec![b'x'; MAX_LINE_BYTES];
        assert_eq!(split(&mut splitter, &[&whole, b"\n"]), [(MAX_LINE_BYTES, false)]);
        let mut longer = vec![b'x'; MAX_LINE_BYTES + 1];
        longer.push(b'\n');
        assert_eq!(split(&mut splitter, &[&longer]), [(MAX_LINE_BYTES, true)]);
    }

    #[test]
    fn all_streams_share_the_memory_for_long_lines() {
        let budget = LineBudget::default();
        let mut splitters: Vec<_> = (0..20).map(|_| LineSplitter::new(budget.clone())).collect();
        let part = vec![b'x'; MAX_LINE_BYTES];
        for splitter in &mut splitters {
            splitter.push(&part, |_| panic!("no line is complete"));
        }
        let cut: Vec<bool> = splitters.iter_mut().map(|splitter| split(splitter, &[b"\n"])[0].1).collect();
        let whole = cut.iter().filter(|is_cut| !**is_cut).count();
        assert!((8..20).contains(&whole), "{whole} of 20 long lines fit");
        // The memory is free again.
        assert_eq!(split(&mut splitters[0], &[&part, b"\n"]), [(MAX_LINE_BYTES, false)]);
        drop(splitters);
        assert_eq!(budget.0.load(Ordering::Relaxed), BUDGET_BYTES);
    }
}
