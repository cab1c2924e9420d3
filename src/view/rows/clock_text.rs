//! The sentence about times that contradict each other, because the clock of a node is wrong.

use crate::lifecycle::ContainerRun;
use crate::timeline::TimelinePod;
use crate::view::primitives::duration::format_exact;
use crate::view::primitives::text;

/// Describes the error of the clock of the Pod's node, for example
/// `the clock of node-1 is at least 10m00s ahead of the API server's: its times are moved`. Returns `None` if no time
/// of the Pod was moved or left out.
pub(crate) fn describe_clock_error(pod: &TimelinePod) -> Option<String> {
    let node = text::clean(pod.node.as_deref().unwrap_or("the node"));
    let life = &pod.life;
    if !life.skew.is_zero() {
        let direction = if life.skew.is_positive() { "behind" } else { "ahead of" };
        let distance = format_exact(life.skew.abs());
        return Some(format!(
            "the clock of {node} is at least {distance} {direction} the API server's: its times are moved"
        ));
    }
    let has_unknown_time = |run: &ContainerRun| run.start.is_none() || (run.ended && run.end.is_none());
    let has_unknown_time = life.containers.iter().flat_map(|container| &container.runs).any(has_unknown_time);
    life.clamped.then(|| {
        if has_unknown_time {
            format!("the clock of {node} contradicts itself: some times are unknown")
        } else {
            format!("times of Pods on {node} contradict each other: some are moved")
        }
    })
}
