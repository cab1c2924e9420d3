//! The slot time of each Pod of a workload and of the workloads below it.

use jiff::Timestamp;

use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::slot_accounting::{PodSlotTime, account_slots_by_pod};
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

impl Timeline {
    /// The slot time of each Pod, from the same account as the summary of the workload.
    pub(crate) fn slot_time_by_pod(&self, workload: &Workload, now: Timestamp) -> Vec<(PodKey, PodSlotTime)> {
        if !self.has_children(workload) {
            let account = account_slots_by_pod(self, workload, now);
            return workload.pods.iter().copied().zip(account.by_pod).collect();
        }
        if workload.capacity.is_empty() {
            return self.children(workload).flat_map(|child| self.slot_time_by_pod(child, now)).collect();
        }
        let with_all_pods = Workload { pods: self.pods_below(workload), ..workload.clone() };
        let account = account_slots_by_pod(self, &with_all_pods, now);
        with_all_pods.pods.into_iter().zip(account.by_pod).collect()
    }
}
