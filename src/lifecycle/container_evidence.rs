//! The evidence about one container: its image and its runs. A run keeps values that a later state no longer reports.
//!
//! States arrive in order, but Events in any order. States and Events are combined only when a life is derived.

pub(crate) mod known_runs;

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_events::ContainerEvents;
use crate::lifecycle::container_life::{ContainerRole, ContainerRun};
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::failure_cause::parse_failure_cause;
use crate::lifecycle::message::START_FAILURE_REASONS;
use crate::lifecycle::packed::interner::Interner;
use crate::lifecycle::packed::packed_struct;
use crate::lifecycle::restart_policy::RestartPolicy;
use crate::lifecycle::time::instant::Instant;
use crate::lifecycle::waits::ReasonChange;
use crate::observation::{ContainerStatus, Terminated, Waiting, known_time, saturating_add};

/// The evidence about one container.
#[derive(Clone, Debug)]
pub(crate) struct ContainerEvidence {
    pub(crate) name: Arc<str>,
    pub(crate) role: ContainerRole,
    pub(crate) image: Arc<str>,
    restart_policy: RestartPolicy,
    /// Highest `restartCount` seen. A restart of the node can reset the field.
    pub(crate) restart_count: u32,
    runs: Vec<RunEvidence>,
    /// Whether `restartCount` already counts a restart whose run has not started. After a reboot of the node, the
    /// kubelet counts the restart before it starts the container.
    restart_pending: bool,
    /// Latest informative `waiting.reason`, cleared when the container runs or ends.
    pub(crate) waiting: Option<Arc<str>>,
    /// The cause in the latest informative `waiting.message`. Kept while the container does not run.
    wait_cause: Option<Arc<str>>,
    /// The receipt of the first `waiting.reason` that reports a failed pull.
    pull_failure_received: Option<Timestamp>,
    /// Number of failed pulls that the status has shown.
    failed_pulls: u32,
    /// The receipt of the first `waiting.reason` that reports a failure to create or start the container, and the
    /// latest such reason.
    unstartable: Option<(Option<Timestamp>, Arc<str>)>,
    /// Set if the container is terminated but no state described the run: the kubelet lost the run, or the run never
    /// started.
    lost_run: Option<LostRun>,
    pub(crate) events: ContainerEvents,
}

/// A run that the kubelet lost before any state described it.
#[derive(Clone, Debug)]
struct LostRun {
    /// `restartCount` at the time of the run.
    ordinal: u32,
    /// Whether the lost run is the run in `state`. A past run is in `lastState`.
    is_current: bool,
    exit_code: i32,
    reason: Option<Arc<str>>,
}

/// One run, as the container's states described it.
#[derive(Clone, Debug)]
struct RunEvidence {
    /// Hash of the container ID, which distinguishes the runs of one container.
    id_hash: u32,
    /// `restartCount` at the time of the run.
    ordinal: u32,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    ended: bool,
    exit_code: Option<i32>,
    reason: Option<Arc<str>>,
    /// Time at which a watch received the start of the run.
    start_received: Option<Timestamp>,
    /// Time at which a watch received the end of the run.
    end_received: Option<Timestamp>,
}

impl ContainerEvidence {
    pub(crate) fn new(
        name: Arc<str>,
        role: ContainerRole,
        image: Arc<str>,
        restart_policy: RestartPolicy,
    ) -> Self {
        Self {
            name,
            role,
            image,
            restart_policy,
            restart_count: 0,
            runs: Vec::new(),
            restart_pending: false,
            waiting: None,
            wait_cause: None,
            pull_failure_received: None,
            failed_pulls: 0,
            unstartable: None,
            lost_run: None,
            events: ContainerEvents::default(),
        }
    }

    /// Adds a status of the container. `received` is the time of receipt if a watch received it as a change.
    pub(crate) fn observe(
        &mut self,
        status: &ContainerStatus,
        received: Option<Timestamp>,
        interner: &mut Interner,
    ) {
        let restarts = u32::try_from(status.restart_count).unwrap_or(0);
        self.restart_count = self.restart_count.max(restarts);
        let state = &status.state;
        let has_no_container = |terminated: &Terminated| terminated.container_id.is_empty();
        self.restart_pending = restarts > 0
            && status.last_state.terminated.as_ref().is_some_and(has_no_container)
            && (state.waiting.is_some() || state.terminated.as_ref().is_some_and(has_no_container));
        if let Some(last) = &status.last_state.terminated {
            // A first start that failed appears in `lastState` before `restartCount` counts a restart.
            let ordinal = restarts.saturating_sub(1);
            self.observe_terminated(last, ordinal, false, None, interner);
        }
        if let Some(running) = &state.running {
            let run = self.find_or_add_run(&status.container_id, restarts, known_time(running.started_at));
            run.start = earliest(run.start, known_time(running.started_at));
            run.start_received = run.start_received.or(received);
            self.waiting = None;
            self.wait_cause = None;
            self.mark_lost_run_as_past();
        } else if let Some(terminated) = &state.terminated {
            self.observe_terminated(terminated, restarts, true, received, interner);
        } else if let Some(waiting) = &state.waiting {
            self.mark_lost_run_as_past();
            self.observe_waiting(waiting, received, interner);
        }
    }

    fn mark_lost_run_as_past(&mut self) {
        if let Some(lost) = &mut self.lost_run {
            lost.is_current = false;
        }
    }

    fn observe_waiting(&mut self, waiting: &Waiting, received: Option<Timestamp>, interner: &mut Interner) {
        let reason = waiting.reason.as_str();
        if START_FAILURE_REASONS.contains(&reason) {
            let since = self.unstartable.as_ref().map_or(received, |(since, _)| *since);
            self.unstartable = Some((since, interner.share(reason)));
        }
        if matches!(reason, "ErrImagePull" | "ImagePullBackOff") {
            self.pull_failure_received = self.pull_failure_received.or(received);
            // The kubelet writes `ErrImagePull` when a pull fails, and `ImagePullBackOff` before it pulls again.
            let is_new = reason == "ErrImagePull" && self.waiting.as_deref() != Some("ErrImagePull");
            self.failed_pulls = self.failed_pulls.saturating_add(u32::from(is_new)).max(1);
        }
        // The message of a crash back-off only names the container and the Pod.
        let cause = parse_failure_cause(&waiting.message).filter(|_| reason != "CrashLoopBackOff");
        if let Some(cause) = cause {
            self.wait_cause = Some(interner.share(&cause));
        }
        // During a deletion and between two attempts, the kubelet writes a generic reason again. The last informative
        // reason is kept.
        if is_informative(reason) || self.waiting.is_none() {
            self.waiting = interner.share_non_empty(reason);
        }
    }

    fn observe_terminated(
        &mut self,
        terminated: &Terminated,
        ordinal: u32,
        is_current: bool,
        received: Option<Timestamp>,
        interner: &mut Interner,
    ) {
        let start = known_time(terminated.started_at);
        let end = known_time(terminated.finished_at);
        let reason = interner.share_non_empty(&terminated.reason);
        if start.is_none() && end.is_none() && terminated.container_id.is_empty() {
            // The kubelet has lost the container and replaces the known state with an empty state. The known times are
            // kept.
            match self.runs.iter_mut().rev().find(|run| run.ordinal <= ordinal) {
                Some(run) if !run.ended => {
                    run.ended = true;
                    run.exit_code = Some(terminated.exit_code);
                    run.reason = reason;
                    run.end_received = run.end_received.or(received);
                }
                Some(_) => {}
                None => {
                    let exit_code = terminated.exit_code;
                    self.lost_run = Some(LostRun { ordinal, is_current, exit_code, reason });
                }
            }
            return;
        }
        self.waiting = None;
        self.wait_cause = None;
        let start = start.filter(|_| !has_rewritten_start(terminated));
        let run = self.find_or_add_run(&terminated.container_id, ordinal, start.or(end));
        run.start = earliest(run.start, start);
        run.end = run.end.or(end);
        if !run.ended {
            run.ended = true;
            run.exit_code = Some(terminated.exit_code);
            run.reason = reason;
            run.end_received = received;
        }
    }

    /// Returns the run with this container ID, or with this ordinal if the ID is empty. Adds the run if the run is new.
    /// `at` is the start or the end of the run.
    fn find_or_add_run(&mut self, id: &str, ordinal: u32, at: Option<Timestamp>) -> &mut RunEvidence {
        let id_hash = (FixedState::default().hash_one(last_bytes(id)) >> 32) as u32;
        let is_same = |run: &RunEvidence| {
            if id.is_empty() { run.ordinal == ordinal } else { run.id_hash == id_hash }
        };
        if let Some(index) = self.runs.iter().position(is_same) {
            return &mut self.runs[index];
        }
        // Two runs with times are ordered by time, because a restart of the node can reset `restartCount`.
        let is_later = |run: &RunEvidence| match (run.start.or(run.end), at) {
            (Some(other), Some(at)) if other != at => other > at,
            _ => run.ordinal > ordinal,
        };
        let index = self.runs.iter().position(is_later).unwrap_or(self.runs.len());
        let run = RunEvidence {
            id_hash,
            ordinal,
            start: None,
            end: None,
            ended: false,
            exit_code: None,
            reason: None,
            start_received: None,
            end_received: None,
        };
        // The exact capacity saves memory, because most containers run only once.
        self.runs.reserve_exact(1);
        self.runs.insert(index, run);
        &mut self.runs[index]
    }

    /// Returns the reason of a terminated container, if neither a state nor an Event shows that the container ran.
    pub(crate) fn never_ran_reason(&self) -> Option<&Arc<str>> {
        let lost =
            self.lost_run.as_ref().filter(|lost| lost.is_current && self.events.first_start().is_none());
        lost?.reason.as_ref()
    }

    /// Returns why the container waits, unless the reason is only that the container is being created.
    pub(crate) fn wait_reason(&self) -> Option<&Arc<str>> {
        self.waiting.as_ref().filter(|reason| is_informative(reason))
    }

    /// Returns why the image cannot be pulled or the container cannot start, as the status or an Event explains it.
    pub(crate) fn wait_cause(&self) -> Option<&Arc<str>> {
        self.wait_cause.as_ref().or_else(|| self.events.failure_message())
    }

    /// Returns the number of failed pulls that Events and statuses prove.
    pub(crate) fn failed_pulls(&self) -> u32 {
        self.failed_pulls.max(self.events.failed_pulls())
    }

    /// Returns the receipt of the first status that reports a failed pull.
    pub(crate) fn pull_failure_received(&self) -> Option<Timestamp> {
        self.pull_failure_received
    }

    /// Whether the container is terminated and no state described the run.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost_run.as_ref().is_some_and(|lost| lost.is_current)
    }

    /// Whether the kubelet restarts the container after `run`.
    pub(crate) fn restarts_after(&self, run: &ContainerRun) -> bool {
        let by_other_container = run.reason.as_deref() == Some("RestartingAllContainers");
        run.ended && (by_other_container || self.restart_policy.restarts_after(run.exit_code))
    }

    /// Returns `finishedAt` of the latest run.
    pub(crate) fn last_finished(&self) -> Option<Timestamp> {
        self.runs.last().and_then(|run| run.end)
    }

    /// Returns the latest start or end of a run that a status reports.
    pub(crate) fn latest_kubelet_time(&self) -> Option<Timestamp> {
        let mut latest = None;
        for run in &self.runs {
            latest = latest.max(run.start).max(run.end);
        }
        latest
    }

    /// Returns the time at which a watch received the end of the latest run.
    pub(crate) fn end_received(&self) -> Option<Timestamp> {
        self.runs.last().and_then(|run| run.end_received)
    }

    /// Returns the time and the reason of the failure to create or start the container before its first run. Returns
    /// `None` if nothing dates the failure. The reason of the status and the time of the Event are preferred.
    pub(crate) fn unstartable_since(&self) -> Option<ReasonChange> {
        let from_status = self.unstartable.as_ref();
        let from_event = self.events.start_failed().map(|(time, event_reason)| ReasonChange {
            since: Instant::new(time.at, Evidence::StartFailedEvent),
            reason: Arc::clone(from_status.map_or(event_reason, |(_, reason)| reason)),
        });
        from_event.or_else(|| {
            let (received, reason) = from_status?;
            let since = Instant::new((*received)?, Evidence::ReceivedWaiting);
            Some(ReasonChange { since, reason: Arc::clone(reason) })
        })
    }

    /// Moves all times that come from the kubelet's clock. Times of receipt stay unchanged.
    pub(crate) fn shift_kubelet_times(&mut self, by: SignedDuration) {
        for run in &mut self.runs {
            for at in [&mut run.start, &mut run.end].into_iter().flatten() {
                *at = saturating_add(*at, by);
            }
        }
        self.events.shift_kubelet_times(by);
    }

    /// Moves all times of receipt.
    pub(crate) fn shift_receipts(&mut self, by: SignedDuration) {
        let runs = self.runs.iter_mut().flat_map(|run| [&mut run.start_received, &mut run.end_received]);
        let unstartable = self.unstartable.iter_mut().map(|(received, _)| received);
        let receipts = runs.chain(unstartable).chain([&mut self.pull_failure_received]);
        for at in receipts.flatten() {
            *at = saturating_add(*at, by);
        }
        self.events.shift_receipts(by);
    }
}

/// Whether this `waiting.reason` is more than that the container is being created.
fn is_informative(reason: &str) -> bool {
    !matches!(reason, "" | "ContainerCreating" | "PodInitializing")
}

/// Whether the status repeats `finishedAt` as `startedAt`. Simulated nodes such as kwok write both times when the run
/// ends, and no container ID. The kubelet always writes the ID of a container that ran.
pub(crate) fn has_rewritten_start(terminated: &Terminated) -> bool {
    if !terminated.container_id.is_empty() {
        return false;
    }
    let end = known_time(terminated.finished_at);
    end.is_some() && known_time(terminated.started_at) == end
}

/// Returns the last 16 bytes of a container ID. The beginning, for example `containerd://`, is the same for all IDs.
fn last_bytes(id: &str) -> &[u8] {
    id.as_bytes().last_chunk::<16>().map_or(id.as_bytes(), |bytes| bytes)
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
    restart_policy,
    restart_count,
    runs,
    restart_pending,
    waiting,
    wait_cause,
    pull_failure_received,
    failed_pulls,
    unstartable,
    lost_run,
    events,
});
packed_struct!(LostRun { ordinal, is_current, exit_code, reason });
packed_struct!(RunEvidence {
    id_hash,
    ordinal,
    start,
    end,
    ended,
    exit_code,
    reason,
    start_received,
    end_received,
});
