//! Intervals in which a workload created no Pods, because it was suspended or because its Pods were refused.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Instant, Interner, Source};
use crate::observation::ObjectMeta;
use crate::timeline::dated_interval::{known_duration, weaker_source};
use crate::timeline::workloads::suspension::Suspension;

/// Kueue suspends the objects with this label until Kueue admits them.
const KUEUE_QUEUE: &str = "kueue.x-k8s.io/queue-name";

/// An interval in which a workload created no Pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// `suspended`, `admission by Kueue queue team-a`, `FailedCreate`.
    pub reason: Arc<str>,
    /// Why the Pods were refused, without the parts that differ between attempts.
    pub message: Option<Arc<str>>,
    /// Start; `None` if it is unknown.
    pub start: Option<Instant>,
    /// End; `None` while the hold lasts, and if the end is unknown.
    pub end: Option<Instant>,
    /// Whether the hold has ended.
    pub ended: bool,
}

impl Hold {
    /// The duration, until `now` if the hold has not ended. `None` if the start or the end is unknown. Never negative.
    pub fn duration(&self, now: Timestamp) -> Option<SignedDuration> {
        known_duration(self.start, self.end, self.ended, now)
    }

    /// The weaker of the sources of the start and the end, or `Inferred` if both times are unknown.
    pub fn source(&self) -> Source {
        weaker_source(self.start, self.end)
    }

    /// The reason and the message in one phrase.
    pub fn phrase(&self) -> String {
        match &self.message {
            Some(message) => format!("{}: {message}", self.reason),
            None => self.reason.to_string(),
        }
    }

    /// The start if it is known, otherwise the end.
    pub(crate) fn first_known_time(&self) -> Option<Timestamp> {
        self.start.or(self.end).map(|instant| instant.at)
    }
}

/// Converts suspensions of a workload to holds. The reason contains the name of the Kueue queue if `metadata` has the
/// label.
pub(crate) fn suspension_holds(
    suspensions: Vec<Suspension>,
    metadata: &ObjectMeta,
    interner: &mut Interner,
) -> Vec<Hold> {
    if suspensions.is_empty() {
        return Vec::new();
    }
    let reason = match metadata.labels.get(KUEUE_QUEUE) {
        Some(queue) => interner.share(&format!("admission by Kueue queue {queue}")),
        None => interner.share("suspended"),
    };
    let to_hold = |Suspension { start, end, ended }| {
        let reason = Arc::clone(&reason);
        Hold { reason, message: None, start, end, ended }
    };
    suspensions.into_iter().map(to_hold).collect()
}
