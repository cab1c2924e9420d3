//! Reads the log of one container, until the log is complete or another container needs the stream.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use jiff::Timestamp;
use kube::client::Body;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::api::logs::LogRequest;
use crate::source::cluster::logs::cursor::{LineStatus, LogCursor, RequestMode};
use crate::source::cluster::logs::line_splitter::{LineBudget, LineSplitter, RawLine};
use crate::source::cluster::watch::retry::{RetryPauses, next_pause, retry_pauses};

/// Maximum time that a stream stays open after its container has ended. The kubelet usually closes the stream within
/// milliseconds.
const END_TIMEOUT: Duration = Duration::from_secs(2);

/// Time without a new line after which a stream is closed if other containers wait for their turn. An answer that
/// contains the end of a run is read to its end without this limit.
const MAX_IDLE_TIME: Duration = Duration::from_millis(500);

/// Maximum time of a turn if other containers wait for their turn. An answer that contains the end of a run is read to
/// its end without this limit.
const MAX_TURN_TIME: Duration = Duration::from_secs(5);

/// Maximum pause before a log is requested again after the kubelet refused a request, for example because the container
/// has not started yet.
const MAX_START_PAUSE: Duration = Duration::from_millis(500);

/// Number of consecutive refused requests after which the log of a run that has ended is given up.
const MAX_REFUSALS: u32 = 6;

/// Size in bytes that the text of one [`LogUpdate::Lines`] does not reach, unless the update has only one line.
const MAX_BATCH_BYTES: usize = 64 << 10;

/// The number that identifies a container. The caller of the collector chooses the number.
pub(crate) type Ticket = u32;

/// A container with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogSource {
    pub(crate) namespace: Arc<str>,
    pub(crate) pod: Arc<str>,
    pub(crate) container: Arc<str>,
}

/// The facts about a container that decide which logs exist and may still grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContainerProgress {
    /// The number of restarts before the latest run.
    pub(crate) run: u32,
    /// Whether the latest run has ended.
    pub(crate) has_ended: bool,
    /// Whether no other run will follow, because the Pod has ended.
    pub(crate) is_last_run: bool,
    /// Whether the Pod no longer exists, so that its logs can no longer be requested.
    pub(crate) is_pod_gone: bool,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogLine {
    /// The time that the container runtime gave to the line.
    pub(crate) at: Timestamp,
    pub(crate) text: String,
    /// Whether the end of the line is missing because the line is too long.
    pub(crate) is_cut: bool,
}

/// An update from the collector about the logs.
#[derive(Debug)]
pub(crate) enum LogUpdate {
    /// New lines of a run of a container, in order.
    Lines { ticket: Ticket, run: u32, lines: Vec<LogLine> },
    /// A part of a log cannot be read.
    Gap { ticket: Ticket, run: u32, gap: LogGap },
    /// The logs of all known runs of a container are complete.
    Complete,
    /// The user may not read logs, for this reason of the server. No log is read any more.
    Forbidden(String),
}

/// A part of a log that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogGap {
    /// The lines between these times: the runtime has deleted the file that contained them.
    Between(Timestamp, Timestamp),
    /// All lines of the run: the kubelet keeps only the log of the latest and of the previous run.
    WholeRun,
    /// The last lines of the run: the container restarted twice before they were read, and the kubelet keeps only the
    /// log of the latest and of the previous run.
    EndOfRun,
    /// The lines after this time, or all lines: the Pod was deleted before the end of the log was read.
    DeletedPod(Option<Timestamp>),
    /// A part of the log, or the whole log: the kubelet refused to return the lines, for this reason.
    Refused(String),
}

/// How a turn ended.
#[derive(Debug)]
pub(crate) enum TurnEnd {
    /// The logs of all known runs are complete.
    Complete,
    /// Other containers wait for their turn, and this log is not complete.
    Yielded,
    /// The log was read to its present end. More lines can come only if the progress differs from this progress.
    Parked(ContainerProgress),
    /// The user may not read logs.
    Forbidden(RequestError),
    /// The receiver of the lines is gone.
    Abandoned,
}

/// A message from a turn to the collector.
#[derive(Debug)]
pub(crate) enum TurnMessage {
    Update(LogUpdate),
    End { ticket: Ticket, cursor: Box<LogCursor>, end: TurnEnd },
}

/// The next request of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LogStep {
    /// The log of the latest run.
    Latest,
    /// The log of the latest run, although the runtime has deleted the lines after which the log should continue.
    LatestAfterFileDeletion,
    /// The log of the run before the latest run.
    Previous,
    /// The log of the run before the latest run, from its start.
    PreviousFromStart,
}

impl LogStep {
    fn is_previous(self) -> bool {
        match self {
            Self::Previous | Self::PreviousFromStart => true,
            Self::Latest | Self::LatestAfterFileDeletion => false,
        }
    }

    fn mode(self) -> RequestMode {
        match self {
            Self::Latest | Self::Previous => RequestMode::Continue,
            Self::LatestAfterFileDeletion => RequestMode::ContinueAfterFileDeletion,
            Self::PreviousFromStart => RequestMode::FromStart,
        }
    }
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AnswerEnd {
    /// The answer is complete.
    Closed,
    /// The connection was lost, or the stream was closed because it stayed open for too long.
    Lost,
    /// The answer does not contain the lines that the cursor expects.
    Unexpected,
    /// The answer belongs to an earlier run than the accepted lines.
    EarlierRun,
    Yielded,
    Abandoned,
}

/// One turn: the reading of the log of one container.
pub(crate) struct Turn {
    pub(crate) cluster: Cluster,
    pub(crate) ticket: Ticket,
    pub(crate) source: LogSource,
    pub(crate) cursor: LogCursor,
    /// The position in the log of the next run, if lines of the next run were read before the present run was complete.
    pub(crate) next_run_cursor: Option<LogCursor>,
    pub(crate) progress: watch::Receiver<ContainerProgress>,
    /// Whether other containers wait for their turn.
    pub(crate) has_waiting: watch::Receiver<bool>,
    pub(crate) budget: LineBudget,
    pub(crate) sender: mpsc::Sender<TurnMessage>,
}

impl Turn {
    /// Reads the log and sends its lines, then the end of the turn.
    pub(crate) async fn run(mut self) {
        let end = self.read().await;
        let Self { ticket, cursor, sender, .. } = self;
        let _ = sender.send(TurnMessage::End { ticket, cursor: Box::new(cursor), end }).await;
    }

    async fn read(&mut self) -> TurnEnd {
        let mut pauses = retry_pauses();
        let begin = Instant::now();
        // Whether the server has closed the latest answer normally. The run may still continue, because a proxy or a
        // restart of the kubelet also closes an answer.
        let mut was_closed = false;
        let mut refusals = 0;
        let mut next_step = None;
        loop {
            let known = *self.progress.borrow_and_update();
            self.skip_lost_runs(known).await;
            if self.cursor.run() > known.run {
                return TurnEnd::Complete;
            }
            if known.is_pod_gone {
                if !was_closed {
                    self.report_gap(LogGap::DeletedPod(self.cursor.last())).await;
                }
                self.cursor.begin_run(known.run + 1);
                return TurnEnd::Complete;
            }
            let is_latest = self.cursor.run() == known.run;
            let step =
                next_step.take().unwrap_or(if is_latest { LogStep::Latest } else { LogStep::Previous });
            let ends_run = step.is_previous() || (known.has_ended && known.is_last_run);
            let accepted = self.cursor.accepted();
            let end = match self.request(step, known).await {
                Ok(body) => self.read_answer(body, ends_run, begin).await,
                Err(RequestError::Refused(status)) if status.code == 403 => {
                    return TurnEnd::Forbidden(RequestError::Refused(status));
                }
                // There is no previous run, so the file of the latest run was deleted.
                Err(RequestError::Refused(_)) if is_latest && step == LogStep::Previous => {
                    next_step = Some(LogStep::LatestAfterFileDeletion);
                    continue;
                }
                // The kubelet does not know the container yet, or the Pod has been deleted.
                Err(RequestError::Refused(status)) if matches!(status.code, 400 | 404) => {
                    was_closed = was_closed && status.code == 404;
                    refusals += 1;
                    if ends_run && refusals == MAX_REFUSALS {
                        if !was_closed {
                            self.report_gap(LogGap::Refused(status.message)).await;
                        }
                        AnswerEnd::Closed
                    } else {
                        self.pause(next_pause(&mut pauses).min(MAX_START_PAUSE)).await;
                        continue;
                    }
                }
                Err(_) => AnswerEnd::Lost,
            };
            refusals = 0;
            if self.cursor.accepted() > accepted {
                pauses = retry_pauses();
            }
            match end {
                AnswerEnd::Closed if ends_run => {
                    self.end_run();
                    was_closed = false;
                    pauses = retry_pauses();
                }
                AnswerEnd::Closed if known.has_ended => {
                    return TurnEnd::Parked(known);
                }
                AnswerEnd::Closed => {
                    was_closed = true;
                    self.wait_for_end(&mut pauses).await;
                }
                AnswerEnd::Lost => {
                    was_closed = false;
                    self.pause(next_pause(&mut pauses)).await;
                }
                // The container may have been restarted, so the expected lines may belong to the previous run.
                AnswerEnd::Unexpected if step == LogStep::Latest => next_step = Some(LogStep::Previous),
                AnswerEnd::Unexpected if is_latest => next_step = Some(LogStep::LatestAfterFileDeletion),
                AnswerEnd::Unexpected => next_step = Some(LogStep::PreviousFromStart),
                AnswerEnd::EarlierRun => {
                    let run = self.cursor.run();
                    let mut next_run_cursor = std::mem::take(&mut self.cursor);
                    next_run_cursor.relabel_run(run + 1);
                    self.next_run_cursor = Some(next_run_cursor);
                    self.cursor.begin_run(run);
                    next_step = Some(LogStep::PreviousFromStart);
                }
                AnswerEnd::Yielded => return TurnEnd::Yielded,
                AnswerEnd::Abandoned => return TurnEnd::Abandoned,
            }
        }
    }

    /// Continues with the next run.
    fn end_run(&mut self) {
        match self.next_run_cursor.take() {
            Some(next_run_cursor) => self.cursor = next_run_cursor,
            None => self.cursor.begin_run(self.cursor.run() + 1),
        }
    }

    /// Skips the runs whose logs no longer exist, and reports a gap for each of them.
    async fn skip_lost_runs(&mut self, known: ContainerProgress) {
        while self.cursor.run() + 1 < known.run {
            let gap = if self.cursor.has_lines() { LogGap::EndOfRun } else { LogGap::WholeRun };
            self.report_gap(gap).await;
            self.end_run();
        }
    }

    async fn request(&mut self, step: LogStep, known: ContainerProgress) -> Result<Body, RequestError> {
        let request = LogRequest {
            since: self.cursor.begin_request(step.mode()),
            previous: step.is_previous(),
            follow: !step.is_previous() && !known.has_ended,
            timestamps: true,
            ..LogRequest::new(&self.source.namespace, &self.source.pod, &self.source.container)
        };
        self.cluster.open_log(&request).await
    }

    /// Reads an answer to its end and sends its new lines.
    async fn read_answer(&mut self, mut body: Body, ends_run: bool, begin: Instant) -> AnswerEnd {
        let mut splitter = LineSplitter::new(self.budget.clone());
        let mut last_line = Instant::now();
        let mut close_at: Option<Instant> = None;
        let expects_lines = self.cursor.has_lines();
        let mut has_lines = false;
        loop {
            let yield_at = (last_line + MAX_IDLE_TIME).min(begin + MAX_TURN_TIME).max(last_line);
            let frame = tokio::select! {
                biased;
                frame = body.frame() => frame,
                Ok(()) = self.progress.changed(), if close_at.is_none() => {
                    let known = *self.progress.borrow();
                    if known.has_ended || known.is_pod_gone || known.run > self.cursor.run() {
                        close_at = Some(Instant::now() + END_TIMEOUT);
                    }
                    continue;
                }
                () = sleep_until(close_at.unwrap_or(yield_at)), if close_at.is_some() => return AnswerEnd::Lost,
                () = wait_for_others(&mut self.has_waiting, yield_at), if !ends_run && close_at.is_none() => {
                    return AnswerEnd::Yielded;
                }
                () = self.sender.closed() => return AnswerEnd::Abandoned,
            };
            let mut batch = Batch::default();
            let end = match frame {
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    splitter.push(&data, |line| batch.accept(&mut self.cursor, line));
                    None
                }
                Some(Err(_)) => Some(AnswerEnd::Lost),
                None => {
                    if ends_run {
                        splitter.finish(|line| batch.accept(&mut self.cursor, line));
                    }
                    // The answer contains no line, not even the accepted lines, so it belongs to another run.
                    let is_unexpected =
                        ends_run && expects_lines && !has_lines && self.next_run_cursor.is_none();
                    Some(if is_unexpected { AnswerEnd::Unexpected } else { AnswerEnd::Closed })
                }
            };
            has_lines |= batch.has_lines;
            let end = batch.unexpected.or(end);
            if !batch.is_empty() {
                last_line = Instant::now();
                if self.send_batch(batch).await.is_err() {
                    return AnswerEnd::Abandoned;
                }
            }
            if let Some(end) = end {
                return end;
            }
        }
    }

    async fn send_batch(&self, batch: Batch) -> Result<(), ()> {
        let (ticket, run) = (self.ticket, self.cursor.run());
        for part in batch.parts {
            let update = match part {
                BatchPart::Lines(lines) => LogUpdate::Lines { ticket, run, lines },
                BatchPart::Gap(gap) => LogUpdate::Gap { ticket, run, gap },
            };
            self.sender.send(TurnMessage::Update(update)).await.map_err(|_| ())?;
        }
        Ok(())
    }

    async fn report_gap(&self, gap: LogGap) {
        let update = LogUpdate::Gap { ticket: self.ticket, run: self.cursor.run(), gap };
        let _ = self.sender.send(TurnMessage::Update(update)).await;
    }

    /// Waits for the given time, or until the progress of the container changes.
    async fn pause(&mut self, pause: Duration) {
        tokio::select! {
            () = sleep(pause) => {}
            _ = self.progress.changed() => {}
            () = self.sender.closed() => {}
        }
    }

    /// Waits for a change of progress after the stream was closed, because the container has probably ended. If no
    /// change arrives, the kubelet or a proxy closed the stream, and the log is requested again.
    async fn wait_for_end(&mut self, pauses: &mut RetryPauses) {
        self.pause(next_pause(pauses).max(Duration::from_secs(1))).await;
    }
}

/// Waits until `yield_at` has passed and other containers wait for their turn.
async fn wait_for_others(has_waiting: &mut watch::Receiver<bool>, yield_at: Instant) {
    sleep_until(yield_at).await;
    if has_waiting.wait_for(|has_waiting| *has_waiting).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// New lines and gaps, in order.
#[derive(Default)]
struct Batch {
    parts: Vec<BatchPart>,
    bytes: usize,
    /// Whether a line was received, new or known.
    has_lines: bool,
    /// Why the answer is not the expected answer. If this is set, no further line is accepted.
    unexpected: Option<AnswerEnd>,
}

enum BatchPart {
    Lines(Vec<LogLine>),
    Gap(LogGap),
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Adds a line, unless the cursor already knows the line.
    fn accept(&mut self, cursor: &mut LogCursor, line: RawLine<'_>) {
        let Some((at, text)) = parse_line(line.bytes) else {
            // Each line of a container has a time. A line without a time is an error of the kubelet.
            self.parts.push(BatchPart::Gap(LogGap::Refused(to_text(line.bytes))));
            return;
        };
        self.has_lines = true;
        if self.unexpected.is_some() {
            return;
        }
        match cursor.accept(at, text) {
            LineStatus::Known => return,
            LineStatus::Unexpected => {
                self.unexpected = Some(AnswerEnd::Unexpected);
                return;
            }
            LineStatus::EarlierRun => {
                self.unexpected = Some(AnswerEnd::EarlierRun);
                return;
            }
            LineStatus::New => {}
            LineStatus::NewAfterGap { since } => {
                self.parts.push(BatchPart::Gap(LogGap::Between(since, at)));
            }
        }
        let line = LogLine { at, text: to_text(text), is_cut: line.is_cut };
        self.bytes += text.len();
        match self.parts.last_mut() {
            Some(BatchPart::Lines(lines)) if self.bytes < MAX_BATCH_BYTES => lines.push(line),
            Some(_) | None => {
                self.bytes = text.len();
                self.parts.push(BatchPart::Lines(vec![line]));
            }
        }
    }
}

fn to_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Divides a line into its time and its text. Returns `None` if the line does not begin with a time.
fn parse_line(line: &[u8]) -> Option<(Timestamp, &[u8])> {
    let end = line.iter().take(64).position(|&byte| byte == b' ').unwrap_or(line.len());
    let at = std::str::from_utf8(&line[..end]).ok()?.parse().ok()?;
    Some((at, line.get(end + 1..).unwrap_or_default()))
}
