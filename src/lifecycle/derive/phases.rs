//! Derives the phases of a Pod from its instants and from the runs of its containers.
//!
//! The life has three parts: the wait for a node, the cold start and the work. For each part the known intervals are
//! collected, and [`PhaseList::add_part`] turns them into phases.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_evidence::ContainerEvidence;
use crate::lifecycle::container_life::{ContainerLife, ContainerRole, ContainerRun};
use crate::lifecycle::derive::cut::{Interval, PhaseList};
use crate::lifecycle::derive::pull_phases::{is_pull_failure, pull_intervals};
use crate::lifecycle::derive::setup_parts::setup_part_intervals;
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::phase::PhaseKind;
use crate::lifecycle::pod_evidence::PodEvidence;
use crate::lifecycle::pod_lifecycle::Readiness;
use crate::lifecycle::pod_outcome::PodOutcome;
use crate::lifecycle::time::instant::{Instant, Instants};
use crate::lifecycle::waits::ReasonChange;

/// A component reports a reason only after its first attempt has failed. A reason that is reported within this time
/// after the start of a phase therefore holds from the start of the phase.
const MAX_FIRST_ATTEMPT: SignedDuration = SignedDuration::from_secs(1);

/// A kubelet usually takes up a Pod within a second. If it takes longer than this, the phase names the reason.
pub(crate) const MIN_LATE_TAKE_UP: SignedDuration = SignedDuration::from_secs(5);

/// The reason of the time in which the kubelet had not taken up the Pod.
const LATE_TAKE_UP: &str = "not taken up by the node";

/// The input from which the phases are derived.
pub(crate) struct PhaseInput<'a> {
    pub(crate) pod: &'a PodEvidence,
    pub(crate) containers: &'a [ContainerLife],
    pub(crate) instants: &'a Instants,
    /// Earliest known start of a main container. It is later than the start of the work if earlier runs are unknown.
    pub(crate) earliest_start: Option<Instant>,
    pub(crate) outcome: PodOutcome,
    /// End of the work, or of a Pod whose work never started.
    pub(crate) end: Option<Instant>,
    pub(crate) readiness: Readiness,
}

impl PhaseInput<'_> {
    /// Derives the phases. `reason` is the reason of the Pod. The evidence for the boundaries is collected only if
    /// `explain` is set.
    pub(crate) fn derive_phases(&self, reason: Option<&Arc<str>>, explain: bool) -> PhaseList {
        let mut phases = PhaseList { phases: Vec::new(), boundaries: explain.then(Vec::new) };
        // Truncation to the second can move the end before an earlier, more precise instant.
        let Instants { created, scheduled, sandbox_ready, .. } = *self.instants;
        let before_end = [created, scheduled, sandbox_ready, self.earliest_start].into_iter().flatten();
        let Some(min_end) = before_end.reduce(|a, b| if b.at >= a.at { b } else { a }) else { return phases };
        let end = self.end.map(|end| end.at_least(&min_end));
        let cold_start_end = self.earliest_start.or(end);
        match (created, scheduled) {
            (_, Some(scheduled)) => {
                if let Some(created) = created {
                    self.add_queued(&mut phases, created, Some(scheduled));
                }
                self.add_cold_start(&mut phases, scheduled, cold_start_end);
            }
            (Some(created), None) if self.earliest_start.is_some() => {
                let fallback = Interval::new(PhaseKind::Startup, created, None, reason.cloned());
                phases.add_part(created, self.earliest_start, &fallback, &[]);
            }
            (Some(created), None) => self.add_queued(&mut phases, created, end),
            // The creation of a gone Pod may be unknown. Its known life begins with its first known instant.
            (None, None) => {
                if let Some(ready) = sandbox_ready {
                    self.add_cold_start(&mut phases, ready, cold_start_end);
                }
            }
        }
        if let Some(start) = self.earliest_start {
            self.add_work(&mut phases, start, end);
        }
        phases
    }

    /// Adds the wait for a node.
    fn add_queued(&self, phases: &mut PhaseList, created: Instant, end: Option<Instant>) {
        let changes = self.pod.waits.queued_reason_changes();
        let mut gates = self.gate_intervals(created);
        // A reason without a date is shown for the whole phase.
        let reason = self.pod.queued_reason().filter(|_| changes.is_empty() && gates.is_empty());
        let fallback = Interval::new(PhaseKind::Queued, created, None, reason);
        let mut intervals = reason_intervals(PhaseKind::Queued, created, &changes);
        // The gates come last, because the last of several intervals of the same kind wins. The scheduler ignores a
        // gated Pod, so the scheduler's reasons do not count.
        intervals.append(&mut gates);
        phases.add_part(created, end, &fallback, &intervals);
    }

    /// Returns the intervals in which scheduling gates hold the Pod.
    fn gate_intervals(&self, created: Instant) -> Vec<Interval> {
        let gates = &self.pod.gates;
        if gates.is_empty() {
            return Vec::new();
        }
        let start_of = |index: usize| {
            let gates = gates.get(index)?;
            let evidence = if gates.received { Evidence::ReceivedGates } else { Evidence::PreviousGatesSeen };
            Some(gates.since.map_or(created, |at| Instant::new(at, evidence)))
        };
        gates
            .iter()
            .enumerate()
            .filter_map(|(index, gates)| {
                let reason = gates.reason.clone()?;
                Some(Interval::new(PhaseKind::Queued, start_of(index)?, start_of(index + 1), Some(reason)))
            })
            .collect()
    }

    /// Adds the cold start: from the scheduling to the start of the work, or to the end of the Pod if its work never
    /// started.
    fn add_cold_start(&self, phases: &mut PhaseList, scheduled: Instant, end: Option<Instant>) {
        let pod = self.pod;
        let first_start_unknown = self.instants.work_started.is_none() && self.earliest_start.is_some();
        if first_start_unknown {
            let reason = Some("first start not seen".into());
            let fallback = Interval::new(PhaseKind::Startup, scheduled, None, reason);
            return phases.add_part(scheduled, end, &fallback, &[]);
        }
        // A wait after a run has a phase of its own.
        let is_wait_after_run = |(evidence, life): (&ContainerEvidence, &ContainerLife)| {
            !life.runs.is_empty() && evidence.wait_reason().is_some()
        };
        let waits_for_first_run =
            self.earliest_start.is_none() && !self.own_containers().any(is_wait_after_run);
        let waiting_reason = if waits_for_first_run { pod.waiting_reason() } else { None };
        let setup_intervals = |kind, end: Option<Instant>| {
            let late = late_take_up(kind, scheduled, pod.start_time);
            if pod.waits.is_empty() {
                return late.into_iter().collect();
            }
            let failures = reason_intervals(kind, scheduled, &pod.waits.setup_failure_changes());
            let mut parts =
                setup_part_intervals(&pod.waits, kind, scheduled, end.map(|end| end.at), failures);
            parts.extend(late);
            parts
        };
        let Some(ready) = self.instants.sandbox_ready else {
            // If the condition is present but was never True, the Pod is still in setup. A Pod without `startTime` is
            // in setup too, because the kubelet has not seen the Pod yet. Otherwise the end of the setup is unknown.
            let in_setup =
                self.earliest_start.is_none() && (pod.has_sandbox_condition || pod.start_time.is_none());
            let kind = if in_setup { PhaseKind::Setup } else { PhaseKind::Startup };
            let mut intervals = setup_intervals(kind, end);
            intervals.append(&mut self.unstartable_intervals(kind, scheduled));
            let reason = waiting_reason.filter(|_| intervals.is_empty());
            let kind = kind_of_wait(kind, reason.as_deref());
            let fallback = Interval::new(kind, scheduled, None, reason);
            for (evidence, life) in self.own_containers() {
                intervals.append(&mut pull_intervals(evidence, life));
            }
            intervals.append(&mut self.init_intervals());
            return phases.add_part(scheduled, end, &fallback, &intervals);
        };
        let setup = Interval::new(PhaseKind::Setup, scheduled, None, None);
        phases.add_part(scheduled, Some(ready), &setup, &setup_intervals(PhaseKind::Setup, Some(ready)));
        // Without an image event the pull cannot be distinguished from the start.
        let has_image_event = pod.first_image_event().is_some();
        let kind = if has_image_event { PhaseKind::Starting } else { PhaseKind::Startup };
        let mut intervals = self.unstartable_intervals(kind, ready);
        let reason = waiting_reason.filter(|_| intervals.is_empty());
        let kind = kind_of_wait(kind, reason.as_deref());
        let fallback = Interval::new(kind, ready, None, reason);
        for (evidence, life) in self.own_containers() {
            intervals.append(&mut pull_intervals(evidence, life));
        }
        intervals.append(&mut self.init_intervals());
        phases.add_part(ready, end, &fallback, &intervals);
    }

    /// Returns all containers except debug containers.
    fn own_containers(&self) -> impl Iterator<Item = (&ContainerEvidence, &ContainerLife)> {
        let pairs = self.pod.containers.iter().zip(self.containers);
        pairs.filter(|(_, life)| life.role != ContainerRole::Ephemeral)
    }

    fn containers_with_role(
        &self,
        role: ContainerRole,
    ) -> impl Iterator<Item = (&ContainerEvidence, &ContainerLife)> {
        self.pod.containers.iter().zip(self.containers).filter(move |(_, life)| life.role == role)
    }

    /// Returns the intervals in which a container could not be created or started.
    fn unstartable_intervals(&self, kind: PhaseKind, phase_start: Instant) -> Vec<Interval> {
        let mut intervals = Vec::new();
        for (evidence, life) in self.own_containers() {
            let Some(change) = evidence.unstartable_since() else { continue };
            let is_image_refused = is_pull_failure(&change.reason) && kind != PhaseKind::Running;
            let kind = if is_image_refused { PhaseKind::PullFailing } else { kind };
            let started = life.runs.iter().find_map(|run| run.start);
            for interval in reason_intervals(kind, phase_start, std::slice::from_ref(&change)) {
                let container = Some(Arc::clone(&life.name));
                intervals.push(Interval { end: started, container, ..interval });
            }
        }
        intervals
    }

    /// Returns the runs of the init containers, and the waits between them.
    fn init_intervals(&self) -> Vec<Interval> {
        let mut intervals = Vec::new();
        if !self.containers.iter().any(|life| life.role == ContainerRole::Init) {
            return intervals;
        }
        let inits: Vec<_> = self.containers_with_role(ContainerRole::Init).collect();
        // The condition dates the end of the last init container, to the second.
        let initialized = self.pod.initialized.map(|at| Instant::new(at, Evidence::Initialized));
        for (container, (evidence, life)) in inits.iter().enumerate() {
            for (index, run) in life.runs.iter().enumerate() {
                let Some(start) = run.start else { continue };
                let next = next_start(life, index);
                if let Some(unknown) = unseen_interval(life, index, next) {
                    intervals.push(unknown);
                    if run.end.is_none() {
                        continue;
                    }
                }
                let is_last = container + 1 == inits.len() && index + 1 == life.runs.len();
                let condition = initialized.filter(|initialized| is_last && initialized.at >= start.at);
                let end = run.end.or(condition);
                let bound = self.next_image_event(start).filter(|_| end.is_none());
                let interval =
                    Interval::for_container(PhaseKind::Initializing, start, end.or(bound), life, None);
                intervals.push(Interval { inferred: bound.is_some(), ..interval });
                if let Some(end) = end.filter(|_| run.ended && evidence.restarts_after(run)) {
                    let reason = end_reason(run);
                    intervals.push(Interval::for_container(PhaseKind::BackOff, end, next, life, reason));
                }
            }
        }
        intervals
    }

    /// Returns the first image event of a container after `start`, if only Events are known. The kubelet pulls the next
    /// image after the init container has ended, so the event is an upper bound of the end of the init container.
    fn next_image_event(&self, start: Instant) -> Option<Instant> {
        self.pod.from_events.as_ref()?;
        let events = self.own_containers().filter_map(|(evidence, _)| evidence.events.first_image_event());
        let next = events.filter(|event| event.at > start.at).min_by_key(|event| event.at)?;
        Some(next.to_instant(Evidence::ImageEvent, Evidence::ImageEventCoarse))
    }

    /// Adds the phases from the start of the work on: the runs of the main containers, the waits between them, and the
    /// deletion.
    fn add_work(&self, phases: &mut PhaseList, start: Instant, end: Option<Instant>) {
        // If the end of the work is unknown, nothing shows whether the Pod still worked when its deletion was
        // requested.
        let end_unknown = self.outcome.has_ended() && end.is_none();
        let requested =
            self.instants.delete_requested.filter(|_| self.pod.was_deleted_before_end() && !end_unknown);
        let termination = requested.map(|requested| if requested.at < start.at { start } else { requested });
        let mut intervals = Vec::new();
        let mut open_back_off = None;
        for (evidence, life) in self.containers_with_role(ContainerRole::Main) {
            for (index, run) in life.runs.iter().enumerate() {
                let Some(run_start) = run.start.or_else(|| self.unreported_start(life, index, start)) else {
                    continue;
                };
                let next = next_start(life, index);
                if let Some(unknown) = unseen_interval(life, index, next) {
                    intervals.push(unknown);
                    if run.end.is_none() {
                        continue;
                    }
                }
                push_run_intervals(&mut intervals, run_start, run.end, termination);
                if let Some(run_end) = run.end.filter(|_| run.ended && evidence.restarts_after(run)) {
                    let back_off_end = next.or(termination);
                    let reason = end_reason(run);
                    let back_off =
                        Interval::for_container(PhaseKind::BackOff, run_end, back_off_end, life, reason);
                    if next.is_none() {
                        open_back_off = Some(back_off.clone());
                    }
                    intervals.push(back_off);
                }
            }
            if life.runs.is_empty() {
                intervals.extend(pull_intervals(evidence, life));
                let unstartable = self.unstartable_intervals(PhaseKind::Starting, start);
                intervals.extend(
                    unstartable.into_iter().filter(|wait| wait.container.as_ref() == Some(&life.name)),
                );
            }
        }
        intervals.append(&mut self.waits_beside_work(start, termination));
        match self.readiness {
            Readiness::NotProbed | Readiness::Lost => {}
            Readiness::Ready => split_at_ready(&mut intervals, self.instants.ready),
            Readiness::NotYet => split_at_ready(&mut intervals, None),
        }
        // A piece that no interval covers, for example between the starts of two containers, is Starting. Work without
        // any length is Running, so that it stays visible.
        let has_no_length = end.is_some_and(|end| end.at <= start.at);
        let kind = if has_no_length { PhaseKind::Running } else { PhaseKind::Starting };
        phases.add_part(start, end, &Interval::new(kind, start, None, None), &intervals);
        // A Pod that was deleted while it waited for a restart has waited until the deletion was requested.
        if let (Some(end), Some(requested), Some(back_off)) = (end, requested, open_back_off)
            && requested.at > end.at
            && self.outcome == PodOutcome::Deleted
        {
            phases.add_part(end, Some(requested), &back_off, &[]);
        }
    }
}

impl PhaseInput<'_> {
    /// Returns `work_start` as the start of the latest run, if no start of its runs is known and a main container was
    /// seen running.
    fn unreported_start(&self, life: &ContainerLife, index: usize, work_start: Instant) -> Option<Instant> {
        let is_only_known_run =
            index + 1 == life.runs.len() && life.runs.iter().all(|run| run.start.is_none());
        Some(work_start).filter(|_| is_only_known_run && self.pod.seen_running.is_some())
    }

    /// Returns the intervals in which a main container cannot start for the first time although another main container
    /// runs. The Pod works in these intervals. They end at the `termination`, the request to delete the Pod.
    fn waits_beside_work(&self, work_start: Instant, termination: Option<Instant>) -> Vec<Interval> {
        let mut intervals = Vec::new();
        if self.containers_with_role(ContainerRole::Main).nth(1).is_none() {
            return intervals;
        }
        for (evidence, life) in self.containers_with_role(ContainerRole::Main) {
            let mut waits = pull_intervals(evidence, life);
            waits.retain(|wait| wait.kind == PhaseKind::PullFailing);
            let unstartable = self.unstartable_intervals(PhaseKind::Running, work_start);
            waits.extend(unstartable.into_iter().filter(|wait| wait.container.as_ref() == Some(&life.name)));
            let undated = evidence.wait_reason().filter(|_| waits.is_empty() && life.runs.is_empty());
            let undated = undated.map(|reason| {
                let reason = Some(Arc::clone(reason));
                Interval::for_container(PhaseKind::Running, work_start, None, life, reason)
            });
            waits.extend(undated);
            let others =
                self.containers_with_role(ContainerRole::Main).filter(|(_, other)| other.name != life.name);
            for run in others.flat_map(|(_, other)| &other.runs) {
                let Some(start) = run.start else { continue };
                let end = [run.end, termination].into_iter().flatten().min_by_key(|end| end.at);
                intervals.extend(waits.iter().filter_map(|wait| wait.within(start, end)));
            }
        }
        for interval in &mut intervals {
            interval.kind = PhaseKind::Running;
        }
        intervals
    }
}

/// Adds the intervals of one run of a main container. `termination` is the instant of the deletion request. The part of
/// the run after this instant is Terminating.
fn push_run_intervals(
    intervals: &mut Vec<Interval>,
    start: Instant,
    end: Option<Instant>,
    termination: Option<Instant>,
) {
    let termination = termination.filter(|termination| end.is_none_or(|end| termination.at < end.at));
    match termination {
        Some(termination) if termination.at > start.at => {
            intervals.push(Interval::new(PhaseKind::Running, start, Some(termination), None));
            intervals.push(Interval::new(PhaseKind::Terminating, termination, end, None));
        }
        Some(_) => intervals.push(Interval::new(PhaseKind::Terminating, start, end, None)),
        None => intervals.push(Interval::new(PhaseKind::Running, start, end, None)),
    }
}

/// Changes the work before the first Ready from Running to Unready. `ready` is `None` for a Pod that was never Ready.
fn split_at_ready(intervals: &mut Vec<Interval>, ready: Option<Instant>) {
    let mut later_parts = Vec::new();
    for interval in intervals.iter_mut().filter(|interval| interval.kind == PhaseKind::Running) {
        if let Some(ready) = ready {
            if ready.at <= interval.start.at {
                continue;
            }
            if interval.end.is_none_or(|end| ready.at < end.at) {
                later_parts.push(Interval { start: ready, ..interval.clone() });
                interval.end = Some(ready);
            }
        }
        interval.kind = PhaseKind::Unready;
    }
    intervals.append(&mut later_parts);
}

/// Returns the time until the kubelet took the Pod up, if that time was unusually long.
fn late_take_up(kind: PhaseKind, scheduled: Instant, start_time: Option<Timestamp>) -> Option<Interval> {
    let taken_up = Instant::new(start_time?, Evidence::StartTime);
    let is_late = taken_up.at.duration_since(scheduled.at) >= MIN_LATE_TAKE_UP;
    is_late.then(|| Interval::new(kind, scheduled, Some(taken_up), Some(LATE_TAKE_UP.into())))
}

/// Returns the kind of a wait with this reason: `PullFailing` if an image cannot be pulled, otherwise `kind`.
fn kind_of_wait(kind: PhaseKind, reason: Option<&str>) -> PhaseKind {
    if reason.is_some_and(is_pull_failure) { PhaseKind::PullFailing } else { kind }
}

/// Returns one interval for each reason, from its change to the next change. A first reason that is reported within
/// [`MAX_FIRST_ATTEMPT`] after the start of the phase holds from the start of the phase.
fn reason_intervals(kind: PhaseKind, phase_start: Instant, changes: &[ReasonChange]) -> Vec<Interval> {
    if changes.is_empty() {
        return Vec::new();
    }
    let start_of = |index: usize| {
        let since = changes.get(index)?.since;
        let is_first_attempt = index == 0 && since.at.duration_since(phase_start.at) <= MAX_FIRST_ATTEMPT;
        Some(if is_first_attempt { phase_start } else { since })
    };
    changes
        .iter()
        .enumerate()
        .filter_map(|(index, change)| {
            let reason = Some(Arc::clone(&change.reason));
            Some(Interval::new(kind, start_of(index)?, start_of(index + 1), reason))
        })
        .collect()
}

/// Returns the first known start of a run after the run at `index`.
fn next_start(life: &ContainerLife, index: usize) -> Option<Instant> {
    life.runs.iter().skip(index + 1).find_map(|run| run.start)
}

/// Returns the interval from the run at `index` to the next known run, if runs between them were not seen or if the end
/// of the run was not seen. The interval begins at the end of the run, or at the start of the run if its end is
/// unknown.
fn unseen_interval(life: &ContainerLife, index: usize, next: Option<Instant>) -> Option<Interval> {
    let (run, next) = (&life.runs[index], next?);
    let skips_runs =
        life.runs.get(index + 1).is_some_and(|later| later.ordinal > run.ordinal.saturating_add(1));
    let from = run.end.filter(|_| skips_runs).or(run.start.filter(|_| run.ended && run.end.is_none()))?;
    let is_restart = run.is_lost_in_restart() && life.runs_not_seen == 0;
    let reason = Some(if is_restart { "node restarted".into() } else { describe_unseen_runs(life) });
    Some(Interval {
        inferred: true,
        ..Interval::for_container(PhaseKind::Unknown, from, Some(next), life, reason)
    })
}

fn describe_unseen_runs(life: &ContainerLife) -> Arc<str> {
    match life.runs_not_seen {
        0 => "end not seen".into(),
        1 => "1 run not seen".into(),
        runs => format!("{runs} runs not seen").into(),
    }
}

/// Returns the reason why a run ended: the failed probe that ended it, or the reason of the status. The exit code
/// replaces a missing or generic reason.
fn end_reason(run: &ContainerRun) -> Option<Arc<str>> {
    if let Some(cause) = &run.cause {
        return Some(Arc::clone(cause));
    }
    match (run.reason.as_deref(), run.exit_code) {
        (None | Some("Error" | "Completed"), Some(code)) => Some(format!("exit code {code}").into()),
        _ => run.reason.clone(),
    }
}
