//! Derives when a Pod was Ready for the first time.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_life::{ContainerLife, main_containers};
use crate::lifecycle::derive::work::first_known_start;
use crate::lifecycle::event_fact::is_same_instant;
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::pod_evidence::PodEvidence;
use crate::lifecycle::pod_evidence::readiness::ReadyEvidence;
use crate::lifecycle::pod_lifecycle::Readiness;
use crate::lifecycle::time::instant::{Instant, Instants};
use crate::observation::saturating_add;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Derives whether a Pod whose work has started was Ready, and when it was Ready for the first time.
///
/// `earliest_start` is the earliest known start of a main container.
pub(crate) fn derive_readiness(
    pod: &PodEvidence,
    containers: &[ContainerLife],
    earliest_start: Option<Instant>,
) -> (Readiness, Option<Instant>) {
    let (Some(evidence), Some(start)) = (&pod.ready, earliest_start) else {
        return (Readiness::NotProbed, None);
    };
    let was_unready_from_the_start =
        evidence.not_ready.is_some_and(|not_ready| is_first_write(pod, not_ready, start));
    match evidence.ready {
        Some(at)
            if was_unready_from_the_start || evidence.not_ready.is_none() && !evidence.was_ready_before =>
        {
            (Readiness::Ready, Some(first_ready(at, evidence, containers)))
        }
        None if was_unready_from_the_start
            && evidence.not_ready.is_none_or(|at| is_before_ends(at, containers)) =>
        {
            (Readiness::NotYet, None)
        }
        // The kubelet has not reported the condition yet.
        None if evidence.not_ready.is_none() && !pod.has_ended() => (Readiness::NotProbed, None),
        Some(_) | None => (Readiness::Lost, None),
    }
}

/// Whether the condition `Ready` became False at `not_ready` because the kubelet wrote the status for the first time.
/// Otherwise the Pod was Ready before `not_ready`.
fn is_first_write(pod: &PodEvidence, not_ready: Timestamp, start: Instant) -> bool {
    // The kubelet sets the condition and `startTime` in the same update, and truncates both times to the second.
    not_ready <= pod.start_time.map_or(start.latest(), |start_time| saturating_add(start_time, SECOND))
}

/// Whether all known ends of main containers lie after the second that begins at `not_ready`. Otherwise the end of a
/// container may be the reason why the Pod is not Ready.
fn is_before_ends(not_ready: Timestamp, containers: &[ContainerLife]) -> bool {
    let ends = main_containers(containers).flat_map(|main| &main.runs).filter_map(|run| run.end);
    ends.map(|end| end.earliest()).all(|end| end >= saturating_add(not_ready, SECOND))
}

fn first_ready(at: Timestamp, evidence: &ReadyEvidence, containers: &[ContainerLife]) -> Instant {
    // The receipt dates the transition only if the Pod was not Ready in an earlier state. Otherwise the receipt is only
    // a bound.
    let is_exact = |received: &Timestamp| evidence.not_ready.is_some() && is_same_instant(*received, at);
    // If no earlier state was seen, the Pod may have been Ready earlier.
    let source = if evidence.not_ready.is_some() { Evidence::ReadyCondition } else { Evidence::LatestReady };
    let coarse = Instant::new(at, source);
    let mut ready = match evidence.received.filter(is_exact) {
        Some(received) => {
            let mut fine = Instant::new(received, Evidence::ReceivedReady);
            fine.raise_earliest(coarse.earliest(), coarse.evidence);
            fine.lower_latest(coarse.latest(), coarse.evidence);
            fine
        }
        None => coarse,
    };
    if let Some(received) = evidence.received {
        ready.lower_latest(received, Evidence::ReceivedReady);
    }
    // A Pod is Ready only while all its main containers run.
    let mains = main_containers(containers).filter(|main| main.first_run_is_known);
    for start in mains.filter_map(first_known_start) {
        ready.raise_earliest(start.earliest(), start.earliest_by);
    }
    ready
}

/// Estimates again a first Ready that is known only to the second. If the time from the start of the work to the first
/// Ready is shorter than its own uncertainty, the Pod counts as Ready from the start, because such a short time does
/// not count as a wait.
pub(crate) fn estimate_truncated_ready(instants: &mut Instants) {
    let (Some(ready), Some(started)) = (&mut instants.ready, instants.work_started) else { return };
    let wait = ready.at.duration_since(started.at);
    if !ready.is_exact_to_tenths() && wait < SignedDuration::from_millis(ready.width_millis().into()) {
        ready.set_estimate(started.at, started.evidence);
    }
}
