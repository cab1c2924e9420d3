//! Records events by the rules of client-go's event recorders. The name of an event contains the reporter's time in
//! nanoseconds, repeated events are counted, similar events are combined, and events above a rate limit are dropped.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::observation::{
    COMBINED_PREFIX, Event, EventSeries, EventSource, ObjectMeta, ObjectReference, Seen, Time,
    saturating_add, saturating_sub,
};
use crate::source::simulation::node::node_name;
use crate::source::simulation::random::Random;
use crate::source::simulation::virtual_time::truncate_to_second;

/// Events that differ only in their message are combined when there are at least this many different messages.
const COMBINE_FROM: usize = 10;
/// The different messages are forgotten if no similar event comes within this time.
const COMBINE_INTERVAL: SignedDuration = SignedDuration::from_mins(10);
/// How many events of one type a component may send about an object before the rate limit applies.
const MAX_BURST: i64 = 25;
/// The time after which one more event of the type is allowed.
const REFILL_INTERVAL: SignedDuration = SignedDuration::from_secs(300);
/// An event of the scheduler that is repeated within this time becomes a series.
const SERIES_INTERVAL: SignedDuration = SignedDuration::from_secs(6);

/// The component that reports an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum EventReporter {
    /// The Job controller.
    JobController,
    /// The scheduler.
    Scheduler,
    /// The kubelet of the node with this index.
    Kubelet(usize),
}

/// An event to report.
#[derive(Debug)]
pub(crate) struct EventRecord<'a> {
    /// The component that reports the event.
    pub(crate) reporter: EventReporter,
    /// The object that the event is about.
    pub(crate) about: ObjectReference,
    /// Whether the type of the event is `Warning`. Otherwise the type is `Normal`.
    pub(crate) warning: bool,
    /// The reason, in one word.
    pub(crate) reason: &'a str,
    /// A sentence for people.
    pub(crate) message: String,
}

/// The events that one component has reported about one object.
#[derive(Debug, Default)]
struct ReportedEvents {
    /// Events by type, reason, field path and message. The key of a combined event contains no message.
    events: HashMap<(bool, String, String, Option<String>), Event>,
    /// By type and reason, the different messages and the time of the latest message.
    similar: HashMap<(bool, String), (BTreeSet<String>, Timestamp)>,
    /// By type, the credit for further events, and the time for which the credit was computed. The credit grows with
    /// time, and each event costs [`REFILL_INTERVAL`].
    credit: HashMap<bool, (SignedDuration, Timestamp)>,
    /// The time in the name of the latest new event, in nanoseconds since 1970.
    last_name: i128,
}

/// The event recorders of all components.
#[derive(Debug, Default)]
pub(crate) struct EventRecorder {
    /// The reported events by the uid of their object and by their component.
    objects: HashMap<String, HashMap<EventReporter, ReportedEvents>>,
    /// By component, the earliest time at which the API server can receive the next event.
    earliest_next: HashMap<EventReporter, Timestamp>,
}

impl EventRecorder {
    /// Makes a new event or repeats an earlier event. Returns the event and the time at which the API server receives
    /// it, or `None` if the rate limit drops the event. The event arrives after `delay`, but never before earlier
    /// events of the same component.
    pub(crate) fn record(
        &mut self,
        record: &EventRecord<'_>,
        now: Timestamp,
        delay: SignedDuration,
        uids: &mut Random,
    ) -> Option<(Timestamp, Event, Seen)> {
        let reporters = self.objects.entry(record.about.uid.clone()).or_default();
        let reported = reporters.entry(record.reporter).or_default();
        let is_scheduler = record.reporter == EventReporter::Scheduler;
        let combined = !is_scheduler && reported.note_message(record, now);
        let key = (
            record.warning,
            record.reason.to_owned(),
            record.about.field_path.clone(),
            (!combined).then(|| record.message.clone()),
        );
        let message =
            if combined { format!("{COMBINED_PREFIX}{}", record.message) } else { record.message.clone() };
        let allowed = is_scheduler || reported.take_credit(record.warning, now);
        let at = self
            .earliest_next
            .get(&record.reporter)
            .map_or(saturating_add(now, delay), |&earliest| saturating_add(now, delay).max(earliest));
        let repeated = reported.events.get_mut(&key).filter(|event| {
            let is_recent = |time: Option<Time>| {
                time.and_then(Time::known).is_some_and(|time| saturating_sub(now, SERIES_INTERVAL) <= time)
            };
            !is_scheduler
                || event
                    .series
                    .as_ref()
                    .map_or(is_recent(event.event_time), |series| is_recent(series.last_observed_time))
        });
        let (event, seen) = if let Some(event) = repeated {
            if is_scheduler {
                let series = event.series.get_or_insert(EventSeries { count: 1, last_observed_time: None });
                series.count += 1;
                series.last_observed_time = Some(truncate_to_microsecond(now));
            } else {
                event.count += 1;
                event.last_timestamp = Some(truncate_to_second(now));
                event.message = message;
            }
            (event.clone(), Seen::Changed)
        } else {
            // A component reads its clock shortly after `now`. No two events of a component about an object have the
            // same time in their names.
            let clock = now.as_nanosecond() + if is_scheduler { 9_000 } else { 80_000 };
            reported.last_name = clock.max(reported.last_name + 60_000);
            let mut event = new_event(record, message, now, combined);
            event.metadata.name = format!("{}.{:016x}", record.about.name, reported.last_name);
            event.metadata.uid = uids.uid();
            event.metadata.creation_timestamp = Some(truncate_to_second(at));
            reported.events.insert(key, event.clone());
            (event, Seen::Added)
        };
        if !allowed {
            return None;
        }
        self.earliest_next.insert(record.reporter, saturating_add(at, SignedDuration::from_millis(2)));
        Some((at, event, seen))
    }

    /// Forgets the events of an object. No event about the object may be recorded afterwards.
    pub(crate) fn forget(&mut self, uid: &str) {
        self.objects.remove(uid);
    }
}

impl ReportedEvents {
    /// Notes the message. Returns whether the event must be combined with events that differ only in their message.
    fn note_message(&mut self, record: &EventRecord<'_>, now: Timestamp) -> bool {
        let (messages, last) = self
            .similar
            .entry((record.warning, record.reason.to_owned()))
            .or_insert_with(|| (BTreeSet::new(), now));
        if now.duration_since(*last) > COMBINE_INTERVAL {
            messages.clear();
        }
        *last = now;
        messages.insert(record.message.clone());
        if messages.len() < COMBINE_FROM {
            return false;
        }
        messages.pop_first();
        true
    }

    /// Takes the credit for one more event of the type, and returns `false` if there is not enough credit.
    fn take_credit(&mut self, warning: bool, now: Timestamp) -> bool {
        let full = REFILL_INTERVAL.saturating_mul(i32::try_from(MAX_BURST).unwrap_or(i32::MAX));
        let (credit, computed) = self.credit.entry(warning).or_insert((full, now));
        *credit = credit.saturating_add(now.duration_since(*computed)).min(full);
        *computed = now;
        if *credit < REFILL_INTERVAL {
            return false;
        }
        *credit = credit.saturating_sub(REFILL_INTERVAL);
        true
    }
}

/// Truncates a time to the microsecond, which is the precision of `eventTime`.
fn truncate_to_microsecond(at: Timestamp) -> Time {
    Time { seconds: at.as_second(), nanos: at.subsec_nanosecond() / 1000 * 1000 }
}

/// Makes an event with the fields that its component sets. The event has no name yet.
fn new_event(record: &EventRecord<'_>, message: String, now: Timestamp, combined: bool) -> Event {
    let is_scheduler = record.reporter == EventReporter::Scheduler;
    let (component, host) = match record.reporter {
        EventReporter::JobController => ("job-controller", String::new()),
        EventReporter::Scheduler => ("default-scheduler", String::new()),
        EventReporter::Kubelet(node) => ("kubelet", node_name(node)),
    };
    let namespace = record.about.namespace.clone();
    Event {
        metadata: ObjectMeta { namespace, ..ObjectMeta::default() },
        involved_object: record.about.clone(),
        reason: record.reason.to_owned(),
        message,
        source: if is_scheduler {
            EventSource::default()
        } else {
            EventSource { component: component.to_owned(), host }
        },
        first_timestamp: (!is_scheduler).then(|| truncate_to_second(now)),
        last_timestamp: (!is_scheduler).then(|| truncate_to_second(now)),
        count: i32::from(!is_scheduler),
        r#type: if record.warning { "Warning" } else { "Normal" }.to_owned(),
        event_time: is_scheduler.then(|| truncate_to_microsecond(now)),
        series: None,
        // Combined events name the component only in `source`.
        reporting_component: if combined { String::new() } else { component.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::simulation::random::RandomPurpose;
    use crate::source::simulation::virtual_time::START;

    fn record(reporter: EventReporter, message: impl Into<String>) -> EventRecord<'static> {
        let about = ObjectReference {
            name: "pi".into(),
            uid: "u".into(),
            kind: "Job".into(),
            ..ObjectReference::default()
        };
        EventRecord { reporter, about, warning: false, reason: "SuccessfulCreate", message: message.into() }
    }

    fn record_all(
        records: impl IntoIterator<Item = (i64, EventRecord<'static>)>,
    ) -> Vec<Option<(Event, Seen)>> {
        let (mut recorder, mut uids) = (EventRecorder::default(), Random::new(1, RandomPurpose::Uid, &[]));
        records
            .into_iter()
            .map(|(seconds, record)| {
                let now = saturating_add(START, SignedDuration::from_secs(seconds));
                let sent = recorder.record(&record, now, SignedDuration::from_millis(5), &mut uids);
                sent.map(|(_, event, seen)| (event, seen))
            })
            .collect()
    }

    #[test]
    fn a_repeated_event_is_counted() {
        let sent = record_all((0..3).map(|at| (at, record(EventReporter::Kubelet(0), "Container started"))));
        let (event, seen) = sent[2].as_ref().unwrap();
        assert_eq!(
            (event.count, *seen, event.last_occurrence()),
            (3, Seen::Changed, Some(START + SignedDuration::from_secs(2)))
        );
        assert_eq!(event.name_time().map(|at| at.duration_since(START).as_micros()), Some(80));
        assert_eq!(event.source.host, "node-1");
    }

    #[test]
    fn similar_events_are_combined_from_the_tenth_on() {
        let sent = record_all(
            (0..12).map(|n| (n, record(EventReporter::JobController, format!("Created pod: pi-{n:02}")))),
        );
        let (ninth, _) = sent[8].as_ref().unwrap();
        let (tenth, seen) = sent[9].as_ref().unwrap();
        let (last, again) = sent[11].as_ref().unwrap();
        assert_eq!(ninth.message, "Created pod: pi-08");
        assert_eq!(
            (tenth.message.as_str(), *seen),
            ("(combined from similar events): Created pod: pi-09", Seen::Added)
        );
        assert_eq!((tenth.reporting_component.as_str(), tenth.component()), ("", "job-controller"));
        assert_eq!((last.plain_message(), last.count, *again), ("Created pod: pi-11", 3, Seen::Changed));
        assert_eq!(last.metadata.name, tenth.metadata.name);
    }

    #[test]
    fn events_are_dropped_until_there_is_credit_again() {
        let times = (0..30).map(|_| 0).chain([299, 300, 301]);
        let sent = record_all(times.map(|at| (at, record(EventReporter::Kubelet(0), "Container started"))));
        assert_eq!(sent.iter().take(30).filter(|sent| sent.is_some()).count(), 25);
        assert_eq!(sent[30..].iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
    }

    #[test]
    fn the_scheduler_writes_events_with_an_event_time() {
        let sent = record_all(
            [0, 2, 300].map(|at| (at, record(EventReporter::Scheduler, "0/2 nodes are available"))),
        );
        let (first, _) = sent[0].as_ref().unwrap();
        assert_eq!((first.first_timestamp, first.count, first.component()), (None, 0, "default-scheduler"));
        assert_eq!(first.first_occurrence(), Some((START + SignedDuration::from_micros(9), true)));
        let (second, seen) = sent[1].as_ref().unwrap();
        assert_eq!((second.occurrences(), *seen), (2, Seen::Changed));
        assert_eq!(sent[2].as_ref().unwrap().1, Seen::Added);
    }
}
