//! The derived life of one container: its role, the pull of its image, and its runs.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::packed::packed_enum;
use crate::lifecycle::time::instant::Instant;

packed_enum! {
    /// The purpose of a container.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum ContainerRole {
        /// Does the work of the Pod.
        Main,
        /// Runs to its end before the main containers start.
        Init,
        /// Init container with `restartPolicy: Always`: runs beside the main containers.
        Sidecar,
        /// Debug container. It does not influence any phase.
        Ephemeral,
    }
}

impl ContainerRole {
    /// The name in the timeline document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Init => "init",
            Self::Sidecar => "sidecar",
            Self::Ephemeral => "ephemeral",
        }
    }
}

/// One container of a Pod with all its known runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerLife {
    /// Name of the container.
    pub name: Arc<str>,
    /// Purpose of the container.
    pub role: ContainerRole,
    /// Image as written in the Pod's spec.
    pub image: Arc<str>,
    /// Highest `restartCount` seen.
    pub restarts: u32,
    /// The pull of its image, or `None` if no event reports one.
    pub pull: Option<Pull>,
    /// Number of failed attempts to pull its image that are known.
    pub failed_pulls: u32,
    /// The known runs, oldest first.
    pub runs: Vec<ContainerRun>,
    /// Number of runs that happened but that no status or event describes.
    pub runs_not_seen: u32,
    /// Whether the first of the known runs is the first run of the container.
    pub first_run_is_known: bool,
    /// Why the container does not run now, for example `ContainerCreating` or `CrashLoopBackOff`.
    pub waiting: Option<Arc<str>>,
}

impl ContainerLife {
    /// Whether the latest run has ended with an exit code other than 0.
    pub(crate) fn last_run_failed(&self) -> bool {
        self.runs.last().is_some_and(ContainerRun::has_failed)
    }

    /// Whether the latest run goes on.
    pub(crate) fn is_running(&self) -> bool {
        self.runs.last().is_some_and(|run| !run.ended)
    }

    /// Whether this is a main container and one of its runs failed.
    pub(crate) fn has_failed_main_run(&self) -> bool {
        self.role == ContainerRole::Main && self.runs.iter().any(ContainerRun::has_failed)
    }
}

/// Returns the main containers in spec order.
pub(crate) fn main_containers(containers: &[ContainerLife]) -> impl Iterator<Item = &ContainerLife> {
    containers.iter().filter(|container| container.role == ContainerRole::Main)
}

/// The pull of an image for one container, read from `Pulling` and `Pulled` events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pull {
    /// The start of the download; `None` if only the `Pulling` event, the request to pull, is known.
    pub start: Option<Timestamp>,
    /// End of the pull, or `None` while it goes on.
    pub end: Option<Timestamp>,
    /// Time in the node's queue before the pull started.
    pub wait: Option<SignedDuration>,
    /// Size of the image in bytes.
    pub bytes: Option<u64>,
    /// The image was already on the node.
    pub cached: bool,
}

/// The largest expected difference between the clocks of a cluster, and the largest error of a time that is truncated
/// to the second. A time counts as impossible only if it contradicts another time by more than this.
pub(crate) const MAX_CLOCK_ERROR: SignedDuration = SignedDuration::from_secs(1);

/// The reason of a run whose container the node no longer has.
pub(crate) const CONTAINER_STATUS_UNKNOWN: &str = "ContainerStatusUnknown";

/// The reason of a run that was lost because its node restarted.
pub(crate) const NODE_RESTARTED: &str = "NodeRestarted";

/// The signals with which the kubelet stops a container.
const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;

/// One run of one container, from a start to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRun {
    /// The number of restarts before the run: 0 for the first run.
    pub ordinal: u32,
    /// Start of the run, or `None` if it is unknown.
    pub start: Option<Instant>,
    /// End of the run, or `None` while it runs or if the end is unknown.
    pub end: Option<Instant>,
    /// Whether the run has ended. Its end may still be unknown.
    pub ended: bool,
    /// Exit code of the process.
    pub exit_code: Option<i32>,
    /// Reason in the container's state, for example `Completed`, `Error`, `OOMKilled` or `StartError`. `NodeRestarted`
    /// if Events prove that the run was lost because its node restarted.
    pub reason: Option<Arc<str>>,
    /// Why the kubelet ended the run: `liveness probe failed: connection refused`. `None` if no failed probe ended it.
    pub cause: Option<Arc<str>>,
}

impl ContainerRun {
    /// Whether the run ended with an exit code other than 0.
    pub(crate) fn has_failed(&self) -> bool {
        self.ended && self.exit_code.is_some_and(|code| code != 0)
    }

    /// Whether the node no longer has the container, so the end of the run is unknown.
    pub(crate) fn is_lost(&self) -> bool {
        self.end.is_none()
            && matches!(self.reason.as_deref(), Some(CONTAINER_STATUS_UNKNOWN | NODE_RESTARTED))
    }

    /// Whether the run was lost because its node restarted.
    pub(crate) fn is_lost_in_restart(&self) -> bool {
        self.reason.as_deref() == Some(NODE_RESTARTED)
    }

    /// Whether the process of the container started. A run whose start failed has an end without a start.
    pub(crate) fn has_started(&self) -> bool {
        self.reason.as_deref() != Some("StartError")
    }

    /// Whether SIGTERM or SIGKILL ended the run, and the reason was not a lack of memory.
    pub(crate) fn is_stopped_by_signal(&self) -> bool {
        matches!(self.signal(), Some(SIGKILL | SIGTERM)) && self.reason.as_deref() != Some("OOMKilled")
    }

    /// Forgets a start and an end that lie after `last_seen`, the receipt of the latest state, and an end that lies
    /// before the start. Returns whether a time was forgotten. Differences of up to [`MAX_CLOCK_ERROR`] are tolerated.
    pub(crate) fn forget_impossible_times(&mut self, last_seen: Option<Timestamp>) -> bool {
        let is_after = |time: Option<Instant>, limit: Timestamp| {
            time.is_some_and(|time| time.earliest().duration_since(limit) > MAX_CLOCK_ERROR)
        };
        let known = (self.start.is_some(), self.end.is_some());
        let latest = self.end.or(self.start).map(|latest| latest.at);
        if let Some(last_seen) = last_seen.filter(|last_seen| latest > Some(*last_seen)) {
            self.start = self.start.filter(|_| !is_after(self.start, last_seen));
            self.end = self.end.filter(|_| !is_after(self.end, last_seen));
        }
        if let (Some(start), Some(end)) = (self.start, self.end)
            && start.at > end.at
            && is_after(self.start, end.latest())
        {
            self.end = None;
        }
        known != (self.start.is_some(), self.end.is_some())
    }

    /// Returns the signal that ended the run.
    pub fn signal(&self) -> Option<i32> {
        self.exit_code.and_then(signal_of_exit_code)
    }
}

/// Returns the signal that ended a process with this exit code: an exit code of 129 to 192 is 128 plus the signal. The
/// `signal` field of the status is not used, because the kubelet never sets it.
pub(crate) fn signal_of_exit_code(code: i32) -> Option<i32> {
    (129..=192).contains(&code).then(|| code - 128)
}
