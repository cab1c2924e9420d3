//! Predicts when the remaining Pods of a Job end: plays the waves that are still to come many times, with times that are
//! drawn from the Pods so far.
//!
//! The numbers are reproducible: they depend only on the input, because the random numbers have a fixed seed.
//!
//! The work that was observed so far is biased: short work ends first. Pods that still work therefore count as work that
//! takes at least as long as they have worked (the estimator of Kaplan and Meier). Each play weighs the observations
//! anew (the Bayesian bootstrap), so that the range is wide while few Pods have ended.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The Pods of a Job so far, and the work that is left. All times are in milliseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct ForecastInput {
    /// The work of each Pod that has succeeded.
    pub(crate) works: Vec<i64>,
    /// How long each Pod that works has worked so far.
    pub(crate) working: Vec<i64>,
    /// How long each Pod that has not begun to work has waited since its creation.
    pub(crate) starting: Vec<i64>,
    /// The time from the creation to the start of work, of Pods that replaced others. At least one.
    pub(crate) starts: Vec<i64>,
    /// The time from the end of a Pod to the creation of the next one. At least one.
    pub(crate) gaps: Vec<i64>,
    /// The lives of the Pods that failed, from the creation to the end.
    pub(crate) failures: Vec<i64>,
    /// The wait after a failure.
    pub(crate) back_off: i64,
    /// The number of completions that have no Pod yet.
    pub(crate) waiting: usize,
    /// The number of Pods that can run at the same time; at least 1.
    pub(crate) slots: usize,
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

/// Most times of the API are exact to the second, so no end can be predicted better than that.
const RESOLUTION: i64 = 1_000;

/// The number of plays.
const PLAYS: usize = 200;

/// The number of plays if many Pods are left.
const MIN_PLAYS: usize = 64;

/// The maximum number of times that all plays together draw. It bounds the cost of a forecast.
const MAX_DRAWS: usize = 24_000;

/// If more completions wait, only this many are played. The others take their share of the average time.
const MAX_PLAYED: usize = 300;

/// If more observations are known, only this many are used.
const MAX_OBSERVATIONS: usize = 200;

/// A failed Pod is played at most this many times in a row.
const MAX_TRIES: u32 = 6;

/// Predicts the time until the last Pod has ended. `None` if no Pod has succeeded.
pub(crate) fn forecast(input: &ForecastInput) -> Option<TimeLeft> {
    if input.works.is_empty() {
        return None;
    }
    let observed = input.works.len();
    let input = reduce(input);
    let model = WorkModel::new(&input, observed);
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
    for values in [&mut reduced.works, &mut reduced.starts, &mut reduced.gaps, &mut reduced.failures] {
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
    /// The log-normal distribution that fits the times best. It gives the work that is longer than all ended work.
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

    /// Weighs the observations at random and returns the resulting distribution.
    fn weigh(&self, random: &mut ForecastRandom) -> WorkDistribution {
        let weights: Vec<f64> = self.times.iter().map(|_| random.exponential()).collect();
        // The longest work so far is hardly the longest possible work.
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
        // The fit is as uncertain as the number of observations makes it. What is well known is the time at which half
        // of the observed work has ended.
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
    /// The most likely distribution of times of which some have not ended (expectation maximization).
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

    /// Draws a time that is longer than `at_least`.
    fn draw_above(self, at_least: f64, random: &mut ForecastRandom) -> f64 {
        let start = (at_least.ln() - self.mean) / self.deviation;
        let drawn = random.normal_above(start);
        (self.mean + self.deviation * drawn).exp().min(at_least * 20.0)
    }
}

/// The hazard of the standard normal distribution: its density divided by the probability of a larger value.
fn normal_hazard(value: f64) -> f64 {
    // For large values, both the density and the tail are too small for a float.
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
        // The smoothing may fall below the time that the work has taken already.
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

/// The times from which completions wait for a slot, each with the number of its tries so far.
type WaitingHeap = BinaryHeap<Reverse<(i64, u32)>>;

/// Plays the rest of the Job once. Returns the time until the last Pod has ended.
fn play(input: &ForecastInput, model: &WorkModel, random: &mut ForecastRandom) -> i64 {
    let work = model.weigh(random);
    let failure_share = failure_share(input, random);
    // The times at which slots become free.
    let mut free: Vec<Reverse<i64>> = Vec::with_capacity(input.working.len() + input.starting.len());
    let mut waiting = WaitingHeap::new();
    let mut last = 0;
    let mut end_pod = |end: i64, tries: u32, random: &mut ForecastRandom, waiting: &mut WaitingHeap| {
        if tries < MAX_TRIES && random.fraction() < failure_share {
            waiting.push(Reverse((end + (input.back_off << tries.min(5)), tries + 1)));
        }
        last = last.max(end);
    };
    for (&worked, &shorter) in input.working.iter().zip(&model.shorter_works) {
        let left = to_millis(work.draw(to_float(worked), shorter, random)) - worked;
        free.push(Reverse(left.max(0)));
        end_pod(left.max(0), 0, random, &mut waiting);
    }
    for &waited in &input.starting {
        let start = (pick(&input.starts, random) - waited).max(0);
        let end = start + to_millis(work.draw_new(random));
        free.push(Reverse(end));
        end_pod(end, 0, random, &mut waiting);
    }
    let played = input.waiting.min(MAX_PLAYED);
    for _ in 0..played {
        waiting.push(Reverse((0, 0)));
    }
    if waiting.is_empty() {
        return last;
    }
    let unused = input.slots.saturating_sub(free.len());
    // More unused slots than completions that wait make no difference.
    free.extend(std::iter::repeat_n(Reverse(0), unused.min(waiting.len())));
    let mut free = BinaryHeap::from(free);
    while let Some(Reverse((ready, tries))) = waiting.pop() {
        let Some(mut slot) = free.peek_mut() else { break };
        let created = slot.0.max(ready) + pick(&input.gaps, random);
        let end = created + pick(&input.starts, random) + to_millis(work.draw_new(random));
        end_pod(end, tries, random, &mut waiting);
        *slot = Reverse(end);
    }
    let left_out = input.waiting - played;
    if left_out > 0 {
        let average = |values: &[i64]| to_float(values.iter().sum()) / count(values.len());
        let each = work.mean() + average(&input.starts) + average(&input.gaps);
        last += to_millis(each * count(left_out) / count(input.slots));
    }
    last
}

/// The share of Pods that fail: drawn around the share so far. 0 if no Pod has failed so far.
fn failure_share(input: &ForecastInput, random: &mut ForecastRandom) -> f64 {
    if input.failures.is_empty() {
        return 0.0;
    }
    let failed: f64 = input.failures.iter().map(|_| random.exponential()).sum();
    let succeeded: f64 = input.works.iter().map(|_| random.exponential()).sum();
    (failed / (failed + succeeded).max(f64::MIN_POSITIVE)).min(0.9)
}

/// Draws one of the values; 0 if there is none.
fn pick(values: &[i64], random: &mut ForecastRandom) -> i64 {
    values.get(random.below(values.len())).copied().unwrap_or(0)
}

/// A number of milliseconds, at least 1, because the logarithm of a shorter time would be far away from all others.
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

/// Random numbers with a fixed seed: `SplitMix64` (Steele, Lea, Flood 2014).
struct ForecastRandom(u64);

impl ForecastRandom {
    /// Returns a random number that is greater than 0 and less than 1.
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (f64::from(u32::try_from(bits >> 32).unwrap_or(u32::MAX)) + 0.5) / 4_294_967_296.0
    }

    /// An integer below `bound`; 0 if `bound` is 0.
    fn below(&mut self, bound: usize) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the product lies between 0 and `bound`"
        )]
        let drawn = (self.fraction() * count(bound)) as usize;
        drawn.min(bound.saturating_sub(1))
    }

    /// An exponential number with the mean 1.
    fn exponential(&mut self) -> f64 {
        -self.fraction().ln()
    }

    /// A standard normal number above `start` (Robert 1995).
    fn normal_above(&mut self, start: f64) -> f64 {
        for _ in 0..20 {
            if start < 0.5 {
                let drawn = self.normal();
                if drawn > start {
                    return drawn;
                }
            } else {
                let rate = f64::midpoint(start, (start * start + 4.0).sqrt());
                let drawn = start + self.exponential() / rate;
                if self.fraction() < (-(drawn - rate).powi(2) / 2.0).exp() {
                    return drawn;
                }
            }
        }
        start
    }

    /// Approximately a standard normal number: the sum of uniform numbers.
    fn normal(&mut self) -> f64 {
        (0..4).map(|_| self.fraction() - 0.5).sum::<f64>() * 1.732
    }
}
