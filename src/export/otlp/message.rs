//! The messages of OTLP in their JSON form: ids are hexadecimal, and numbers of 64 bits are text.
//!
//! The fields are those of `opentelemetry/proto/trace/v1/trace.proto`. A test parses the messages with the types that are
//! generated from this file.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Serialize, Serializer as SerdeSerializer};
use serde_json::ser::Serializer;

use crate::export::escapes::LineFormatter;
use crate::export::otlp::ids::{SpanId, TraceId};

/// The version of the semantic conventions whose attributes the spans have.
const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.37.0";

/// A request of the trace service: spans of one resource.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TraceMessage<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

impl<'a> TraceMessage<'a> {
    /// Creates a message about spans of a resource that has these attributes.
    pub(crate) fn new(attributes: &'a [Attribute], spans: Vec<TraceSpan>) -> Self {
        let scope = InstrumentationScope { name: "kubectl-seq", version: env!("CARGO_PKG_VERSION") };
        let scope_spans = [ScopeSpans { scope, spans, schema_url: SCHEMA_URL }];
        let resource = TraceResource { attributes };
        Self { resource_spans: [ResourceSpans { resource, scope_spans, schema_url: SCHEMA_URL }] }
    }

    /// Returns the message as JSON on one line, without a line feed.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::new();
        let written = self.serialize(&mut Serializer::with_formatter(&mut json, LineFormatter));
        // Writing to a vector does not fail, and every key is text.
        debug_assert!(written.is_ok(), "{written:?}");
        json
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: TraceResource<'a>,
    scope_spans: [ScopeSpans; 1],
    schema_url: &'static str,
}

#[derive(Serialize)]
struct TraceResource<'a> {
    attributes: &'a [Attribute],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScopeSpans {
    scope: InstrumentationScope,
    spans: Vec<TraceSpan>,
    schema_url: &'static str,
}

/// The program that made the spans.
#[derive(Serialize)]
struct InstrumentationScope {
    name: &'static str,
    version: &'static str,
}

/// A span.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TraceSpan {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_span_id: Option<SpanId>,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    #[serde(serialize_with = "serialize_nanos")]
    pub(crate) start_time_unix_nano: Timestamp,
    #[serde(serialize_with = "serialize_nanos")]
    pub(crate) end_time_unix_nano: Timestamp,
    pub(crate) attributes: Vec<Attribute>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) events: Vec<SpanEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<SpanStatus>,
}

/// The kind of a span. Its JSON form is its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpanKind {
    /// A part of the work.
    Internal = 1,
    /// The run of a whole pipeline.
    Server = 2,
}

impl Serialize for SpanKind {
    fn serialize<S: SerdeSerializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

/// A moment of a span.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpanEvent {
    #[serde(serialize_with = "serialize_nanos")]
    pub(crate) time_unix_nano: Timestamp,
    pub(crate) name: String,
    pub(crate) attributes: Vec<Attribute>,
}

/// The status of a span that failed.
#[derive(Serialize)]
pub(crate) struct SpanStatus {
    code: u8,
    message: String,
}

impl SpanStatus {
    /// `STATUS_CODE_ERROR` with a message.
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }
}

/// An attribute of a resource, a span or an event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Attribute {
    pub(crate) key: Cow<'static, str>,
    pub(crate) value: AttributeValue,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) enum AttributeValue {
    #[serde(rename = "stringValue")]
    Text(String),
    /// A whole number, whose JSON form is text.
    #[serde(rename = "intValue")]
    Number(String),
}

impl Attribute {
    /// An attribute with a text.
    pub(crate) fn text(key: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: AttributeValue::Text(value.into()) }
    }

    /// An attribute with a whole number.
    pub(crate) fn number(key: impl Into<Cow<'static, str>>, value: impl Into<i64>) -> Self {
        Self { key: key.into(), value: AttributeValue::Number(value.into().to_string()) }
    }
}

/// Serializes a time as nanoseconds since 1970. OTLP has no times before that.
fn serialize_nanos<S: SerdeSerializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&u64::try_from(at.as_nanosecond()).unwrap_or(0))
}
