//! The facts about Pods and workloads that lines report. A line is written when one of these facts changes.

use std::sync::Arc;

use crate::app::reporter::line_selection::ChangeKind;
use crate::lifecycle::{ContainerLife, ContainerRole, ContainerRun, Lifecycle, PodOutcome, Readiness};
use crate::timeline::{Timeline, Workload, WorkloadState};
use crate::view::rows::container_text::describe_reason;

/// The facts that the last line about a Pod reported. A new line is written when one of these facts changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportedPod {
    pub(crate) outcome: PodOutcome,
    /// The reason why the Pod waits, or `None` if the Pod has ended.
    pub(crate) wait_reason: Option<String>,
    /// Number of ended runs of the main containers, plus the failed runs of the init containers.
    pub(crate) ended_runs: usize,
    /// Number of main containers that have ended, or that wait for their restart.
    pub(crate) ended_mains: usize,
    /// Whether the Pod was Ready. Only for a Pod with a startup or readiness probe on a main container.
    pub(crate) is_ready: bool,
    /// Whether the Pod was lost with its node and is being deleted.
    pub(crate) is_lost: bool,
}

/// The facts that the last line about a workload reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportedWorkload {
    pub(crate) state: WorkloadState,
    /// The reason why the controller cannot create Pods.
    pub(crate) block_reason: Option<Arc<str>>,
    /// Whether the Pods may be in another cluster, because another controller manages the workload.
    pub(crate) runs_elsewhere: bool,
    /// Whether the controller has decided that the workload ends, but some Pods have not stopped yet.
    pub(crate) is_stopping: bool,
}

impl ReportedPod {
    /// Returns the facts about a Pod. `before` is the last report about the Pod.
    pub(crate) fn new(life: &Lifecycle, before: Option<&Self>) -> Self {
        let wait_reason = describe_reason(life).filter(|_| !life.outcome.has_ended());
        // The deletion ends the containers one after another. Only the end of the Pod needs a line.
        let is_deleted = life.instants.delete_requested.is_some() && !life.outcome.has_ended();
        let (ended_runs, ended_mains, is_ready) = match before.filter(|_| is_deleted) {
            Some(before) => (before.ended_runs, before.ended_mains, before.is_ready),
            None => (count_ended_runs(life), ended_mains(life).count(), life.readiness == Readiness::Ready),
        };
        let is_lost = life.lost_since.is_some() && life.instants.delete_requested.is_some();
        Self { outcome: life.outcome, wait_reason, ended_runs, ended_mains, is_ready, is_lost }
    }

    /// The kind of the change that led to these facts.
    pub(crate) fn kind(&self, life: &Lifecycle) -> ChangeKind {
        let is_open = !self.outcome.has_ended();
        let reason = match &self.wait_reason {
            Some(reason) => Some(reason.clone()),
            None => life.reason.as_ref().map(ToString::to_string),
        };
        ChangeKind::Pod {
            outcome: self.outcome,
            reason,
            exit_code: life.exit_code.filter(|_| !is_open),
            is_ready: is_open && self.is_ready,
            has_ended_run: is_open && self.ended_runs > 0,
            is_lost: self.is_lost,
        }
    }
}

impl ReportedWorkload {
    pub(crate) fn new(timeline: &Timeline, workload: &Workload) -> Self {
        let block_reason = workload.creation_block.as_ref().map(|block| Arc::clone(&block.message));
        let runs_elsewhere = workload.runs_elsewhere_by().is_some();
        let is_stopping = timeline.is_stopping(workload) && count_open_pods(timeline, workload) > 0;
        Self { state: workload.state, block_reason, runs_elsewhere, is_stopping }
    }

    /// The kind of the change that led to these facts.
    pub(crate) fn kind(&self, workload: &Workload) -> ChangeKind {
        ChangeKind::Workload {
            kind: Arc::clone(&workload.kind),
            state: self.state,
            reason: self.block_reason.clone().or_else(|| workload.reason.clone()),
            is_stopping: self.is_stopping,
        }
    }

    /// Whether the workload needs a line. `before` is the last report, or `None` for a new workload. The revision of a
    /// rollout needs a line only if its Pods cannot be created, because the lines about the rollout report its state.
    pub(crate) fn needs_line_after(&self, before: Option<&Self>, is_revision: bool) -> bool {
        let is_blocked = self.block_reason.is_some();
        if is_revision {
            return is_blocked && before.is_none_or(|before| before.block_reason != self.block_reason);
        }
        match before {
            // When the controller can create Pods again, no line is needed, because the new Pods have lines of their
            // own.
            Some(before) => {
                before.state != self.state
                    || (is_blocked && before.block_reason != self.block_reason)
                    || (self.is_stopping && !before.is_stopping)
            }
            None => is_blocked || self.runs_elsewhere || self.state != WorkloadState::Pending,
        }
    }
}

/// Returns the number of ended runs of the main containers, plus the failed runs of the init containers.
fn count_ended_runs(life: &Lifecycle) -> usize {
    let counts = |(role, run): &(ContainerRole, &ContainerRun)| match role {
        ContainerRole::Main => run.ended,
        ContainerRole::Init => run.ended && run.exit_code != Some(0),
        ContainerRole::Sidecar | ContainerRole::Ephemeral => false,
    };
    let runs =
        life.containers.iter().flat_map(|container| container.runs.iter().map(|run| (container.role, run)));
    runs.filter(counts).count()
}

/// Returns the main containers whose latest run has ended.
pub(crate) fn ended_mains(life: &Lifecycle) -> impl Iterator<Item = &ContainerLife> {
    life.main_containers().filter(|main| main.runs.last().is_some_and(|run| run.ended))
}

/// Returns the number of Pods of a workload that have not ended.
pub(crate) fn count_open_pods(timeline: &Timeline, workload: &Workload) -> usize {
    workload.pods.iter().filter(|key| !timeline.overview(**key).outcome.has_ended()).count()
}
