//! Sends the traces of finished runs to a receiver, and tries again if this fails.
//!
//! A task of its own sends one trace after another, so a receiver that does not answer disturbs nothing else.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::app::record::finished_run::FinishedRun;
use crate::app::record::report::Report;
use crate::app::traces::options::TraceOptions;
use crate::app::traces::push::push_trace;
use crate::export::{ResourceSettings, traces_of};
use crate::source::cluster::retry::{RetryPauses, next_pause, retry_pauses};
use crate::source::trace_receiver::TraceSender;
use crate::source::{ErrorKind, SourceError};
use crate::timeline::Timeline;

/// Maximum number of traces that wait for the receiver.
const MAX_TRACES: usize = 1_000;

/// Maximum number of Pods in the traces that wait for the receiver, because the memory of a trace grows with its Pods.
const MAX_PODS: usize = 100_000;

/// The traces that wait for the receiver.
#[derive(Debug)]
pub(crate) struct TraceQueue {
    sender: Arc<TraceSender>,
    resource: Arc<ResourceSettings>,
    /// The traces that wait, the one that is sent next first.
    waiting: VecDeque<WaitingTrace>,
    /// The trace that is being sent.
    sending: Option<JoinHandle<SentTrace>>,
    /// The earliest time of the next attempt.
    next_attempt: Instant,
    /// The pauses between attempts since the latest success.
    pauses: RetryPauses,
    /// Whether a failure was reported, and a trace that failed still waits.
    is_failing: bool,
    /// Number of traces that were dropped since the first failure.
    dropped: usize,
    /// The lines for the user that have not been printed.
    reports: Vec<Report>,
}

/// The run whose trace waits.
#[derive(Debug)]
struct WaitingTrace {
    timeline: Timeline,
    /// The namespace, kind and name of the workload.
    name: String,
    /// The time that the run shows last.
    end: Timestamp,
    /// Whether an attempt to send the trace failed.
    has_failed: bool,
}

/// A trace after an attempt to send it.
type SentTrace = (WaitingTrace, Result<(), SourceError>);

impl TraceQueue {
    /// Creates an empty queue. Returns `None` if the user named no receiver.
    pub(crate) fn new(options: TraceOptions) -> Option<Self> {
        let sender = options.sender?;
        Some(Self {
            sender: Arc::from(sender),
            resource: Arc::new(options.resource),
            waiting: VecDeque::new(),
            sending: None,
            next_attempt: Instant::now(),
            pauses: retry_pauses(),
            is_failing: false,
            dropped: 0,
            reports: Vec::new(),
        })
    }

    /// The address of the receiver, for messages.
    pub(crate) fn address(&self) -> String {
        self.sender.address()
    }

    /// Removes and returns the lines for the user.
    pub(crate) fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// Adds the trace of a run, unless the run ended before the program began. If too many traces wait, drops the first
    /// ones.
    pub(crate) fn add(&mut self, run: FinishedRun) {
        if run.is_old {
            return;
        }
        let (name, end) = (run.name(), run.end);
        self.waiting.push_back(WaitingTrace { timeline: run.timeline, name, end, has_failed: false });
        self.limit_memory(MAX_TRACES, MAX_PODS);
    }

    fn limit_memory(&mut self, max_traces: usize, max_pods: usize) {
        let mut pods: usize = self.waiting.iter().map(|trace| trace.timeline.pod_count()).sum();
        while self.waiting.len() > max_traces || (pods > max_pods && self.waiting.len() > 1) {
            let Some(dropped) = self.waiting.pop_front() else { return };
            pods -= dropped.timeline.pod_count();
            if self.dropped == 0 {
                self.warn("too many traces wait for the receiver: the oldest are dropped".to_owned());
            }
            self.dropped += 1;
        }
    }

    /// Number of traces that have not been sent.
    pub(crate) fn unsent(&self) -> usize {
        self.waiting.len() + usize::from(self.sending.is_some())
    }

    /// Makes the next attempt begin at once.
    pub(crate) fn end_pause(&mut self) {
        self.next_attempt = Instant::now();
    }

    /// Sends the next trace, or tries to. Waits forever if there is none. The call may be cancelled and repeated.
    pub(crate) async fn send_next(&mut self) {
        if self.sending.is_none() {
            if self.waiting.is_empty() {
                return std::future::pending().await;
            }
            sleep_until(self.next_attempt).await;
            let Some(trace) = self.waiting.pop_front() else { return };
            let (sender, resource) = (Arc::clone(&self.sender), Arc::clone(&self.resource));
            self.sending = Some(tokio::spawn(async move {
                let sent = send_run(&sender, &trace, &resource).await;
                (trace, sent)
            }));
        }
        let Some(sending) = &mut self.sending else { return };
        let ended = sending.await;
        self.sending = None;
        match ended {
            Ok((_, Ok(()))) => self.on_sent(),
            Ok((trace, Err(error))) => self.on_failed(trace, &error),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
    }

    fn on_sent(&mut self) {
        if self.is_failing && !self.waiting.iter().any(|trace| trace.has_failed) {
            self.is_failing = false;
            self.pauses = retry_pauses();
            let dropped = match std::mem::take(&mut self.dropped) {
                0 => String::new(),
                1 => "; one was dropped".to_owned(),
                count => format!("; {count} were dropped"),
            };
            self.reports.push(Report::Note(format!("traces are sent again{dropped}")));
        }
    }

    fn warn(&mut self, text: String) {
        self.reports.push(Report::Warning(text));
    }

    /// Puts the trace behind the others, because the receiver may refuse only this one.
    fn on_failed(&mut self, mut trace: WaitingTrace, error: &SourceError) {
        if error.kind == ErrorKind::Rejected {
            self.warn(format!("{}; the trace of {} is dropped", error.summary, trace.name));
            return;
        }
        if !std::mem::replace(&mut self.is_failing, true) {
            self.warn(format!("{}; trying again", error.summary));
        }
        trace.has_failed = true;
        self.waiting.push_back(trace);
        self.limit_memory(MAX_TRACES, MAX_PODS);
        self.next_attempt = Instant::now() + next_pause(&mut self.pauses);
    }
}

/// Sends the trace of a run.
async fn send_run(
    sender: &TraceSender,
    run: &WaitingTrace,
    resource: &ResourceSettings,
) -> Result<(), SourceError> {
    for trace in traces_of(&run.timeline) {
        push_trace(sender, &trace, resource, run.end).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
