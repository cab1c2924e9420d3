//! The place of a workload in a queue, and the held time, in the timeline document.

use jiff::Timestamp;
use serde::Serialize;
use serde_with::serde_as;

use crate::export::units::{Rfc3339Millis, to_millis};
use crate::timeline::{HeldTime, Queue, QueueState};

/// `queue` of a workload.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueueEntry {
    /// The `LocalQueue` of Kueue.
    pub name: String,
    /// The `ClusterQueue` that reserves the quota; `null` while none does.
    pub cluster_queue: Option<String>,
    /// The priority; `null` if Kueue has set none.
    pub priority: Option<i32>,
    /// The position in the `LocalQueue`, from 0; `null` if the workload does not wait, and if the position cannot be read.
    pub position: Option<u32>,
    /// The cluster that runs the workload with `MultiKueue`.
    pub cluster: Option<String>,
    /// The states in chronological order.
    pub states: Vec<QueueStateEntry>,
}

impl QueueEntry {
    /// Creates the entry of a queue at `now`.
    pub(crate) fn new(queue: &Queue, now: Timestamp) -> Self {
        let owned = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        Self {
            name: queue.name.to_string(),
            cluster_queue: owned(&queue.cluster_queue),
            priority: queue.priority,
            position: queue.position,
            cluster: owned(&queue.cluster),
            states: queue.states.iter().map(|state| QueueStateEntry::new(state, now)).collect(),
        }
    }
}

/// A state of a workload in a queue.
#[serde_as]
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueueStateEntry {
    /// `pending`, `quotaReserved`, `admissionChecks`, `admitted`, `podsReady`, `evicted`, `requeued` or `deactivated`.
    pub state: &'static str,
    /// Start; `null` if it is unknown.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub start: Option<Timestamp>,
    /// End; `null` while the state lasts, and if the end is unknown.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub end: Option<Timestamp>,
    /// Duration, until `observedAt` if the state still lasts; `null` if the start or the end is unknown.
    pub millis: Option<i64>,
    /// Kueue's reason in one word.
    pub reason: Option<String>,
    /// Kueue's reason as text. The text is not escaped for a terminal.
    pub message: Option<String>,
    /// Of an eviction: namespace and name of the workload that preempted this one, or its uid; `null` if none did.
    pub by: Option<String>,
    /// The weaker source of the start and the end.
    pub source: &'static str,
}

impl QueueStateEntry {
    fn new(state: &QueueState, now: Timestamp) -> Self {
        Self {
            state: state.kind.name(),
            start: state.start.map(|start| start.at),
            end: state.end.map(|end| end.at),
            millis: state.duration(now).map(to_millis),
            reason: state.reason.as_deref().map(str::to_owned),
            message: state.message.as_deref().map(str::to_owned),
            by: state.by.as_deref().map(str::to_owned),
            source: state.source().name(),
        }
    }
}

/// A part of the held time.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HeldEntry {
    /// `suspended`, `quota`, `admissionCheck`, `requeue`, `deactivated` or `refused`.
    pub reason: &'static str,
    /// The time.
    pub millis: i64,
}

/// The parts of the held time that are not 0.
pub(crate) fn held_entries(held: &HeldTime) -> Vec<HeldEntry> {
    let parts = held.millis.iter().filter(|(_, millis)| **millis > 0);
    parts.map(|(reason, millis)| HeldEntry { reason: reason.name(), millis: *millis }).collect()
}
