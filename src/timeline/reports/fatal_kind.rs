//! The types of the reasons why a workload cannot succeed without help.

use std::sync::Arc;

use jiff::Timestamp;

use crate::timeline::pods::pod::PodKey;

/// A reason why a workload cannot succeed without help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FatalCause {
    /// The uid of the workload that the cause is about, or that the Pod belongs to.
    pub workload: Arc<str>,
    /// The Pod. `None` if the cause is about the whole workload.
    pub pod: Option<PodKey>,
    /// The cause itself.
    pub kind: FatalKind,
    /// Since when the cause holds.
    pub since: Timestamp,
    /// The time at which the cause becomes fatal. Before this time, the cause may pass by itself.
    pub due: Timestamp,
}

/// The kinds of fatal causes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FatalKind {
    /// The Pod has failed, and its work is not tried again.
    Failed {
        /// The exit code of the container that failed.
        exit_code: Option<i32>,
        /// The reason of the failure.
        reason: Option<Arc<str>>,
    },
    /// The image does not exist, or the registry refuses it.
    ImageNotPullable {
        /// The image, as the Pod's spec names it.
        image: Arc<str>,
        /// The cause that the kubelet reports.
        cause: Option<Arc<str>>,
        /// Number of failed pulls.
        attempts: u32,
    },
    /// The name of the image is invalid.
    InvalidImageName {
        /// The image, as the Pod's spec names it.
        image: Arc<str>,
    },
    /// The node does not have the image, and the pull policy forbids to pull it.
    ImageNotPresent {
        /// The image, as the Pod's spec names it.
        image: Arc<str>,
    },
    /// A `ConfigMap` or a Secret is missing, or the configuration of a container is invalid.
    Misconfigured {
        /// The cause that the kubelet reports.
        cause: Arc<str>,
    },
    /// The scheduler finds no node.
    Unschedulable {
        /// The reason that the scheduler reports.
        reason: Option<Arc<str>>,
    },
    /// The kubelet of the Pod's node does not start the Pod.
    NotTakenUp,
    /// A container fails again and again.
    CrashLoop {
        /// The container.
        container: Arc<str>,
        /// The exit code of its latest run that has ended.
        exit_code: Option<i32>,
        /// Number of restarts.
        restarts: u32,
    },
    /// The controller cannot create Pods, because a quota, a webhook or a policy refuses them.
    Refused {
        /// The controller's text without the parts that differ between its attempts.
        message: Arc<str>,
    },
    /// The workload itself has failed or is about to fail, for example because of a deadline.
    WorkloadFailed,
}

impl FatalKind {
    /// Whether the two causes are the same apart from details that change with time.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.without_details() == other.without_details()
    }

    /// The cause without the details that change with time.
    fn without_details(&self) -> Self {
        match self {
            Self::ImageNotPullable { image, .. } => {
                Self::ImageNotPullable { image: Arc::clone(image), cause: None, attempts: 0 }
            }
            Self::Unschedulable { .. } => Self::Unschedulable { reason: None },
            Self::CrashLoop { container, exit_code, .. } => {
                Self::CrashLoop { container: Arc::clone(container), exit_code: *exit_code, restarts: 0 }
            }
            Self::Failed { .. }
            | Self::InvalidImageName { .. }
            | Self::ImageNotPresent { .. }
            | Self::Misconfigured { .. }
            | Self::NotTakenUp
            | Self::Refused { .. }
            | Self::WorkloadFailed => self.clone(),
        }
    }
}
