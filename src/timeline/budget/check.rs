//! Checks whether a workload exceeds a budget.

use std::fmt::{self, Display, Formatter};

use jiff::Timestamp;

use crate::lifecycle::{Phase, PhaseKind, RangedDuration, Uncertainty};
use crate::timeline::budget::condition::{BudgetCondition, Measure, PodTime, SlotUse, Statistic};
use crate::timeline::nearest_rank::nearest_rank;
use crate::timeline::reports::summary::{Summary, WIDTH_OF_WORKLOAD_TIME, wall_uncertainty};
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// The result of a condition for one workload.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BudgetCheck<'a> {
    pub(crate) condition: &'a BudgetCondition,
    /// The measured value, or the reason why it is unknown.
    pub(crate) measured: Result<Measured, Unmeasured>,
}

/// A measured value with its range from the 5th to the 95th percentile, in the unit of its condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Why a value is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unmeasured {
    /// The workload was seen only in part.
    Incomplete,
    /// No Pod has the value.
    NoPodHasValue,
    /// No field limits the number of Pods that run at the same time, so there is no slot time.
    NoSlots,
    /// The creation of the workload is unknown.
    NoCreation,
}

impl Display for Unmeasured {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Incomplete => "a part of the run was not observed",
            Self::NoPodHasValue => "no Pod has this value",
            Self::NoSlots => "the workload has no slot time",
            Self::NoCreation => "the creation of the workload is unknown",
        })
    }
}

impl BudgetCheck<'_> {
    /// Whether the value exceeds the budget, judged by its estimate.
    pub(crate) fn is_exceeded(&self) -> bool {
        let BudgetCondition { comparison, bound, .. } = self.condition;
        self.measured.is_ok_and(|measured| comparison.is_true(measured.value, *bound))
    }

    /// Whether one end of the range exceeds the budget, and the other end does not.
    pub(crate) fn is_straddling(&self) -> bool {
        let BudgetCondition { comparison, bound, .. } = self.condition;
        self.measured.is_ok_and(|measured| {
            comparison.is_true(measured.low, *bound) != comparison.is_true(measured.high, *bound)
        })
    }
}

impl Timeline {
    /// Checks conditions for a workload. Values of a workload that has not ended count until `now`.
    pub(crate) fn check_budget<'a>(
        &self,
        workload: &Workload,
        conditions: &'a [BudgetCondition],
        now: Timestamp,
    ) -> Vec<BudgetCheck<'a>> {
        if conditions.is_empty() {
            return Vec::new();
        }
        let summary = self.summary(workload, now);
        let check = |condition: &'a BudgetCondition| {
            let measured = if summary.partial {
                Err(Unmeasured::Incomplete)
            } else {
                self.measure(workload, &summary, condition.measure)
            };
            BudgetCheck { condition, measured }
        };
        conditions.iter().map(check).collect()
    }

    fn measure(
        &self,
        workload: &Workload,
        summary: &Summary,
        measure: Measure,
    ) -> Result<Measured, Unmeasured> {
        match measure {
            Measure::Wall => measure_wall(workload, summary),
            Measure::LostWork => Ok(self.measure_lost_work(workload, summary)),
            Measure::Share(slot_use) => measure_share(summary, slot_use),
            Measure::OverPods(statistic, time) => {
                let times = self.pods_below(workload).into_iter().filter_map(|key| {
                    let overview = self.overview(key);
                    match time {
                        PodTime::Run => overview.run(),
                        PodTime::ColdStart => overview.cold_start(),
                        PodTime::Queued => overview.queued(),
                        PodTime::Phase(kind) => time_in_phase(&self.pod(key).life.phases, kind),
                    }
                });
                apply_statistic(statistic, times.collect())
            }
        }
    }

    /// The lost work. Its range is as wide as the range of the total run time of the Pods that lost work.
    fn measure_lost_work(&self, workload: &Workload, summary: &Summary) -> Measured {
        let pods = self.pods_below(workload);
        let losing = pods.into_iter().filter(|key| self.lost_work_of_pod(*key).is_some());
        let runs: Vec<RangedDuration> = losing.filter_map(|key| self.overview(key).run()).collect();
        let sum = sum_of(&runs);
        let lost = to_float(summary.lost_work.total());
        let (below, above) = (sum.value - sum.low, sum.high - sum.value);
        Measured { value: lost, low: (lost - below).max(0.0), high: lost + above }
    }
}

fn measure_wall(workload: &Workload, summary: &Summary) -> Result<Measured, Unmeasured> {
    if workload.created.is_none() {
        return Err(Unmeasured::NoCreation);
    }
    if !workload.has_ended() || workload.finished.is_none() {
        // The creation time is truncated to the second. The present time is exact.
        let creation_width = i64::from(WIDTH_OF_WORKLOAD_TIME);
        let (value, low) = (summary.wall_millis, summary.wall_millis.saturating_sub(creation_width).max(0));
        return Ok(Measured { value: to_float(value), low: to_float(low), high: to_float(value) });
    }
    Ok(RangedDuration::new(summary.wall_millis, wall_uncertainty()).into())
}

fn measure_share(summary: &Summary, slot_use: SlotUse) -> Result<Measured, Unmeasured> {
    let slots = &summary.slots;
    if summary.slots_unknown || slots.total <= 0 {
        return Err(Unmeasured::NoSlots);
    }
    let (millis, [low, high]) = match slot_use {
        SlotUse::Phase(kind) => (slots.phases[kind], summary.slot_uncertainty.phase_ranges(slots)[kind]),
        SlotUse::Idle => (slots.idle, summary.slot_uncertainty.idle_range(slots)),
    };
    let share = |millis| to_float(millis) / to_float(slots.total);
    Ok(Measured { value: share(millis), low: share(low), high: share(high) })
}

/// The time that a Pod spent in a phase. `None` if it never was in the phase, or if it still is.
fn time_in_phase(phases: &[Phase], kind: PhaseKind) -> Option<RangedDuration> {
    let (mut millis, mut uncertainty, mut was_in_phase) = (0_i64, Uncertainty::default(), false);
    for phase in phases.iter().filter(|phase| phase.kind == kind) {
        let end = phase.end?;
        millis = millis.saturating_add(end.as_millisecond().saturating_sub(phase.start.as_millisecond()));
        uncertainty.add_start(phase.start_error);
        uncertainty.add_end(phase.end_error);
        was_in_phase = true;
    }
    was_in_phase.then(|| RangedDuration::new(millis, uncertainty))
}

pub(crate) fn apply_statistic(
    statistic: Statistic,
    mut times: Vec<RangedDuration>,
) -> Result<Measured, Unmeasured> {
    let count = to_float(i64::try_from(times.len()).unwrap_or(i64::MAX));
    if statistic == Statistic::Count {
        return Ok(Measured { value: count, low: count, high: count });
    }
    if times.is_empty() {
        return Err(Unmeasured::NoPodHasValue);
    }
    let mut percentile = |percent| nearest_rank(&mut times, percent).map(Measured::from);
    match statistic {
        Statistic::Max => percentile(100),
        Statistic::Median | Statistic::P50 => percentile(50),
        Statistic::P95 => percentile(95),
        Statistic::Sum => Some(sum_of(&times)),
        Statistic::Mean => {
            let Measured { value, low, high } = sum_of(&times);
            Some(Measured { value: value / count, low: low / count, high: high / count })
        }
        Statistic::Count => None,
    }
    .ok_or(Unmeasured::NoPodHasValue)
}

/// Adds times. Their errors count as independent, so the squares of the half ranges add up.
fn sum_of(times: &[RangedDuration]) -> Measured {
    let sum = |part: fn(&RangedDuration) -> f64| times.iter().map(part).sum::<f64>();
    let value = sum(|time| to_float(time.estimate_millis));
    let below = sum(|time| to_float(time.estimate_millis - time.low_millis).powi(2)).sqrt();
    let above = sum(|time| to_float(time.high_millis - time.estimate_millis).powi(2)).sqrt();
    Measured { value, low: (value - below).max(0.0), high: value + above }
}

impl From<RangedDuration> for Measured {
    fn from(duration: RangedDuration) -> Self {
        let RangedDuration { estimate_millis, low_millis, high_millis } = duration;
        Self { value: to_float(estimate_millis), low: to_float(low_millis), high: to_float(high_millis) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
fn to_float(millis: i64) -> f64 {
    millis as f64
}
