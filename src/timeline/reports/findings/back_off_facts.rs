//! The facts behind back-off: the waits of the kubelet inside Pods, and the empty slots while the controller waits.

use std::fmt::Write as _;

use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::findings::facts::FactFinder;
use crate::timeline::reports::findings::finding::{Cost, Finding, FindingKind};
use crate::timeline::reports::findings::number_text::{format_count, format_short};

/// The sentence names a part of the back-off if the part is longer than the whole divided by this number.
const MIN_PARTS: i64 = 20;

impl FactFinder<'_> {
    /// Writes `back-off took 22 % of slot time: 18s of empty slots after 3 failed Pods`, or `back-off took 43 %
    /// of slot time: 1 Pod for 10s (pi-a on node-1: CrashLoopBackOff)`.
    pub(crate) fn describe_back_off(&self, cost: Cost, share: &str, finding: &mut Finding) {
        finding.text = format!("back-off took {share} of slot time");
        let losses = self.losses(FindingKind::BackOff);
        let in_pods: i64 = losses.iter().map(|(millis, _)| *millis).sum();
        let in_slots = cost.millis.saturating_sub(in_pods).max(0);
        let is_named = |millis: i64| millis.saturating_mul(MIN_PARTS) > cost.millis;
        let mut parts: Vec<String> = Vec::new();
        if is_named(in_slots) {
            let failed: Vec<PodKey> =
                self.overviews().filter(|(_, pod)| pod.has_failed()).map(|(key, _)| key).collect();
            let after = match failed.len() {
                0 => String::new(),
                pods => format!(" after {}", format_count(pods, "failed Pod")),
            };
            parts.push(format!("{} of empty slots{after}", format_short(in_slots)));
            self.add_pods(failed.into_iter(), finding);
        }
        if is_named(in_pods)
            && let Some(text) = self.describe_losses(&losses, finding)
        {
            parts.push(text);
        }
        if !parts.is_empty() {
            let _ = write!(finding.text, ": {}", parts.join("; "));
        }
    }
}
