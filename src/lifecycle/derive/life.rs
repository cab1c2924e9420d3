//! Assembles the lifecycle of a Pod from its parts.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_evidence::ContainerEvidence;
use crate::lifecycle::container_evidence::known_runs::KnownRuns;
use crate::lifecycle::container_life::{ContainerLife, main_containers};
use crate::lifecycle::derive::cut::PhaseList;
use crate::lifecycle::derive::instants::{
    container_ended_by_deletion, derive_delete_requested, derive_instants, derive_work_ended,
};
use crate::lifecycle::derive::node_restart::KubeletStarts;
use crate::lifecycle::derive::orders::{estimate_truncated_creation, order_before_work, order_instants};
use crate::lifecycle::derive::outcome::{
    derive_end, derive_exit_code_and_reason, derive_outcome, last_known_time, lost_since,
};
use crate::lifecycle::derive::phases::PhaseInput;
use crate::lifecycle::derive::readiness::{derive_readiness, estimate_truncated_ready};
use crate::lifecycle::derive::wait_message::{derive_message, derive_wait_causes};
use crate::lifecycle::derive::work::{
    earliest, earliest_known_start, first_known_start, min_unseen_back_off_millis, seen_running,
    stopping_sidecar,
};
use crate::lifecycle::evidence::{Evidence, Source};
use crate::lifecycle::phase::{Phase, PhaseKind};
use crate::lifecycle::pod_evidence::PodEvidence;
use crate::lifecycle::pod_lifecycle::{Explanation, Lifecycle, Readiness};
use crate::lifecycle::pod_outcome::PodOutcome;
use crate::lifecycle::time::instant::{Instant, Instants};
use crate::lifecycle::time::ranged_duration::{RangedDuration, Uncertainty};
use crate::lifecycle::waits::WaitTopic;

/// If a node's clock is wrong by more than this, [`Lifecycle::clamped`] is set.
const MAX_SILENT_SKEW: SignedDuration = SignedDuration::from_secs(1);

/// Facts about a Pod that follow from other Pods.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DerivationHints<'a> {
    /// How far the API server's clock is ahead of the node's clock.
    pub(crate) skew: SignedDuration,
    /// The minimum error of the times of receipt: on the API server's clock, each observation was received at least
    /// this much later.
    pub(crate) receipt_delay: SignedDuration,
    /// The median time that the Pod's siblings waited for a node.
    pub(crate) sibling_wait: Option<SignedDuration>,
    /// The starts of the kubelet of the Pod's node that Events report, on the node's clock.
    pub(crate) kubelet_starts: &'a [Timestamp],
}

impl PodEvidence {
    /// Derives the life of the Pod.
    pub(crate) fn derive(&self, hints: DerivationHints<'_>) -> Lifecycle {
        let DerivationHints { skew, receipt_delay, .. } = hints;
        if skew.is_zero() && receipt_delay.is_zero() {
            return derive_life(self, hints, false).0;
        }
        let life = derive_life(&self.move_to_one_clock(hints), hints, false).0;
        Lifecycle { skew, clamped: life.clamped || skew.abs() > MAX_SILENT_SKEW, ..life }
    }

    /// Derives the evidence for the boundaries of the phases that [`PodEvidence::derive`] returns, and the instants
    /// before their order was corrected.
    pub(crate) fn explain(&self, hints: DerivationHints<'_>) -> Explanation {
        derive_life(&self.move_to_one_clock(hints), hints, true).1
    }

    /// Returns the evidence with all times on the API server's clock.
    fn move_to_one_clock(&self, hints: DerivationHints<'_>) -> Self {
        let mut on_one_clock = self.clone();
        on_one_clock.shift_kubelet_times(hints.skew);
        if !hints.receipt_delay.is_zero() {
            on_one_clock.shift_receipts(hints.receipt_delay);
        }
        on_one_clock
    }
}

/// Derives the life from evidence whose times are all on the same clock. The boundaries of the explanation stay empty
/// unless `explain` is set.
fn derive_life(pod: &PodEvidence, hints: DerivationHints<'_>, explain: bool) -> (Lifecycle, Explanation) {
    let kubelet_starts = KubeletStarts { starts: hints.kubelet_starts, skew: hints.skew };
    let delete_requested = derive_delete_requested(pod);
    let ended_by_deletion = container_ended_by_deletion(pod, delete_requested);
    let mut clamped = false;
    let mut containers = Vec::with_capacity(pod.containers.len());
    for (index, evidence) in pod.containers.iter().enumerate() {
        let terminal_received =
            ended_by_deletion.filter(|(container, _)| *container == index).map(|(_, received)| received);
        let known = if pod.from_events.is_some() {
            evidence.runs_from_events(pod.scheduled_event.is_some() || pod.first_image_event().is_some())
        } else {
            evidence.known_runs(terminal_received, pod.last_seen)
        };
        clamped |= known.is_contradictory;
        let mut container = derive_container_life(evidence, known);
        kubelet_starts.mark_lost_runs(pod, &mut container);
        containers.push(container);
    }
    let mut instants = derive_instants(pod, &containers, delete_requested);
    let mut uncorrected = instants;
    clamped |= order_before_work(pod, &mut instants, &mut containers);
    estimate_truncated_creation(pod, &mut instants, hints.sibling_wait);
    let first_starts =
        main_containers(&containers).filter(|main| main.first_run_is_known).filter_map(first_known_start);
    instants.work_started = earliest(first_starts);
    // The start of a later run does not date the start of the work, but shows that the work has started.
    let earliest_start =
        instants.work_started.or_else(|| earliest_known_start(&containers)).or_else(|| seen_running(pod));
    instants.work_ended = derive_work_ended(pod, &containers, earliest_start);
    let (readiness, ready) = derive_readiness(pod, &containers, earliest_start);
    instants.ready = ready;
    (uncorrected.work_started, uncorrected.work_ended) = (instants.work_started, instants.work_ended);
    uncorrected.ready = ready;
    clamped |= order_instants(&mut instants);
    estimate_truncated_ready(&mut instants);
    let earliest_start =
        instants.work_started.or_else(|| Some(move_between_neighbours(earliest_start?, &instants)));
    let is_start_dated = earliest_start.is_none_or(|start| start.evidence != Evidence::SeenRunning);
    let outcome = derive_outcome(pod, &instants, &containers, earliest_start.is_some());
    let (end, mut end_unknown) = derive_end(pod, &containers, &instants, outcome, earliest_start.is_some());
    let (exit_code, reason) = derive_exit_code_and_reason(pod, &containers, outcome, kubelet_starts);
    let input = PhaseInput {
        pod,
        containers: &containers,
        instants: &instants,
        earliest_start,
        outcome,
        end,
        readiness,
    };
    let PhaseList { mut phases, boundaries } = input.derive_phases(reason.as_ref(), explain);
    let reason = reason.or_else(|| unreported_pull_failure(&phases, outcome));
    let mut boundaries = boundaries.unwrap_or_default();
    let lost_since = lost_since(pod, &containers, outcome, end, earliest_start);
    if outcome == PodOutcome::Unknown || lost_since.is_some() {
        end_unknown = true;
        truncate_phases(&mut phases, last_known_time(pod, earliest_start));
        boundaries.truncate(phases.len());
        let evidence =
            if pod.left_selector.is_some() { Evidence::ReceivedDeleted } else { Evidence::KubeletWrote };
        if let Some((_, end)) = boundaries.last_mut() {
            *end = phases.last().and_then(|phase| phase.end).map(|at| Instant::new(at, evidence));
        }
    }
    end_unknown |= outcome.has_ended() && phases.last().is_none_or(|phase| phase.end.is_none());
    let between = |from: &Option<Instant>, to: &Option<Instant>| {
        Some(RangedDuration::between(from.as_ref()?, to.as_ref()?))
    };
    let life = Lifecycle {
        queued: between(&instants.created, &instants.scheduled),
        cold_start: between(&instants.scheduled, &instants.work_started),
        unready: sum_unready(&phases, readiness, outcome).filter(|_| is_start_dated),
        run: instants.work_ended.filter(|_| is_start_dated).map(|_| derive_run(&phases, &containers)),
        wait_causes: derive_wait_causes(pod, &phases),
        phases,
        outcome,
        status: pod
            .status
            .clone()
            .unwrap_or_else(|| if pod.from_events.is_some() { "Gone" } else { "Unknown" }.into()),
        gone: pod.from_events.is_some(),
        exit_code,
        message: reason.as_deref().and_then(|reason| derive_message(pod, &containers, outcome, reason)),
        reason,
        stopping_sidecar: stopping_sidecar(pod, &containers),
        disruption: pod.disruption_reason(),
        lost_since,
        not_taken_up_since: not_taken_up_since(pod, &instants, outcome),
        unschedulable_since: unschedulable_since(pod, outcome),
        scale_up_requested: pod.waits.first_scale_up().filter(|_| outcome == PodOutcome::Pending),
        readiness,
        containers,
        clamped,
        skew: SignedDuration::ZERO,
        end_unknown,
        instants,
    };
    (life, Explanation { boundaries, uncorrected })
}

/// Returns the scheduling of a Pod that the kubelet of its node has not taken up. Virtual nodes may leave `startTime`
/// out, so any other sign of the kubelet counts too.
fn not_taken_up_since(pod: &PodEvidence, instants: &Instants, outcome: PodOutcome) -> Option<Timestamp> {
    if outcome != PodOutcome::Starting {
        return None;
    }
    let has_sign = pod.start_time.is_some()
        || pod.has_sandbox_condition
        || pod.first_image_event().is_some()
        || pod.waits.latest_setup_failure().is_some()
        || pod.containers.iter().any(|container| container.waiting.is_some());
    instants.scheduled.filter(|_| !has_sign).map(|at| at.at)
}

/// Returns since when the scheduler has found no node for a Pod that waits for one.
fn unschedulable_since(pod: &PodEvidence, outcome: PodOutcome) -> Option<Timestamp> {
    let since = pod.waits.first_time(WaitTopic::Scheduler).or(pod.unschedulable_since)?;
    Some(since).filter(|_| outcome == PodOutcome::Pending && !pod.is_gated())
}

/// Returns the reason of a Pod whose image cannot be pulled, if Events report the failure before the status does.
fn unreported_pull_failure(phases: &[Phase], outcome: PodOutcome) -> Option<Arc<str>> {
    let last = phases.last().filter(|last| last.kind == PhaseKind::PullFailing)?;
    (outcome == PodOutcome::Starting).then(|| last.reason.clone().unwrap_or_else(|| "ErrImagePull".into()))
}

/// Adds up the phases in which a main container ran. A main container may also have run during the unknown phases, so
/// these phases raise the upper end of the range. They raise it by their length minus the back-off before the unseen
/// runs, because no container ran during the back-off.
fn derive_run(phases: &[Phase], containers: &[ContainerLife]) -> RangedDuration {
    let (mut work, mut unknown) = (0, 0);
    let mut uncertainty = Uncertainty::default();
    for (index, phase) in phases.iter().enumerate() {
        let Some(end) = phase.end else { continue };
        let millis = end.as_millisecond() - phase.start.as_millisecond();
        if phase.kind == PhaseKind::Unknown {
            unknown += millis;
        }
        if !phase.kind.is_work() {
            continue;
        }
        work += millis;
        let is_work = |other: Option<&Phase>| other.is_some_and(|other| other.kind.is_work());
        if !is_work(index.checked_sub(1).and_then(|before| phases.get(before))) {
            uncertainty.add_start(phase.start_error);
        }
        if !is_work(phases.get(index + 1)) {
            uncertainty.add_end(phase.end_error);
        }
    }
    let mut run = RangedDuration::new(work, uncertainty);
    let waited: i64 = main_containers(containers).map(min_unseen_back_off_millis).max().unwrap_or(0);
    run.high_millis += (unknown - waited).max(0);
    run
}

/// Adds up the phases in which the Pod worked before it was Ready for the first time. Returns zero for a Pod that was
/// Ready at once. Returns `None` while such a phase goes on, if no probe decides about readiness, and if the first
/// Ready is unknown.
fn sum_unready(phases: &[Phase], readiness: Readiness, outcome: PodOutcome) -> Option<RangedDuration> {
    let is_known = match readiness {
        Readiness::NotProbed | Readiness::Lost => false,
        Readiness::NotYet => outcome.has_ended(),
        Readiness::Ready => true,
    };
    let mut uncertainty = Uncertainty::default();
    let mut millis = 0;
    for phase in phases.iter().filter(|phase| is_known && phase.kind == PhaseKind::Unready) {
        millis += phase.end?.as_millisecond() - phase.start.as_millisecond();
        uncertainty.add_start(phase.start_error);
        uncertainty.add_end(phase.end_error);
    }
    is_known.then(|| RangedDuration::new(millis, uncertainty))
}

fn derive_container_life(container: &ContainerEvidence, mut known: KnownRuns) -> ContainerLife {
    for run in known.runs.iter_mut().filter(|run| run.has_failed()) {
        let times = run.start.zip(run.end);
        let cause = times.and_then(|(start, end)| container.events.probe_kill_cause(start.at, end.at));
        run.cause = cause.cloned();
    }
    let running = known.runs.last().is_some_and(|run| !run.ended);
    ContainerLife {
        name: Arc::clone(&container.name),
        role: container.role,
        image: Arc::clone(&container.image),
        restarts: container.restart_count.max(known.restarts),
        pull: container.events.pull(),
        failed_pulls: container.failed_pulls(),
        runs_not_seen: known.not_seen,
        first_run_is_known: known.includes_first,
        waiting: container.waiting.clone().filter(|_| !running),
        runs: known.runs,
    }
}

/// Moves a start that is later than the end of the work to this end, and a start that is earlier than the creation, the
/// scheduling or the sandbox to the latest of these times.
fn move_between_neighbours(mut start: Instant, instants: &Instants) -> Instant {
    if let Some(end) = instants.work_ended.filter(|end| end.at < start.at) {
        start.set_estimate(end.at, end.evidence);
    }
    let earlier = [instants.created, instants.scheduled, instants.sandbox_ready].into_iter().flatten();
    earlier.fold(start, |start, earlier| start.at_least(&earlier))
}

/// Cuts off everything after `last_known`. The last phase becomes inferred, because its true end is unknown.
fn truncate_phases(phases: &mut Vec<Phase>, last_known: Option<Timestamp>) {
    let Some(last_known) = last_known else { return };
    phases.retain(|phase| phase.start <= last_known);
    if let Some(last) = phases.last_mut() {
        last.end = Some(last.end.map_or(last_known, |end| end.min(last_known)));
        last.source = Source::Inferred;
    }
}
