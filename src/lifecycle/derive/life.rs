//! Assembles the lifecycle of a Pod from its parts.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_evidence::{ContainerEvidence, KnownRuns};
use crate::lifecycle::container_life::{ContainerLife, ContainerRole};
use crate::lifecycle::derive::cut::PhaseList;
use crate::lifecycle::derive::instants::{
    container_ended_by_deletion, correct_order, derive_delete_requested, derive_instants,
};
use crate::lifecycle::derive::outcome::{
    derive_end, derive_exit_code_and_reason, derive_outcome, last_known_time, lost_since,
};
use crate::lifecycle::derive::phases::PhaseInput;
use crate::lifecycle::derive::work::{earliest_known_start, seen_running, stopping_sidecar};
use crate::lifecycle::evidence::{Evidence, Source};
use crate::lifecycle::instant::{Instant, Instants};
use crate::lifecycle::phase::Phase;
use crate::lifecycle::pod_evidence::PodEvidence;
use crate::lifecycle::pod_lifecycle::{Explanation, Lifecycle};
use crate::lifecycle::pod_outcome::PodOutcome;

impl PodEvidence {
    /// Derives the life of the Pod. `skew` is how far the API server's clock is ahead of the node's clock.
    pub(crate) fn derive(&self, skew: SignedDuration) -> Lifecycle {
        if skew.is_zero() {
            return derive_life(self, false).0;
        }
        let mut on_one_clock = self.clone();
        on_one_clock.shift_kubelet_times(skew);
        Lifecycle { skew, ..derive_life(&on_one_clock, false).0 }
    }

    /// Derives the evidence for the boundaries of the phases that [`PodEvidence::derive`] returns, and the instants
    /// before their order was corrected.
    pub(crate) fn explain(&self, skew: SignedDuration) -> Explanation {
        let mut on_one_clock = self.clone();
        on_one_clock.shift_kubelet_times(skew);
        derive_life(&on_one_clock, true).1
    }
}

/// Derives the life from evidence whose times are all on the same clock. The boundaries of the explanation stay empty
/// unless `explain` is set.
fn derive_life(pod: &PodEvidence, explain: bool) -> (Lifecycle, Explanation) {
    let delete_requested = derive_delete_requested(pod);
    let ended_by_deletion = container_ended_by_deletion(pod, delete_requested);
    let mut first_start: Option<Instant> = None;
    let mut containers = Vec::with_capacity(pod.containers.len());
    for (index, evidence) in pod.containers.iter().enumerate() {
        let terminal_received =
            ended_by_deletion.filter(|(container, _)| *container == index).map(|(_, received)| received);
        let known = evidence.known_runs(terminal_received);
        if evidence.role == ContainerRole::Main && known.includes_first {
            let start = known.runs.iter().find_map(|run| run.start);
            first_start = [first_start, start].into_iter().flatten().min_by_key(|start| start.at);
        }
        containers.push(derive_container_life(evidence, known));
    }
    // The start of a later run does not date the start of the work, but shows that the work has started.
    let earliest_start =
        first_start.or_else(|| earliest_known_start(&containers)).or_else(|| seen_running(pod));
    let mut instants = derive_instants(pod, &containers, delete_requested, first_start, earliest_start);
    let uncorrected = instants;
    let clamped = correct_order(&mut instants);
    let earliest_start =
        instants.work_started.or_else(|| Some(not_before_sandbox(earliest_start?, &instants)));
    let outcome = derive_outcome(pod, &instants, &containers, earliest_start.is_some());
    let (end, mut end_unknown) = derive_end(pod, &containers, &instants, outcome, earliest_start.is_some());
    let (exit_code, reason) = derive_exit_code_and_reason(pod, &containers, outcome);
    let input =
        PhaseInput { pod, containers: &containers, instants: &instants, earliest_start, outcome, end };
    let PhaseList { mut phases, boundaries } = input.derive_phases(reason.as_ref(), explain);
    let mut boundaries = boundaries.unwrap_or_default();
    let lost_since = lost_since(pod, &containers, outcome, end, earliest_start);
    if outcome == PodOutcome::Unknown || lost_since.is_some() {
        end_unknown = true;
        truncate_phases(&mut phases, last_known_time(pod, earliest_start));
        boundaries.truncate(phases.len());
        let evidence =
            if pod.left_selector.is_some() { Evidence::ReceivedDeleted } else { Evidence::KubeletWrote };
        if let Some((_, end)) = boundaries.last_mut() {
            *end = Some(evidence);
        }
    }
    end_unknown |= outcome.has_ended() && phases.last().is_none_or(|phase| phase.end.is_none());
    let between = |from: Option<Instant>, to: Option<Instant>| Some(to?.at.duration_since(from?.at));
    let life = Lifecycle {
        queued: between(instants.created, instants.scheduled),
        cold_start: between(instants.scheduled, instants.work_started),
        run: between(instants.work_started, instants.work_ended),
        phases,
        outcome,
        status: pod.status.clone().unwrap_or_else(|| "Unknown".into()),
        exit_code,
        reason,
        stopping_sidecar: stopping_sidecar(pod, &containers),
        disruption: pod.disruption.as_ref().map(|(_, reason)| Arc::clone(reason)),
        lost_since,
        containers,
        clamped,
        skew: SignedDuration::ZERO,
        end_unknown,
        instants,
    };
    (life, Explanation { boundaries, uncorrected })
}

fn derive_container_life(container: &ContainerEvidence, known: KnownRuns) -> ContainerLife {
    let running = known.runs.last().is_some_and(|run| !run.ended);
    ContainerLife {
        name: Arc::clone(&container.name),
        role: container.role,
        image: Arc::clone(&container.image),
        restarts: container.restart_count,
        pull: container.events.pull(),
        runs_not_seen: known.not_seen,
        waiting: container.waiting.clone().filter(|_| !running),
        runs: known.runs,
    }
}

/// Moves a start that is earlier than the creation, the scheduling or the sandbox to the latest of these times.
fn not_before_sandbox(start: Instant, instants: &Instants) -> Instant {
    let earlier = [instants.created, instants.scheduled, instants.sandbox_ready].into_iter().flatten();
    Instant { at: earlier.map(|instant| instant.at).fold(start.at, Timestamp::max), ..start }
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
