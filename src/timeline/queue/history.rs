//! The history of one Kueue Workload: the versions that were observed, and the Events about it.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Evidence, Instant};
use crate::observation::{Event, QueuedWorkload, Seen, truncate_to_millis};
use crate::timeline::queue::changes::{QueueChange, is_near, merge_events};
use crate::timeline::queue::conditions::read_changes;
use crate::timeline::queue::state::QueueStateKind;

/// A watch delivers a change at most this long after Kueue set the time of the condition, which is truncated to the
/// second.
const MAX_RECEIPT_DELAY: SignedDuration = SignedDuration::from_millis(1_500);

/// The history of one Kueue Workload.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueueHistory {
    /// The latest version; `None` if only Events were observed.
    pub(crate) latest: Option<QueuedWorkload>,
    /// The position that was reported last, since the workload began to wait.
    pub(crate) position: Option<u32>,
    changes: Vec<QueueChange>,
    /// The changes that Events report, in chronological order.
    events: Vec<QueueChange>,
    first_received: Option<Timestamp>,
}

impl QueueHistory {
    /// Adds a version that was received at `received`. Each change that a watch delivers stays, even if Kueue overwrites
    /// the condition later.
    pub(crate) fn observe(&mut self, workload: &QueuedWorkload, received: Timestamp, seen: Seen) {
        let first_received = *self.first_received.get_or_insert(received);
        let receipt = seen.is_live().then(|| Instant::new(received, Evidence::ReceivedQueueState));
        if seen == Seen::Missing {
            self.end(None);
            return; // A missing object may contain only its name.
        }
        if workload.position.is_some() {
            // Such an object contains only its names and its position.
            self.position = workload.position;
            return;
        }
        let new = read_changes(workload, first_received);
        self.position = self.position.filter(|_| workload.is_pending());
        if self.changes.is_empty() {
            self.changes = new;
        } else {
            self.add_new(new, receipt);
        }
        if seen == Seen::Deleted {
            self.end(receipt);
        }
        self.latest = Some(workload.clone());
    }

    /// Adds the changes that are not known yet. A change whose condition fits the receipt gets the time of the receipt.
    fn add_new(&mut self, new: Vec<QueueChange>, receipt: Option<Instant>) {
        let Some(last) = self.changes.last_mut() else { return };
        let known = new.iter().rposition(|change| change.is_same(last) || is_received(last, change));
        let unknown = if let Some(index) = known {
            last.take_texts(&new[index]);
            index.saturating_add(1)
        } else {
            let last_at = self.changes.iter().rev().find_map(|change| change.at);
            let is_later = |change: &QueueChange| {
                change.at.is_some_and(|at| last_at.is_none_or(|last| at.at > last.at || is_near(at, last)))
            };
            new.iter().position(is_later).unwrap_or(new.len().saturating_sub(1))
        };
        for mut change in new.into_iter().skip(unknown) {
            let fits = |receipt: &Instant| {
                change.at.is_none_or(|at| receipt.at.duration_since(at.at).abs() <= MAX_RECEIPT_DELAY)
            };
            change.at = receipt.filter(fits).or(change.at);
            self.changes.push(change);
        }
    }

    /// Ends the last state, unless it has ended.
    fn end(&mut self, at: Option<Instant>) {
        if self.changes.last().is_some_and(|last| last.kind.is_some()) {
            self.changes.push(QueueChange { kind: None, at, reason: String::new(), message: String::new() });
        }
    }

    /// Adds an Event about the Workload. Returns whether the Event reports a change.
    pub(crate) fn add_event(&mut self, event: &Event) -> bool {
        let (kind, reason) = match event.reason.as_str() {
            "QuotaReserved" => (QueueStateKind::QuotaReserved, "QuotaReserved"),
            "Admitted" => (QueueStateKind::Admitted, "Admitted"),
            other => match other.strip_prefix("EvictedDueTo") {
                Some(reason) => (QueueStateKind::Evicted, reason),
                None => return false,
            },
        };
        let Some((first, is_precise)) = event.first_occurrence() else { return false };
        let evidence = if is_precise { Evidence::QueueEvent } else { Evidence::QueueEventCoarse };
        self.insert_event(
            kind,
            Instant::new(truncate_to_millis(first), evidence),
            reason,
            event.plain_message(),
        );
        if let Some(last) = event.last_occurrence().filter(|_| event.occurrences() > 1) {
            let last = Instant::new(truncate_to_millis(last), Evidence::QueueEventCoarse);
            self.insert_event(kind, last, reason, event.plain_message());
        }
        true
    }

    fn insert_event(&mut self, kind: QueueStateKind, at: Instant, reason: &str, message: &str) {
        let change = QueueChange::new(kind, Some(at), reason, message);
        let order = |change: &QueueChange| (change.at.map(|at| at.at), change.kind);
        let index = self.events.partition_point(|other| order(other) < order(&change));
        if self.events.get(index).is_none_or(|other| order(other) != order(&change)) {
            self.events.insert(index, change);
        }
    }

    /// All known changes in chronological order.
    pub(crate) fn changes(&self) -> Vec<QueueChange> {
        let mut changes = self.changes.clone();
        merge_events(&mut changes, &self.events);
        changes
    }
}

/// Whether `read`, which has the time of a condition, is the change whose receipt is `known`.
fn is_received(known: &QueueChange, read: &QueueChange) -> bool {
    let (Some(known_at), Some(read_at)) = (known.at, read.at) else { return false };
    known.kind == read.kind
        && known_at.evidence == Evidence::ReceivedQueueState
        && known_at.at.duration_since(read_at.at).abs() <= MAX_RECEIPT_DELAY
}
