//! The state of a Pod, reduced to one of a few outcomes.

/// The present state of a Pod, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PodOutcome {
    /// The Pod waits for a node.
    Pending,
    /// The Pod has a node, and its work has not started.
    Starting,
    /// The work of the Pod has started and has not ended.
    Running,
    /// All main containers ended with exit code 0.
    Succeeded,
    /// The work of the Pod failed.
    Failed,
    /// The Pod ended before its work started.
    NeverStarted,
    /// The Pod was deleted before its work ended.
    Deleted,
    /// The node of the Pod does not respond, the phase of the Pod is `Unknown`, or the Pod has left the selector of the
    /// watch.
    Unknown,
    /// The Pod no longer exists, and no Event proves how it ended.
    Gone,
}

impl PodOutcome {
    /// The name in the timeline document. The field `gone` distinguishes the two unknown outcomes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::NeverStarted => "NeverStarted",
            Self::Deleted => "Deleted",
            Self::Unknown | Self::Gone => "Unknown",
        }
    }

    /// Whether the Pod has ended, so that its outcome is final.
    pub fn has_ended(self) -> bool {
        match self {
            Self::Succeeded | Self::Failed | Self::NeverStarted | Self::Deleted | Self::Gone => true,
            Self::Pending | Self::Starting | Self::Running | Self::Unknown => false,
        }
    }

    /// Whether the Pod failed or never started.
    pub fn has_failed(self) -> bool {
        match self {
            Self::Failed | Self::NeverStarted => true,
            Self::Pending
            | Self::Starting
            | Self::Running
            | Self::Succeeded
            | Self::Deleted
            | Self::Unknown
            | Self::Gone => false,
        }
    }
}
