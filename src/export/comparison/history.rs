//! `history -o json`: the runs of each work.

use serde::Serialize;

use crate::export::comparison::run::WorkloadRunEntry;
use crate::export::document::API_VERSION;
use crate::timeline::comparison::{Trend, WorkHistory};

/// Kind of the document.
const KIND: &str = "History";

/// The document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryDocument<'a> {
    /// `kubectl-seq/v1`.
    #[cfg_attr(test, schemars(extend("const" = API_VERSION)))]
    pub(crate) api_version: &'static str,
    /// `History`.
    #[cfg_attr(test, schemars(extend("const" = KIND)))]
    pub(crate) kind: &'static str,
    /// The works, by namespace, kind and name.
    pub(crate) works: Vec<WorkEntry<'a>>,
}

/// An element of `works`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkEntry<'a> {
    /// Namespace.
    pub(crate) namespace: &'a str,
    /// Kind of the object that creates the runs, for example `CronJob`, or of the runs.
    pub(crate) kind: &'a str,
    /// Name of this object, or the start of the runs' names if `generateName` is `true`.
    pub(crate) name: &'a str,
    /// Whether the server completed the names of the runs.
    pub(crate) generate_name: bool,
    /// The runs, the newest last.
    pub(crate) runs: Vec<WorkloadRunEntry<'a>>,
    /// The difference between the newer and the older half of the runs; `null` if there are fewer than six.
    pub(crate) trend: Option<TrendEntry<'a>>,
}

/// The trend of the wall times. Failed and partial runs are left out.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrendEntry<'a> {
    /// The mean wall time of the newer half minus that of the older half.
    pub(crate) delta_millis: i64,
    /// The 95 % range of the difference.
    pub(crate) range_millis: [i64; 2],
    /// The p-value of Welch's test.
    pub(crate) p: f64,
    /// The trend in one sentence.
    pub(crate) text: &'a str,
}

impl<'a> HistoryDocument<'a> {
    pub(crate) fn new(works: &'a [WorkHistory]) -> Self {
        Self { api_version: API_VERSION, kind: KIND, works: works.iter().map(WorkEntry::from).collect() }
    }
}

impl<'a> From<&'a WorkHistory> for WorkEntry<'a> {
    fn from(history: &'a WorkHistory) -> Self {
        let entry = |(index, run)| WorkloadRunEntry::new(run, history.stands_out == Some(index));
        Self {
            namespace: &history.work.namespace,
            kind: &history.work.kind,
            name: &history.work.name,
            generate_name: history.work.is_generated,
            runs: history.runs.iter().enumerate().map(entry).collect(),
            trend: history.trend.as_ref().map(TrendEntry::from),
        }
    }
}

impl<'a> From<&'a Trend> for TrendEntry<'a> {
    fn from(trend: &'a Trend) -> Self {
        Self { delta_millis: trend.delta_millis, range_millis: trend.range, p: trend.p, text: &trend.text }
    }
}
