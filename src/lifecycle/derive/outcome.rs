//! Derives the outcome of a Pod, its end, its exit code and its reason.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_evidence::ContainerEvidence;
use crate::lifecycle::container_life::{
    CONTAINER_STATUS_UNKNOWN, ContainerLife, ContainerRole, ContainerRun, NODE_RESTARTED, main_containers,
};
use crate::lifecycle::derive::node_restart::KubeletStarts;
use crate::lifecycle::derive::work::{has_work_ended, is_lost_with_node, latest};
use crate::lifecycle::event_fact::is_same_instant;
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::pod_evidence::gone::GoneEvidence;
use crate::lifecycle::pod_evidence::{PodEvidence, PodPhase};
use crate::lifecycle::pod_outcome::PodOutcome;
use crate::lifecycle::time::instant::{Instant, Instants, midpoint};
use crate::observation::{Seen, saturating_add};

/// Derives the outcome. `work_has_started` is whether a start of a main container is known.
pub(crate) fn derive_outcome(
    pod: &PodEvidence,
    instants: &Instants,
    containers: &[ContainerLife],
    work_has_started: bool,
) -> PodOutcome {
    if let Some(gone) = &pod.from_events {
        return match (work_has_started, gone.is_deleted(pod.killing)) {
            (true, _) if gone.ended_by_kubelet.is_some() => PodOutcome::Failed,
            (false, _) if gone.ended_by_kubelet.is_some() => PodOutcome::NeverStarted,
            (false, true) if pod.has_events() => PodOutcome::NeverStarted,
            (_, true) => PodOutcome::Deleted,
            (_, false) => PodOutcome::Gone,
        };
    }
    if pod.phase == PodPhase::Succeeded {
        return PodOutcome::Succeeded;
    }
    if has_work_ended(pod, containers) {
        return if !work_has_started {
            PodOutcome::NeverStarted
        } else if was_ended_by_deletion(pod, instants, containers) {
            PodOutcome::Deleted
        } else if pod.phase != PodPhase::Failed && main_containers(containers).all(has_succeeded) {
            PodOutcome::Succeeded
        } else {
            PodOutcome::Failed
        };
    }
    match pod.gone {
        Some((_, Seen::Deleted)) if !work_has_started => return PodOutcome::NeverStarted,
        Some(_) => return PodOutcome::Deleted,
        None => {}
    }
    if pod.node_lost || pod.phase == PodPhase::Unknown || pod.left_selector.is_some() {
        return PodOutcome::Unknown;
    }
    match (work_has_started, pod.has_node) {
        (true, _) => PodOutcome::Running,
        (false, true) => PodOutcome::Starting,
        (false, false) => PodOutcome::Pending,
    }
}

/// Whether the work ended because of the deletion. Work that had already ended when the deletion was requested does not
/// count.
fn was_ended_by_deletion(pod: &PodEvidence, instants: &Instants, containers: &[ContainerLife]) -> bool {
    let would_restart = |(evidence, main): (&ContainerEvidence, &ContainerLife)| {
        main.role == ContainerRole::Main && main.runs.last().is_some_and(|run| evidence.restarts_after(run))
    };
    pod.was_deleted_before_end()
        && match (instants.delete_requested, instants.work_ended) {
            // The kubelet kills only running containers.
            (Some(requested), _) if requested.evidence == Evidence::KillingEvent => true,
            // The deletion prevented the restart for which the container waited.
            (Some(_), _) if pod.containers.iter().zip(containers).any(would_restart) => true,
            (Some(requested), Some(ended)) => requested.at <= ended.at,
            (Some(_), None) => true,
            (None, _) => false,
        }
}

fn has_succeeded(container: &ContainerLife) -> bool {
    container.runs.last().is_some_and(|run| run.ended && run.exit_code == Some(0))
}

/// Derives the end of the phases, and whether the true end is unknown.
pub(crate) fn derive_end(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    instants: &Instants,
    outcome: PodOutcome,
    work_has_started: bool,
) -> (Option<Instant>, bool) {
    if !outcome.has_ended() {
        return (instants.work_ended, false);
    }
    if let Some(gone) = &pod.from_events {
        if instants.work_ended.is_some() {
            return (instants.work_ended, false);
        }
        // If no Event proves how the Pod ended, its last phase has no end. If only the owner's Events name the Pod,
        // nothing shows how long its first phase lasted.
        let is_proved = outcome != PodOutcome::Gone && pod.has_events();
        return (gone.latest_known(instants.delete_requested).filter(|_| is_proved), true);
    }
    let end = if work_has_started {
        let is_lost = instants.work_ended.is_none() && is_lost_with_node(pod, containers);
        instants.work_ended.or(instants.deleted.filter(|_| !is_lost))
    } else {
        derive_end_without_work(pod, containers, instants).or(instants.deleted)
    };
    match pod.gone {
        // The end was not observed, so the phases end at the last time at which the Pod was seen.
        Some((_, Seen::Missing)) if end.is_none() => {
            (pod.last_seen.map(|time| Instant::new(time, Evidence::LastSeenBeforeMissing)), true)
        }
        _ => (end, false),
    }
}

/// Derives the end of a Pod whose work never started.
fn derive_end_without_work(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    instants: &Instants,
) -> Option<Instant> {
    let finished = || {
        let own = containers
            .iter()
            .filter(|container| matches!(container.role, ContainerRole::Main | ContainerRole::Init));
        latest(own.filter_map(|container| container.runs.last()?.end))
    };
    let requested = instants.delete_requested.filter(|_| pod.was_deleted_before_end());
    // The kubelet does not set the condition `PodReadyToStartContainers` on a Pod that it rejects. Such a Pod ends at
    // its `startTime`, because the kubelet sets this field when it rejects the Pod.
    let rejected = pod.start_time.filter(|_| pod.phase == PodPhase::Failed && !pod.has_sandbox_condition);
    let received = pod.phase_received.filter(|_| pod.phase.is_terminal());
    requested
        .or_else(finished)
        .or_else(|| pod.disruption.as_ref().map(|(time, _)| Instant::new(*time, Evidence::DisruptionTarget)))
        .or_else(|| pod.sandbox_gone.map(|time| Instant::new(time, Evidence::SandboxGone)))
        .or_else(|| {
            let received =
                received.filter(|time| rejected.is_none_or(|coarse| is_same_instant(*time, coarse)));
            received.map(|time| Instant::new(time, Evidence::ReceivedTerminalPhase))
        })
        .or_else(|| rejected.map(|time| Instant::new(time, Evidence::StartTime)))
}

/// Returns the last time at which the state of a Pod with outcome `Unknown` was known.
pub(crate) fn last_known_time(pod: &PodEvidence, earliest_start: Option<Instant>) -> Option<Timestamp> {
    // A time that is truncated to the second is estimated as the middle of the second.
    let truncated = |at: Timestamp| midpoint(at, saturating_add(at, SignedDuration::from_secs(1)));
    let last = pod.left_selector.or(pod.kubelet_wrote.or(pod.not_ready).map(truncated))?;
    Some(earliest_start.map_or(last, |start| last.max(start.at)))
}

/// Returns the last time at which a Pod that was lost with its node was known to run. `None` if the Pod was not lost,
/// or if the kubelet has since reported that the containers no longer exist.
pub(crate) fn lost_since(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    outcome: PodOutcome,
    end: Option<Instant>,
    earliest_start: Option<Instant>,
) -> Option<Timestamp> {
    let kubelet_has_returned = || {
        let mut last_runs = main_containers(containers).filter_map(|main| main.runs.last());
        last_runs.any(|run| run.ended && run.end.is_none())
    };
    let is_lost = match outcome {
        PodOutcome::Unknown => pod.left_selector.is_none(),
        PodOutcome::Failed | PodOutcome::Deleted => {
            let is_deleted_with_node = pod
                .disruption
                .as_ref()
                .is_some_and(|(_, reason)| matches!(&**reason, "DeletionByTaintManager" | "DeletionByPodGC"));
            // A working kubelet reports the end of the containers before the Pod is removed.
            let end_unreported = end.is_none_or(|end| end.evidence == Evidence::ReceivedDeleted);
            end_unreported && (pod.node_lost || is_deleted_with_node)
        }
        PodOutcome::Pending
        | PodOutcome::Starting
        | PodOutcome::Running
        | PodOutcome::Succeeded
        | PodOutcome::NeverStarted
        | PodOutcome::Gone => false,
    };
    // The node controller notices the loss long after the kubelet's last write.
    let is_dated = pod.kubelet_wrote.is_some() || outcome == PodOutcome::Unknown;
    if is_lost && is_dated && !kubelet_has_returned() { last_known_time(pod, earliest_start) } else { None }
}

/// Derives the exit code and the reason.
///
/// The exit code comes from the first main container (in spec order) that failed. If no main container has ended, the
/// exit code comes from the first init container that failed. If no container failed, the exit code comes from the last
/// main container (in spec order) that ended. The reason says why the Pod failed or was deleted, or why the Pod waits
/// now.
pub(crate) fn derive_exit_code_and_reason(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    outcome: PodOutcome,
    kubelet_starts: KubeletStarts<'_>,
) -> (Option<i32>, Option<Arc<str>>) {
    fn last_ended_run(container: &ContainerLife) -> Option<&ContainerRun> {
        container.runs.iter().rev().find(|run| run.ended)
    }
    let ended_mains = || main_containers(containers).filter_map(last_ended_run);
    let failed_main = ended_mains().find(|run| run.exit_code != Some(0));
    let failed_init = containers
        .iter()
        .filter(|container| container.role == ContainerRole::Init)
        .filter_map(last_ended_run)
        .find(|run| run.exit_code != Some(0))
        .filter(|_| ended_mains().next().is_none());
    let failure = failed_main.or(failed_init);
    let exit_code = failure.or_else(|| ended_mains().last()).and_then(|run| run.exit_code);
    let from_events = || pod.from_events.as_ref().and_then(GoneEvidence::reason);
    let disruption = || match &pod.disruption {
        Some((_, reason)) if reason.is_empty() => Some("DisruptionTarget".into()),
        Some((_, reason)) => Some(Arc::clone(reason)),
        None => from_events(),
    };
    let never_ran = || {
        let reason = pod.containers.iter().find_map(ContainerEvidence::never_ran_reason)?;
        let is_restart = || **reason == *CONTAINER_STATUS_UNKNOWN && kubelet_starts.explain_lost_start(pod);
        Some(if is_restart() { NODE_RESTARTED.into() } else { Arc::clone(reason) })
    };
    let run_reason = || failure.and_then(|run| run.reason.clone());
    let reason = match outcome {
        PodOutcome::Succeeded => None,
        PodOutcome::Failed => pod.reason.clone().or_else(disruption).or_else(run_reason),
        PodOutcome::NeverStarted => pod
            .reason
            .clone()
            .or_else(disruption)
            .or_else(|| init_failure_reason(pod, containers))
            .or_else(run_reason)
            .or_else(|| pod.waiting_reason())
            .or_else(never_ran),
        PodOutcome::Deleted => pod.reason.clone().or_else(disruption).or_else(|| Some("Deleted".into())),
        PodOutcome::Unknown if pod.left_selector.is_some() => Some("no longer selected".into()),
        PodOutcome::Gone => disruption().or_else(|| pod.waiting_reason()),
        PodOutcome::Unknown => pod.reason.clone().or_else(|| pod.node_lost.then(|| "NodeNotReady".into())),
        PodOutcome::Pending | PodOutcome::Starting => match pod.waiting_reason() {
            Some(reason) if *reason != *"CrashLoopBackOff" => Some(reason),
            // The status shows this reason for a short time after the restart.
            reason => init_failure_reason(pod, containers)
                .or(reason.filter(|_| !containers.iter().any(ContainerLife::is_running))),
        },
        PodOutcome::Running => back_off_reason(pod, containers).or_else(|| main_wait_reason(pod, containers)),
    };
    (exit_code, reason)
}

/// Returns kubectl's text for a Pod whose init container has failed: `Init:CrashLoopBackOff` while the container waits
/// for its restart, otherwise for example `Init:Error`.
fn init_failure_reason(pod: &PodEvidence, containers: &[ContainerLife]) -> Option<Arc<str>> {
    let has_failed = |(_, life): &(&ContainerEvidence, &ContainerLife)| {
        life.role == ContainerRole::Init && life.last_run_failed()
    };
    let (evidence, life) = pod.containers.iter().zip(containers).find(has_failed)?;
    let run = life.runs.last()?;
    let will_restart = !pod.has_ended() && evidence.restarts_after(run);
    Some(match (&run.reason, run.exit_code) {
        _ if will_restart => "Init:CrashLoopBackOff".into(),
        (Some(reason), _) => format!("Init:{reason}").into(),
        (None, code) => format!("Init:ExitCode:{}", code.unwrap_or_default()).into(),
    })
}

/// Returns why a main container does not run, for example because its image cannot be pulled.
fn main_wait_reason(pod: &PodEvidence, containers: &[ContainerLife]) -> Option<Arc<str>> {
    let pairs = pod.containers.iter().zip(containers);
    let mut waiting = pairs.filter(|(_, life)| life.role == ContainerRole::Main && !life.is_running());
    waiting.find_map(|(evidence, _)| evidence.wait_reason().cloned()).filter(|_| pod.deletion.is_none())
}

/// Returns `CrashLoopBackOff` while a failed main container waits for its restart, or `NodeRestarted` if it was lost
/// with its node. The status shows `CrashLoopBackOff` only during a small part of the wait.
fn back_off_reason(pod: &PodEvidence, containers: &[ContainerLife]) -> Option<Arc<str>> {
    let failed_run = |(evidence, main): (&ContainerEvidence, &ContainerLife)| -> Option<bool> {
        let run = main.runs.last().filter(|_| main.role == ContainerRole::Main)?;
        let waits = run.exit_code != Some(0) && evidence.restarts_after(run);
        waits.then(|| run.is_lost_in_restart())
    };
    let mut failed_runs = pod.containers.iter().zip(containers).filter_map(failed_run);
    let is_first_lost = failed_runs.next().filter(|_| pod.deletion.is_none())?;
    let are_lost = is_first_lost && failed_runs.all(|is_lost| is_lost);
    Some(if are_lost { NODE_RESTARTED.into() } else { "CrashLoopBackOff".into() })
}
