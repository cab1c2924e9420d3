//! Events of `core/v1`, which show both shapes (the kubelet's and the scheduler's).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::meta::{ObjectMeta, is_default};
use super::time::{Time, known};

/// What the text of combined events begins with.
const COMBINED: &str = "(combined from similar events): ";

/// `v1.Event`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_field_names, reason = "Kubernetes named the fields")]
pub struct Event {
    /// Metadata; the name ends with the reporter's clock in nanoseconds.
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    /// What it is about.
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub involved_object: ObjectReference,
    /// `Scheduled`, `Pulling`, `Pulled`, `Started` …
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    /// For people.
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// Who tells; empty in the scheduler's events.
    #[prost(message, required, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub source: EventSource,
    /// First occurrence, truncated to the second.
    #[prost(message, optional, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub first_timestamp: Option<Time>,
    /// Latest occurrence, truncated to the second.
    #[prost(message, optional, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_timestamp: Option<Time>,
    /// Occurrences.
    #[prost(int32, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub count: i32,
    /// `Normal` or `Warning`.
    #[prost(string, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    /// First occurrence in microseconds; the scheduler's events only.
    #[prost(message, optional, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub event_time: Option<Time>,
    /// Repetition of an event with `eventTime`.
    #[prost(message, optional, tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub series: Option<EventSeries>,
    /// Who tells, in the newer shape.
    #[prost(string, tag = "14")]
    #[serde(skip_serializing_if = "is_default")]
    pub reporting_component: String,
}

/// `v1.ObjectReference`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectReference {
    /// Kind.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub kind: String,
    /// Namespace.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub namespace: String,
    /// Name.
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// Uid; what an event is matched by.
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub uid: String,
    /// `spec.containers{NAME}` and the like.
    #[prost(string, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub field_path: String,
}

/// `v1.EventSource`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSource {
    /// Component.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub component: String,
    /// Node.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub host: String,
}

/// `v1.EventSeries`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSeries {
    /// Occurrences.
    #[prost(int32, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub count: i32,
    /// Latest occurrence.
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_observed_time: Option<Time>,
}

impl Event {
    /// The reporter's clock in the event's name: 16 hexadecimal digits of nanoseconds after the last dot.
    ///
    /// It is the time of the first occurrence. Believed only if it fits the event's own coarse time.
    pub fn name_time(&self) -> Option<Timestamp> {
        let suffix = self.metadata.name.rsplit_once('.')?.1;
        if suffix.len() != 16 || !suffix.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        let at = Timestamp::from_nanosecond(i128::from(i64::from_str_radix(suffix, 16).ok()?)).ok()?;
        let coarse = known(self.event_time).or_else(|| known(self.first_timestamp));
        coarse.is_none_or(|coarse| at.duration_since(coarse).abs().as_secs() < 2).then_some(at)
    }

    /// First occurrence, and whether it is finer than a second.
    pub fn first(&self) -> Option<(Timestamp, bool)> {
        if let Some(at) = self.name_time().or_else(|| known(self.event_time)) {
            return Some((at, true));
        }
        known(self.first_timestamp).or_else(|| self.metadata.created()).map(|at| (at, false))
    }

    /// Latest occurrence.
    pub fn last(&self) -> Option<Timestamp> {
        let series = self.series.as_ref().and_then(|series| known(series.last_observed_time));
        let last = series.or_else(|| known(self.last_timestamp));
        let first = self.first().map(|(at, _)| at);
        last.max(first)
    }

    /// How often it happened.
    pub fn occurrences(&self) -> u32 {
        let count = self.series.as_ref().map_or(self.count, |series| series.count.max(self.count));
        u32::try_from(count).unwrap_or(1).max(1)
    }

    /// Who tells: `kubelet`, `default-scheduler`, `job-controller` … "Combined" events have it in `source` only.
    pub fn component(&self) -> &str {
        if self.reporting_component.is_empty() { &self.source.component } else { &self.reporting_component }
    }

    /// The container it is about, from `involvedObject.fieldPath`.
    pub fn container(&self) -> Option<&str> {
        self.involved_object.field_path.split_once('{')?.1.strip_suffix('}')
    }

    /// The text without the mark of combined events.
    pub fn text(&self) -> &str {
        self.message.strip_prefix(COMBINED).unwrap_or(&self.message)
    }

    /// Whether it stands for several events of different texts: its text is that of the latest.
    pub fn is_combined(&self) -> bool {
        self.message.starts_with(COMBINED)
    }
}
