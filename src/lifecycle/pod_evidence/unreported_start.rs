//! Containers that run or ran although the status does not report their start.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_evidence::has_rewritten_start;
use crate::observation::{ContainerState, PodStatus, known_time, saturating_add};

/// Returns the earliest time at which a main container is known to have run, if its status reports no start.
pub(crate) fn seen_running_without_start(status: &PodStatus, received: Timestamp) -> Option<Timestamp> {
    let times = status.container_statuses.iter().filter_map(|container| match &container.state {
        ContainerState { running: Some(running), .. } if known_time(running.started_at).is_none() => {
            Some(ready_since(status).map_or(received, |since| since.min(received)))
        }
        ContainerState { terminated: Some(terminated), .. } if has_rewritten_start(terminated) => {
            // The container ran before the end of the second in `finishedAt`.
            Some(saturating_add(known_time(terminated.finished_at)?, SignedDuration::from_secs(1)))
        }
        ContainerState { .. } => None,
    });
    times.min()
}

/// Returns the time since which the Pod is Ready, or `None` if it is not Ready.
fn ready_since(status: &PodStatus) -> Option<Timestamp> {
    let ready = status.condition("Ready").filter(|condition| condition.status == "True")?;
    known_time(ready.last_transition_time)
}
