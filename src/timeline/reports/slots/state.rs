//! The slots of a workload and their use between two changes.

use std::collections::{BTreeSet, HashMap};

use crate::lifecycle::{ByPhase, PhaseKind};
use crate::timeline::reports::back_offs::RetryGroup;
use crate::timeline::reports::lost_work::ByLossCause;
use crate::timeline::reports::slots::account::{PodSlotTime, PodUse, SlotAccount};
use crate::timeline::reports::slots::idle::IdleStage;

/// A change of the slots or of their use. `pod` is the position of a Pod in the workload's list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SlotChange {
    /// A Pod enters a phase.
    Phase { pod: u32, pod_use: PodUse },
    /// A Pod ends. `settles` is set if one fewer completion is left.
    PodEnded { pod: u32, settles: bool },
    /// One fewer completion is left, because a Pod succeeded or an index failed permanently.
    CompletionSettled,
    /// The controller begins to wait after a failure.
    BackOffBegan(RetryGroup),
    /// A wait after a failure ends.
    BackOffEnded(RetryGroup),
    /// The number of Pods that may run, or the number of Pods that must succeed, changes.
    Capacity { parallelism: u32, completions: Option<u32> },
}

/// A Pod that exists and has not ended.
#[derive(Clone, Copy, Debug)]
struct ExistingPod {
    pod_use: PodUse,
    /// The value of the shared clock when the Pod entered its phase.
    since: i64,
}

/// The slots and their use between two changes.
#[derive(Debug, Default)]
pub(crate) struct SlotState {
    parallelism: u32,
    completions: Option<u32>,
    /// The number of completions that succeeded or failed permanently.
    pub(crate) settled: u32,
    /// Each Pod, by its position in the workload's list; `None` before the Pod exists and after its end.
    pods: Vec<Option<ExistingPod>>,
    /// The positions of the existing Pods, oldest first.
    existing: BTreeSet<u32>,
    /// The total time in which every existing Pod had a slot, in milliseconds. All Pods share this clock, so that the
    /// cost of an interval does not depend on the number of Pods.
    shared_clock: i64,
    /// The number of existing Pods in each phase.
    counts: ByPhase<u32>,
    /// The number of running Pods whose work is lost.
    lost_counts: ByLossCause<u32>,
    /// The number of Pods that have been created.
    created: usize,
    /// The number of Pods that will have been created at the end of the account.
    to_create: usize,
    /// Whether a Pod has ended.
    has_ended_pod: bool,
    /// Whether retries are counted per completion index.
    per_index: bool,
    /// For each group, the number of waits that have begun and not ended.
    waits: HashMap<RetryGroup, u32>,
}

impl SlotState {
    /// The state before the first change of a workload with this number of Pods, of which `to_create` have a start.
    pub(crate) fn new(pods: usize, to_create: usize, per_index: bool) -> Self {
        Self { pods: vec![None; pods], to_create, per_index, ..Self::default() }
    }

    /// Applies a change. `account` must have an element for each Pod.
    pub(crate) fn apply(&mut self, change: SlotChange, account: &mut SlotAccount) {
        let by_pod = &mut account.by_pod;
        match change {
            SlotChange::Phase { pod, pod_use } => {
                if self.finish_phase(pod, by_pod).is_none() {
                    self.existing.insert(pod);
                    self.created += 1;
                    account.idle.replacements += usize::from(self.has_ended_pod);
                }
                self.pods[pod as usize] = Some(ExistingPod { pod_use, since: self.shared_clock });
                self.counts[pod_use.kind] += 1;
                if let Some(cause) = pod_use.lost {
                    self.lost_counts[cause] += 1;
                }
            }
            SlotChange::PodEnded { pod, settles } => {
                self.finish_phase(pod, by_pod);
                self.existing.remove(&pod);
                self.has_ended_pod = true;
                self.settled += u32::from(settles);
            }
            SlotChange::CompletionSettled => self.settled += 1,
            SlotChange::BackOffBegan(group) => *self.waits.entry(group).or_default() += 1,
            SlotChange::BackOffEnded(group) => {
                let waits = self.waits.entry(group).or_default();
                *waits = waits.saturating_sub(1);
                if *waits == 0 {
                    self.waits.remove(&group);
                }
            }
            SlotChange::Capacity { parallelism, completions } => {
                self.parallelism = parallelism;
                self.completions = completions;
            }
        }
    }

    /// Ends the phase of a Pod and adds the phase's slot time to `by_pod`. Returns the previous state of the Pod;
    /// `None` if the Pod did not exist.
    fn finish_phase(&mut self, pod: u32, by_pod: &mut [PodSlotTime]) -> Option<ExistingPod> {
        let index = pod as usize;
        let before = self.pods[index].take()?;
        by_pod[index].add(before.pod_use, self.shared_clock - before.since);
        self.counts[before.pod_use.kind] -= 1;
        if let Some(cause) = before.pod_use.lost {
            self.lost_counts[cause] -= 1;
        }
        Some(before)
    }

    /// Ends the current phases of all existing Pods and adds the slot time of these phases to `by_pod`.
    pub(crate) fn finish_phases(&mut self, by_pod: &mut [PodSlotTime]) {
        for pod in std::mem::take(&mut self.existing) {
            self.finish_phase(pod, by_pod);
        }
    }

    /// The number of slots that the workload has now.
    fn count_slots(&self) -> u32 {
        let left = self.completions.map(|completions| completions.saturating_sub(self.settled));
        left.map_or(self.parallelism, |left| left.min(self.parallelism))
    }

    /// The number of Pods that exist now.
    fn count_pods(&self) -> u32 {
        u32::try_from(self.existing.len()).unwrap_or(u32::MAX)
    }

    /// The number of slots in back-off among this number of empty slots.
    fn count_back_off(&self, empty: u32) -> u32 {
        let waits = u32::try_from(self.waits.len()).unwrap_or(u32::MAX);
        match (waits, self.per_index) {
            (0, _) => 0,
            (_, true) => empty.min(waits),
            // A Job without a limit per index creates no Pod at all while it waits after a failure.
            (_, false) => empty,
        }
    }

    /// The number of idle slots.
    pub(crate) fn count_idle(&self) -> u32 {
        let empty = self.count_slots().saturating_sub(self.count_pods());
        empty - self.count_back_off(empty)
    }

    /// Adds `millis` milliseconds in this state to the account.
    pub(crate) fn account_for(&mut self, millis: i64, account: &mut SlotAccount) {
        if millis == 0 {
            return;
        }
        let (slots, pods) = (self.count_slots(), self.count_pods());
        // The cluster may report any times and numbers. Slot time beyond the range of the integers is left out.
        let room = (i64::MAX / 2).saturating_sub(account.slots.total) / i64::from(slots.max(pods).max(1));
        let millis = millis.min(room);
        let running = self.counts[PhaseKind::Unready] + self.counts[PhaseKind::Running];
        account.concurrency_max = account.concurrency_max.max(running);
        account.running_millis += i64::from(running) * millis;
        account.slots.total += i64::from(slots) * millis;
        for (cause, lost_millis) in &mut account.lost_millis {
            *lost_millis += i64::from(self.lost_counts[cause]) * millis;
        }
        if pods > slots {
            self.account_for_oldest(slots, millis, account);
            return;
        }
        self.shared_clock += millis;
        for (kind, slot_millis) in &mut account.slots.phases {
            *slot_millis += i64::from(self.counts[kind]) * millis;
        }
        for (cause, lost_millis) in &mut account.lost_work.millis {
            *lost_millis += i64::from(self.lost_counts[cause]) * millis;
        }
        let empty = slots - pods;
        let in_back_off = self.count_back_off(empty);
        account.slots.phases[PhaseKind::BackOff] += i64::from(in_back_off) * millis;
        account.slots.idle += i64::from(empty - in_back_off) * millis;
        account.idle.stages[self.idle_stage()].add(empty - in_back_off, millis);
    }

    /// The stage of the run.
    fn idle_stage(&self) -> IdleStage {
        let will_create = self.created < self.to_create;
        match (self.created, self.has_ended_pod) {
            (0, _) => IdleStage::BeforeFirstPod,
            (_, false) => IdleStage::BeforeFirstEnd,
            (_, true) if will_create => IdleStage::BetweenPods,
            (_, true) if self.existing.is_empty() => IdleStage::AfterLastEnd,
            (_, true) => IdleStage::AfterLastCreation,
        }
    }

    /// Adds `millis` milliseconds in which only the oldest Pods have slots.
    fn account_for_oldest(&self, slots: u32, millis: i64, account: &mut SlotAccount) {
        for &pod in self.existing.iter().take(slots as usize) {
            let Some(ExistingPod { pod_use, .. }) = self.pods[pod as usize] else { continue };
            account.by_pod[pod as usize].add(pod_use, millis);
            account.slots.phases[pod_use.kind] += millis;
            if let Some(cause) = pod_use.lost {
                account.lost_work.millis[cause] += millis;
            }
        }
    }
}
