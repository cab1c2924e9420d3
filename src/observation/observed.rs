//! One fact from a source, with the time of its receipt and the way in which the fact was seen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::observation::kinds::Object;

/// One fact from a source: a workload, Pod or Event appeared, changed or disappeared.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// When the source received the fact, on the API server's clock.
    pub received: Timestamp,
    /// How the fact was seen, which determines how precisely `received` dates the fact.
    pub seen: Seen,
    /// The object, in the state that was seen.
    pub object: Object,
}

/// How a fact was seen. Recordings contain the names of the variants, so the names must never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seen {
    /// In a list: the fact became true at an unknown earlier time.
    Listed,
    /// By a watch: the object was created just before (5–40 ms on a quiet connection).
    Added,
    /// By a watch: the object was changed just before.
    Changed,
    /// By a watch: the object was removed just before, or left the selector of the watch. The observation holds the
    /// last state.
    Deleted,
    /// Absent from a list after a gap in the watch: the object was removed at some time after it was last seen.
    Missing,
}

impl Seen {
    /// Whether `received` dates the fact.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Added | Self::Changed | Self::Deleted)
    }

    /// Whether the object was removed or left the selector of the watch.
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Deleted | Self::Missing)
    }
}
