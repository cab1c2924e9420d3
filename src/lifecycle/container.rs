//! Evidence of one container: its image, its runs, and the best version of each that was ever seen.
//!
//! States come in order, events in any: what both tell of is put together only when a life is derived.

mod events;

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use jiff::{SignedDuration, Timestamp};

use self::events::ContainerEvents;
use super::evidence::Evidence;
use super::fact::EventTime;
use super::names::Names;
use super::packed::packed_struct;
use super::restarts::Restarts;
use super::{ContainerRole, Instant, Run};
use crate::observation::{ContainerStatus, Terminated, known};

/// How far a fine time may lie before or after the coarse one of the same instant.
const BEFORE: SignedDuration = SignedDuration::from_millis(200);
const AFTER: SignedDuration = SignedDuration::from_millis(1200);

/// Whether a fine time fits a time that was truncated to the second.
pub(crate) fn fits(fine: Timestamp, coarse: Timestamp) -> bool {
    fine >= coarse - BEFORE && fine <= coarse + AFTER
}

/// What is known of one container.
#[derive(Clone, Debug)]
pub(crate) struct ContainerEvidence {
    pub(crate) name: Arc<str>,
    pub(crate) role: ContainerRole,
    pub(crate) image: Arc<str>,
    restarts: Restarts,
    /// `restartCount`; the highest seen, because a node that restarts may begin anew.
    pub(crate) restart_count: u32,
    runs: Vec<RunEvidence>,
    /// The restart that `restartCount` counts last has not begun: a node that restarts counts before it starts.
    restart_pending: bool,
    /// Last telling `waiting.reason`, until it runs.
    pub(crate) waiting: Option<Arc<str>>,
    /// Why it could not be made or started, as a status said, and the receipt of the first that did.
    unstartable: Option<(Option<Timestamp>, Arc<str>)>,
    /// The container is terminated, but no state told of a run: the kubelet lost it, or it never began.
    lost: Option<Lost>,
    events: ContainerEvents,
}

/// A run that the kubelet lost before any state told of it.
#[derive(Clone, Debug)]
struct Lost {
    /// `restartCount` at the time of the run.
    ordinal: u32,
    /// It is the present state, not the one before.
    now: bool,
    exit_code: i32,
    reason: Option<Arc<str>>,
}

/// One run, as status told of it.
#[derive(Clone, Debug)]
struct RunEvidence {
    /// Hash of the runtime's id: enough to tell the runs of one container apart.
    id: u32,
    /// `restartCount` at the time of the run.
    ordinal: u32,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    ended: bool,
    exit_code: Option<i32>,
    reason: Option<Arc<str>>,
    ended_received: Option<Timestamp>,
}

/// Its runs that are known, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownRuns {
    pub(crate) runs: Vec<Run>,
    /// Whether nothing ran before the first of them.
    pub(crate) from_the_first: bool,
    /// Runs that happened but are not known one by one.
    pub(crate) not_seen: u32,
}

impl ContainerEvidence {
    pub(crate) fn new(name: Arc<str>, role: ContainerRole, image: Arc<str>, restarts: Restarts) -> Self {
        Self {
            name,
            role,
            image,
            restarts,
            restart_count: 0,
            runs: Vec::new(),
            restart_pending: false,
            waiting: None,
            unstartable: None,
            lost: None,
            events: ContainerEvents::default(),
        }
    }

    /// Takes in a status; `received` if the change was received by a watch.
    pub(crate) fn observe(
        &mut self,
        status: &ContainerStatus,
        received: Option<Timestamp>,
        names: &mut Names,
    ) {
        let restarts = u32::try_from(status.restart_count).unwrap_or(0);
        self.restart_count = self.restart_count.max(restarts);
        let state = &status.state;
        let nothing = |terminated: &Terminated| terminated.container_id.is_empty();
        self.restart_pending = restarts > 0
            && status.last_state.terminated.as_ref().is_some_and(nothing)
            && (state.waiting.is_some() || state.terminated.as_ref().is_some_and(nothing));
        if let Some(last) = &status.last_state.terminated {
            // The first start that failed is told here before any restart is counted.
            let before = restarts.saturating_sub(1);
            self.observe_terminated(last, before, false, None, names);
        }
        if let Some(running) = &state.running {
            let run = self.run_mut(&status.container_id, restarts, known(running.started_at));
            run.start = earliest(run.start, known(running.started_at));
            self.waiting = None;
            self.lost_is_past();
        } else if let Some(terminated) = &state.terminated {
            self.observe_terminated(terminated, restarts, true, received, names);
        } else if let Some(waiting) = &state.waiting {
            self.lost_is_past();
            self.observe_waiting(&waiting.reason, received, names);
        }
    }

    fn lost_is_past(&mut self) {
        if let Some(lost) = &mut self.lost {
            lost.now = false;
        }
    }

    fn observe_waiting(&mut self, reason: &str, received: Option<Timestamp>, names: &mut Names) {
        let unstartable =
            matches!(reason, "InvalidImageName" | "ErrImageNeverPull" | "CreateContainerConfigError")
                || matches!(reason, "CreateContainerError" | "RunContainerError");
        if unstartable {
            let since = self.unstartable.as_ref().map_or(received, |(since, _)| *since);
            self.unstartable = Some((since, names.share(reason)));
        }
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
        now: bool,
        received: Option<Timestamp>,
        names: &mut Names,
    ) {
        let start = known(terminated.started_at);
        let end = known(terminated.finished_at);
        let reason = names.share_some(&terminated.reason);
        if start.is_none() && end.is_none() && terminated.container_id.is_empty() {
            // The kubelet's word for "I lost it" replaces what was known before: keep the better version.
            match self.runs.iter_mut().rev().find(|run| run.ordinal <= ordinal) {
                Some(run) if !run.ended => {
                    run.ended = true;
                    run.exit_code = Some(terminated.exit_code);
                    run.reason = reason;
                    run.ended_received = run.ended_received.or(received);
                }
                Some(_) => {}
                None => {
                    self.lost = Some(Lost { ordinal, now, exit_code: terminated.exit_code, reason });
                }
            }
            return;
        }
        self.waiting = None;
        let run = self.run_mut(&terminated.container_id, ordinal, start.or(end));
        run.start = earliest(run.start, start);
        run.end = run.end.or(end);
        if !run.ended {
            run.ended = true;
            run.exit_code = Some(terminated.exit_code);
            run.reason = reason;
            run.ended_received = received;
        }
    }

    fn run_mut(&mut self, id: &str, ordinal: u32, at: Option<Timestamp>) -> &mut RunEvidence {
        let hash = (FixedState::default().hash_one(tail(id)) >> 32) as u32;
        let same = |run: &RunEvidence| if id.is_empty() { run.ordinal == ordinal } else { run.id == hash };
        if let Some(place) = self.runs.iter().position(same) {
            return &mut self.runs[place];
        }
        // By time where both tell it: `restartCount` may begin anew when a node restarts.
        let later = |run: &RunEvidence| match (run.start.or(run.end), at) {
            (Some(other), Some(at)) if other != at => other > at,
            _ => run.ordinal > ordinal,
        };
        let place = self.runs.iter().position(later).unwrap_or(self.runs.len());
        let run = RunEvidence {
            id: hash,
            ordinal,
            start: None,
            end: None,
            ended: false,
            exit_code: None,
            reason: None,
            ended_received: None,
        };
        // Most containers run once, and there are very many of them.
        self.runs.reserve_exact(1);
        self.runs.insert(place, run);
        &mut self.runs[place]
    }

    /// Why it is terminated although nothing tells that it ever ran.
    pub(crate) fn never_ran(&self) -> Option<&Arc<str>> {
        self.lost.as_ref().filter(|lost| lost.now && self.events.started.is_none())?.reason.as_ref()
    }

    /// Whether it is terminated without a run that is known.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.as_ref().is_some_and(|lost| lost.now)
    }

    /// Whether the kubelet starts it again after this run.
    pub(crate) fn restarts_after(&self, run: &Run) -> bool {
        let by_another = run.reason.as_deref() == Some("RestartingAllContainers");
        run.ended && (by_another || self.restarts.after(run.exit_code))
    }

    /// `finishedAt` of its last run.
    pub(crate) fn last_finished(&self) -> Option<Timestamp> {
        self.runs.last().and_then(|run| run.end)
    }

    /// Receipt of the end of its last run.
    pub(crate) fn end_received(&self) -> Option<Timestamp> {
        self.runs.last().and_then(|run| run.ended_received)
    }

    /// Its runs. `stopped` dates the end of its last one to 40 ms, if that fits.
    pub(crate) fn known_runs(&self, stopped: Option<Timestamp>) -> KnownRuns {
        let latest = self.runs.len();
        let numbered = self.runs.iter().enumerate();
        let mut runs: Vec<Run> = numbered
            .map(|(place, run)| self.known_run(run, stopped.filter(|_| place + 1 == latest)))
            .collect();
        let mut from_the_first = self.runs.first().is_some_and(|run| run.ordinal == 0);
        if let Some(first) = self.first_from_event() {
            runs.insert(0, first);
            from_the_first = true;
        }
        if let Some(next) = self.next_from_event() {
            runs.push(next);
        }
        let present = u32::from(!self.restart_pending && (!runs.is_empty() || self.restart_count > 0));
        let happened = self.restart_count + present;
        let not_seen = happened.saturating_sub(u32::try_from(runs.len()).unwrap_or(u32::MAX));
        KnownRuns { runs, from_the_first: from_the_first || not_seen == 0, not_seen }
    }

    /// The first run, where only the `Started` event tells of it.
    fn first_from_event(&self) -> Option<Run> {
        let started = self.events.started?;
        let known = |run: &RunEvidence| {
            run.ordinal == 0 || run.start.is_some_and(|start| started.at > start - BEFORE)
        };
        if self.runs.iter().any(known) {
            return None;
        }
        let start = started.instant(Evidence::StartedEvent, Evidence::StartedEventCoarse);
        let lost = self.lost.as_ref().filter(|lost| lost.now || lost.ordinal == 0);
        let exit_code = lost.map(|lost| lost.exit_code);
        let reason = lost.and_then(|lost| lost.reason.clone());
        let ended = lost.is_some() || self.restart_count > 0;
        Some(Run { start: Some(start), end: None, ended, exit_code, reason })
    }

    /// A start that events tell of before the status does: the kubelet writes when its pass over the Pod ends.
    fn next_from_event(&self) -> Option<Run> {
        let end = self.runs.last().filter(|run| run.ended)?.end?;
        let last = self.events.started_last?;
        if self.events.started_count <= self.restart_count + 1 || last < end {
            return None;
        }
        let received = self.started_again(self.events.started_count);
        let start = match received.filter(|received| fits(*received, last)) {
            Some(at) => Instant { at, evidence: Evidence::ReceivedStarted },
            None => Instant { at: last, evidence: Evidence::StartedEventCoarse },
        };
        Some(Run { start: Some(start), end: None, ended: false, exit_code: None, reason: None })
    }

    fn started_again(&self, count: u32) -> Option<Timestamp> {
        self.events.started_again.iter().find(|(other, _)| *other == count).map(|(_, received)| *received)
    }

    fn known_run(&self, run: &RunEvidence, stopped: Option<Timestamp>) -> Run {
        let event = self.events.started.filter(|event| event.fine);
        let later =
            |at| self.events.started_later.iter().copied().find(|event| event.fine && fits(event.at, at));
        let named = |event: EventTime| event.instant(Evidence::StartedEvent, Evidence::StartedEventCoarse);
        let start = match run.start {
            Some(at) => {
                let event = event.filter(|event| fits(event.at, at)).filter(|_| run.ordinal == 0);
                let again = self.started_again(run.ordinal + 1).filter(|received| fits(*received, at));
                let received = again.map(|at| Instant { at, evidence: Evidence::ReceivedStarted });
                event
                    .or_else(|| later(at))
                    .map(named)
                    .or(received)
                    .or(Some(Instant { at, evidence: Evidence::StartedAt }))
            }
            // What could not be started has no event; of the others the first is told.
            None if run.ordinal == 0 && run.reason.as_deref() != Some("StartError") => event.map(named),
            None => None,
        };
        let end = run.end.map(|end| match stopped.filter(|stopped| fits(*stopped, end)) {
            Some(at) => Instant { at, evidence: Evidence::ReceivedTerminalPhase },
            None => Instant { at: end, evidence: Evidence::FinishedAt },
        });
        // A time truncated to the second can seem to lie before a finer one.
        let end = end.map(|end| match start {
            Some(start) if end.at < start.at => Instant { at: start.at, ..end },
            _ => end,
        });
        Run { start, end, ended: run.ended, exit_code: run.exit_code, reason: run.reason.clone() }
    }
}

/// The end of an id, which is what differs: `containerd://` and 64 digits.
fn tail(id: &str) -> &[u8] {
    id.as_bytes().last_chunk::<16>().map_or(id.as_bytes(), |tail| tail)
}

fn earliest(kept: Option<Timestamp>, new: Option<Timestamp>) -> Option<Timestamp> {
    match (kept, new) {
        (Some(kept), Some(new)) => Some(kept.min(new)),
        (kept, new) => kept.or(new),
    }
}

packed_struct!(ContainerEvidence {
    name,
    role,
    image,
    restarts,
    restart_count,
    runs,
    restart_pending,
    waiting,
    unstartable,
    lost,
    events,
});
packed_struct!(Lost { ordinal, now, exit_code, reason });
packed_struct!(RunEvidence { id, ordinal, start, end, ended, exit_code, reason, ended_received });
