//! The user's choices about logs.

use crate::lifecycle::{ContainerLife, ContainerRole};

/// Which logs are shown, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogOptions {
    pub(crate) selection: LogSelection,
    pub(crate) containers: LogContainers,
    /// Maximum number of logs that are read at the same time.
    pub(crate) max_streams: usize,
    /// Whether each line has the name of its Pod as a prefix even if there is only one Pod.
    pub(crate) has_prefix: bool,
    /// Whether each line shows the time that the container runtime gave to it.
    pub(crate) has_timestamps: bool,
}

/// The Pods whose logs are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogSelection {
    /// All Pods. Each line is shown when it arrives.
    All,
    /// Pods that have failed. The last lines of a Pod are shown when the Pod has failed and its logs are complete.
    Failed {
        /// Maximum number of last lines of each container.
        tail_lines: usize,
    },
}

/// The containers whose logs are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogContainers {
    /// The main containers.
    Main,
    /// Init containers, sidecars and main containers.
    All,
    /// The main containers, and the containers with this name.
    MainAnd(String),
}

impl LogOptions {
    /// Whether the log of a container is shown. If only failed Pods are shown, this includes init containers that
    /// failed, because their logs explain why the Pod failed.
    pub(crate) fn selects(&self, container: &ContainerLife) -> bool {
        let is_failed_init = container.role == ContainerRole::Init
            && matches!(self.selection, LogSelection::Failed { .. })
            && container.last_run_failed();
        let is_main = container.role == ContainerRole::Main;
        match &self.containers {
            LogContainers::Main => is_main || is_failed_init,
            LogContainers::All => container.role != ContainerRole::Ephemeral,
            LogContainers::MainAnd(name) => is_main || is_failed_init || *container.name == **name,
        }
    }
}
