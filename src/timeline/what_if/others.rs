//! Finds how long other workloads delayed a run: their images in the queue of a node, and their Pods on the nodes.

use crate::timeline::timeline::Timeline;
use crate::timeline::what_if::pod_times::{MIN_WAIT_FOR_ROOM, PodTimes, most_at_once};
use crate::timeline::what_if::refusal::{PredictionRefusal, RefusalKind};
use crate::timeline::workloads::workload::Workload;

/// The run is not predicted if other workloads delayed it for more than one part in this many of its wall time.
const WALL_PARTS: i64 = 20;

/// Intervals in milliseconds since the creation of the Job.
type Intervals = Vec<(i64, i64)>;

/// Refuses a run that other workloads delayed for more than a twentieth of its wall time.
pub(crate) fn refuse_other_load(
    timeline: &Timeline,
    workload: &Workload,
    pods: &[PodTimes],
    origin: i64,
    wall: i64,
) -> Result<(), PredictionRefusal> {
    let queues = total(waits_for_other_images(timeline, workload, origin));
    let rooms = total(waits_for_room_of_others(pods));
    let (millis, cause) = if queues >= rooms {
        (queues, "images of other Pods were pulled first")
    } else {
        (rooms, "Pods of other workloads took the room on the nodes")
    };
    if millis.saturating_mul(WALL_PARTS) <= wall {
        return Ok(());
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let seconds = millis as f64 / 1_000.0;
    Err(PredictionRefusal::new(
        RefusalKind::OtherLoad,
        format!("other workloads delayed this run for {seconds:.1}s: {cause}"),
    ))
}

/// The times in which an image waited in the queue of its node while the node pulled no image of this workload.
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
    waits.into_iter().flat_map(|(node, start, end)| subtract((start, end), own_on(&node))).collect()
}

/// The times in which a Pod waited for room while fewer Pods of this workload ran than at its busiest time. Pods of other
/// workloads then took the room.
fn waits_for_room_of_others(pods: &[PodTimes]) -> Intervals {
    let waiting = pods.iter().filter(|pod| pod.scheduled - pod.created >= MIN_WAIT_FOR_ROOM);
    let waits = merge(waiting.map(|pod| (pod.created, pod.scheduled)).collect());
    if waits.is_empty() {
        return waits;
    }
    let most = i32::try_from(most_at_once(pods.iter())).unwrap_or(i32::MAX);
    let mut changes: Vec<(i64, i32)> =
        pods.iter().flat_map(|pod| [(pod.scheduled, 1), (pod.end, -1)]).collect();
    changes.sort_unstable();
    let (mut full, mut running, mut full_since) = (Intervals::new(), 0, None);
    for (at, change) in changes {
        running += change;
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
    waits.into_iter().flat_map(|wait| subtract(wait, full.clone())).collect()
}

/// Sorts intervals and joins those that overlap.
fn merge(mut intervals: Intervals) -> Intervals {
    intervals.sort_unstable();
    let mut merged: Intervals = Vec::new();
    for (start, end) in intervals {
        match merged.last_mut() {
            Some((_, last_end)) if start <= *last_end => *last_end = end.max(*last_end),
            Some(_) | None => merged.push((start, end)),
        }
    }
    merged
}

/// The parts of an interval outside of `others`.
fn subtract((start, end): (i64, i64), others: Intervals) -> Intervals {
    let mut parts = Vec::new();
    let mut at = start;
    for (other_start, other_end) in merge(others) {
        if other_start >= end {
            break;
        }
        if other_start > at {
            parts.push((at, other_start));
        }
        at = at.max(other_end);
    }
    if at < end {
        parts.push((at, end));
    }
    parts
}

fn total(intervals: Intervals) -> i64 {
    merge(intervals).into_iter().map(|(start, end)| end - start).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_joined_and_subtracted() {
        assert_eq!(merge(vec![(5, 9), (1, 3), (2, 4)]), [(1, 4), (5, 9)]);
        assert_eq!(subtract((0, 10), vec![(2, 3), (8, 12)]), [(0, 2), (3, 8)]);
        assert_eq!(subtract((0, 10), vec![(0, 10)]), []);
        assert_eq!(subtract((5, 6), vec![(0, 2), (7, 9)]), [(5, 6)]);
        assert_eq!(total(vec![(0, 5), (3, 8), (10, 11)]), 9);
    }
}
