//! The what-if of a workload in the timeline document.

use serde::Serialize;

use crate::timeline::{PredictedTime, Prediction, RunChange, WhatIf};

/// `whatIf` of a workload.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WhatIfEntry {
    /// How well the model reproduces the run; `null` if the run cannot be modelled.
    pub backtest: Option<BacktestEntry>,
    /// The other runs of the same workload that widen the ranges; `null` if there are none.
    pub other_runs: Option<OtherRunsEntry>,
    /// Why nothing is predicted: `suspended`, `partial`, `autoscaling`, `quota`, `otherLoad` or `inexact`.
    pub refused: Option<&'static str>,
    /// The facts behind `refused`.
    pub message: Option<String>,
    /// The predictions; empty if the what-if is refused.
    pub predictions: Vec<PredictionEntry>,
}

/// The comparison of the model with the run.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BacktestEntry {
    /// The modelled wall time.
    pub model_millis: i64,
    /// The observed wall time.
    pub observed_millis: i64,
    /// The difference as a fraction of the observed wall time.
    pub error: f64,
}

/// The other runs of the same workload.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OtherRunsEntry {
    /// The number of other runs.
    pub count: usize,
    /// The shortest and the longest wall time of all runs.
    pub wall_range_millis: [i64; 2],
    /// The largest difference from another run, as a fraction of the observed wall time. Each range is wider by this part of
    /// the prediction.
    pub spread: f64,
}

/// A prediction.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PredictionEntry {
    /// The differences from the run.
    pub change: ChangeEntry,
    /// The predicted wall time.
    pub wall_millis: i64,
    /// From the 5th to the 95th percentile of the plays, widened by the error of the model and by the spread of the runs. If `atLeast` is true, the first
    /// value is the lower bound, and the second one is `null`.
    pub wall_range_millis: [Option<i64>; 2],
    /// Whether heavy tails allow no upper bound.
    pub at_least: bool,
    /// The sum of the Pods' times from scheduled to end.
    pub pod_millis: i64,
    /// The 5th and the 95th percentile of `podMillis`.
    pub pod_range_millis: [i64; 2],
    /// The share of the slot time that is work which counts.
    pub utilization: f64,
    /// Whether this is the best number of pieces per Pod.
    pub best: bool,
}

/// The keys of a change. Keys that do not differ from the run are left out.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChangeEntry {
    /// Pieces of work per Pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merge: Option<u32>,
    /// Pods at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallelism: Option<u32>,
    /// Number of nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
    /// The images are on the nodes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub prepulled: bool,
    /// No Pod fails.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_failures: bool,
    /// No Pod works longer than twice the median.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_stragglers: bool,
}

impl From<WhatIf> for WhatIfEntry {
    fn from(answer: WhatIf) -> Self {
        Self {
            backtest: answer.backtest.map(|backtest| BacktestEntry {
                model_millis: backtest.model_millis,
                observed_millis: backtest.observed_millis,
                error: round(backtest.error()),
            }),
            other_runs: Some(answer.other_runs).filter(|runs| runs.count > 0).map(|runs| OtherRunsEntry {
                count: runs.count,
                wall_range_millis: runs.wall_range,
                spread: round(runs.spread),
            }),
            refused: answer.refused.as_ref().map(|refused| refused.kind.name()),
            message: answer.refused.map(|refused| refused.message),
            predictions: answer.predictions.iter().map(PredictionEntry::from).collect(),
        }
    }
}

impl From<&Prediction> for PredictionEntry {
    fn from(prediction: &Prediction) -> Self {
        let RunChange { merge, parallelism, nodes, prepulled, no_failures, no_stragglers } =
            prediction.change;
        let PredictedTime { millis, low, high } = prediction.wall;
        Self {
            change: ChangeEntry { merge, parallelism, nodes, prepulled, no_failures, no_stragglers },
            wall_millis: millis,
            wall_range_millis: [Some(low), Some(high).filter(|_| !prediction.is_at_least)],
            at_least: prediction.is_at_least,
            pod_millis: prediction.pod_time.millis,
            pod_range_millis: [prediction.pod_time.low, prediction.pod_time.high],
            utilization: round(prediction.utilization),
            best: prediction.is_best,
        }
    }
}

/// Rounds a fraction to four decimals.
fn round(fraction: f64) -> f64 {
    (fraction * 10_000.0).round() / 10_000.0
}
