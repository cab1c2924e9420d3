//! A workload: its desired state, its status, and the keys of its Pods.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Evidence, Instant};
use crate::timeline::pods::pod::PodKey;
use crate::timeline::workloads::hold::Hold;

/// The state of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkloadState {
    /// The workload has not begun.
    Pending,
    /// The desired state says that the workload must not run.
    Suspended,
    /// The workload is running.
    Running,
    /// The workload ended successfully.
    Succeeded,
    /// The workload failed.
    Failed,
    /// The workload was removed before it ended, or its state cannot be determined.
    Unknown,
}

impl WorkloadState {
    /// All states.
    pub(crate) const ALL: [Self; 6] =
        [Self::Pending, Self::Suspended, Self::Running, Self::Succeeded, Self::Failed, Self::Unknown];

    /// The value of `outcome` in the timeline document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Suspended => "Suspended",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }

    /// Whether the workload succeeded or failed.
    pub(crate) fn is_final(self) -> bool {
        match self {
            Self::Succeeded | Self::Failed => true,
            Self::Pending | Self::Suspended | Self::Running | Self::Unknown => false,
        }
    }
}

/// An object that runs Pods: an object that the user named, an object below it (a ReplicaSet of a Deployment, a Job of
/// a CronJob), or a Pod whose owner is not followed.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Workload {
    /// Group and version: `batch/v1`.
    pub api_version: Arc<str>,
    /// Kind: `Job`, `Pod`.
    pub kind: Arc<str>,
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Uid.
    pub uid: Arc<str>,
    /// The start of the name, if the server completed it and no object controls the workload.
    pub generate_name: Option<Arc<str>>,
    /// The object that controls the workload, for example a CronJob or a JobSet.
    pub parent: Option<Parent>,
    /// State.
    pub state: WorkloadState,
    /// The reason for the state in one word: `BackoffLimitExceeded`.
    pub reason: Option<Arc<str>>,
    /// The reason for the state as text.
    pub message: Option<Arc<str>>,
    /// `creationTimestamp`.
    pub created: Option<Timestamp>,
    /// When the controller began to process the workload. For a Pod, when its work began.
    pub started: Option<Timestamp>,
    /// When the workload ended: the completion time of a Job, the time of the condition that ended the workload, or the
    /// time at which the removal of the workload was observed.
    pub finished: Option<Timestamp>,
    /// Number of Pods that must succeed; `None` for a work queue and for kinds without such a number.
    pub completions: Option<u32>,
    /// Number of Pods that may run at the same time; `None` if unknown.
    pub parallelism: Option<u32>,
    /// Number of active Pods in the controller's count; for a CronJob, the number of active Jobs.
    pub active: u32,
    /// Number of succeeded Pods in the controller's count, plus the Pods in `uncountedTerminatedPods`.
    pub succeeded: u32,
    /// Number of failed Pods in the controller's count, plus the Pods in `uncountedTerminatedPods`.
    pub failed: u32,
    /// Whether the object no longer exists.
    pub gone: bool,
    /// The time between the end and the deletion of a Job in seconds (`ttlSecondsAfterFinished`); `None` if the object
    /// stays until somebody deletes it.
    pub ttl_seconds: Option<u32>,
    /// The controller that manages a Job instead of the Job controller (`managedBy`). Its Pods may be in another
    /// cluster.
    pub managed_by: Option<Arc<str>>,
    /// The number of Pods that may run at the same time, for each period, oldest first.
    pub capacity: Vec<Capacity>,
    /// Whether retries are counted and delayed for each index separately (`backoffLimitPerIndex`).
    pub retries_per_index: bool,
    /// The maximum number of attempts at one completion index; `None` if the Job does not limit them for each index.
    pub max_attempts_per_index: Option<u32>,
    /// The reason why the controller cannot create Pods now. `None` if the controller can create Pods or has none to
    /// create.
    pub creation_block: Option<CreationBlock>,
    /// The intervals in which the workload created no Pods, because it was suspended or its Pods were refused, in
    /// chronological order.
    pub holds: Vec<Hold>,
    /// When the schedule of a CronJob creates the next Job; `None` if unknown and for other kinds.
    pub next_run: Option<Timestamp>,
    /// Whether the object was already gone when it was first observed, so that all facts come from Events. Numbers
    /// that only the object's fields contain are then 0 or `None`.
    pub is_known_from_events: bool,
    /// Whether the workload is a rollout, whose Pods continue to run after it has succeeded.
    pub is_rollout: bool,
    /// The workload's own Pods, by creation, then name. The Pods of a workload below it are listed only in that
    /// workload.
    pub pods: Vec<PodKey>,
}

impl Workload {
    /// When the workload ended. The time is truncated to the second, unless it is the receipt of the object's removal.
    pub(crate) fn end_instant(&self) -> Option<Instant> {
        let is_receipt = self.gone && !self.state.is_final();
        let evidence = if is_receipt { Evidence::ReceivedDeleted } else { Evidence::WorkloadEnded };
        self.finished.filter(|_| self.has_ended()).map(|finished| Instant::new(finished, evidence))
    }

    /// Whether the workload succeeded, failed or no longer exists.
    pub fn has_ended(&self) -> bool {
        self.gone || self.state.is_final()
    }

    /// The controller that runs the workload elsewhere, because no Pod is in this cluster.
    pub(crate) fn runs_elsewhere_by(&self) -> Option<&Arc<str>> {
        self.managed_by.as_ref().filter(|_| self.pods.is_empty())
    }

    /// Whether the object is deleted within `time` after `now`, or no longer exists.
    pub(crate) fn is_deleted_within(&self, time: SignedDuration, now: Timestamp) -> bool {
        let ttl = self.ttl_seconds.map(|seconds| SignedDuration::from_secs(i64::from(seconds)));
        let expiry = self.finished.zip(ttl).and_then(|(finished, ttl)| finished.checked_add(ttl).ok());
        self.gone || expiry.is_some_and(|expiry| expiry.duration_since(now) < time)
    }

    /// Whether the workload is a Pod that no followed object owns.
    pub(crate) fn is_bare_pod(&self) -> bool {
        &*self.kind == "Pod"
    }
}

/// The reason why a controller cannot create Pods: a quota, a webhook, a missing service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreationBlock {
    /// One word: `FailedCreate`.
    pub reason: Arc<str>,
    /// The controller's text without the parts that differ between its attempts.
    pub message: Arc<str>,
    /// When the block began.
    pub since: Timestamp,
}

/// The number of Pods that may run at the same time, beginning at `since`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// When these numbers began to apply.
    pub since: Timestamp,
    /// `spec.parallelism`, or the number of desired replicas; 0 while suspended.
    pub parallelism: u32,
    /// `spec.completions`.
    pub completions: Option<u32>,
}

/// The object that controls a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Kind.
    pub kind: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Uid.
    pub uid: Arc<str>,
}
