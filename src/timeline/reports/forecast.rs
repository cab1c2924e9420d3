//! Predicts when a Job is complete. The rest of the Job is simulated many times. Each simulation, called a play,
//! draws the times of future Pods at random from the times of the Pods so far.
//!
//! The result depends only on the input, because the random numbers have a fixed seed.
//!
//! The work times so far are biased, because short work ends first. Therefore a Pod that still works counts as work
//! that takes at least as long as the Pod has worked (the estimator of Kaplan and Meier). Each play gives the
//! observations new random weights (the Bayesian bootstrap), so that the range is wide while few Pods have ended.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::timeline::reports::back_offs::back_off;
use crate::timeline::reports::forecast_random::ForecastRandom;

/// The Pods of a Job so far, and the work that is left. All times are in milliseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct ForecastInput {
    /// The work time of each Pod that has succeeded.
    pub(crate) works: Vec<i64>,
    /// The time for which each Pod that works has worked so far.
    pub(crate) working: Vec<i64>,
    /// How long each Pod that has not begun to work has waited since its creation.
    pub(crate) starting: Vec<i64>,
    /// Times from the creation of a Pod to the start of its work. If Pods have replaced others, only the times of these
    /// Pods. Not empty.
    pub(crate) starts: Vec<i64>,
    /// Times from the end of a Pod to the creation of the next Pod, or a usual time if none is known. Not empty.
    pub(crate) gaps: Vec<i64>,
    pub(crate) failures: FailuresSoFar,
    /// The number of completions that have no Pod yet.
    pub(crate) waiting: usize,
    /// The number of Pods that can run at the same time; at least 1.
    pub(crate) slots: usize,
}

/// The Pods of a Job that failed, and how the controller retries them.
#[derive(Clone, Debug, Default)]
pub(crate) struct FailuresSoFar {
    /// The number of Pods that failed.
    pub(crate) count: usize,
    /// The number of Pods that may still fail before the Job fails.
    pub(crate) max_further: usize,
    /// The number of Pods that failed since a Pod succeeded.
    pub(crate) in_a_row: u32,
    /// The rest of the back-off, in milliseconds. A success ends the back-off.
    pub(crate) hold: i64,
    /// Whether a failure delays only the Pods of its index, and not all Pods of the Job.
    pub(crate) is_retry_per_index: bool,
    /// If a failure delays only its index: the rest of each index's back-off, in milliseconds.
    pub(crate) index_holds: Vec<i64>,
}

/// A time that is left, with its range from the 5th to the 95th percentile, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLeft {
    /// The best estimate.
    pub millis: i64,
    /// The 5th percentile.
    pub low: i64,
    /// The 95th percentile.
    pub high: i64,
}

/// Milliseconds by which the range is widened at both ends, because most times of the API are truncated to the second.
const RESOLUTION: i64 = 1_000;

/// The maximum number of plays.
const PLAYS: usize = 120;

/// The minimum number of plays, for a Job with many Pods left.
const MIN_PLAYS: usize = 48;

/// The number of random times that all plays together draw at most, unless [`MIN_PLAYS`] plays need more. It bounds the
/// cost of a forecast.
const MAX_DRAWS: usize = 14_000;

/// The maximum number of active Pods, and of waiting completions, in a play. The average time is used for the other
/// waiting completions.
const MAX_PLAYED: usize = 300;

/// If more observations are known, only this many are used.
const MAX_OBSERVATIONS: usize = 200;

/// The assumed share of the Jobs in which Pods fail. It is used while no Pod of the Job has failed.
const SHARE_OF_FAILING_JOBS: f64 = 0.3;

/// The number of successes that are added to the observed successes when the share of failures is drawn.
const FURTHER_SUCCESSES: f64 = 4.0;

/// In a play, the Pods of an index fail at most this many times in a row.
const MAX_RETRIES: u32 = 5;

/// Predicts the time until the Job is complete. `None` if no Pod has succeeded.
pub(crate) fn forecast(input: &ForecastInput) -> Option<TimeLeft> {
    if input.works.is_empty() {
        return None;
    }
    let succeeded = input.works.len();
    let input = reduce(input);
    let model = WorkModel::new(&input, succeeded);
    let draws =
        input.waiting.min(MAX_PLAYED) + input.working.len() + input.starting.len() + model.times.len();
    let plays = (MAX_DRAWS / draws.max(1)).clamp(MIN_PLAYS, PLAYS);
    let mut random = ForecastRandom(0x5eed);
    let mut ends: Vec<i64> = (0..plays).map(|_| play(&input, &model, &mut random)).collect();
    ends.sort_unstable();
    let percentile = |percent: usize| ends[(plays * percent / 100).min(plays - 1)];
    let (low, high) = (percentile(5) - RESOLUTION, percentile(95) + RESOLUTION);
    Some(TimeLeft { millis: percentile(50).max(0), low: low.max(0), high: high.max(0) })
}

/// Leaves out Pods of a very large Job in equal steps, so that the cost is bounded. The slots shrink in proportion.
fn reduce(input: &ForecastInput) -> ForecastInput {
    let mut reduced = input.clone();
    for values in [&mut reduced.works, &mut reduced.starts, &mut reduced.gaps] {
        values.sort_unstable();
        thin(values, MAX_OBSERVATIONS);
    }
    let active = input.working.len() + input.starting.len();
    if active > MAX_PLAYED {
        let keep = |count: usize| (count * MAX_PLAYED).div_ceil(active);
        reduced.working.sort_unstable();
        reduced.starting.sort_unstable();
        thin(&mut reduced.working, keep(input.working.len()));
        thin(&mut reduced.starting, keep(input.starting.len()));
        reduced.waiting = keep(input.waiting);
        reduced.slots = keep(input.slots).max(1);
    }
    reduced
}

/// Keeps at most `count` values, in equal steps.
fn thin(values: &mut Vec<i64>, count: usize) {
    let length = values.len();
    if length > count {
        *values = (0..count).map(|index| values[index * length / count]).collect();
    }
}

/// The work times so far. For each Pod, the model holds the time and whether the work has ended.
struct WorkModel {
    /// Sorted by time. Of equal times, ended work comes first.
    times: Vec<(f64, bool)>,
    /// For each Pod that works, the number of ended work times that are not longer than its work so far.
    shorter_works: Vec<usize>,
    /// The log-normal distribution that fits the times best. Work that is longer than all ended work is drawn from it.
    fit: LogNormal,
    /// The median of the ended work.
    median_of_ended: f64,
    /// The number of Pods whose work has ended.
    ended: f64,
    /// The share of the Pods whose times are in `times`.
    kept: f64,
}

impl WorkModel {
    /// `observed` is the number of Pods whose work has ended.
    fn new(input: &ForecastInput, observed: usize) -> Self {
        // The Pods that work are left out in the same proportion as the Pods whose work has ended.
        let kept = count(input.works.len()) / count(observed);
        let mut working = input.working.clone();
        working.sort_unstable();
        let keep = (working.len() * input.works.len()).div_ceil(observed);
        thin(&mut working, keep.min(MAX_OBSERVATIONS));
        let ended = input.works.iter().map(|&millis| (to_float(millis), true));
        let mut times: Vec<(f64, bool)> =
            ended.chain(working.iter().map(|&millis| (to_float(millis), false))).collect();
        times.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let mut ended = times.iter().filter(|(_, has_ended)| *has_ended);
        let median_of_ended = ended.nth(input.works.len() / 2).map_or(1.0, |(time, _)| *time);
        let count_shorter = |worked: &i64| input.works.partition_point(|work| work.max(&1) <= worked.max(&1));
        let shorter_works = input.working.iter().map(count_shorter).collect();
        let fit = LogNormal::fit(&times);
        Self { times, shorter_works, fit, median_of_ended, ended: count(observed), kept }
    }

    /// Gives the observations random weights and returns the resulting distribution.
    fn weigh(&self, random: &mut ForecastRandom) -> WorkDistribution {
        let weights: Vec<f64> = self.times.iter().map(|_| random.exponential()).collect();
        // Future work may take longer than the longest work so far.
        let tail = random.exponential() * self.kept;
        let mut at_risk = weights.iter().sum::<f64>() + tail;
        let mut survival = 1.0;
        let mut steps = Vec::with_capacity(self.times.len());
        for (&(time, has_ended), weight) in self.times.iter().zip(&weights) {
            if has_ended {
                survival *= 1.0 - weight / at_risk;
                steps.push((time, survival));
            }
            at_risk -= weight;
        }
        // The fewer observations there are, the less certain the fit is, so the distribution is varied more. The
        // median of the ended work is well known, so it changes less than the longer times.
        let LogNormal { mean, deviation } = self.fit;
        let anchor = self.median_of_ended.ln();
        let position = (anchor - mean) / deviation;
        let deviation = deviation * (random.normal() / (2.0 * self.ended).sqrt()).exp();
        let shift = deviation * random.normal() / self.ended.sqrt();
        let tail = LogNormal { mean: anchor - position * deviation + shift, deviation };
        WorkDistribution { steps, tail, bandwidth: 0.6 * self.fit.deviation * self.ended.powf(-0.33) }
    }
}

/// A log-normal distribution, by the mean and the standard deviation of the logarithms.
#[derive(Clone, Copy)]
struct LogNormal {
    mean: f64,
    deviation: f64,
}

impl LogNormal {
    /// Fits a log-normal distribution to times of which some have not ended (expectation maximization).
    fn fit(times: &[(f64, bool)]) -> Self {
        let count = count(times.len());
        let logs: Vec<(f64, bool)> = times.iter().map(|&(time, has_ended)| (time.ln(), has_ended)).collect();
        let mean = logs.iter().map(|(log, _)| log).sum::<f64>() / count;
        let mut fit = Self { mean, deviation: 0.5 };
        for _ in 0..40 {
            let Self { mean, deviation } = fit;
            // The expected logarithm and its expected square.
            let expected = |&(log, has_ended): &(f64, bool)| {
                if has_ended {
                    return (log, log * log);
                }
                let start = (log - mean) / deviation;
                let hazard = normal_hazard(start);
                let first = mean + deviation * hazard;
                let square = mean * mean
                    + 2.0 * mean * deviation * hazard
                    + deviation * deviation * (1.0 + start * hazard);
                (first, square)
            };
            let (mut logs_sum, mut squares_sum) = (0.0, 0.0);
            for (log, square) in logs.iter().map(expected) {
                logs_sum += log;
                squares_sum += square;
            }
            let mean = logs_sum / count;
            let variance = squares_sum / count - mean * mean;
            fit = Self { mean, deviation: variance.max(0.0).sqrt().clamp(0.01, 1.5) };
        }
        fit
    }

    /// Draws a time that is longer than `at_least`, but at most 20 times as long.
    fn draw_above(self, at_least: f64, random: &mut ForecastRandom) -> f64 {
        let start = (at_least.ln() - self.mean) / self.deviation;
        let drawn = random.normal_above(start);
        (self.mean + self.deviation * drawn).exp().min(at_least * 20.0)
    }
}

/// The hazard of the standard normal distribution: its density divided by the probability of a larger value.
fn normal_hazard(value: f64) -> f64 {
    // For large values, the tail is hardly larger than the error of the formula below.
    if value > 5.0 {
        return value + 1.0 / value;
    }
    let density = (-value * value / 2.0).exp() * 0.398_942_280_401;
    // Abramowitz and Stegun, formula 26.2.17.
    let t = 1.0 / (1.0 + 0.231_641_9 * value.abs());
    let polynomial = t
        * (0.319_381_530
            + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let smaller_tail = density * polynomial;
    density / if value >= 0.0 { smaller_tail } else { 1.0 - smaller_tail }.max(f64::MIN_POSITIVE)
}

/// A distribution of work.
struct WorkDistribution {
    /// The times at which work ends, each with the probability that work takes longer.
    steps: Vec<(f64, f64)>,
    /// The distribution of work that takes longer than all ended work.
    tail: LogNormal,
    /// How much the drawn times are smoothed: the standard deviation of the random change of their logarithms.
    bandwidth: f64,
}

impl WorkDistribution {
    /// Draws the time of work that has not begun.
    fn draw_new(&self, random: &mut ForecastRandom) -> f64 {
        self.draw(0.0, 0, random)
    }

    /// Draws a time of work that is longer than `worked`. The first `index` steps are not later than `worked`.
    fn draw(&self, worked: f64, index: usize, random: &mut ForecastRandom) -> f64 {
        let survival = if index == 0 { 1.0 } else { self.steps[index - 1].1 };
        let target = survival * random.fraction();
        let next = self.steps[index..].partition_point(|&(_, survival)| survival > target) + index;
        let drawn = if let Some(&(time, _)) = self.steps.get(next) {
            time * (self.bandwidth * random.normal()).exp()
        } else {
            let longest = self.steps.last().map_or(worked, |last| last.0.max(worked));
            self.tail.draw_above(longest, random)
        };
        // The smoothed time may be shorter than the time that the work has taken already.
        if drawn > worked { drawn } else { worked * (1.0 + 0.2 * self.bandwidth * random.fraction()) }
    }

    /// The mean time of work.
    fn mean(&self) -> f64 {
        let mut mean = 0.0;
        let mut before = 1.0;
        for &(time, survival) in &self.steps {
            mean += time * (before - survival);
            before = survival;
        }
        mean + before * self.steps.last().map_or(0.0, |last| last.0)
    }
}

/// A Pod that runs in a play. `end` is the first field, because a play handles the Pods in the order of their ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PlayedPod {
    end: i64,
    fails: bool,
    /// The number of failures of its index before this Pod.
    retries: u32,
}

/// One play of the rest of the Job.
struct Play<'a> {
    input: &'a ForecastInput,
    work: WorkDistribution,
    failure_share: f64,
    random: &'a mut ForecastRandom,
    running: BinaryHeap<Reverse<PlayedPod>>,
    /// The number of running Pods that fail.
    failing: usize,
    /// The number of completions that wait only for a slot and for the end of the hold.
    waiting: usize,
    /// The completions that wait because a Pod of their index failed: the end of the wait, and the number of failures.
    retries: BinaryHeap<Reverse<(i64, u32)>>,
    /// The time before which the controller creates no Pod.
    hold_until: i64,
    failures_in_a_row: u32,
    /// The number of Pods that may still fail.
    failures_left: usize,
}

/// Plays the rest of the Job once. Returns the time until the Job is complete.
fn play(input: &ForecastInput, model: &WorkModel, random: &mut ForecastRandom) -> i64 {
    let work = model.weigh(random);
    let failure_share = failure_share(input.failures.count, model.ended, random);
    let played = input.waiting.min(MAX_PLAYED);
    let index_holds = input.failures.index_holds.iter().take(played).map(|&hold| Reverse((hold, 1)));
    let retries: BinaryHeap<_> = index_holds.collect();
    let play = Play {
        input,
        work,
        failure_share,
        random,
        running: BinaryHeap::new(),
        failing: 0,
        waiting: played - retries.len(),
        retries,
        hold_until: input.failures.hold,
        failures_in_a_row: input.failures.in_a_row,
        failures_left: input.failures.max_further.min(MAX_PLAYED),
    };
    play.run(model, input.waiting - played)
}

impl Play<'_> {
    /// Plays to the end. `left_out` completions are not played. Returns the time until the Job is complete.
    fn run(mut self, model: &WorkModel, left_out: usize) -> i64 {
        let input = self.input;
        let mut running = Vec::with_capacity(input.working.len() + input.starting.len());
        for (&worked, &shorter) in input.working.iter().zip(&model.shorter_works) {
            let left = to_millis(self.work.draw(to_float(worked), shorter, self.random)) - worked;
            running.push(Reverse(self.pod(left.max(0), 0)));
        }
        for &waited in &input.starting {
            let start = (self.random.pick(&input.starts) - waited).max(0);
            let end = start + to_millis(self.work.draw_new(self.random));
            running.push(Reverse(self.pod(end, 0)));
        }
        let mut free = input.slots.saturating_sub(running.len());
        self.running = BinaryHeap::from(running);
        let mut now = 0;
        loop {
            while free > 0
                && let Some((at, retries)) = self.next_creation(now)
                && self.running.peek().is_none_or(|first| at <= first.0.end)
            {
                self.create(at, retries);
                free -= 1;
            }
            if self.creates_no_further_pod() {
                now = self.running.iter().map(|pod| pod.0.end).max().unwrap_or(now);
                break;
            }
            let Some(Reverse(pod)) = self.running.pop() else { break };
            now = pod.end;
            free += 1;
            self.count_result(pod);
        }
        // After the last Pod, the controller completes the Job with the same delay with which it creates a Pod.
        now += self.random.pick(&input.gaps);
        if left_out > 0 {
            let average = |values: &[i64]| to_float(values.iter().sum()) / count(values.len());
            let each = self.work.mean() + average(&input.starts) + average(&input.gaps);
            let pods = count(left_out) / (1.0 - self.failure_share);
            now += to_millis(each * pods / count(input.slots));
        }
        now
    }

    /// A Pod that ends at `end`. Whether the Pod fails is drawn at random.
    fn pod(&mut self, end: i64, retries: u32) -> PlayedPod {
        let may_fail = self.failure_share > 0.0 && self.failures_left > 0 && retries < MAX_RETRIES;
        let fails = may_fail && self.random.fraction() < self.failure_share;
        self.failures_left -= usize::from(fails);
        self.failing += usize::from(fails);
        PlayedPod { end, fails, retries }
    }

    /// Whether no completion waits and none will wait, because no running Pod fails.
    fn creates_no_further_pod(&self) -> bool {
        self.waiting == 0 && self.retries.is_empty() && self.failing == 0
    }

    /// When the controller creates the next Pod if a slot is free, and how often the index of this Pod has failed.
    /// `None` if no completion waits.
    fn next_creation(&self, now: i64) -> Option<(i64, u32)> {
        let retry = self.retries.peek().map(|&Reverse((at, retries))| (at.max(now), retries));
        if self.waiting > 0 && retry.is_none_or(|(at, _)| at > now) {
            return Some((self.hold_until.max(now), 0));
        }
        retry
    }

    /// Creates the Pod that [`Self::next_creation`] returned.
    fn create(&mut self, at: i64, retries: u32) {
        if retries == 0 {
            self.waiting -= 1;
        } else {
            self.retries.pop();
        }
        let created = at + self.random.pick(&self.input.gaps);
        let started = created + self.random.pick(&self.input.starts);
        let end = started + to_millis(self.work.draw_new(self.random));
        let pod = self.pod(end, retries);
        self.running.push(Reverse(pod));
    }

    /// Counts the result of a Pod by the rules of the Job controller.
    fn count_result(&mut self, pod: PlayedPod) {
        self.failing -= usize::from(pod.fails);
        if !pod.fails {
            self.failures_in_a_row = 0;
            self.hold_until = 0;
        } else if self.input.failures.is_retry_per_index {
            let failures = pod.retries + 1;
            self.retries.push(Reverse((pod.end + back_off_millis(failures), failures)));
        } else {
            self.failures_in_a_row += 1;
            self.hold_until = pod.end + back_off_millis(self.failures_in_a_row);
            self.waiting += 1;
        }
    }
}

/// How long the controller waits after this number of consecutive failures, in milliseconds.
fn back_off_millis(failures: u32) -> i64 {
    back_off(failures as usize).as_millis().try_into().unwrap_or(i64::MAX)
}

/// Draws the share of Pods that fail.
///
/// The share is drawn from a beta distribution. Its parameters are the numbers of failed and of succeeded Pods so far.
/// The successes are increased by [`FURTHER_SUCCESSES`], because a single early failure proves little. If no Pod has
/// failed, most plays have no failure. The other plays draw the share as if one Pod had failed.
fn failure_share(failed: usize, succeeded: f64, random: &mut ForecastRandom) -> f64 {
    if failed == 0 {
        let if_failures = SHARE_OF_FAILING_JOBS * FURTHER_SUCCESSES / (FURTHER_SUCCESSES + succeeded);
        if random.fraction() * (1.0 - SHARE_OF_FAILING_JOBS + if_failures) > if_failures {
            return 0.0;
        }
    }
    let (failed, succeeded) = (random.gamma(count(failed)), random.gamma(succeeded + FURTHER_SUCCESSES));
    (failed / (failed + succeeded).max(f64::MIN_POSITIVE)).min(0.9)
}

/// A number of milliseconds, at least 1, because the logarithm of a shorter time would be far below all others.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
fn to_float(millis: i64) -> f64 {
    millis.max(1) as f64
}

/// A number of things, at least 1.
fn count(things: usize) -> f64 {
    to_float(i64::try_from(things).unwrap_or(i64::MAX))
}

#[expect(clippy::cast_possible_truncation, reason = "the conversion saturates")]
fn to_millis(millis: f64) -> i64 {
    millis.round() as i64
}
