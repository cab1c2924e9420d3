//! The steps of the kubelet's work on a Pod.

use jiff::Timestamp;

/// The index of a container among the containers of its Pod: first the init containers, then the main ones, in the order of
/// the spec.
pub(crate) type ContainerSlot = usize;

/// One step of the kubelet's work on a Pod.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KubeletStep {
    /// The kubelet sees the Pod for the first time.
    Admit,
    /// The sandbox and its network are ready.
    SandboxReady,
    /// An image was pulled for the container. The times are those of the request and of the start of the pull.
    Pulled(ContainerSlot, Timestamp, Timestamp),
    /// The pull of the container's image has failed.
    PullFailed(ContainerSlot),
    /// The runtime creates the container.
    Create(ContainerSlot),
    /// The process of the container starts.
    Start(ContainerSlot),
    /// The kubelet sends a status with the containers that a pass has started.
    Show,
    /// The run with this number ends. The exit code is that of a signal, or `None` if the process exits by itself.
    Exit(ContainerSlot, u32, Option<i32>),
    /// The kubelet checks the containers and notices those that have ended.
    Notice,
    /// A back-off may have ended. The number is that of the planned wake.
    Wake(u32),
    /// The deletion of the Pod was requested.
    Stop,
    /// The kubelet stops the next sidecar.
    StopSidecar,
    /// The kubelet declares the Pod ended.
    Finish,
    /// The kubelet has finished with a deleted Pod.
    Remove,
    /// The API server removes a deleted Pod that its kubelet has finished.
    Gone,
}
