//! Where a run was read from, and what its source knows beyond the timeline.

use jiff::Timestamp;

/// Where a run was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunSource {
    /// The live cluster.
    Cluster,
    /// A recording with this path.
    Recording(String),
}

impl RunSource {
    /// The value of `source` in documents.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Cluster => "cluster",
            Self::Recording(path) => path,
        }
    }
}

/// The facts about the source of runs that the timeline does not hold.
#[derive(Clone, Debug)]
pub(crate) struct RunReading {
    pub(crate) source: RunSource,
    /// The time until which phases that have not ended count.
    pub(crate) now: Timestamp,
    /// Whether the recording breaks off.
    pub(crate) is_cut_off: bool,
    /// The version of Kubernetes; `None` if unknown.
    pub(crate) kubernetes_version: Option<String>,
    /// Whether the phases of the Pods are kept for lanes.
    pub(crate) keeps_spans: bool,
}
