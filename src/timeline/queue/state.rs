//! The place of a workload in a queue of Kueue, and its states in the queue.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Instant, Source};
use crate::timeline::dated_interval::{known_duration, weaker_source};

/// A state of a workload in a queue of Kueue. The variants are in the order in which a workload reaches them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueueStateKind {
    /// The workload waits for quota.
    Pending,
    /// The quota is reserved, and the workload is not admitted yet.
    QuotaReserved,
    /// The quota is reserved, and admission checks are not ready.
    AdmissionChecks,
    /// The workload may create Pods.
    Admitted,
    /// All Pods are ready.
    PodsReady,
    /// The workload has lost its quota, and its Pods are stopped.
    Evicted,
    /// The workload waits until it may enter the queue again.
    Requeued,
    /// The workload is deactivated. It stays so until somebody activates it.
    Deactivated,
}

impl QueueStateKind {
    /// The value of `state` in the timeline document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::QuotaReserved => "quotaReserved",
            Self::AdmissionChecks => "admissionChecks",
            Self::Admitted => "admitted",
            Self::PodsReady => "podsReady",
            Self::Evicted => "evicted",
            Self::Requeued => "requeued",
            Self::Deactivated => "deactivated",
        }
    }
}

/// An interval in which a workload was in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueState {
    /// The state.
    pub kind: QueueStateKind,
    /// Start; `None` if it is unknown.
    pub start: Option<Instant>,
    /// End; `None` while the state lasts, and if the end is unknown.
    pub end: Option<Instant>,
    /// Whether the state has ended.
    pub ended: bool,
    /// Kueue's reason in one word: `Preempted`, `PodsReadyTimeout`.
    pub reason: Option<Arc<str>>,
    /// Kueue's reason as text.
    pub message: Option<Arc<str>>,
    /// The workload that preempted this one: namespace and name, joined by a slash, or the uid if the name is unknown.
    pub by: Option<Arc<str>>,
}

impl QueueState {
    /// The duration, until `now` if the state has not ended. `None` if the start or the end is unknown. Never negative.
    pub fn duration(&self, now: Timestamp) -> Option<SignedDuration> {
        known_duration(self.start, self.end, self.ended, now)
    }

    /// The weaker of the sources of the start and the end, or `Inferred` if both times are unknown.
    pub fn source(&self) -> Source {
        weaker_source(self.start, self.end)
    }
}

/// The place of a workload in a queue of Kueue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "Kueue named the field")]
pub struct Queue {
    /// The `LocalQueue`.
    pub name: Arc<str>,
    /// The `ClusterQueue` that reserved the quota; `None` if none has done so.
    pub cluster_queue: Option<Arc<str>>,
    /// The priority; `None` if Kueue has set none.
    pub priority: Option<i32>,
    /// The position in the `LocalQueue`, from 0; `None` if the workload does not wait, or if the position is unknown.
    pub position: Option<u32>,
    /// The cluster that runs the workload with `MultiKueue`.
    pub cluster: Option<Arc<str>>,
    /// The number of Pods that are admitted; `None` if no quota is reserved, or if Kueue does not say it.
    pub admitted_pods: Option<u32>,
    /// The number of Pods that the workload asked for when it entered the queue; `None` if Kueue does not say it.
    pub wanted_pods: Option<u32>,
    /// The states in chronological order.
    pub states: Vec<QueueState>,
}

impl Queue {
    /// How often the workload was evicted.
    pub fn evictions(&self) -> usize {
        self.states.iter().filter(|state| state.kind == QueueStateKind::Evicted).count()
    }
}
