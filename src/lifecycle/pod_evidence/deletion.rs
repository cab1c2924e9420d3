//! The request to delete a Pod.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::packed::packed_struct;
use crate::observation::{ObjectMeta, known_time};

/// The deletion of a Pod, as the first state with a `deletionTimestamp` shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deletion {
    /// Receipt of that state, if a watch received it.
    pub(crate) received: Option<Timestamp>,
    /// `deletionTimestamp - deletionGracePeriodSeconds` of that state, or `None` if the grace period is 0.
    pub(crate) computed: Option<Timestamp>,
    /// The Pod was seen before without a `deletionTimestamp`, so `received` dates the request.
    pub(crate) seen_before: bool,
    /// The previous state of the Pod already had a terminal phase.
    pub(crate) after_end: bool,
}

impl Deletion {
    /// Reads the deletion from the metadata of the first state that shows it.
    pub(crate) fn first_seen(
        metadata: &ObjectMeta,
        received: Option<Timestamp>,
        seen_before: bool,
        after_end: bool,
    ) -> Self {
        let grace = metadata.deletion_grace_period_seconds.unwrap_or(0);
        // The kubelet's last step sets the grace period to 0 and the timestamp to the time of that step. The time of
        // the request cannot be computed from such a state.
        let deadline = known_time(metadata.deletion_timestamp).filter(|_| grace > 0);
        // A deletion cannot be requested before the creation, so a time before the creation is ignored. An impossibly
        // long grace period gives such a time.
        let computed = deadline
            .and_then(|at| at.checked_sub(SignedDuration::from_secs(grace)).ok())
            .filter(|at| metadata.created().is_none_or(|created| *at >= created));
        Self { received, computed, seen_before, after_end }
    }
}

packed_struct!(Deletion { received, computed, seen_before, after_end });
