//! The model of a finished run: the times of its Pods, by parts, and the delays of its controller.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Lifecycle, PhaseKind, PodOutcome};
use crate::timeline::nearest_rank::nearest_rank;
use crate::timeline::pods::pod::TimelinePod;
use crate::timeline::timeline::Timeline;
use crate::timeline::what_if::other_runs::OtherRuns;
use crate::timeline::what_if::others::refuse_other_load;
use crate::timeline::what_if::pod_times::{
    MIN_WAIT_FOR_ROOM, NodeChange, PodParts, PodTimes, most_at_once, node_changes,
};
use crate::timeline::what_if::refusal::{PredictionRefusal, RefusalKind};
use crate::timeline::workloads::workload::{Workload, WorkloadState};

/// The gap that is assumed if the run shows none, in milliseconds. The Job controller collects changes for a second.
const USUAL_GAP: i64 = 1_000;

/// The time between two creations if it is unknown, in milliseconds.
const USUAL_CREATION_INTERVAL: i64 = 10;

/// A Pod pulled its images if the pulls took at least this time, in milliseconds. A shorter pull only checks an image
/// that is already on the node.
const MIN_PULL: i64 = 100;

/// A pull waited in the queue of its node if it began more than this time after the kubelet asked for it.
const MIN_WAIT_FOR_PULL: SignedDuration = SignedDuration::from_millis(100);

/// A finished run. All times are in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct RunModel {
    /// The number of Pods that had to succeed.
    pub(crate) completions: usize,
    /// The number of Pods that were allowed to run at the same time.
    pub(crate) parallelism: usize,
    /// Whether a failure delays only the Pods of its index, and not all Pods.
    pub(crate) is_retry_per_index: bool,
    /// The Pods, by creation.
    pub(crate) pods: Vec<PodTimes>,
    pub(crate) nodes: usize,
    /// The number of Pods that the nodes had room for. `None` if no Pod waited for room.
    pub(crate) room: Option<usize>,
    /// The share of the Pods that get a random node. The other Pods get the node with the fewest Pods of the run. The
    /// scheduler may choose another node, for example because Pods of other workloads run on that one.
    pub(crate) random_node_share: f64,
    /// The highest number of Pods that ran on one node at the same time.
    pub(crate) most_on_a_node: usize,
    /// The duration of the first pull on each node; 0 if the images were already there.
    pub(crate) node_pulls: Vec<i64>,
    /// Whether the kubelets pulled images one after another.
    pub(crate) has_pull_queue: bool,
    /// From the creation of the Job to that of the first Pod.
    pub(crate) start_delay: i64,
    /// Between the creations of two Pods that are created together.
    pub(crate) creation_interval: i64,
    /// From the end of each Pod to the creation of the Pod that took its slot. Not empty.
    pub(crate) gaps: Vec<i64>,
    /// From the end of the last Pod to the end of the Job.
    pub(crate) end_delay: i64,
    /// From the creation to the end of the Job.
    pub(crate) wall: i64,
    /// Whether the images were pulled lazily: the pull ended before most of the image was on the node.
    pub(crate) is_pulled_lazily: bool,
    /// The differences from other runs of the same workload.
    pub(crate) other_runs: OtherRuns,
}

impl RunModel {
    /// The median of the work of the Pods that succeeded, in milliseconds. `None` if no Pod has succeeded.
    pub(crate) fn median_work(&self) -> Option<i64> {
        let good = self.pods.iter().filter(|pod| !pod.has_failed);
        nearest_rank(&mut good.map(|pod| pod.parts.work).collect::<Vec<_>>(), 50)
    }

    /// Reads a finished Job.
    pub(crate) fn new(
        timeline: &Timeline,
        workload: &Workload,
        now: Timestamp,
    ) -> Result<Self, PredictionRefusal> {
        let partial = |message: &str| Err(PredictionRefusal::new(RefusalKind::Partial, message));
        let (Some(completions), Some(parallelism), Some(created), Some(finished)) =
            (workload.completions, workload.parallelism, workload.created, workload.finished)
        else {
            return partial("only a Job that has ended and has a number of completions can be predicted");
        };
        if workload.state != WorkloadState::Succeeded || &*workload.kind != "Job" {
            return partial("only a Job that has succeeded can be predicted");
        }
        if timeline.summary(workload, now).partial {
            return partial("a part of the run was not observed");
        }
        refuse_holds(workload, now)?;
        refuse_new_size(workload)?;
        let origin = created.as_millisecond();
        let mut node_indexes: HashMap<Arc<str>, usize> = HashMap::new();
        let mut pods = Vec::with_capacity(workload.pods.len());
        let mut pulled_at = Vec::with_capacity(workload.pods.len());
        let mut has_pull_queue = false;
        for &key in &workload.pods {
            let pod = timeline.pod(key);
            refuse_new_nodes(&pod)?;
            let Some(node) = &pod.node else {
                // A Pod that was deleted before it had a node took no time.
                if pod.life.outcome.has_ended() {
                    continue;
                }
                return partial("a Pod has no node");
            };
            let next = node_indexes.len();
            let node = *node_indexes.entry(Arc::clone(node)).or_insert(next);
            let Some(times) = read_times(&pod, node, origin) else {
                return partial("the end of a Pod was not observed");
            };
            pulled_at.push((times.pull >= MIN_PULL).then(|| last_pull_end(&pod.life, origin)).flatten());
            has_pull_queue |= times.pull >= MIN_PULL && has_waited_for_pull(&pod.life);
            pods.push(times);
        }
        if pods.iter().filter(|pod| !pod.has_failed).count() < completions as usize || pods.is_empty() {
            return partial("a part of the run was not observed");
        }
        let node_pulls = mark_cold_pods(&mut pods, &pulled_at, node_indexes.len());
        pods.sort_by_key(|pod| pod.created);
        let wall = finished.as_millisecond().saturating_sub(origin);
        refuse_other_load(timeline, workload, &pods, origin, wall)?;
        let last_end = pods.iter().map(|pod| pod.end).max().unwrap_or(0);
        let first_end = pods.iter().map(|pod| pod.end).min().unwrap_or(0);
        let first_wave = pods.partition_point(|pod| pod.created <= first_end);
        let start_delay = pods.first().map_or(0, |pod| pod.created.max(0));
        let last_of_wave = pods[..first_wave].last().map_or(start_delay, |pod| pod.created);
        let intervals = i64::try_from(first_wave.saturating_sub(1)).unwrap_or(0);
        let is_retry_per_index = workload.retries_per_index;
        Ok(Self {
            completions: completions as usize,
            parallelism: parallelism as usize,
            is_retry_per_index,
            nodes: node_indexes.len(),
            room: find_room(&pods),
            random_node_share: random_node_share(&pods, node_indexes.len()),
            most_on_a_node: (0..node_indexes.len())
                .map(|node| most_at_once(pods.iter().filter(|pod| pod.node == node)))
                .max()
                .unwrap_or(1),
            node_pulls,
            has_pull_queue,
            start_delay,
            creation_interval: (last_of_wave - start_delay)
                .checked_div(intervals)
                .map_or(USUAL_CREATION_INTERVAL, |interval| interval.max(0)),
            gaps: read_gaps(&pods, first_wave),
            end_delay: (wall - last_end).max(0),
            wall,
            is_pulled_lazily: is_pulled_lazily(timeline, workload),
            other_runs: OtherRuns::none(wall),
            pods,
        })
    }
}

/// Refuses a run in which the workload created no Pods for a time, because it was suspended or its Pods were refused.
fn refuse_holds(workload: &Workload, now: Timestamp) -> Result<(), PredictionRefusal> {
    for hold in &workload.holds {
        let is_refused = hold.message.is_some() || &*hold.reason == "FailedCreate";
        let kind = if is_refused { RefusalKind::Quota } else { RefusalKind::Suspended };
        if hold.duration(now).is_none_or(|duration| !duration.is_zero()) {
            return Err(PredictionRefusal::new(kind, format!("the workload was held: {}", hold.phrase())));
        }
    }
    Ok(())
}

/// Refuses a run during which the parallelism or the number of completions changed.
fn refuse_new_size(workload: &Workload) -> Result<(), PredictionRefusal> {
    let mut sizes = workload.capacity.iter().map(|capacity| (capacity.parallelism, capacity.completions));
    let first = sizes.next();
    if sizes.all(|size| Some(size) == first) {
        return Ok(());
    }
    let message = "the parallelism or the number of completions changed during the run";
    Err(PredictionRefusal::new(RefusalKind::Autoscaling, message))
}

/// Refuses a run for which an autoscaler added nodes.
fn refuse_new_nodes(pod: &TimelinePod<'_>) -> Result<(), PredictionRefusal> {
    let reasons = pod.life.phases.iter().filter_map(|phase| phase.reason.as_deref());
    let mut scale_ups =
        reasons.filter(|reason| reason.contains("TriggeredScaleUp") || reason.contains("Nominated"));
    match scale_ups.next() {
        Some(_) => {
            Err(PredictionRefusal::new(RefusalKind::Autoscaling, "an autoscaler added nodes during the run"))
        }
        None => Ok(()),
    }
}

fn read_times(pod: &TimelinePod<'_>, node: usize, origin: i64) -> Option<PodTimes> {
    let (life, overview) = (&pod.life, pod.overview());
    let since_origin = |time: Timestamp| time.as_millisecond().saturating_sub(origin);
    let created = since_origin(overview.created()?);
    let scheduled = since_origin(overview.scheduled()?);
    let end = since_origin(overview.end()?);
    let mut parts = PodParts { queued: scheduled.saturating_sub(created).max(0), ..PodParts::default() };
    if parts.queued >= MIN_WAIT_FOR_ROOM {
        parts.queued = 0;
    }
    for (index, phase) in life.phases.iter().enumerate() {
        let millis = phase.end?.as_millisecond().saturating_sub(phase.start.as_millisecond()).max(0);
        let part = match phase.kind {
            PhaseKind::Queued => continue,
            PhaseKind::Setup | PhaseKind::Startup => &mut parts.setup,
            PhaseKind::Pulling => &mut parts.check,
            PhaseKind::Initializing => &mut parts.init,
            PhaseKind::Starting => &mut parts.starting,
            PhaseKind::Unready | PhaseKind::Running | PhaseKind::Terminating => {
                if life.outcome == PodOutcome::Succeeded && life.is_failed_work(index) {
                    &mut parts.lost
                } else {
                    &mut parts.work
                }
            }
            PhaseKind::BackOff | PhaseKind::PullFailing => &mut parts.lost,
            PhaseKind::Unknown => return None,
        };
        *part = part.saturating_add(millis);
    }
    Some(PodTimes {
        name: Arc::from(&*pod.name),
        node,
        created,
        scheduled,
        end,
        parts,
        has_failed: overview.has_failed() || overview.was_stopped(),
        pull: pulls(life).map(|(start, end)| end.saturating_sub(start).max(0)).sum(),
        is_cold: false,
        has_first_pull: false,
    })
}

/// The pulls of a Pod, in milliseconds since 1970. Images that were on the node are left out.
fn pulls(life: &Lifecycle) -> impl Iterator<Item = (i64, i64)> {
    let pulls = life.containers.iter().filter_map(|container| container.pull.filter(|pull| !pull.cached));
    pulls.filter_map(|pull| Some((pull.start?.as_millisecond(), pull.end?.as_millisecond())))
}

fn last_pull_end(life: &Lifecycle, origin: i64) -> Option<i64> {
    pulls(life).map(|(_, end)| end.saturating_sub(origin)).max()
}

/// Whether a pull of the Pod waited in the queue of its node.
fn has_waited_for_pull(life: &Lifecycle) -> bool {
    let mut waits = life.containers.iter().filter_map(|container| container.pull?.wait);
    waits.any(|wait| wait > MIN_WAIT_FOR_PULL)
}

/// Marks the Pods that needed their images before the images were on the node, and sets their check to 0. Returns the
/// duration of the first pull on each node; 0 if the images were already there.
fn mark_cold_pods(pods: &mut [PodTimes], pulled_at: &[Option<i64>], nodes: usize) -> Vec<i64> {
    let mut first: Vec<Option<usize>> = vec![None; nodes];
    for (index, pod) in pods.iter().enumerate() {
        let Some(end) = pulled_at[index] else { continue };
        let is_earlier = first[pod.node].and_then(|other| pulled_at[other]).is_none_or(|other| end < other);
        if is_earlier {
            first[pod.node] = Some(index);
        }
    }
    let ready = |node: usize| first[node].and_then(|index| pulled_at[index]);
    for pod in pods.iter_mut() {
        let needs_images_at = pod.scheduled.saturating_add(pod.parts.setup);
        pod.is_cold = ready(pod.node).is_some_and(|ready| needs_images_at < ready);
        if pod.is_cold {
            pod.parts.check = 0;
        }
    }
    for index in first.iter().flatten() {
        pods[*index].has_first_pull = true;
    }
    first.iter().map(|index| index.map_or(0, |index| pods[index].pull)).collect()
}

/// The number of Pods that the nodes had room for. `None` if no Pod waited for room.
fn find_room(pods: &[PodTimes]) -> Option<usize> {
    let waits = |pod: &&PodTimes| pod.scheduled.saturating_sub(pod.created) >= MIN_WAIT_FOR_ROOM;
    pods.iter().find(waits)?;
    Some(most_at_once(pods))
}

/// Estimates [`RunModel::random_node_share`] from the Pods that did not get the node with the fewest Pods of the run.
/// The estimate is larger than the share of these Pods, because a random choice also hits that node by chance.
#[expect(clippy::cast_precision_loss, reason = "numbers of Pods fit a float's 53 bits")]
fn random_node_share(pods: &[PodTimes], nodes: usize) -> f64 {
    if nodes < 2 {
        return 0.0;
    }
    let mut running = vec![0_usize; nodes];
    let mut uneven = 0_usize;
    for NodeChange { is_start, node, .. } in node_changes(pods) {
        if is_start {
            let fewest = running.iter().min().copied().unwrap_or(0);
            uneven += usize::from(running[node] > fewest);
            running[node] += 1;
        } else {
            running[node] = running[node].saturating_sub(1);
        }
    }
    let chance = (nodes - 1) as f64 / nodes as f64;
    (uneven as f64 / pods.len().max(1) as f64 / chance).min(1.0)
}

/// The times from the end of each Pod to the creation of the Pod that took its slot. The gap after a failure is left
/// out, because it contains the back-off, which the model adds itself. If Pods failed, long gaps are left out too,
/// because the back-off may have delayed other Pods.
fn read_gaps(pods: &[PodTimes], first_wave: usize) -> Vec<i64> {
    let mut ends: Vec<(i64, bool)> = pods.iter().map(|pod| (pod.end, pod.has_failed)).collect();
    ends.sort_unstable();
    let later = pods[first_wave..].iter().zip(&ends).filter(|(_, (_, has_failed))| !has_failed);
    let mut gaps: Vec<i64> = later.map(|(pod, (end, _))| pod.created.saturating_sub(*end).max(0)).collect();
    if ends.iter().any(|(_, has_failed)| *has_failed) {
        gaps.retain(|gap| *gap < 5_000);
    }
    if gaps.is_empty() {
        gaps.push(USUAL_GAP);
    }
    gaps
}

/// Whether one image was pulled more than five times as fast, in bytes per millisecond, as the median pull of the other
/// images. `false` if no other image was pulled.
fn is_pulled_lazily(timeline: &Timeline, workload: &Workload) -> bool {
    let mut rates: Vec<(Arc<str>, f64)> = Vec::new();
    for &key in &workload.pods {
        if !timeline.overview(key).has_pull {
            continue;
        }
        for container in &timeline.pod(key).life.containers {
            let Some(pull) = container.pull.filter(|pull| !pull.cached) else { continue };
            let (Some(start), Some(end), Some(bytes)) = (pull.start, pull.end, pull.bytes) else { continue };
            let millis = end.as_millisecond().saturating_sub(start.as_millisecond()).max(1);
            #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
            rates.push((Arc::clone(&container.image), bytes as f64 / millis as f64));
        }
    }
    rates.iter().any(|(image, rate)| {
        let mut others: Vec<f64> =
            rates.iter().filter(|(other, _)| other != image).map(|(_, rate)| *rate).collect();
        others.sort_by(f64::total_cmp);
        others.get(others.len() / 2).is_some_and(|usual| rate > &(usual * 5.0))
    })
}
