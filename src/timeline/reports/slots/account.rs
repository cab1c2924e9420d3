//! The result of an account of slots.

use crate::lifecycle::{ByPhase, PhaseKind};
use crate::timeline::reports::lost_work::{ByLossCause, LossCause, LostWork};
use crate::timeline::reports::slots::idle::IdleStages;
use crate::timeline::reports::slots::ranges::SlotUncertainty;
use crate::timeline::reports::slots::slot_time::SlotTime;

/// The slot time of a workload and the number of its running Pods.
#[derive(Default)]
pub(crate) struct SlotAccount {
    pub(crate) slots: SlotTime,
    pub(crate) uncertainty: SlotUncertainty,
    /// The slot time of work that was lost.
    pub(crate) lost_work: LostWork,
    /// The lost work of all Pods in milliseconds. The work of Pods without a slot counts too.
    pub(crate) lost_millis: ByLossCause<i64>,
    /// The highest number of Pods that ran at the same time.
    pub(crate) concurrency_max: u32,
    /// The sum of the times of all Pods in [`PhaseKind::Unready`] or [`PhaseKind::Running`], in milliseconds.
    pub(crate) running_millis: i64,
    /// Whether a part of the run was not observed.
    pub(crate) partial: bool,
    /// The slot time of each Pod, in the order of the workload's list.
    pub(crate) by_pod: Vec<PodSlotTime>,
    /// The idle slot time by the stage of the run.
    pub(crate) idle: IdleStages,
}

/// How a Pod uses a slot: the phase of the Pod, and why the work of this phase is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PodUse {
    pub(crate) kind: PhaseKind,
    pub(crate) lost: Option<LossCause>,
}

/// The slot time of one Pod, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodSlotTime {
    /// Slot time in each phase. `Unknown` includes the time in which the state of the Pod is unknown.
    pub(crate) phases: ByPhase<i64>,
    /// The part of the work that was lost.
    pub(crate) lost_work: i64,
}

impl PodSlotTime {
    pub(crate) fn add(&mut self, pod_use: PodUse, millis: i64) {
        self.phases[pod_use.kind] += millis;
        if pod_use.lost.is_some() {
            self.lost_work += millis;
        }
    }
}
