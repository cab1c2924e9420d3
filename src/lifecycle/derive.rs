//! Evidence to instants, outcome and the rest of a [`Lifecycle`]; the phases are in `phases`.
//!
//! The order of evidence is normative: the best that is there wins, a finer time only where it fits the coarse one.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::container::{ContainerEvidence, KnownRuns, fits};
use super::evidence::Evidence;
use super::fact::EventTime;
use super::phases::Explained;
use super::pod::{PodEvidence, PodPhase};
use super::{
    ContainerLife, ContainerRole, Explanation, Instant, Instants, Lifecycle, Phase, PodOutcome, Run, phases,
};
use crate::observation::Seen;

/// More than this, and a corrected order is worth telling.
const CLAMP: SignedDuration = SignedDuration::from_secs(1);

pub(crate) fn lifecycle(pod: &PodEvidence) -> Lifecycle {
    derived(pod, false).0
}

/// What the boundaries of its life were read from.
pub(crate) fn explanation(pod: &PodEvidence) -> Explanation {
    derived(pod, true).1
}

fn derived(pod: &PodEvidence, explain: bool) -> (Lifecycle, Explanation) {
    let delete_requested = delete_requested(pod);
    let stopped = last_stopped(pod, delete_requested);
    let mut first_start: Option<Instant> = None;
    let mut containers = Vec::with_capacity(pod.containers.len());
    for (place, evidence) in pod.containers.iter().enumerate() {
        let stopped = stopped.filter(|(last, _)| *last == place).map(|(_, at)| at);
        let known = evidence.known_runs(stopped);
        if evidence.role == ContainerRole::Main && known.from_the_first {
            let start = known.runs.iter().find_map(|run| run.start);
            first_start = [first_start, start].into_iter().flatten().min_by_key(|start| start.at);
        }
        containers.push(life(evidence, known));
    }
    let mut created = created(pod);
    let scheduled = scheduled(pod, created);
    if let (Some(created), Some(scheduled)) = (&mut created, scheduled)
        && created.evidence == Evidence::ReceivedAdded
        && scheduled.evidence == Evidence::ScheduledEvent
    {
        // A receipt is only an upper bound: it does not move what is known better.
        created.at = created.at.min(scheduled.at);
    }
    // What is not the first start still tells that work has begun.
    let began = first_start.or_else(|| work_seen(&containers));
    let mut instants = Instants {
        created,
        scheduled,
        sandbox_ready: sandbox_ready(pod, &containers),
        work_started: first_start,
        work_ended: work_ended(pod, &containers, began),
        delete_requested,
        deleted: pod
            .gone
            // Missing after a gap: gone at some unknown time since it was last seen.
            .filter(|(_, seen)| seen.is_live())
            .map(|(time, _)| at(time, Evidence::ReceivedDeleted)),
    };
    let told = instants;
    let clamped = put_in_order(&mut instants);
    let began = instants.work_started.or(began);
    let outcome = outcome(pod, &instants, &containers, began.is_some());
    let (end, mut end_unknown) = end(pod, &containers, &instants, outcome, began.is_some());
    let (exit_code, reason) = result(pod, &containers, outcome);
    let life = phases::Life { pod, containers: &containers, instants: &instants, began, outcome, end };
    let Explained { mut phases, ends } = life.phases(reason.as_ref(), explain);
    let mut ends = ends.unwrap_or_default();
    if outcome == PodOutcome::Unknown {
        end_unknown = true;
        forget_after(&mut phases, known_until(pod, began));
        ends.truncate(phases.len());
        let until =
            if pod.out_of_sight.is_some() { Evidence::ReceivedDeleted } else { Evidence::KubeletWrote };
        if let Some(last) = ends.last_mut() {
            last.1 = Some(until);
        }
    }
    end_unknown |= outcome.ended() && phases.last().is_none_or(|phase| phase.end.is_none());
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
        containers,
        clamped,
        skew: SignedDuration::ZERO,
        end_unknown,
        instants,
    };
    (life, Explanation { ends, told })
}

fn life(container: &ContainerEvidence, known: KnownRuns) -> ContainerLife {
    let running = known.runs.last().is_some_and(|run| !run.ended);
    ContainerLife {
        name: Arc::clone(&container.name),
        role: container.role,
        image: Arc::clone(&container.image),
        restarts: container.restart_count,
        pull: container.pull(),
        runs_not_seen: known.not_seen,
        waiting: container.waiting.clone().filter(|_| !running),
        runs: known.runs,
    }
}

/// The container (by its place) whose end the receipt of a deleted Pod's terminal phase dates: the last one to stop,
/// if it was running when the deletion was asked for and no other ended in the same second.
fn last_stopped(pod: &PodEvidence, requested: Option<Instant>) -> Option<(usize, Timestamp)> {
    let received = pod.phase_received.filter(|_| pod.phase.terminal())?;
    let requested = requested.filter(|_| pod.deleted_before_its_end())?;
    let ends = || {
        let own = pod
            .containers
            .iter()
            .enumerate()
            .filter(|(_, container)| container.role != ContainerRole::Ephemeral);
        own.filter_map(|(place, container)| container.last_finished().map(|end| (place, end)))
    };
    let (place, end) = ends().max_by_key(|(_, end)| *end)?;
    let alone = ends().filter(|(_, other)| *other == end).count() == 1;
    let earlier = pod.containers[place].end_received().is_some_and(|told| told < requested.at);
    (alone && !earlier && end + SignedDuration::from_secs(1) > requested.at).then_some((place, received))
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

fn sandbox_ready(pod: &PodEvidence, containers: &[ContainerLife]) -> Option<Instant> {
    let own = containers.iter().filter(|container| container.role != ContainerRole::Ephemeral);
    let first_start = own
        .filter_map(|container| container.runs.iter().find_map(|run| run.start))
        .map(|start| start.at)
        .min();
    // Kubelets before 1.36 write the condition after pull and start, and the first events may have expired: neither is
    // believed if it is later than the first start.
    let early =
        |time: Timestamp| first_start.is_none_or(|start| time <= start + SignedDuration::from_secs(1));
    let event = pod.image_event().filter(|event| early(event.at));
    if let Some(event) = event {
        return Some(event.instant(Evidence::ImageEvent, Evidence::ImageEventCoarse));
    }
    pod.sandbox_ready.filter(|time| early(*time)).map(|time| at(time, Evidence::ReadyToStartContainers))
}

fn mains(containers: &[ContainerLife]) -> impl Iterator<Item = &ContainerLife> {
    containers.iter().filter(|container| container.role == ContainerRole::Main)
}

/// The first start of a main container that is known, though others may have come before.
fn work_seen(containers: &[ContainerLife]) -> Option<Instant> {
    mains(containers)
        .filter_map(|main| main.runs.iter().find_map(|run| run.start))
        .min_by_key(|start| start.at)
}

/// Whether the work is over: no main container runs, or will run again.
fn work_is_over(pod: &PodEvidence, containers: &[ContainerLife]) -> bool {
    if pod.phase.terminal() {
        return true;
    }
    let over = |(evidence, main): (&ContainerEvidence, &ContainerLife)| match main.runs.last() {
        Some(run) => run.ended && (pod.deletion.is_some() || !evidence.restarts_after(run)),
        None => evidence.is_lost(),
    };
    let pairs = pod.containers.iter().zip(containers);
    let mut pairs = pairs.filter(|(_, life)| life.role == ContainerRole::Main).peekable();
    pairs.peek().is_some() && pairs.all(over)
}

fn work_ended(pod: &PodEvidence, containers: &[ContainerLife], began: Option<Instant>) -> Option<Instant> {
    let began = began?;
    if !work_is_over(pod, containers) {
        return None;
    }
    let ran = || mains(containers).filter_map(|main| main.runs.last());
    if ran().all(|run| run.end.is_some()) {
        return ran().filter_map(|run| run.end).max_by_key(|end| end.at);
    }
    if lost_with_its_node(pod, containers) {
        return None;
    }
    let later = |time: &Timestamp| *time > began.at;
    let disruption = pod.disruption.as_ref().map(|(time, _)| *time).filter(later);
    let received = || {
        let ends = pod.containers.iter().filter_map(ContainerEvidence::end_received).max();
        ends.or(pod.phase_received.filter(|_| pod.phase.terminal()))
    };
    disruption
        .map(|time| at(time, Evidence::DisruptionTarget))
        .or_else(|| pod.not_ready.filter(later).map(|time| at(time, Evidence::NotReady)))
        .or_else(|| pod.kubelet_wrote.filter(later).map(|time| at(time, Evidence::KubeletWrote)))
        .or_else(|| received().map(|time| at(time, Evidence::ReceivedTerminated)))
}

/// Whether nobody can know when its work ended: it was lost with its node. What tells of the end then tells only when that
/// was noticed, up to minutes later.
fn lost_with_its_node(pod: &PodEvidence, containers: &[ContainerLife]) -> bool {
    match pod.disruption.as_ref().map(|(_, by)| &**by) {
        Some("DeletionByPodGC") => true,
        Some("DeletionByTaintManager") | None => {
            let lost =
                |run: &Run| run.end.is_none() && run.reason.as_deref() == Some("ContainerStatusUnknown");
            mains(containers).filter_map(|main| main.runs.last()).any(lost)
        }
        // Its end was asked for, and a node was there to be asked.
        Some(_) => false,
    }
}

fn delete_requested(pod: &PodEvidence) -> Option<Instant> {
    let deletion = pod.deletion?;
    let coarse = deletion.computed;
    let fit = |time: Timestamp| coarse.is_none_or(|coarse| fits(time, coarse));
    if let Some(event) = pod.killing.filter(|event| fit(event.at)) {
        return Some(event.instant(Evidence::KillingEvent, Evidence::KillingEventCoarse));
    }
    // Without a computed time the first object seen may be the last one of the deletion, which dates only its end,
    // unless it was seen before.
    let received = deletion.received.filter(|time| match coarse {
        Some(coarse) => fits(*time, coarse),
        None => deletion.witnessed,
    });
    received
        .map(|time| at(time, Evidence::ReceivedDeletion))
        .or_else(|| coarse.map(|time| at(time, Evidence::DeletionTimestamp)))
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

fn outcome(pod: &PodEvidence, instants: &Instants, containers: &[ContainerLife], began: bool) -> PodOutcome {
    let pairs = pod.containers.iter().zip(containers).filter(|(_, life)| life.role == ContainerRole::Main);
    let would_restart = |(evidence, main): (&ContainerEvidence, &ContainerLife)| {
        main.runs.last().is_some_and(|run| evidence.restarts_after(run))
    };
    let deleted_first = pod.deleted_before_its_end()
        && match (instants.delete_requested, instants.work_ended) {
            // Only a container that runs is killed.
            (Some(requested), _) if requested.evidence == Evidence::KillingEvent => true,
            // It waited for its next run, which the deletion took from it.
            (Some(_), _) if pairs.clone().any(would_restart) => true,
            (Some(requested), Some(ended)) => requested.at <= ended.at,
            (requested, None) => requested.is_some(),
            (None, _) => false,
        };
    if pod.phase == PodPhase::Succeeded {
        return PodOutcome::Succeeded;
    }
    if work_is_over(pod, containers) {
        return match pod.phase {
            _ if !began => PodOutcome::NeverStarted,
            _ if deleted_first => PodOutcome::Deleted,
            PodPhase::Failed => PodOutcome::Failed,
            _ if mains(containers).all(succeeded) => PodOutcome::Succeeded,
            _ => PodOutcome::Failed,
        };
    }
    match pod.gone {
        Some((_, Seen::Deleted)) if !began => return PodOutcome::NeverStarted,
        Some(_) => return PodOutcome::Deleted,
        None => {}
    }
    if pod.node_lost || pod.phase == PodPhase::Unknown || pod.out_of_sight.is_some() {
        return PodOutcome::Unknown;
    }
    match (began, pod.has_node) {
        (true, _) => PodOutcome::Running,
        (false, true) => PodOutcome::Starting,
        (false, false) => PodOutcome::Pending,
    }
}

fn succeeded(container: &ContainerLife) -> bool {
    container.runs.last().is_some_and(|run| run.ended && run.exit_code == Some(0))
}

/// Where the phases end, and whether the true end is unknown.
fn end(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    instants: &Instants,
    outcome: PodOutcome,
    began: bool,
) -> (Option<Instant>, bool) {
    if !outcome.ended() {
        return (instants.work_ended, false);
    }
    let end = if began {
        let lost = instants.work_ended.is_none() && lost_with_its_node(pod, containers);
        instants.work_ended.or(instants.deleted.filter(|_| !lost))
    } else {
        never_started_end(pod, instants).or(instants.deleted)
    };
    match pod.gone {
        // Nobody saw it end: it is told as far as it is known.
        Some((_, Seen::Missing)) if end.is_none() => {
            (pod.seen_last.map(|time| at(time, Evidence::Missing)), true)
        }
        _ => (end, false),
    }
}

/// The end of a Pod whose work never began.
fn never_started_end(pod: &PodEvidence, instants: &Instants) -> Option<Instant> {
    let finished = || {
        let own = pod
            .containers
            .iter()
            .filter(|container| matches!(container.role, ContainerRole::Main | ContainerRole::Init));
        let ends = own.filter_map(ContainerEvidence::last_finished);
        ends.max().map(|time| at(time, Evidence::FinishedAt))
    };
    let requested = instants.delete_requested.filter(|_| pod.deleted_before_its_end());
    // Rejected by the kubelet: it has no conditions, and ended when the kubelet picked it up.
    let rejected = pod.start_time.filter(|_| pod.phase == PodPhase::Failed && !pod.sandbox_condition);
    let received = pod.phase_received.filter(|_| pod.phase.terminal());
    requested
        .or_else(finished)
        .or_else(|| pod.disruption.as_ref().map(|(time, _)| at(*time, Evidence::DisruptionTarget)))
        .or_else(|| pod.sandbox_gone.map(|time| at(time, Evidence::SandboxGone)))
        .or_else(|| {
            let received = received.filter(|time| rejected.is_none_or(|coarse| fits(*time, coarse)));
            received.map(|time| at(time, Evidence::ReceivedTerminalPhase))
        })
        .or_else(|| rejected.map(|time| at(time, Evidence::StartTime)))
}

/// Until when a Pod is known whose node is silent, or that is out of sight.
fn known_until(pod: &PodEvidence, began: Option<Instant>) -> Option<Timestamp> {
    let until = pod.out_of_sight.or(pod.kubelet_wrote).or(pod.not_ready)?;
    Some(began.map_or(until, |began| until.max(began.at)))
}

/// Cuts the phases where knowledge ends.
fn forget_after(phases: &mut Vec<Phase>, until: Option<Timestamp>) {
    let Some(until) = until else { return };
    phases.retain(|phase| phase.start <= until);
    if let Some(last) = phases.last_mut() {
        last.end = Some(last.end.map_or(until, |end| end.min(until)));
        last.source = crate::lifecycle::evidence::Source::Inferred;
    }
}

/// Exit code and reason: of the failure if there is one, else of the wait, else of the last end.
fn result(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    outcome: PodOutcome,
) -> (Option<i32>, Option<Arc<str>>) {
    fn last_ended(container: &ContainerLife) -> Option<&Run> {
        container.runs.iter().rev().find(|run| run.ended)
    }
    let ended = || mains(containers).filter_map(last_ended);
    let failed_main = ended().find(|run| run.exit_code != Some(0));
    let failed_init = containers
        .iter()
        .filter(|container| container.role == ContainerRole::Init)
        .filter_map(last_ended)
        .find(|run| run.exit_code != Some(0))
        .filter(|_| ended().next().is_none());
    let failure = failed_main.or(failed_init);
    let exit_code = failure.or(ended().last()).and_then(|run| run.exit_code);
    let disrupted = || pod.disruption.as_ref().map(|(_, reason)| Arc::clone(reason));
    let never_ran = || pod.containers.iter().find_map(ContainerEvidence::never_ran).cloned();
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
        PodOutcome::Unknown if pod.out_of_sight.is_some() => Some("no longer selected".into()),
        PodOutcome::Unknown => Some("NodeNotReady".into()),
        PodOutcome::Pending | PodOutcome::Starting => pod.waiting_reason(),
        PodOutcome::Running => in_back_off(pod, containers),
    };
    (exit_code, reason)
}

/// `CrashLoopBackOff`, whatever the status says, while a failed main container waits for its next run.
fn in_back_off(pod: &PodEvidence, containers: &[ContainerLife]) -> Option<Arc<str>> {
    let waits = |(evidence, main): (&ContainerEvidence, &ContainerLife)| {
        main.role == ContainerRole::Main
            && main.runs.last().is_some_and(|run| run.exit_code != Some(0) && evidence.restarts_after(run))
    };
    let any = pod.containers.iter().zip(containers).any(waits);
    (any && pod.deletion.is_none()).then(|| "CrashLoopBackOff".into())
}
