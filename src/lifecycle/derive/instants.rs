//! Derives the instants of a Pod.
//!
//! Each instant uses the best evidence that exists. Fine evidence is used only if it fits the coarse evidence of the
//! same instant.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_evidence::ContainerEvidence;
use crate::lifecycle::container_life::{ContainerLife, ContainerRole};
use crate::lifecycle::derive::work::{
    first_known_start, has_work_ended, is_lost_with_node, latest, main_containers,
};
use crate::lifecycle::event_fact::{EventTime, is_same_instant};
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::pod_evidence::PodEvidence;
use crate::lifecycle::time::instant::{Instant, Instants};
use crate::observation::saturating_add;

/// The time of a ready sandbox may seem to be up to this much later than the first start, because clocks differ.
const MAX_LATE_SANDBOX_EVENT: SignedDuration = SignedDuration::from_millis(200);

/// Derives the instants, except the start and the end of the work and `ready`, without correcting their order.
pub(crate) fn derive_instants(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    delete_requested: Option<Instant>,
) -> Instants {
    let created = derive_created(pod);
    // A Pod that was missing from a list was removed at an unknown time.
    let deleted = pod.gone.filter(|(_, seen)| seen.is_live());
    Instants {
        created,
        scheduled: derive_scheduled(pod, created),
        sandbox_ready: derive_sandbox_ready(pod, containers),
        work_started: None,
        ready: None,
        work_ended: None,
        delete_requested,
        deleted: deleted.map(|(time, _)| Instant::new(time, Evidence::ReceivedDeleted)),
    }
}

fn derive_created(pod: &PodEvidence) -> Option<Instant> {
    let coarse = pod.creation_timestamp;
    let fits_coarse = |fine: &Timestamp| coarse.is_none_or(|coarse| is_same_instant(*fine, coarse));
    let event =
        pod.created_event.filter(fits_coarse).map(|time| Instant::new(time, Evidence::SuccessfulCreate));
    let received =
        || pod.created_received.filter(fits_coarse).map(|time| Instant::new(time, Evidence::ReceivedAdded));
    event.or_else(received).or_else(|| coarse.map(|time| Instant::new(time, Evidence::CreationTimestamp)))
}

fn derive_scheduled(pod: &PodEvidence, created: Option<Instant>) -> Option<Instant> {
    if pod.created_with_node {
        return created.map(|created| created.with_evidence(Evidence::CreatedWithNode));
    }
    let coarse = pod.pod_scheduled;
    let fits_coarse = |event: &EventTime| coarse.is_none_or(|coarse| is_same_instant(event.at, coarse));
    if let Some(event) = pod.scheduled_event.filter(fits_coarse) {
        return Some(event.to_instant(Evidence::ScheduledEvent, Evidence::ScheduledEventCoarse));
    }
    let start_time =
        || pod.start_time.filter(|_| pod.has_node).map(|time| Instant::new(time, Evidence::StartTime));
    coarse.map(|time| Instant::new(time, Evidence::PodScheduled)).or_else(start_time)
}

fn derive_sandbox_ready(pod: &PodEvidence, containers: &[ContainerLife]) -> Option<Instant> {
    let is_not_after = |time: Timestamp, start: Instant| {
        time <= start.at || time <= saturating_add(start.latest(), MAX_LATE_SANDBOX_EVENT)
    };
    // Kubelets before 1.36 set the condition only after the pull and the start. The first image event may have expired,
    // so the known image event may be a later one. A time after the first start is therefore not used.
    let is_early_enough = |time: Timestamp| {
        let mut own = containers.iter().filter(|container| container.role != ContainerRole::Ephemeral);
        own.all(|container| first_known_start(container).is_none_or(|start| is_not_after(time, start)))
    };
    if let Some(event) = pod.first_image_event().filter(|event| is_early_enough(event.at)) {
        return Some(event.to_instant(Evidence::ImageEvent, Evidence::ImageEventCoarse));
    }
    let condition = pod.sandbox_ready.filter(|time| is_early_enough(*time));
    condition.map(|time| Instant::new(time, Evidence::ReadyToStartContainers))
}

/// Derives the end of the work. `earliest_start` is the earliest known start of a main container.
pub(crate) fn derive_work_ended(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    earliest_start: Option<Instant>,
) -> Option<Instant> {
    let earliest_start = earliest_start?;
    if let Some(gone) = &pod.from_events {
        return gone.work_ended(pod.killing, pod.gone?.0);
    }
    if !has_work_ended(pod, containers) {
        return None;
    }
    let last_runs = || main_containers(containers).filter_map(|main| main.runs.last());
    if last_runs().all(|run| run.end.is_some()) {
        return latest(last_runs().filter_map(|run| run.end));
    }
    if is_lost_with_node(pod, containers) {
        return None;
    }
    let after_start = |time: &Timestamp| *time > earliest_start.at;
    let disruption = pod.disruption.as_ref().map(|(time, _)| *time).filter(after_start);
    let received = || {
        let ends = pod.containers.iter().filter_map(ContainerEvidence::end_received).max();
        ends.or(pod.phase_received.filter(|_| pod.phase.is_terminal()))
    };
    disruption
        .map(|time| Instant::new(time, Evidence::DisruptionTarget))
        .or_else(|| pod.not_ready.filter(after_start).map(|time| Instant::new(time, Evidence::NotReady)))
        .or_else(|| {
            pod.kubelet_wrote.filter(after_start).map(|time| Instant::new(time, Evidence::KubeletWrote))
        })
        .or_else(|| received().map(|time| Instant::new(time, Evidence::ReceivedTerminated)))
}

/// Derives the time at which the deletion of the Pod was requested.
pub(crate) fn derive_delete_requested(pod: &PodEvidence) -> Option<Instant> {
    if let Some(gone) = &pod.from_events {
        return gone.delete_requested(pod.killing);
    }
    let deletion = pod.deletion?;
    let coarse = deletion.computed;
    if let Some(event) =
        pod.killing.filter(|event| coarse.is_none_or(|coarse| is_same_instant(event.at, coarse)))
    {
        return Some(event.to_instant(Evidence::KillingEvent, Evidence::KillingEventCoarse));
    }
    // If no request time can be computed, the receipt is used only if the Pod was seen before its deletion. Otherwise
    // the first state that was seen may be the last state of the deletion, and its receipt dates only the end of the
    // deletion.
    let received = deletion.received.filter(|time| match coarse {
        Some(coarse) => is_same_instant(*time, coarse),
        None => deletion.seen_before,
    });
    received
        .map(|time| Instant::new(time, Evidence::ReceivedDeletion))
        .or_else(|| coarse.map(|time| Instant::new(time, Evidence::DeletionTimestamp)))
}

/// Returns the container (by index) and the receipt of the terminal phase, if that receipt dates the end of this
/// container.
///
/// The receipt dates the end of the container that stopped last, if this container still ran when the deletion was
/// requested and no other container ended in the same second.
pub(crate) fn container_ended_by_deletion(
    pod: &PodEvidence,
    delete_requested: Option<Instant>,
) -> Option<(usize, Timestamp)> {
    let received = pod.phase_received.filter(|_| pod.phase.is_terminal())?;
    let requested = delete_requested.filter(|_| pod.was_deleted_before_end())?;
    let ends = || {
        let own = pod
            .containers
            .iter()
            .enumerate()
            .filter(|(_, container)| container.role != ContainerRole::Ephemeral);
        own.filter_map(|(index, container)| container.last_finished().map(|end| (index, end)))
    };
    let (index, end) = ends().max_by_key(|(_, end)| *end)?;
    let is_alone = ends().filter(|(_, other)| *other == end).count() == 1;
    let ended_before = pod.containers[index].end_received().is_some_and(|end| end < requested.at);
    let ended_after = !ended_before && saturating_add(end, SignedDuration::from_secs(1)) > requested.at;
    (is_alone && ended_after).then_some((index, received))
}
