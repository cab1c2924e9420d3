//! Combines the states and the Events of a container into its known runs, with narrowed times.

use jiff::Timestamp;

use crate::lifecycle::container_evidence::{ContainerEvidence, RunEvidence};
use crate::lifecycle::container_life::ContainerRun;
use crate::lifecycle::event_fact::{EventTime, is_same_instant, is_same_instant_or_later};
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::time::instant::{Instant, order, order_all};

/// The known runs of a container.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownRuns {
    /// The runs, oldest first.
    pub(crate) runs: Vec<ContainerRun>,
    /// Whether the first known run is the first run of the container.
    pub(crate) includes_first: bool,
    /// Number of runs that happened but are not known individually.
    pub(crate) not_seen: u32,
    /// Whether a time of a run is impossible and therefore counts as unknown.
    pub(crate) is_contradictory: bool,
    /// Number of restarts that Events prove; 0 if a state of the Pod was seen.
    pub(crate) restarts: u32,
}

impl ContainerEvidence {
    /// Combines states and Events into the known runs. `terminal_received` is the receipt of the Pod's terminal phase,
    /// or `None` if this receipt does not date the end of the latest run. The receipt is used only if the receipt can
    /// be the same instant as `finishedAt`. No run can start or end after `last_seen`, the receipt of the latest state.
    pub(crate) fn known_runs(
        &self,
        terminal_received: Option<Timestamp>,
        last_seen: Option<Timestamp>,
    ) -> KnownRuns {
        let latest = self.runs.len();
        let mut is_contradictory = false;
        let mut runs: Vec<ContainerRun> = self
            .runs
            .iter()
            .enumerate()
            .map(|(index, run)| {
                let mut known = self.combine_run(run, terminal_received.filter(|_| index + 1 == latest));
                is_contradictory |= known.forget_impossible_times(last_seen);
                known
            })
            .collect();
        let mut includes_first = self.runs.first().is_some_and(|run| run.ordinal == 0);
        if let Some(first) = self.first_run_from_event() {
            runs.insert(0, first);
            includes_first = true;
        }
        if let Some(next) = self.next_run_from_event() {
            runs.push(next);
        }
        let current = u32::from(!self.restart_pending && (!runs.is_empty() || self.restart_count > 0));
        let run_count = self.restart_count.saturating_add(current);
        let not_seen = run_count.saturating_sub(u32::try_from(runs.len()).unwrap_or(u32::MAX));
        self.order_runs(&mut runs);
        let includes_first = includes_first || not_seen == 0;
        KnownRuns { runs, includes_first, not_seen, is_contradictory, restarts: 0 }
    }

    /// Returns the runs of a container whose state was never seen, from its `Started` events. The ends of the runs are
    /// unknown. Set `includes_first` if other Events show that no earlier `Started` event has expired.
    pub(crate) fn runs_from_events(&self, includes_first: bool) -> KnownRuns {
        let (starts, not_seen) = self.events.starts();
        let count = |runs: usize| u32::try_from(runs).unwrap_or(u32::MAX);
        let latest = starts.len().saturating_sub(1);
        let restarts = count(latest).saturating_add(not_seen);
        let to_run = |(index, start): (usize, Instant)| ContainerRun {
            // The runs that are not known individually lie before the latest run.
            ordinal: if index == latest { restarts } else { count(index) },
            start: Some(start),
            end: None,
            // Nothing runs in a Pod that no longer exists.
            ended: true,
            exit_code: None,
            reason: None,
            cause: None,
        };
        let runs = starts.into_iter().enumerate().map(to_run).collect();
        KnownRuns { runs, includes_first, not_seen, is_contradictory: false, restarts }
    }

    /// Returns the first run if only the `Started` event reports it.
    fn first_run_from_event(&self) -> Option<ContainerRun> {
        let started = self.events.first_start()?;
        let is_known = |run: &RunEvidence| {
            run.ordinal == 0 || run.start.is_some_and(|start| is_same_instant_or_later(started.at, start))
        };
        if self.runs.iter().any(is_known) {
            return None;
        }
        let start = started.to_instant(Evidence::StartedEvent, Evidence::StartedEventCoarse);
        let lost = self.lost_run.as_ref().filter(|lost| lost.is_current || lost.ordinal == 0);
        let exit_code = lost.map(|lost| lost.exit_code);
        let reason = lost.and_then(|lost| lost.reason.clone());
        let ended = lost.is_some() || self.restart_count > 0;
        Some(ContainerRun {
            ordinal: 0,
            start: Some(start),
            end: None,
            ended,
            exit_code,
            reason,
            cause: None,
        })
    }

    /// Returns the next run, if an Event already reports the run but the status does not. The kubelet writes the status
    /// only at the end of its pass over the Pod.
    fn next_run_from_event(&self) -> Option<ContainerRun> {
        let end = self.runs.last().filter(|run| run.ended)?.end?;
        let (count, last) = self.events.latest_start_and_count()?;
        if count <= self.restart_count.saturating_add(1) || last < end {
            return None;
        }
        let received = self.events.receipt_of_start(count);
        let start = match received.filter(|received| is_same_instant(*received, last)) {
            Some(at) => Instant::new(at, Evidence::ReceivedStarted),
            None => Instant::new(last, Evidence::StartedEventCoarse),
        };
        let (ordinal, start) = (count - 1, Some(start));
        Some(ContainerRun {
            ordinal,
            start,
            end: None,
            ended: false,
            exit_code: None,
            reason: None,
            cause: None,
        })
    }

    fn combine_run(&self, run: &RunEvidence, terminal_received: Option<Timestamp>) -> ContainerRun {
        let first_start = self.events.first_start().filter(|event| event.fine && run.ordinal == 0);
        let to_instant =
            |event: EventTime| event.to_instant(Evidence::StartedEvent, Evidence::StartedEventCoarse);
        let start = match run.start {
            Some(at) => {
                let event = first_start.filter(|event| is_same_instant(event.at, at));
                let received = self.events.receipt_of_start(run.ordinal.saturating_add(1));
                let received = received
                    .filter(|received| is_same_instant(*received, at))
                    .map(|at| Instant::new(at, Evidence::ReceivedStarted));
                event
                    .or_else(|| self.events.later_start_at(at))
                    .map(to_instant)
                    .or(received.map(|mut received| {
                        received.raise_earliest(at, Evidence::StartedAt);
                        received
                    }))
                    .or_else(|| {
                        let mut start = Instant::new(at, Evidence::StartedAt);
                        if let Some(received) = run.start_received {
                            start.lower_latest(received, Evidence::ReceivedRunning);
                        }
                        Some(start)
                    })
            }
            // A run that could not be started has no `Started` event.
            None if run.reason.as_deref() == Some("StartError") => None,
            None => first_start.map(to_instant),
        };
        let end = run.end.map(|end| self.end_of_run(run, end, terminal_received));
        let reason = run.reason.clone();
        ContainerRun {
            ordinal: run.ordinal,
            start,
            end,
            ended: run.ended,
            exit_code: run.exit_code,
            reason,
            cause: None,
        }
    }

    /// Returns the end of `run`, which the status dates `finished_at`. If a watch received the update that reports the
    /// end, this receipt is an upper bound of the end.
    fn end_of_run(
        &self,
        run: &RunEvidence,
        finished_at: Timestamp,
        terminal_received: Option<Timestamp>,
    ) -> Instant {
        if let Some(at) = terminal_received.filter(|received| is_same_instant(*received, finished_at)) {
            return Instant::new(at, Evidence::ReceivedTerminalPhase);
        }
        let mut end = Instant::new(finished_at, Evidence::FinishedAt);
        if let Some(received) = run.end_received {
            end.lower_latest(received, Evidence::ReceivedTerminated);
            end.estimate_noticed_by(received, Evidence::ReceivedTerminated);
        }
        // A container that could not be started ends after the pull of its image, and before the event that reports the
        // failed start.
        if run.reason.as_deref() == Some("StartError") {
            if let Some(pulled) = self.events.pull().and_then(|pull| pull.end) {
                end.raise_earliest(pulled, Evidence::PulledEvent);
            }
            if let Some((failed, _)) = self.events.start_failed().filter(|(failed, _)| failed.fine) {
                end.lower_latest(failed.at, Evidence::StartFailedEvent);
            }
        }
        end
    }

    /// Narrows the times of the runs by their order: first the pull of the image, then the start and the end of each
    /// run. The kubelet reports a back-off only after the end of a run.
    fn order_runs(&self, runs: &mut [ContainerRun]) {
        if let Some(back_off) = self.events.back_off() {
            let before = |run: &&mut ContainerRun| run.start.is_some_and(|start| start.at <= back_off.at);
            if let Some(end) = runs.iter_mut().rev().find(before).and_then(|run| run.end.as_mut()) {
                end.lower_latest(back_off.at, Evidence::BackOffEvent);
            }
        }
        // If the events of the first run have expired, the known pull can belong to a later run. Such a pull is later
        // than the first start, so it has no effect.
        let first_start = runs.first_mut().filter(|run| run.ordinal == 0).and_then(|run| run.start.as_mut());
        if let (Some(start), Some(pulled)) = (first_start, self.events.pull().and_then(|pull| pull.end)) {
            let pulled = Instant::new(pulled, Evidence::PulledEvent);
            start.raise_earliest(pulled.earliest(), pulled.evidence);
        }
        if let [] | [_] = runs {
            for run in runs {
                let (Some(start), Some(end)) = (&mut run.start, &mut run.end) else { return };
                order(start, end);
            }
            return;
        }
        let mut times: Vec<Option<Instant>> = runs.iter().flat_map(|run| [run.start, run.end]).collect();
        order_all(&mut times);
        for (run, times) in runs.iter_mut().zip(times.chunks_exact(2)) {
            (run.start, run.end) = (times[0], times[1]);
        }
    }
}
