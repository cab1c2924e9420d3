//! Narrows the instants of a Pod and the runs of its containers by orders that must hold. For example, the kubelet
//! starts the containers in the order of the spec.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_evidence::ContainerEvidence;
use crate::lifecycle::container_life::{ContainerLife, ContainerRole};
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::pod_evidence::PodEvidence;
use crate::lifecycle::time::instant::{Instant, Instants, order, order_all};

/// If two intervals contradict their order by more than this,
/// [`Lifecycle::clamped`](crate::lifecycle::Lifecycle::clamped) is set.
const MAX_SILENT_CORRECTION: SignedDuration = SignedDuration::from_secs(1);

/// Narrows `created`, `scheduled` and `sandbox_ready`, and then the runs of the containers: no container starts before
/// the sandbox is ready, and the kubelet starts the containers in the order of the spec. An init container ends before
/// the kubelet requests the image of the next container. Returns whether two instants contradict their order by more
/// than [`MAX_SILENT_CORRECTION`].
pub(crate) fn order_before_work(
    pod: &PodEvidence,
    instants: &mut Instants,
    containers: &mut [ContainerLife],
) -> bool {
    let acknowledged = pod.start_time.map(|at| Instant::new(at, Evidence::StartTime));
    let mut chain = [instants.created, instants.scheduled, acknowledged, instants.sandbox_ready];
    let distance = order_all(&mut chain);
    [instants.created, instants.scheduled, _, instants.sandbox_ready] = chain;
    if !distance.is_zero() {
        // A contradiction with the coarse `startTime` can hide a contradiction between the other instants.
        let mut chain = [instants.created, instants.scheduled, instants.sandbox_ready];
        order_all(&mut chain);
        [instants.created, instants.scheduled, instants.sandbox_ready] = chain;
    }
    order_creation(pod, instants);
    order_stops(pod, containers);
    order_containers(pod, instants, containers);
    for container in containers {
        for run in &mut container.runs {
            // Each bound was narrowed separately, so the estimates may now be in the wrong order.
            if let (Some(start), Some(end)) = (&mut run.start, &mut run.end)
                && start.at > end.at
            {
                order(start, end);
            }
        }
    }
    distance > MAX_SILENT_CORRECTION
}

/// Orders the creation and the scheduling of a Pod that only Events date: the owner's event `SuccessfulCreate` and the
/// scheduler's event `Scheduled`.
pub(crate) fn order_creation_and_scheduling(created: Timestamp, scheduled: Timestamp) -> (Instant, Instant) {
    let mut created = Instant::new(created, Evidence::SuccessfulCreate);
    let mut scheduled = Instant::new(scheduled, Evidence::ScheduledEvent);
    order(&mut created, &mut scheduled);
    (created, scheduled)
}

/// Narrows the creation by the first report about the wait for a node, because the report is about a Pod that exists.
fn order_creation(pod: &PodEvidence, instants: &mut Instants) {
    let (Some(created), Some(report)) = (&mut instants.created, pod.waits.first_queue_report()) else {
        return;
    };
    created.lower_latest(report.latest(), report.evidence);
    if created.at > report.at {
        created.set_estimate(report.at, report.evidence);
    }
}

/// Estimates the creation again, if it is known only to the second and the scheduler may have tried to schedule the Pod
/// in the same second.
///
/// If the estimate were the middle of the interval, the Pod would seem to wait for the scheduler for up to half a
/// second. `sibling_wait`, the median wait of sibling Pods, is a better estimate of the wait. Without siblings, the Pod
/// counts as scheduled at once, because a wait that is shorter than its own uncertainty does not count. The same holds
/// for a Pod for which the scheduler found no node at first.
pub(crate) fn estimate_truncated_creation(
    pod: &PodEvidence,
    instants: &mut Instants,
    sibling_wait: Option<SignedDuration>,
) {
    let Some(created) = &mut instants.created else { return };
    if created.evidence != Evidence::CreationTimestamp || created.is_exact_to_tenths() {
        return;
    }
    let first_attempt = match (pod.waits.first_scheduler_report(), instants.scheduled) {
        (Some(refused), Some(scheduled)) if scheduled.at < refused.at => scheduled,
        (Some(attempt), _) | (None, Some(attempt)) => attempt,
        (None, None) => return,
    };
    if first_attempt.evidence == Evidence::CreatedWithNode {
        return;
    }
    let wait_millis = first_attempt.at.as_millisecond().saturating_sub(created.at.as_millisecond());
    if wait_millis < i64::from(created.width_millis()) || created.latest_by != created.evidence {
        // The siblings' waits end with the scheduling, not with a failed attempt.
        let sibling_wait = sibling_wait.filter(|_| Some(first_attempt) == instants.scheduled);
        let estimate = sibling_wait.and_then(|wait| first_attempt.at.checked_sub(wait).ok());
        let by = if estimate.is_some() { Evidence::SiblingWaits } else { first_attempt.evidence };
        created.set_estimate(estimate.unwrap_or(first_attempt.at), by);
        if let Some(ready) = instants.sandbox_ready.filter(|ready| created.at > ready.at) {
            created.set_estimate(ready.at, ready.evidence);
        }
    }
}

/// Narrows the ends of main containers by the events about stopped containers.
///
/// The kubelet reports that it stops a container before it sends the signal. So a container that died of a signal ended
/// after this event. If the Pod is not stopped as a whole, the kubelet stops the sidecars when all main containers have
/// ended.
fn order_stops(pod: &PodEvidence, containers: &mut [ContainerLife]) {
    if let Some(killing) = pod.killing.filter(|killing| killing.fine) {
        let last_runs = containers.iter_mut().filter(|life| life.role == ContainerRole::Main);
        for run in last_runs.filter_map(|life| life.runs.last_mut()).filter(|run| run.is_stopped_by_signal())
        {
            run.end.iter_mut().for_each(|end| end.raise_earliest(killing.at, Evidence::KillingEvent));
        }
        return;
    }
    let sidecars = pod.containers.iter().filter(|container| container.role == ContainerRole::Sidecar);
    let stop = sidecars.filter_map(|sidecar| sidecar.events.first_stop()).min();
    let Some(stop) = stop.filter(|_| !pod.is_stopped_as_a_whole()) else { return };
    let is_only_main = containers.iter().filter(|life| life.role == ContainerRole::Main).count() == 1;
    let mains = containers.iter_mut().filter(|life| life.role == ContainerRole::Main);
    for end in mains.filter_map(|life| life.runs.last_mut()?.end.as_mut()) {
        end.lower_latest(stop, Evidence::SidecarKillingEvent);
        if is_only_main {
            end.estimate_noticed_by(stop, Evidence::SidecarKillingEvent);
        }
    }
}

fn order_containers(pod: &PodEvidence, instants: &Instants, containers: &mut [ContainerLife]) {
    // After a new sandbox, the init containers run again, so the order no longer holds. A restart count shows that this
    // may have happened.
    if pod.containers.iter().any(|init| init.role == ContainerRole::Init && init.restart_count > 0) {
        return;
    }
    // Lower bounds, from the first container to the last.
    let mut floor = instants.sandbox_ready.or(instants.scheduled);
    for life in containers.iter_mut().filter(|life| life.role != ContainerRole::Ephemeral) {
        let role = life.role;
        if let Some(first) = life.runs.first_mut().filter(|_| life.runs_not_seen == 0) {
            if let (Some(start), Some(floor)) = (&mut first.start, &floor) {
                start.raise_earliest_to_instant(floor);
            }
            if let (Some(start), Some(end)) = (&first.start, &mut first.end) {
                end.raise_earliest_to_instant(start);
            }
        }
        let bound = match role {
            ContainerRole::Init => life.runs.last().and_then(|run| run.end),
            ContainerRole::Main | ContainerRole::Sidecar | ContainerRole::Ephemeral => {
                life.runs.first().and_then(|run| run.start)
            }
        };
        floor = bound.or(floor);
    }
    // Upper bounds, from the last container to the first.
    let mut ceiling: Option<Instant> = None;
    for (evidence, life) in pod.containers.iter().zip(containers.iter_mut()).rev() {
        match life.role {
            ContainerRole::Ephemeral => continue,
            ContainerRole::Init => {
                if let Some(run) = life.runs.last_mut() {
                    let initialized = pod.initialized.map(|at| Instant::new(at, Evidence::Initialized));
                    for bound in [ceiling, initialized].iter().flatten() {
                        run.end.iter_mut().for_each(|end| end.lower_latest_to_instant(bound));
                    }
                    if let (Some(start), Some(end)) = (&mut run.start, &run.end) {
                        start.lower_latest_to_instant(end);
                    }
                }
            }
            ContainerRole::Main | ContainerRole::Sidecar => {
                if let (Some(start), Some(ceiling)) =
                    (life.runs.first_mut().and_then(|run| run.start.as_mut()), &ceiling)
                {
                    start.lower_latest_to_instant(ceiling);
                }
            }
        }
        ceiling = first_trace(evidence, life).or(ceiling);
    }
}

/// Returns the kubelet's first known action for a container: the first event about its image, or otherwise its first
/// start.
fn first_trace(evidence: &ContainerEvidence, life: &ContainerLife) -> Option<Instant> {
    let image = evidence.events.first_image_event().filter(|event| event.fine);
    let start = life.runs.first().filter(|_| life.runs_not_seen == 0).and_then(|run| run.start);
    image.map(|event| Instant::exact(event.at, Evidence::ImageEvent)).or(start)
}

/// Narrows the instants from the creation to the end of the work by their order. The instants before the work must
/// already be ordered by [`order_before_work`]. The instants of the deletion do not change, because a deletion can be
/// requested at any time. Returns whether two instants contradict their order by more than [`MAX_SILENT_CORRECTION`].
pub(crate) fn order_instants(instants: &mut Instants) -> bool {
    let before_work = instants.sandbox_ready.or(instants.scheduled).or(instants.created);
    let mut chain = [before_work, instants.work_started, instants.ready, instants.work_ended];
    let mut distance = order_all(&mut chain);
    [_, instants.work_started, instants.ready, instants.work_ended] = chain;
    if chain[0] != before_work {
        // The work narrowed the instant before it, so it can narrow earlier instants too.
        distance = distance.max(instants.order_until_work_ended());
    }
    distance > MAX_SILENT_CORRECTION
}
