//! The condition of a budget, for example `p95(coldStart) > 30s`. A workload that meets the condition exceeds the
//! budget.

use crate::lifecycle::PhaseKind;

/// A condition that the user typed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BudgetCondition {
    /// The condition as the user typed it, without blanks at the ends.
    pub(crate) text: String,
    /// The value on the left.
    pub(crate) measure: Measure,
    /// The comparison of the value with the bound.
    pub(crate) comparison: Comparison,
    /// The bound on the right, in the unit of the measure.
    pub(crate) bound: f64,
}

/// A value that is measured for a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// The time from the creation of the workload to its end.
    Wall,
    /// The lost work.
    LostWork,
    /// A part of slot time.
    Share(SlotUse),
    /// A statistic over the Pods that have a value.
    OverPods(Statistic, PodTime),
}

impl Measure {
    /// The unit of the value and of the bound.
    pub(crate) fn unit(self) -> BudgetUnit {
        match self {
            Self::Share(_) => BudgetUnit::Share,
            Self::OverPods(Statistic::Count, _) => BudgetUnit::Count,
            Self::Wall | Self::LostWork | Self::OverPods(..) => BudgetUnit::Millis,
        }
    }
}

/// The unit of a measured value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BudgetUnit {
    /// Milliseconds.
    Millis,
    /// A fraction of slot time: 1 is all of it.
    Share,
    /// A number of Pods.
    Count,
}

impl BudgetUnit {
    /// The name in the timeline document.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Millis => "ms",
            Self::Share => "share",
            Self::Count => "count",
        }
    }
}

/// A use of slot time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotUse {
    /// The slots of Pods in this phase.
    Phase(PhaseKind),
    /// The slots without a Pod.
    Idle,
}

impl SlotUse {
    /// The name of a field of `slots` in the timeline document, without `Millis`.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Phase(PhaseKind::Running) => "work".to_owned(),
            Self::Phase(kind) => {
                let mut name = kind.name().to_owned();
                name[..1].make_ascii_lowercase();
                name
            }
            Self::Idle => "idle".to_owned(),
        }
    }

    /// All uses of slot time.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        PhaseKind::ALL.into_iter().map(Self::Phase).chain([Self::Idle])
    }
}

/// A statistic over the Pods that have a value. Percentiles are nearest-rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statistic {
    /// The longest time.
    Max,
    /// The arithmetic mean.
    Mean,
    /// The 50th percentile.
    Median,
    /// The 50th percentile.
    P50,
    /// The 95th percentile.
    P95,
    /// The sum.
    Sum,
    /// The number of Pods that have the value.
    Count,
}

impl Statistic {
    /// All statistics, in the order of error messages.
    pub(crate) const ALL: [Self; 7] =
        [Self::Max, Self::Mean, Self::Median, Self::P50, Self::P95, Self::Sum, Self::Count];

    /// The name in a condition.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Mean => "mean",
            Self::Median => "median",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::Sum => "sum",
            Self::Count => "count",
        }
    }
}

/// A time of one Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PodTime {
    /// The time in which a main container ran. Pods whose work has not ended do not have it.
    Run,
    /// The time from `scheduled` to `workStarted`.
    ColdStart,
    /// The time from `created` to `scheduled`.
    Queued,
    /// The time in a phase. Pods without this phase, and Pods that are still in it, do not have it.
    Phase(PhaseKind),
}

impl PodTime {
    /// The name in a condition.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Run => "run".to_owned(),
            Self::ColdStart => "coldStart".to_owned(),
            Self::Queued => "queued".to_owned(),
            Self::Phase(kind) => SlotUse::Phase(kind).name(),
        }
    }

    /// All times of a Pod. `Run` stands for the phase Running, and `Queued` for the phase Queued.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let phases = PhaseKind::ALL.into_iter();
        let phases = phases.filter(|kind| !matches!(kind, PhaseKind::Queued | PhaseKind::Running));
        [Self::Run, Self::ColdStart, Self::Queued].into_iter().chain(phases.map(Self::Phase))
    }
}

/// The comparison of a value with its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

impl Comparison {
    /// Whether the comparison of `value` with `bound` is true.
    pub(crate) fn is_true(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Greater => value > bound,
            Self::GreaterOrEqual => value >= bound,
            Self::Less => value < bound,
            Self::LessOrEqual => value <= bound,
        }
    }
}
