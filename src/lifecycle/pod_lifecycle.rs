//! The derived life of one Pod.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_life::{ContainerLife, ContainerRole, ContainerRun, main_containers};
use crate::lifecycle::phase::{Phase, PhaseKind};
use crate::lifecycle::pod_outcome::PodOutcome;
use crate::lifecycle::time::instant::{Instant, Instants};
use crate::lifecycle::time::ranged_duration::RangedDuration;

/// The life of one Pod, as far as the evidence reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// The instants. Impossible orders have been corrected.
    pub instants: Instants,
    /// The phases, in order and without overlap.
    pub phases: Vec<Phase>,
    /// The present state of the Pod, or how it ended.
    pub outcome: PodOutcome,
    /// Whether the Pod no longer exists and only Events prove its life, because no state of the Pod was observed.
    pub gone: bool,
    /// Text of kubectl's STATUS column; `Gone` if no state of the Pod was observed.
    pub status: Arc<str>,
    /// Exit code of the first main container (in spec order) that failed. If no main container has ended, the exit code
    /// of the first init container that failed. Otherwise the exit code of the last main container (in spec order) that
    /// ended.
    pub exit_code: Option<i32>,
    /// Why the Pod waits, failed or was deleted, for example `Insufficient cpu`, `OOMKilled` or `ImagePullBackOff`.
    pub reason: Option<Arc<str>>,
    /// The cause behind the reason, for example `configmap "nope" not found`. Texts of the cluster are untrusted: views
    /// escape them.
    pub message: Option<Arc<str>>,
    /// The causes behind the reasons for which the Pod waits or has waited before its work. Views escape them.
    pub wait_causes: Vec<WaitCause>,
    /// The reason of the condition `DisruptionTarget`, for example `PreemptionByScheduler`. `None` if nothing
    /// disrupted the Pod.
    pub disruption: Option<Arc<str>>,
    /// The last time at which the Pod was known to run before it was lost with its node. `None` if the Pod was not
    /// lost.
    pub lost_since: Option<Timestamp>,
    /// Since when the Pod has a node that gives no sign of it: the scheduling of a Pod without `startTime`. `None` if
    /// the kubelet has taken the Pod up, and if the Pod has ended.
    pub not_taken_up_since: Option<Timestamp>,
    /// Since when the scheduler has found no node for the Pod. `None` if the Pod has a node or has ended, and while a
    /// scheduling gate holds the Pod back.
    pub unschedulable_since: Option<Timestamp>,
    /// When an autoscaler first reported that it adds a node for the Pod. `None` if the Pod has a node or has ended.
    pub scale_up_requested: Option<Timestamp>,
    /// Whether the Pod has ever been Ready.
    pub readiness: Readiness,
    /// The containers: init containers and sidecars in spec order, then main containers in spec order, then debug
    /// containers.
    pub containers: Vec<ContainerLife>,
    /// The sidecar that the kubelet stops now. `None` while a main container works, and after all sidecars have ended.
    pub stopping_sidecar: Option<Arc<str>>,
    /// Times contradict each other by more than a second, so that some of them were moved or left out. Also set if the
    /// node's clock is wrong by more than a second.
    pub clamped: bool,
    /// How far the API server's clock is ahead of the node's clock. All times from the kubelet were moved by this
    /// amount.
    pub skew: SignedDuration,
    /// The end of the Pod was not observed, or its state is unknown. The phases stop at the last known time, if there
    /// is one.
    pub end_unknown: bool,
    /// `scheduled - created`, or `None` if one of the two is unknown or not reached.
    pub queued: Option<RangedDuration>,
    /// `workStarted - scheduled`, or `None` if one of the two is unknown or not reached.
    pub cold_start: Option<RangedDuration>,
    /// The time in which a main container ran before the Pod was Ready for the first time. `None` unless a main
    /// container has a startup or readiness probe.
    pub unready: Option<RangedDuration>,
    /// The time in which at least one main container ran, in all known runs together. `None` until the work has ended,
    /// and if no start or no end of the work is known.
    pub run: Option<RangedDuration>,
}

/// Why a Pod waited for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitCause {
    /// The reason of the phase, for example `CreateContainerConfigError`.
    pub reason: Arc<str>,
    /// The cause, for example `configmap "nope" not found`.
    pub cause: Arc<str>,
}

/// Whether a Pod has ever been Ready. This matters only for a Pod with a startup or readiness probe on a main
/// container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// No main container has a startup or readiness probe, the work has not started, or the kubelet has not reported
    /// the condition `Ready` yet.
    NotProbed,
    /// The work has started, and the Pod was never Ready.
    NotYet,
    /// The Pod was Ready, and the instant `ready` is known.
    Ready,
    /// The Pod may have been Ready, but the time is unknown, because the condition reports only its latest transition.
    Lost,
}

impl Lifecycle {
    /// Returns the end of the last phase of an ended Pod, or `None` if the Pod goes on or the end is unknown.
    pub fn end(&self) -> Option<Timestamp> {
        if self.outcome.has_ended() { self.phases.last().and_then(|phase| phase.end) } else { None }
    }

    /// Returns the time in which at least one main container ran until `now`.
    pub fn work_so_far(&self, now: Timestamp) -> SignedDuration {
        self.phases.iter().filter(|phase| phase.kind.is_work()).map(|phase| phase.duration(now)).sum()
    }

    /// Returns the time before which work is Unready: the first Ready, or [`Timestamp::MAX`] if the Pod was never
    /// Ready. `None` if no Unready phase is derived for the Pod.
    pub(crate) fn unready_until(&self) -> Option<Timestamp> {
        match self.readiness {
            Readiness::NotProbed | Readiness::Lost => None,
            Readiness::NotYet => Some(Timestamp::MAX),
            Readiness::Ready => self.instants.ready.map(|ready| ready.at),
        }
    }

    /// Returns the main containers, in spec order.
    pub(crate) fn main_containers(&self) -> impl Iterator<Item = &ContainerLife> {
        main_containers(&self.containers)
    }

    /// The image of the first main container; `None` if no main container is known.
    pub(crate) fn main_image(&self) -> Option<&Arc<str>> {
        self.main_containers().next().map(|main| &main.image)
    }

    /// Whether the phase with this index is work of a run that failed, or of a Pod that failed.
    pub(crate) fn is_failed_work(&self, index: usize) -> bool {
        let is_work = self.phases.get(index).is_some_and(|phase| phase.kind.is_work());
        let later = self.phases.iter().enumerate().skip(index + 1);
        let mut ends =
            later.filter(|(_, phase)| matches!(phase.kind, PhaseKind::BackOff | PhaseKind::Unknown));
        is_work
            && match ends.next() {
                Some((end, _)) => self.is_back_off_after_failure(end),
                None => self.outcome == PodOutcome::Failed && !self.end_unknown,
            }
    }

    /// Whether the phase with this index is the wait after a run that failed. For runs that were not seen, this is
    /// concluded from the other runs of the Pod.
    pub(crate) fn is_back_off_after_failure(&self, index: usize) -> bool {
        self.phases.get(index).is_some_and(|phase| match phase.kind {
            PhaseKind::BackOff => phase.reason.as_deref() != Some("exit code 0"),
            PhaseKind::Unknown => self.containers.iter().any(ContainerLife::has_failed_main_run),
            PhaseKind::Queued
            | PhaseKind::Setup
            | PhaseKind::Pulling
            | PhaseKind::PullFailing
            | PhaseKind::Initializing
            | PhaseKind::Starting
            | PhaseKind::Startup
            | PhaseKind::Unready
            | PhaseKind::Running
            | PhaseKind::Terminating => false,
        })
    }

    /// Returns the container whose image cannot be pulled in the last phase of the life.
    pub(crate) fn unpullable_container(&self) -> Option<&ContainerLife> {
        let last = self.phases.last().filter(|last| last.kind == PhaseKind::PullFailing)?;
        let mut own = self.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral);
        match &last.container {
            Some(name) => own.find(|container| container.name == *name),
            None => own.find(|container| container.runs.is_empty()),
        }
    }

    /// Whether the containers of the Pod end again and again: from the second restart on, or as soon as the kubelet
    /// waits before a restart.
    pub(crate) fn is_crash_looping(&self) -> bool {
        if !matches!(self.outcome, PodOutcome::Starting | PodOutcome::Running) {
            return false;
        }
        let is_backing_off = self.open_phase().is_some_and(|open| open.kind == PhaseKind::BackOff);
        let has_reason = self.reason.as_deref().is_some_and(|reason| reason.ends_with("CrashLoopBackOff"));
        let restarts = self.count_restarts();
        // The first restart has no back-off.
        self.instants.delete_requested.is_none()
            && (restarts >= 2 || (restarts == 1 && is_backing_off) || has_reason)
    }

    /// Returns the number of restarts of all containers except debug containers.
    pub(crate) fn count_restarts(&self) -> u32 {
        let own = self.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral);
        own.map(|container| container.restarts).fold(0, u32::saturating_add)
    }

    /// Returns the last time at which the state of the Pod was known, or `None` if the outcome is not `Unknown`.
    pub(crate) fn unknown_since(&self) -> Option<Timestamp> {
        self.phases.last().filter(|_| self.outcome == PodOutcome::Unknown).and_then(|phase| phase.end)
    }

    /// Returns the init container whose last run failed, if the work has not started because of it.
    pub(crate) fn failed_init(&self) -> Option<&ContainerLife> {
        let is_before_work = match self.outcome {
            PodOutcome::Starting | PodOutcome::NeverStarted => true,
            PodOutcome::Pending
            | PodOutcome::Running
            | PodOutcome::Succeeded
            | PodOutcome::Failed
            | PodOutcome::Deleted
            | PodOutcome::Unknown
            | PodOutcome::Gone => false,
        };
        let mut inits = self.containers.iter().filter(|container| container.role == ContainerRole::Init);
        inits.find(|init| is_before_work && init.last_run_failed())
    }

    /// Returns the main container that cannot run while the Pod works, for example because its image cannot be pulled.
    pub(crate) fn waiting_main(&self) -> Option<&ContainerLife> {
        let reason = self.reason.as_ref().filter(|_| self.outcome == PodOutcome::Running)?;
        let mut mains = self.main_containers();
        let has_this_reason = |main: &&ContainerLife| main.waiting.as_ref() == Some(reason);
        self.main_containers().find(has_this_reason).or_else(|| mains.find(|main| main.last_run_failed()))
    }

    /// Whether a run of a main or init container failed before the deletion of the Pod was requested.
    pub(crate) fn failed_before_deletion(&self) -> bool {
        self.last_failure_before_deletion().is_some()
    }

    /// Returns the last run of a main or init container that failed before the deletion of the Pod was requested.
    pub(crate) fn last_failure_before_deletion(&self) -> Option<&ContainerRun> {
        let requested = self.instants.delete_requested.map(|requested| requested.at);
        let is_earlier = |end: Timestamp| requested.is_none_or(|requested| end < requested);
        let is_own =
            |container: &&ContainerLife| matches!(container.role, ContainerRole::Main | ContainerRole::Init);
        let runs = self.containers.iter().filter(is_own).flat_map(|container| &container.runs);
        let failed = runs.filter(|run| run.has_failed() && run.end.is_none_or(|end| is_earlier(end.at)));
        failed.max_by_key(|run| run.end.map(|end| end.at))
    }

    /// Returns the phase that goes on now, or `None` if the Pod has ended.
    pub fn open_phase(&self) -> Option<&Phase> {
        self.phases.last().filter(|phase| phase.end.is_none() && !self.outcome.has_ended())
    }
}

/// The evidence for the boundaries of a life. It is computed on demand, because only the Pod page shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The start and the end of each phase of the life, with their evidence.
    pub boundaries: Vec<(Instant, Option<Instant>)>,
    /// The instants before an impossible order was corrected.
    pub uncorrected: Instants,
}
