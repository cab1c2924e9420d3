//! Refused Pods, which a controller could not create: the controller's `FailedCreate` events, grouped by message.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::{Evidence, Instant};
use crate::observation::{Event, truncate_to_millis};
use crate::timeline::pods::creation_times::CreationTimes;
use crate::timeline::workloads::hold::Hold;
use crate::timeline::workloads::workload::CreationBlock;

/// The `reason` of the events that report refused Pods.
const FAILED_CREATE: &str = "FailedCreate";

/// The failed creations of one controller, by normalized message. The order in which events are applied does not
/// matter.
#[derive(Clone, Debug, Default)]
pub(crate) struct RefusalLog {
    refusals: HashMap<Arc<str>, Refusal>,
}

/// The first and the latest time at which a Pod was refused for one reason.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    first: Timestamp,
    last: Timestamp,
    /// Whether `first` is truncated to the second.
    is_coarse: bool,
}

impl Refusal {
    fn first_instant(self) -> Instant {
        let evidence =
            if self.is_coarse { Evidence::FailedCreateEventCoarse } else { Evidence::FailedCreateEvent };
        Instant::new(self.first, evidence)
    }
}

/// A time from an event, with the precision of a second.
fn coarse_instant(at: Timestamp) -> Instant {
    Instant::new(at, Evidence::FailedCreateEventCoarse)
}

impl RefusalLog {
    /// Whether an event reports that a Pod could not be created.
    pub(crate) fn is_refusal(event: &Event) -> bool {
        event.reason == FAILED_CREATE
    }

    /// Adds an event for which [`RefusalLog::is_refusal`] is true.
    pub(crate) fn add(&mut self, event: &Event) {
        let (Some((first, is_precise)), Some(last)) = (event.first_occurrence(), event.last_occurrence())
        else {
            return;
        };
        let (first, last, is_coarse) = (truncate_to_millis(first), truncate_to_millis(last), !is_precise);
        let new = Refusal { first, last, is_coarse };
        let refusal = self.refusals.entry(normalize(event.plain_message()).into()).or_insert(new);
        (refusal.first, refusal.is_coarse) = (refusal.first, refusal.is_coarse).min((first, is_coarse));
        refusal.last = refusal.last.max(last);
    }

    /// The latest refusal, as the reason why no Pod can be created now. `None` if a Pod was created after that
    /// refusal.
    pub(crate) fn creation_block(&self, newest_pod: Option<Timestamp>) -> Option<CreationBlock> {
        let (message, &Refusal { first, last, .. }) = self
            .refusals
            .iter()
            .max_by_key(|(message, refusal)| (refusal.last, refusal.first, Arc::clone(message)))?;
        if newest_pod.is_some_and(|created| created > last) {
            return None;
        }
        Some(CreationBlock {
            reason: FAILED_CREATE.into(),
            message: Arc::clone(message),
            since: newest_pod.map_or(first, |created| created.max(first)),
        })
    }

    /// The intervals in which Pods were refused. Each message has a hold from its first refusal until a Pod was
    /// created. If the latest refusal came after that Pod, the message has a second hold, which includes the latest
    /// refusal. `open_message` is the message that still applies. `suspended_since` is the start of the current
    /// suspension, because a suspended controller creates nothing.
    pub(crate) fn holds(
        &self,
        creation_times: CreationTimes<'_>,
        open_message: Option<&Arc<str>>,
        suspended_since: Option<Instant>,
    ) -> Vec<Hold> {
        let mut holds = Vec::new();
        for (message, refusal) in &self.refusals {
            let mut push = |start: Instant, end: Option<Instant>| {
                holds.push(Hold {
                    reason: FAILED_CREATE.into(),
                    message: Some(Arc::clone(message)),
                    start: Some(start),
                    end,
                    ended: end.is_some(),
                });
            };
            let mut start = refusal.first_instant();
            if let Some(pod) = creation_times.first_after(refusal.first).filter(|pod| pod.at <= refusal.last)
            {
                push(start, Some(pod));
                // Events report only the first and the latest refusal. Between the two, more Pods may have been created
                // and refused. So the second hold begins with the last Pod created before the latest refusal.
                start = creation_times.last_until(refusal.last).unwrap_or(pod);
            }
            let is_open = open_message == Some(message);
            push(start, (!is_open).then(|| self.end_after(refusal.last, creation_times, suspended_since)));
        }
        // A hold without a duration is left out.
        holds.retain(|hold| !(hold.ended && hold.start.map(|start| start.at) == hold.end.map(|end| end.at)));
        holds
    }

    /// The end of a refusal whose latest event was at `last`: the earliest among the next created Pod, the first event
    /// with another message, and the suspension. If there is no such time, the refusal ended at `last`.
    fn end_after(
        &self,
        last: Timestamp,
        creation_times: CreationTimes<'_>,
        suspended_since: Option<Instant>,
    ) -> Instant {
        let others = self.refusals.values().map(|other| coarse_instant(other.first)).chain(suspended_since);
        let next = others.filter(|other| other.at > last).min_by_key(|other| other.at);
        let ends = [creation_times.first_after(last), next];
        ends.into_iter().flatten().min_by_key(|end| end.at).unwrap_or_else(|| coarse_instant(last))
    }
}

/// Removes from a controller's message the parts that differ between its attempts: the Pod's name, and the used part of
/// a quota.
///
/// For example, `Error creating: pods "a-x8k2p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2`
/// becomes `exceeded quota: q, requested: pods=1`.
pub(crate) fn normalize(message: &str) -> String {
    let message = message.strip_prefix("Error creating: ").unwrap_or(message);
    let message = match message.strip_prefix("pods \"").and_then(|rest| rest.split_once("\" is forbidden: "))
    {
        Some((_, why)) => why,
        None => message,
    };
    // The parts are separated by a comma and a space. The list after `used:` contains only commas without a space.
    let parts: Vec<&str> = message.split(", ").filter(|part| !part.starts_with("used: ")).collect();
    let message = parts.join(", ");
    // Other messages contain the Pod's name elsewhere in the text.
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
    fn messages_that_differ_only_between_attempts_are_normalized_to_one_reason() {
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
            assert_eq!(normalize(message), reason);
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
    fn the_latest_reason_blocks_creation_since_its_first_refusal() {
        let events = [refused("quota", 1000), refused("quota", 1060), refused("webhook", 1030)];
        let second = |second| Timestamp::from_second(second).unwrap();
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let mut log = RefusalLog::default();
            for index in order {
                log.add(&events[index]);
            }
            let block = log.creation_block(None).unwrap();
            assert_eq!((&*block.message, block.since), ("quota", second(1000)));
            assert_eq!(log.creation_block(Some(second(1050))).map(|block| block.since), Some(second(1050)));
            assert_eq!(
                log.creation_block(Some(second(1061))),
                None,
                "a Pod was created after the latest refusal"
            );
        }
        assert!(!RefusalLog::is_refusal(&Event::default()) && RefusalLog::is_refusal(&events[0]));
    }
}
