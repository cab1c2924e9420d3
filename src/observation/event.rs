//! Events of `core/v1`. The kubelet writes Events of the older generation, which have a `firstTimestamp`. The scheduler
//! writes Events of the newer generation, which have an `eventTime`. `core/v1` has the fields of both generations.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_with::apply;

use crate::observation::kind_data::{KindData, LabelSelector};
use crate::observation::meta::{ObjectMeta, is_default};
use crate::observation::time::{Time, known_time};

/// The beginning of the message of a combined event, which stands for several events with different messages.
pub(crate) const COMBINED_PREFIX: &str = "(combined from similar events): ";

/// `v1.Event`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_field_names, reason = "Kubernetes named the fields")]
pub struct Event {
    /// Metadata. The name ends with the time of the first occurrence, by the reporter's clock, in nanoseconds.
    #[prost(message, required, tag = "1")]
    pub metadata: ObjectMeta,
    /// The object that the event is about.
    #[prost(message, required, tag = "2")]
    pub involved_object: ObjectReference,
    /// `Scheduled`, `Pulling`, `Pulled`, `Started` …
    #[prost(string, tag = "3")]
    pub reason: String,
    /// A sentence for people.
    #[prost(string, tag = "4")]
    pub message: String,
    /// The reporter; empty in the scheduler's events.
    #[prost(message, required, tag = "5")]
    pub source: EventSource,
    /// Time of the first occurrence, truncated to the second.
    #[prost(message, optional, tag = "6")]
    pub first_timestamp: Option<Time>,
    /// Time of the latest occurrence, truncated to the second.
    #[prost(message, optional, tag = "7")]
    pub last_timestamp: Option<Time>,
    /// Number of occurrences.
    #[prost(int32, tag = "8")]
    pub count: i32,
    /// `Normal` or `Warning`.
    #[prost(string, tag = "9")]
    pub r#type: String,
    /// Time of the first occurrence, precise to the microsecond. Set only in events of the newer generation.
    #[prost(message, optional, tag = "10")]
    pub event_time: Option<Time>,
    /// Repetitions of an event that has an `eventTime`.
    #[prost(message, optional, tag = "11")]
    pub series: Option<EventSeries>,
    /// The reporter, in events that have an `eventTime`.
    #[prost(string, tag = "14")]
    pub reporting_component: String,
}

impl KindData for Event {
    fn pod_selector(&self) -> Option<&LabelSelector> {
        None
    }

    fn pod_selector_mut(&mut self) -> Option<&mut LabelSelector> {
        None
    }
}

/// `v1.ObjectReference`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectReference {
    /// Kind.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// Namespace.
    #[prost(string, tag = "2")]
    pub namespace: String,
    /// Name.
    #[prost(string, tag = "3")]
    pub name: String,
    /// Uid of the object. The program assigns an event to the object with this uid.
    #[prost(string, tag = "4")]
    pub uid: String,
    /// The container, for example `spec.containers{main}`; empty for the object as a whole.
    #[prost(string, tag = "7")]
    pub field_path: String,
}

/// `v1.EventSource`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSource {
    /// The component that reported the event.
    #[prost(string, tag = "1")]
    pub component: String,
    /// The node of the component, if it runs on one.
    #[prost(string, tag = "2")]
    pub host: String,
}

/// `v1.EventSeries`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSeries {
    /// Number of occurrences.
    #[prost(int32, tag = "1")]
    pub count: i32,
    /// Time of the latest occurrence, precise to the microsecond.
    #[prost(message, optional, tag = "2")]
    pub last_observed_time: Option<Time>,
}

impl Event {
    /// Whether the Job controller reported the event.
    pub(crate) fn is_from_job_controller(&self) -> bool {
        self.component() == "job-controller"
    }

    /// Whether a kubelet reported the event.
    pub(crate) fn is_from_kubelet(&self) -> bool {
        self.component() == "kubelet"
    }

    /// The node whose kubelet reports that it started, or that its node was rebooted. `None` for other events.
    pub(crate) fn restarted_node(&self) -> Option<&str> {
        let is_start = self.is_from_kubelet() && matches!(self.reason.as_str(), "Starting" | "Rebooted");
        let about = &self.involved_object;
        (is_start && about.kind == "Node").then_some(about.name.as_str())
    }

    /// The time of the first occurrence, from the event's name. client-go appends the time on the reporter's clock to
    /// the name: nanoseconds since 1970, in 16 hexadecimal digits.
    ///
    /// Returns `None` if the name does not end with such a time, or if the time differs by two seconds or more from
    /// `eventTime` or `firstTimestamp`.
    pub fn name_time(&self) -> Option<Timestamp> {
        let suffix = self.metadata.name.rsplit_once('.')?.1;
        if suffix.len() != 16 || !suffix.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        let at = Timestamp::from_nanosecond(i128::from(i64::from_str_radix(suffix, 16).ok()?)).ok()?;
        let coarse = known_time(self.event_time).or_else(|| known_time(self.first_timestamp));
        coarse.is_none_or(|coarse| at.duration_since(coarse).abs().as_secs() < 2).then_some(at)
    }

    /// The time of the first occurrence, and whether this time is more precise than a second.
    pub fn first_occurrence(&self) -> Option<(Timestamp, bool)> {
        if let Some(at) = self.name_time().or_else(|| known_time(self.event_time)) {
            return Some((at, true));
        }
        known_time(self.first_timestamp).or_else(|| self.metadata.created()).map(|at| (at, false))
    }

    /// The time of the latest occurrence.
    pub fn last_occurrence(&self) -> Option<Timestamp> {
        let series = self.series.as_ref().and_then(|series| known_time(series.last_observed_time));
        let last = series.or_else(|| known_time(self.last_timestamp));
        let first = self.first_occurrence().map(|(at, _)| at);
        last.max(first)
    }

    /// How often the event occurred, at least 1.
    pub fn occurrences(&self) -> u32 {
        let count = self.series.as_ref().map_or(self.count, |series| series.count.max(self.count));
        u32::try_from(count).unwrap_or(1).max(1)
    }

    /// The component that reported the event: `kubelet`, `default-scheduler`, `job-controller` … Combined events name
    /// the component only in `source`.
    pub fn component(&self) -> &str {
        if self.reporting_component.is_empty() { &self.source.component } else { &self.reporting_component }
    }

    /// The container that the event is about, from `involvedObject.fieldPath`.
    pub fn container(&self) -> Option<&str> {
        self.involved_object.field_path.split_once('{')?.1.strip_suffix('}')
    }

    /// The list of the Pod's containers that holds the container, from `involvedObject.fieldPath`: `spec.containers`,
    /// `spec.initContainers` or `spec.ephemeralContainers`.
    pub fn container_list(&self) -> Option<&str> {
        self.involved_object.field_path.split_once('{').map(|(list, _)| list)
    }

    /// The message, without the prefix of combined events.
    pub fn plain_message(&self) -> &str {
        self.message.strip_prefix(COMBINED_PREFIX).unwrap_or(&self.message)
    }

    /// Whether the event stands for several events with different messages. The event then shows the message of its
    /// latest occurrence.
    pub fn is_combined(&self) -> bool {
        self.message.starts_with(COMBINED_PREFIX)
    }
}

/// Removes the end of a list of the scheduler's reasons. If a claim of the Pod does not exist, Kubernetes 1.37 ends the list
/// with `. not found`, although the reason itself says so.
pub(crate) fn trim_scheduling_reasons(reasons: &str) -> &str {
    let reasons = reasons.trim().trim_end_matches('.');
    reasons.strip_suffix(". not found").unwrap_or(reasons)
}
