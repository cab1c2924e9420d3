//! Slot time: where the places that a workload might fill went, moment by moment.
//!
//! At each moment a workload has min(parallelism, completions left) slots. A Pod that exists and has not ended takes
//! one, oldest first, and the moment counts for its phase. A slot without a Pod counts as back-off while the
//! controller waits out a failure, else as idle. All in whole milliseconds, so that the parts sum to the whole.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::{Pod, Slots, Timeline, Workload};
use crate::lifecycle::{PhaseKind, PodOutcome};

/// Something that changes what the slots are, or what they do.
#[derive(Clone, Copy)]
enum Change {
    /// A Pod (by its place among the Pods) enters a phase, or ends.
    Phase { pod: usize, kind: Option<PhaseKind> },
    /// A Pod was created, for that index.
    Created(Option<u32>),
    /// A piece of work is done.
    Succeeded,
    /// A Pod failed, for that index.
    Failed(Option<u32>),
    /// So many Pods may run, so many must succeed.
    Capacity(u32, Option<u32>),
}

/// Slot time, and how many Pods worked at once.
#[derive(Default)]
pub(super) struct Accounting {
    pub(super) slots: Slots,
    pub(super) concurrency_max: u32,
    /// Sum over Pods of the time in [`PhaseKind::Running`], in milliseconds.
    pub(super) running: i64,
}

pub(super) fn account(timeline: &Timeline, workload: &Workload, now: Timestamp) -> Accounting {
    let end = workload.finished.filter(|_| workload.ended()).unwrap_or(now).as_millisecond();
    let mut changes: Vec<(i64, Change)> = Vec::with_capacity(workload.pods.len() * 8);
    for capacity in &workload.capacity {
        let at = capacity.since.as_millisecond();
        changes.push((at, Change::Capacity(capacity.parallelism, capacity.completions)));
    }
    for (place, (_, pod)) in timeline.pods(workload).enumerate() {
        push_pod(&mut changes, place, pod);
    }
    // Stable: what happens at the same moment stays in the order of a life.
    changes.sort_by_key(|(at, _)| *at);
    let mut ledger = Ledger { per_index: workload.per_index, ..Ledger::default() };
    let mut accounting = Accounting::default();
    let Some(mut last) = changes.first().map(|(at, _)| *at) else { return accounting };
    for (at, change) in changes {
        if at > last {
            let until = at.min(end);
            ledger.pass((until - last).max(0), &mut accounting);
            last = last.max(until);
        }
        ledger.change(change);
    }
    ledger.pass((end - last).max(0), &mut accounting);
    accounting
}

fn push_pod(changes: &mut Vec<(i64, Change)>, place: usize, pod: &Pod) {
    let Some(first) = pod.life.phases.first() else { return };
    changes.push((first.start.as_millisecond(), Change::Created(pod.index)));
    for phase in &pod.life.phases {
        // What nobody saw end does not hold a slot for ever.
        let unknown = phase.end.is_none() && pod.life.outcome.ended();
        let kind = (!unknown).then_some(phase.kind);
        changes.push((phase.start.as_millisecond(), Change::Phase { pod: place, kind }));
    }
    let Some(end) = pod.life.phases.last().and_then(|phase| phase.end) else { return };
    if !pod.life.outcome.ended() {
        return;
    }
    let end = end.as_millisecond();
    changes.push((end, Change::Phase { pod: place, kind: None }));
    match pod.life.outcome {
        PodOutcome::Succeeded => changes.push((end, Change::Succeeded)),
        PodOutcome::Failed | PodOutcome::NeverStarted => changes.push((end, Change::Failed(pod.index))),
        _ => {}
    }
}

/// The state between two changes.
#[derive(Default)]
struct Ledger {
    parallelism: u32,
    completions: Option<u32>,
    succeeded: u32,
    /// Phase of each Pod that exists, oldest first.
    pods: BTreeMap<usize, PhaseKind>,
    /// The same, counted.
    counts: [u32; 9],
    per_index: bool,
    /// Failures that no new Pod has answered yet: their indexes, or one entry for all.
    failures: HashSet<u32>,
}

impl Ledger {
    fn change(&mut self, change: Change) {
        match change {
            Change::Phase { pod, kind } => {
                let before = match kind {
                    Some(kind) => self.pods.insert(pod, kind),
                    None => self.pods.remove(&pod),
                };
                if let Some(before) = before {
                    self.counts[before as usize] -= 1;
                }
                if let Some(kind) = kind {
                    self.counts[kind as usize] += 1;
                }
            }
            Change::Created(index) => {
                self.failures.remove(&self.waiting_for(index));
            }
            Change::Succeeded => self.succeeded += 1,
            Change::Failed(index) => {
                self.failures.insert(self.waiting_for(index));
            }
            Change::Capacity(parallelism, completions) => {
                self.parallelism = parallelism;
                self.completions = completions;
            }
        }
    }

    fn waiting_for(&self, index: Option<u32>) -> u32 {
        if self.per_index { index.unwrap_or(0) } else { 0 }
    }

    fn pass(&self, millis: i64, accounting: &mut Accounting) {
        if millis == 0 {
            return;
        }
        let left = self.completions.map(|completions| completions.saturating_sub(self.succeeded));
        let slots = left.map_or(self.parallelism, |left| left.min(self.parallelism));
        let pods = u32::try_from(self.pods.len()).unwrap_or(u32::MAX);
        let running = self.counts[PhaseKind::Running as usize];
        accounting.concurrency_max = accounting.concurrency_max.max(running);
        accounting.running += i64::from(running) * millis;
        accounting.slots.total += i64::from(slots) * millis;
        if pods > slots {
            for kind in self.pods.values().take(slots as usize) {
                accounting.slots.phases[*kind as usize] += millis;
            }
            return;
        }
        for (part, count) in accounting.slots.phases.iter_mut().zip(self.counts) {
            *part += i64::from(count) * millis;
        }
        let empty = slots - pods;
        let failures = u32::try_from(self.failures.len()).unwrap_or(u32::MAX);
        let waiting = match (self.failures.is_empty(), self.per_index) {
            (true, _) => 0,
            (false, true) => empty.min(failures),
            // A Job without a limit per index makes no Pod at all while it waits out a failure.
            (false, false) => empty,
        };
        accounting.slots.phases[PhaseKind::BackOff as usize] += i64::from(waiting) * millis;
        accounting.slots.idle += i64::from(empty - waiting) * millis;
    }
}
