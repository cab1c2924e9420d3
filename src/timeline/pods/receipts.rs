//! Finds out whether the receipts of observations are earlier than the times that the observations report.
//!
//! The source adds the offset of this machine's clock to each receipt. The offset is known only as an interval of up to
//! a second, because the API server reports its time in whole seconds. Exact times of events narrow this interval.

use jiff::{SignedDuration, Timestamp};

use crate::observation::{Event, truncate_to_millis};

/// Smaller differences are ignored, because the clocks of the control plane differ by up to this much.
const MAX_CONTROL_PLANE_SKEW: SignedDuration = SignedDuration::from_millis(50);

/// The correction of receipts is a multiple of this, so that few events change the correction.
const STEP_MILLIS: i64 = 10;

/// The components whose events date times on the clock of the control plane.
const CONTROL_PLANE: [&str; 7] = [
    "default-scheduler",
    "job-controller",
    "cronjob-controller",
    "replicaset-controller",
    "deployment-controller",
    "statefulset-controller",
    "daemonset-controller",
];

/// The correction of the times at which observations were received.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReceiptCorrection {
    delay: SignedDuration,
}

impl ReceiptCorrection {
    /// How much later than its time of receipt each observation was received at least, on the clock of the API server.
    pub(crate) fn delay(self) -> SignedDuration {
        self.delay
    }

    /// Learns from an event that a watch received at `received`, because an event cannot be received before it happens.
    /// Returns whether this changes the correction.
    pub(crate) fn learn(&mut self, event: &Event, received: Timestamp) -> bool {
        let Some((happened, true)) = event.first_occurrence() else { return false };
        let early = truncate_to_millis(happened).duration_since(received);
        if early < self.delay.max(MAX_CONTROL_PLANE_SKEW) || !CONTROL_PLANE.contains(&event.component()) {
            return false;
        }
        let millis = i64::try_from(early.as_millis()).unwrap_or(i64::MAX);
        self.delay =
            SignedDuration::from_millis(millis.saturating_add(STEP_MILLIS) / STEP_MILLIS * STEP_MILLIS);
        true
    }
}
