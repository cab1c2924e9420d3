//! The time in which a workload was held: it had no Pods, because it was suspended, waited in a queue, or its Pods were
//! refused.

use jiff::Timestamp;

use crate::lifecycle::{ArrayIndex, EnumArray};
use crate::timeline::intervals::{Intervals, subtract, total};
use crate::timeline::queue::state::{Queue, QueueState, QueueStateKind};
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::hold::Hold;
use crate::timeline::workloads::workload::Workload;

/// Why a workload was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeldReason {
    /// Somebody suspended the workload, and no queue is known to be the cause.
    Suspended,
    /// The workload waited for quota.
    Quota,
    /// The workload had quota and waited for admission checks.
    AdmissionCheck,
    /// The workload waited until it might enter the queue again after an eviction.
    Requeue,
    /// The workload was deactivated.
    Deactivated,
    /// The Pods of the workload were refused.
    Refused,
}

impl HeldReason {
    /// All reasons, in the order of the document.
    pub const ALL: [Self; 6] =
        [Self::Suspended, Self::Quota, Self::AdmissionCheck, Self::Requeue, Self::Deactivated, Self::Refused];

    /// The value of `reason` in the timeline document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Quota => "quota",
            Self::AdmissionCheck => "admissionCheck",
            Self::Requeue => "requeue",
            Self::Deactivated => "deactivated",
            Self::Refused => "refused",
        }
    }

    /// The reason in one or two words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::AdmissionCheck => "admission check",
            Self::Suspended | Self::Quota | Self::Requeue | Self::Deactivated | Self::Refused => self.name(),
        }
    }

    /// Why a suspended workload in this state of its queue has no Pods.
    fn of_state(kind: QueueStateKind) -> Self {
        match kind {
            QueueStateKind::Pending
            | QueueStateKind::QuotaReserved
            | QueueStateKind::Admitted
            | QueueStateKind::PodsReady
            | QueueStateKind::Evicted => Self::Quota,
            QueueStateKind::AdmissionChecks => Self::AdmissionCheck,
            QueueStateKind::Requeued => Self::Requeue,
            QueueStateKind::Deactivated => Self::Deactivated,
        }
    }
}

impl ArrayIndex<{ Self::ALL.len() }> for HeldReason {
    const VARIANTS: [Self; Self::ALL.len()] = Self::ALL;

    fn index(self) -> usize {
        self as usize
    }
}

/// The time in which a workload was held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldTime {
    /// The time for each reason, in milliseconds. A moment counts for one reason.
    pub millis: EnumArray<HeldReason, i64, { HeldReason::ALL.len() }>,
    /// How often the workload was evicted from its queue.
    pub evictions: usize,
}

impl HeldTime {
    /// The time for all reasons, in milliseconds.
    pub fn total(&self) -> i64 {
        self.millis.values().sum()
    }
}

/// A part of a hold with one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeldStretch {
    pub(crate) reason: HeldReason,
    /// Start in milliseconds since 1970.
    pub(crate) start: i64,
    /// End in milliseconds since 1970.
    pub(crate) end: i64,
    /// Whether the hold lasts.
    pub(crate) is_open: bool,
}

impl Timeline {
    /// The time in which a workload was held. `workload` must list all Pods below it. The Pods that existed during a hold
    /// shorten the held time, for example while an eviction stops them.
    pub(crate) fn held_time(&self, workload: &Workload, now: Timestamp) -> HeldTime {
        let mut held = HeldTime::default();
        if workload.holds.is_empty() {
            return held;
        }
        let queue = self.nearest_queue(workload);
        held.evictions = queue.as_ref().map_or(0, Queue::evictions);
        let stretches = held_stretches(workload, queue.as_ref(), now);
        let (Some(first), Some(last)) = (stretches.first(), stretches.last()) else { return held };
        let (first, last) = (first.start, last.end);
        let now_millis = now.as_millisecond();
        let lives = self
            .overviews(workload)
            .filter_map(|(_, pod)| Some((pod.start_millis()?, pod.last_known_millis(now_millis)?)));
        let lives: Intervals = lives.filter(|&(start, end)| start < last && end > first).collect();
        for stretch in stretches {
            let without_pods = subtract(vec![(stretch.start, stretch.end)], lives.clone());
            let sum = &mut held.millis[stretch.reason];
            *sum = sum.saturating_add(total(without_pods));
        }
        held
    }
}

/// Divides the holds of a workload by their reasons. The stretches are in chronological order and do not overlap. A hold
/// without a known start or end is left out.
pub(crate) fn held_stretches(workload: &Workload, queue: Option<&Queue>, now: Timestamp) -> Vec<HeldStretch> {
    let limit = workload.finished.filter(|_| workload.has_ended()).unwrap_or(now).as_millisecond();
    let mut stretches: Vec<HeldStretch> = Vec::new();
    for hold in &workload.holds {
        let Some((start, end)) = known_interval(hold, now) else { continue };
        let start = stretches.last().map_or(start, |last| start.max(last.end));
        let end = end.min(limit);
        if start >= end {
            continue;
        }
        let is_open = !hold.ended;
        if let Some(queue) = queue.filter(|_| hold.message.is_none()) {
            divide(&queue.states, (start, end), is_open, &mut stretches);
        } else {
            let reason = if hold.message.is_some() { HeldReason::Refused } else { HeldReason::Suspended };
            stretches.push(HeldStretch { reason, start, end, is_open });
        }
    }
    stretches
}

fn known_interval(hold: &Hold, now: Timestamp) -> Option<(i64, i64)> {
    let end = if hold.ended { hold.end?.at } else { now };
    Some((hold.start?.at.as_millisecond(), end.as_millisecond()))
}

/// Divides a suspension by the states of the queue. A moment belongs to the latest state that has begun. Before the first
/// one, the workload waits for quota.
fn divide(states: &[QueueState], (start, end): (i64, i64), is_open: bool, stretches: &mut Vec<HeldStretch>) {
    let begin_of = |state: &QueueState| state.start.map(|start| start.at.as_millisecond());
    let mut reason = HeldReason::Quota;
    let mut at = start;
    for state in states {
        let Some(begin) = begin_of(state) else { continue };
        let next = HeldReason::of_state(state.kind);
        if begin <= start {
            reason = next;
            continue;
        }
        if begin >= end {
            break;
        }
        if next != reason {
            stretches.push(HeldStretch { reason, start: at, end: begin, is_open: false });
            (reason, at) = (next, begin);
        }
    }
    stretches.push(HeldStretch { reason, start: at, end, is_open });
}
