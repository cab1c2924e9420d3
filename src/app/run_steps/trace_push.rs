//! The end of a run with a receiver of traces: sends the traces of the runs that have ended.

use crate::app::exit::{Exit, RunError};
use crate::app::run::Run;
use crate::app::signals::Signals;
use crate::app::traces::push::push_trace;
use crate::export::{RunTrace, traces_of};
use crate::source::trace_receiver::TraceSender;
use crate::view::Names;

impl Run<'_> {
    /// Sends the traces of all runs that have ended, if the user named a receiver. Returns the exit of the program, which
    /// is `exit` unless sending fails or a signal interrupts it.
    pub(crate) async fn push_traces(&self, exit: Exit) -> Result<Exit, RunError> {
        let Some(sender) = self.options.traces.sender.as_ref().filter(|_| is_pushed_after(exit)) else {
            return Ok(exit);
        };
        let mut signals = Signals::new(self.options.appearance.is_terminal)?;
        tokio::select! {
            biased;
            exit = signals.next_exit() => Ok(exit),
            is_sent = self.push_ended_traces(sender) => {
                // Only a cluster runs a workload whose own exit code matters more.
                let follows_workload = self.options.cluster.is_some() && self.follows;
                Ok(if is_sent || follows_workload { exit } else { exit.with_missing_objects() })
            }
        }
    }

    /// Sends the traces of all runs that have ended, and reports the result. Stops at the first trace that cannot be sent.
    /// Returns whether all were sent.
    async fn push_ended_traces(&self, sender: &TraceSender) -> bool {
        let (streams, timeline) = (self.options.streams, &self.state.timeline);
        let names = Names::from_timeline(timeline);
        let (ended, others): (Vec<RunTrace<'_>>, Vec<RunTrace<'_>>) =
            traces_of(timeline).into_iter().partition(RunTrace::has_ended);
        for (count, trace) in ended.iter().enumerate() {
            let resource = &self.options.traces.resource;
            if let Err(error) = push_trace(sender, trace, resource, self.state.now()).await {
                streams.error(&error.summary, &error.hints);
                if ended.len() > 1 {
                    streams.note(&format!("sent {count} of {} traces", ended.len()));
                }
                return false;
            }
        }
        match &ended[..] {
            [] => {}
            [trace] => {
                let name = names.workload(trace.subject());
                streams.note(&format!("sent the trace of {name} to {}: {}", sender.address(), trace.id()));
            }
            several => streams.note(&format!("sent {} traces to {}", several.len(), sender.address())),
        }
        match &others[..] {
            [] => {}
            [trace] => {
                let name = names.workload(trace.subject());
                streams.note(&format!("the trace of {name} is not sent, because it has not ended"));
            }
            several => streams.note(&format!(
                "the traces of {} workloads are not sent, because they have not ended",
                several.len()
            )),
        }
        true
    }
}

/// Whether traces are sent if the run ends in this way. A user who interrupts the run does not wait for a receiver.
fn is_pushed_after(exit: Exit) -> bool {
    match exit {
        Exit::Success
        | Exit::Failed
        | Exit::FailedContainer(_)
        | Exit::Unknown
        | Exit::OverBudget
        | Exit::Timeout => true,
        Exit::Usage | Exit::Interrupted | Exit::Terminated | Exit::HungUp | Exit::Wrapped(_) => false,
    }
}
