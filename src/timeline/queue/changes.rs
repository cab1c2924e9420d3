//! Changes of a workload's state in a queue, and the states that follow from them.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::lifecycle::{Evidence, Instant};
use crate::timeline::queue::state::{QueueState, QueueStateKind};

/// The time of a condition is truncated to the second. An Event and a receipt report the same change if they are at most
/// this far from the middle of that second.
const SAME_CHANGE: SignedDuration = SignedDuration::from_millis(800);

/// The beginning of a state, or the end of the last state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueueChange {
    /// The state that begins; `None` if the workload leaves the queue.
    pub(crate) kind: Option<QueueStateKind>,
    /// When the state begins; `None` if it is unknown.
    pub(crate) at: Option<Instant>,
    /// Kueue's reason in one word; may be empty.
    pub(crate) reason: String,
    /// Kueue's reason as text; may be empty.
    pub(crate) message: String,
}

impl QueueChange {
    pub(crate) fn new(kind: QueueStateKind, at: Option<Instant>, reason: &str, message: &str) -> Self {
        Self { kind: Some(kind), at, reason: reason.to_owned(), message: message.to_owned() }
    }

    /// Whether both describe the same change, as far as their times show it.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_same_time = match (self.at, other.at) {
            (Some(a), Some(b)) => is_near(a, b),
            (None, _) | (_, None) => true,
        };
        self.kind == other.kind && is_same_time
    }

    /// Takes over the texts of another description of the same change, unless they are empty.
    pub(crate) fn take_texts(&mut self, other: &Self) {
        if !other.reason.is_empty() {
            self.reason.clone_from(&other.reason);
        }
        if !other.message.is_empty() {
            self.message.clone_from(&other.message);
        }
    }
}

/// Whether two times can be the times of the same change.
pub(crate) fn is_near(a: Instant, b: Instant) -> bool {
    let is_coarse = |instant: Instant| instant.evidence == Evidence::QueueCondition;
    let limit = if is_coarse(a) && is_coarse(b) { SignedDuration::ZERO } else { SAME_CHANGE };
    a.at.duration_since(b.at).abs() <= limit
}

/// Adds the changes that Events report. An Event gives its time to the change that it reports, if this change has only
/// the time of a condition or none. Otherwise, it is an earlier change that the conditions no longer show.
pub(crate) fn merge_events(changes: &mut Vec<QueueChange>, events: &[QueueChange]) {
    for event in events {
        let Some(at) = event.at else { continue };
        let reported = |change: &QueueChange| {
            change.kind == event.kind && change.at.is_some_and(|known| is_near(known, at))
        };
        let index = changes.iter().position(reported);
        let index = index.or_else(|| changes.iter().position(|change| is_undated(changes, change, event)));
        if let Some(change) = index.and_then(|index| changes.get_mut(index)) {
            if change.at.is_none_or(|known| known.evidence == Evidence::QueueCondition) {
                change.at = Some(at);
            }
            if change.message.is_empty() {
                change.take_texts(event);
            }
            continue;
        }
        // A state without a time that follows may be a later one.
        let is_earlier = |change: &QueueChange| change.at.is_some_and(|known| known.at <= at.at);
        let index = changes.iter().rposition(is_earlier).map_or(0, |index| index.saturating_add(1));
        // The estimate of the creation may be later than an Event of the same second.
        let index = index.max(usize::from(!changes.is_empty()));
        changes.insert(index, event.clone());
    }
    add_implied_waits(changes);
    bound_creation(changes);
}

/// The creation is known only to the second. It is not later than the first change that follows.
fn bound_creation(changes: &mut [QueueChange]) {
    let next = changes.iter().skip(1).find_map(|change| change.at);
    let first = changes.first_mut().and_then(|first| first.at.as_mut());
    if let (Some(first), Some(next)) = (first, next)
        && first.evidence == Evidence::CreationTimestamp
        && next.at < first.at
    {
        first.lower_latest(next.at, next.evidence);
    }
}

/// Whether the time of `change` is unknown and the Event reports it: all changes before it with a known time are
/// earlier, and all changes after it are later.
fn is_undated(changes: &[QueueChange], change: &QueueChange, event: &QueueChange) -> bool {
    let (None, Some(at)) = (change.at, event.at) else { return false };
    if change.kind != event.kind {
        return false;
    }
    let Some(index) = changes.iter().position(|other| std::ptr::eq(other, change)) else { return false };
    let (before, after) = changes.split_at(index);
    let is_ordered = |changes: &[QueueChange], is_before: bool| {
        let known = changes.iter().filter_map(|other| other.at);
        let mut exact = known.filter(|known| known.evidence != Evidence::CreationTimestamp);
        exact.all(|known| (known.at <= at.at) == is_before)
    };
    is_ordered(before, true) && is_ordered(after, false)
}

/// After an eviction, a workload waits for quota before it gets quota again, at an unknown time if nothing reports it.
fn add_implied_waits(changes: &mut Vec<QueueChange>) {
    let mut index = 1;
    while index < changes.len() {
        let is_gap = changes[index - 1].kind == Some(QueueStateKind::Evicted)
            && matches!(changes[index].kind, Some(QueueStateKind::QuotaReserved | QueueStateKind::Admitted));
        if is_gap {
            changes.insert(index, QueueChange::new(QueueStateKind::Pending, None, "", ""));
        }
        index = index.saturating_add(1);
    }
}

/// The states between the changes. `name_preemptor` returns the preemptor that a message names.
pub(crate) fn states_between(
    changes: &[QueueChange],
    name_preemptor: impl Fn(&str) -> Option<Arc<str>>,
) -> Vec<QueueState> {
    let mut states: Vec<QueueState> = Vec::new();
    for change in changes {
        let last = states.last_mut();
        let earliest = last.as_ref().and_then(|last| last.start);
        let at = change.at.map(|at| earliest.filter(|earliest| earliest.at > at.at).unwrap_or(at));
        let non_empty = |text: &str| (!text.is_empty()).then(|| Arc::from(text));
        if let Some(last) = last {
            if Some(last.kind) == change.kind && !last.ended {
                last.reason = non_empty(&change.reason).or(last.reason.take());
                last.message = non_empty(&change.message).or(last.message.take());
                continue;
            }
            if !last.ended {
                (last.end, last.ended) = (at, true);
            }
        }
        let Some(kind) = change.kind else { continue };
        states.push(QueueState {
            kind,
            start: at,
            end: None,
            ended: false,
            reason: non_empty(&change.reason),
            message: non_empty(&change.message),
            by: name_preemptor(&change.message).filter(|_| kind == QueueStateKind::Evicted),
        });
    }
    states
}
