//! The best estimates of the creation and of the changes of a workload.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Evidence, Instant};

/// The longest time between an action of a controller and the time that the controller reports for this action. If an
/// object is created suspended, its condition follows the creation within this time. A controller requests the deletion
/// of its Pods at most this time before or after the time in its status.
pub(crate) const MAX_REPORT_DELAY: SignedDuration = SignedDuration::from_secs(2);

/// When a workload was created, from the truncated `metadata.creationTimestamp`. The first receipt of the object bounds
/// the creation.
pub(crate) fn creation_instant(created: Timestamp, first_received: Timestamp) -> Instant {
    let mut creation = Instant::new(created, Evidence::CreationTimestamp);
    creation.lower_latest(first_received, Evidence::ReceivedAdded);
    creation
}

/// The best estimate of a change that a watch received at `received`.
pub(crate) fn estimate_change(received: Timestamp) -> Timestamp {
    Instant::new(received, Evidence::ReceivedSuspend).at
}
