//! The evidence about the first time at which a Pod is Ready.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::packed::packed_struct;
use crate::observation::{PodStatus, known_time, saturating_add};

/// The first transitions of the condition `Ready` that were seen. The kubelet sets the condition to False in its first
/// status update. Each later transition replaces the time of the one before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReadyEvidence {
    /// Transition to False in the first state that was seen with the condition, if the Pod was not Ready then.
    pub(crate) not_ready: Option<Timestamp>,
    /// Transition to True in the first state in which the Pod was Ready.
    pub(crate) ready: Option<Timestamp>,
    /// Receipt of that state, if a watch received it.
    pub(crate) received: Option<Timestamp>,
    /// Whether the Pod was Ready before `ready`, or may have been, because a main container was restarted.
    pub(crate) was_ready_before: bool,
}

impl ReadyEvidence {
    /// Adds a state of the Pod. `watch_receipt` is the time at which a watch received the state, or `None` if the
    /// state came from a list.
    pub(crate) fn observe(&mut self, status: &PodStatus, watch_receipt: Option<Timestamp>) {
        let Some(condition) = status.condition("Ready").filter(|_| self.ready.is_none()) else { return };
        let Some(at) = known_time(condition.last_transition_time) else { return };
        if condition.status != "True" {
            self.not_ready.get_or_insert(at);
            return;
        }
        self.ready = Some(at);
        self.received = watch_receipt;
        // If a node does not respond for a while, the node controller changes Ready, but not ContainersReady. An
        // earlier time of ContainersReady therefore proves an earlier Ready.
        let containers_ready = status.condition("ContainersReady").filter(|ready| ready.status == "True");
        let containers_ready = containers_ready.and_then(|ready| known_time(ready.last_transition_time));
        self.was_ready_before = containers_ready
            .is_some_and(|since| saturating_add(since, SignedDuration::from_secs(1)) < at)
            || status.container_statuses.iter().any(|main| main.restart_count > 0);
    }

    /// Moves the times that come from the kubelet's clock.
    pub(crate) fn shift_kubelet_times(&mut self, by: SignedDuration) {
        for at in [&mut self.not_ready, &mut self.ready].into_iter().flatten() {
            *at = saturating_add(*at, by);
        }
    }
}

packed_struct!(ReadyEvidence { not_ready, ready, received, was_ready_before });
