//! Workloads whose own status reports nothing, such as some custom resources. Their state follows from the
//! workloads and Pods that they own.

use jiff::Timestamp;

use crate::lifecycle::PodOutcome;
use crate::observation::reports_its_end;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::bare_pod::state_from_outcome;
use crate::timeline::workloads::custom_status::ReportedPods;
use crate::timeline::workloads::workload::{Workload, WorkloadState};

impl Timeline {
    /// Sets the state and the end of each unreported workload from the workloads and Pods that it owns.
    pub(crate) fn conclude_unreported(&mut self) {
        self.count_pods_of_custom_resources();
        let indexes: Vec<usize> = self.owners.unreported_indexes().collect();
        for index in indexes {
            let workload = &self.tree.workloads[index];
            let state = self.combined_state(workload);
            let group = workload.api_version.rsplit_once('/').map_or("", |(group, _)| group);
            let state = if state.is_final() && reports_its_end(group, &workload.kind) {
                WorkloadState::Running
            } else {
                state
            };
            let finished = if state.is_final() { self.latest_end(workload) } else { None };
            let workload = &mut self.tree.workloads[index];
            workload.state = state;
            workload.finished = finished;
        }
    }

    /// Counts the Pods of each custom resource whose status reports no numbers, with the Pods below it.
    fn count_pods_of_custom_resources(&mut self) {
        let mut indexes: Vec<usize> = self.owners.uncounted_indexes().collect();
        // A workload is counted after those below it, which have greater indexes.
        indexes.sort_unstable_by(|a, b| b.cmp(a));
        for index in indexes {
            let workload = &self.tree.workloads[index];
            let mut counts = ReportedPods::default();
            for (_, pod) in self.overviews(workload) {
                if pod.outcome == PodOutcome::Succeeded {
                    counts.succeeded += 1;
                } else if pod.has_failed() {
                    counts.failed += 1;
                } else if !pod.outcome.has_ended() {
                    counts.active += 1;
                }
            }
            for child in self.children(workload) {
                counts.active = counts.active.saturating_add(child.active);
                counts.succeeded = counts.succeeded.saturating_add(child.succeeded);
                counts.failed = counts.failed.saturating_add(child.failed);
            }
            let workload = &mut self.tree.workloads[index];
            workload.active = counts.active;
            workload.succeeded = counts.succeeded;
            workload.failed = counts.failed;
        }
    }

    /// The combined state of the workloads and Pods directly below a workload. Once all of them have ended, the state
    /// is failed if one of them failed, and succeeded if none failed and one succeeded. If all were removed before they
    /// ended, the workload counts as running.
    fn combined_state(&self, workload: &Workload) -> WorkloadState {
        let pods = self.overviews(workload).map(|(_, overview)| state_from_outcome(overview.outcome));
        let parts: Vec<WorkloadState> =
            self.children(workload).map(|child| child.state).chain(pods).collect();
        let all_are = |state| parts.iter().all(|part| *part == state);
        let all_have_ended = parts.iter().all(|part| part.is_final() || *part == WorkloadState::Unknown);
        if parts.is_empty() {
            WorkloadState::Pending
        } else if all_have_ended {
            // A part that was removed before its end has the state `Unknown`, which is ignored here.
            if parts.contains(&WorkloadState::Failed) {
                WorkloadState::Failed
            } else if parts.contains(&WorkloadState::Succeeded) {
                WorkloadState::Succeeded
            } else {
                WorkloadState::Running
            }
        } else if all_are(WorkloadState::Suspended) {
            WorkloadState::Suspended
        } else if all_are(WorkloadState::Pending) {
            WorkloadState::Pending
        } else {
            WorkloadState::Running
        }
    }

    /// The latest end among the workloads and Pods directly below a workload.
    fn latest_end(&self, workload: &Workload) -> Option<Timestamp> {
        let children = self.children(workload).filter_map(|child| child.finished);
        let pods = self.overviews(workload).filter_map(|(_, overview)| overview.end());
        children.chain(pods).max()
    }
}
