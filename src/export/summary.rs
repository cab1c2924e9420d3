//! The numbers of a workload in the timeline document.

use jiff::SignedDuration;
use serde::Serialize;

use crate::lifecycle::PhaseKind;
use crate::timeline::{Percentiles, SlotTime, Summary};

/// `summary`: milliseconds, unless a field's name says otherwise.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryEntry {
    /// Pods that were seen.
    pub pods: usize,
    /// From creation to the end, or until now.
    pub wall_millis: i64,
    /// The integral over time of min(parallelism, completions left); it and all that is a part of it is `null` where no field
    /// tells how many Pods may run at once.
    pub slot_millis: Option<i64>,
    /// Sum over Pods.
    pub run_millis: i64,
    /// Sum over Pods.
    pub cold_start_millis: i64,
    /// Sum over Pods.
    pub queued_millis: i64,
    /// Slot time in back-off.
    pub back_off_millis: Option<i64>,
    /// Slot time without a Pod.
    pub idle_millis: Option<i64>,
    /// Over the Pods whose work has begun.
    pub cold_start: PercentilesEntry,
    /// Over the Pods whose work has ended.
    pub run: PercentilesEntry,
    /// Over the Pods that have a node.
    pub queued: PercentilesEntry,
    /// Pods that ran at once.
    pub concurrency: ConcurrencyEntry,
    /// Slot time by what it went into.
    pub slots: Option<SlotsEntry>,
    /// Part of the run was not seen: slot time is that of the time that was.
    pub partial: bool,
}

impl From<&Summary> for SummaryEntry {
    fn from(summary: &Summary) -> Self {
        let slots = Some(&summary.slots).filter(|_| !summary.slots_unknown);
        Self {
            pods: summary.pods,
            wall_millis: summary.wall,
            slot_millis: slots.map(|slots| slots.total),
            run_millis: summary.run,
            cold_start_millis: summary.cold_start,
            queued_millis: summary.queued,
            back_off_millis: slots.map(|slots| slots.phases[PhaseKind::BackOff]),
            idle_millis: slots.map(|slots| slots.idle),
            cold_start: (&summary.cold_starts).into(),
            run: (&summary.runs).into(),
            queued: (&summary.queues).into(),
            concurrency: ConcurrencyEntry {
                max: summary.concurrency_max,
                mean: (summary.concurrency_mean * 1000.0).round() / 1000.0,
            },
            slots: slots.map(SlotsEntry::from),
            partial: summary.partial,
        }
    }
}

/// Nearest-rank percentiles over the Pods that have the value; `null` if none has.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the document")]
pub struct PercentilesEntry {
    /// Half of the Pods need at most this.
    pub p50_millis: Option<i64>,
    /// 19 of 20 Pods need at most this.
    pub p95_millis: Option<i64>,
    /// No Pod needs more.
    pub max_millis: Option<i64>,
}

impl From<&Percentiles> for PercentilesEntry {
    fn from(percentiles: &Percentiles) -> Self {
        Self {
            p50_millis: percentiles.p50.map(millis),
            p95_millis: percentiles.p95.map(millis),
            max_millis: percentiles.max.map(millis),
        }
    }
}

/// How many Pods ran at once.
#[derive(Clone, Debug, Serialize)]
pub struct ConcurrencyEntry {
    /// At most.
    pub max: u32,
    /// On average over the wall time, to three decimals.
    pub mean: f64,
}

/// Slot time by what it went into; the parts sum to `slotMillis`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the document")]
pub struct SlotsEntry {
    /// Phase Running.
    pub work_millis: i64,
    /// Phase Setup.
    pub setup_millis: i64,
    /// Phase Pulling.
    pub pulling_millis: i64,
    /// Phase Initializing.
    pub initializing_millis: i64,
    /// Phase Starting.
    pub starting_millis: i64,
    /// Phase Startup.
    pub startup_millis: i64,
    /// Phase Queued.
    pub queued_millis: i64,
    /// Phase Terminating.
    pub terminating_millis: i64,
    /// Phase `BackOff`, and slots whose controller waits out a failure.
    pub back_off_millis: i64,
    /// Slots without a Pod for no such reason.
    pub idle_millis: i64,
}

impl From<&SlotTime> for SlotsEntry {
    fn from(slots: &SlotTime) -> Self {
        let mut entry = Self {
            work_millis: 0,
            setup_millis: 0,
            pulling_millis: 0,
            initializing_millis: 0,
            starting_millis: 0,
            startup_millis: 0,
            queued_millis: 0,
            terminating_millis: 0,
            back_off_millis: 0,
            idle_millis: slots.idle,
        };
        for (kind, &millis) in &slots.phases {
            *match kind {
                PhaseKind::Queued => &mut entry.queued_millis,
                PhaseKind::Setup => &mut entry.setup_millis,
                PhaseKind::Pulling => &mut entry.pulling_millis,
                PhaseKind::Initializing => &mut entry.initializing_millis,
                PhaseKind::Starting => &mut entry.starting_millis,
                PhaseKind::Startup => &mut entry.startup_millis,
                PhaseKind::Running => &mut entry.work_millis,
                PhaseKind::BackOff => &mut entry.back_off_millis,
                PhaseKind::Terminating => &mut entry.terminating_millis,
            } = millis;
        }
        entry
    }
}

/// Whole milliseconds of a duration. Three hundred million years fit, so the saturation is never reached.
pub(crate) fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
