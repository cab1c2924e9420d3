//! How the slot time of two groups of runs differs. The parts sum exactly to the whole.

use std::cmp::Reverse;

use crate::timeline::comparison::run::WorkloadRun;
use crate::timeline::reports::slots::slot_time::SlotTime;

/// The mean slot time of `b` minus that of `a`. The parts sum to the whole.
pub(crate) fn subtract_slots(a: &[WorkloadRun], b: &[WorkloadRun]) -> SlotTime {
    let (a, b) = (mean_slots(a), mean_slots(b));
    let mut delta = b;
    delta.total -= a.total;
    delta.idle -= a.idle;
    for (kind, millis) in &mut delta.phases {
        *millis -= a.phases[kind];
    }
    delta
}

/// The mean slot time of some runs in whole milliseconds. The parts with the largest remainders are rounded up, so that
/// the parts sum to the whole.
pub(crate) fn mean_slots(runs: &[WorkloadRun]) -> SlotTime {
    let mut sum = SlotTime::default();
    for run in runs {
        sum += run.summary.slots;
    }
    let count = i64::try_from(runs.len()).unwrap_or(i64::MAX).max(1);
    let mut mean = SlotTime { total: (sum.total + count / 2) / count, ..sum };
    mean.idle = sum.idle / count;
    for (kind, millis) in &mut mean.phases {
        *millis = sum.phases[kind] / count;
    }
    let missing = mean.total - mean.idle - mean.phases.values().sum::<i64>();
    let mut remainders: Vec<(i64, &mut i64)> = vec![(sum.idle % count, &mut mean.idle)];
    remainders.extend(mean.phases.iter_mut().map(|(kind, millis)| (sum.phases[kind] % count, millis)));
    remainders.sort_by_key(|(remainder, _)| Reverse(*remainder));
    for (_, part) in remainders.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        *part += 1;
    }
    mean
}
