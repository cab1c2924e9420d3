//! `diff -o json`: the comparison of two runs, or of two groups of runs.

use serde::Serialize;

use crate::export::comparison::run::WorkloadRunEntry;
use crate::export::document::API_VERSION;
use crate::export::reports::summary::SlotTimeEntry;
use crate::timeline::comparison::{ChangedCondition, Diff, DiffRow, RowMark, WorkloadRun};

/// Kind of the document.
const KIND: &str = "Diff";

/// The document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiffDocument<'a> {
    /// `kubectl-seq/v1`.
    #[cfg_attr(test, schemars(extend("const" = API_VERSION)))]
    pub(crate) api_version: &'static str,
    /// `Diff`.
    #[cfg_attr(test, schemars(extend("const" = KIND)))]
    pub(crate) kind: &'static str,
    /// `same`, `different` or `cannotJudge`.
    pub(crate) result: &'static str,
    /// The difference in one sentence.
    pub(crate) text: &'a str,
    /// The reason for the result; `null` if it needs none.
    pub(crate) why: Option<&'a str>,
    /// The runs of side A.
    pub(crate) a: Vec<WorkloadRunEntry<'a>>,
    /// The runs of side B.
    pub(crate) b: Vec<WorkloadRunEntry<'a>>,
    /// The slot time of B minus that of A. With several runs a side, the means of the sides are subtracted.
    pub(crate) slot_deltas: SlotDeltasEntry,
    /// The tests, one for each phase. With several runs a side, also one for the wall time.
    pub(crate) rows: Vec<DiffRowEntry>,
    /// The conditions that differ.
    pub(crate) changed: Vec<ChangedEntry<'a>>,
}

impl<'a> DiffDocument<'a> {
    pub(crate) fn new(diff: &'a Diff) -> Self {
        let entries =
            |runs: &'a [WorkloadRun]| runs.iter().map(|run| WorkloadRunEntry::new(run, false)).collect();
        Self {
            api_version: API_VERSION,
            kind: KIND,
            result: diff.result.name(),
            text: &diff.text,
            why: diff.why.as_deref(),
            a: entries(&diff.a),
            b: entries(&diff.b),
            slot_deltas: SlotDeltasEntry {
                slot_millis: diff.slot_deltas.total,
                parts: SlotTimeEntry::new(&diff.slot_deltas.phases, diff.slot_deltas.idle),
            },
            rows: diff.rows.iter().map(DiffRowEntry::from).collect(),
            changed: diff.changed.iter().map(ChangedEntry::from).collect(),
        }
    }
}

/// The differences of slot time. The parts sum exactly to `slotMillis`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlotDeltasEntry {
    /// The difference of the whole slot time.
    pub(crate) slot_millis: i64,
    /// The difference of each part.
    #[serde(flatten)]
    pub(crate) parts: SlotTimeEntry<i64>,
}

/// An element of `rows`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiffRowEntry {
    /// The name of a phase, `ColdStart` if a side's cold starts cannot be split into phases, or `Wall`.
    pub(crate) phase: &'static str,
    /// Number of Pods of A, or of runs.
    pub(crate) a_count: usize,
    /// Number of Pods of B, or of runs.
    pub(crate) b_count: usize,
    /// The median time of the Pods of A. With several runs a side, the mean of the runs' values.
    pub(crate) a_median_millis: Option<i64>,
    /// The same for B.
    pub(crate) b_median_millis: Option<i64>,
    /// The value of B minus that of A.
    pub(crate) delta_millis: Option<i64>,
    /// The 95 % range of the difference.
    pub(crate) range_millis: Option<[i64; 2]>,
    /// The p-value of the test; `null` if a side has no values.
    pub(crate) p: Option<f64>,
    /// `~` if the difference may be chance or is too small, `?` if there are too few values, otherwise `null`.
    pub(crate) mark: Option<&'static str>,
}

impl From<&DiffRow> for DiffRowEntry {
    fn from(row: &DiffRow) -> Self {
        Self {
            phase: row.subject.name(),
            a_count: row.a_count,
            b_count: row.b_count,
            a_median_millis: row.a_median,
            b_median_millis: row.b_median,
            delta_millis: row.delta,
            range_millis: row.range,
            p: row.p,
            mark: row.mark.map(|mark| match mark {
                RowMark::NoDifference => "~",
                RowMark::TooFew => "?",
            }),
        }
    }
}

/// An element of `changed`. A value is `null` if it is unknown.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ChangedEntry<'a> {
    /// The condition, for example `image` or `parallelism`.
    pub(crate) what: &'static str,
    /// The value of A.
    pub(crate) a: Option<&'a str>,
    /// The value of B.
    pub(crate) b: Option<&'a str>,
}

impl<'a> From<&'a ChangedCondition> for ChangedEntry<'a> {
    fn from(changed: &'a ChangedCondition) -> Self {
        Self { what: changed.what, a: changed.a.as_deref(), b: changed.b.as_deref() }
    }
}
