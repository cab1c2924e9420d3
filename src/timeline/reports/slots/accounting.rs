//! Accounts for slot time: how the slots of a workload were used at each moment.
//!
//! At each moment a workload has min(parallelism, completions left) slots. Each Pod that exists and has not ended takes
//! one slot. If there are more Pods than slots, the oldest Pods take the slots. A slot with a Pod counts for the Pod's
//! phase, or as unknown if the phase is unknown. A slot without a Pod counts as back-off while the controller waits
//! after a failure, and otherwise as idle. An index that failed for good does not count as a completion that is left.
//! All times are whole milliseconds, so that the parts sum to the total.

use jiff::Timestamp;

use crate::lifecycle::{Evidence, Instant, PhaseKind, PhaseSpan};
use crate::timeline::pods::overview::PodOverview;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::lost_work::PodLoss;
use crate::timeline::reports::slots::account::{PodSlotTime, PodUse, SlotAccount};
use crate::timeline::reports::slots::ranges::SlotUncertaintyBuilder;
use crate::timeline::reports::slots::state::{SlotChange, SlotState};
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// Accounts for the slot time of a workload's Pods until its end or `now`.
pub(crate) fn account_slots(timeline: &Timeline, workload: &Workload, now: Timestamp) -> SlotAccount {
    let last_instant = end_of_slots(timeline, workload);
    let end = last_instant.map_or(now, |end| end.at).as_millisecond();
    let job = timeline.owners.job(&workload.uid);
    if workload.runs_elsewhere_by().is_some() {
        // Nothing shows how Pods in another cluster use the slots.
        return SlotAccount { partial: true, ..SlotAccount::default() };
    }
    let mut account =
        SlotAccount { by_pod: vec![PodSlotTime::default(); workload.pods.len()], ..SlotAccount::default() };
    let to_create = timeline.overviews(workload).filter(|(_, pod)| pod.start_millis().is_some()).count();
    let mut state = SlotState::new(workload.pods.len(), to_create, workload.retries_per_index);
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
    account.partial = timeline.owners.has_unobserved_changes(&workload.uid)
        || timeline.unwatched_times(workload).next().is_some();
    let mut accounted_from = i64::MIN;
    // If the controller counts Pods that were never observed, the account begins with the first observed Pod, because
    // the slots of the other Pods must not count as idle.
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
        state.apply(change, &mut account);
    }
    state.account_for((end - accounted_until.max(accounted_from)).max(0), &mut account);
    if let Some(end) = last_instant {
        account.uncertainty.add_idle_end(end.error(), state.count_idle());
    }
    account.idle.open = if workload.has_ended() { 0 } else { state.count_idle() as usize };
    state.finish_phases(&mut account.by_pod);
    account
}

/// The changes that follow from the capacity and the Pods of a workload, with their times in milliseconds since 1970.
/// Also sets the uncertainty of `account`, counts the Pods that lost work, and sets `concurrency_max` to 1 if a Pod
/// has run.
fn pod_changes(
    timeline: &Timeline,
    workload: &Workload,
    account: &mut SlotAccount,
) -> Vec<(i64, SlotChange)> {
    let mut pods = PodChanges::default();
    pods.changes.reserve(workload.pods.len() * 6);
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
    for (pod, (key, overview)) in (0_u32..).zip(timeline.overviews(workload)) {
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
            pods.push_success(pod, result.at.as_millisecond());
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

/// The start of the first slots, in milliseconds since 1970. The creation of a workload is known only to a second. If
/// the first Pod was created in the same second, the slots begin with this Pod, because the controller creates it at
/// once.
fn start_of_slots(workload: &Workload, first_created: Option<i64>) -> i64 {
    let Some(first) = workload.capacity.first() else { return 0 };
    let since = first.since.as_millisecond();
    let Some(second) = workload.created.map(Timestamp::as_millisecond) else { return since };
    let is_in_second = |millis: i64| (second..=second + 1_000).contains(&millis);
    let next_change = workload.capacity.get(1).map_or(i64::MAX, |next| next.since.as_millisecond());
    let created = first_created.filter(|created| is_in_second(*created) && is_in_second(since));
    created.map_or(since, |created| created.min(next_change))
}

/// When the state of a gone Pod becomes unknown, in milliseconds since 1970. `last` is its last phase. `None` if the
/// end of the Pod is known. Events do not contain the end of the work of a gone Pod.
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
    /// Adds the success of the Pod whose phases were added last.
    fn push_success(&mut self, pod: u32, at: i64) {
        match self.changes.last_mut() {
            // A Pod usually succeeds when it ends. One change for both makes the list shorter.
            Some((end, SlotChange::PodEnded { pod: ended, settles })) if *ended == pod && *end == at => {
                *settles = true;
            }
            Some(_) | None => self.changes.push((at, SlotChange::CompletionSettled)),
        }
    }

    /// Adds the phases and the end of a Pod. `pod` is its position in the workload's list. Returns whether the Pod
    /// worked for some time.
    fn push_phases(
        &mut self,
        pod: u32,
        timeline: &Timeline,
        workload: &Workload,
        key: PodKey,
        loss: Option<&PodLoss>,
    ) -> bool {
        let overview = timeline.overview(key);
        let has_ended = overview.outcome.has_ended();
        let unknown = SlotChange::Phase { pod, pod_use: PodUse { kind: PhaseKind::Unknown, lost: None } };
        let (mut last, mut has_worked) = (None::<PhaseSpan>, false);
        timeline.for_each_span(key, |span| {
            self.uncertainty.add_start(last.replace(span), span);
            has_worked |= span.kind == PhaseKind::Running && span.end.is_none_or(|end| end > span.start);
            // A Pod whose end was not observed must not take a slot forever.
            if span.end.is_none() && has_ended {
                if !overview.gone {
                    self.changes.push((span.start, SlotChange::PodEnded { pod, settles: false }));
                }
                return;
            }
            let PhaseSpan { kind, start, .. } = span;
            let mut enter = |start, lost| {
                self.changes.push((start, SlotChange::Phase { pod, pod_use: PodUse { kind, lost } }));
            };
            match loss.filter(|_| kind == PhaseKind::Running) {
                Some(loss) => loss.for_each_part(span, enter),
                None => enter(start, None),
            }
        });
        if let Some(last) = last {
            self.uncertainty.add_end(last);
        }
        if let Some(known_until) = last.and_then(|last| unknown_since(overview, last)) {
            self.changes.push((known_until, unknown));
            let released = Timestamp::from_millisecond(known_until)
                .ok()
                .and_then(|since| timeline.released_by_next_pod(workload, since));
            self.changes.extend(
                released.map(|at| (at.as_millisecond(), SlotChange::PodEnded { pod, settles: false })),
            );
            return has_worked;
        }
        let Some(end) = last.and_then(|last| last.end) else { return has_worked };
        if has_ended && !overview.is_lost {
            self.changes.push((end, SlotChange::PodEnded { pod, settles: false }));
            return has_worked;
        }
        self.changes.push((end, unknown));
        // The controller replaces a lost Pod when it counts the Pod as failed, or when the Pod no longer exists.
        if overview.is_lost
            && let Some(released) = timeline.lost_slot_released(key)
        {
            self.changes
                .push((released.as_millisecond().max(end), SlotChange::PodEnded { pod, settles: false }));
        }
        has_worked
    }
}
