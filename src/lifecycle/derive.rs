//! Evidence to instants, outcome and the rest of a [`Lifecycle`]; the phases are in `phases`.
//!
//! The order of evidence is normative: the best that is there wins, a finer time only where it fits the coarse one.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::container::{ContainerEvidence, EventTime, fits};
use super::evidence::Evidence;
use super::pod::{PodEvidence, PodPhase};
use super::{ContainerLife, Instant, Instants, Lifecycle, PodOutcome, Role, Run, phases};

/// More than this, and a corrected order is worth telling.
const CLAMP: SignedDuration = SignedDuration::from_secs(1);

pub(super) fn lifecycle(pod: &PodEvidence) -> Lifecycle {
    let killed = pod.phase_received.filter(|_| pod.deletion.is_some() && pod.phase.terminal());
    let containers: Vec<ContainerLife> =
        pod.containers.iter().map(|container| life(container, killed)).collect();
    let delete_requested = delete_requested(pod);
    let created = created(pod);
    let work_started = work_started(&containers);
    let mut instants = Instants {
        created,
        scheduled: scheduled(pod, created),
        sandbox_ready: sandbox_ready(pod, work_started),
        work_started,
        work_ended: work_ended(pod, &containers, delete_requested, work_started),
        delete_requested,
        deleted: deleted(pod),
    };
    let clamped = put_in_order(&mut instants);
    let outcome = outcome(pod, &instants, &containers);
    let end = if instants.work_started.is_some() {
        instants.work_ended
    } else {
        never_started_end(pod, &instants, outcome)
    };
    let (exit_code, reason) = result(pod, &containers, outcome);
    let phases = phases::phases(pod, &containers, &instants, outcome, end, reason.as_ref());
    let end_unknown = outcome.ended() && phases.last().is_none_or(|phase| phase.end.is_none());
    let between = |from: Option<Instant>, to: Option<Instant>| Some(to?.at.duration_since(from?.at));
    Lifecycle {
        queued: between(instants.created, instants.scheduled),
        cold_start: between(instants.scheduled, instants.work_started),
        run: between(instants.work_started, instants.work_ended),
        phases,
        outcome,
        status: pod.status.clone().unwrap_or_else(|| "Unknown".into()),
        exit_code,
        reason,
        containers,
        clamped,
        end_unknown,
        instants,
    }
}

fn life(container: &ContainerEvidence, killed: Option<Timestamp>) -> ContainerLife {
    let runs = container.known_runs(killed);
    let runs_not_seen = container.runs_not_seen(runs.len());
    let running = runs.last().is_some_and(|run| !run.ended);
    ContainerLife {
        name: Arc::clone(&container.name),
        role: container.role,
        image: Arc::clone(&container.image),
        restarts: container.restart_count,
        pull: container.pull(),
        runs_not_seen,
        waiting: container.waiting.clone().filter(|_| !running),
        runs,
    }
}

fn at(at: Timestamp, evidence: Evidence) -> Instant {
    Instant { at, evidence }
}

fn created(pod: &PodEvidence) -> Option<Instant> {
    let coarse = pod.created;
    let fit = |fine: &Timestamp| coarse.is_none_or(|coarse| fits(*fine, coarse));
    let event = pod.created_event.filter(fit).map(|time| at(time, Evidence::SuccessfulCreate));
    let received = || pod.created_received.filter(fit).map(|time| at(time, Evidence::ReceivedAdded));
    event.or_else(received).or_else(|| coarse.map(|time| at(time, Evidence::CreationTimestamp)))
}

fn scheduled(pod: &PodEvidence, created: Option<Instant>) -> Option<Instant> {
    if pod.created_with_node {
        return created.map(|created| at(created.at, Evidence::CreatedWithNode));
    }
    let coarse = pod.pod_scheduled;
    let fit = |event: &EventTime| coarse.is_none_or(|coarse| fits(event.at, coarse));
    if let Some(event) = pod.scheduled_event.filter(fit) {
        return Some(event.instant(Evidence::ScheduledEvent, Evidence::ScheduledEventCoarse));
    }
    let acknowledged = || pod.start_time.filter(|_| pod.has_node).map(|time| at(time, Evidence::StartTime));
    coarse.map(|time| at(time, Evidence::PodScheduled)).or_else(acknowledged)
}

fn sandbox_ready(pod: &PodEvidence, work_started: Option<Instant>) -> Option<Instant> {
    if let Some(event) = pod.image_event {
        return Some(event.instant(Evidence::ImageEvent, Evidence::ImageEventCoarse));
    }
    // Kubelets before 1.36 write the condition after pull and start: believed only if it is not later than those.
    let first_start = pod
        .containers
        .iter()
        .filter(|container| container.role != Role::Ephemeral)
        .filter_map(|container| container.known_runs(None).first().and_then(|run| run.start))
        .map(|start| start.at)
        .min()
        .or(work_started.map(|started| started.at));
    let early =
        |time: &Timestamp| first_start.is_none_or(|start| *time <= start + SignedDuration::from_secs(1));
    pod.sandbox_ready.filter(early).map(|time| at(time, Evidence::ReadyToStartContainers))
}

fn mains(containers: &[ContainerLife]) -> impl Iterator<Item = &ContainerLife> {
    containers.iter().filter(|container| container.role == Role::Main)
}

fn work_started(containers: &[ContainerLife]) -> Option<Instant> {
    mains(containers)
        .filter_map(|main| main.runs.iter().find_map(|run| run.start))
        .min_by_key(|start| start.at)
}

/// Whether no main container runs or will run again.
fn work_is_over(pod: &PodEvidence, containers: &[ContainerLife]) -> bool {
    if pod.phase.terminal() || pod.gone.is_some() {
        return true;
    }
    let over = |(evidence, main): (&ContainerEvidence, &ContainerLife)| match main.runs.last() {
        Some(Run { ended: true, exit_code, .. }) => {
            let restarts = evidence.restarts_after;
            pod.deletion.is_some()
                || !if *exit_code == Some(0) { restarts.on_success } else { restarts.on_failure }
        }
        Some(_) => false,
        None => evidence.never_ran.is_some(),
    };
    let mut pairs =
        pod.containers.iter().zip(containers).filter(|(_, life)| life.role == Role::Main).peekable();
    pairs.peek().is_some() && pairs.all(over)
}

fn work_ended(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    delete_requested: Option<Instant>,
    work_started: Option<Instant>,
) -> Option<Instant> {
    let started = work_started?;
    if !work_is_over(pod, containers) {
        return None;
    }
    let ran = || mains(containers).filter_map(|main| main.runs.last());
    if ran().all(|run| run.end.is_some()) {
        return ran().filter_map(|run| run.end).max_by_key(|end| end.at);
    }
    let later = |time: &Timestamp| *time > started.at;
    let disruption = pod.disruption.as_ref().map(|(time, _)| *time).filter(later);
    let received = pod.containers.iter().filter_map(ContainerEvidence::end_received).max();
    let deleted = pod.gone.filter(|(_, seen)| seen.live()).map(|(time, _)| time);
    disruption
        .map(|time| at(time, Evidence::DisruptionTarget))
        .or_else(|| pod.not_ready.filter(later).map(|time| at(time, Evidence::NotReady)))
        .or_else(|| received.map(|time| at(time, Evidence::ReceivedTerminated)))
        .or_else(|| delete_requested.filter(|_| deleted.is_none()).filter(|requested| later(&requested.at)))
        .or_else(|| pod.kubelet_wrote.filter(later).map(|time| at(time, Evidence::KubeletWrote)))
        .or_else(|| deleted.map(|time| at(time, Evidence::ReceivedDeleted)))
}

fn delete_requested(pod: &PodEvidence) -> Option<Instant> {
    let deletion = pod.deletion?;
    let coarse = deletion.computed;
    let fit = |time: Timestamp| coarse.is_none_or(|coarse| fits(time, coarse));
    let killing = pod.killing.filter(|event| fit(event.at));
    if let Some(event) = killing {
        return Some(event.instant(Evidence::KillingEvent, Evidence::KillingEventCoarse));
    }
    // Without a computed time the first object seen may be the last one of the deletion, which dates only its end.
    let received = deletion.received.filter(|time| coarse.is_some_and(|coarse| fits(*time, coarse)));
    received
        .map(|time| at(time, Evidence::ReceivedDeletion))
        .or_else(|| coarse.map(|time| at(time, Evidence::DeletionTimestamp)))
}

fn deleted(pod: &PodEvidence) -> Option<Instant> {
    let (time, seen) = pod.gone?;
    // Missing after a gap: gone at some unknown time since it was last seen.
    seen.live().then(|| at(time, Evidence::ReceivedDeleted))
}

/// Moves each instant to where it is possible; true if one moved by more than a second.
fn put_in_order(instants: &mut Instants) -> bool {
    let mut clamped = false;
    let mut last: Option<Timestamp> = None;
    for instant in [
        &mut instants.created,
        &mut instants.scheduled,
        &mut instants.sandbox_ready,
        &mut instants.work_started,
        &mut instants.work_ended,
    ]
    .into_iter()
    .flatten()
    {
        if let Some(last) = last.filter(|last| *last > instant.at) {
            clamped |= last.duration_since(instant.at) > CLAMP;
            instant.at = last;
        }
        last = Some(instant.at);
    }
    clamped
}

fn outcome(pod: &PodEvidence, instants: &Instants, containers: &[ContainerLife]) -> PodOutcome {
    let over = work_is_over(pod, containers);
    if over && instants.work_started.is_none() && pod.phase != PodPhase::Succeeded {
        return PodOutcome::NeverStarted;
    }
    if over {
        let deleted_first = match (instants.delete_requested, instants.work_ended) {
            (Some(requested), Some(ended)) => requested.at <= ended.at,
            (requested, None) => requested.is_some(),
            (None, _) => false,
        };
        return match pod.phase {
            PodPhase::Succeeded => PodOutcome::Succeeded,
            PodPhase::Failed if deleted_first => PodOutcome::Deleted,
            PodPhase::Failed => PodOutcome::Failed,
            _ if pod.gone.is_some() && instants.work_ended.is_none_or(|_| deleted_first) => {
                PodOutcome::Deleted
            }
            _ if mains(containers).all(succeeded) => PodOutcome::Succeeded,
            _ if deleted_first => PodOutcome::Deleted,
            _ => PodOutcome::Failed,
        };
    }
    if pod.node_lost || pod.phase == PodPhase::Unknown {
        return PodOutcome::Unknown;
    }
    if instants.work_started.is_some() {
        PodOutcome::Running
    } else if pod.has_node {
        PodOutcome::Starting
    } else {
        PodOutcome::Pending
    }
}

fn succeeded(container: &ContainerLife) -> bool {
    container.runs.last().is_some_and(|run| run.ended && run.exit_code == Some(0))
}

/// The end of a Pod whose work never began.
fn never_started_end(pod: &PodEvidence, instants: &Instants, outcome: PodOutcome) -> Option<Instant> {
    if !outcome.ended() {
        return None;
    }
    let finished = || {
        let statuses = pod.containers.iter().filter(|container| container.role != Role::Ephemeral);
        let ends = statuses.flat_map(|container| container.known_runs(None)).filter_map(|run| run.end);
        ends.max_by_key(|end| end.at)
    };
    let rejected = || pod.start_time.filter(|_| pod.phase == PodPhase::Failed && !pod.sandbox_condition);
    let gone =
        || pod.gone.filter(|(_, seen)| seen.live()).map(|(time, _)| at(time, Evidence::ReceivedDeleted));
    instants
        .delete_requested
        .or_else(finished)
        .or_else(|| pod.disruption.as_ref().map(|(time, _)| at(*time, Evidence::DisruptionTarget)))
        .or_else(|| pod.sandbox_gone.map(|time| at(time, Evidence::SandboxGone)))
        .or_else(|| rejected().map(|time| at(time, Evidence::StartTime)))
        .or_else(|| pod.phase_received.map(|time| at(time, Evidence::ReceivedTerminalPhase)))
        .or_else(gone)
}

/// Exit code and reason: of the failure if there is one, else of the wait, else of the last end.
fn result(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    outcome: PodOutcome,
) -> (Option<i32>, Option<Arc<str>>) {
    let last_ended = |container: &ContainerLife| container.runs.iter().rev().find(|run| run.ended).cloned();
    let ended: Vec<Run> = mains(containers).filter_map(last_ended).collect();
    let failed_main = ended.iter().find(|run| run.exit_code != Some(0));
    let failed_init = containers
        .iter()
        .filter(|container| container.role == Role::Init)
        .filter_map(last_ended)
        .find(|run| run.exit_code != Some(0))
        .filter(|_| ended.is_empty());
    let failure = failed_main.or(failed_init.as_ref());
    let exit_code = failure.or(ended.last()).and_then(|run| run.exit_code);
    let disrupted = || pod.disruption.as_ref().map(|(_, reason)| Arc::clone(reason));
    let never_ran = || pod.containers.iter().find_map(|container| container.never_ran.clone());
    let run_reason = || failure.and_then(|run| run.reason.clone());
    let reason = match outcome {
        PodOutcome::Succeeded => None,
        PodOutcome::Failed => pod.reason.clone().or_else(disrupted).or_else(run_reason),
        PodOutcome::NeverStarted => pod
            .reason
            .clone()
            .or_else(disrupted)
            .or_else(run_reason)
            .or_else(|| pod.waiting_reason())
            .or_else(never_ran),
        PodOutcome::Deleted => pod.reason.clone().or_else(disrupted).or_else(|| Some("Deleted".into())),
        PodOutcome::Unknown => Some("NodeNotReady".into()),
        PodOutcome::Pending | PodOutcome::Starting => pod.waiting_reason(),
        PodOutcome::Running => in_back_off(pod, containers),
    };
    (exit_code, reason)
}

/// `CrashLoopBackOff`, whatever the status says, while a failed main container waits for its next run.
fn in_back_off(pod: &PodEvidence, containers: &[ContainerLife]) -> Option<Arc<str>> {
    let waits = |(evidence, main): (&ContainerEvidence, &ContainerLife)| {
        main.role == Role::Main
            && evidence.restarts_after.on_failure
            && main.runs.last().is_some_and(|run| run.ended && run.exit_code != Some(0))
    };
    let any = pod.containers.iter().zip(containers).any(waits);
    (any && pod.deletion.is_none()).then(|| "CrashLoopBackOff".into())
}
