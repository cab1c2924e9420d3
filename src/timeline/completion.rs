//! Completes a workload with the facts that follow from its Pods and from its controller's events about refused Pods.

use std::sync::Arc;

use crate::timeline::pods::creation_times::CreationTimes;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::{CreationBlock, Workload, WorkloadState};

impl Timeline {
    /// Adds the facts that do not follow from the workload's own object. The Pods of `workload` must be sorted by
    /// creation.
    pub(crate) fn complete(&self, mut workload: Workload) -> Workload {
        if workload.is_rollout {
            // Unobserved Pods may have existed before the oldest observed Pod, so the capacity begins with that Pod.
            let oldest = workload.pods.first().and_then(|key| self.overview(*key).created());
            if let (Some(capacity), Some(oldest)) = (workload.capacity.first_mut(), oldest) {
                capacity.since = capacity.since.max(oldest);
            }
        }
        // The status of a Job counts neither a Pod whose failure is ignored nor a Pod that stops.
        if workload.state == WorkloadState::Pending && &*workload.kind == "Job" && !workload.pods.is_empty() {
            workload.state = WorkloadState::Running;
        }
        workload.creation_block = self.creation_block(&workload);
        if let Some(block) = &workload.creation_block
            && workload.reason.is_none()
        {
            workload.reason = Some(Arc::clone(&block.reason));
            workload.message = Some(Arc::clone(&block.message));
        }
        if let Some(cluster) = self.multikueue_cluster(&workload).filter(|_| !workload.state.is_final()) {
            workload.message = Some(describe_cluster(&workload, &cluster).into());
        }
        self.add_refusal_holds(&mut workload);
        end_holds(&mut workload);
        workload
    }

    /// The reason why the workload's controller cannot create a Pod now. `None` if the controller can create Pods,
    /// needs no further Pod, or is suspended.
    fn creation_block(&self, workload: &Workload) -> Option<CreationBlock> {
        let refusals = self.owners.refusals(&workload.uid).filter(|_| !workload.has_ended())?;
        let is_open = |key: &&_| !self.overview(**key).outcome.has_ended();
        let open_pods = workload.pods.iter().filter(is_open).count();
        let desired = workload.parallelism.map_or(usize::MAX, |parallelism| parallelism as usize);
        if workload.state == WorkloadState::Suspended || open_pods >= desired {
            return None;
        }
        let newest = workload.pods.iter().rev().find_map(|key| self.overview(*key).created());
        refusals.creation_block(newest)
    }

    /// Adds a hold to the workload for each interval in which its Pods were refused.
    fn add_refusal_holds(&self, workload: &mut Workload) {
        let Some(refusals) = self.owners.refusals(&workload.uid) else { return };
        let suspended_since = workload.holds.iter().find_map(|hold| hold.start.filter(|_| !hold.ended));
        let open_message = workload.creation_block.as_ref().map(|block| &block.message);
        let holds =
            refusals.holds(CreationTimes::new(&self.store, &workload.pods), open_message, suspended_since);
        workload.holds.extend(holds);
        workload.holds.sort_by(|a, b| {
            (a.first_known_time(), &a.reason, &a.message).cmp(&(b.first_known_time(), &b.reason, &b.message))
        });
    }
}

/// Says where `MultiKueue` runs the Pods of a workload.
fn describe_cluster(workload: &Workload, cluster: &str) -> String {
    match &workload.managed_by {
        Some(controller) => format!("managed by {controller}; the Pods run in the cluster {cluster}"),
        None => format!("the Pods run in the cluster {cluster}"),
    }
}

/// Ends the open holds of a workload that has ended.
fn end_holds(workload: &mut Workload) {
    if !workload.has_ended() {
        return;
    }
    let end = workload.end_instant();
    for hold in workload.holds.iter_mut().filter(|hold| !hold.ended) {
        hold.end = end;
        hold.ended = true;
    }
}
