//! What stands out in a workload, as contracted: waits by reason, pulls by image and node.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::document::{optional_time, time};
use super::summary::millis;
use crate::timeline::{Hold, ImagePulls, OpenRetry, Wait};

/// An element of `waits`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WaitEntry {
    /// `Insufficient cpu`, `ImagePullBackOff` …
    #[serde(serialize_with = "text")]
    pub reason: Arc<str>,
    /// Pods that waited for it; 0 where the workload itself did (`holds`).
    pub pods: usize,
    /// The longest wait of one Pod, or the workload's longest.
    pub longest_millis: i64,
    /// The sum over Pods, or over the workload's waits.
    pub total_millis: i64,
}

impl From<Wait> for WaitEntry {
    fn from(wait: Wait) -> Self {
        Self {
            longest_millis: millis(wait.longest),
            total_millis: millis(wait.total),
            reason: wait.reason,
            pods: wait.pods,
        }
    }
}

/// An element of `holds`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HoldEntry<'a> {
    /// `suspended`, `admission by Kueue queue team-a`, `FailedCreate`.
    pub reason: &'a str,
    /// Why its Pods were refused; the server's text, not escaped for a terminal.
    pub message: Option<&'a str>,
    /// Start; `null` if nobody tells.
    #[serde(serialize_with = "optional_time")]
    pub start: Option<Timestamp>,
    /// End; `null` while it goes on, and if nobody tells.
    #[serde(serialize_with = "optional_time")]
    pub end: Option<Timestamp>,
    /// How long it took, or has taken until `observedAt`; `null` if an end is unknown.
    pub millis: Option<i64>,
    /// The weaker of what its ends were read from.
    pub source: &'static str,
}

impl<'a> HoldEntry<'a> {
    /// The hold as it stands at `now`.
    pub(crate) fn new(hold: &'a Hold, now: Timestamp) -> Self {
        Self {
            reason: &hold.reason,
            message: hold.message.as_deref(),
            start: hold.start.map(|start| start.at),
            end: hold.end.map(|end| end.at),
            millis: hold.duration(now).map(millis),
            source: hold.source().name(),
        }
    }
}

/// An element of `backOffs`.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackOffEntry {
    /// The completion index that waits for its next try.
    pub index: u32,
    /// Tries that were seen.
    pub tries: u32,
    /// When the latest of them failed.
    #[serde(serialize_with = "time")]
    pub since: Timestamp,
    /// When the controller's rule lets it make the next Pod: an estimate, as there may be no free slot then. `null` where
    /// failures that count were not seen.
    #[serde(serialize_with = "optional_time")]
    pub expected_at: Option<Timestamp>,
}

impl From<OpenRetry> for BackOffEntry {
    fn from(open: OpenRetry) -> Self {
        Self { index: open.index, tries: open.tries, since: open.since, expected_at: open.expected }
    }
}

/// An element of `images`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageEntry {
    /// Image as the user wrote it.
    #[serde(serialize_with = "text")]
    pub image: Arc<str>,
    /// Node.
    #[serde(serialize_with = "text")]
    pub node: Arc<str>,
    /// Pulls that ended.
    pub pulls: u32,
    /// How often it was there already.
    pub cached: u32,
    /// What the first pull took.
    pub first_millis: Option<i64>,
    /// What the longest pull took.
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
            first_millis: pulls.first.map(millis),
            longest_millis: pulls.longest.map(millis),
            waited_millis: pulls.waited.map(millis),
            bytes: pulls.bytes,
            image: pulls.image,
            node: pulls.node,
        }
    }
}

fn text<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}
