//! Reads the logs of the Pods of a run. Reports the containers with logs to the collector, and returns the lines that
//! can be shown.

use std::collections::HashMap;
use std::sync::Arc;

use crate::app::logs::held_lines::HeldLogs;
use crate::app::logs::options::{LogOptions, LogSelection};
use crate::app::logs::parts::{LogContent, LogPart, LoggedContainer};
use crate::lifecycle::{ContainerLife, ContainerRun, PodOutcome};
use crate::source::cluster::Cluster;
use crate::source::cluster::logs::{
    ContainerProgress, LogCollector, LogSource, LogUpdate, RewrittenText, Ticket,
};
use crate::timeline::{PodKey, Timeline, TimelinePod};

/// The result of an update from the collector.
#[derive(Debug)]
pub(crate) enum LogNews {
    /// Parts of logs, in the order in which they are shown.
    Parts(Vec<LogPart>),
    /// The user may not read logs, for this reason.
    Forbidden(String),
}

/// Reads the logs of a run.
#[derive(Debug)]
pub(crate) struct LogReader {
    options: LogOptions,
    collector: LogCollector,
    /// The containers. The ticket of a container is its index.
    containers: Vec<LoggedContainer>,
    tickets: HashMap<PodKey, Vec<Ticket>>,
    held: HeldLogs,
    /// Failed Pods whose logs are not complete yet.
    failed: Vec<PodKey>,
    /// Parts that can be shown now.
    ready: Vec<LogPart>,
}

impl LogReader {
    pub(crate) fn new(cluster: Cluster, options: LogOptions, rewritten_text: RewrittenText) -> Self {
        Self {
            collector: LogCollector::new(cluster, options.max_streams, rewritten_text),
            options,
            containers: Vec::new(),
            tickets: HashMap::new(),
            held: HeldLogs::default(),
            failed: Vec::new(),
            ready: Vec::new(),
        }
    }

    /// Returns the user's choices.
    pub(crate) fn options(&self) -> &LogOptions {
        &self.options
    }

    /// Reports the state of the containers of the `changed` Pods to the collector.
    pub(crate) fn observe(&mut self, timeline: &Timeline, changed: &[PodKey]) {
        for &key in changed {
            let pod = timeline.pod(key);
            if pod.life.gone {
                // The Pod no longer exists, and only Events prove that it existed, so its logs no longer exist either.
                continue;
            }
            let selected = || pod.life.containers.iter().filter(|container| self.options.selects(container));
            let has_neighbours = selected().nth(1).is_some();
            let states: Vec<(Arc<str>, ContainerProgress)> = selected()
                .filter_map(|container| Some((Arc::clone(&container.name), progress(&pod, container)?)))
                .collect();
            for (name, progress) in states {
                let ticket = self.ticket(key, name, has_neighbours);
                let source = || LogSource {
                    namespace: Arc::clone(&pod.namespace),
                    pod: Arc::from(&*pod.name),
                    container: Arc::clone(&self.containers[ticket as usize].name),
                };
                self.collector.update(ticket, progress, source);
            }
            if let LogSelection::Failed { .. } = self.options.selection {
                self.decide_about_held_lines(key, pod.life.outcome);
            }
        }
        self.release_failed_logs();
    }

    /// Waits for the next update. If the future is dropped early, no update is lost.
    pub(crate) async fn next(&mut self) -> LogUpdate {
        if self.ready.is_empty() { self.collector.next().await } else { LogUpdate::Complete }
    }

    /// Handles an update from the collector. If only failed Pods are shown, gaps are not shown.
    pub(crate) fn on_update(&mut self, update: LogUpdate) -> LogNews {
        let part = match update {
            LogUpdate::Lines { ticket, run, lines, permit } => {
                // The caller shows the lines before the next line is read.
                drop(permit);
                (ticket, run, LogContent::Lines(lines))
            }
            LogUpdate::Gap { ticket, run, gap } => (ticket, run, LogContent::Gap(gap)),
            LogUpdate::Complete => {
                self.release_failed_logs();
                return LogNews::Parts(std::mem::take(&mut self.ready));
            }
            LogUpdate::Forbidden(reason) => return LogNews::Forbidden(reason),
        };
        let (ticket, run, content) = part;
        match self.options.selection {
            LogSelection::All => {
                let container = self.containers[ticket as usize].clone();
                LogNews::Parts(vec![LogPart { container, run, content }])
            }
            LogSelection::Failed { tail_lines } => {
                match content {
                    LogContent::Lines(lines) => self.held.add(ticket, run, lines, tail_lines),
                    LogContent::Gap(gap) => self.held.add_gap(ticket, run, gap),
                }
                LogNews::Parts(Vec::new())
            }
        }
    }

    /// Whether the logs of all containers that have ended were returned by [`Self::on_update`].
    pub(crate) fn is_drained(&self) -> bool {
        self.ready.is_empty() && self.failed.is_empty() && self.collector.is_drained()
    }

    fn ticket(&mut self, pod: PodKey, name: Arc<str>, has_neighbours: bool) -> Ticket {
        let tickets = self.tickets.entry(pod).or_default();
        let known = tickets.iter().find(|&&ticket| self.containers[ticket as usize].name == name);
        if let Some(&ticket) = known {
            return ticket;
        }
        let ticket = Ticket::try_from(self.containers.len()).unwrap_or(Ticket::MAX);
        tickets.push(ticket);
        self.containers.push(LoggedContainer { pod, name, has_neighbours });
        ticket
    }

    /// Drops the held lines of a Pod that ended without a failure. Adds a Pod that failed to the failed Pods.
    fn decide_about_held_lines(&mut self, key: PodKey, outcome: PodOutcome) {
        if outcome.has_failed() {
            if !self.failed.contains(&key) {
                self.failed.push(key);
            }
        } else if outcome.has_ended() {
            for &ticket in self.tickets.get(&key).into_iter().flatten() {
                self.held.remove(ticket, &self.containers[ticket as usize]);
            }
        }
    }

    /// Moves the held lines of failed Pods to the parts that can be shown, as soon as the logs of the Pod are complete.
    fn release_failed_logs(&mut self) {
        let ready = &mut self.ready;
        let (containers, collector, held) = (&self.containers, &self.collector, &mut self.held);
        self.failed.retain(|key| {
            let tickets = self.tickets.get(key).map_or(&[][..], Vec::as_slice);
            if !tickets.iter().all(|&ticket| collector.is_complete(ticket)) {
                return true;
            }
            for &ticket in tickets {
                ready.extend(held.remove(ticket, &containers[ticket as usize]));
            }
            false
        });
    }
}

/// Returns the progress of a container, or `None` if no run of the container has started.
fn progress(pod: &TimelinePod<'_>, container: &ContainerLife) -> Option<ContainerProgress> {
    let started = || container.runs.iter().filter(|run| run.has_started());
    let run = started().next_back()?;
    // A restart of the node can reset the number of restarts. The numbers of the runs increase nevertheless.
    let next = |number: Option<u32>, run: &ContainerRun| {
        Some(number.map_or(run.ordinal, |number| run.ordinal.max(number.saturating_add(1))))
    };
    let number = started().fold(None, next)?;
    // The node no longer has the container. If it restarts the container, it may return the log of the next run before
    // the status reports the restart. A request for the previous run never returns the log of the next run.
    let is_lost = run.is_lost();
    let is_previous_lost = is_lost || started().rev().nth(1).is_some_and(ContainerRun::is_lost);
    let is_pod_gone = pod.life.instants.deleted.is_some() || pod.life.outcome == PodOutcome::Gone;
    let is_last_run = is_pod_gone || pod.life.outcome.has_ended();
    Some(ContainerProgress {
        run: if is_lost { number.saturating_add(1) } else { number },
        has_started: !is_lost,
        is_previous_lost,
        has_ended: (run.ended && !is_lost) || is_pod_gone,
        is_last_run,
        is_pod_gone,
    })
}
