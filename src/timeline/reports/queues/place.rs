//! The place of a workload in a queue of Kueue.

use std::sync::Arc;

use crate::timeline::queue::state::Queue;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

impl Timeline {
    /// The place of a workload in a queue of Kueue; `None` if no Kueue Workload was observed for it.
    pub fn queue(&self, workload: &Workload) -> Option<Queue> {
        let mut queue = self.queues.queue(&workload.uid)?;
        if workload.has_ended() {
            queue.position = None;
            if let Some(last) = queue.states.last_mut().filter(|last| !last.ended) {
                (last.end, last.ended) = (workload.end_instant(), true);
            }
        }
        Some(queue)
    }

    /// The place in a queue of the workload itself, or of the nearest workload above it that is in a queue.
    pub(crate) fn nearest_queue(&self, workload: &Workload) -> Option<Queue> {
        let mut current = Some(workload);
        while let Some(workload) = current {
            if let Some(queue) = self.queue(workload) {
                return Some(queue);
            }
            current = self.parent(workload);
        }
        None
    }

    /// The cluster in which `MultiKueue` runs the Pods of the workload.
    pub(crate) fn multikueue_cluster(&self, workload: &Workload) -> Option<Arc<str>> {
        self.queues
            .newest_history(&workload.uid)?
            .latest
            .as_ref()?
            .status
            .cluster_name
            .as_deref()
            .map(Arc::from)
    }
}
