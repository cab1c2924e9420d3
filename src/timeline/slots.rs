//! Slot time: where the places that a workload might fill went, moment by moment.
//!
//! At each moment a workload has min(parallelism, completions left) slots. A Pod that exists and has not ended takes
//! one, oldest first, and the moment counts for its phase. A slot without a Pod counts as back-off while the
//! controller waits out a failure, else as idle. All in whole milliseconds, so that the parts sum to the whole.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::job::JobRecord;
use super::{PodKey, SlotTime, Timeline, Workload, WorkloadState};
use crate::lifecycle::{ByPhase, PhaseKind, PodOutcome};

/// Something that changes what the slots are, or what they do.
#[derive(Clone, Copy)]
enum Change {
    /// A Pod (by its place among the Pods) enters a phase.
    Phase { pod: usize, kind: PhaseKind },
    /// Nothing more is known of a Pod, which has not ended.
    Silent { pod: usize },
    /// A Pod ends.
    Ended { pod: usize },
    /// A Pod was created, for that index where each waits by itself.
    Created(Option<u32>),
    /// A piece of work is done.
    Succeeded,
    /// A Pod failed, for that index where each waits by itself; another follows.
    Failed(Option<u32>),
    /// So many Pods may run, so many must succeed.
    Capacity(u32, Option<u32>),
}

/// Slot time, and how many Pods worked at once.
#[derive(Default)]
pub(crate) struct Accounting {
    pub(crate) slots: SlotTime,
    pub(crate) concurrency_max: u32,
    /// Sum over Pods of the time in [`PhaseKind::Running`], in milliseconds.
    pub(crate) running: i64,
    /// Part of the run was not seen.
    pub(crate) partial: bool,
}

pub(crate) fn account(timeline: &Timeline, workload: &Workload, now: Timestamp) -> Accounting {
    let end = workload.finished.filter(|_| workload.has_ended()).unwrap_or(now).as_millisecond();
    let mut changes: Vec<(i64, Change)> = Vec::with_capacity(workload.pods.len() * 8);
    for capacity in &workload.capacity {
        let at = capacity.since.as_millisecond();
        changes.push((at, Change::Capacity(capacity.parallelism, capacity.completions)));
    }
    let by_result = timeline.jobs.get(&workload.uid).is_some_and(JobRecord::counts_results_of_deleted);
    let mut failures: Vec<(i64, Option<u32>)> = Vec::new();
    let mut answered: HashMap<Option<u32>, i64> = HashMap::new();
    let piece = |key| timeline.identity(key).index.filter(|_| workload.retries_per_index);
    let mut ran_at_once = 0;
    for (place, (key, overview)) in timeline.overviews(workload).enumerate() {
        let Some(created) = overview.start_millis() else { continue };
        let latest = answered.entry(piece(key)).or_insert(created);
        *latest = created.max(*latest);
        changes.push((created, Change::Created(piece(key))));
        // Work of no length, as its end is known to the second only, was work: at least one at once.
        if overview.work_started().is_some() {
            ran_at_once = 1;
        }
        push_phases(&mut changes, place, timeline, key);
        match result(timeline, workload, key, by_result) {
            Some((at, true)) => changes.push((at.as_millisecond(), Change::Succeeded)),
            Some((at, false)) => failures.push((at.as_millisecond(), piece(key))),
            None => {}
        }
    }
    for (at, piece) in failures {
        // The last failure of a Job that is over was not waited out.
        if !workload.has_ended() || answered.get(&piece).is_some_and(|created| *created > at) {
            changes.push((at, Change::Failed(piece)));
        }
    }
    // Stable: what happens at the same moment stays in the order of a life.
    changes.sort_by_key(|(at, _)| *at);
    let mut ledger =
        Ledger { per_index: workload.retries_per_index, silent_until: i64::MIN, ..Ledger::default() };
    let mut accounting = Accounting { concurrency_max: ran_at_once, ..Accounting::default() };
    let Some(mut last) = changes.first().map(|(at, _)| *at) else { return accounting };
    let job = timeline.jobs.get(&workload.uid);
    accounting.partial = job.is_some_and(|job| job.changed_before(timeline.toggles.get(&workload.uid)));
    // What Pods did that nobody saw is not told as idleness: the time begins with the first one that was seen.
    let counted = usize::try_from(workload.succeeded.saturating_add(workload.failed)).unwrap_or(usize::MAX);
    if job.is_some() && counted > workload.pods.len() {
        accounting.partial = true;
        let first = timeline.overviews(workload).filter_map(|(_, overview)| overview.start_millis()).min();
        ledger.silent_until = first.unwrap_or(end);
    }
    for (at, change) in changes {
        if at > last {
            let until = at.min(end);
            ledger.pass((until - last.max(ledger.silent_until)).max(0), &mut accounting);
            last = last.max(until);
        }
        ledger.change(change);
    }
    ledger.pass((end - last.max(ledger.silent_until)).max(0), &mut accounting);
    accounting
}

fn push_phases(changes: &mut Vec<(i64, Change)>, place: usize, timeline: &Timeline, key: PodKey) {
    let ended = timeline.overview(key).outcome.ended();
    let mut last = None;
    timeline.for_each_span(key, |span| {
        // What nobody saw end does not hold a slot for ever.
        let unknown = span.end.is_none() && ended;
        let change = if unknown {
            Change::Ended { pod: place }
        } else {
            Change::Phase { pod: place, kind: span.kind }
        };
        changes.push((span.start, change));
        last = span.end;
    });
    if let Some(end) = last {
        let last = if ended { Change::Ended { pod: place } } else { Change::Silent { pod: place } };
        changes.push((end, last));
    }
}

/// When a Pod counted for its Job, and whether as a success. With the default policy a Pod counts as failed as soon as
/// somebody deletes it, whatever it makes of that; what the Job itself deletes does not count.
fn result(
    timeline: &Timeline,
    workload: &Workload,
    key: PodKey,
    by_result: bool,
) -> Option<(Timestamp, bool)> {
    let record = timeline.record(key);
    let end = record.overview.end();
    if record.deleted_before_its_end && !by_result && !only_seen_to_succeed(timeline, workload, key) {
        let requested = timeline.pod(key).life.instants.delete_requested.map(|requested| requested.at);
        return Some((requested.or(end)?, false)).filter(|_| record.taken_away());
    }
    match record.overview.outcome {
        PodOutcome::Succeeded => Some((end?, true)),
        PodOutcome::Failed | PodOutcome::NeverStarted => Some((end?, false)),
        _ => None,
    }
}

/// Whether a Pod that was deleted counts as a success all the same: if it obeys at once, and well, its Job may see only
/// that. Then its index has no other try.
fn only_seen_to_succeed(timeline: &Timeline, workload: &Workload, key: PodKey) -> bool {
    let (record, identity) = (timeline.record(key), timeline.identity(key));
    let tries = || timeline.tries.get(&record.workload)?.get(&identity.index?);
    record.overview.outcome == PodOutcome::Succeeded
        && workload.state == WorkloadState::Succeeded
        && tries() == Some(&identity.attempt)
}

/// The state between two changes.
#[derive(Default)]
struct Ledger {
    parallelism: u32,
    completions: Option<u32>,
    succeeded: u32,
    /// Phase of each Pod that exists, oldest first; `None` if it is not known.
    pods: BTreeMap<usize, Option<PhaseKind>>,
    /// The same, counted; what is not known has no count.
    counts: ByPhase<u32>,
    per_index: bool,
    /// Until then nothing is known of what the Pods did.
    silent_until: i64,
    /// Failures that no new Pod has answered yet: their indexes, or one entry for all.
    failures: HashSet<Option<u32>>,
}

impl Ledger {
    fn change(&mut self, change: Change) {
        match change {
            Change::Phase { pod, kind } => {
                self.counts[kind] += 1;
                let before = self.pods.insert(pod, Some(kind)).flatten();
                self.uncount(before);
            }
            Change::Silent { pod } => {
                let before = self.pods.insert(pod, None).flatten();
                self.uncount(before);
            }
            Change::Ended { pod } => {
                let before = self.pods.remove(&pod).flatten();
                self.uncount(before);
            }
            Change::Created(piece) => {
                self.failures.remove(&piece);
            }
            Change::Succeeded => self.succeeded += 1,
            Change::Failed(piece) => {
                self.failures.insert(piece);
            }
            Change::Capacity(parallelism, completions) => {
                self.parallelism = parallelism;
                self.completions = completions;
            }
        }
    }

    fn uncount(&mut self, before: Option<PhaseKind>) {
        if let Some(kind) = before {
            self.counts[kind] -= 1;
        }
    }

    fn pass(&self, millis: i64, accounting: &mut Accounting) {
        if millis == 0 {
            return;
        }
        let left = self.completions.map(|completions| completions.saturating_sub(self.succeeded));
        let slots = left.map_or(self.parallelism, |left| left.min(self.parallelism));
        let pods = u32::try_from(self.pods.len()).unwrap_or(u32::MAX);
        let running = self.counts[PhaseKind::Running];
        accounting.concurrency_max = accounting.concurrency_max.max(running);
        accounting.running += i64::from(running) * millis;
        accounting.slots.total += i64::from(slots) * millis;
        if pods > slots {
            for kind in self.pods.values().take(slots as usize) {
                match kind {
                    Some(kind) => accounting.slots.phases[*kind] += millis,
                    None => accounting.slots.idle += millis,
                }
            }
            return;
        }
        for (kind, millis_in_phase) in &mut accounting.slots.phases {
            *millis_in_phase += i64::from(self.counts[kind]) * millis;
        }
        // Of a Pod that nothing is known of, nothing is known that it does.
        let silent = pods.saturating_sub(self.counts.values().sum());
        accounting.slots.idle += i64::from(silent) * millis;
        let empty = slots - pods;
        let failures = u32::try_from(self.failures.len()).unwrap_or(u32::MAX);
        let waiting = match (self.failures.is_empty(), self.per_index) {
            (true, _) => 0,
            (false, true) => empty.min(failures),
            // A Job without a limit per index makes no Pod at all while it waits out a failure.
            (false, false) => empty,
        };
        accounting.slots.phases[PhaseKind::BackOff] += i64::from(waiting) * millis;
        accounting.slots.idle += i64::from(empty - waiting) * millis;
    }
}
