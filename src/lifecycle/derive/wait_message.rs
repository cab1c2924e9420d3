//! Derives the message that explains the reason of a Pod.

use std::sync::Arc;

use crate::lifecycle::container_evidence::ContainerEvidence;
use crate::lifecycle::container_life::{ContainerLife, ContainerRole};
use crate::lifecycle::derive::pull_phases::is_pull_failure;
use crate::lifecycle::message::START_FAILURE_REASONS;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::pod_evidence::PodEvidence;
use crate::lifecycle::pod_lifecycle::WaitCause;
use crate::lifecycle::pod_outcome::PodOutcome;

/// Derives the message of the reason why the Pod waits, failed or never started, for example `configmap "nope" not
/// found` or `liveness probe failed: connection refused`.
pub(crate) fn derive_message(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    outcome: PodOutcome,
    reason: &str,
) -> Option<Arc<str>> {
    let own = || pod.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral);
    let has_reason =
        |container: &&ContainerEvidence| container.wait_reason().is_some_and(|own| **own == *reason);
    let from_container = || own().find(has_reason).and_then(ContainerEvidence::wait_cause);
    let from_setup = || pod.waits.setup_cause(reason);
    match outcome {
        PodOutcome::Starting | PodOutcome::Gone => {
            let from_events = || {
                let mut own = own().filter(|_| is_pull_failure(reason));
                own.find_map(|container| container.events.failure_message())
            };
            from_container().or_else(from_setup).or_else(from_events).cloned()
        }
        // After the end, the status may have lost the reason of the wait. Events keep its cause.
        PodOutcome::NeverStarted => {
            let from_events = || {
                let unstarted = || own().filter(|container| container.events.first_start().is_none());
                unstarted().find_map(ContainerEvidence::wait_cause)
            };
            from_container().or_else(from_setup).or_else(from_events).cloned()
        }
        PodOutcome::Running => from_container().or_else(|| latest_cause(containers)).cloned(),
        PodOutcome::Failed => latest_cause(containers).cloned(),
        PodOutcome::Pending | PodOutcome::Succeeded | PodOutcome::Deleted | PodOutcome::Unknown => None,
    }
}

/// Derives the cause of each reason for which the Pod has waited for its setup, an image or the start of a container.
/// The cause of a wait that is over comes from Events.
pub(crate) fn derive_wait_causes(pod: &PodEvidence, phases: &[Phase]) -> Vec<WaitCause> {
    let mut causes: Vec<WaitCause> = Vec::new();
    for phase in phases.iter().filter(|phase| phase.wait_reason().is_some()) {
        let Some(reason) = &phase.reason else { continue };
        let is_new = causes.iter().all(|known| known.reason != *reason);
        let cause = || container_cause(pod, phase, reason).or_else(|| pod.waits.setup_cause(reason));
        if let Some(cause) = Some(reason).filter(|_| is_new).and_then(|_| cause()) {
            causes.push(WaitCause { reason: Arc::clone(reason), cause: Arc::clone(cause) });
        }
    }
    causes
}

/// Returns why the container of a phase, or any container if the phase names none, waited for this reason.
fn container_cause<'a>(pod: &'a PodEvidence, phase: &Phase, reason: &str) -> Option<&'a Arc<str>> {
    let own = || {
        let is_own = |container: &&ContainerEvidence| {
            container.role != ContainerRole::Ephemeral
                && phase.container.as_ref().is_none_or(|name| *name == container.name)
        };
        pod.containers.iter().filter(is_own)
    };
    let waits = |container: &&ContainerEvidence| container.wait_reason().is_some_and(|own| **own == *reason);
    // The Events keep the message of the latest failure only. It belongs to a pull if no start has failed.
    let from_events = |container: &'a ContainerEvidence| {
        let is_of_reason = if container.events.has_failed_start() {
            START_FAILURE_REASONS.contains(&reason)
        } else {
            is_pull_failure(reason)
        };
        container.events.failure_message().filter(|_| is_of_reason)
    };
    own().find(waits).and_then(ContainerEvidence::wait_cause).or_else(|| own().find_map(from_events))
}

/// Returns why the kubelet ended the last run of a main container, if that run has failed.
fn latest_cause(containers: &[ContainerLife]) -> Option<&Arc<str>> {
    let mains = containers.iter().filter(|container| container.role == ContainerRole::Main);
    mains.filter(|main| main.last_run_failed()).find_map(|main| main.runs.last()?.cause.as_ref())
}
