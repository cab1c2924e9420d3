//! A new list of a collection, after a watch could not continue.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A complete new list of a collection. The objects that were created and deleted between two lists are in neither of
/// them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Relist {
    /// The time at which the list was requested.
    pub at: Timestamp,
    /// The kind of the objects: `Pod`.
    pub kind: String,
    /// The namespace of the objects, or `None` for all namespaces.
    pub namespace: Option<String>,
}
