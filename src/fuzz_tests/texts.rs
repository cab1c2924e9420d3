//! Short texts: messages of Events, quantities, times and conditions.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::cli::args::follow::parse_duration;
use crate::cli::args::speed::parse_speed;
use crate::export::{document, write_json};
use crate::fuzz_tests::choices::Choices;
use crate::fuzz_tests::pictures::check_picture;
use crate::lifecycle::{RangedDuration, format_elapsed, format_exact, format_ranged};
use crate::observation::{
    Container, Event, EventSource, Object, ObjectMeta, ObjectReference, Observation, Pod, Quantity,
    Resources, Seen, Time,
};
use crate::source::recording::redact::redact;
use crate::timeline::{BudgetCondition, Timeline};

/// The reasons of the Events whose messages the program reads.
const REASONS: [&str; 24] = [
    "Scheduled",
    "FailedScheduling",
    "NotTriggerScaleUp",
    "TriggeredScaleUp",
    "Pulling",
    "Pulled",
    "Created",
    "Started",
    "Failed",
    "BackOff",
    "Killing",
    "Unhealthy",
    "Preempted",
    "FailedMount",
    "FailedAttachVolume",
    "SuccessfulAttachVolume",
    "FailedCreatePodSandBox",
    "AddedInterface",
    "FailedCreate",
    "Evicted",
    "OOMKilling",
    "TaintManagerEviction",
    "BackoffLimitExceeded",
    "DeadlineExceeded",
];

fn observation(object: Object, millis: i64) -> Observation {
    let start: jiff::Timestamp = "2026-09-21T12:49:14Z".parse().expect("a time");
    let received = start.saturating_add(SignedDuration::from_millis(millis)).expect("a time");
    Observation { received, seen: Seen::Added, object }
}

/// A Pod that waits for a node.
fn pending_pod() -> Observation {
    let created = Time { seconds: 1_790_002_154, nanos: 0 };
    let metadata = ObjectMeta {
        name: "pi-4h9hq".to_owned(),
        namespace: "default".to_owned(),
        uid: "uid-1".to_owned(),
        creation_timestamp: Some(created),
        ..ObjectMeta::default()
    };
    observation(Object::Pod(Box::new(Pod { metadata, ..Pod::default() })), 0)
}

#[test]
fn any_message_of_an_event_can_be_read_recorded_and_drawn() {
    fuzz!("event_messages", |input: &[u8]| {
        let mut choices = Choices::new(input);
        let reason = choices.pick(&REASONS).to_owned();
        let field_path =
            choices.pick(&["", "spec.containers{main}", "spec.initContainers{", "}{"]).to_owned();
        let count = i32::from(choices.next_byte());
        let (view, component) =
            (choices.next_i64(), choices.pick(&["kubelet", "", "job-controller", "default-scheduler"]));
        let at = Time { seconds: 1_790_002_156, nanos: 0 };
        let event = Event {
            metadata: ObjectMeta { name: "pi-4h9hq.18a3".to_owned(), ..ObjectMeta::default() },
            involved_object: ObjectReference {
                kind: "Pod".to_owned(),
                namespace: "default".to_owned(),
                name: "pi-4h9hq".to_owned(),
                uid: "uid-1".to_owned(),
                field_path,
            },
            source: EventSource { component: component.to_owned(), host: "node-1".to_owned() },
            reason,
            message: choices.rest_text(),
            first_timestamp: Some(at),
            last_timestamp: Some(at),
            count,
            ..Event::default()
        };
        let mut observations = [pending_pod(), observation(Object::Event(Box::new(event)), 2_500)];
        let mut timeline = Timeline::default();
        for observation in &observations {
            timeline.apply(observation);
        }
        timeline.recompute();
        check_picture(&timeline, &view.to_be_bytes());
        observations.iter_mut().for_each(redact);
        let once = observations.clone();
        observations.iter_mut().for_each(redact);
        assert_eq!(observations, once, "what was recorded is recorded again without a change");
    });
}

#[test]
fn any_quantity_time_and_duration_can_be_read() {
    fuzz!("quantities_and_times", |input: &[u8]| {
        let mut choices = Choices::new(input);
        let (millis, other) = (choices.next_i64(), choices.next_i64());
        let text = choices.rest_text();
        let quantity = |text: &str| Quantity { string: text.to_owned() };
        let container = Container {
            resources: Some(Resources { requests: BTreeMap::from([("cpu".to_owned(), quantity(&text))]) }),
            ..Container::default()
        };
        let mut observed = pending_pod();
        if let Object::Pod(pod) = &mut observed.object {
            pod.spec.containers = vec![container.clone(), container];
            let time = serde_json::to_string(&text).expect("JSON");
            pod.metadata.creation_timestamp = serde_json::from_str(&time).ok();
            pod.metadata.deletion_grace_period_seconds = Some(millis);
            pod.metadata.deletion_timestamp =
                Some(Time { seconds: other, nanos: i32::try_from(other % 7_000_000_000).unwrap_or(-1) });
        }
        let mut timeline = Timeline::default();
        timeline.apply(&observed);
        timeline.recompute();
        write_json(&document(&timeline, observed.received), &mut std::io::sink()).expect("a document");
        let ranged = RangedDuration {
            estimate_millis: millis,
            low_millis: other.min(millis),
            high_millis: other.max(millis),
        };
        let duration = SignedDuration::new(millis, 0);
        for text in [format_ranged(ranged), format_exact(duration), format_elapsed(duration)] {
            assert!((1..=20).contains(&text.chars().count()), "{text}");
        }
        if let Ok(duration) = parse_duration(&text) {
            assert!(duration.as_secs() < u64::MAX);
        }
        if let Ok(speed) = parse_speed(&text) {
            assert!(speed.is_finite() && speed >= 0.0);
        }
    });
}

#[test]
fn any_condition_is_refused_or_equals_its_own_text() {
    fuzz!("conditions", |input: &[u8]| {
        let text = Choices::new(input).rest_text();
        match text.parse::<BudgetCondition>() {
            Err(error) => assert_eq!(error.to_string().lines().count(), 3, "{error}"),
            Ok(condition) => assert_eq!(condition.text.parse(), Ok(condition)),
        }
    });
}
