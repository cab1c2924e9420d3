//! Finds the runs that were lost because their node restarted.
//!
//! After a restart of a node, the kubelet or the container runtime only reports that the container no longer runs. The
//! Events of the kubelet show that it started again after the run and shortly before this report.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_life::{ContainerLife, ContainerRun, NODE_RESTARTED};
use crate::lifecycle::pod_evidence::PodEvidence;
use crate::observation::saturating_add;

/// Maximum time from the start of the kubelet until it reports the lost containers or starts them again. The network of
/// the node and the images may take minutes. A container that is lost later was not lost with this restart.
const MAX_REPORT_DELAY: SignedDuration = SignedDuration::from_mins(10);

/// Times of a status are truncated to the second.
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The starts of the kubelet of a Pod's node.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KubeletStarts<'a> {
    /// The starts on the kubelet's clock.
    pub(crate) starts: &'a [Timestamp],
    /// How far the API server's clock is ahead of the node's clock.
    pub(crate) skew: SignedDuration,
}

impl KubeletStarts<'_> {
    /// Whether the kubelet started after `since` and reported a loss at `reported`, both on the API server's clock.
    fn explain_loss(&self, since: Timestamp, reported: Timestamp) -> bool {
        self.starts.iter().map(|start| saturating_add(*start, self.skew)).any(|start| {
            let delay = reported.duration_since(start);
            start >= since && !delay.is_negative() && delay <= MAX_REPORT_DELAY
        })
    }

    /// Whether a restart of the node explains that the containers of a Pod were lost before they ran.
    pub(crate) fn explain_lost_start(&self, pod: &PodEvidence) -> bool {
        pod.pod_scheduled
            .zip(last_report(pod))
            .is_some_and(|(since, reported)| self.explain_loss(since, reported))
    }

    /// Sets the reason of the runs that were lost with the node. Their ends become unknown, because a runtime dates
    /// them to the moment at which it was started again.
    pub(crate) fn mark_lost_runs(&self, pod: &PodEvidence, container: &mut ContainerLife) {
        if self.starts.is_empty() {
            return;
        }
        let starts: Vec<Option<Timestamp>> =
            container.runs.iter().map(|run| run.start.map(|start| start.latest())).collect();
        for (index, run) in container.runs.iter_mut().enumerate() {
            let Some(start) = run.start.filter(|_| run.is_lost() || has_unknown_exit(run)) else { continue };
            let next = starts.get(index.saturating_add(1)).copied();
            // The next run is the first sign of the restart, if there is one.
            let Some(reported) = next.unwrap_or_else(|| last_report(pod)) else { continue };
            if self.explain_loss(start.earliest(), reported) {
                run.reason = Some(NODE_RESTARTED.into());
                run.end = None;
            }
        }
    }
}

/// Whether the runtime lost the process: containerd reports such a run with this exit code and this reason.
fn has_unknown_exit(run: &ContainerRun) -> bool {
    run.ended && run.exit_code == Some(255) && run.reason.as_deref() == Some("Unknown")
}

/// Returns the latest time at which the kubelet reported the state of the Pod.
fn last_report(pod: &PodEvidence) -> Option<Timestamp> {
    let wrote = pod.kubelet_wrote.map(|wrote| saturating_add(wrote, SECOND));
    wrote.or(pod.phase_received)
}
