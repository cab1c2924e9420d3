//! Finds how long other workloads delayed a run: a node pulled their images first, or their Pods took the room on it.

use std::collections::HashMap;

use crate::timeline::intervals::{Intervals, merge, subtract, total};
use crate::timeline::timeline::Timeline;
use crate::timeline::what_if::pod_times::{
    MIN_WAIT_FOR_ROOM, NodeChange, PodTimes, most_at_once, node_changes,
};
use crate::timeline::what_if::refusal::{PredictionRefusal, RefusalKind};
use crate::timeline::workloads::workload::Workload;

/// The run is refused if other workloads delayed it for more than its wall time divided by this number.
const WALL_PARTS: i64 = 20;

/// Refuses a run that other workloads delayed for too long. `origin` is the creation of the Job in milliseconds since
/// 1970, and `wall` is the wall time in milliseconds.
pub(crate) fn refuse_other_load(
    timeline: &Timeline,
    workload: &Workload,
    pods: &[PodTimes],
    origin: i64,
    wall: i64,
) -> Result<(), PredictionRefusal> {
    let queues = total(waits_for_other_images(timeline, workload, origin));
    let rooms = total(waits_for_room_of_others(pods));
    let millis = queues.max(rooms);
    if millis.saturating_mul(WALL_PARTS) <= wall {
        return Ok(());
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let seconds = millis as f64 / 1_000.0;
    let message = if queues >= rooms {
        format!("other workloads delayed this run for {seconds:.1}s: images of other Pods were pulled first")
    } else if waited_for_unused_node(pods) {
        format!(
            "Pods of this run waited {seconds:.1}s for a node although fewer of its Pods ran than before: a node was added, \
             or Pods of other workloads ended"
        )
    } else {
        format!(
            "other workloads delayed this run for {seconds:.1}s: Pods of other workloads took the room on the nodes"
        )
    };
    Err(PredictionRefusal::new(RefusalKind::OtherLoad, message))
}

/// The intervals in which a pull waited in the queue of its node while the node pulled no image of this workload, in
/// milliseconds since the creation of the Job. The node then pulled images of other workloads.
fn waits_for_other_images(timeline: &Timeline, workload: &Workload, origin: i64) -> Intervals {
    let mut waits: Vec<(std::sync::Arc<str>, i64, i64)> = Vec::new();
    let mut own_pulls = Vec::new();
    for &key in workload.pods.iter().filter(|key| timeline.overview(**key).has_pull) {
        let pod = timeline.pod(key);
        let Some(node) = &pod.node else { continue };
        for pull in pod.life.containers.iter().filter_map(|container| container.pull) {
            let Some(start) = pull.start.map(|start| start.as_millisecond() - origin) else { continue };
            if let Some(end) = pull.end {
                own_pulls.push((node.clone(), start, end.as_millisecond() - origin));
            }
            let wait = pull.wait.map_or(0, |wait| i64::try_from(wait.as_millis()).unwrap_or(0));
            if wait > 0 {
                waits.push((node.clone(), start - wait, start));
            }
        }
    }
    let own_on = |node: &str| -> Intervals {
        own_pulls.iter().filter(|(other, ..)| &**other == node).map(|&(_, start, end)| (start, end)).collect()
    };
    waits.into_iter().flat_map(|(node, start, end)| subtract(vec![(start, end)], own_on(&node))).collect()
}

/// The intervals in which a Pod waited for room while fewer Pods of this workload had a node than at its busiest
/// time, in milliseconds since the creation of the Job. Pods of other workloads then took the room, or a node was
/// missing.
fn waits_for_room_of_others(pods: &[PodTimes]) -> Intervals {
    let waiting = pods.iter().filter(|pod| pod.scheduled - pod.created >= MIN_WAIT_FOR_ROOM);
    let waits = merge(waiting.map(|pod| (pod.created, pod.scheduled)).collect());
    if waits.is_empty() {
        return waits;
    }
    let most = most_at_once(pods);
    let (mut full, mut running, mut full_since) = (Intervals::new(), 0_usize, None);
    for NodeChange { at, is_start, .. } in node_changes(pods) {
        running = if is_start { running + 1 } else { running.saturating_sub(1) };
        match full_since {
            None if running >= most => full_since = Some(at),
            // The scheduler needs a moment to give the room of an ended Pod to the next one.
            Some(since) if running < most => {
                full.push((since, at + MIN_WAIT_FOR_ROOM));
                full_since = None;
            }
            Some(_) | None => {}
        }
    }
    subtract(waits, full)
}

/// Whether a Pod waited for room and then got a node that had no Pod of this workload before. It is unknown whether
/// this node already existed during the wait.
fn waited_for_unused_node(pods: &[PodTimes]) -> bool {
    let mut first_use: HashMap<usize, i64> = HashMap::new();
    for pod in pods {
        let first = first_use.entry(pod.node).or_insert(pod.scheduled);
        *first = (*first).min(pod.scheduled);
    }
    pods.iter().any(|pod| {
        let has_waited = pod.scheduled - pod.created >= MIN_WAIT_FOR_ROOM;
        has_waited && first_use[&pod.node] > pod.scheduled - MIN_WAIT_FOR_ROOM
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::what_if::pod_times::PodParts;

    /// A Pod that was created at the start of the Job.
    fn pod(node: usize, scheduled: i64, end: i64) -> PodTimes {
        PodTimes {
            name: "pi-0".into(),
            node,
            created: 0,
            scheduled,
            end,
            parts: PodParts::default(),
            has_failed: false,
            pull: 0,
            is_cold: false,
            has_first_pull: false,
        }
    }

    #[test]
    fn a_wait_counts_as_a_wait_for_an_unused_node_only_if_it_ends_with_the_first_pod_on_the_node() {
        let first = pod(0, 0, 9_000);
        assert!(waited_for_unused_node(&[first.clone(), pod(1, 5_000, 9_000)]));
        assert!(!waited_for_unused_node(&[first.clone(), pod(0, 5_000, 9_000)]));
        assert!(!waited_for_unused_node(&[first, pod(1, 1_000, 9_000)]));
    }
}
