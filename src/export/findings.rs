//! What stands out in a workload, as contracted: waits by reason, pulls by image and node.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::summary::millis;
use crate::timeline::{ImagePulls, Wait};

/// An element of `waits`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WaitEntry {
    /// `Insufficient cpu`, `ImagePullBackOff` …
    #[serde(serialize_with = "text")]
    pub reason: Arc<str>,
    /// Pods that waited for it.
    pub pods: usize,
    /// The longest wait of one Pod.
    pub longest_millis: i64,
    /// The sum over Pods.
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
