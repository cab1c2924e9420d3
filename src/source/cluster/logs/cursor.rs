//! The position in the log of a container up to which the log was read, so that a new request can continue there.
//!
//! The API server accepts the start of a log only in whole seconds. Therefore a new request begins a second or two
//! before the last line. The cursor counts the lines that it has accepted since that time, and skips as many lines of
//! the new answer. The count is exact even if several lines are equal, or if the times of neighbouring lines are not in
//! order.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, Hasher as _};

use jiff::Timestamp;

use crate::source::cluster::logs::update::LogGap;

/// Number of bytes at the start of a line that take part in its fingerprint. A line whose end was not received has the
/// same fingerprint as the whole line.
const MAX_FINGERPRINT_BYTES: usize = 1 << 10;

/// Number of lines that a request for the last lines of a log asks for.
const LAST_LINES: usize = 8;

/// The time of a line and the hash of the first bytes of its text. They identify the line when the server returns it
/// again. The time has nanoseconds, so two lines of different files are practically never equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
    at: Timestamp,
    hash: u64,
}

impl Fingerprint {
    fn new(at: Timestamp, text: &[u8]) -> Self {
        // The hashes of different hashers are compared, so all hashers have the same seed.
        let mut hasher = foldhash::fast::FixedState::default().build_hasher();
        hasher.write(&text[..text.len().min(MAX_FINGERPRINT_BYTES)]);
        Self { at, hash: hasher.finish() }
    }
}

/// The accepted lines of one second.
#[derive(Clone, Copy, Debug, Default)]
struct SecondLines {
    /// Seconds since 1970.
    second: i64,
    count: u64,
    /// The first accepted line of the second, and the number of lines of the run that were accepted before it.
    first: Option<(u64, Fingerprint)>,
}

impl SecondLines {
    fn new(second: i64) -> Self {
        Self { second, count: 0, first: None }
    }

    fn add(&mut self, accepted_before: u64, line: Fingerprint) {
        self.count += 1;
        self.first.get_or_insert((accepted_before, line));
    }
}

/// The part of a log that a request asks for, and the conclusion from an unexpected first line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RequestMode {
    /// The lines from the second before the last accepted line. If the first line is not the expected line, the answer
    /// belongs to another run, or the runtime has deleted the file that contained the expected line.
    #[default]
    Continue,
    /// The same lines as for [`Self::Continue`]. If the first line is not the expected line, the runtime has deleted
    /// the file that contained the expected line.
    ContinueAfterFileDeletion,
    /// The whole log. If the log begins before the first accepted line, the accepted lines belong to a later run.
    FromStart,
    /// The last few lines. The kubelet finds them from the end of the file, without reading the lines before them. If
    /// the first line is not one of the last accepted lines, only a request in another mode shows why.
    LastLines,
}

/// The part of a log that a request asks for, as parameters of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogRange {
    /// The time from which lines are requested, in whole seconds. `None` requests lines from the start of the log.
    pub(crate) since: Option<Timestamp>,
    /// Number of last lines to request, or `None` for all lines.
    pub(crate) tail_lines: Option<u32>,
}

/// How the lines of the present request relate to the accepted lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overlap {
    /// No line of the request has arrived.
    Unknown(RequestMode),
    /// This number of further lines was already accepted.
    Skip(u64),
    /// The log no longer contains the lines from which the request should continue. Lines up to the time `last` were
    /// already accepted.
    SkipUntil {
        last: Timestamp,
        /// Whether the request has returned a line of this time.
        is_reached: bool,
    },
    /// Every further line is new.
    Passed,
}

impl Default for Overlap {
    fn default() -> Self {
        Self::Unknown(RequestMode::default())
    }
}

/// How certain it is that no line follows the last accepted line of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EndCertainty {
    #[default]
    Unknown,
    /// A followed stream was closed normally after the last line. The stream of a kubelet or a node that stops ends
    /// in the same way.
    Likely,
    /// An answer that was requested after the end of the run was closed normally after the last line.
    Certain,
}

/// The result of [`LogCursor::accept`] for one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineStatus {
    /// The line is new.
    New,
    /// The line was already accepted.
    Known,
    /// The line is new, but lines before it can no longer be read: the runtime deleted the file that contained them.
    NewAfterGap {
        /// The time of the last line before the gap.
        since: Timestamp,
    },
    /// The rest of an accepted line that began before the requested time. The line was not accepted.
    Fragment,
    /// The answer does not contain the lines that the cursor expects. The line was not accepted.
    Unexpected,
    /// The answer belongs to an earlier run than the accepted lines. The line was not accepted.
    EarlierRun,
}

/// The position in the log of one run of a container.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogCursor {
    /// The number of restarts before the run that is read.
    run: u32,
    /// The time of the latest accepted line.
    last: Option<Timestamp>,
    /// The accepted lines of the second before [`Self::current`].
    previous: SecondLines,
    /// The accepted lines of the second of the latest line.
    current: SecondLines,
    /// The last accepted lines, at most [`LAST_LINES`].
    last_lines: VecDeque<Fingerprint>,
    /// The first accepted line of the run.
    first: Option<Fingerprint>,
    /// Number of accepted lines of the run.
    accepted: u64,
    /// The first accepted line after the latest gap of the run, and the number of lines that were accepted before it.
    after_gap: Option<(u64, Fingerprint)>,
    /// The first line and the number of lines of the latest earlier run with lines. If that run has a gap, only the
    /// lines after the gap count. A request for the next run may return the same lines again, if the kubelet does not
    /// know the next run yet, or if these lines belong to the next run.
    previous_run: Option<(Fingerprint, u64)>,
    /// The time of the latest line of the run before this run.
    earlier_last: Option<Timestamp>,
    /// The number of the latest run whose lines the kubelet has returned, even if the status does not report this run
    /// yet.
    pub(crate) latest_run: u32,
    /// Whether a request for this run has returned the lines of [`Self::previous_run`].
    repeats_previous_run: bool,
    /// Whether a line may follow the last accepted line.
    pub(crate) end: EndCertainty,
    /// A gap at the end of the earlier run. It is reported unless the lines of [`Self::previous_run`] belong to this
    /// run.
    pub(crate) owed_gap: Option<LogGap>,
    overlap: Overlap,
}

impl LogCursor {
    /// Returns the number of restarts before the run that is read.
    pub(crate) fn run(&self) -> u32 {
        self.run
    }

    /// Returns the time of the latest accepted line of the run.
    pub(crate) fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Returns the time of the latest accepted line of the run before this run.
    pub(crate) fn earlier_last(&self) -> Option<Timestamp> {
        self.earlier_last
    }

    /// Returns the number of accepted lines of the run.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Whether a line of the run was accepted.
    pub(crate) fn has_lines(&self) -> bool {
        self.accepted > 0
    }

    /// Whether lines were accepted after a gap of the run.
    pub(crate) fn has_lines_after_gap(&self) -> bool {
        self.after_gap.is_some()
    }

    /// Whether lines of the run were accepted as lines of the earlier run, because the kubelet restarted the container
    /// before the API server's status showed the restart.
    pub(crate) fn repeats_previous_run(&self) -> bool {
        self.repeats_previous_run
    }

    /// Begins to read another run, from its first line.
    pub(crate) fn begin_run(&mut self, run: u32) {
        let first = self.after_gap.or(self.first.map(|first| (0, first)));
        let lines = first.map(|(accepted_before, first)| (first, self.accepted - accepted_before));
        *self = Self {
            run,
            previous_run: lines.or(self.previous_run),
            earlier_last: self.last,
            latest_run: self.latest_run,
            ..Self::default()
        };
    }

    /// Assigns the accepted lines to another run, because the kubelet has returned the lines of a later run than
    /// requested.
    pub(crate) fn relabel_run(&mut self, run: u32) {
        self.run = run;
    }

    /// Prepares the cursor for a new request. Returns the part of the log that must be requested.
    pub(crate) fn begin_request(&mut self, mode: RequestMode) -> LogRange {
        self.overlap = Overlap::Unknown(mode);
        if self.last.is_none() || mode == RequestMode::FromStart {
            return LogRange::default();
        }
        if mode == RequestMode::LastLines {
            return LogRange { tail_lines: u32::try_from(LAST_LINES).ok(), ..LogRange::default() };
        }
        // The second before the latest line is read again, because times of neighbouring lines may not be in order.
        let since = Timestamp::from_second(self.current.second.saturating_sub(1)).ok();
        LogRange { since, ..LogRange::default() }
    }

    /// Whether the present request has returned no line, or only lines that were not expected.
    pub(crate) fn is_request_empty(&self) -> bool {
        matches!(self.overlap, Overlap::Unknown(_))
    }

    /// Whether the lines of the present request reach the last accepted line.
    pub(crate) fn reaches_last_line(&self) -> bool {
        match self.overlap {
            Overlap::Unknown(_) => self.accepted == 0,
            Overlap::Skip(count) => count == 0,
            Overlap::SkipUntil { is_reached, .. } => is_reached,
            Overlap::Passed => true,
        }
    }

    /// Accepts the next line of the present request, unless the line is known or unexpected.
    pub(crate) fn accept(&mut self, at: Timestamp, text: &[u8]) -> LineStatus {
        if let Overlap::Unknown(mode) = self.overlap {
            match self.find_overlap(mode, at, text) {
                Ok(overlap) => {
                    self.repeats_previous_run |= self.accepted == 0 && matches!(overlap, Overlap::Skip(_));
                    self.overlap = overlap;
                }
                Err(verdict) => return verdict,
            }
        }
        let verdict = match self.overlap {
            Overlap::Unknown(_) | Overlap::Passed => LineStatus::New,
            Overlap::Skip(0) => {
                self.overlap = Overlap::Passed;
                LineStatus::New
            }
            Overlap::Skip(count) => {
                self.overlap = Overlap::Skip(count - 1);
                return LineStatus::Known;
            }
            Overlap::SkipUntil { last, is_reached } if at <= last => {
                self.overlap = Overlap::SkipUntil { last, is_reached: is_reached || at == last };
                return LineStatus::Known;
            }
            // The request has returned the last accepted line, so no line before this line was deleted.
            Overlap::SkipUntil { is_reached: true, .. } => {
                self.overlap = Overlap::Passed;
                LineStatus::New
            }
            Overlap::SkipUntil { last: since, is_reached: false } => {
                self.overlap = Overlap::Passed;
                self.after_gap = Some((self.accepted, Fingerprint::new(at, text)));
                LineStatus::NewAfterGap { since }
            }
        };
        self.count_line(at, text);
        verdict
    }

    /// Compares the first line of a request with the accepted lines.
    fn find_overlap(&self, mode: RequestMode, at: Timestamp, text: &[u8]) -> Result<Overlap, LineStatus> {
        let line = Fingerprint::new(at, text);
        let (Some(last), Some(first)) = (self.last, self.first) else {
            // The kubelet may have returned the log of the earlier run.
            return Ok(match self.previous_run {
                Some((first, count)) if first == line => Overlap::Skip(count),
                Some(_) | None => Overlap::Passed,
            });
        };
        if mode == RequestMode::FromStart {
            return match first {
                first if first == line => Ok(Overlap::Skip(self.accepted)),
                first if line.at < first.at => Err(LineStatus::EarlierRun),
                _ => Ok(Overlap::SkipUntil { last, is_reached: false }),
            };
        }
        if mode == RequestMode::LastLines {
            let mut positions = (0..self.last_lines.len()).filter(|&index| self.last_lines[index] == line);
            return match (positions.next(), positions.next()) {
                (Some(index), None) => Ok(Overlap::Skip((self.last_lines.len() - index) as u64)),
                (Some(_), Some(_)) | (None, _) => Err(LineStatus::Unexpected),
            };
        }
        let firsts = self.previous.first.into_iter().chain(self.current.first);
        let expected = firsts.min_by_key(|(accepted_before, _)| *accepted_before);
        match expected {
            Some((_, first)) if first == line => {
                return Ok(Overlap::Skip(self.previous.count + self.current.count));
            }
            // The runtime stores a line of more than 16 KiB in parts, each with its own time. If such a line began
            // before the requested time, the answer begins with its later parts.
            Some((accepted_before, first)) if accepted_before > 0 && at <= first.at => {
                return Err(LineStatus::Fragment);
            }
            Some(_) | None => {}
        }
        match mode {
            RequestMode::Continue | RequestMode::LastLines => Err(LineStatus::Unexpected),
            RequestMode::ContinueAfterFileDeletion | RequestMode::FromStart => {
                Ok(Overlap::SkipUntil { last, is_reached: false })
            }
        }
    }

    fn count_line(&mut self, at: Timestamp, text: &[u8]) {
        let second = floor_second(at);
        let line = Fingerprint::new(at, text);
        let accepted_before = self.accepted;
        self.accepted += 1;
        self.first.get_or_insert(line);
        if self.last_lines.len() == LAST_LINES {
            self.last_lines.pop_front();
        }
        self.last_lines.push_back(line);
        if self.last.is_none() || second > self.current.second {
            let is_next = self.last.is_some() && second == self.current.second + 1;
            self.previous = if is_next { self.current } else { SecondLines::new(second.saturating_sub(1)) };
            self.current = SecondLines::new(second);
        }
        // Lines of earlier seconds are not counted by second, because no request returns these lines again.
        if second >= self.current.second {
            self.current.add(accepted_before, line);
        } else if second == self.previous.second {
            self.previous.add(accepted_before, line);
        }
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }
}

/// Returns the whole seconds since 1970, rounded down.
fn floor_second(at: Timestamp) -> i64 {
    at.as_nanosecond().div_euclid(1_000_000_000).try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
