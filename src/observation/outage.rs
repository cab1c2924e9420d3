//! A collection of objects that the source cannot read at the moment.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A time in which the source cannot read a collection of objects, so that the objects may have changed unnoticed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outage {
    /// The kind of the objects: `Pod`.
    pub kind: String,
    /// The plural of the kind: `pods`.
    pub resource: String,
    /// The namespace of the objects, or `None` for all namespaces.
    pub namespace: Option<String>,
    /// The time since which the collection has not been read.
    pub since: Timestamp,
    /// The reason in the words of this program: `forbidden (403)`. It contains no text of the server, because a
    /// recording keeps it.
    pub reason: String,
    /// Whether the outcome of the workloads is known without these objects.
    pub is_optional: bool,
}
