//! The phases of a Pod's life.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::enum_array::{ArrayIndex, EnumArray};
use crate::lifecycle::evidence::Source;
use crate::lifecycle::packed::packed_enum;
use crate::lifecycle::setup_part::SetupPart;
use crate::lifecycle::time::instant_error::InstantError;
use crate::lifecycle::time::ranged_duration::{RangedDuration, Uncertainty};

packed_enum! {
    /// The state that a Pod is in during a phase.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum PhaseKind {
        /// The Pod waits for a node: `[created, scheduled)`.
        Queued,
        /// The kubelet picks the Pod up and prepares volumes, sandbox and network: `[scheduled, sandboxReady)`.
        Setup,
        /// An image is pulled, or the pull waits in the node's queue.
        Pulling,
        /// An image cannot be pulled: attempts that fail, and the waits between them. The attempt that succeeds is
        /// `Pulling`.
        PullFailing,
        /// Init containers run.
        Initializing,
        /// Containers are created and started.
        Starting,
        /// The whole cold start, `[scheduled, workStarted)`, or a part of it that cannot be assigned to one of the five
        /// phases above.
        Startup,
        /// At least one main container runs, but the Pod has not been Ready yet: `[workStarted, ready)`. Only a Pod
        /// with a startup or readiness probe on a main container has this phase.
        Unready,
        /// At least one main container runs. Lies in `[workStarted, workEnded)`.
        Running,
        /// A container waits for its restart after a run has ended.
        BackOff,
        /// The deletion has been requested and the work has not ended yet.
        Terminating,
        /// Nothing proves whether a container worked or waited for its restart.
        Unknown,
    }
}

impl PhaseKind {
    /// The name in the timeline document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Setup => "Setup",
            Self::Pulling => "Pulling",
            Self::PullFailing => "PullFailing",
            Self::Initializing => "Initializing",
            Self::Starting => "Starting",
            Self::Startup => "Startup",
            Self::Unready => "Unready",
            Self::Running => "Running",
            Self::BackOff => "BackOff",
            Self::Terminating => "Terminating",
            Self::Unknown => "Unknown",
        }
    }

    /// The phase with this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the phase is part of the cold start, the time from `scheduled` to `workStarted`.
    pub fn is_cold_start(self) -> bool {
        match self {
            Self::Setup
            | Self::Pulling
            | Self::PullFailing
            | Self::Initializing
            | Self::Starting
            | Self::Startup => true,
            Self::Queued
            | Self::Unready
            | Self::Running
            | Self::BackOff
            | Self::Terminating
            | Self::Unknown => false,
        }
    }

    /// Whether a main container runs during the phase.
    pub(crate) fn is_work(self) -> bool {
        match self {
            Self::Unready | Self::Running | Self::Terminating => true,
            Self::Queued
            | Self::Setup
            | Self::Pulling
            | Self::PullFailing
            | Self::Initializing
            | Self::Starting
            | Self::Startup
            | Self::BackOff
            | Self::Unknown => false,
        }
    }
}

impl ArrayIndex<{ Self::ALL.len() }> for PhaseKind {
    const VARIANTS: [Self; Self::ALL.len()] = Self::ALL;

    fn index(self) -> usize {
        self as usize
    }
}

/// One value for each phase.
pub type ByPhase<T> = EnumArray<PhaseKind, T, { PhaseKind::ALL.len() }>;

/// A half-open interval of a Pod's life. The phases of a lifecycle are in order and do not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// The state of the Pod in this interval.
    pub kind: PhaseKind,
    /// Start of the interval.
    pub start: Timestamp,
    /// End of the interval, or `None` while the phase goes on. If the end was not observed,
    /// [`Lifecycle::end_unknown`](crate::lifecycle::Lifecycle::end_unknown) is set. The field then holds the last time
    /// at which the phase was known to go on, or `None` if this time is unknown too.
    pub end: Option<Timestamp>,
    /// How far the true start may be from `start`.
    pub start_error: InstantError,
    /// How far the true end may be from `end`. No error if `end` is `None`.
    pub end_error: InstantError,
    /// The weaker of the sources of the start and the end. [`Source::Inferred`] if the phase itself is an assumption.
    pub source: Source,
    /// The container that causes the phase, or `None` if no single container does.
    pub container: Option<Arc<str>>,
    /// Why the Pod waits, for example `Insufficient cpu`, `ImagePullBackOff` or `exit code 3`. The reason of a setup
    /// is the reported failure, for example `FailedMount`, or the name of a [`SetupPart`].
    pub reason: Option<Arc<str>>,
}

impl Phase {
    /// The part of the setup that goes on in this phase, where events prove it.
    pub(crate) fn setup_part(&self) -> Option<SetupPart> {
        match self.kind {
            PhaseKind::Setup | PhaseKind::Startup => SetupPart::from_reason(self.reason.as_deref()?),
            PhaseKind::Queued
            | PhaseKind::Pulling
            | PhaseKind::PullFailing
            | PhaseKind::Initializing
            | PhaseKind::Starting
            | PhaseKind::Unready
            | PhaseKind::Running
            | PhaseKind::BackOff
            | PhaseKind::Terminating
            | PhaseKind::Unknown => None,
        }
    }

    /// The reason, if it says why the Pod waits. The name of a part of the setup does not say this, because every Pod
    /// goes through network and sandbox. `attach` is an exception, because most Pods have no volumes to attach.
    pub(crate) fn wait_reason(&self) -> Option<&str> {
        let is_step = |reason: &&str| {
            let part = self.setup_part().filter(|part| *part != SetupPart::Attach);
            part.is_some_and(|part| part.name() == *reason)
        };
        self.reason.as_deref().filter(|reason| !is_step(reason))
    }

    /// Returns the length of the phase, up to `now` if it still goes on. Never negative.
    pub fn duration(&self, now: Timestamp) -> SignedDuration {
        self.end.unwrap_or(now).duration_since(self.start).max(SignedDuration::ZERO)
    }

    /// Returns the length of the phase with its range, or `None` if the phase has no end.
    pub fn ranged_duration(&self) -> Option<RangedDuration> {
        let mut uncertainty = Uncertainty::default();
        uncertainty.add_start(self.start_error);
        uncertainty.add_end(self.end_error);
        Some(RangedDuration::new(self.end?.as_millisecond() - self.start.as_millisecond(), uncertainty))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_has_a_value_of_its_own() {
        let mut names = ByPhase::from_fn(PhaseKind::name);
        assert!(names.iter().all(|(kind, name)| *name == kind.name()));
        names[PhaseKind::Pulling] = "changed";
        for (kind, name) in names {
            assert_eq!(name == "changed", kind == PhaseKind::Pulling);
        }
    }
}
