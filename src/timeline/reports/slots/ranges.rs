//! The ranges of slot time: how inexact the parts of slot time are, because instants are not exact.

use std::hash::{Hash, Hasher};
use std::ops::AddAssign;

use crate::lifecycle::{ByPhase, InstantError, MAX_WIDTH_FOR_TENTHS, PhaseKind, PhaseSpan, Uncertainty};
use crate::timeline::fast_map::FastMap;
use crate::timeline::reports::slots::slot_time::SlotTime;

/// The uncertainty of each part of slot time.
///
/// If the time of a boundary between two phases is not exact, the slot time of both phases is uncertain. The errors
/// of fine times count as independent. The errors of times that are truncated to the second are correlated, see
/// [`SlotUncertaintyBuilder`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotUncertainty {
    phases: ByPhase<Uncertainty>,
    idle: Uncertainty,
}

impl SlotUncertainty {
    /// The uncertainty of this part of slot time. `None` stands for a slot without a Pod.
    fn part_mut(&mut self, kind: Option<PhaseKind>) -> &mut Uncertainty {
        kind.map_or(&mut self.idle, |kind| &mut self.phases[kind])
    }

    /// Adds the end of idle time in this number of slots.
    pub(crate) fn add_idle_end(&mut self, error: InstantError, slots: u32) {
        let width = u64::from(error.width()) * u64::from(slots);
        self.idle.add_uniform(width.saturating_mul(width), width);
    }

    /// The 5th and the 95th percentile of the slot time in each phase, in milliseconds.
    pub fn phase_ranges(&self, slots: &SlotTime) -> ByPhase<[i64; 2]> {
        ByPhase::from_fn(|kind| range(slots.phases[kind], self.phases[kind], slots.total))
    }

    /// The 5th and the 95th percentile of the idle time, in milliseconds.
    pub fn idle_range(&self, slots: &SlotTime) -> [i64; 2] {
        range(slots.idle, self.idle, slots.total)
    }

    /// The sum of these phases, and of the idle time if `with_idle` is set, with its 5th and its 95th percentile, in
    /// milliseconds.
    pub(crate) fn sum_with_range(
        &self,
        slots: &SlotTime,
        kinds: impl IntoIterator<Item = PhaseKind>,
        with_idle: bool,
    ) -> (i64, [i64; 2]) {
        let (mut millis, mut sum) = if with_idle { (slots.idle, self.idle) } else { Default::default() };
        for kind in kinds {
            millis += slots.phases[kind];
            sum.add_sum(self.phases[kind]);
        }
        (millis, range(millis, sum, slots.total))
    }

    /// The largest distance between the share of these phases and the ends of its range in percentage points, rounded
    /// up. `None` if the range is not wider than one point.
    pub(crate) fn percentage_points(
        &self,
        slots: &SlotTime,
        kinds: impl IntoIterator<Item = PhaseKind>,
        with_idle: bool,
    ) -> Option<i64> {
        let (millis, [low, high]) = self.sum_with_range(slots, kinds, with_idle);
        let total = slots.total.max(1);
        let is_visible = (high - low).saturating_mul(100) > total;
        let distance = (millis - low).max(high - millis);
        is_visible.then(|| distance.saturating_mul(100).saturating_add(total - 1) / total)
    }
}

/// Returns the range of a part of slot time. A part cannot be negative, and cannot be longer than the whole.
fn range(millis: i64, uncertainty: Uncertainty, total: i64) -> [i64; 2] {
    let [low, high] = uncertainty.range_around(millis);
    [low.max(0), high.min(total.max(millis))]
}

impl AddAssign for SlotUncertainty {
    fn add_assign(&mut self, other: Self) {
        self.idle.add_sum(other.idle);
        for (kind, uncertainty) in &mut self.phases {
            uncertainty.add_sum(other.phases[kind]);
        }
    }
}

/// Adds up the uncertainty of slot time over the boundaries of all Pods of a workload.
///
/// The Pods of a workload often work for the same time. If such Pods also start at the same fraction of a second, the
/// ends of their work are truncated by the same amount, even if they start in different seconds. Therefore the
/// boundaries that are known to a second are grouped by the lengths of the phases before them. In a group, the errors
/// count as correlated if the phases started at about the same fraction of a second.
#[derive(Debug, Default)]
pub(crate) struct SlotUncertaintyBuilder {
    fine: SlotUncertainty,
    /// The sums over the coarse boundaries with the same properties.
    coarse: FastMap<CoarseBoundary, SumOfWidths>,
}

/// The properties of a boundary that is known to a second. The order of the fields is the order in which boundaries are
/// grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct CoarseBoundary {
    before: Option<PhaseKind>,
    after: Option<PhaseKind>,
    /// The second in which the phase before the boundary started. Without such a phase, the second of the boundary.
    /// `None` if the start is fine.
    second: Option<i64>,
    /// The shortest possible length of the phase before the boundary, in eighths of a second.
    length: i64,
    /// The sixteenth of a second in which the phase before the boundary started; 0 if `second` is set.
    sixteenth: u8,
}

impl Hash for CoarseBoundary {
    /// Hashes a single number, which is fast. Few boundaries have the same number.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let index = |kind: Option<PhaseKind>| kind.map_or(15, |kind| kind as i64);
        let phases = index(self.before) << 4 | index(self.after);
        let start = self.second.unwrap_or_default() << 24 ^ self.length << 12;
        state.write_i64(start ^ phases << 4 ^ i64::from(self.sixteenth));
    }
}

/// The length of a second, in the unit of [`CoarseBoundary::length`].
const EIGHTHS: i64 = 8;

#[derive(Clone, Copy, Debug, Default)]
struct SumOfWidths {
    widths: u64,
    squares: u64,
}

impl SlotUncertaintyBuilder {
    /// Adds the start of a Pod's `span`. `previous` is the Pod's span before it.
    pub(crate) fn add_start(&mut self, previous: Option<PhaseSpan>, span: PhaseSpan) {
        self.add_boundary(previous, Some(span.kind), span.start, span.start_error);
    }

    /// Adds the end of the last span of a Pod.
    pub(crate) fn add_end(&mut self, last: PhaseSpan) {
        if let Some(end) = last.end {
            self.add_boundary(Some(last), None, end, last.end_error);
        }
    }

    fn add_boundary(
        &mut self,
        previous: Option<PhaseSpan>,
        after: Option<PhaseKind>,
        at: i64,
        error: InstantError,
    ) {
        let before = previous.map(|previous| previous.kind);
        if before == after {
            return;
        }
        let width = error.width();
        if width < MAX_WIDTH_FOR_TENTHS || error.is_only_bounded() {
            self.fine.part_mut(before).add_end(error);
            self.fine.part_mut(after).add_start(error);
            return;
        }
        let earliest = at - i64::from(error.before);
        let fine_start = previous.filter(|previous| previous.start_error.width() < MAX_WIDTH_FOR_TENTHS);
        let start = previous.map_or(earliest, |previous| previous.start);
        let (second, sixteenth) = match fine_start {
            Some(_) => (None, u8::try_from(start.rem_euclid(1_000) * 16 / 1_000).unwrap_or(0)),
            None => (Some(start.div_euclid(1_000)), 0),
        };
        let length = (earliest - start).div_euclid(1_000 / EIGHTHS);
        let sum = self.coarse.entry(CoarseBoundary { before, after, second, length, sixteenth }).or_default();
        sum.widths += u64::from(width);
        sum.squares += u64::from(width) * u64::from(width);
    }

    /// Returns the uncertainty of slot time.
    pub(crate) fn finish(self) -> SlotUncertainty {
        let mut uncertainty = self.fine;
        let mut coarse: Vec<(CoarseBoundary, SumOfWidths)> = self.coarse.into_iter().collect();
        coarse.sort_unstable_by_key(|(boundary, _)| *boundary);
        let mut rest = &coarse[..];
        while let Some((first, _)) = rest.first() {
            let (group, later) =
                rest.split_at(rest.partition_point(|(other, _)| other.may_last_as_long_as(first)));
            let (squares, total) = correlated_squares(group);
            for kind in [first.before, first.after] {
                uncertainty.part_mut(kind).add_uniform(squares, total);
            }
            rest = later;
        }
        uncertainty
    }
}

impl CoarseBoundary {
    /// Whether the phases before the two boundaries may have the same length. `shortest` is not longer than `self`.
    fn may_last_as_long_as(&self, shortest: &Self) -> bool {
        let same = |boundary: &Self| (boundary.before, boundary.after, boundary.second);
        same(self) == same(shortest) && self.length <= shortest.length + EIGHTHS
    }
}

/// The cosine of each sixteenth of a circle, in thousandths.
const COSINES: [i64; 16] =
    [1_000, 924, 707, 383, 0, -383, -707, -924, -1_000, -924, -707, -383, 0, 383, 707, 924];

/// Returns twelve times the variance of the sum of these boundaries, and the sum of their widths. The largest
/// variance of three models of the errors counts:
///
/// - The errors are independent.
/// - The phases have exactly the same length. The correlation of two truncated times then depends on the distance
///   between their fractions of a second.
/// - The lengths differ a little. Each boundary counts as a vector: its length is the width of the interval, and its
///   direction is the fraction of the second, as on a clock.
fn correlated_squares(group: &[(CoarseBoundary, SumOfWidths)]) -> (u64, u64) {
    let (mut squares, mut total) = (0_u64, 0_u64);
    let mut widths = [0_i64; 16];
    for (boundary, sum) in group {
        squares += sum.squares;
        total += sum.widths;
        widths[usize::from(boundary.sixteenth) % 16] += i64::try_from(sum.widths).unwrap_or(0);
    }
    if let [(_, only)] = group {
        // Boundaries with the same direction are fully correlated in both models of correlated errors.
        return (only.widths.saturating_mul(only.widths), only.widths);
    }
    let (mut x, mut y, mut correlated) = (0, 0, 0_i128);
    // Most groups have few directions.
    for (direction, &width) in widths.iter().enumerate().filter(|(_, width)| **width != 0) {
        x += width * COSINES[direction] / 1_000;
        y += width * COSINES[(direction + 12) % 16] / 1_000;
        for (other_direction, &other) in widths.iter().enumerate().filter(|(_, other)| **other != 0) {
            let distance = i128::try_from(direction.abs_diff(other_direction)).unwrap_or(0);
            correlated +=
                i128::from(width) * i128::from(other) * (128 - 3 * distance * (16 - distance)) / 128;
        }
    }
    let vectors = i128::from(x).pow(2) + i128::from(y).pow(2);
    (squares.max(u64::try_from(correlated.max(vectors)).unwrap_or(0)), total)
}
