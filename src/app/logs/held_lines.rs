//! Holds back the last lines of each log until it is known whether the Pod fails. The memory for all of them is
//! limited.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::app::logs::parts::{LogContent, LogPart, LoggedContainer};
use crate::source::cluster::logs::{LogGap, LogLine, Ticket};

/// Maximum number of bytes of the log of one container that are held back. One longer line is held back as a whole.
const MAX_CONTAINER_BYTES: usize = 64 << 10;

/// Maximum number of bytes of the logs of all containers that are held back.
const MAX_BYTES: usize = 12 << 20;

/// The memory that a line needs in addition to its text, in bytes.
const LINE_OVERHEAD: usize = 80;

/// The last lines of one log.
#[derive(Debug, Default)]
struct HeldLines {
    /// The lines. The number of a line is the number of restarts before the run that wrote the line.
    lines: VecDeque<(u32, LogLine)>,
    bytes: usize,
    /// The last part of the log that could not be read, and its run. It is shown after the lines.
    last_gap: Option<(u32, LogGap)>,
}

/// The last lines of the logs of all containers.
#[derive(Debug, Default)]
pub(crate) struct HeldLogs {
    logs: HashMap<Ticket, HeldLines>,
    /// The containers with lines, in the order of the size of their lines.
    by_size: BTreeSet<(usize, Ticket)>,
    bytes: usize,
}

impl HeldLogs {
    /// Adds lines to a log, and drops all but its last `max_lines` lines. If the logs of all containers need too much
    /// memory, drops the first line of the log that needs most. If that is its only line, drops the second half of the
    /// line.
    pub(crate) fn add(&mut self, ticket: Ticket, run: u32, lines: Vec<LogLine>, max_lines: usize) {
        self.update(ticket, |log| lines.into_iter().for_each(|line| log.add(run, line, max_lines)));
        while self.bytes > MAX_BYTES
            && let Some(&(_, largest)) = self.by_size.last()
        {
            self.update(largest, HeldLines::shrink);
        }
    }

    /// Notes that a part of a log could not be read.
    pub(crate) fn add_gap(&mut self, ticket: Ticket, run: u32, gap: LogGap) {
        self.logs.entry(ticket).or_default().last_gap = Some((run, gap));
    }

    /// Removes a log and returns its parts.
    pub(crate) fn remove(&mut self, ticket: Ticket, container: &LoggedContainer) -> Vec<LogPart> {
        let Some(log) = self.logs.remove(&ticket) else { return Vec::new() };
        self.by_size.remove(&(log.bytes, ticket));
        self.bytes -= log.bytes;
        log.into_parts(container)
    }

    fn update(&mut self, ticket: Ticket, change: impl FnOnce(&mut HeldLines)) {
        let log = self.logs.entry(ticket).or_default();
        self.by_size.remove(&(log.bytes, ticket));
        self.bytes -= log.bytes;
        change(log);
        self.bytes += log.bytes;
        if log.bytes > 0 {
            self.by_size.insert((log.bytes, ticket));
        }
    }
}

impl HeldLines {
    fn add(&mut self, run: u32, mut line: LogLine, max_lines: usize) {
        line.bytes.shrink_to_fit();
        self.bytes += size(&line);
        self.lines.push_back((run, line));
        while self.lines.len() > max_lines || (self.bytes > MAX_CONTAINER_BYTES && self.lines.len() > 1) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, dropped)) = self.lines.pop_front() {
            self.bytes -= size(&dropped);
        }
    }

    fn shrink(&mut self) {
        match self.lines.make_contiguous() {
            [(_, only)] if only.bytes.len() > LINE_OVERHEAD => {
                self.bytes -= size(only);
                only.bytes.truncate(only.bytes.len() / 2);
                only.bytes.shrink_to_fit();
                only.is_cut = true;
                self.bytes += size(only);
            }
            _ => self.drop_first(),
        }
    }

    fn into_parts(self, container: &LoggedContainer) -> Vec<LogPart> {
        let mut parts: Vec<LogPart> = Vec::new();
        for (run, line) in self.lines {
            match parts.last_mut() {
                Some(LogPart { run: last, content: LogContent::Lines(lines), .. }) if *last == run => {
                    lines.push(line);
                }
                Some(_) | None => {
                    let content = LogContent::Lines(vec![line]);
                    parts.push(LogPart { container: container.clone(), run, content });
                }
            }
        }
        let to_part =
            |(run, gap)| LogPart { container: container.clone(), run, content: LogContent::Gap(gap) };
        parts.extend(self.last_gap.map(to_part));
        parts
    }
}

/// The memory of a line in bytes.
fn size(line: &LogLine) -> usize {
    line.bytes.len() + LINE_OVERHEAD
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::timeline::PodKey;

    fn line(length: usize) -> LogLine {
        LogLine { at: Timestamp::UNIX_EPOCH, bytes: vec![b'x'; length], is_cut: false }
    }

    fn remove(logs: &mut HeldLogs, ticket: Ticket) -> Vec<(usize, bool)> {
        let container = LoggedContainer { pod: PodKey(0), name: Arc::from("main"), has_neighbours: false };
        let lines = logs.remove(ticket, &container).into_iter().flat_map(|part| match part.content {
            LogContent::Lines(lines) => lines,
            LogContent::Gap(gap) => panic!("{gap:?}"),
        });
        lines.map(|line| (line.bytes.len(), line.is_cut)).collect()
    }

    #[test]
    fn the_last_lines_of_all_logs_use_a_limited_memory() {
        let mut logs = HeldLogs::default();
        for ticket in 0..200 {
            logs.add(ticket, 0, vec![line(10), line(1 << 20)], 20);
            assert!(logs.bytes <= MAX_BYTES, "{}", logs.bytes);
        }
        logs.add(200, 0, vec![line(10), line(20)], 20);
        assert_eq!(remove(&mut logs, 200), [(10, false), (20, false)]);
        let lengths: Vec<_> = (0..200).flat_map(|ticket| remove(&mut logs, ticket)).collect();
        assert!(lengths.len() == 200 && lengths.iter().all(|(length, is_cut)| *length > 30_000 && *is_cut));
        assert_eq!((logs.bytes, logs.by_size.len()), (0, 0));
    }

    #[test]
    fn short_lines_are_dropped_from_the_largest_logs() {
        let mut logs = HeldLogs::default();
        logs.add(0, 0, (0..5).map(|_| line(100)).collect(), 3);
        for ticket in 1..4000 {
            logs.add(ticket, 0, (0..20).map(|_| line(200)).collect(), 20);
            assert!(logs.bytes <= MAX_BYTES, "{}", logs.bytes);
        }
        assert_eq!(remove(&mut logs, 0).len(), 3);
        assert!((1..4000).all(|ticket| remove(&mut logs, ticket).len() >= 10));
    }
}
