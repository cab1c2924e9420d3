//! Idle slots, divided by the stage of the run in which they had no Pod.

use std::ops::AddAssign;

use crate::lifecycle::{ArrayIndex, EnumArray};

/// The stage of a run in which a slot had no Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdleStage {
    /// No Pod has been created yet.
    BeforeFirstPod,
    /// Some Pods have been created, and none has ended.
    BeforeFirstEnd,
    /// A Pod has ended, and more Pods will be created.
    BetweenPods,
    /// The last Pod has been created, and Pods exist.
    AfterLastCreation,
    /// All Pods have ended, and the workload has not.
    AfterLastEnd,
}

impl IdleStage {
    const ALL: [Self; 5] = [
        Self::BeforeFirstPod,
        Self::BeforeFirstEnd,
        Self::BetweenPods,
        Self::AfterLastCreation,
        Self::AfterLastEnd,
    ];
}

impl ArrayIndex<{ Self::ALL.len() }> for IdleStage {
    const VARIANTS: [Self; Self::ALL.len()] = Self::ALL;

    fn index(self) -> usize {
        self as usize
    }
}

/// One value for each stage.
pub(crate) type ByIdleStage<T> = EnumArray<IdleStage, T, { IdleStage::ALL.len() }>;

/// Idle slots in one stage of one or more runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IdleTime {
    /// The idle slot time in milliseconds.
    pub(crate) slot_millis: i64,
    /// The time in which at least one slot was idle, in milliseconds.
    pub(crate) millis: i64,
    /// The number of runs with idle slots in this stage.
    pub(crate) runs: usize,
}

impl IdleTime {
    /// Adds an interval of one run in which this number of slots was idle.
    pub(crate) fn add(&mut self, slots: u32, millis: i64) {
        if slots > 0 {
            self.slot_millis += i64::from(slots) * millis;
            self.millis += millis;
            self.runs = 1;
        }
    }
}

/// The idle slots of one or more runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IdleStages {
    /// The idle slots in each stage. Together, they are the idle slot time.
    pub(crate) stages: ByIdleStage<IdleTime>,
    /// The number of Pods that were created after another Pod of their run had ended.
    pub(crate) replacements: usize,
    /// The number of slots that are idle at the end of the account.
    pub(crate) open: usize,
}

impl AddAssign for IdleStages {
    fn add_assign(&mut self, other: Self) {
        for (stage, idle) in &mut self.stages {
            let other = other.stages[stage];
            idle.slot_millis = idle.slot_millis.saturating_add(other.slot_millis);
            idle.millis = idle.millis.saturating_add(other.millis);
            idle.runs += other.runs;
        }
        self.replacements += other.replacements;
        self.open += other.open;
    }
}
