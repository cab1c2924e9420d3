//! Evidence of one container: its image, its runs, and the best version of each that was ever seen.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::evidence::Evidence;
use super::message::{self, Pulled};
use super::names::Names;
use super::{Instant, Pull, Role, Run};
use crate::observation::{ContainerStatus, Event, Terminated, known};

/// How far a fine time may lie before or after the coarse one of the same instant.
const BEFORE: SignedDuration = SignedDuration::from_millis(200);
const AFTER: SignedDuration = SignedDuration::from_millis(1200);

/// Whether a fine time fits a time that was truncated to the second.
pub(super) fn fits(fine: Timestamp, coarse: Timestamp) -> bool {
    fine >= coarse - BEFORE && fine <= coarse + AFTER
}

/// A time from an event, and whether it is finer than a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventTime {
    pub(super) at: Timestamp,
    pub(super) fine: bool,
}

impl EventTime {
    /// The event's first occurrence.
    pub(super) fn first(event: &Event) -> Option<Self> {
        event.first().map(|(at, fine)| Self { at, fine })
    }

    pub(super) fn instant(self, fine: Evidence, coarse: Evidence) -> Instant {
        Instant { at: self.at, evidence: if self.fine { fine } else { coarse } }
    }
}

/// Keeps the earlier of two times.
pub(super) fn keep_earliest(kept: &mut Option<EventTime>, new: Option<EventTime>) {
    if let Some(new) = new
        && kept.is_none_or(|kept| new.at < kept.at)
    {
        *kept = Some(new);
    }
}

/// What is known of one container.
#[derive(Debug)]
pub(super) struct ContainerEvidence {
    pub(super) name: Arc<str>,
    pub(super) role: Role,
    pub(super) image: Arc<str>,
    /// Whether a run that ends well, and one that fails, is followed by another.
    pub(super) restarts_after: Restarts,
    /// `restartCount`; the highest seen, because a node that restarts may begin anew.
    pub(super) restart_count: u32,
    pub(super) runs: Vec<RunEvidence>,
    /// Last telling `waiting.reason`, while it waits.
    pub(super) waiting: Option<Arc<str>>,
    /// The container is terminated without ever having run.
    pub(super) never_ran: Option<Arc<str>>,
    pulling: Option<EventTime>,
    pulled: Option<(EventTime, Pulled)>,
    started: Option<EventTime>,
    /// Latest start that events tell of: its time, and when a repetition was received.
    started_last: Option<Timestamp>,
    started_received: Option<Timestamp>,
    started_count: u32,
}

/// When the kubelet starts a container again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Restarts {
    pub(super) on_success: bool,
    pub(super) on_failure: bool,
}

impl Restarts {
    /// From a restart policy.
    pub(super) fn from_policy(policy: &str) -> Self {
        Self { on_success: policy == "Always", on_failure: matches!(policy, "Always" | "OnFailure") }
    }
}

/// One run, as status told of it.
#[derive(Clone, Debug)]
pub(super) struct RunEvidence {
    id: Box<str>,
    /// `restartCount` at the time of the run.
    ordinal: u32,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    ended: bool,
    exit_code: Option<i32>,
    reason: Option<Arc<str>>,
    ended_received: Option<Timestamp>,
}

impl ContainerEvidence {
    pub(super) fn new(name: Arc<str>, role: Role, image: Arc<str>, restarts_after: Restarts) -> Self {
        Self {
            name,
            role,
            image,
            restarts_after,
            restart_count: 0,
            runs: Vec::new(),
            waiting: None,
            never_ran: None,
            pulling: None,
            pulled: None,
            started: None,
            started_last: None,
            started_received: None,
            started_count: 0,
        }
    }

    /// Takes in a status; `received` if the change was received by a watch.
    pub(super) fn observe(
        &mut self,
        status: &ContainerStatus,
        received: Option<Timestamp>,
        names: &mut Names,
    ) {
        let restarts = u32::try_from(status.restart_count).unwrap_or(0);
        self.restart_count = self.restart_count.max(restarts);
        if let Some(last) = &status.last_state.terminated {
            self.observe_terminated(last, restarts.saturating_sub(1), None, names);
        }
        let state = &status.state;
        if let Some(running) = &state.running {
            let run = self.run_mut(&status.container_id, restarts);
            run.start = earliest(run.start, known(running.started_at));
            self.waiting = None;
        } else if let Some(terminated) = &state.terminated {
            self.observe_terminated(terminated, restarts, received, names);
            self.waiting = None;
        } else if let Some(waiting) = &state.waiting {
            self.observe_waiting(&waiting.reason, names);
        }
    }

    fn observe_waiting(&mut self, reason: &str, names: &mut Names) {
        // On deletion and between attempts the reason falls back to these: the last telling one stays.
        let telling = !matches!(reason, "" | "ContainerCreating" | "PodInitializing");
        if telling || self.waiting.is_none() {
            self.waiting = names.share_some(reason);
        }
    }

    fn observe_terminated(
        &mut self,
        terminated: &Terminated,
        ordinal: u32,
        received: Option<Timestamp>,
        names: &mut Names,
    ) {
        let start = known(terminated.started_at);
        let end = known(terminated.finished_at);
        // The kubelet's word for "I lost it" replaces what was known before: keep the better version.
        let lost = start.is_none() && end.is_none();
        if lost && terminated.container_id.is_empty() {
            match self.runs.last_mut() {
                Some(run) if !run.ended => {
                    run.ended = true;
                    run.exit_code = Some(terminated.exit_code);
                    run.reason = names.share_some(&terminated.reason);
                    run.ended_received = run.ended_received.or(received);
                }
                Some(_) => {}
                None => self.never_ran = names.share_some(&terminated.reason),
            }
            return;
        }
        let run = self.run_mut(&terminated.container_id, ordinal);
        run.start = earliest(run.start, start);
        run.end = run.end.or(end);
        if !run.ended || (run.exit_code.is_none() && !lost) {
            run.exit_code = Some(terminated.exit_code);
            run.reason = names.share_some(&terminated.reason);
            run.ended_received = run.ended_received.or(received);
        }
        run.ended = true;
    }

    fn run_mut(&mut self, id: &str, ordinal: u32) -> &mut RunEvidence {
        let same = |run: &RunEvidence| if id.is_empty() { run.ordinal == ordinal } else { *run.id == *id };
        if let Some(place) = self.runs.iter().position(same) {
            return &mut self.runs[place];
        }
        let place = self.runs.iter().position(|other| other.ordinal > ordinal).unwrap_or(self.runs.len());
        let run = RunEvidence {
            id: id.into(),
            ordinal,
            start: None,
            end: None,
            ended: false,
            exit_code: None,
            reason: None,
            ended_received: None,
        };
        self.runs.insert(place, run);
        &mut self.runs[place]
    }

    /// Takes in an event about the container. Events of one reason may come in any order.
    pub(super) fn observe_event(&mut self, event: &Event, received: Option<Timestamp>) {
        let first = EventTime::first(event);
        match event.reason.as_str() {
            "Pulling" => keep_earliest(&mut self.pulling, first),
            "Pulled" => {
                let Some((first, pulled)) = first.zip(message::pulled(event.text())) else { return };
                if self.pulled.is_none_or(|(kept, _)| first.at < kept.at) {
                    self.pulled = Some((first, pulled));
                }
            }
            "Started" => {
                keep_earliest(&mut self.started, first);
                let count = event.occurrences();
                if count > self.started_count && self.started_count > 0 {
                    self.started_received = self.started_received.max(received);
                }
                self.started_count = self.started_count.max(count);
                self.started_last = self.started_last.max(event.last());
            }
            _ => {}
        }
    }

    /// When the node's queue for pulls was entered.
    pub(super) fn pull_asked(&self) -> Option<EventTime> {
        let lost = || {
            let (end, pulled) = self.pulled?;
            match pulled {
                Pulled::Cached => Some(end),
                Pulled::Pulled { since_asked, .. } => {
                    Some(EventTime { at: end.at - since_asked?, fine: end.fine })
                }
            }
        };
        self.pulling.or_else(lost)
    }

    /// First event about its image.
    pub(super) fn first_image_event(&self) -> Option<EventTime> {
        let asked = self.pull_asked();
        let pulled = self.pulled.map(|(end, _)| end);
        match (asked, pulled) {
            (Some(asked), Some(pulled)) => Some(if pulled.at < asked.at { pulled } else { asked }),
            (asked, pulled) => asked.or(pulled),
        }
    }

    /// The pull of its image.
    pub(super) fn pull(&self) -> Option<Pull> {
        let asked = self.pull_asked().map(|asked| asked.at);
        let Some((end, pulled)) = self.pulled else {
            // Asked for, not there yet: whether it waits or pulls is not known.
            return asked.map(|_| Pull { start: None, end: None, wait: None, bytes: None, cached: false });
        };
        Some(match pulled {
            Pulled::Cached => Pull {
                start: Some(end.at),
                end: Some(end.at),
                wait: Some(SignedDuration::ZERO),
                bytes: None,
                cached: true,
            },
            Pulled::Pulled { pull, since_asked, bytes } => Pull {
                start: pull.map(|pull| end.at - pull),
                end: Some(end.at),
                wait: since_asked.zip(pull).map(|(since, pull)| (since - pull).max(SignedDuration::ZERO)),
                bytes,
                cached: false,
            },
        })
    }

    /// Its runs, oldest first. `killed` is when the terminal phase of a deleted Pod was received, which dates the end
    /// of what ran until then to 40 ms.
    pub(super) fn known_runs(&self, killed: Option<Timestamp>) -> Vec<Run> {
        let mut runs: Vec<Run> = self.runs.iter().map(|run| self.known_run(run, killed)).collect();
        // Events tell of a start before the status does: the kubelet writes when its pass over the Pod ends.
        let last_end = runs.last().map(|run| run.end.map(|end| end.at).filter(|_| run.ended));
        match (last_end, self.started, self.started_last) {
            (None, Some(started), _) => {
                let start = started.instant(Evidence::StartedEvent, Evidence::StartedEventCoarse);
                runs.push(open_run(start));
            }
            (Some(Some(end)), _, Some(last))
                if self.started_count > self.restart_count + 1 && last >= end =>
            {
                let start = match self.started_received {
                    Some(at) if fits(at, last) => Instant { at, evidence: Evidence::ReceivedStarted },
                    _ => Instant { at: last, evidence: Evidence::StartedEventCoarse },
                };
                runs.push(open_run(start));
            }
            _ => {}
        }
        runs
    }

    fn known_run(&self, run: &RunEvidence, killed: Option<Timestamp>) -> Run {
        let status = run.start.map(|at| Instant { at, evidence: Evidence::StartedAt });
        let event = self.started.filter(|_| run.ordinal == 0).filter(|event| event.fine);
        let received = self.started_received.filter(|_| run.ordinal == self.restart_count && run.ordinal > 0);
        let start = match (status, event, received) {
            (Some(status), Some(event), _) if fits(event.at, status.at) => {
                Some(event.instant(Evidence::StartedEvent, Evidence::StartedEventCoarse))
            }
            (Some(status), _, Some(at)) if fits(at, status.at) => {
                Some(Instant { at, evidence: Evidence::ReceivedStarted })
            }
            (None, Some(event), _) if run.reason.as_deref() != Some("StartError") => {
                Some(event.instant(Evidence::StartedEvent, Evidence::StartedEventCoarse))
            }
            (status, ..) => status,
        };
        let end = match (run.end, killed) {
            (Some(end), Some(at)) if fits(at, end) => {
                Some(Instant { at, evidence: Evidence::ReceivedTerminalPhase })
            }
            (Some(at), _) => Some(Instant { at, evidence: Evidence::FinishedAt }),
            (None, _) => None,
        };
        // A time truncated to the second can seem to lie before a finer one.
        let end = end.map(|end| match start {
            Some(start) if end.at < start.at => Instant { at: start.at, ..end },
            _ => end,
        });
        Run { start, end, ended: run.ended, exit_code: run.exit_code, reason: run.reason.clone() }
    }

    /// Receipt of the end of its last run.
    pub(super) fn end_received(&self) -> Option<Timestamp> {
        self.runs.last().and_then(|run| run.ended_received)
    }

    /// Runs that happened but are not known one by one.
    pub(super) fn runs_not_seen(&self, known: usize) -> u32 {
        let happened = if known == 0 && self.restart_count == 0 { 0 } else { self.restart_count + 1 };
        happened.saturating_sub(u32::try_from(known).unwrap_or(u32::MAX))
    }
}

fn open_run(start: Instant) -> Run {
    Run { start: Some(start), end: None, ended: false, exit_code: None, reason: None }
}

fn earliest(kept: Option<Timestamp>, new: Option<Timestamp>) -> Option<Timestamp> {
    match (kept, new) {
        (Some(kept), Some(new)) => Some(kept.min(new)),
        (kept, new) => kept.or(new),
    }
}
