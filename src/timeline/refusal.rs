//! Pods that could not be made: what a controller's `FailedCreate` events say, as one reason over time.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::CreationBlock;
use super::hold::Made;
use crate::lifecycle::{Evidence, Instant};
use crate::observation::{Event, whole_millis};
use crate::timeline::hold::Hold;

/// The reason of such events.
const FAILED_CREATE: &str = "FailedCreate";

/// The tries of one controller, by why they failed; the same whatever the order in which they were told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusals {
    reasons: HashMap<Arc<str>, Tries>,
}

/// First and latest time of the tries that failed for one reason.
#[derive(Clone, Copy, Debug)]
struct Tries {
    first: Timestamp,
    last: Timestamp,
    /// Whether the first is told to the second only.
    coarse: bool,
}

impl Refusals {
    /// Whether an Event is about a Pod that could not be made.
    pub(crate) fn concerns(event: &Event) -> bool {
        event.reason == FAILED_CREATE
    }

    /// Takes in such an Event.
    pub(crate) fn take(&mut self, event: &Event) {
        let (Some((first, fine)), Some(last)) = (event.first(), event.last()) else { return };
        let (first, last) = (whole_millis(first), whole_millis(last));
        let this = Tries { first, last, coarse: !fine };
        let tries = self.reasons.entry(normalised(event.text()).into()).or_insert(this);
        (tries.first, tries.coarse) = (tries.first, tries.coarse).min((first, !fine));
        tries.last = tries.last.max(last);
    }

    /// Why no Pod can be made now, if none has been made since the latest try failed.
    pub(crate) fn waiting(&self, newest_pod: Option<Timestamp>) -> Option<CreationBlock> {
        let (message, &Tries { first, last, .. }) = self
            .reasons
            .iter()
            .max_by_key(|(message, tries)| (tries.last, tries.first, Arc::clone(message)))?;
        if newest_pod.is_some_and(|created| created > last) {
            return None;
        }
        Some(CreationBlock {
            reason: FAILED_CREATE.into(),
            message: Arc::clone(message),
            since: newest_pod.map_or(first, |created| created.max(first)),
        })
    }

    /// When Pods were refused, for each reason: from its first try until a Pod was made, and again before its latest one.
    /// `open` is the reason that still holds, `suspended` since when nothing is tried any more.
    pub(crate) fn holds(
        &self,
        made: &Made<'_>,
        open: Option<&Arc<str>>,
        suspended: Option<Instant>,
    ) -> Vec<Hold> {
        let mut holds = Vec::new();
        for (message, tries) in &self.reasons {
            let coarse = |at| Instant { at, evidence: Evidence::FailedCreateEventCoarse };
            let first = Instant {
                at: tries.first,
                evidence: if tries.coarse {
                    Evidence::FailedCreateEventCoarse
                } else {
                    Evidence::FailedCreateEvent
                },
            };
            // Another reason, or the suspension, takes its place.
            let others = self.reasons.values().map(|other| coarse(other.first)).chain(suspended);
            let next = others.filter(|other| other.at > tries.last).min_by_key(|other| other.at);
            let last_end = || {
                let ends = [made.next_after(tries.last), next];
                ends.into_iter().flatten().min_by_key(|end| end.at).unwrap_or_else(|| coarse(tries.last))
            };
            let goes_on = open == Some(message);
            let mut push = |start: Instant, end: Option<Instant>| {
                holds.push(Hold {
                    reason: FAILED_CREATE.into(),
                    message: Some(Arc::clone(message)),
                    start: Some(start),
                    end,
                    ended: end.is_some(),
                });
            };
            let mut start = first;
            if let Some(pod) = made.next_after(tries.first).filter(|pod| pod.at <= tries.last) {
                push(first, Some(pod));
                // In between more may have been made and refused; the latest try tells of the time since the last Pod.
                start = made.last_until(tries.last).unwrap_or(pod);
            }
            push(start, if goes_on { None } else { Some(last_end()) });
        }
        holds.retain(|hold| !(hold.ended && hold.start.map(|start| start.at) == hold.end.map(|end| end.at)));
        holds
    }
}

/// Why a Pod could not be made, without what differs from try to try: the Pod's name, and how much of a quota is used.
///
/// `Error creating: pods "pi-x8k2p" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2`
/// becomes `exceeded quota: few, requested: pods=1, limited: pods=2`.
pub(crate) fn normalised(message: &str) -> String {
    let message = message.strip_prefix("Error creating: ").unwrap_or(message);
    let message = match message.strip_prefix("pods \"").and_then(|rest| rest.split_once("\" is forbidden: "))
    {
        Some((_, why)) => why,
        None => message,
    };
    // Each list ends where the next begins; their own commas have no blank behind them.
    let parts: Vec<&str> = message.split(", ").filter(|part| !part.starts_with("used: ")).collect();
    let message = parts.join(", ");
    // Elsewhere in the text the name may stand too.
    match message.split_once("pods \"").and_then(|(head, rest)| Some((head, rest.split_once('"')?.1))) {
        Some((head, tail)) => format!("{head}Pod{tail}"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Time;

    #[test]
    fn what_differs_from_try_to_try_makes_no_new_reasons() {
        for (message, reason) in [
            (
                "Error creating: pods \"pi-x8k2p\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2",
                "exceeded quota: few, requested: pods=1, limited: pods=2",
            ),
            (
                "Error creating: pods \"pi-0-x8k2p\" is forbidden: error looking up service account ns/worker: serviceaccount \"worker\" not found",
                "error looking up service account ns/worker: serviceaccount \"worker\" not found",
            ),
            (
                "Error creating: admission webhook \"check.example\" denied the request: no",
                "admission webhook \"check.example\" denied the request: no",
            ),
            ("Error creating: pods \"a-1\" already exists", "Pod already exists"),
        ] {
            assert_eq!(normalised(message), reason);
        }
    }

    fn refused(message: &str, at: i64) -> Event {
        let time = Some(Time { seconds: at, nanos: 0 });
        Event {
            reason: FAILED_CREATE.to_owned(),
            message: message.to_owned(),
            first_timestamp: time,
            last_timestamp: time,
            ..Event::default()
        }
    }

    #[test]
    fn the_latest_reason_holds_since_its_first_try() {
        let events = [refused("quota", 1000), refused("quota", 1060), refused("webhook", 1030)];
        let second = |second| Timestamp::from_second(second).unwrap();
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let mut refusals = Refusals::default();
            for place in order {
                refusals.take(&events[place]);
            }
            let waiting = refusals.waiting(None).unwrap();
            assert_eq!((&*waiting.message, waiting.since), ("quota", second(1000)));
            assert_eq!(refusals.waiting(Some(second(1050))).map(|waiting| waiting.since), Some(second(1050)));
            assert_eq!(refusals.waiting(Some(second(1061))), None, "a Pod was made since");
        }
        assert!(!Refusals::concerns(&Event::default()) && Refusals::concerns(&events[0]));
    }
}
