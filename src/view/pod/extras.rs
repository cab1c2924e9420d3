//! The data on a Pod's page that the timeline does not hold. The program reads it from the cluster for this page only.
//!
//! All texts are as the cluster sent them. The page escapes these texts for the terminal.

use jiff::Timestamp;

/// The data that a Pod's page shows in addition to the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodExtras {
    /// Events about the Pod, oldest first.
    pub(crate) events: Vec<PodEvent>,
    /// The last lines of each container's log.
    pub(crate) log: Vec<ContainerLog>,
    /// The conditions of the Pod's status, in the order of the status.
    pub(crate) conditions: Vec<ConditionRow>,
    /// The resources that the Pod's containers request.
    pub(crate) requests: Vec<ResourceRequest>,
}

/// An Event about the Pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodEvent {
    /// The time of the latest occurrence.
    pub at: Option<Timestamp>,
    /// Whether the Event's type is `Warning`.
    pub warning: bool,
    /// The reason, one word.
    pub reason: String,
    /// The text for people.
    pub message: String,
    /// The container that the Event is about. `None` if the Event is about the whole Pod.
    pub container: Option<String>,
    /// The number of occurrences.
    pub count: u32,
}

/// The last lines that a container wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContainerLog {
    /// The name of the container.
    pub container: String,
    /// The lines, oldest first.
    pub lines: Vec<String>,
}

/// A condition of the Pod's status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConditionRow {
    /// The type: `PodScheduled`, `Ready` …
    pub name: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// The time of the last change, truncated to the second: `lastTransitionTime`.
    pub since: Option<Timestamp>,
    /// The reason, one word.
    pub reason: String,
}

/// An amount of a resource that a container requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResourceRequest {
    /// The name of the container.
    pub container: String,
    /// `cpu`, `memory`, `nvidia.com/gpu` …
    pub resource: String,
    /// The quantity as the manifest writes it: `500m`, `1Gi`.
    pub quantity: String,
}
