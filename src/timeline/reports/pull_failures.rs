//! The images that Pods of a workload cannot pull.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{ContainerLife, Lifecycle, Phase, PhaseKind, PodOutcome};
use crate::timeline::pods::pod::PodKey;
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::Workload;

/// An image that cannot be pulled, and the Pods that need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullFailure {
    /// The image, as the Pod's spec names it.
    pub image: Arc<str>,
    /// The cause that the kubelet reports, for example `not found`.
    pub cause: Option<Arc<str>>,
    /// The first Pod that needs the image.
    pub first: PodKey,
    /// Number of Pods that wait for the image, or that ended without it.
    pub pods: usize,
    /// The longest time since a Pod asked for the image for the first time.
    pub longest: SignedDuration,
}

impl Timeline {
    /// Whether a Pod of the workload cannot pull an image now.
    pub(crate) fn cannot_pull(&self, workload: &Workload) -> bool {
        self.overviews(workload).any(|(_, pod)| pod.open_phase == Some(PhaseKind::PullFailing))
    }

    /// The images that Pods of a workload cannot pull, the image of most Pods first. Pods that got their image after a
    /// failure do not count.
    pub fn pull_failures(&self, workload: &Workload, now: Timestamp) -> Vec<PullFailure> {
        let mut failures: Vec<PullFailure> = Vec::new();
        let is_candidate = |open_phase: Option<PhaseKind>, outcome: PodOutcome| {
            open_phase == Some(PhaseKind::PullFailing) || outcome == PodOutcome::NeverStarted
        };
        let candidates = self
            .overviews(workload)
            .filter(|(_, pod)| is_candidate(pod.open_phase, pod.outcome))
            .map(|(key, _)| key);
        for key in candidates {
            let life = &self.pod(key).life;
            let Some((container, longest)) = failing_pull(life, now) else { continue };
            let is_same = |failure: &&mut PullFailure| {
                failure.image == container.image && failure.cause == life.message
            };
            match failures.iter_mut().find(is_same) {
                Some(failure) => {
                    failure.pods += 1;
                    failure.longest = failure.longest.max(longest);
                }
                None => failures.push(PullFailure {
                    image: Arc::clone(&container.image),
                    cause: life.message.clone(),
                    first: key,
                    pods: 1,
                    longest,
                }),
            }
        }
        failures.sort_by(|a, b| (b.pods, &a.image).cmp(&(a.pods, &b.image)));
        failures
    }
}

/// Returns the container whose image cannot be pulled at the end of the Pod's life, and the time since the first
/// attempt.
fn failing_pull(life: &Lifecycle, now: Timestamp) -> Option<(&ContainerLife, SignedDuration)> {
    let container = life.unpullable_container()?;
    let is_failing = |phase: &&Phase| phase.kind == PhaseKind::PullFailing;
    let first = life.phases.iter().find(is_failing)?;
    let end = life.phases.last().and_then(|last| last.end).unwrap_or(now);
    Some((container, end.duration_since(first.start).max(SignedDuration::ZERO)))
}
