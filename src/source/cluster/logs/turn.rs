//! Reads the log of one container, until the log is complete or another container needs the stream.

use std::time::Duration;

use kube::client::Body;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::api::logs::LogRequest;
use crate::source::cluster::logs::answer::{AnswerEnd, AnswerReader};
use crate::source::cluster::logs::batch::UnexpectedAnswer;
use crate::source::cluster::logs::cursor::{EndCertainty, LogCursor, LogRange, RequestMode};
use crate::source::cluster::logs::line_splitter::{LongLineBudget, RewrittenText};
use crate::source::cluster::logs::message::{TurnEnd, TurnSender};
use crate::source::cluster::logs::update::{ContainerProgress, LogGap, LogSource};
use crate::source::cluster::retry::{RetryPauses, next_pause, retry_pauses};

/// Maximum pause before a log is requested again after the kubelet refused a request, for example because the container
/// has not started yet.
const MAX_START_PAUSE: Duration = Duration::from_millis(500);

/// Maximum pause before a log is requested again after the connection was lost. When the next run of a container
/// ends, the kubelet deletes the log of the run before it, so the pause must be shorter than most runs.
const MAX_LOST_PAUSE: Duration = Duration::from_secs(2);

/// A turn whose requests fail ends after a pause of this length if other containers wait for their turn.
const YIELDING_PAUSE: Duration = Duration::from_millis(500);

/// Number of consecutive failures after which the log of a run that has ended is given up. A failure is a refused
/// request, or an answer without a new line that does not repeat exactly the known lines.
const MAX_FAILURES: u32 = 6;

/// Number of answers from an unknown run after which the run of an answer is no longer checked. They take about 30 s.
/// The new status of the container almost always arrives in this time.
const MAX_UNKNOWN_RUNS: u32 = 60;

/// Maximum time by which the status of a container is out of date when the kubelet returns the log of its next run.
const MAX_STATUS_DELAY: Duration = Duration::from_secs(2);

/// The next request of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LogStep {
    /// The log of the latest run.
    Latest,
    /// The log of the latest run, although the runtime has deleted the lines after which the log should continue.
    LatestAfterFileDeletion,
    /// The last lines of the log of the latest run, because its lines were read to their probable end.
    EndOfLatest,
    /// The log of the run before the latest run.
    Previous,
    /// The last lines of the log of the run before the latest run, because its lines were read to their probable end.
    EndOfPrevious,
    /// The log of the run before the latest run, from its start.
    PreviousFromStart,
}

impl LogStep {
    fn is_previous(self) -> bool {
        match self {
            Self::Previous | Self::EndOfPrevious | Self::PreviousFromStart => true,
            Self::Latest | Self::EndOfLatest | Self::LatestAfterFileDeletion => false,
        }
    }

    /// Whether the answer continues until the run ends.
    fn is_followed(self, known: ContainerProgress) -> bool {
        !self.is_previous() && !known.has_ended
    }

    /// Whether the answer contains the end of the run.
    fn ends_run(self, known: ContainerProgress) -> bool {
        self.is_previous() || (known.has_ended && known.is_last_run)
    }

    fn mode(self) -> RequestMode {
        match self {
            Self::Latest | Self::Previous => RequestMode::Continue,
            Self::EndOfLatest | Self::EndOfPrevious => RequestMode::LastLines,
            Self::LatestAfterFileDeletion => RequestMode::ContinueAfterFileDeletion,
            Self::PreviousFromStart => RequestMode::FromStart,
        }
    }

    /// Returns the step that checks whether lines follow after those of this step.
    fn end_check(self) -> Self {
        match self {
            Self::Latest | Self::EndOfLatest => Self::EndOfLatest,
            Self::Previous | Self::EndOfPrevious | Self::PreviousFromStart => Self::EndOfPrevious,
            Self::LatestAfterFileDeletion => self,
        }
    }

    /// Returns the step that requests everything from the last accepted line on, if this step requests only the last
    /// lines.
    fn without_tail(self) -> Self {
        match self {
            Self::EndOfLatest => Self::Latest,
            Self::EndOfPrevious => Self::Previous,
            Self::Latest | Self::LatestAfterFileDeletion | Self::Previous | Self::PreviousFromStart => self,
        }
    }
}

/// One turn: the reading of the log of one container.
pub(crate) struct Turn {
    pub(crate) cluster: Cluster,
    pub(crate) source: LogSource,
    pub(crate) cursor: LogCursor,
    /// The position in the log of the next run, if lines of the next run were read before the present run was complete.
    pub(crate) next_run_cursor: Option<LogCursor>,
    /// The hash of the incomplete last line of the previous answer. If the next answer ends with the same incomplete
    /// line, the run has ended without a line feed.
    pub(crate) last_rest: Option<u64>,
    /// Whether the previous answer contained no line.
    pub(crate) was_blank: bool,
    pub(crate) progress: watch::Receiver<ContainerProgress>,
    /// Whether other containers wait for their turn.
    pub(crate) has_waiting: watch::Receiver<bool>,
    pub(crate) budget: LongLineBudget,
    pub(crate) rewritten_text: RewrittenText,
    pub(crate) sender: TurnSender,
}

impl Turn {
    /// Reads the log and sends its lines, then the end of the turn.
    pub(crate) async fn run(mut self) {
        let end = self.read().await;
        self.sender.end(self.cursor, end).await;
    }

    async fn read(&mut self) -> TurnEnd {
        let mut pauses = retry_pauses();
        let begin = Instant::now();
        let mut failures = 0;
        let mut next_step = None;
        let mut unknown_runs = 0;
        loop {
            if self.sender.is_closed() {
                return TurnEnd::Abandoned;
            }
            let known = self.known();
            self.skip_lost_runs(known).await;
            if let Some(end) = self.end_without_log(known).await {
                return end;
            }
            let is_latest = self.cursor.run() == known.run;
            let step = next_step.take().unwrap_or_else(|| {
                let step = if is_latest { LogStep::Latest } else { LogStep::Previous };
                let is_probably_complete = self.cursor.end != EndCertainty::Unknown;
                if is_probably_complete && step.ends_run(known) && failures == 0 {
                    step.end_check()
                } else {
                    step
                }
            });
            let ends_run = step.ends_run(known);
            let accepted = self.cursor.accepted();
            let end = self.read_answer(step, known, unknown_runs < MAX_UNKNOWN_RUNS, begin).await;
            if self.cursor.accepted() > accepted {
                pauses = retry_pauses();
                failures = 0;
            }
            match end {
                AnswerEnd::NextRun => self.cursor.latest_run = self.cursor.run() + 1,
                AnswerEnd::UnknownRun => {
                    unknown_runs += 1;
                    self.pause(next_pause(&mut pauses).min(MAX_START_PAUSE)).await;
                }
                AnswerEnd::Closed if ends_run => {
                    self.end_run().await;
                    pauses = retry_pauses();
                    failures = 0;
                }
                AnswerEnd::Closed if known.has_ended => return TurnEnd::Parked(known),
                AnswerEnd::Closed => self.wait_for_end(&mut pauses).await,
                AnswerEnd::Unconfirmed if self.cursor.accepted() > accepted => {
                    next_step = Some(step.end_check());
                }
                // There is no previous run, so the file of the latest run was deleted, or the status does not report
                // yet that the node has lost the previous run.
                AnswerEnd::Refused(_) if is_latest && step.without_tail() == LogStep::Previous => {
                    self.pause(MAX_STATUS_DELAY).await;
                    if self.known() == known {
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
                AnswerEnd::Refused(_) if known.has_ended && failures + 1 >= MAX_FAILURES => {
                    return TurnEnd::Parked(known);
                }
                AnswerEnd::Unconfirmed | AnswerEnd::Refused(_) => {
                    failures += 1;
                    let pause = next_pause(&mut pauses).min(MAX_START_PAUSE);
                    self.pause(pause).await;
                    if !ends_run && self.must_yield(pause) {
                        return TurnEnd::Yielded;
                    }
                    if let AnswerEnd::Unconfirmed = end {
                        next_step = Some(step.without_tail());
                    }
                }
                AnswerEnd::Lost => {
                    failures = 0;
                    let pause = next_pause(&mut pauses).min(MAX_LOST_PAUSE);
                    self.pause(pause).await;
                    if self.must_yield(pause) {
                        return TurnEnd::Yielded;
                    }
                }
                AnswerEnd::Unexpected(unexpected) => {
                    next_step = Some(self.step_after(unexpected, step, is_latest));
                }
                AnswerEnd::Forbidden(error) => return TurnEnd::Forbidden(error),
                AnswerEnd::Yielded => return TurnEnd::Yielded,
                AnswerEnd::Abandoned => return TurnEnd::Abandoned,
            }
        }
    }

    /// Returns the progress of the container. It contains the run whose lines the kubelet has returned, even if the
    /// status does not report this run yet.
    fn known(&mut self) -> ContainerProgress {
        let known = *self.progress.borrow_and_update();
        if self.cursor.latest_run <= known.run || known.is_last_run {
            return known;
        }
        ContainerProgress {
            run: self.cursor.latest_run,
            has_started: true,
            is_previous_lost: false,
            has_ended: false,
            ..known
        }
    }

    /// Requests a log and reads the answer. `checks_run` is whether the run of the first lines is checked.
    async fn read_answer(
        &mut self,
        step: LogStep,
        known: ContainerProgress,
        checks_run: bool,
        begin: Instant,
    ) -> AnswerEnd {
        let body = match self.request(step, known).await {
            Ok(body) => body,
            Err(RequestError::Refused(status)) if status.code == 403 => {
                return AnswerEnd::Forbidden(RequestError::Refused(status));
            }
            // The kubelet does not know the container yet, or the Pod has been deleted.
            Err(RequestError::Refused(status)) if matches!(status.code, 400 | 404) => {
                return AnswerEnd::Refused(status.message);
            }
            Err(RequestError::Refused(_)) => {
                // The API server does not reach the kubelet. If the kubelet has stopped, this may have closed the
                // stream.
                if self.cursor.end == EndCertainty::Likely {
                    self.cursor.end = EndCertainty::Unknown;
                }
                return AnswerEnd::Lost;
            }
            Err(_) => return AnswerEnd::Lost,
        };
        // The known lines of a run identify the run.
        let needs_check = checks_run
            && step.without_tail() == LogStep::Latest
            && !self.cursor.has_lines()
            && !known.is_last_run;
        let reader = AnswerReader {
            unchecked: needs_check.then(|| self.cursor.clone()),
            cursor: &mut self.cursor,
            last_rest: &mut self.last_rest,
            was_blank: &mut self.was_blank,
            progress: &mut self.progress,
            has_waiting: &mut self.has_waiting,
            budget: &self.budget,
            rewritten_text: self.rewritten_text,
            sender: &self.sender,
            cluster: &self.cluster,
            source: &self.source,
            is_followed: step.is_followed(known),
            ends_run: step.ends_run(known),
            may_be_other_run: step.without_tail().mode() == RequestMode::Continue
                && self.next_run_cursor.is_none(),
            begin,
        };
        reader.read(body).await
    }

    /// Returns the step after an answer that does not continue the accepted lines.
    fn step_after(&mut self, unexpected: UnexpectedAnswer, step: LogStep, is_latest: bool) -> LogStep {
        match unexpected {
            // The last lines alone do not show why they are not the expected lines.
            UnexpectedAnswer::OtherLines if step != step.without_tail() => step.without_tail(),
            // The container may have been restarted, so the expected lines may belong to the previous run.
            UnexpectedAnswer::OtherLines if step == LogStep::Latest => LogStep::Previous,
            UnexpectedAnswer::OtherLines if is_latest => LogStep::LatestAfterFileDeletion,
            UnexpectedAnswer::OtherLines => LogStep::PreviousFromStart,
            UnexpectedAnswer::EarlierRun => {
                let run = self.cursor.run();
                let mut next_run_cursor = std::mem::take(&mut self.cursor);
                self.cursor.latest_run = next_run_cursor.latest_run;
                next_run_cursor.relabel_run(run + 1);
                self.cursor.owed_gap = next_run_cursor.owed_gap.take();
                self.next_run_cursor = Some(next_run_cursor);
                self.cursor.relabel_run(run);
                LogStep::PreviousFromStart
            }
        }
    }

    /// Ends the turn if no log can be requested: all runs are complete, the latest run has not started, or the Pod is
    /// gone.
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
        if has_log && self.cursor.end == EndCertainty::Unknown {
            self.sender.report_gap(self.cursor.run(), LogGap::DeletedPod(self.cursor.last())).await;
        }
        self.sender.report_owed_gap(&mut self.cursor).await;
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
        let known = self.known();
        let may_be_known = self.cursor.has_lines_after_gap()
            && self.next_run_cursor.is_none()
            && self.cursor.run() < known.run;
        let is_lost = known.is_previous_lost && self.cursor.run() + 1 == known.run;
        let is_missing = match self.cursor.end {
            EndCertainty::Unknown => true,
            EndCertainty::Likely => is_lost,
            EndCertainty::Certain => false,
        };
        let gap = is_missing.then_some(gap);
        if may_be_known {
            self.end_run().await;
            self.cursor.owed_gap = gap;
            return;
        }
        if let Some(gap) = gap {
            self.sender.report_gap(self.cursor.run(), gap).await;
        }
        self.end_run().await;
    }

    /// Continues with the next run.
    async fn end_run(&mut self) {
        self.sender.report_owed_gap(&mut self.cursor).await;
        self.last_rest = None;
        self.was_blank = false;
        match self.next_run_cursor.take() {
            Some(next_run_cursor) => self.cursor = next_run_cursor,
            None => self.cursor.begin_run(self.cursor.run() + 1),
        }
    }

    /// Skips the runs whose logs no longer exist, and reports a gap for each of them.
    async fn skip_lost_runs(&mut self, known: ContainerProgress) {
        while self.cursor.run() + 1 < known.run {
            let gap = if self.cursor.has_lines() { LogGap::EndOfRun } else { LogGap::WholeRun };
            self.sender.report_gap(self.cursor.run(), gap).await;
            self.end_run().await;
        }
    }

    async fn request(&mut self, step: LogStep, known: ContainerProgress) -> Result<Body, RequestError> {
        let LogRange { since, tail_lines } = self.cursor.begin_request(step.mode());
        let request = LogRequest {
            since,
            tail_lines,
            previous: step.is_previous(),
            follow: step.is_followed(known),
            timestamps: true,
            ..LogRequest::new(&self.source.namespace, &self.source.pod, &self.source.container)
        };
        self.cluster.open_log(&request).await
    }

    /// Whether the turn must end after a pause, because its requests fail and other containers wait for their turn.
    fn must_yield(&self, pause: Duration) -> bool {
        pause >= YIELDING_PAUSE && self.next_run_cursor.is_none() && *self.has_waiting.borrow()
    }

    /// Waits for the given time, or until the progress of the container changes.
    async fn pause(&mut self, pause: Duration) {
        tokio::select! {
            () = sleep(pause) => {}
            _ = self.progress.changed() => {}
            () = self.sender.closed() => {}
        }
    }

    /// Waits for news of the container after its stream was closed, because the container has probably ended. If no
    /// news arrives, the kubelet or a proxy has closed the stream, so the log is requested again.
    async fn wait_for_end(&mut self, pauses: &mut RetryPauses) {
        self.pause(next_pause(pauses).max(Duration::from_secs(1))).await;
    }
}
