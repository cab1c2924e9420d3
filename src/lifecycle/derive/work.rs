//! Determines when the work of a Pod started and whether the work has ended.

use std::sync::Arc;

use crate::lifecycle::container_evidence::ContainerEvidence;
pub(crate) use crate::lifecycle::container_life::main_containers;
use crate::lifecycle::container_life::{ContainerLife, ContainerRole, ContainerRun};
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::pod_evidence::PodEvidence;
use crate::lifecycle::time::instant::Instant;

/// Returns the earliest known start of a main container. Earlier starts may be unknown.
pub(crate) fn earliest_known_start(containers: &[ContainerLife]) -> Option<Instant> {
    earliest(main_containers(containers).filter_map(first_known_start))
}

/// Returns the start of the first run whose start is known.
pub(crate) fn first_known_start(container: &ContainerLife) -> Option<Instant> {
    container.runs.iter().find_map(|run| run.start)
}

/// Returns the earliest of these instants. Its interval ends with the first interval that ends.
pub(crate) fn earliest(instants: impl Iterator<Item = Instant>) -> Option<Instant> {
    instants.reduce(|a, b| {
        let (mut first, other) = if b.at < a.at { (b, a) } else { (a, b) };
        first.lower_latest_to_instant(&other);
        first
    })
}

/// Returns the latest of these instants. Its interval starts with the last interval that starts.
pub(crate) fn latest(instants: impl Iterator<Item = Instant>) -> Option<Instant> {
    instants.reduce(|a, b| {
        let (mut last, other) = if b.at >= a.at { (b, a) } else { (a, b) };
        last.raise_earliest_to_instant(&other);
        last
    })
}

/// Returns the shortest time, in milliseconds, that the kubelet waited before the runs that were not seen. The first
/// restart is immediate, and the wait before each later restart is twice as long as the wait before.
pub(crate) fn min_unseen_back_off_millis(container: &ContainerLife) -> i64 {
    let doubled = container.runs_not_seen.min(5);
    let longest = i64::from(container.runs_not_seen - doubled) * 300_000;
    (0..doubled).map(|doublings| 10_000 << doublings).sum::<i64>() + longest
}

/// Returns the time at which a main container is known to run, if its start is not reported.
pub(crate) fn seen_running(pod: &PodEvidence) -> Option<Instant> {
    pod.seen_running.map(|at| Instant::new(at, Evidence::SeenRunning))
}

/// Returns the sidecar that the kubelet stops now, because the work has ended. The kubelet stops sidecars one after
/// another, the last one first.
pub(crate) fn stopping_sidecar(pod: &PodEvidence, containers: &[ContainerLife]) -> Option<Arc<str>> {
    let mut sidecars = containers.iter().rev().filter(|container| container.role == ContainerRole::Sidecar);
    let running = sidecars.find(|sidecar| sidecar.is_running())?;
    (!pod.has_ended() && has_work_ended(pod, containers)).then(|| Arc::clone(&running.name))
}

/// Whether no main container runs now or will run again. If an init container has failed for good, no main container
/// starts.
pub(crate) fn has_work_ended(pod: &PodEvidence, containers: &[ContainerLife]) -> bool {
    if pod.phase.is_terminal() {
        return true;
    }
    let has_ended = |(evidence, main): (&ContainerEvidence, &ContainerLife)| match main.runs.last() {
        Some(run) => run.ended && (pod.deletion.is_some() || !evidence.restarts_after(run)),
        None => evidence.is_lost(),
    };
    let pairs = || pod.containers.iter().zip(containers);
    // The kubelet reports the end of the Pod up to a second after the end of the init container.
    let has_failed_for_good = |(evidence, init): (&ContainerEvidence, &ContainerLife)| {
        init.role == ContainerRole::Init
            && init.runs.last().is_some_and(|run| run.has_failed() && !evidence.restarts_after(run))
    };
    if pairs().any(has_failed_for_good) {
        return true;
    }
    let mut mains = pairs().filter(|(_, life)| life.role == ContainerRole::Main).peekable();
    mains.peek().is_some() && mains.all(has_ended)
}

/// Whether the end of the work cannot be known because the node was lost. In this case, conditions and receipts date
/// only the moment at which the loss was noticed, which can be minutes after the end.
pub(crate) fn is_lost_with_node(pod: &PodEvidence, containers: &[ContainerLife]) -> bool {
    match pod.disruption.as_ref().map(|(_, reason)| &**reason) {
        Some("DeletionByPodGC") => true,
        Some("DeletionByTaintManager") | None => {
            main_containers(containers).filter_map(|main| main.runs.last()).any(ContainerRun::is_lost)
        }
        // The other disruptions ask a working node to stop the Pod.
        Some(_) => false,
    }
}
