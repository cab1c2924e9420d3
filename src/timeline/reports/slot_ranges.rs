//! The ranges of slot time: how far the parts of slot time may be off because instants are not exact.

use std::ops::AddAssign;

use crate::lifecycle::{ByPhase, PhaseKind, PhaseSpan, Uncertainty};
use crate::timeline::fast_map::FastMap;
use crate::timeline::reports::slot_time::SlotTime;

/// The uncertainty of each part of slot time.
///
/// A boundary between two phases moves slot time from one phase to the other, so it makes both uncertain. The errors of
/// the boundaries count as independent and uniform. Pods that started together and ended in the same second are an
/// exception: they count as ended together, so the errors of their ends are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotUncertainty {
    phases: ByPhase<Uncertainty>,
    idle: Uncertainty,
}

impl SlotUncertainty {
    /// Adds a boundary whose interval has this width, in milliseconds. `None` stands for a slot without a Pod.
    fn add_boundary(&mut self, before: Option<PhaseKind>, after: Option<PhaseKind>, width_millis: u32) {
        if before == after {
            return;
        }
        for kind in [before, after] {
            kind.map_or(&mut self.idle, |kind| &mut self.phases[kind]).add(width_millis, 1);
        }
    }

    /// Adds the boundary at the start of a Pod's `span`. `previous` is the Pod's span before it.
    pub(crate) fn add_start(&mut self, previous: Option<PhaseSpan>, span: PhaseSpan) {
        self.add_boundary(previous.map(|previous| previous.kind), Some(span.kind), span.start_width);
    }

    /// Adds the ends of Pods that ended together.
    pub(crate) fn add_ends(&mut self, ends: &CommonEnds) {
        for ((kind, ..), width) in &ends.0 {
            self.add_boundary(Some(*kind), None, *width);
        }
    }

    /// The 5th and the 95th percentile of the slot time in each phase, in milliseconds.
    pub fn phase_ranges(&self, slots: &SlotTime) -> ByPhase<[i64; 2]> {
        ByPhase::from_fn(|kind| range(slots.phases[kind], self.phases[kind], slots.total))
    }

    /// The 5th and the 95th percentile of the idle time, in milliseconds.
    pub fn idle_range(&self, slots: &SlotTime) -> [i64; 2] {
        range(slots.idle, self.idle, slots.total)
    }

    /// Half of the range of the sum of these phases, and of the idle time if `with_idle` is set, in milliseconds.
    pub(crate) fn half_range_millis(
        &self,
        kinds: impl IntoIterator<Item = PhaseKind>,
        with_idle: bool,
    ) -> i64 {
        let mut sum = if with_idle { self.idle } else { Uncertainty::default() };
        kinds.into_iter().for_each(|kind| sum.add_sum(self.phases[kind]));
        sum.half_range_millis()
    }
}

/// Pods have a common end if they started their last phase in the same quarter of a second and ended in the same
/// second.
const QUARTER_SECOND: i64 = 250;

/// The ends of Pods, grouped by their last phase, the quarter of a second in which it started, and the second in which
/// it ended. The value is the sum of the widths of the ends.
#[derive(Debug, Default)]
pub(crate) struct CommonEnds(FastMap<(PhaseKind, i64, i64), u32>);

impl CommonEnds {
    /// Adds the end of the last span of a Pod.
    pub(crate) fn add(&mut self, last: PhaseSpan) {
        let Some(end) = last.end else { return };
        let earliest = end - i64::from(last.end_width / 2);
        let group = (last.kind, last.start.div_euclid(QUARTER_SECOND), earliest.div_euclid(1_000));
        let width = self.0.entry(group).or_default();
        *width = width.saturating_add(last.end_width);
    }
}

/// Returns the range of a part of slot time. A part cannot be negative, and cannot be longer than the whole.
fn range(millis: i64, uncertainty: Uncertainty, total: i64) -> [i64; 2] {
    let half = uncertainty.half_range_millis();
    [millis.saturating_sub(half).max(0), millis.saturating_add(half).min(total.max(millis))]
}

impl AddAssign for SlotUncertainty {
    fn add_assign(&mut self, other: Self) {
        self.idle.add_sum(other.idle);
        for (kind, uncertainty) in &mut self.phases {
            uncertainty.add_sum(other.phases[kind]);
        }
    }
}
