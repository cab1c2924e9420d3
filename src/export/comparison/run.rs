//! A run in the documents of `diff` and `history`.

use jiff::Timestamp;
use serde::Serialize;
use serde_with::serde_as;

use crate::export::reports::summary::{LostWorkEntry, SlotTimeEntry};
use crate::export::units::Rfc3339Millis;
use crate::timeline::comparison::WorkloadRun;

/// An element of `runs`, `a` or `b`.
#[serde_as]
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkloadRunEntry<'a> {
    /// The path of the recording, or `cluster`.
    pub(crate) source: &'a str,
    /// Name of the workload.
    pub(crate) name: &'a str,
    /// Uid of the workload.
    pub(crate) uid: &'a str,
    /// When the workload was created.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub(crate) created_at: Option<Timestamp>,
    /// When the controller began to process the workload.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub(crate) started_at: Option<Timestamp>,
    /// `Pending`, `Suspended`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub(crate) outcome: &'static str,
    /// Time from the creation to the end; `null` if the creation is unknown.
    pub(crate) wall_millis: Option<i64>,
    /// Number of observed Pods.
    pub(crate) pods: usize,
    /// Number of Pods that failed.
    pub(crate) failed: usize,
    /// The integral over time of min(parallelism, completions left). This field and `slots` are `null` if the number of Pods that may
    /// run at once is unknown.
    pub(crate) slot_millis: Option<i64>,
    /// Slot time by use.
    pub(crate) slots: Option<SlotTimeEntry<i64>>,
    /// The part of the work that was lost, by cause.
    pub(crate) lost_work: LostWorkEntry,
    /// Percentiles of the Pods' cold starts.
    pub(crate) cold_start: ColdStartEntry,
    /// Where the slot time went, in one line.
    pub(crate) verdict: &'a str,
    /// Whether the Pods of the run differ from those of all other runs, and the run is furthest from the median wall time.
    pub(crate) stands_out: bool,
    /// Whether only a part of the run is known.
    pub(crate) partial: bool,
}

/// Nearest-rank percentiles over the Pods whose work has begun; `null` if there are none.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ColdStartEntry {
    /// 50th percentile.
    pub(crate) p50_millis: Option<i64>,
    /// 95th percentile.
    pub(crate) p95_millis: Option<i64>,
}

impl<'a> WorkloadRunEntry<'a> {
    pub(crate) fn new(run: &'a WorkloadRun, stands_out: bool) -> Self {
        let summary = &run.summary;
        let slots = Some(&summary.slots).filter(|_| !summary.slots_unknown);
        let percentiles = &summary.cold_start_percentiles;
        Self {
            source: run.source.name(),
            name: &run.name,
            uid: &run.uid,
            created_at: run.created,
            started_at: run.started,
            outcome: run.state.name(),
            wall_millis: run.created.map(|_| run.wall_millis()),
            pods: summary.pods,
            failed: run.failed,
            slot_millis: slots.map(|slots| slots.total),
            slots: slots.map(|slots| SlotTimeEntry::new(&slots.phases, slots.idle)),
            lost_work: (&summary.lost_work).into(),
            cold_start: ColdStartEntry {
                p50_millis: percentiles.p50.map(|value| value.estimate_millis),
                p95_millis: percentiles.p95.map(|value| value.estimate_millis),
            },
            verdict: &run.verdict,
            stands_out,
            partial: run.is_partial(),
        }
    }
}
