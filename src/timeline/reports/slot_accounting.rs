//! Accounts for slot time: how the slots of a workload were used at each moment.
//!
//! At each moment a workload has min(parallelism, completions left) slots. Each Pod that exists and has not ended takes
//! one slot. If there are more Pods than slots, the oldest Pods take the slots. A slot with a Pod counts for the Pod's
//! phase. A slot without a Pod counts as back-off while the controller waits after a failure, and otherwise as idle.
//! All times are whole milliseconds, so that the parts sum to the total.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use crate::lifecycle::{ByPhase, PhaseKind, PodOutcome};
use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::slot_time::SlotTime;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::job::JobRecord;
use crate::timeline::workloads::workload::{Workload, WorkloadState};

/// The slot time of a workload and the number of its running Pods.
#[derive(Default)]
pub(crate) struct SlotAccount {
    pub(crate) slots: SlotTime,
    /// The highest number of Pods that ran at the same time.
    pub(crate) concurrency_max: u32,
    /// The sum of the times of all Pods in [`PhaseKind::Running`], in milliseconds.
    pub(crate) running_millis: i64,
    /// Whether a part of the run was not observed.
    pub(crate) partial: bool,
}

/// The completion index of a Pod if retries are counted per index; otherwise `None`, which stands for all Pods.
type RetryGroup = Option<u32>;

/// A change of the slots or of their use.
#[derive(Clone, Copy)]
enum SlotChange {
    /// A Pod enters a phase. `pod` is its position in the workload's list.
    Phase { pod: usize, kind: PhaseKind },
    /// The phase of a Pod that has not ended becomes unknown.
    PhaseUnknown { pod: usize },
    /// A Pod ends.
    PodEnded { pod: usize },
    /// A Pod was created.
    PodCreated(RetryGroup),
    /// A Pod succeeded.
    PodSucceeded,
    /// A Pod failed, and another Pod followed or may follow.
    PodFailed(RetryGroup),
    /// The numbers of Pods that may run and that must succeed change.
    Capacity { parallelism: u32, completions: Option<u32> },
}

/// Accounts for the slot time of a workload's Pods until its end or `now`.
pub(crate) fn account_slots(timeline: &Timeline, workload: &Workload, now: Timestamp) -> SlotAccount {
    let end = workload.finished.filter(|_| workload.has_ended()).unwrap_or(now).as_millisecond();
    let job = timeline.owners.job(&workload.uid);
    if workload.runs_elsewhere_by().is_some() {
        // Nothing shows how Pods in another cluster use the slots.
        return SlotAccount { partial: true, ..SlotAccount::default() };
    }
    let mut account = SlotAccount::default();
    let changes = slot_changes(timeline, workload, job, &mut account);
    let mut state = SlotState { per_index: workload.retries_per_index, ..SlotState::default() };
    let Some(mut accounted_until) = changes.first().map(|(at, _)| *at) else { return account };
    account.partial = timeline.owners.has_unobserved_changes(&workload.uid);
    let mut accounted_from = i64::MIN;
    // The controller counts Pods that were never observed. The time of such Pods must not count as idle, so the
    // account begins with the first observed Pod.
    let counted_pods =
        usize::try_from(workload.succeeded.saturating_add(workload.failed)).unwrap_or(usize::MAX);
    if job.is_some() && counted_pods > workload.pods.len() {
        account.partial = true;
        let first = timeline.overviews(workload).filter_map(|(_, overview)| overview.start_millis()).min();
        accounted_from = first.unwrap_or(end);
    }
    for (at, change) in changes {
        if at > accounted_until {
            let until = at.min(end);
            state.account_for((until - accounted_until.max(accounted_from)).max(0), &mut account);
            accounted_until = accounted_until.max(until);
        }
        state.apply(change);
    }
    state.account_for((end - accounted_until.max(accounted_from)).max(0), &mut account);
    account
}

/// The changes of a workload in chronological order, with their times in milliseconds since 1970. Sets the
/// `concurrency_max` of `account` to 1 if a Pod has run.
fn slot_changes(
    timeline: &Timeline,
    workload: &Workload,
    job: Option<&JobRecord>,
    account: &mut SlotAccount,
) -> Vec<(i64, SlotChange)> {
    let mut changes: Vec<(i64, SlotChange)> = Vec::with_capacity(workload.pods.len() * 8);
    for capacity in &workload.capacity {
        let (parallelism, completions) = (capacity.parallelism, capacity.completions);
        changes.push((capacity.since.as_millisecond(), SlotChange::Capacity { parallelism, completions }));
    }
    let counts_results = job.is_some_and(JobRecord::counts_results_of_deleted);
    let mut failures: Vec<(i64, RetryGroup)> = Vec::new();
    let mut latest_created: HashMap<RetryGroup, i64> = HashMap::new();
    let retry_group = |key| timeline.identity(key).index.filter(|_| workload.retries_per_index);
    for (pod, (key, overview)) in timeline.overviews(workload).enumerate() {
        let Some(created) = overview.start_millis() else { continue };
        let latest = latest_created.entry(retry_group(key)).or_insert(created);
        *latest = created.max(*latest);
        changes.push((created, SlotChange::PodCreated(retry_group(key))));
        // Work can appear to take no time, because its end is truncated to the second. Nevertheless one Pod ran.
        if overview.work_started().is_some() {
            account.concurrency_max = 1;
        }
        push_phases(&mut changes, pod, timeline, key);
        match counted_result(timeline, workload, key, counts_results) {
            Some((at, true)) => changes.push((at.as_millisecond(), SlotChange::PodSucceeded)),
            Some((at, false)) => failures.push((at.as_millisecond(), retry_group(key))),
            None => {}
        }
    }
    for (at, group) in failures {
        // The controller does not wait after the last failure of a Job that has ended.
        if !workload.has_ended() || latest_created.get(&group).is_some_and(|created| *created > at) {
            changes.push((at, SlotChange::PodFailed(group)));
        }
    }
    // The sort must be stable: changes at the same time stay in the order of a Pod's life.
    changes.sort_by_key(|(at, _)| *at);
    changes
}

/// Adds the phases and the end of a Pod to `changes`. `pod` is its position in the workload's list.
fn push_phases(changes: &mut Vec<(i64, SlotChange)>, pod: usize, timeline: &Timeline, key: PodKey) {
    let has_ended = timeline.overview(key).outcome.has_ended();
    let mut last_end = None;
    timeline.for_each_span(key, |span| {
        // A Pod whose end was not observed must not take a slot forever.
        let end_unknown = span.end.is_none() && has_ended;
        let change = if end_unknown {
            SlotChange::PodEnded { pod }
        } else {
            SlotChange::Phase { pod, kind: span.kind }
        };
        changes.push((span.start, change));
        last_end = span.end;
    });
    if let Some(end) = last_end {
        let change = if has_ended { SlotChange::PodEnded { pod } } else { SlotChange::PhaseUnknown { pod } };
        changes.push((end, change));
    }
}

/// The time at which the Job counted a Pod, and `true` if the Pod counted as succeeded. `None` if the Pod did not
/// count.
///
/// With the default policy a Pod counts as failed as soon as somebody deletes it, regardless of its later exit code. A
/// Pod that the Job itself deletes does not count. With `counts_results`, a deleted Pod counts by its result.
fn counted_result(
    timeline: &Timeline,
    workload: &Workload,
    key: PodKey,
    counts_results: bool,
) -> Option<(Timestamp, bool)> {
    let record = timeline.store.record(key);
    let end = record.overview.end();
    let counts_at_deletion = record.deleted_before_its_end && !counts_results;
    if counts_at_deletion && !counts_as_success_despite_deletion(timeline, workload, key) {
        let requested = timeline.pod(key).life.instants.delete_requested.map(|requested| requested.at);
        return Some((requested.or(end)?, false)).filter(|_| record.is_deleted_by_others());
    }
    match record.overview.outcome {
        PodOutcome::Succeeded => Some((end?, true)),
        PodOutcome::Failed | PodOutcome::NeverStarted => Some((end?, false)),
        PodOutcome::Pending
        | PodOutcome::Starting
        | PodOutcome::Running
        | PodOutcome::Deleted
        | PodOutcome::Unknown => None,
    }
}

/// Whether a deleted Pod counts as a success. If a Pod ends successfully right after the request of its deletion, the
/// Job may observe only the success. This is assumed if the Job succeeded and the Pod's index has no later attempt.
fn counts_as_success_despite_deletion(timeline: &Timeline, workload: &Workload, key: PodKey) -> bool {
    let record = timeline.store.record(key);
    let attempt_count = || timeline.attempts.count(record.workload, record.identity.index?);
    record.overview.outcome == PodOutcome::Succeeded
        && workload.state == WorkloadState::Succeeded
        && attempt_count() == Some(record.identity.attempt)
}

/// The slots and their use between two changes.
#[derive(Default)]
struct SlotState {
    parallelism: u32,
    completions: Option<u32>,
    succeeded: u32,
    /// The phase of each existing Pod by its position, oldest first; `None` if the phase is unknown.
    pods: BTreeMap<usize, Option<PhaseKind>>,
    /// The number of existing Pods in each phase.
    counts: ByPhase<u32>,
    /// Whether retries are counted per completion index.
    per_index: bool,
    /// Failures after which no Pod was created yet.
    unanswered_failures: HashSet<RetryGroup>,
}

impl SlotState {
    fn apply(&mut self, change: SlotChange) {
        match change {
            SlotChange::Phase { pod, kind } => {
                self.counts[kind] += 1;
                let before = self.pods.insert(pod, Some(kind)).flatten();
                self.uncount(before);
            }
            SlotChange::PhaseUnknown { pod } => {
                let before = self.pods.insert(pod, None).flatten();
                self.uncount(before);
            }
            SlotChange::PodEnded { pod } => {
                let before = self.pods.remove(&pod).flatten();
                self.uncount(before);
            }
            SlotChange::PodCreated(group) => {
                self.unanswered_failures.remove(&group);
            }
            SlotChange::PodSucceeded => self.succeeded += 1,
            SlotChange::PodFailed(group) => {
                self.unanswered_failures.insert(group);
            }
            SlotChange::Capacity { parallelism, completions } => {
                self.parallelism = parallelism;
                self.completions = completions;
            }
        }
    }

    /// Removes a Pod from the count of its former phase.
    fn uncount(&mut self, before: Option<PhaseKind>) {
        if let Some(kind) = before {
            self.counts[kind] -= 1;
        }
    }

    /// Adds `millis` in this state to the account.
    fn account_for(&self, millis: i64, account: &mut SlotAccount) {
        if millis == 0 {
            return;
        }
        let left = self.completions.map(|completions| completions.saturating_sub(self.succeeded));
        let slots = left.map_or(self.parallelism, |left| left.min(self.parallelism));
        let pods = u32::try_from(self.pods.len()).unwrap_or(u32::MAX);
        let running = self.counts[PhaseKind::Running];
        account.concurrency_max = account.concurrency_max.max(running);
        account.running_millis += i64::from(running) * millis;
        account.slots.total += i64::from(slots) * millis;
        if pods > slots {
            for kind in self.pods.values().take(slots as usize) {
                match kind {
                    Some(kind) => account.slots.phases[*kind] += millis,
                    None => account.slots.idle += millis,
                }
            }
            return;
        }
        for (kind, slot_millis) in &mut account.slots.phases {
            *slot_millis += i64::from(self.counts[kind]) * millis;
        }
        // Pods in an unknown phase count as idle.
        let unknown = pods.saturating_sub(self.counts.values().sum());
        account.slots.idle += i64::from(unknown) * millis;
        let empty = slots - pods;
        let failures = u32::try_from(self.unanswered_failures.len()).unwrap_or(u32::MAX);
        let in_back_off = match (failures, self.per_index) {
            (0, _) => 0,
            (_, true) => empty.min(failures),
            // A Job without a limit per index creates no Pod at all while it waits after a failure.
            (_, false) => empty,
        };
        account.slots.phases[PhaseKind::BackOff] += i64::from(in_back_off) * millis;
        account.slots.idle += i64::from(empty - in_back_off) * millis;
    }
}
