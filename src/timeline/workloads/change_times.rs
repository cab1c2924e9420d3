//! The best estimates of the creation and of the changes of a workload.

use jiff::Timestamp;

use crate::lifecycle::{Evidence, Instant};

/// When a workload was created, from the truncated `metadata.creationTimestamp`. The first receipt of the object bounds
/// the creation.
pub(crate) fn creation_instant(created: Timestamp, first_received: Timestamp) -> Instant {
    let mut creation = Instant::new(created, Evidence::CreationTimestamp);
    creation.not_after(first_received, Evidence::ReceivedAdded);
    creation
}

/// The best estimate of a change that a watch received at `received`.
pub(crate) fn estimate_change(received: Timestamp) -> Timestamp {
    Instant::new(received, Evidence::ReceivedSuspend).at
}
