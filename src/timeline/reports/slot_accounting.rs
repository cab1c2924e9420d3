//! Accounts for slot time: how the slots of a workload were used at each moment.
//!
//! At each moment a workload has min(parallelism, completions left) slots. Each Pod that exists and has not ended takes
//! one slot. If there are more Pods than slots, the oldest Pods take the slots. A slot with a Pod counts for the Pod's
//! phase, or as unknown if the phase is unknown. A slot without a Pod counts as back-off while the controller waits
//! after a failure, and otherwise as idle. An index that failed for good does not count as a completion that is left.
//! All times are whole milliseconds, so that the parts sum to the total.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::lifecycle::{ByPhase, Evidence, Instant, PhaseKind, PhaseSpan};
use crate::timeline::pods::overview::PodOverview;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::back_offs::RetryGroup;
use crate::timeline::reports::lost_work::{ByLossCause, LossCause, LostWork, PodLoss};
use crate::timeline::reports::slot_ranges::{SlotUncertainty, SlotUncertaintyBuilder};
use crate::timeline::reports::slot_time::SlotTime;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// The slot time of a workload and the number of its running Pods.
#[derive(Default)]
pub(crate) struct SlotAccount {
    pub(crate) slots: SlotTime,
    pub(crate) uncertainty: SlotUncertainty,
    /// The slot time of work that was lost.
    pub(crate) lost_work: LostWork,
    /// The sum over all Pods of the work that was lost, in milliseconds. Does not depend on slots.
    pub(crate) lost_millis: ByLossCause<i64>,
    /// The highest number of Pods that ran at the same time.
    pub(crate) concurrency_max: u32,
    /// The sum of the times of all Pods in [`PhaseKind::Unready`] or [`PhaseKind::Running`], in milliseconds.
    pub(crate) running_millis: i64,
    /// Whether a part of the run was not observed.
    pub(crate) partial: bool,
    /// The slot time of each Pod, in the order of the workload's list. Empty unless it was requested.
    pub(crate) by_pod: Vec<PodSlotTime>,
}

/// The slot time of one Pod, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodSlotTime {
    /// Slot time in each phase. `Unknown` includes the time in which the state of the Pod is unknown.
    pub(crate) phases: ByPhase<i64>,
    /// The part of the work that was lost.
    pub(crate) lost_work: i64,
}

impl PodSlotTime {
    fn add(&mut self, use_of_slot: SlotUseOfPod, millis: i64) {
        let kind = use_of_slot.map_or(PhaseKind::Unknown, |(kind, _)| kind);
        self.phases[kind] += millis;
        if use_of_slot.is_some_and(|(_, lost)| lost.is_some()) {
            self.lost_work += millis;
        }
    }
}

/// The phase of an existing Pod, and why its work is lost. `None` if the phase is unknown.
type SlotUseOfPod = Option<(PhaseKind, Option<LossCause>)>;

/// A change of the slots or of their use.
#[derive(Clone, Copy)]
enum SlotChange {
    /// A Pod enters a phase. `pod` is its position in the workload's list. `lost` is why the work of this phase is
    /// lost.
    Phase { pod: usize, kind: PhaseKind, lost: Option<LossCause> },
    /// The phase of a Pod that has not ended becomes unknown.
    PhaseUnknown { pod: usize },
    /// A Pod ends.
    PodEnded { pod: usize },
    /// A Pod succeeded, or its index failed for good, so that one fewer completion is left.
    CompletionSettled,
    /// The controller begins to wait after a failure.
    BackOffBegan(RetryGroup),
    /// A wait after a failure ends.
    BackOffEnded(RetryGroup),
    /// The numbers of Pods that may run and that must succeed change.
    Capacity { parallelism: u32, completions: Option<u32> },
}

/// Accounts for the slot time of a workload's Pods until its end or `now`.
pub(crate) fn account_slots(timeline: &Timeline, workload: &Workload, now: Timestamp) -> SlotAccount {
    account(timeline, workload, now, false)
}

/// Accounts like [`account_slots`], and also for the slot time of each Pod.
pub(crate) fn account_slots_by_pod(timeline: &Timeline, workload: &Workload, now: Timestamp) -> SlotAccount {
    account(timeline, workload, now, true)
}

fn account(timeline: &Timeline, workload: &Workload, now: Timestamp, by_pod: bool) -> SlotAccount {
    let last_instant = end_of_slots(timeline, workload);
    let end = last_instant.map_or(now, |end| end.at).as_millisecond();
    let job = timeline.owners.job(&workload.uid);
    if workload.runs_elsewhere_by().is_some() {
        // Nothing shows how Pods in another cluster use the slots.
        return SlotAccount { partial: true, ..SlotAccount::default() };
    }
    let mut account = SlotAccount::default();
    if by_pod {
        account.by_pod = vec![PodSlotTime::default(); workload.pods.len()];
    }
    let mut state = SlotState { per_index: workload.retries_per_index, ..SlotState::default() };
    let mut changes = pod_changes(timeline, workload, &mut account);
    if let Some(failures) = timeline.job_failures(workload, now) {
        state.settled = failures.unobserved_failed_indexes;
        for at in failures.failed_indexes.values() {
            changes.push((at.as_millisecond(), SlotChange::CompletionSettled));
        }
        for back_off in timeline.back_offs(workload, &failures, now) {
            changes.push((back_off.since.as_millisecond(), SlotChange::BackOffBegan(back_off.group)));
            if let Some(until) = back_off.until.filter(|until| *until > back_off.since) {
                changes.push((until.as_millisecond(), SlotChange::BackOffEnded(back_off.group)));
            }
        }
    }
    // The sort must be stable: changes at the same time stay in the order of a Pod's life.
    changes.sort_by_key(|(at, _)| *at);
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
        state.apply(change, &mut account.by_pod);
    }
    state.account_for((end - accounted_until.max(accounted_from)).max(0), &mut account);
    state.finish_pods(&mut account.by_pod);
    if let Some(end) = last_instant {
        account.uncertainty.add_idle_end(end.error(), state.count_idle());
    }
    account
}

/// The changes that follow from the capacity and the Pods of a workload, with their times in milliseconds since 1970.
/// Sets the `concurrency_max` of `account` to 1 if a Pod has run.
fn pod_changes(
    timeline: &Timeline,
    workload: &Workload,
    account: &mut SlotAccount,
) -> Vec<(i64, SlotChange)> {
    let mut pods = PodChanges::default();
    pods.changes.reserve(workload.pods.len() * 8);
    let first_created =
        timeline.overviews(workload).filter_map(|(_, overview)| overview.start_millis()).min();
    for (index, capacity) in workload.capacity.iter().enumerate() {
        let (parallelism, completions) = (capacity.parallelism, capacity.completions);
        let since = if index == 0 {
            start_of_slots(workload, first_created)
        } else {
            capacity.since.as_millisecond()
        };
        pods.changes.push((since, SlotChange::Capacity { parallelism, completions }));
    }
    for (pod, (key, overview)) in timeline.overviews(workload).enumerate() {
        if overview.start_millis().is_none() {
            continue;
        }
        // Work can appear to take no time, because its end is truncated to the second. Nevertheless one Pod ran.
        if overview.work_started().is_some() {
            account.concurrency_max = 1;
        }
        let loss = timeline.pod_loss(key);
        let has_worked = pods.push_phases(pod, timeline, workload, key, loss.as_ref());
        if let Some(cause) = loss.as_ref().and_then(PodLoss::cause).filter(|_| has_worked) {
            account.lost_work.pods[cause] += 1;
        }
        if let Some(result) = timeline.counted_result(workload, key).filter(|result| result.succeeded) {
            pods.changes.push((result.at.as_millisecond(), SlotChange::CompletionSettled));
        }
    }
    account.uncertainty = pods.uncertainty.finish();
    pods.changes
}

/// The end of a workload; `None` if it has not ended. A workload does not end before the last of its Pods.
fn end_of_slots(timeline: &Timeline, workload: &Workload) -> Option<Instant> {
    let mut end = workload.end_instant()?;
    if let Some(last) = timeline.overviews(workload).filter_map(|(_, overview)| overview.end()).max() {
        end.raise_earliest(last, Evidence::WorkloadEnded);
    }
    Some(end)
}

/// The start of the first slots, in milliseconds since 1970. The controller creates the first Pod at once. So if the
/// workload is known to be created in the second in which its first Pod was created, the slots begin with this Pod: a
/// wait that is shorter than its own uncertainty does not count.
fn start_of_slots(workload: &Workload, first_created: Option<i64>) -> i64 {
    let Some(first) = workload.capacity.first() else { return 0 };
    let since = first.since.as_millisecond();
    let Some(second) = workload.created.map(Timestamp::as_millisecond) else { return since };
    let is_in_second = |millis: i64| (second..=second + 1_000).contains(&millis);
    let next_change = workload.capacity.get(1).map_or(i64::MAX, |next| next.since.as_millisecond());
    let created = first_created.filter(|created| is_in_second(*created) && is_in_second(since));
    created.map_or(since, |created| created.min(next_change))
}

/// When the state of a gone Pod becomes unknown, in milliseconds since 1970. `last` is its last phase. `None` if the end
/// of the Pod is known. Events do not say when the work of a gone Pod ended.
fn unknown_since(overview: &PodOverview, last: PhaseSpan) -> Option<i64> {
    let is_end_unknown = last.end.is_none() || last.kind.is_work() && overview.run().is_none();
    let is_unknown = overview.gone && is_end_unknown;
    is_unknown.then(|| last.end.unwrap_or(last.start))
}

impl Timeline {
    /// When the state of a gone Pod becomes unknown. `None` if the end of the Pod is known.
    pub(crate) fn unknown_since(&self, key: PodKey) -> Option<Timestamp> {
        let overview = self.overview(key);
        if !overview.gone {
            return None;
        }
        let mut last = None;
        self.for_each_span(key, |span| last = Some(span));
        Timestamp::from_millisecond(unknown_since(overview, last?)?).ok()
    }

    /// When a gone Pod whose state is unknown since `since` releases its slot: when the next Pod of the workload is
    /// created. `None` if no Pod was created since.
    pub(crate) fn released_by_next_pod(&self, workload: &Workload, since: Timestamp) -> Option<Timestamp> {
        let since = since.as_millisecond();
        let started = self.overviews(workload).filter_map(|(_, later)| later.start_millis());
        let next = started.filter(|start| *start > since).min()?;
        Timestamp::from_millisecond(next).ok()
    }
}

/// The changes that follow from the Pods of a workload, and how exact their times are.
#[derive(Default)]
struct PodChanges {
    changes: Vec<(i64, SlotChange)>,
    uncertainty: SlotUncertaintyBuilder,
}

impl PodChanges {
    /// Adds the phases and the end of a Pod. `pod` is its position in the workload's list. Returns whether the Pod
    /// worked for some time.
    fn push_phases(
        &mut self,
        pod: usize,
        timeline: &Timeline,
        workload: &Workload,
        key: PodKey,
        loss: Option<&PodLoss>,
    ) -> bool {
        let overview = timeline.overview(key);
        let has_ended = overview.outcome.has_ended();
        let (mut last, mut has_worked) = (None::<PhaseSpan>, false);
        timeline.for_each_span(key, |span| {
            self.uncertainty.add_start(last.replace(span), span);
            has_worked |= span.kind == PhaseKind::Running && span.end.is_none_or(|end| end > span.start);
            // A Pod whose end was not observed must not take a slot forever.
            if span.end.is_none() && has_ended {
                if !overview.gone {
                    self.changes.push((span.start, SlotChange::PodEnded { pod }));
                }
                return;
            }
            let PhaseSpan { kind, start, .. } = span;
            match loss.filter(|_| kind == PhaseKind::Running) {
                Some(loss) => loss.for_each_part(span, |start, lost| {
                    self.changes.push((start, SlotChange::Phase { pod, kind, lost }));
                }),
                None => self.changes.push((start, SlotChange::Phase { pod, kind, lost: None })),
            }
        });
        if let Some(last) = last {
            self.uncertainty.add_end(last);
        }
        if let Some(known_until) = last.and_then(|last| unknown_since(overview, last)) {
            self.changes.push((known_until, SlotChange::PhaseUnknown { pod }));
            let released = Timestamp::from_millisecond(known_until)
                .ok()
                .and_then(|since| timeline.released_by_next_pod(workload, since));
            self.changes.extend(released.map(|at| (at.as_millisecond(), SlotChange::PodEnded { pod })));
            return has_worked;
        }
        let Some(end) = last.and_then(|last| last.end) else { return has_worked };
        if has_ended && !overview.is_lost {
            self.changes.push((end, SlotChange::PodEnded { pod }));
            return has_worked;
        }
        self.changes.push((end, SlotChange::PhaseUnknown { pod }));
        // The controller replaces a lost Pod when it counts the Pod as failed, or when the Pod no longer exists.
        if overview.is_lost
            && let Some(released) = timeline.lost_slot_released(key)
        {
            self.changes.push((released.as_millisecond().max(end), SlotChange::PodEnded { pod }));
        }
        has_worked
    }
}

/// The slots and their use between two changes.
#[derive(Default)]
struct SlotState {
    parallelism: u32,
    completions: Option<u32>,
    /// The number of completions that succeeded or failed for good.
    settled: u32,
    /// The phase of each existing Pod by its position, oldest first, and why its work is lost; `None` if the phase is
    /// unknown.
    pods: BTreeMap<usize, SlotUseOfPod>,
    /// The time in which each existing Pod had a slot so far, in milliseconds. All Pods share it.
    shared_clock: i64,
    /// The value of the shared clock at the last change of each Pod. Kept only for an account by Pod.
    last_changes: HashMap<usize, i64>,
    /// The number of existing Pods in each phase.
    counts: ByPhase<u32>,
    /// The number of running Pods whose work is lost.
    lost_counts: ByLossCause<u32>,
    /// Whether retries are counted per completion index.
    per_index: bool,
    /// For each group, the number of failures after which the controller waits now.
    waits: HashMap<RetryGroup, u32>,
}

impl SlotState {
    /// Applies a change. Adds the slot time of the Pod since its last change to `by_pod`, unless this is empty.
    fn apply(&mut self, change: SlotChange, by_pod: &mut [PodSlotTime]) {
        if let SlotChange::Phase { pod, .. } | SlotChange::PhaseUnknown { pod } | SlotChange::PodEnded { pod } =
            change
            && !by_pod.is_empty()
        {
            self.finish_pod(pod, by_pod);
        }
        match change {
            SlotChange::Phase { pod, kind, lost } => {
                self.counts[kind] += 1;
                if let Some(cause) = lost {
                    self.lost_counts[cause] += 1;
                }
                let before = self.pods.insert(pod, Some((kind, lost))).flatten();
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

    /// Adds the slot time of a Pod since its last change.
    fn finish_pod(&mut self, pod: usize, by_pod: &mut [PodSlotTime]) {
        let since = self.last_changes.insert(pod, self.shared_clock);
        if let (Some(since), Some(&use_of_slot), Some(time)) =
            (since, self.pods.get(&pod), by_pod.get_mut(pod))
        {
            time.add(use_of_slot, self.shared_clock - since);
        }
    }

    /// Adds the slot time of all existing Pods since their last change.
    fn finish_pods(&mut self, by_pod: &mut [PodSlotTime]) {
        if !by_pod.is_empty() {
            let pods: Vec<usize> = self.pods.keys().copied().collect();
            for pod in pods {
                self.finish_pod(pod, by_pod);
            }
        }
    }

    /// Removes a Pod from the counts of its former phase.
    fn uncount(&mut self, before: SlotUseOfPod) {
        let Some((kind, lost)) = before else { return };
        self.counts[kind] -= 1;
        if let Some(cause) = lost {
            self.lost_counts[cause] -= 1;
        }
    }

    /// The number of slots that the workload has now.
    fn count_slots(&self) -> u32 {
        let left = self.completions.map(|completions| completions.saturating_sub(self.settled));
        left.map_or(self.parallelism, |left| left.min(self.parallelism))
    }

    /// Of these empty slots, the number that are in back-off.
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
    fn count_idle(&self) -> u32 {
        let empty = self.count_slots().saturating_sub(u32::try_from(self.pods.len()).unwrap_or(u32::MAX));
        empty - self.count_back_off(empty)
    }

    /// Adds `millis` in this state to the account.
    fn account_for(&mut self, millis: i64, account: &mut SlotAccount) {
        if millis == 0 {
            return;
        }
        let slots = self.count_slots();
        let pods = u32::try_from(self.pods.len()).unwrap_or(u32::MAX);
        // Times and numbers of a cluster can have any value. Slot time that is too long to be counted is left out.
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
            for (&pod, phase) in self.pods.iter().take(slots as usize) {
                if let Some(time) = account.by_pod.get_mut(pod) {
                    time.add(*phase, millis);
                }
                let Some((kind, lost)) = *phase else {
                    account.slots.phases[PhaseKind::Unknown] += millis;
                    continue;
                };
                account.slots.phases[kind] += millis;
                if let Some(cause) = lost {
                    account.lost_work.millis[cause] += millis;
                }
            }
            return;
        }
        self.shared_clock += millis;
        for (kind, slot_millis) in &mut account.slots.phases {
            *slot_millis += i64::from(self.counts[kind]) * millis;
        }
        for (cause, lost_millis) in &mut account.lost_work.millis {
            *lost_millis += i64::from(self.lost_counts[cause]) * millis;
        }
        let unknown = pods.saturating_sub(self.counts.values().sum());
        account.slots.phases[PhaseKind::Unknown] += i64::from(unknown) * millis;
        let empty = slots - pods;
        let in_back_off = self.count_back_off(empty);
        account.slots.phases[PhaseKind::BackOff] += i64::from(in_back_off) * millis;
        account.slots.idle += i64::from(empty - in_back_off) * millis;
    }
}
