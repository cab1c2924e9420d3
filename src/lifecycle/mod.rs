//! From evidence to the life of one Pod: instants, phases, containers, outcome.
//!
//! Pure: no clock, no I/O. [`PodEvidence`] gathers what observations say; [`PodEvidence::derive`] makes a
//! [`Lifecycle`] of it. What is unknown stays `None`; a phase that goes on has no end, so that a lifecycle does not
//! depend on "now".

pub(crate) mod by_phase;
pub(crate) mod container;
pub(crate) mod derive;
pub(crate) mod evidence;
pub(crate) mod fact;
pub(crate) mod gates;
pub(crate) mod message;
pub(crate) mod names;
pub(crate) mod packed;
pub(crate) mod phases;
pub(crate) mod pod;
pub(crate) mod restarts;
pub(crate) mod spans;
pub(crate) mod status;
pub(crate) mod waits;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use by_phase::ByPhase;
pub(crate) use by_phase::{ArrayIndex, EnumArray};
pub use evidence::{Evidence, Source};
pub(crate) use fact::EventFact;
pub(crate) use names::Names;
pub(crate) use packed::Kept;
use packed::packed_enum;
pub(crate) use pod::PodEvidence;
pub use spans::PhaseSpan;
pub(crate) use spans::Spans;

/// A time in one Pod's life, and what it was read from.
///
/// The truth lies in `[at, at + precision)` for times read from a field or an event, and in `(at - precision, at]`
/// for receipts ([`Source::Observed`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant {
    /// The time.
    pub at: Timestamp,
    /// What it was read from.
    pub evidence: Evidence,
}

/// The instants of one Pod; `None` is unknown or not yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instants {
    /// The API server stored the Pod.
    pub created: Option<Instant>,
    /// The Pod was bound to a node.
    pub scheduled: Option<Instant>,
    /// Sandbox and network were ready.
    pub sandbox_ready: Option<Instant>,
    /// The first main container started.
    pub work_started: Option<Instant>,
    /// The last main container ended, and none will start again.
    pub work_ended: Option<Instant>,
    /// Somebody asked for the Pod's deletion.
    pub delete_requested: Option<Instant>,
    /// The Pod was removed from the API server.
    pub deleted: Option<Instant>,
}

impl Instants {
    /// The instants in the order of time, with their names in the timeline document.
    pub fn named(&self) -> [(&'static str, Option<Instant>); 7] {
        [
            ("created", self.created),
            ("scheduled", self.scheduled),
            ("sandboxReady", self.sandbox_ready),
            ("workStarted", self.work_started),
            ("workEnded", self.work_ended),
            ("deleteRequested", self.delete_requested),
            ("deleted", self.deleted),
        ]
    }
}

/// What a Pod does during an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhaseKind {
    /// Waits for a node: `[created, scheduled)`.
    Queued,
    /// Kubelet pickup, volumes, sandbox, network: `[scheduled, sandboxReady)`.
    Setup,
    /// An image is pulled, or waits in the node's queue for it.
    Pulling,
    /// Init containers run.
    Initializing,
    /// Containers are created and started, up to `workStarted`.
    Starting,
    /// `[scheduled, workStarted)` where the split is unknown.
    Startup,
    /// `[workStarted, workEnded)`.
    Running,
    /// Between the end of a run and the next one.
    BackOff,
    /// From the request of the deletion to the end of work.
    Terminating,
}

impl PhaseKind {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Setup,
        Self::Pulling,
        Self::Initializing,
        Self::Starting,
        Self::Startup,
        Self::Running,
        Self::BackOff,
        Self::Terminating,
    ];

    /// The word of the timeline document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Setup => "Setup",
            Self::Pulling => "Pulling",
            Self::Initializing => "Initializing",
            Self::Starting => "Starting",
            Self::Startup => "Startup",
            Self::Running => "Running",
            Self::BackOff => "BackOff",
            Self::Terminating => "Terminating",
        }
    }

    /// Whether it is part of the cold start.
    pub fn is_cold(self) -> bool {
        match self {
            Self::Setup | Self::Pulling | Self::Initializing | Self::Starting | Self::Startup => true,
            Self::Queued | Self::Running | Self::BackOff | Self::Terminating => false,
        }
    }
}

/// A half-open interval of a Pod's life. The phases of a [`Lifecycle`] are in order and do not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// What the Pod does.
    pub kind: PhaseKind,
    /// Begin.
    pub start: Timestamp,
    /// End; `None` while it goes on. Where nobody saw the end it is the last time that was known, or `None` if there is
    /// none (then [`Lifecycle::end_unknown`]).
    pub end: Option<Timestamp>,
    /// The weaker of what its two ends were read from.
    pub source: Source,
    /// The container that it is about.
    pub container: Option<Arc<str>>,
    /// Why it waits: `Insufficient cpu`, `ImagePullBackOff`, `exit code 3` …
    pub reason: Option<Arc<str>>,
}

impl Phase {
    /// How long it took, or has taken until `now`; never negative.
    pub fn duration(&self, now: Timestamp) -> SignedDuration {
        self.end.unwrap_or(now).duration_since(self.start).max(SignedDuration::ZERO)
    }
}

/// How a Pod stands or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PodOutcome {
    /// Waits for a node.
    Pending,
    /// Has a node; its work has not begun.
    Starting,
    /// Its work has begun.
    Running,
    /// All its main containers ended well.
    Succeeded,
    /// It failed.
    Failed,
    /// It ended before its work could begin.
    NeverStarted,
    /// It was deleted before it ended.
    Deleted,
    /// Its node is silent.
    Unknown,
}

impl PodOutcome {
    /// The word of the timeline document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::NeverStarted => "NeverStarted",
            Self::Deleted => "Deleted",
            Self::Unknown => "Unknown",
        }
    }

    /// Whether nothing more will happen.
    pub fn ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::NeverStarted | Self::Deleted)
    }

    /// Whether it ended badly.
    pub fn failed(self) -> bool {
        matches!(self, Self::Failed | Self::NeverStarted)
    }
}

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContainerRole {
    /// Does the work.
    Main,
    /// Runs to its end before the main containers start.
    Init,
    /// Init container with `restartPolicy: Always`: runs beside the main containers.
    Sidecar,
    /// Debug container; never part of a phase.
    Ephemeral,
}

impl ContainerRole {
    /// The word of the timeline document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Init => "init",
            Self::Sidecar => "sidecar",
            Self::Ephemeral => "ephemeral",
        }
    }
}

/// One container of a Pod, with all its runs that are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerLife {
    /// Name.
    pub name: Arc<str>,
    /// What it is for.
    pub role: ContainerRole,
    /// Image as the user wrote it.
    pub image: Arc<str>,
    /// `restartCount`.
    pub restarts: u32,
    /// The pull of its image, if events tell of it.
    pub pull: Option<Pull>,
    /// Its runs, oldest first.
    pub runs: Vec<Run>,
    /// Runs that the API no longer shows.
    pub runs_not_seen: u32,
    /// Why it does not run now: `ContainerCreating`, `CrashLoopBackOff` …
    pub waiting: Option<Arc<str>>,
}

/// The pull of an image for one container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pull {
    /// When the pull itself began; `None` if only the request is known.
    pub start: Option<Timestamp>,
    /// When it was done; `None` while it goes on.
    pub end: Option<Timestamp>,
    /// Time in the node's queue before the pull began.
    pub wait: Option<SignedDuration>,
    /// Size of the image.
    pub bytes: Option<u64>,
    /// The image was there already.
    pub cached: bool,
}

/// One execution of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Start.
    pub start: Option<Instant>,
    /// End; `None` while it runs, or if unknown.
    pub end: Option<Instant>,
    /// Whether it has ended.
    pub ended: bool,
    /// Exit code.
    pub exit_code: Option<i32>,
    /// `Completed`, `Error`, `OOMKilled`, `StartError` …
    pub reason: Option<Arc<str>>,
}

impl Run {
    /// The signal that ended it: an exit code above 128 says so, the field of the status never does.
    pub fn signal(&self) -> Option<i32> {
        self.exit_code.filter(|code| (129..=192).contains(code)).map(|code| code - 128)
    }
}

/// The life of one Pod, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// The instants.
    pub instants: Instants,
    /// The phases, in order, without overlap.
    pub phases: Vec<Phase>,
    /// How it stands.
    pub outcome: PodOutcome,
    /// kubectl's STATUS column.
    pub status: Arc<str>,
    /// Exit code of the first main container that failed, else of the last that ended.
    pub exit_code: Option<i32>,
    /// Why it waits or failed: `Insufficient cpu`, `OOMKilled`, `ImagePullBackOff` …
    pub reason: Option<Arc<str>>,
    /// The containers: init containers and sidecars in spec order, then the main ones in spec order, then debug ones.
    pub containers: Vec<ContainerLife>,
    /// An instant was moved by more than a second, because its order was impossible.
    pub clamped: bool,
    /// How far the API server's clock is ahead of the node's: all times of the kubelet were moved by so much.
    pub skew: SignedDuration,
    /// Nobody saw when the Pod ended, or its node is silent: the phases end where knowledge does.
    pub end_unknown: bool,
    /// How long it took; the ranges below are `None` if one of their ends is unknown or lies in the future.
    pub queued: Option<SignedDuration>,
    /// `workStarted - scheduled`.
    pub cold_start: Option<SignedDuration>,
    /// `workEnded - workStarted`.
    pub run: Option<SignedDuration>,
}

/// What the boundaries of a life were read from; made only where somebody asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// By place of a phase: its begin and its end.
    pub ends: Vec<(Evidence, Option<Evidence>)>,
    /// The instants before an impossible order was corrected.
    pub told: Instants,
}

impl Lifecycle {
    /// When its last phase ended, as far as that is known; `None` while it goes on.
    pub fn end(&self) -> Option<Timestamp> {
        if self.outcome.ended() { self.phases.last().and_then(|phase| phase.end) } else { None }
    }

    /// The phase it is in now.
    pub fn open_phase(&self) -> Option<&Phase> {
        self.phases.last().filter(|phase| phase.end.is_none() && !self.outcome.ended())
    }
}

packed_enum!(PhaseKind {
    Queued,
    Setup,
    Pulling,
    Initializing,
    Starting,
    Startup,
    Running,
    BackOff,
    Terminating,
});
packed_enum!(ContainerRole { Main, Init, Sidecar, Ephemeral });
