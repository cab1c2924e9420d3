//! The tasks of the simulation. They run one after another, in the order of virtual time.

use crate::observation::{Event, Seen};
use crate::source::simulation::kubelet_step::KubeletStep;

/// The index of a Job in `World::jobs`.
pub(crate) type JobKey = usize;
/// The index of a Pod in `World::pods`.
pub(crate) type PodKey = usize;

/// One action of a component of the cluster.
#[derive(Debug)]
pub(crate) enum SimulationTask {
    /// The API server stores a Job.
    CreateJob(JobKey),
    /// The Job controller compares a Job with its Pods.
    SyncJob(JobKey),
    /// A time that a Job waits for has come, for example its deadline.
    WakeJob(JobKey),
    /// The Job controller creates a Pod, with its completion index.
    CreatePod(JobKey, Option<u32>),
    /// The Job controller writes the status from its latest sync.
    WriteDecision(JobKey),
    /// The Job controller has counted the ended Pods and writes the new counts.
    WriteCounts(JobKey),
    /// The time to live of an ended Job has passed.
    ExpireJob(JobKey),
    /// The scheduler looks for a node for a Pod.
    SchedulePod(PodKey),
    /// The scheduler again tries the parked Pods, which did not fit on any node.
    RetryParkedPods,
    /// The kubelet does the next step of its work on a Pod.
    Kubelet(PodKey, KubeletStep),
    /// The status of a Pod, sent by its kubelet, reaches the API server.
    WriteStatus(PodKey),
    /// An event reaches the API server.
    StoreEvent(Box<Event>, Seen),
}

impl SimulationTask {
    /// Whether the simulation waits for the task even if the task is due in the far future. While such a task is
    /// queued, the simulation does not give up.
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(self, Self::WakeJob(_) | Self::ExpireJob(_) | Self::Kubelet(_, KubeletStep::Exit(..)))
    }
}
