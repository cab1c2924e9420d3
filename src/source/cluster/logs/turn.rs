//! Reads the log of one container, until the log is complete or another container needs the stream.

use std::time::Duration;

use http_body_util::BodyExt as _;
use kube::client::Body;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::api::logs::LogRequest;
use crate::source::cluster::logs::batch::{Batch, BatchPart, UnexpectedAnswer};
use crate::source::cluster::logs::cursor::{LogCursor, RequestMode};
use crate::source::cluster::logs::line_splitter::{LineSplitter, LongLineBudget};
use crate::source::cluster::logs::update::{ContainerProgress, LogGap, LogSource, LogUpdate, Ticket};
use crate::source::cluster::retry::{RetryPauses, next_pause, retry_pauses};

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

/// A stream gives its permit for a long line back if the line has grown by less than [`MIN_LINE_GROWTH`] within this time
/// and another stream waits for a permit.
const MAX_PERMIT_TIME: Duration = Duration::from_secs(3);

/// Number of bytes by which a long line must grow within [`MAX_PERMIT_TIME`] if another stream waits for a permit.
const MIN_LINE_GROWTH: usize = 16 << 10;

/// Maximum number of bytes of an answer that are divided into lines before the lines are sent.
const MAX_STEP_BYTES: usize = 16 << 10;

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
    Unexpected(UnexpectedAnswer),
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
    pub(crate) budget: LongLineBudget,
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
                AnswerEnd::Unexpected(UnexpectedAnswer::OtherLines) => {
                    next_step = Some(if step == LogStep::Latest {
                        LogStep::Previous
                    } else if is_latest {
                        LogStep::LatestAfterFileDeletion
                    } else {
                        LogStep::PreviousFromStart
                    });
                }
                AnswerEnd::Unexpected(UnexpectedAnswer::EarlierRun) => {
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
        let mut splitter = LineSplitter::default();
        let mut growth = LineGrowth { bytes: 0, since: begin };
        let mut last_line = Instant::now();
        let mut close_at: Option<Instant> = None;
        let expects_lines = self.cursor.has_lines();
        let mut has_lines = false;
        loop {
            let yield_at = (last_line + MAX_IDLE_TIME).min(begin + MAX_TURN_TIME).max(last_line);
            growth.update(splitter.long_line_bytes());
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
                // The line is read again later.
                () = self.budget.wait_for_waiter(growth.since + MAX_PERMIT_TIME), if growth.bytes > 0 => {
                    return AnswerEnd::Lost;
                }
                () = self.sender.closed() => return AnswerEnd::Abandoned,
            };
            match frame {
                Some(Ok(frame)) => {
                    let Ok(mut data) = frame.into_data() else { continue };
                    while !data.is_empty() {
                        let step = data.len().min(MAX_STEP_BYTES);
                        let mut batch = Batch::default();
                        let rest = splitter.push(&data[..step], |line| batch.accept(&mut self.cursor, line));
                        let needs_permit = !rest.is_empty();
                        data = data.slice(step - rest.len()..);
                        has_lines |= batch.has_lines;
                        if !batch.is_empty() {
                            last_line = Instant::now();
                        }
                        if let Err(end) = self.send_batch(batch).await {
                            return end;
                        }
                        if needs_permit {
                            // While the stream waits, it reads nothing, so the kubelet waits as well.
                            tokio::select! {
                                permit = self.budget.acquire() => splitter.allow_long_line(permit),
                                () = self.sender.closed() => return AnswerEnd::Abandoned,
                            }
                            last_line = Instant::now();
                            growth.since = last_line;
                        }
                    }
                }
                Some(Err(_)) => return AnswerEnd::Lost,
                None => {
                    let mut batch = Batch::default();
                    if ends_run {
                        splitter.finish(|line| batch.accept(&mut self.cursor, line));
                    }
                    has_lines |= batch.has_lines;
                    if let Err(end) = self.send_batch(batch).await {
                        return end;
                    }
                    // The answer contains no line, not even the accepted lines, so it belongs to another run.
                    let is_unexpected =
                        ends_run && expects_lines && !has_lines && self.next_run_cursor.is_none();
                    return if is_unexpected {
                        AnswerEnd::Unexpected(UnexpectedAnswer::OtherLines)
                    } else {
                        AnswerEnd::Closed
                    };
                }
            }
        }
    }

    /// Sends the lines of a batch. Returns an error if the answer must not be read further.
    async fn send_batch(&self, batch: Batch) -> Result<(), AnswerEnd> {
        let (ticket, run) = (self.ticket, self.cursor.run());
        for part in batch.parts {
            let update = match part {
                BatchPart::Lines(lines, permit) => LogUpdate::Lines { ticket, run, lines, permit },
                BatchPart::Gap(gap) => LogUpdate::Gap { ticket, run, gap },
            };
            self.sender.send(TurnMessage::Update(update)).await.map_err(|_| AnswerEnd::Abandoned)?;
        }
        batch.unexpected.map_or(Ok(()), |unexpected| Err(AnswerEnd::Unexpected(unexpected)))
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

    /// Waits for news of the container after its stream was closed, because the container has probably ended. If no news
    /// arrives, the kubelet or a proxy has closed the stream, so the log is requested again.
    async fn wait_for_end(&mut self, pauses: &mut RetryPauses) {
        self.pause(next_pause(pauses).max(Duration::from_secs(1))).await;
    }
}

/// The growth of an incomplete long line.
struct LineGrowth {
    /// The length at the time `since`. 0 if there is no such line.
    bytes: usize,
    since: Instant,
}

impl LineGrowth {
    /// Notes the present length, if the line has grown enough or is another line.
    fn update(&mut self, bytes: usize) {
        if bytes < self.bytes.max(1) || bytes >= self.bytes + MIN_LINE_GROWTH {
            *self = Self { bytes, since: Instant::now() };
        }
    }
}

/// Waits until `yield_at` has passed and other containers wait for their turn.
async fn wait_for_others(has_waiting: &mut watch::Receiver<bool>, yield_at: Instant) {
    sleep_until(yield_at).await;
    if has_waiting.wait_for(|has_waiting| *has_waiting).await.is_err() {
        std::future::pending::<()>().await;
    }
}
