//! A Pod of the simulated cluster.

use crate::observation::{Pod, PodStatus};
use crate::source::simulation::pod_runtime::PodRuntime;
use crate::source::simulation::task::JobKey;

/// A Pod, with the state that the components of the cluster keep about the Pod.
#[derive(Debug)]
pub(crate) struct SimulatedPod {
    /// The Job of the Pod.
    pub(crate) job: JobKey,
    /// The number of the Pod among the Job's Pods, from 0, in the order of creation.
    pub(crate) ordinal: u64,
    /// Completion index, if the Job is Indexed.
    pub(crate) index: Option<u32>,
    /// The object that the API server stores.
    pub(crate) object: Pod,
    /// The index of the node, once the Pod is scheduled.
    pub(crate) node: Option<usize>,
    /// The kubelet's state of the Pod, once the kubelet has seen the Pod.
    pub(crate) runtime: Option<Box<PodRuntime>>,
    /// A status that the kubelet has sent and the API server has not received yet.
    pub(crate) sent_status: Option<PodStatus>,
    /// Whether the Job controller has noticed the end of the Pod.
    pub(crate) end_noticed: bool,
    /// Whether the API server stores the object.
    pub(crate) exists: bool,
}

impl SimulatedPod {
    /// Whether the phase of the Pod is final.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.object.status.phase.as_str(), "Succeeded" | "Failed")
    }

    /// Whether the deletion of the Pod was requested.
    pub(crate) fn is_deleting(&self) -> bool {
        self.object.metadata.deletion_timestamp.is_some()
    }

    /// Whether the Job controller still has to count the Pod.
    pub(crate) fn is_tracked(&self) -> bool {
        !self.object.metadata.finalizers.is_empty()
    }
}
