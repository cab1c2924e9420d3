//! The statistics of a workload in the timeline document.

use serde::Serialize;

use crate::export::queue::{HeldEntry, held_entries};
use crate::export::reports::findings::ReservedEntry;
use crate::lifecycle::{ByPhase, PhaseKind};
use crate::timeline::{LossCause, LostWork, Percentiles, Summary};

/// `summary` of a workload.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SummaryEntry {
    /// Number of observed Pods.
    pub pods: usize,
    /// Time from creation to the end, or to `observedAt`; `null` if the creation is unknown.
    pub wall_millis: Option<i64>,
    /// The integral over time of min(parallelism, completions left). This field and its parts (`backOffMillis`, `idleMillis`,
    /// `slots`) are `null` if the workload has Pods but no field, such as `parallelism`, that limits the number of running Pods.
    pub slot_millis: Option<i64>,
    /// Sum of the Pods' work.
    pub run_millis: i64,
    /// Sum of the Pods' cold starts.
    pub cold_start_millis: i64,
    /// Sum of the Pods' times in the queue.
    pub queued_millis: i64,
    /// Slot time of Pods in the phase `BackOff`, and of slots without a Pod while the controller waits after a failure.
    pub back_off_millis: Option<i64>,
    /// Slot time of slots without a Pod for another reason.
    pub idle_millis: Option<i64>,
    /// Percentiles over the Pods whose work has begun.
    pub cold_start: PercentilesEntry,
    /// Percentiles over the Pods whose work has ended.
    pub run: PercentilesEntry,
    /// Percentiles over the Pods that have a node.
    pub queued: PercentilesEntry,
    /// Number of Pods that ran at the same time.
    pub concurrency: ConcurrencyEntry,
    /// Slot time by use.
    pub slots: Option<SlotTimeEntry<i64>>,
    /// The 5th and the 95th percentile of each part of `slots`.
    pub slot_ranges: Option<SlotTimeEntry<[i64; 2]>>,
    /// The time from the first member's work to the last one's, summed over all attempts of a gang, and until now while a
    /// member is missing; `null` if no gang is in the workload.
    pub gang_wait_millis: Option<i64>,
    /// The time without Pods because the workload was suspended, waited in a queue, or its Pods were refused. It is no
    /// part of `slots`.
    pub held_millis: i64,
    /// The parts of `heldMillis` by reason.
    pub held: Vec<HeldEntry>,
    /// The part of the work that was lost, by cause.
    pub lost_work: LostWorkEntry,
    /// The requested resources that were reserved before the work of the Pods began.
    pub reserved: Vec<ReservedEntry>,
    /// Whether finished Pods or earlier values of `parallelism` were never observed. Slot time then covers only the observed
    /// part.
    pub partial: bool,
}

impl From<&Summary> for SummaryEntry {
    fn from(summary: &Summary) -> Self {
        let slots = Some(&summary.slots).filter(|_| !summary.slots_unknown);
        Self {
            pods: summary.pods,
            wall_millis: Some(summary.wall_millis),
            slot_millis: slots.map(|slots| slots.total),
            run_millis: summary.run_millis,
            cold_start_millis: summary.cold_start_millis,
            queued_millis: summary.queued_millis,
            back_off_millis: slots.map(|slots| slots.phases[PhaseKind::BackOff]),
            idle_millis: slots.map(|slots| slots.idle),
            cold_start: (&summary.cold_start_percentiles).into(),
            run: (&summary.run_percentiles).into(),
            queued: (&summary.queued_percentiles).into(),
            concurrency: ConcurrencyEntry {
                max: summary.concurrency_max,
                mean: (summary.concurrency_mean * 1000.0).round() / 1000.0,
            },
            slots: slots.map(|slots| SlotTimeEntry::new(&slots.phases, slots.idle)),
            slot_ranges: slots.map(|slots| {
                let uncertainty = &summary.slot_uncertainty;
                SlotTimeEntry::new(&uncertainty.phase_ranges(slots), uncertainty.idle_range(slots))
            }),
            gang_wait_millis: summary.gang_wait_millis,
            held_millis: summary.held.total(),
            held: held_entries(&summary.held),
            lost_work: (&summary.lost_work).into(),
            reserved: Vec::new(),
            partial: summary.partial,
        }
    }
}

/// Nearest-rank percentiles over the Pods that have the value; `null` if no Pod has it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the document")]
pub struct PercentilesEntry {
    /// 50th percentile.
    pub p50_millis: Option<i64>,
    /// 95th percentile.
    pub p95_millis: Option<i64>,
    /// Maximum.
    pub max_millis: Option<i64>,
}

impl From<&Percentiles> for PercentilesEntry {
    fn from(percentiles: &Percentiles) -> Self {
        Self {
            p50_millis: percentiles.p50.map(|value| value.estimate_millis),
            p95_millis: percentiles.p95.map(|value| value.estimate_millis),
            max_millis: percentiles.max.map(|value| value.estimate_millis),
        }
    }
}

/// How many Pods ran at the same time.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ConcurrencyEntry {
    /// The highest number.
    pub max: u32,
    /// The mean over the wall time, rounded to three decimals.
    pub mean: f64,
}

/// A value for each use of slot time.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the document")]
pub struct SlotTimeEntry<T> {
    /// Phase Running.
    pub work_millis: T,
    /// Phase Setup.
    pub setup_millis: T,
    /// Phase Pulling.
    pub pulling_millis: T,
    /// Phase `PullFailing`.
    pub pull_failing_millis: T,
    /// Phase Initializing.
    pub initializing_millis: T,
    /// Phase Starting.
    pub starting_millis: T,
    /// Phase Startup.
    pub startup_millis: T,
    /// Phase Unready.
    pub unready_millis: T,
    /// Phase Queued.
    pub queued_millis: T,
    /// Phase Terminating.
    pub terminating_millis: T,
    /// Phase `BackOff`, and slots without a Pod while the controller waits after a failure.
    pub back_off_millis: T,
    /// Slots of Pods whose phase is unknown.
    pub unknown_millis: T,
    /// Slots without a Pod for another reason.
    pub idle_millis: T,
}

impl<T: Copy> SlotTimeEntry<T> {
    pub(crate) fn new(phases: &ByPhase<T>, idle: T) -> Self {
        let mut entry = Self {
            work_millis: idle,
            setup_millis: idle,
            pulling_millis: idle,
            pull_failing_millis: idle,
            initializing_millis: idle,
            starting_millis: idle,
            startup_millis: idle,
            unready_millis: idle,
            queued_millis: idle,
            terminating_millis: idle,
            back_off_millis: idle,
            unknown_millis: idle,
            idle_millis: idle,
        };
        for (kind, &value) in phases {
            *match kind {
                PhaseKind::Queued => &mut entry.queued_millis,
                PhaseKind::Setup => &mut entry.setup_millis,
                PhaseKind::Pulling => &mut entry.pulling_millis,
                PhaseKind::PullFailing => &mut entry.pull_failing_millis,
                PhaseKind::Initializing => &mut entry.initializing_millis,
                PhaseKind::Starting => &mut entry.starting_millis,
                PhaseKind::Startup => &mut entry.startup_millis,
                PhaseKind::Unready => &mut entry.unready_millis,
                PhaseKind::Running => &mut entry.work_millis,
                PhaseKind::BackOff => &mut entry.back_off_millis,
                PhaseKind::Terminating => &mut entry.terminating_millis,
                PhaseKind::Unknown => &mut entry.unknown_millis,
            } = value;
        }
        entry
    }
}

/// Lost work by cause: a part of `workMillis`. If the workload has no slots, a part of `runMillis`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LostWorkEntry {
    /// The sum of the parts below.
    pub millis: i64,
    /// Work of Pods that failed, and failed runs inside other Pods.
    pub failed_millis: i64,
    /// Work of Pods that were preempted.
    pub preempted_millis: i64,
    /// Work of Pods that were evicted.
    pub evicted_millis: i64,
    /// Work of Pods that were lost with their node.
    pub node_lost_millis: i64,
    /// Work of Pods that were deleted for another reason.
    pub deleted_millis: i64,
}

impl From<&LostWork> for LostWorkEntry {
    fn from(lost: &LostWork) -> Self {
        let LostWork { millis, .. } = lost;
        Self {
            millis: lost.total(),
            failed_millis: millis[LossCause::Failed],
            preempted_millis: millis[LossCause::Preempted],
            evicted_millis: millis[LossCause::Evicted],
            node_lost_millis: millis[LossCause::NodeLost],
            deleted_millis: millis[LossCause::Deleted],
        }
    }
}
