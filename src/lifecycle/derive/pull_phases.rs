//! The intervals in which a container's image is pulled.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::lifecycle::container_evidence::ContainerEvidence;
use crate::lifecycle::container_life::ContainerLife;
use crate::lifecycle::derive::cut::Interval;
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::instant::Instant;
use crate::lifecycle::phase::PhaseKind;

/// The shortest wait before a pull that counts as a wait for the pulls of other Pods. The kubelet's own work causes
/// shorter waits.
const MIN_QUEUE_WAIT: SignedDuration = SignedDuration::from_millis(100);

/// Returns the intervals in which a container's image is pulled. The wait in the node's queue and the wait after a
/// failed pull are separate intervals.
pub(crate) fn pull_intervals(evidence: &ContainerEvidence, container: &ContainerLife) -> Vec<Interval> {
    let Some(pull) = container.pull.filter(|pull| !pull.cached) else { return Vec::new() };
    let pull_start = pull.start.map(|at| Instant::new(at, Evidence::PulledEventMinusPull));
    let Some(requested) = evidence.events.pull_requested().or(pull_start) else { return Vec::new() };
    // If no event reports the end of the pull, it ended before the container started.
    let started = container.runs.iter().find_map(|run| run.start);
    let end = pull.end.map(|at| Instant::new(at, Evidence::PulledEvent)).or(started);
    let pulling = |start, end, reason: Option<&str>| {
        Interval::for_container(PhaseKind::Pulling, start, end, container, reason.map(Arc::from))
    };
    let Some(failure) = evidence.events.failed_pull().filter(|failure| failure.failed > requested.at) else {
        let was_queued = pull.wait.is_some_and(|wait| wait >= MIN_QUEUE_WAIT);
        return match pull_start.filter(|start| was_queued && start.at > requested.at) {
            Some(start) => {
                vec![pulling(requested, Some(start), Some("pull queue")), pulling(start, end, None)]
            }
            None => vec![pulling(requested, end, None)],
        };
    };
    let failed = Instant::new(failure.failed, Evidence::PullFailedEvent);
    let retried = failure.retried.map(|at| Instant::new(at, Evidence::LatestPullingEvent));
    // The failure of the latest attempt is known only to the second.
    let retry_failed = failure.retry_failed.map(|at| Instant::new(at, Evidence::LatestPullFailedEvent));
    let mut intervals = vec![
        pulling(requested, Some(failed), None),
        pulling(failed, retried.or(end), Some("ImagePullBackOff")),
    ];
    intervals.extend(retried.map(|retried| pulling(retried, retry_failed.or(end), None)));
    intervals.extend(retry_failed.map(|failed| pulling(failed, end, Some("ImagePullBackOff"))));
    intervals
}
