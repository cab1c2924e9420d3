//! The bounds of the node's clock that one Pod proves, and the corrections of the kubelet's times and of receipts.

use jiff::SignedDuration;

use crate::lifecycle::pod_evidence::PodEvidence;
use crate::observation::saturating_add;

impl PodEvidence {
    /// Returns a lower bound of the skew. The skew is how far the API server's clock is ahead of the node's clock. The
    /// kubelet cannot see the Pod before the Pod is scheduled, so the start time (on the node's clock) is not earlier
    /// than the scheduling (on the server's clock). Returns `None` if these times are in order.
    pub(crate) fn min_skew(&self) -> Option<SignedDuration> {
        let scheduled = self.scheduled_event.map(|event| event.at).or(self.pod_scheduled)?;
        let start_time = self.start_time.filter(|start_time| scheduled > *start_time)?;
        // `startTime` is truncated to the second.
        let skew = scheduled.duration_since(saturating_add(start_time, SignedDuration::from_secs(1)));
        skew.is_positive().then_some(skew)
    }

    /// Returns an upper bound of the skew. The kubelet cannot report a time that it has not reached yet, so no
    /// reported time (on the node's clock) is later than the kubelet's last write (on the server's clock). Returns
    /// `None` if these times are in order.
    pub(crate) fn max_skew(&self) -> Option<SignedDuration> {
        let wrote = self.kubelet_wrote?;
        let mut latest = self.start_time.max(self.sandbox_ready);
        for container in &self.containers {
            latest = latest.max(container.latest_kubelet_time());
        }
        let latest = latest.filter(|latest| *latest > wrote)?;
        // The time of the write is truncated to the second.
        let skew = saturating_add(wrote, SignedDuration::from_secs(1)).duration_since(latest);
        skew.is_negative().then_some(skew)
    }

    /// Moves all times that come from the kubelet's clock.
    pub(crate) fn shift_kubelet_times(&mut self, by: SignedDuration) {
        let times =
            [&mut self.start_time, &mut self.sandbox_ready, &mut self.sandbox_gone, &mut self.initialized];
        for at in times.into_iter().flatten() {
            *at = saturating_add(*at, by);
        }
        // If the node is lost, the node controller set this time, so it is on the server's clock.
        if let Some(at) = self.not_ready.as_mut().filter(|_| !self.node_lost) {
            *at = saturating_add(*at, by);
        }
        if let Some(ready) = &mut self.ready {
            ready.shift_kubelet_times(by);
        }
        let disruption = self.disruption.as_mut();
        if let Some((at, _)) = disruption.filter(|(_, reason)| **reason == *"TerminationByKubelet") {
            *at = saturating_add(*at, by);
        }
        if let Some(killing) = &mut self.killing {
            killing.at = saturating_add(killing.at, by);
        }
        self.waits.shift_kubelet_times(by);
        for container in &mut self.containers {
            container.shift_kubelet_times(by);
        }
    }

    /// Moves all times at which observations of the Pod were received.
    pub(crate) fn shift_receipts(&mut self, by: SignedDuration) {
        let times = [
            &mut self.last_seen,
            &mut self.created_received,
            &mut self.seen_running,
            &mut self.phase_received,
            &mut self.left_selector,
        ];
        let gates = self.gates.iter_mut().filter_map(|gates| gates.since.as_mut());
        let deletion = self.deletion.as_mut().and_then(|deletion| deletion.received.as_mut());
        let gone = self.gone.as_mut().map(|(at, _)| at);
        let ready = self.ready.as_mut().and_then(|ready| ready.received.as_mut());
        let times = times.into_iter().flatten().chain(gates).chain(deletion).chain(gone).chain(ready);
        for at in times {
            *at = saturating_add(*at, by);
        }
        self.waits.shift_receipts(by);
        for container in &mut self.containers {
            container.shift_receipts(by);
        }
    }
}
