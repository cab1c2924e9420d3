//! The two sources of the times in a play: the run as it was, and random draws from it.
//!
//! The draws are a Bayesian bootstrap (Rubin 1981). Each play gives every Pod a new random weight. The weights are
//! exponential, so their shares have a Dirichlet distribution. All Pods of a node also share a weight, because Pods
//! on the same node are similar. Each kind of time, such as pull or setup, is drawn from a pool of its own. Cold and
//! warm starts have separate pools, and so have failed and succeeded Pods.

use crate::timeline::reports::forecast_random::ForecastRandom;
use crate::timeline::what_if::play::{DrawnPod, Draws};
use crate::timeline::what_if::pod_times::{PodParts, PodTimes};
use crate::timeline::what_if::run_model::RunModel;

/// The maximum number of values in a pool. It bounds the cost of a play.
const MAX_POOL: usize = 2_048;

/// The run as it was: each Pod has its own times and its own node, in the order of creation. Each gap is the mean gap
/// of the run. With its own gaps, the model would always agree with the run, and the backtest would test nothing.
pub(crate) struct AsItWas<'a> {
    model: &'a RunModel,
    next: usize,
    mean_gap: i64,
    mean_later_pull: i64,
}

impl<'a> AsItWas<'a> {
    pub(crate) fn new(model: &'a RunModel) -> Self {
        let later = model.pods.iter().filter(|pod| pod.is_cold && !pod.has_first_pull);
        let later: Vec<i64> = later.map(|pod| pod.pull).collect();
        Self { model, next: 0, mean_gap: mean(&model.gaps), mean_later_pull: mean(&later) }
    }

    /// The Pod that was drawn last.
    fn last_drawn(&self) -> Option<&PodTimes> {
        self.next.checked_sub(1).and_then(|last| self.model.pods.get(last))
    }
}

impl Draws for AsItWas<'_> {
    fn pod(&mut self, _pieces: usize, _is_cold: bool, _may_fail: bool) -> DrawnPod {
        let Some(pod) = self.model.pods.get(self.next) else {
            return DrawnPod { parts: PodParts::default(), fails: false };
        };
        self.next += 1;
        DrawnPod { parts: pod.parts, fails: pod.has_failed }
    }

    fn choose_node(&mut self, _nodes: usize) -> Option<usize> {
        self.model.pods.get(self.next).map(|pod| pod.node)
    }

    fn first_pull(&mut self) -> i64 {
        self.last_drawn().and_then(|pod| self.model.node_pulls.get(pod.node)).copied().unwrap_or(0)
    }

    fn later_pull(&mut self) -> i64 {
        match self.last_drawn().filter(|pod| pod.is_cold) {
            // In the play, another Pod was the first on this node and already used the duration of the first pull.
            Some(pod) if pod.has_first_pull => self.mean_later_pull,
            Some(pod) => pod.pull,
            None => 0,
        }
    }

    fn gap(&mut self) -> i64 {
        self.mean_gap
    }

    fn start_delay(&mut self) -> i64 {
        self.model.start_delay
    }

    fn creation_interval(&self) -> i64 {
        self.model.creation_interval
    }

    fn end_delay(&mut self) -> i64 {
        self.model.end_delay
    }
}

/// The parts of the draws that a change replaces.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DrawRules {
    /// The images are on the nodes.
    pub(crate) is_prepulled: bool,
    /// No Pod fails, and no run inside a Pod.
    pub(crate) has_no_failures: bool,
    /// The longest work of a piece, in milliseconds. `None` if there is no limit.
    pub(crate) max_work: Option<i64>,
}

/// The values of one kind, drawn with the weights of one play.
#[derive(Clone, Debug, Default)]
struct Pool(Vec<i64>);

impl Pool {
    /// Fills a pool so that each value occurs in proportion to its weight (systematic resampling).
    fn new(values: &[(i64, f64)], random: &mut ForecastRandom) -> Self {
        let size = if values.len() == 1 { 1 } else { values.len().saturating_mul(4).min(MAX_POOL) };
        let sum: f64 = values.iter().map(|(_, weight)| weight).sum();
        #[expect(clippy::cast_precision_loss, reason = "the size of a pool fits a float's 53 bits")]
        let step = sum / size as f64;
        let mut next = random.fraction() * step;
        let mut passed = 0.0;
        let mut pool = Vec::with_capacity(size);
        for (value, weight) in values {
            passed += weight;
            while next < passed {
                pool.push(*value);
                next += step;
            }
        }
        // Rounding may leave the last step out.
        if pool.is_empty() {
            pool.extend(values.last().map(|(value, _)| *value));
        }
        Self(pool)
    }

    fn draw(&self, random: &mut ForecastRandom) -> Option<i64> {
        self.0.get(random.below(self.0.len())).copied()
    }

    fn or<'a>(&'a self, other: &'a Self) -> &'a Self {
        if self.0.is_empty() { other } else { self }
    }
}

/// The pools of one play.
#[derive(Clone, Debug)]
pub(crate) struct WeightedPools {
    /// Of cold starts, then of warm starts. The same holds for `starting`.
    setup: [Pool; 2],
    starting: [Pool; 2],
    init: Pool,
    check: Pool,
    queued: Pool,
    work: Pool,
    failed_work: Pool,
    lost: Pool,
    first_pull: Pool,
    later_pull: Pool,
    gap: Pool,
    /// The probability that one piece of work fails.
    piece_failure: f64,
    /// The standard deviation of the kernel that smooths the logarithms of the work.
    bandwidth: f64,
    /// The share of the Pods that are placed on a random node.
    random_node_share: f64,
    start_delay: i64,
    creation_interval: i64,
    end_delay: i64,
    random: ForecastRandom,
}

impl WeightedPools {
    /// Weighs the Pods of the run at random.
    pub(crate) fn new(model: &RunModel, seed: u64) -> Self {
        let mut random = ForecastRandom(seed);
        let node_weights: Vec<f64> = (0..model.nodes.max(1)).map(|_| random.exponential()).collect();
        let weights: Vec<f64> =
            model.pods.iter().map(|pod| node_weights[pod.node] * random.exponential()).collect();
        let mut pool = |keep: &dyn Fn(&PodTimes) -> bool, value: &dyn Fn(&PodTimes) -> i64| {
            let pods = model.pods.iter().zip(&weights).filter(|(pod, _)| keep(pod));
            let values: Vec<(i64, f64)> = pods.map(|(pod, weight)| (value(pod), *weight)).collect();
            Pool::new(&values, &mut random)
        };
        let setup = [true, false].map(|cold| pool(&|pod| pod.is_cold == cold, &|pod| pod.parts.setup));
        let starting = [true, false].map(|cold| pool(&|pod| pod.is_cold == cold, &|pod| pod.parts.starting));
        let init = pool(&|_| true, &|pod| pod.parts.init);
        let check = pool(&|pod| !pod.is_cold, &|pod| pod.parts.check);
        let queued = pool(&|_| true, &|pod| pod.parts.queued);
        let work = pool(&|pod| !pod.has_failed, &|pod| pod.parts.work);
        let lost = pool(&|pod| !pod.has_failed, &|pod| pod.parts.lost);
        let failed_work = pool(&|pod| pod.has_failed, &|pod| pod.parts.work);
        let later_pull = pool(&|pod| pod.is_cold && !pod.has_first_pull, &|pod| pod.pull);
        let pulls: Vec<(i64, f64)> =
            model.node_pulls.iter().zip(&node_weights).map(|(pull, weight)| (*pull, *weight)).collect();
        let first_pull = Pool::new(&pulls, &mut random);
        // If no pull of the run began during another pull on its node, it is unknown whether such a pull takes no time,
        // because it finds the images. Half of the plays assume that it takes no time.
        let later_pull = if !later_pull.0.is_empty() {
            later_pull
        } else if random.fraction() < 0.5 {
            first_pull.clone()
        } else {
            Pool::default()
        };
        let gaps: Vec<(i64, f64)> = model.gaps.iter().map(|gap| (*gap, random.exponential())).collect();
        let gap = Pool::new(&gaps, &mut random);
        let failed = model.pods.iter().filter(|pod| pod.has_failed).count();
        Self {
            setup,
            starting,
            init,
            check,
            queued,
            work,
            failed_work,
            lost,
            first_pull,
            later_pull,
            gap,
            piece_failure: draw_piece_failure(failed, model.pods.len() - failed, &mut random),
            bandwidth: bandwidth(model),
            random_node_share: model.random_node_share,
            start_delay: model.start_delay,
            creation_interval: model.creation_interval,
            end_delay: model.end_delay,
            random,
        }
    }

    /// Returns the draws for a play with these rules. Plays with the same pools use the same random numbers, so that
    /// their results differ only because of their changes.
    pub(crate) fn draws(&self, rules: DrawRules) -> Bootstrap<'_> {
        Bootstrap { pools: self, rules, random: self.random.clone() }
    }
}

/// Draws the probability that one piece of work fails from a beta distribution. Its parameters are the numbers of
/// failed and of succeeded Pods of the run.
fn draw_piece_failure(failed: usize, good: usize, random: &mut ForecastRandom) -> f64 {
    if failed == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "numbers of Pods fit a float's 53 bits")]
    let (failed, good) = (random.gamma(failed as f64), random.gamma(good as f64));
    (failed / (failed + good).max(f64::MIN_POSITIVE)).min(0.9)
}

/// The bandwidth of the kernel that smooths the logarithms of the work: 0.6 standard deviations, divided by the cube
/// root of the number of Pods, and at most 0.5. Without the smoothing, no Pod of a play could work longer than the
/// longest Pod of the run.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
fn bandwidth(model: &RunModel) -> f64 {
    let good = model.pods.iter().filter(|pod| !pod.has_failed);
    let logs: Vec<f64> = good.map(|pod| (pod.parts.work.max(1) as f64).ln()).collect();
    let count = logs.len() as f64;
    if logs.len() < 2 {
        return 0.0;
    }
    let mean = logs.iter().sum::<f64>() / count;
    let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (0.6 * variance.sqrt() * count.powf(-1.0 / 3.0)).min(0.5)
}

/// The draws of one play.
pub(crate) struct Bootstrap<'a> {
    pools: &'a WeightedPools,
    rules: DrawRules,
    random: ForecastRandom,
}

impl Bootstrap<'_> {
    fn draw(&mut self, pool: &Pool) -> i64 {
        pool.draw(&mut self.random).unwrap_or(0)
    }

    fn draw_work(&mut self, pool: &Pool) -> i64 {
        let limit = self.rules.max_work.unwrap_or(i64::MAX);
        // Work that is too long is drawn again. If nearly all work is too long, the limit itself is drawn.
        let drawn = (0..20).map(|_| self.draw(pool)).find(|work| *work <= limit).unwrap_or(limit);
        let bandwidth = self.pools.bandwidth;
        if bandwidth <= 0.0 {
            return drawn;
        }
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a random time")]
        let smoothed =
            (drawn as f64 * (bandwidth * self.random.normal() - bandwidth * bandwidth / 2.0).exp()) as i64;
        smoothed.min(limit)
    }
}

impl Draws for Bootstrap<'_> {
    fn pod(&mut self, pieces: usize, is_cold: bool, may_fail: bool) -> DrawnPod {
        let pools = self.pools;
        let [cold, warm] = [&pools.setup[0], &pools.setup[1]];
        let is_cold = is_cold && !self.rules.is_prepulled;
        let setup = self.draw(if is_cold { cold.or(warm) } else { warm.or(cold) });
        let [cold, warm] = [&pools.starting[0], &pools.starting[1]];
        let starting = self.draw(if is_cold { cold.or(warm) } else { warm.or(cold) });
        let init = self.draw(&pools.init);
        let queued = self.draw(&pools.queued);
        let check = if is_cold { 0 } else { self.draw(&pools.check) };
        let count = i32::try_from(pieces).unwrap_or(i32::MAX);
        // A Pod with several pieces fails if one of them fails.
        let failure = 1.0 - (1.0 - pools.piece_failure).powi(count);
        let drawn = self.random.fraction();
        let fails = may_fail && !self.rules.has_no_failures && drawn < failure;
        let mut work = 0_i64;
        // The piece that fails ends the work of its Pod.
        let good = if fails { self.random.below(pieces) } else { pieces };
        for _ in 0..good {
            work = work.saturating_add(self.draw_work(&pools.work));
        }
        if fails {
            work = work.saturating_add(self.draw(pools.failed_work.or(&pools.work)));
        }
        let mut lost = 0_i64;
        if !self.rules.has_no_failures {
            for _ in 0..pieces {
                lost = lost.saturating_add(self.draw(&pools.lost));
            }
        }
        DrawnPod { parts: PodParts { queued, setup, check, init, starting, work, lost }, fails }
    }

    fn choose_node(&mut self, nodes: usize) -> Option<usize> {
        (self.random.fraction() < self.pools.random_node_share).then(|| self.random.below(nodes))
    }

    fn first_pull(&mut self) -> i64 {
        if self.rules.is_prepulled { 0 } else { self.draw(&self.pools.first_pull) }
    }

    fn later_pull(&mut self) -> i64 {
        self.draw(&self.pools.later_pull)
    }

    fn gap(&mut self) -> i64 {
        self.draw(&self.pools.gap)
    }

    fn start_delay(&mut self) -> i64 {
        self.pools.start_delay
    }

    fn creation_interval(&self) -> i64 {
        self.pools.creation_interval
    }

    fn end_delay(&mut self) -> i64 {
        self.pools.end_delay
    }
}

fn mean(values: &[i64]) -> i64 {
    let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
    values.iter().sum::<i64>().checked_div(count).unwrap_or(0)
}
