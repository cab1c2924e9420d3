//! The findings, waits, holds, back-offs and image pulls of a workload in the timeline document.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_with::serde_as;

use crate::export::units::{Rfc3339Millis, to_millis};
use crate::timeline::{Finding, Hold, ImagePulls, OpenRetry, ReservedResource, Wait};

/// An element of `findings`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FindingEntry {
    /// `pulls`, `stragglers`, `idle` …
    pub kind: &'static str,
    /// The loss as a part of the slot time, between 0 and 1. For `stragglers`, a part of the wall time. For `reserved`, a
    /// part of the whole reservation.
    pub share: f64,
    /// The sentence. Not escaped for a terminal.
    pub text: String,
    /// The node that the sentence names.
    pub node: Option<String>,
    /// The image that the sentence names.
    pub image: Option<String>,
    /// The names of the Pods that the sentence is about, at most ten.
    pub pods: Vec<String>,
}

impl From<Finding> for FindingEntry {
    fn from(finding: Finding) -> Self {
        Self {
            kind: finding.kind.name(),
            // More digits would pretend a precision that the times do not have.
            share: (finding.share * 10_000.0).round() / 10_000.0,
            text: finding.text,
            node: finding.node.map(|node| node.to_string()),
            image: finding.image.map(|image| image.to_string()),
            pods: finding.pods.iter().map(ToString::to_string).collect(),
        }
    }
}

/// An element of `reserved` in a summary.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReservedEntry {
    /// The name of the resource: `cpu`, `memory`, `nvidia.com/gpu`.
    pub resource: String,
    /// The amount that the Pods requested, in CPUs, bytes or devices, multiplied by the milliseconds from scheduled to the
    /// start of work.
    pub amount_millis: i64,
}

impl From<ReservedResource> for ReservedEntry {
    fn from(reserved: ReservedResource) -> Self {
        Self { amount_millis: reserved.amount_millis(), resource: reserved.resource }
    }
}

/// An element of `waits`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WaitEntry {
    /// `Insufficient cpu`, `ImagePullBackOff` …
    #[serde(serialize_with = "serialize_text")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub reason: Arc<str>,
    /// The cause of the longest wait, for example `configmap "nope" not found`. Not escaped for a terminal.
    pub message: Option<String>,
    /// Number of Pods that waited; 0 if the workload itself waited (`holds`).
    pub pods: usize,
    /// The longest wait of one Pod, or the longest hold of the workload.
    pub longest_millis: i64,
    /// The sum of the waits of all Pods, or of the holds of the workload.
    pub total_millis: i64,
}

impl From<Wait> for WaitEntry {
    fn from(wait: Wait) -> Self {
        Self {
            longest_millis: to_millis(wait.longest),
            total_millis: to_millis(wait.total),
            reason: wait.reason,
            message: wait.message.map(|message| message.to_string()),
            pods: wait.pods,
        }
    }
}

/// An element of `holds`.
#[serde_as]
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HoldEntry<'a> {
    /// `suspended`, `admission by Kueue queue team-a`, `FailedCreate`.
    pub reason: &'a str,
    /// Why the Pods were refused, in the words of the server. The message is not escaped for a terminal.
    pub message: Option<&'a str>,
    /// Start; `null` if it is unknown.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub start: Option<Timestamp>,
    /// End; `null` while the hold lasts, and if the end is unknown.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub end: Option<Timestamp>,
    /// Duration, until `observedAt` if the hold still lasts; `null` if the start or the end is unknown.
    pub millis: Option<i64>,
    /// The weaker source of the start and the end.
    pub source: &'static str,
}

impl<'a> HoldEntry<'a> {
    /// Creates the entry of a hold at `now`.
    pub(crate) fn new(hold: &'a Hold, now: Timestamp) -> Self {
        Self {
            reason: &hold.reason,
            message: hold.message.as_deref(),
            start: hold.start.map(|start| start.at),
            end: hold.end.map(|end| end.at),
            millis: hold.duration(now).map(to_millis),
            source: hold.source().name(),
        }
    }
}

/// An element of `backOffs`.
#[serde_as]
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BackOffEntry {
    /// The completion index that waits for its next attempt.
    pub index: u32,
    /// Number of observed attempts.
    pub tries: u32,
    /// Time at which the latest attempt failed. `null` if its Pod is gone and Events do not say when the Pod ended.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub since: Option<Timestamp>,
    /// Time at which the controller's back-off ends. The next Pod is created later if no slot is free. `null` if the
    /// controller counted failures that were not observed.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub expected_at: Option<Timestamp>,
}

impl From<OpenRetry> for BackOffEntry {
    fn from(open: OpenRetry) -> Self {
        Self { index: open.index, tries: open.attempts, since: open.since, expected_at: open.expected }
    }
}

/// An element of `images`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImageEntry {
    /// Image as in the Pod's spec.
    #[serde(serialize_with = "serialize_text")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub image: Arc<str>,
    /// Name of the node.
    #[serde(serialize_with = "serialize_text")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub node: Arc<str>,
    /// Number of completed pulls.
    pub pulls: u32,
    /// Number of times that a container found the image on the node.
    pub cached: u32,
    /// Duration of the first pull.
    pub first_millis: Option<i64>,
    /// Duration of the longest pull.
    pub longest_millis: Option<i64>,
    /// The longest wait in the node's queue before a pull.
    pub waited_millis: Option<i64>,
    /// Size of the image.
    pub bytes: Option<u64>,
}

impl From<ImagePulls> for ImageEntry {
    fn from(pulls: ImagePulls) -> Self {
        Self {
            pulls: pulls.pulls,
            cached: pulls.cached,
            first_millis: pulls.first_pull.map(to_millis),
            longest_millis: pulls.longest_pull.map(to_millis),
            waited_millis: pulls.longest_wait.map(to_millis),
            bytes: pulls.bytes,
            image: pulls.image,
            node: pulls.node,
        }
    }
}

/// Serializes a shared string. Serde itself cannot do this without its feature `rc`.
fn serialize_text<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}
