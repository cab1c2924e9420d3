//! Reads one answer of the server: a part of the log of one container.

use std::time::Duration;

use http_body_util::BodyExt as _;
use jiff::Timestamp;
use kube::client::Body;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::logs::batch::{Batch, UnexpectedAnswer};
use crate::source::cluster::logs::cursor::{EndCertainty, LogCursor};
use crate::source::cluster::logs::line_splitter::{LineSplitter, LongLineBudget, RewrittenText};
use crate::source::cluster::logs::message::{ReceiverGone, TurnSender};
use crate::source::cluster::logs::run_check::{ActualRun, ExpectedRun, PreviousLog};
use crate::source::cluster::logs::update::{ContainerProgress, LogSource};

/// Maximum time that a stream stays open after its container has ended. The kubelet usually closes the stream within
/// milliseconds.
const END_TIMEOUT: Duration = Duration::from_secs(2);

/// Time without a new line after which a stream is closed if other containers wait for their turn. An answer that
/// contains the end of a run is read to its end without this limit.
const MAX_IDLE_TIME: Duration = Duration::from_millis(500);

/// Maximum time of a turn if other containers wait for their turn. An answer that contains the end of a run is read to
/// its end without this limit.
const MAX_TURN_TIME: Duration = Duration::from_secs(5);

/// A stream gives its permit for a long line back if the line has grown by less than [`MIN_LINE_GROWTH`] within this
/// time and another stream waits for a permit.
const MAX_PERMIT_TIME: Duration = Duration::from_secs(3);

/// Number of bytes by which a long line must grow within [`MAX_PERMIT_TIME`] if another stream waits for a permit.
const MIN_LINE_GROWTH: usize = 16 << 10;

/// Maximum number of bytes of an answer that are divided into lines before the lines are sent.
const MAX_STEP_BYTES: usize = 16 << 10;

/// How an answer ended.
#[derive(Debug)]
pub(crate) enum AnswerEnd {
    /// The server has closed the answer normally. If the run has ended, its log is complete.
    Closed,
    /// The lines belong to the next run, because the container was restarted. The lines were not accepted.
    NextRun,
    /// It is not known which run has written the lines. The lines were not accepted.
    UnknownRun,
    /// The run has ended and the server has closed the answer normally, but the answer does not consist of exactly the
    /// known lines. If the kubelet dies, the API server closes the answer as if it were complete.
    Unconfirmed,
    /// The kubelet refused to return the log, or a part of the log, for this reason.
    Refused(String),
    /// The user may not read logs.
    Forbidden(RequestError),
    /// The connection was lost, or the stream was closed because it stayed open for too long.
    Lost,
    Unexpected(UnexpectedAnswer),
    Yielded,
    Abandoned,
}

impl From<ReceiverGone> for AnswerEnd {
    fn from(ReceiverGone: ReceiverGone) -> Self {
        Self::Abandoned
    }
}

/// Reads an answer to its end and sends its new lines.
pub(crate) struct AnswerReader<'a> {
    pub(crate) cursor: &'a mut LogCursor,
    /// The hash of the incomplete last line of the previous answer.
    pub(crate) last_rest: &'a mut Option<u64>,
    /// Whether the previous answer contained no line.
    pub(crate) was_blank: &'a mut bool,
    pub(crate) progress: &'a mut watch::Receiver<ContainerProgress>,
    pub(crate) has_waiting: &'a mut watch::Receiver<bool>,
    pub(crate) budget: &'a LongLineBudget,
    pub(crate) rewritten_text: RewrittenText,
    pub(crate) sender: &'a TurnSender,
    pub(crate) cluster: &'a Cluster,
    pub(crate) source: &'a LogSource,
    /// The position to which the cursor returns if another run has written the lines. `None` if the run of the lines
    /// needs no check.
    pub(crate) unchecked: Option<LogCursor>,
    /// Whether the run had not ended when the log was requested, so that the answer contains the lines that follow.
    pub(crate) is_followed: bool,
    /// Whether the answer contains the end of the run.
    pub(crate) ends_run: bool,
    /// Whether an answer without lines can belong to another run.
    pub(crate) may_be_other_run: bool,
    /// The time at which the turn began.
    pub(crate) begin: Instant,
}

/// The lines of an answer that were read so far.
struct AnswerLines {
    splitter: LineSplitter,
    /// Whether the answer contains an accepted line, new or known.
    has_lines: bool,
    /// The latest line, if it has no time.
    message: Option<String>,
}

impl AnswerReader<'_> {
    pub(crate) async fn read(mut self, body: Body) -> AnswerEnd {
        let accepted = self.cursor.accepted();
        let known_end = std::mem::take(&mut self.cursor.end);
        let end = self.read_lines(body, accepted, known_end).await;
        // A lost answer shows that a run may continue only if the answer was followed, or if it contains a new line.
        if matches!(end, AnswerEnd::Lost) && !self.is_followed && self.cursor.accepted() == accepted {
            self.cursor.end = known_end;
        }
        end
    }

    async fn read_lines(&mut self, mut body: Body, accepted: u64, known_end: EndCertainty) -> AnswerEnd {
        let splitter = LineSplitter::new(self.rewritten_text);
        let mut lines = AnswerLines { splitter, has_lines: false, message: None };
        let mut growth = LineGrowth { bytes: 0, since: self.begin };
        let mut last_line = Instant::now();
        let mut close_at: Option<Instant> = None;
        loop {
            let yield_at = (last_line + MAX_IDLE_TIME).min(self.begin + MAX_TURN_TIME).max(last_line);
            growth.update(lines.splitter.long_line_bytes());
            let frame = tokio::select! {
                biased;
                frame = body.frame() => frame,
                Ok(()) = self.progress.changed(), if close_at.is_none() => {
                    let known = *self.progress.borrow();
                    // The run may be later than the latest run of the status.
                    let has_ended = known.has_ended && known.run == self.cursor.run();
                    if has_ended || known.is_pod_gone || known.run > self.cursor.run() {
                        close_at = Some(Instant::now() + END_TIMEOUT);
                    }
                    continue;
                }
                () = sleep_until(close_at.unwrap_or(yield_at)), if close_at.is_some() => return AnswerEnd::Lost,
                () = wait_for_others(self.has_waiting, yield_at), if !self.ends_run && close_at.is_none() => {
                    return AnswerEnd::Yielded;
                }
                // The line is read again later.
                () = self.budget.wait_for_waiter(growth.since + MAX_PERMIT_TIME), if growth.bytes > 0 => {
                    return AnswerEnd::Lost;
                }
                () = self.sender.closed() => return AnswerEnd::Abandoned,
            };
            let mut data = match frame {
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(_)) => return AnswerEnd::Lost,
                None => return self.finish(lines, accepted, known_end).await.unwrap_or_else(|end| end),
            };
            while !data.is_empty() {
                let step = data.len().min(MAX_STEP_BYTES);
                let mut batch = Batch::new(lines.message.take());
                let rest = lines.splitter.push(&data[..step], |line| batch.accept(self.cursor, line));
                let needs_permit = !rest.is_empty();
                data = data.slice(step - rest.len()..);
                if !batch.is_empty() {
                    last_line = Instant::now();
                }
                if let Err(end) = self.send(&mut lines, batch).await {
                    return end;
                }
                if needs_permit {
                    // While the stream waits, it reads nothing, so the kubelet waits as well.
                    tokio::select! {
                        permit = self.budget.acquire() => lines.splitter.allow_long_line(permit),
                        () = self.sender.closed() => return AnswerEnd::Abandoned,
                    }
                    last_line = Instant::now();
                    growth.since = last_line;
                }
            }
        }
    }

    /// Determines whether the log of the run is complete, after the answer was closed normally.
    async fn finish(
        &mut self,
        mut lines: AnswerLines,
        accepted_before: u64,
        known_end: EndCertainty,
    ) -> Result<AnswerEnd, AnswerEnd> {
        // The kubelet writes no line feed after its error.
        if lines.splitter.is_rest_without_time() {
            self.accept_rest(&mut lines).await?;
        }
        let rest = lines.splitter.hash_rest();
        let last_rest = std::mem::replace(self.last_rest, rest);
        let reaches_last_line = self.cursor.reaches_last_line();
        // A single answer without lines does not prove that the log is empty. It counts only if the previous answer
        // had no lines either.
        let is_blank = self.cursor.accepted() == 0 && rest.is_none();
        let was_blank = std::mem::replace(self.was_blank, is_blank);
        let is_repetition = reaches_last_line
            && self.cursor.accepted() == accepted_before
            && last_rest == rest
            && was_blank == is_blank;
        if let Some(message) = lines.message {
            // The kubelet may have deleted a log that was read to its end.
            if !lines.has_lines {
                self.cursor.end = known_end;
            }
            return Ok(AnswerEnd::Refused(message));
        }
        let is_complete = self.ends_run && is_repetition;
        // The answer is empty if it belongs to another run, or if the kubelet has deleted the log.
        let is_empty = accepted_before > 0 && !lines.has_lines && rest.is_none();
        if is_empty {
            self.cursor.end = known_end;
        } else if reaches_last_line && rest.is_none() {
            self.cursor.end = if self.is_followed { EndCertainty::Likely } else { EndCertainty::Certain };
        }
        if is_complete {
            self.accept_rest(&mut lines).await?;
        }
        Ok(if self.ends_run && is_empty && self.may_be_other_run {
            AnswerEnd::Unexpected(UnexpectedAnswer::OtherLines)
        } else if self.ends_run && !is_complete {
            AnswerEnd::Unconfirmed
        } else {
            AnswerEnd::Closed
        })
    }

    /// Checks once which run has written the lines. `first` is the time of the first line. Returns an error if a run
    /// other than the expected run has written the lines, or if the run is not known. While the check is in
    /// progress, the answer is not read further.
    async fn check_run(&mut self, first: Timestamp) -> Result<(), AnswerEnd> {
        let Some(before) = self.unchecked.take() else { return Ok(()) };
        let expected = ExpectedRun {
            number: before.run(),
            has_ended: !self.is_followed,
            earlier_last: before.earlier_last(),
        };
        let previous = PreviousLog::request(self.cluster, self.source).await;
        let end = match previous.map(|previous| expected.find_actual(first, previous)) {
            Ok(ActualRun::Expected) => return Ok(()),
            Ok(ActualRun::Next) => AnswerEnd::NextRun,
            Ok(ActualRun::Unknown) => AnswerEnd::UnknownRun,
            Err(_) => AnswerEnd::Lost,
        };
        *self.cursor = before;
        Err(end)
    }

    /// Accepts the last line of the answer, although it has no line feed.
    async fn accept_rest(&mut self, lines: &mut AnswerLines) -> Result<(), AnswerEnd> {
        let mut batch = Batch::new(lines.message.take());
        lines.splitter.finish(|line| batch.accept(self.cursor, line));
        self.send(lines, batch).await
    }

    /// Sends the lines of a batch. Returns an error if the answer must not be read further.
    async fn send(&mut self, lines: &mut AnswerLines, mut batch: Batch) -> Result<(), AnswerEnd> {
        let first_new = batch.first_new.filter(|_| !lines.has_lines);
        lines.has_lines |= batch.has_lines;
        lines.message = batch.message.take();
        let unexpected = batch.unexpected;
        if let Some(first) = first_new {
            self.check_run(first).await?;
        }
        if batch.has_lines {
            self.sender.report_owed_gap(self.cursor).await;
        }
        self.sender.send_batch(self.cursor.run(), batch).await?;
        unexpected.map_or(Ok(()), |unexpected| Err(AnswerEnd::Unexpected(unexpected)))
    }
}

/// The growth of an incomplete long line.
struct LineGrowth {
    /// The length at the time `since`. 0 if there is no such line.
    bytes: usize,
    since: Instant,
}

impl LineGrowth {
    /// Stores the present length and time if the line has grown enough or is another line.
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
