//! Predicts runs with changes, if the model reproduces the run from which it was made.

use jiff::Timestamp;

use crate::timeline::nearest_rank::nearest_rank;
use crate::timeline::reports::summary::wall_uncertainty;
use crate::timeline::timeline::Timeline;
use crate::timeline::what_if::bootstrap::{AsItWas, DrawRules, WeightedPools};
use crate::timeline::what_if::candidates::{single_changes, straggler_limit};
use crate::timeline::what_if::change::RunChange;
use crate::timeline::what_if::other_runs::OtherRuns;
use crate::timeline::what_if::play::{PlayPlan, Played, play};
use crate::timeline::what_if::refusal::{PredictionRefusal, RefusalKind};
use crate::timeline::what_if::run_model::RunModel;
use crate::timeline::what_if::sibling_runs::read_with_other_runs;
use crate::timeline::workloads::workload::Workload;

/// The model must reproduce the run with at most this error, as a fraction of the observed wall time.
const MAX_ERROR: f64 = 0.1;

/// The assumed difference between two runs of the same Job, as a fraction, until other runs show a larger difference.
const MIN_SPREAD_OF_RUNS: f64 = 0.02;

/// The maximum number of plays of a prediction.
const MAX_PLAYS: usize = 160;

/// The minimum number of plays of a prediction.
const MIN_PLAYS: usize = 24;

/// A prediction plays at most about this many Pods, unless [`MIN_PLAYS`] plays need more. It bounds the cost.
const MAX_PLAYED_PODS: usize = 200_000;

/// The maximum number of predictions if the user names no change, with that for the best pair.
const MAX_PREDICTIONS: usize = 12;

/// The changes that the user asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhatIfRequest {
    /// Each change alone, and the best pair.
    EachChange,
    /// This change.
    Change(RunChange),
}

/// The answer of the what-if for one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    /// How well the model reproduces the run. `None` if the run cannot be modelled.
    pub backtest: Option<Backtest>,
    /// How much other runs of the same workload differ.
    pub other_runs: OtherRuns,
    /// Why nothing is predicted.
    pub refused: Option<PredictionRefusal>,
    /// The run as it was. `None` if the run cannot be modelled.
    pub observed: Option<ObservedRun>,
    /// The predictions. Empty if the what-if is refused.
    pub predictions: Vec<Prediction>,
    /// The Pods that worked far longer than the others, so that no upper bound can be predicted. Empty if the work
    /// has no heavy tail.
    pub long_pods: Vec<String>,
}

/// How well the model reproduces the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backtest {
    /// The modelled wall time, in milliseconds.
    pub model_millis: i64,
    /// The observed wall time, in milliseconds.
    pub observed_millis: i64,
}

impl Backtest {
    /// The difference as a fraction of the observed wall time. Never negative.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
    pub fn error(&self) -> f64 {
        (self.model_millis - self.observed_millis).abs() as f64 / self.observed_millis.max(1) as f64
    }
}

/// The numbers of the run as it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ObservedRun {
    /// Wall time in milliseconds.
    pub wall_millis: i64,
    /// The sum of the Pods' times from the scheduling to the end, in milliseconds.
    pub pod_millis: i64,
    /// The share of slot time that was work whose result counted, in the repetition by the model.
    pub utilization: f64,
}

/// A predicted time in milliseconds, with its range from the 5th to the 95th percentile of the plays. The range of a
/// wall time also contains the error of the model and the differences between runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PredictedTime {
    /// The median.
    pub millis: i64,
    /// The lower end of the range.
    pub low: i64,
    /// The upper end of the range.
    pub high: i64,
}

/// The prediction for one change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The change.
    pub change: RunChange,
    /// The wall time. If `is_at_least` is set, the run takes at least `low`, and there is no upper bound.
    pub wall: PredictedTime,
    /// Whether heavy tails allow no upper bound.
    pub is_at_least: bool,
    /// The sum of the Pods' times from the scheduling to the end.
    pub pod_time: PredictedTime,
    /// The share of slot time that is work whose result counts.
    pub utilization: f64,
    /// Whether this is the best number of pieces per Pod.
    pub is_best: bool,
}

impl Timeline {
    /// Predicts how a finished Job would have run with changes, on a cluster as it was in this run.
    pub fn what_if(&self, workload: &Workload, request: WhatIfRequest, now: Timestamp) -> WhatIf {
        match read_with_other_runs(self, workload, now) {
            Ok(model) => model.answer(request),
            Err(refusal) => WhatIf {
                backtest: None,
                other_runs: OtherRuns::default(),
                refused: Some(refusal),
                observed: None,
                predictions: Vec::new(),
                long_pods: Vec::new(),
            },
        }
    }

    /// The single change that shortens the run most, if the gain is larger than the range of the predicted wall time
    /// and larger than a tenth of the observed wall time. `None` for a workload with more than `max_pods` Pods,
    /// because the prediction would take too long.
    pub fn most_helpful_change(
        &self,
        workload: &Workload,
        max_pods: usize,
        now: Timestamp,
    ) -> Option<(Prediction, ObservedRun)> {
        if workload.pods.len() > max_pods {
            return None;
        }
        let model = read_with_other_runs(self, workload, now).ok()?;
        let change = model.find_most_helpful_change()?;
        let WhatIf { predictions, observed, .. } = model.answer(WhatIfRequest::Change(change));
        let (prediction, observed) = (predictions.first()?, observed?);
        let gain = observed.wall_millis.saturating_sub(prediction.wall.millis);
        let range = prediction.wall.high.saturating_sub(prediction.wall.low);
        let helps = !prediction.is_at_least && gain > range && gain.saturating_mul(10) > observed.wall_millis;
        helps.then_some((*prediction, observed))
    }
}

impl RunModel {
    /// Predicts the requested changes, if the model reproduces the run.
    pub(crate) fn answer(&self, request: WhatIfRequest) -> WhatIf {
        let as_it_was = self.play_as_it_was();
        let backtest = self.backtest();
        let observed = ObservedRun {
            wall_millis: self.wall,
            pod_millis: self.pods.iter().map(|pod| (pod.end - pod.scheduled).max(0)).sum(),
            utilization: utilization(&as_it_was),
        };
        let long_pods = self.long_pods();
        let answer = |refused, predictions| WhatIf {
            backtest: Some(backtest),
            other_runs: self.other_runs,
            refused,
            observed: Some(observed),
            predictions,
            long_pods: long_pods.clone(),
        };
        if backtest.error() > MAX_ERROR {
            let message = format!(
                "the model differs from this run by {:.0} %, so its predictions would be wrong too",
                backtest.error() * 100.0
            );
            return answer(Some(PredictionRefusal::new(RefusalKind::OtherLoad, message)), Vec::new());
        }
        let predictions = match request {
            WhatIfRequest::Change(change) => self.predict(&[change]),
            WhatIfRequest::EachChange => self.predict_each_change(),
        };
        let width = wall_range();
        if predictions.iter().any(|prediction| width.saturating_mul(4) > prediction.wall.millis) {
            let message =
                "the predicted run is too short: the times of the run are known only to about a second";
            let shown: Vec<Prediction> =
                predictions.into_iter().filter(|prediction| width * 4 <= prediction.wall.millis).collect();
            let is_everything_inexact = shown.is_empty();
            let refused = is_everything_inexact
                .then(|| PredictionRefusal::new(RefusalKind::Inexact, message.to_owned()));
            return answer(refused, shown);
        }
        answer(None, predictions)
    }

    /// Plays the run with its own times.
    pub(crate) fn play_as_it_was(&self) -> Played {
        play(&self.plan(RunChange::default()), &mut AsItWas::new(self))
    }

    /// The conditions of the run with this change.
    fn plan(&self, change: RunChange) -> PlayPlan {
        let to_usize = |count: u32| usize::try_from(count).unwrap_or(usize::MAX).max(1);
        let nodes = change.nodes.map_or(self.nodes, to_usize).max(1);
        let room = self.room.map(|room| (room * nodes).div_ceil(self.nodes.max(1)));
        PlayPlan {
            pieces: self.completions,
            merge: change.merge.map_or(1, to_usize),
            parallelism: change.parallelism.map_or(self.parallelism, to_usize),
            room,
            nodes,
            is_retry_per_index: self.is_retry_per_index,
            has_pull_queue: self.has_pull_queue,
        }
    }

    fn rules(&self, change: RunChange) -> DrawRules {
        DrawRules {
            is_prepulled: change.prepulled && !self.is_pulled_lazily,
            has_no_failures: change.no_failures,
            max_work: straggler_limit(self).filter(|_| change.no_stragglers),
        }
    }

    /// Plays each change `count` times. The changes share the random weights of each play, so that their results differ
    /// only by the changes.
    pub(crate) fn plays(&self, changes: &[RunChange], count: usize) -> Vec<Vec<Played>> {
        let mut results: Vec<Vec<Played>> = vec![Vec::with_capacity(count); changes.len()];
        for index in 0..count {
            let pools = WeightedPools::new(self, 0x5eed + index as u64);
            for (change, played) in changes.iter().zip(&mut results) {
                let mut plan = self.plan(*change);
                // With fewer nodes, each node would have to run more Pods. If no Pod waited for room, it is unknown
                // whether a node has room for more Pods than it ran. Half of the plays assume that it has.
                if plan.room.is_none() && plan.nodes < self.nodes && index % 2 == 1 {
                    plan.room = Some(self.most_on_a_node * plan.nodes);
                }
                played.push(play(&plan, &mut pools.draws(self.rules(*change))));
            }
        }
        results
    }

    /// The number of plays of a prediction. It is smaller for a Job with many Pods, whose results vary less.
    pub(crate) fn play_count(&self, max_plays: usize, min_plays: usize) -> usize {
        (MAX_PLAYED_PODS / self.completions.max(1)).clamp(min_plays, max_plays)
    }

    fn predict(&self, changes: &[RunChange]) -> Vec<Prediction> {
        let plays = self.plays(changes, self.play_count(MAX_PLAYS, MIN_PLAYS));
        let has_long_pods = !self.long_pods().is_empty();
        // The range also contains the error of the model, the differences between runs, and the uncertainty of the
        // start and the end of the run, which are known to a second.
        let error = self.backtest().error().max(MIN_SPREAD_OF_RUNS).max(self.other_runs.spread);
        let describe = |(change, plays): (&RunChange, Vec<Played>)| {
            let mut walls: Vec<i64> = plays.iter().map(|played| played.wall).collect();
            let mut pod_times: Vec<i64> = plays.iter().map(|played| played.pod_time).collect();
            let mut wall = percentiles(&mut walls);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "a part of a range"
            )]
            let margin = (wall.millis as f64 * error) as i64 + wall_range() / 2;
            wall.low = wall.low.saturating_sub(margin).max(0);
            wall.high = wall.high.saturating_add(margin);
            let is_at_least = has_long_pods && !change.no_stragglers;
            if is_at_least {
                wall.low = self.lower_bound(*change).min(wall.millis);
            }
            let count = f64::from(u32::try_from(plays.len()).unwrap_or(u32::MAX));
            Prediction {
                change: *change,
                wall,
                is_at_least,
                pod_time: percentiles(&mut pod_times),
                utilization: plays.iter().map(utilization).sum::<f64>() / count,
                is_best: false,
            }
        };
        changes.iter().zip(plays).map(describe).collect()
    }

    /// The larger of two times in milliseconds: the work of the longest Pod, and all work divided by the parallelism.
    fn lower_bound(&self, change: RunChange) -> i64 {
        let plan = self.plan(change);
        let good = || self.pods.iter().filter(|pod| !pod.has_failed).map(|pod| pod.parts.work);
        let slots = i64::try_from(plan.parallelism).unwrap_or(i64::MAX).max(1);
        good().max().unwrap_or(0).max(good().sum::<i64>() / slots)
    }

    fn predict_each_change(&self) -> Vec<Prediction> {
        let (merges, best) = self.choose_merges();
        let merges = merges.into_iter().map(|merge| RunChange { merge: Some(merge), ..RunChange::default() });
        let mut changes: Vec<RunChange> = merges.chain(single_changes(self)).collect();
        changes.truncate(MAX_PREDICTIONS - 1);
        let mut predictions = self.predict(&changes);
        for prediction in &mut predictions {
            // If no number shortens the run, one piece per Pod, as in the run, is the best number.
            prediction.is_best =
                best.is_some() && prediction.change.merge == best && prediction.wall.millis < self.wall;
        }
        let alone: Vec<(RunChange, i64)> =
            predictions.iter().map(|prediction| (prediction.change, prediction.wall.millis)).collect();
        if let Some(pair) = self.find_best_pair(&alone) {
            predictions.extend(self.predict(&[pair]));
        }
        predictions
    }

    /// The median wall time with this number of pieces per Pod, in milliseconds.
    #[cfg(test)]
    pub(crate) fn median_wall(&self, merge: u32) -> i64 {
        let change = RunChange { merge: Some(merge), ..RunChange::default() };
        let plays = self.plays(&[change], MAX_PLAYS).remove(0);
        percentiles(&mut plays.iter().map(|played| played.wall).collect::<Vec<_>>()).millis
    }

    /// Compares the model with the run.
    pub(crate) fn backtest(&self) -> Backtest {
        Backtest { model_millis: self.play_as_it_was().wall, observed_millis: self.wall }
    }

    /// The names of the Pods that make the tail heavy: those that worked for more than three times the median, or
    /// else the longest twentieth of the Pods, if these did more than a quarter of the work.
    pub(crate) fn long_pods(&self) -> Vec<String> {
        let Some(median) = self.median_work() else { return Vec::new() };
        let mut good: Vec<_> = self.pods.iter().filter(|pod| !pod.has_failed).collect();
        good.sort_by_key(|pod| std::cmp::Reverse(pod.parts.work));
        let total: i64 = good.iter().map(|pod| pod.parts.work).sum();
        let top = good.len() / 20;
        let top_work: i64 = good.iter().take(top).map(|pod| pod.parts.work).sum();
        let is_longest_too_long = good.first().is_some_and(|pod| pod.parts.work > median.saturating_mul(3));
        if is_longest_too_long {
            let long = good.iter().take_while(|pod| pod.parts.work > median.saturating_mul(3));
            return long.map(|pod| pod.name.to_string()).collect();
        }
        if top > 0 && top_work.saturating_mul(4) > total {
            return good.iter().take(top).map(|pod| pod.name.to_string()).collect();
        }
        Vec::new()
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
fn utilization(played: &Played) -> f64 {
    (played.work as f64 / played.slot_time.max(1) as f64).min(1.0)
}

/// The width of the range of an observed wall time, in milliseconds. The start and the end are truncated to the second.
fn wall_range() -> i64 {
    let [low, high] = wall_uncertainty().range_around(0);
    high - low
}

/// The median, the 5th and the 95th percentile. Reorders the values.
fn percentiles(values: &mut [i64]) -> PredictedTime {
    let mut at = |percent| nearest_rank(values, percent).unwrap_or(0);
    PredictedTime { millis: at(50), low: at(5), high: at(95) }
}
