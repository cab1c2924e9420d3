//! Events as the recorders of client-go send them: names with the reporter's nanoseconds, repetition counted,
//! similar ones combined, spam dropped.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::random::Random;
use super::world::second;
use crate::observation::{Event, EventSeries, EventSource, ObjectMeta, ObjectReference, Seen, Time};

/// From this many different messages on, they are combined into one event.
const SIMILAR: usize = 10;
/// For how long messages count as similar.
const SIMILAR_FOR: SignedDuration = SignedDuration::from_mins(10);
/// How many events of one type an object may have at once.
const BURST: i64 = 25;
/// Time until it may have another one.
const REFILL: SignedDuration = SignedDuration::from_secs(300);
/// How soon the scheduler's event must be repeated to become a series.
const SERIES: SignedDuration = SignedDuration::from_secs(6);

/// Who reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reporter {
    /// The Job controller.
    JobController,
    /// The scheduler.
    Scheduler,
    /// The kubelet of a node, by its place.
    Kubelet(usize),
}

/// What is reported.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    /// By whom.
    pub(crate) reporter: Reporter,
    /// About what.
    pub(crate) about: ObjectReference,
    /// Whether it is a `Warning`.
    pub(crate) warning: bool,
    /// Why.
    pub(crate) reason: &'a str,
    /// For people.
    pub(crate) message: String,
}

/// What a recorder remembers of one object.
#[derive(Debug, Default)]
struct Remembered {
    /// Events by what makes them the same: type, reason, field path, message (none for the combined one).
    events: HashMap<(bool, String, String, Option<String>), Event>,
    /// The messages of one type and reason, and when the last one came.
    similar: HashMap<(bool, String), (BTreeSet<String>, Timestamp)>,
    /// Credit of a type, in time, and when it was counted.
    credit: HashMap<bool, (SignedDuration, Timestamp)>,
    /// The last time that was made a name, in nanoseconds.
    last_name: i128,
}

/// All recorders of the cluster.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    objects: HashMap<String, HashMap<Reporter, Remembered>>,
    sent: HashMap<Reporter, Timestamp>,
}

impl Recorder {
    /// Makes an event, new or repeated; `None` if it is dropped as spam. It is sent after `delay`, but not before
    /// those that were recorded before it.
    pub(crate) fn record(
        &mut self,
        record: &Record<'_>,
        now: Timestamp,
        delay: SignedDuration,
        uids: &mut Random,
    ) -> Option<(Timestamp, Event, Seen)> {
        let reporters = self.objects.entry(record.about.uid.clone()).or_default();
        let remembered = reporters.entry(record.reporter).or_default();
        let scheduler = record.reporter == Reporter::Scheduler;
        let combined = !scheduler && remembered.is_similar(record, now);
        let key = (
            record.warning,
            record.reason.to_owned(),
            record.about.field_path.clone(),
            (!combined).then(|| record.message.clone()),
        );
        let message = if combined {
            format!("(combined from similar events): {}", record.message)
        } else {
            record.message.clone()
        };
        let spam = !scheduler && remembered.is_spam(record.warning, now);
        let at = self.sent.get(&record.reporter).map_or(now + delay, |&last| (now + delay).max(last));
        let repeated = remembered.events.get_mut(&key).filter(|event| {
            let recent =
                |time: Option<Time>| time.and_then(Time::known).is_some_and(|time| now - SERIES <= time);
            !scheduler
                || event.series.as_ref().map_or(recent(event.event_time), |s| recent(s.last_observed_time))
        });
        let (event, seen) = if let Some(event) = repeated {
            if scheduler {
                let series = event.series.get_or_insert(EventSeries { count: 1, last_observed_time: None });
                series.count += 1;
                series.last_observed_time = Some(micros(now));
            } else {
                event.count += 1;
                event.last_timestamp = Some(second(now));
                event.message = message;
            }
            (event.clone(), Seen::Changed)
        } else {
            // A reporter's clock is read shortly after the fact, and never twice at once.
            let read = now.as_nanosecond() + if scheduler { 9_000 } else { 80_000 };
            remembered.last_name = read.max(remembered.last_name + 60_000);
            let mut event = new_event(record, message, now, combined);
            event.metadata.name = format!("{}.{:016x}", record.about.name, remembered.last_name);
            event.metadata.uid = uids.uid();
            event.metadata.creation_timestamp = Some(second(at));
            remembered.events.insert(key, event.clone());
            (event, Seen::Added)
        };
        if spam {
            return None;
        }
        self.sent.insert(record.reporter, at + SignedDuration::from_millis(2));
        Some((at, event, seen))
    }

    /// Forgets an object that will have no more events.
    pub(crate) fn forget(&mut self, uid: &str) {
        self.objects.remove(uid);
    }
}

impl Remembered {
    /// Whether the event is combined with others that differ in nothing but their message.
    fn is_similar(&mut self, record: &Record<'_>, now: Timestamp) -> bool {
        let (messages, last) = self
            .similar
            .entry((record.warning, record.reason.to_owned()))
            .or_insert_with(|| (BTreeSet::new(), now));
        if now.duration_since(*last) > SIMILAR_FOR {
            messages.clear();
        }
        *last = now;
        messages.insert(record.message.clone());
        if messages.len() < SIMILAR {
            return false;
        }
        messages.pop_first();
        true
    }

    /// Whether the object has had too many events of that type.
    fn is_spam(&mut self, warning: bool, now: Timestamp) -> bool {
        let full = REFILL.saturating_mul(i32::try_from(BURST).unwrap_or(i32::MAX));
        let (credit, counted) = self.credit.entry(warning).or_insert((full, now));
        *credit = (*credit + now.duration_since(*counted)).min(full);
        *counted = now;
        if *credit < REFILL {
            return true;
        }
        *credit -= REFILL;
        false
    }
}

/// A time with microseconds, as `eventTime` has it.
fn micros(at: Timestamp) -> Time {
    Time { seconds: at.as_second(), nanos: at.subsec_nanosecond() / 1000 * 1000 }
}

/// An event without a name, in the shape of its reporter.
fn new_event(record: &Record<'_>, message: String, now: Timestamp, combined: bool) -> Event {
    let scheduler = record.reporter == Reporter::Scheduler;
    let (component, host) = match record.reporter {
        Reporter::JobController => ("job-controller", String::new()),
        Reporter::Scheduler => ("default-scheduler", String::new()),
        Reporter::Kubelet(node) => ("kubelet", crate::source::simulation::kubelet::node::node_name(node)),
    };
    let namespace = record.about.namespace.clone();
    Event {
        metadata: ObjectMeta { namespace, ..ObjectMeta::default() },
        involved_object: record.about.clone(),
        reason: record.reason.to_owned(),
        message,
        source: if scheduler {
            EventSource::default()
        } else {
            EventSource { component: component.to_owned(), host }
        },
        first_timestamp: (!scheduler).then(|| second(now)),
        last_timestamp: (!scheduler).then(|| second(now)),
        count: i32::from(!scheduler),
        r#type: if record.warning { "Warning" } else { "Normal" }.to_owned(),
        event_time: scheduler.then(|| micros(now)),
        series: None,
        // "Combined" events have it in their source only.
        reporting_component: if combined { String::new() } else { component.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Subject;
    use super::super::world::START;
    use super::*;

    fn record(reporter: Reporter, message: impl Into<String>) -> Record<'static> {
        let about = ObjectReference {
            name: "pi".into(),
            uid: "u".into(),
            kind: "Job".into(),
            ..ObjectReference::default()
        };
        Record { reporter, about, warning: false, reason: "SuccessfulCreate", message: message.into() }
    }

    fn run(records: impl IntoIterator<Item = (i64, Record<'static>)>) -> Vec<Option<(Event, Seen)>> {
        let (mut recorder, mut uids) = (Recorder::default(), Random::of(1, Subject::Uid, &[]));
        records
            .into_iter()
            .map(|(seconds, record)| {
                let now = START + SignedDuration::from_secs(seconds);
                let sent = recorder.record(&record, now, SignedDuration::from_millis(5), &mut uids);
                sent.map(|(_, event, seen)| (event, seen))
            })
            .collect()
    }

    #[test]
    fn the_same_event_is_counted() {
        let sent = run((0..3).map(|at| (at, record(Reporter::Kubelet(0), "Container started"))));
        let (event, seen) = sent[2].as_ref().unwrap();
        assert_eq!(
            (event.count, *seen, event.last_occurrence()),
            (3, Seen::Changed, Some(START + SignedDuration::from_secs(2)))
        );
        assert_eq!(event.name_time().map(|at| at.duration_since(START).as_micros()), Some(80));
        assert_eq!(event.source.host, "node-1");
    }

    #[test]
    fn from_the_tenth_on_similar_events_are_combined() {
        let sent =
            run((0..12).map(|n| (n, record(Reporter::JobController, format!("Created pod: pi-{n:02}")))));
        let (ninth, _) = sent[8].as_ref().unwrap();
        let (tenth, seen) = sent[9].as_ref().unwrap();
        let (last, again) = sent[11].as_ref().unwrap();
        assert_eq!(ninth.message, "Created pod: pi-08");
        assert_eq!(
            (tenth.message.as_str(), *seen),
            ("(combined from similar events): Created pod: pi-09", Seen::Added)
        );
        assert_eq!((tenth.reporting_component.as_str(), tenth.component()), ("", "job-controller"));
        assert_eq!((last.text(), last.count, *again), ("Created pod: pi-11", 3, Seen::Changed));
        assert_eq!(last.metadata.name, tenth.metadata.name);
    }

    #[test]
    fn spam_is_dropped_until_there_is_credit_again() {
        let times = (0..30).map(|_| 0).chain([299, 300, 301]);
        let sent = run(times.map(|at| (at, record(Reporter::Kubelet(0), "Container started"))));
        assert_eq!(sent.iter().take(30).filter(|sent| sent.is_some()).count(), 25);
        assert_eq!(sent[30..].iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
    }

    #[test]
    fn the_scheduler_writes_the_newer_shape() {
        let sent = run([0, 2, 300].map(|at| (at, record(Reporter::Scheduler, "0/2 nodes are available"))));
        let (first, _) = sent[0].as_ref().unwrap();
        assert_eq!((first.first_timestamp, first.count, first.component()), (None, 0, "default-scheduler"));
        assert_eq!(first.first_occurrence(), Some((START + SignedDuration::from_micros(9), true)));
        let (second, seen) = sent[1].as_ref().unwrap();
        assert_eq!((second.occurrences(), *seen), (2, Seen::Changed));
        assert_eq!(sent[2].as_ref().unwrap().1, Seen::Added);
    }
}
