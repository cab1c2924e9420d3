//! The Pods of a workload per node and per image, in the timeline document.

use serde::Serialize;

use crate::export::reports::summary::SlotTimeEntry;
use crate::timeline::{BreakdownBy, BreakdownRow, Timeline, WorkloadAccount};

/// An element of `byNode`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NodeEntry {
    /// Name of the node; `null` for Pods without a node.
    pub node: Option<String>,
    /// The facts about the Pods on the node.
    #[serde(flatten)]
    pub breakdown: BreakdownEntry,
}

/// An element of `byImage`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ImageBreakdownEntry {
    /// Image as in the Pod's spec; `null` for Pods whose image is unknown.
    pub image: Option<String>,
    /// The facts about the Pods with the image.
    #[serde(flatten)]
    pub breakdown: BreakdownEntry,
}

/// The Pods on one node, or with one image.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BreakdownEntry {
    /// Number of Pods.
    pub pods: usize,
    /// The image pulls.
    pub pulls: PullsEntry,
    /// Slot time by phase.
    pub slots: SlotTimeEntry<i64>,
    /// The part of the work that was lost.
    pub lost_work_millis: i64,
}

/// The image pulls of several Pods.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PullsEntry {
    /// Number of pulls that ended.
    pub count: u32,
    /// The sum of the sizes; `null` if no pull reports a size.
    pub bytes: Option<u64>,
    /// The sum of the durations.
    pub millis: i64,
}

impl From<&BreakdownRow> for BreakdownEntry {
    fn from(row: &BreakdownRow) -> Self {
        Self {
            pods: row.pods,
            pulls: PullsEntry { count: row.pulls, bytes: row.pulled_bytes, millis: row.pull_millis },
            slots: SlotTimeEntry::new(&row.phases, 0),
            lost_work_millis: row.lost_work_millis,
        }
    }
}

/// The breakdowns of an account per node and per image.
pub(crate) fn breakdown_entries(
    timeline: &Timeline,
    account: &WorkloadAccount,
) -> (Vec<NodeEntry>, Vec<ImageBreakdownEntry>) {
    let [nodes, images] = timeline.breakdowns(account, [BreakdownBy::Node, BreakdownBy::Image]);
    let name = |row: &BreakdownRow| row.name.as_deref().map(str::to_owned);
    let nodes = nodes.iter().map(|row| NodeEntry { node: name(row), breakdown: row.into() }).collect();
    let images = images.iter().map(|row| ImageBreakdownEntry { image: name(row), breakdown: row.into() });
    (nodes, images.collect())
}
