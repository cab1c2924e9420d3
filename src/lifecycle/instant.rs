//! The times at which something happened in a Pod's life, with their evidence.

use jiff::Timestamp;

use crate::lifecycle::evidence::Evidence;

/// A time in a Pod's life and the evidence for it.
///
/// The [source](crate::lifecycle::Source) of the evidence shows where the true time lies: in `[at, at + precision)` for
/// `Event` and `Status`, in `(at - precision, at]` for `Observed`, and on either side for `Inferred`. The precision is
/// [`Evidence::precision`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant {
    /// The time.
    pub at: Timestamp,
    /// The field, event or receipt that the time was read from.
    pub evidence: Evidence,
}

impl Instant {
    pub(crate) fn new(at: Timestamp, evidence: Evidence) -> Self {
        Self { at, evidence }
    }
}

/// The instants of one Pod. `None` means unknown, or not reached yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instants {
    /// The API server stored the Pod.
    pub created: Option<Instant>,
    /// The Pod was bound to a node.
    pub scheduled: Option<Instant>,
    /// The sandbox and its network were ready.
    pub sandbox_ready: Option<Instant>,
    /// The first main container started.
    pub work_started: Option<Instant>,
    /// The last main container ended, and no main container will start again.
    pub work_ended: Option<Instant>,
    /// The deletion of the Pod was requested.
    pub delete_requested: Option<Instant>,
    /// The Pod was removed from the API server.
    pub deleted: Option<Instant>,
}

impl Instants {
    /// Returns the instants in the order of a life, with their names in the timeline document.
    pub fn named(&self) -> [(&'static str, Option<Instant>); 7] {
        let Self { created, scheduled, sandbox_ready, work_started, work_ended, delete_requested, deleted } =
            *self;
        [
            ("created", created),
            ("scheduled", scheduled),
            ("sandboxReady", sandbox_ready),
            ("workStarted", work_started),
            ("workEnded", work_ended),
            ("deleteRequested", delete_requested),
            ("deleted", deleted),
        ]
    }
}
