//! A container that a node lost, as the status of a Pod shows it.

use crate::observation::Pod;
use crate::source::cluster::watch::uid_key::uid_key;

/// A container that a node lost.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ContainerLoss {
    pub(crate) node: String,
    /// The uid of the Pod.
    pod: u128,
    /// The restarts of the Pod's containers, which distinguish the losses of one Pod.
    restarts: i64,
}

impl ContainerLoss {
    /// Returns the loss that a state of a Pod shows; `None` if the node has lost none of its containers.
    pub(crate) fn find(pod: &Pod) -> Option<Self> {
        if !pod.has_lost_container() || pod.spec.node_name.is_empty() {
            return None;
        }
        let statuses = pod.status.container_statuses.iter();
        let restarts = statuses.map(|status| i64::from(status.restart_count)).sum();
        Some(Self { node: pod.spec.node_name.clone(), pod: uid_key(&pod.metadata.uid), restarts })
    }
}
