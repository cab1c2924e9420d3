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

/// Number of consecutive requests without a new line after which the log of a run that has ended is given up. A refused
/// request counts, and an answer without the lines that are already known.
const MAX_FAILURES: u32 = 6;

/// Maximum time by which the status of a container is out of date when the kubelet returns the log of its next run.
const MAX_STATUS_DELAY: Duration = Duration::from_secs(2);

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

    /// Returns the step that asks for the lines after the answer to this step.
    fn repeated(self) -> Self {
        match self {
            Self::PreviousFromStart => Self::Previous,
            Self::Latest | Self::LatestAfterFileDeletion | Self::Previous => self,
        }
    }
}

/// How an answer ended.
#[derive(Debug)]
enum AnswerEnd {
    /// The server has closed the answer normally. If the run has ended, its log is complete.
    Closed,
    /// The run has ended and the server has closed the answer normally, but the answer does not consist of exactly the known
    /// lines. If the kubelet dies, the API server closes the answer as if it were complete.
    Unconfirmed,
    /// The kubelet refused to return the log, or a part of the log, for this reason.
    Refused(String),
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
    /// The hash of the incomplete last line of the previous answer. If the next answer ends with the same incomplete line, the
    /// run has ended without a line feed.
    pub(crate) last_rest: Option<u64>,
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
        let mut failures = 0;
        let mut next_step = None;
        loop {
            let known = *self.progress.borrow_and_update();
            self.skip_lost_runs(known).await;
            if let Some(end) = self.end_without_log(known).await {
                return end;
            }
            let is_latest = self.cursor.run() == known.run;
            let step =
                next_step.take().unwrap_or(if is_latest { LogStep::Latest } else { LogStep::Previous });
            let ends_run = step.is_previous() || (known.has_ended && known.is_last_run);
            let accepted = self.cursor.accepted();
            let end = match self.request(step, known).await {
                Ok(body) => self.read_answer(body, step, ends_run, begin).await,
                Err(RequestError::Refused(status)) if status.code == 403 => {
                    return TurnEnd::Forbidden(RequestError::Refused(status));
                }
                // The kubelet does not know the container yet, or the Pod has been deleted.
                Err(RequestError::Refused(status)) if matches!(status.code, 400 | 404) => {
                    self.cursor.set_caught_up(self.cursor.is_caught_up() && status.code == 404);
                    AnswerEnd::Refused(status.message)
                }
                Err(_) => AnswerEnd::Lost,
            };
            if self.cursor.accepted() > accepted {
                pauses = retry_pauses();
                failures = 0;
            }
            match end {
                AnswerEnd::Closed if ends_run => {
                    self.end_run().await;
                    pauses = retry_pauses();
                    failures = 0;
                }
                AnswerEnd::Closed if known.has_ended => return TurnEnd::Parked(known),
                AnswerEnd::Closed => self.wait_for_end(&mut pauses).await,
                AnswerEnd::Unconfirmed if self.cursor.accepted() > accepted => {
                    next_step = Some(step.repeated());
                }
                // There is no previous run, so the file of the latest run was deleted, or the status does not report yet that
                // the node has lost the previous run.
                AnswerEnd::Refused(_) if is_latest && step == LogStep::Previous => {
                    self.pause(MAX_STATUS_DELAY).await;
                    if *self.progress.borrow() == known {
                        next_step = Some(LogStep::LatestAfterFileDeletion);
                    }
                }
                AnswerEnd::Unconfirmed | AnswerEnd::Refused(_)
                    if ends_run && failures + 1 >= MAX_FAILURES =>
                {
                    let reason = if let AnswerEnd::Refused(reason) = end { Some(reason) } else { None };
                    self.give_up_run(reason).await;
                    pauses = retry_pauses();
                    failures = 0;
                }
                AnswerEnd::Unconfirmed | AnswerEnd::Refused(_) => {
                    failures += 1;
                    self.pause(next_pause(&mut pauses).min(MAX_START_PAUSE)).await;
                    if let AnswerEnd::Unconfirmed = end {
                        next_step = Some(step.repeated());
                    }
                }
                AnswerEnd::Lost => {
                    self.cursor.set_caught_up(false);
                    failures = 0;
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
                    self.cursor.owed_gap = next_run_cursor.owed_gap.take();
                    self.next_run_cursor = Some(next_run_cursor);
                    self.cursor.relabel_run(run);
                    next_step = Some(LogStep::PreviousFromStart);
                }
                AnswerEnd::Yielded => return TurnEnd::Yielded,
                AnswerEnd::Abandoned => return TurnEnd::Abandoned,
            }
        }
    }

    /// Ends the turn if no log can be requested: all runs are complete, the latest run has not started, or the Pod is gone.
    async fn end_without_log(&mut self, known: ContainerProgress) -> Option<TurnEnd> {
        if self.cursor.run() > known.run {
            return Some(TurnEnd::Complete);
        }
        let has_log = known.has_started || self.cursor.run() < known.run;
        if !has_log && !known.is_last_run {
            return Some(TurnEnd::Parked(known));
        }
        if has_log && !known.is_pod_gone {
            return None;
        }
        if has_log && !self.cursor.is_caught_up() {
            self.report_gap(LogGap::DeletedPod(self.cursor.last())).await;
        }
        self.report_owed_gap().await;
        self.cursor.begin_run(known.run + 1);
        Some(TurnEnd::Complete)
    }

    /// Gives up the log of a run, and reports a gap unless the whole log is known.
    async fn give_up_run(&mut self, reason: Option<String>) {
        let gap = match reason {
            Some(reason) => LogGap::Refused { is_end: self.cursor.has_lines(), reason },
            None if !self.cursor.is_request_empty() => return self.end_run().await,
            None => LogGap::UncertainEnd,
        };
        // The lines after a gap may belong to the next run. In that case the gap is already reported.
        let may_be_known = self.cursor.has_lines_after_gap()
            && self.next_run_cursor.is_none()
            && self.cursor.run() < self.progress.borrow().run;
        let gap = (!self.cursor.is_caught_up()).then_some(gap);
        if may_be_known {
            self.end_run().await;
            self.cursor.owed_gap = gap;
            return;
        }
        if let Some(gap) = gap {
            self.report_gap(gap).await;
        }
        self.end_run().await;
    }

    /// Reports the gap at the end of the earlier run, unless the lines of that run belong to the present run.
    async fn report_owed_gap(&mut self) {
        if let Some(gap) = self.cursor.owed_gap.take()
            && !self.cursor.repeats_previous_run()
        {
            let run = self.cursor.run().saturating_sub(1);
            let update = LogUpdate::Gap { ticket: self.ticket, run, gap };
            let _ = self.sender.send(TurnMessage::Update(update)).await;
        }
    }

    /// Continues with the next run.
    async fn end_run(&mut self) {
        self.report_owed_gap().await;
        self.last_rest = None;
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
            self.end_run().await;
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
    async fn read_answer(
        &mut self,
        mut body: Body,
        step: LogStep,
        ends_run: bool,
        begin: Instant,
    ) -> AnswerEnd {
        let mut splitter = LineSplitter::default();
        let mut growth = LineGrowth { bytes: 0, since: begin };
        let mut last_line = Instant::now();
        let mut close_at: Option<Instant> = None;
        let accepted = self.cursor.accepted();
        let was_caught_up = self.cursor.is_caught_up();
        self.cursor.set_caught_up(false);
        let mut has_lines = false;
        let mut message = None;
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
                        let mut batch = Batch::new(message.take());
                        let rest = splitter.push(&data[..step], |line| batch.accept(&mut self.cursor, line));
                        let needs_permit = !rest.is_empty();
                        data = data.slice(step - rest.len()..);
                        has_lines |= batch.has_lines;
                        message = batch.message.take();
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
                    let rest = splitter.hash_rest();
                    let last_rest = std::mem::replace(&mut self.last_rest, rest);
                    let is_repetition = self.cursor.reaches_last_line()
                        && self.cursor.accepted() == accepted
                        && last_rest == rest;
                    let is_complete = ends_run && is_repetition;
                    // The answer is empty if it belongs to another run, or if the kubelet has deleted the log.
                    let is_empty = accepted > 0 && !has_lines && rest.is_none();
                    let is_caught_up = self.cursor.reaches_last_line() || (is_empty && was_caught_up);
                    self.cursor.set_caught_up(is_caught_up && rest.is_none());
                    let mut batch = Batch::new(message.take());
                    if is_complete {
                        splitter.finish(|line| batch.accept(&mut self.cursor, line));
                    }
                    message = batch.message.take();
                    if let Err(end) = self.send_batch(batch).await {
                        return end;
                    }
                    if let Some(message) = message {
                        self.cursor.set_caught_up(false);
                        return AnswerEnd::Refused(message);
                    }
                    let may_be_other_run =
                        step.mode() == RequestMode::Continue && self.next_run_cursor.is_none();
                    return if ends_run && is_empty && may_be_other_run {
                        AnswerEnd::Unexpected(UnexpectedAnswer::OtherLines)
                    } else if ends_run && !is_complete {
                        AnswerEnd::Unconfirmed
                    } else {
                        AnswerEnd::Closed
                    };
                }
            }
        }
    }

    /// Sends the lines of a batch. Returns an error if the answer must not be read further.
    async fn send_batch(&mut self, batch: Batch) -> Result<(), AnswerEnd> {
        if batch.has_lines {
            self.report_owed_gap().await;
        }
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
