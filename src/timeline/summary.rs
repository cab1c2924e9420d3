//! The numbers of one workload.

use jiff::{SignedDuration, Timestamp};

use super::slots::account;

use super::{Percentiles, SlotTime, Summary, Timeline, Workload};
use crate::timeline::overview::PodOverview;

impl Timeline {
    /// The numbers of a workload, as of `now`. What goes on counts until now.
    ///
    /// Of a workload that owns others they are over all Pods below it. Its slots are its own if it has any (a
    /// Deployment's replicas), else the sum of those below (a CronJob's Jobs).
    pub fn summary(&self, workload: &Workload, now: Timestamp) -> Summary {
        if !self.has_children(workload) {
            return self.own_summary(workload, now);
        }
        let whole = Workload { pods: self.pods_below(workload), ..workload.clone() };
        let mut summary = self.own_summary(&whole, now);
        // The Pods below have slots of their own; those that it owns itself may have none that are known.
        summary.slots_unknown = unknown(workload);
        if workload.capacity.is_empty() {
            for child in self.children(workload) {
                let below = self.summary(child, now);
                summary.slots += below.slots;
                summary.slots_unknown |= below.slots_unknown;
            }
        }
        if summary.slots_unknown {
            summary.slots = SlotTime::default();
        }
        summary
    }

    fn own_summary(&self, workload: &Workload, now: Timestamp) -> Summary {
        let accounting = account(self, workload, now);
        let until = workload.finished.filter(|_| workload.has_ended()).unwrap_or(now);
        let wall = workload.created.map_or(0, |created| millis(until.duration_since(created)).max(0));
        let sum = |part: fn(&PodOverview, Timestamp) -> Option<i64>| {
            self.overviews(workload).filter_map(|(_, overview)| part(overview, now)).sum()
        };
        let over = |part: fn(&PodOverview) -> Option<SignedDuration>| {
            percentiles(self.overviews(workload).filter_map(|(_, overview)| part(overview)).collect())
        };
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run fit a float's 53 bits")]
        let mean = if wall > 0 { accounting.running as f64 / wall as f64 } else { 0.0 };
        Summary {
            pods: workload.pods.len(),
            wall,
            run: sum(PodOverview::run_so_far),
            cold_start: sum(PodOverview::cold_so_far),
            queued: sum(PodOverview::queued_so_far),
            cold_starts: over(PodOverview::cold_start),
            runs: over(PodOverview::run),
            queues: over(PodOverview::queued),
            partial: accounting.partial,
            concurrency_max: accounting.concurrency_max,
            concurrency_mean: mean,
            slots: accounting.slots,
            slots_unknown: unknown(workload),
        }
    }
}

/// Whether no field tells how many Pods it may have at once, though it has some: a custom resource.
fn unknown(workload: &Workload) -> bool {
    workload.capacity.is_empty() && !workload.pods.is_empty()
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Nearest rank: the smallest value that at least that part of the values does not exceed.
fn percentiles(mut values: Vec<SignedDuration>) -> Percentiles {
    values.sort_unstable();
    let rank = |percent: usize| {
        let place = (values.len() * percent).div_ceil(100).max(1) - 1;
        values.get(place).copied()
    };
    Percentiles { p50: rank(50), p95: rank(95), max: values.last().copied() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let of = |values: &[i64]| {
            percentiles(values.iter().map(|value| SignedDuration::from_secs(*value)).collect())
        };
        let seconds = |value| Some(SignedDuration::from_secs(value));
        assert_eq!(of(&[]), Percentiles::default());
        assert_eq!(of(&[7]), Percentiles { p50: seconds(7), p95: seconds(7), max: seconds(7) });
        let twenty: Vec<i64> = (1..=20).rev().collect();
        assert_eq!(of(&twenty), Percentiles { p50: seconds(10), p95: seconds(19), max: seconds(20) });
        assert_eq!(of(&[1, 2, 3]), Percentiles { p50: seconds(2), p95: seconds(3), max: seconds(3) });
    }
}
