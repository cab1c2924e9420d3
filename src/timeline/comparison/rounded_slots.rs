//! The difference of slot time, rounded to one unit. The table and the sentence show the same numbers.

use crate::lifecycle::{ByPhase, PhaseKind};
use crate::timeline::comparison::change_text::{ChangeUnit, round_parts};
use crate::timeline::reports::slots::slot_time::SlotTime;

/// The difference of slot time in units. The parts sum to the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoundedSlots {
    pub(crate) unit: ChangeUnit,
    pub(crate) phases: ByPhase<i64>,
    pub(crate) idle: i64,
    pub(crate) total: i64,
}

impl RoundedSlots {
    pub(crate) fn new(deltas: &SlotTime) -> Self {
        let parts: Vec<i64> = deltas.phases.values().copied().chain([deltas.idle]).collect();
        let largest = parts.iter().map(|part| part.abs()).max().unwrap_or(0);
        let unit = ChangeUnit::for_largest(largest.max(deltas.total.abs()));
        let (rounded, total) = round_parts(&parts, deltas.total, unit.millis());
        let mut phases: ByPhase<i64> = ByPhase::default();
        for (kind, rounded) in PhaseKind::ALL.into_iter().zip(&rounded) {
            phases[kind] = *rounded;
        }
        Self { unit, phases, idle: rounded.last().copied().unwrap_or(0), total }
    }
}
