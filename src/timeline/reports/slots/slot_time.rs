//! Slot time: the integral over time of the slots that a workload may fill, divided by use.

use std::ops::AddAssign;

use crate::lifecycle::ByPhase;

/// Slot time in whole milliseconds. The phases and the idle time sum to the total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotTime {
    /// The integral over time of min(parallelism, completions left).
    pub total: i64,
    /// Slot time of the Pods in each phase. `Running` is work. `BackOff` includes slots without a Pod while the
    /// controller waits after a failure. `Unknown` includes slots of Pods whose state is unknown.
    pub phases: ByPhase<i64>,
    /// Slots without a Pod for another reason.
    pub idle: i64,
}

impl AddAssign for SlotTime {
    fn add_assign(&mut self, other: Self) {
        self.total = self.total.saturating_add(other.total);
        self.idle = self.idle.saturating_add(other.idle);
        for (kind, millis) in &mut self.phases {
            *millis = millis.saturating_add(other.phases[kind]);
        }
    }
}

impl SlotTime {
    /// The slot time of the cold start, in milliseconds.
    pub fn cold_start(&self) -> i64 {
        self.phases.iter().filter(|(kind, _)| kind.is_cold_start()).map(|(_, millis)| millis).sum()
    }
}
