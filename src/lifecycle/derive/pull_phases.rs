//! The intervals in which a container's image is pulled or cannot be pulled.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::lifecycle::container_evidence::ContainerEvidence;
use crate::lifecycle::container_life::{ContainerLife, Pull};
use crate::lifecycle::derive::cut::Interval;
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::phase::PhaseKind;
use crate::lifecycle::time::instant::Instant;

/// The shortest wait before a pull that counts as a wait for the pulls of other Pods. The kubelet's own work causes
/// shorter waits.
const MIN_QUEUE_WAIT: SignedDuration = SignedDuration::from_millis(100);

/// The reason of a pull that waits until its node has finished other pulls.
pub(crate) const PULL_QUEUE: &str = "pull queue";

/// The reason of a wait after a failed pull.
const BACK_OFF_REASON: &str = "ImagePullBackOff";

/// Whether this reason of a waiting container says that its image cannot be pulled.
pub(crate) fn is_pull_failure(reason: &str) -> bool {
    matches!(reason, "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull")
        || matches!(reason, "ImageInspectError" | "RegistryUnavailable" | "SignatureValidationFailed")
}

/// Returns the intervals in which a container's image is pulled. The wait in the node's queue is a separate interval.
/// Attempts that fail, and the waits after them, are `PullFailing`.
pub(crate) fn pull_intervals(evidence: &ContainerEvidence, container: &ContainerLife) -> Vec<Interval> {
    let Some(pull) = container.pull.filter(|pull| !pull.cached) else {
        return failure_without_event(evidence, container, None);
    };
    // If no event reports the end of the pull, it ended before the container started.
    let started = container.runs.iter().find_map(|run| run.start);
    let end = pull.end.map(|at| Instant::new(at, Evidence::PulledEvent)).or(started);
    let attempts = evidence.events.failed_pull_attempts();
    if attempts.is_empty() {
        let pull_start = pull.start.map(|at| Instant::new(at, Evidence::PulledEventMinusPull));
        let requested = evidence.events.pull_requested().or(pull_start);
        if pull.end.is_none() && evidence.pull_failure_received().is_some() {
            return failure_without_event(evidence, container, requested);
        }
        return requested
            .map(|requested| successful_pull(pull, container, requested, end))
            .unwrap_or_default();
    }
    let failing = |start, end, reason: Option<&str>| {
        Interval::for_container(PhaseKind::PullFailing, start, end, container, reason.map(Arc::from))
    };
    let mut intervals = Vec::with_capacity(2 * attempts.len());
    for (index, attempt) in attempts.iter().enumerate() {
        let next = attempts.get(index + 1).map(|next| next.start);
        match (attempt.failed, next) {
            (Some(failed), next) => {
                intervals.push(failing(attempt.start, Some(failed), None));
                intervals.push(failing(failed, next.or(end), Some(BACK_OFF_REASON)));
            }
            // No event reports the failure of this attempt.
            (None, Some(next)) => intervals.push(failing(attempt.start, Some(next), Some(BACK_OFF_REASON))),
            (None, None) if pull.end.is_some() => {
                intervals.extend(successful_pull(pull, container, attempt.start, end));
            }
            // The attempt goes on. The Pod keeps its state until an attempt succeeds.
            (None, None) => intervals.push(failing(attempt.start, end, None)),
        }
    }
    intervals
}

/// Returns the intervals of a pull without failures: the wait in the node's queue and the pull itself.
fn successful_pull(
    pull: Pull,
    container: &ContainerLife,
    requested: Instant,
    end: Option<Instant>,
) -> Vec<Interval> {
    let pulling = |start, end, reason: Option<&str>| {
        Interval::for_container(PhaseKind::Pulling, start, end, container, reason.map(Arc::from))
    };
    let pull_start = pull.start.map(|at| Instant::new(at, Evidence::PulledEventMinusPull));
    let was_queued = pull.wait.is_some_and(|wait| wait >= MIN_QUEUE_WAIT);
    match pull_start.filter(|start| was_queued && start.at > requested.at) {
        Some(start) => {
            vec![pulling(requested, Some(start), Some(PULL_QUEUE)), pulling(start, end, None)]
        }
        None => vec![pulling(requested, end, None)],
    }
}

/// Returns the intervals of a pull whose failure only the container's status reports. `requested` is the request of the
/// pull, if an Event reports it.
fn failure_without_event(
    evidence: &ContainerEvidence,
    container: &ContainerLife,
    requested: Option<Instant>,
) -> Vec<Interval> {
    let Some(received) = evidence.pull_failure_received() else { return Vec::new() };
    let failed = Instant::new(received, Evidence::ReceivedWaiting);
    let started = container.runs.iter().find_map(|run| run.start);
    let failing = |start, end, reason: Option<&str>| {
        Interval::for_container(PhaseKind::PullFailing, start, end, container, reason.map(Arc::from))
    };
    let attempt = requested.filter(|requested| requested.at < failed.at);
    let attempt = attempt.map(|requested| failing(requested, Some(failed), None));
    attempt.into_iter().chain([failing(failed, started, Some(BACK_OFF_REASON))]).collect()
}
