//! Reads the states of a workload in a queue from one version of its Kueue Workload.
//!
//! A condition holds only its latest change. So the conditions show the current state with its time, and those earlier
//! states whose conditions have not changed since. An earlier state whose condition was overwritten has no time.

use jiff::Timestamp;

use crate::lifecycle::{Evidence, Instant};
use crate::observation::{JobCondition, QueuedWorkload, known_time};
use crate::timeline::queue::changes::QueueChange;
use crate::timeline::queue::state::QueueStateKind;
use crate::timeline::workloads::change_times::creation_instant;

/// The beginning of the message of a condition that is no longer true.
const FORMER: &str = "Previously: ";

/// The changes that one version of a Kueue Workload shows, in their order. `first_received` is the time at which the
/// first version was received.
pub(crate) fn read_changes(workload: &QueuedWorkload, first_received: Timestamp) -> Vec<QueueChange> {
    let created = workload.metadata.created().map(|created| creation_instant(created, first_received));
    let quota = workload.condition("QuotaReserved");
    let is_reserved = quota.is_some_and(is_true);
    let mut changes = vec![QueueChange::new(QueueStateKind::Pending, created, "", "")];
    match workload.condition("Evicted") {
        None => {}
        Some(evicted) if is_true(evicted) => {
            push_states_before_eviction(workload, evicted, &mut changes);
            changes.push(change_of(QueueStateKind::Evicted, evicted));
            if workload.spec.active == Some(false) {
                changes.push(change_of(QueueStateKind::Deactivated, evicted));
            } else if !is_reserved {
                push_states_after_eviction(workload, evicted, &mut changes);
            }
            push_end(workload, &mut changes);
            return changes;
        }
        // The workload has got quota again. The condition no longer shows when it was evicted.
        Some(evicted) => push_former_eviction(workload, evicted, &mut changes),
    }
    if is_reserved {
        push_reserved_states(workload, &mut changes);
    } else {
        if let (Some(pending), Some(quota)) = (changes.last_mut(), quota) {
            pending.take_texts(&change_of(QueueStateKind::Pending, quota));
        }
        if workload.spec.active == Some(false) {
            changes.push(QueueChange::new(QueueStateKind::Deactivated, None, "Deactivated", ""));
        }
    }
    push_end(workload, &mut changes);
    changes
}

fn is_true(condition: &JobCondition) -> bool {
    condition.status == "True"
}

/// When the status of the condition last changed.
fn time_of(condition: &JobCondition) -> Option<Instant> {
    known_time(condition.last_transition_time).map(|at| Instant::new(at, Evidence::QueueCondition))
}

fn change_of(kind: QueueStateKind, condition: &JobCondition) -> QueueChange {
    QueueChange::new(kind, time_of(condition), &condition.reason, &condition.message)
}

/// The states while quota is reserved.
fn push_reserved_states(workload: &QueuedWorkload, changes: &mut Vec<QueueChange>) {
    let Some(quota) = workload.true_condition("QuotaReserved") else { return };
    let reserved = change_of(QueueStateKind::QuotaReserved, quota);
    let reserved_at = reserved.at;
    changes.push(reserved);
    let admitted = workload.true_condition("Admitted");
    let checks = &workload.status.admission_checks;
    if !checks.is_empty() {
        let oldest = checks.iter().filter_map(|check| known_time(check.last_transition_time)).min();
        // The checks of an earlier reservation keep their times.
        let began = oldest
            .map(|at| Instant::new(at, Evidence::QueueCondition))
            .filter(|began| reserved_at.is_none_or(|reserved| reserved.at <= began.at))
            .filter(|began| admitted.and_then(time_of).is_none_or(|admitted| began.at <= admitted.at));
        let open = checks.iter().find(|check| check.state != "Ready").or(checks.first());
        let (name, message) = open.map_or(("", ""), |check| (check.name.as_str(), check.message.as_str()));
        changes.push(QueueChange::new(QueueStateKind::AdmissionChecks, began.or(reserved_at), name, message));
    }
    let Some(admitted) = admitted else { return };
    changes.push(change_of(QueueStateKind::Admitted, admitted));
    let ready = workload.true_condition("PodsReady").map(|ready| change_of(QueueStateKind::PodsReady, ready));
    let is_later = |ready: &QueueChange| match (ready.at, time_of(admitted)) {
        (Some(ready), Some(admitted)) => ready.at >= admitted.at,
        (None, _) | (_, None) => true,
    };
    changes.extend(ready.filter(is_later));
}

/// The states of an evicted workload before its eviction. Once the quota is released, their times are overwritten.
fn push_states_before_eviction(
    workload: &QueuedWorkload,
    evicted: &JobCondition,
    changes: &mut Vec<QueueChange>,
) {
    if workload.true_condition("QuotaReserved").is_some() {
        push_reserved_states(workload, changes);
    } else if workload.condition("Admitted").is_some() {
        changes.push(QueueChange::new(QueueStateKind::Admitted, None, "", ""));
    } else if !evicted.reason.starts_with("Deactivated") {
        // Only a deactivation evicts a workload that has no quota.
        changes.push(QueueChange::new(QueueStateKind::QuotaReserved, None, "", ""));
    }
}

/// The eviction of a workload that has got quota again. Kueue keeps its message, and the time at which the workload
/// entered the queue again.
fn push_former_eviction(workload: &QueuedWorkload, evicted: &JobCondition, changes: &mut Vec<QueueChange>) {
    let message = evicted.message.strip_prefix(FORMER).unwrap_or_default();
    let reason = if message.starts_with("Preempted") { "Preempted" } else { "" };
    if workload.condition("Admitted").is_some() {
        changes.push(QueueChange::new(QueueStateKind::Admitted, None, "", ""));
    }
    changes.push(QueueChange::new(QueueStateKind::Evicted, None, reason, message));
    let reserved = workload.true_condition("QuotaReserved").and_then(time_of);
    let requeued = workload.true_condition("Requeued").and_then(time_of);
    let requeued = requeued.filter(|at| reserved.is_none_or(|reserved| at.at <= reserved.at));
    changes.push(QueueChange::new(QueueStateKind::Pending, requeued, "", ""));
}

/// The states of an evicted workload after the release of its quota: the back-off, then the wait for quota.
fn push_states_after_eviction(
    workload: &QueuedWorkload,
    evicted: &JobCondition,
    changes: &mut Vec<QueueChange>,
) {
    let released = workload.condition("QuotaReserved");
    let released_at = released.and_then(time_of).max_by_time(time_of(evicted));
    let requeued = workload.condition("Requeued");
    let requeued_at =
        requeued.and_then(time_of).filter(|at| released_at.is_none_or(|released| at.at >= released.at));
    let pending_at = match requeued {
        Some(requeued) if !is_true(requeued) => {
            let at = requeued_at.or(released_at);
            let (reason, message) = (&requeued.reason, &requeued.message);
            changes.push(QueueChange::new(QueueStateKind::Requeued, at, reason, message));
            return;
        }
        // The back-off ended when the condition became true.
        Some(requeued) if requeued.reason == "BackoffFinished" && requeued_at.is_some() => {
            changes.push(QueueChange::new(QueueStateKind::Requeued, released_at, &evicted.reason, ""));
            requeued_at
        }
        Some(_) | None => released_at,
    };
    let (reason, message) =
        released.map_or(("", ""), |quota| (quota.reason.as_str(), quota.message.as_str()));
    changes.push(QueueChange::new(QueueStateKind::Pending, pending_at, reason, message));
}

fn push_end(workload: &QueuedWorkload, changes: &mut Vec<QueueChange>) {
    if let Some(finished) = workload.true_condition("Finished") {
        let at = time_of(finished);
        changes.push(QueueChange { kind: None, at, reason: String::new(), message: String::new() });
    }
}

/// The later of two times that may be unknown.
trait MaxByTime {
    fn max_by_time(self, other: Self) -> Self;
}

impl MaxByTime for Option<Instant> {
    fn max_by_time(self, other: Self) -> Self {
        match (self, other) {
            (Some(a), Some(b)) => Some(if a.at >= b.at { a } else { b }),
            (a, b) => a.or(b),
        }
    }
}
