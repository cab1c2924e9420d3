//! The steps of the kubelet's work on a Pod.

use jiff::Timestamp;

/// The index of a container among the containers of its Pod. The init containers come first, then the main containers,
/// both in the order of the spec.
pub(crate) type ContainerSlot = usize;

/// One step of the kubelet's work on a Pod.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KubeletStep {
    /// The kubelet sees the Pod for the first time.
    Admit,
    /// The sandbox and its network are ready.
    SandboxReady,
    /// The image of the container was pulled. The first time is when the pull was requested, and the second time is
    /// when the pull began.
    Pulled(ContainerSlot, Timestamp, Timestamp),
    /// The pull of the container's image has failed.
    PullFailed(ContainerSlot),
    /// The runtime creates the container.
    Create(ContainerSlot),
    /// The process of the container starts.
    Start(ContainerSlot),
    /// The kubelet sends a status with the containers that a pass has started.
    SendStatus,
    /// The run with this number ends. The exit code is present if a signal ends the process, and `None` if the process
    /// exits by itself.
    Exit(ContainerSlot, u32, Option<i32>),
    /// The kubelet checks the containers and notices which containers have ended.
    CheckContainers,
    /// A back-off may have ended. The number identifies the planned wake.
    Wake(u32),
    /// The deletion of the Pod was requested.
    Stop,
    /// The kubelet stops the next sidecar.
    StopSidecar,
    /// The kubelet declares the Pod ended.
    Finish,
    /// The kubelet has stopped a deleted Pod and confirms the deletion to the API server.
    ConfirmDeletion,
    /// The API server removes a Pod whose deletion the kubelet has confirmed.
    Remove,
}
