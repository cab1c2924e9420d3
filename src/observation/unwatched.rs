//! Times in which nobody watched the objects.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A time in which nobody watched the objects, so that changes may have been missed. A recording keeps it.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unwatched {
    /// The latest time before which nothing was missed.
    pub since: Timestamp,
    /// The time from which nothing is missed any more.
    pub until: Timestamp,
    /// The reason in the words of this program.
    pub reason: String,
    /// The plural of the objects that nobody watched: `pods`. `None` for all objects.
    #[serde(default)]
    pub resource: Option<String>,
}
