//! What a time was read from, and how exact that makes it.

use jiff::SignedDuration;

use super::packed::packed_enum;

/// How a time is known, in the words of the timeline document. Ordered from strong to weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// From an Event.
    Event,
    /// From when the change was received.
    Observed,
    /// From a field of the object.
    Status,
    /// From something that only bounds it.
    Inferred,
}

impl Source {
    /// The word of the timeline document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Observed => "observed",
            Self::Status => "status",
            Self::Inferred => "inferred",
        }
    }
}

/// The field or event that a time was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// Name of the owner's `SuccessfulCreate` event.
    SuccessfulCreate,
    /// Receipt of the watch's ADDED.
    ReceivedAdded,
    /// `metadata.creationTimestamp`.
    CreationTimestamp,
    /// `eventTime` of the `Scheduled` event.
    ScheduledEvent,
    /// The same event with a time of a second only.
    ScheduledEventCoarse,
    /// Condition `PodScheduled`.
    PodScheduled,
    /// `spec.nodeName` was set at creation.
    CreatedWithNode,
    /// `status.startTime`.
    StartTime,
    /// Name of the Pod's first image event.
    ImageEvent,
    /// The same with a time of a second only.
    ImageEventCoarse,
    /// Condition `PodReadyToStartContainers`.
    ReadyToStartContainers,
    /// Name of the `Started` event.
    StartedEvent,
    /// The same with a time of a second only, or `lastTimestamp` of a repeated one.
    StartedEventCoarse,
    /// Receipt of a repeated `Started` event.
    ReceivedStarted,
    /// `startedAt` of a container state.
    StartedAt,
    /// `finishedAt` of a container state.
    FinishedAt,
    /// Receipt of the terminal phase of a deleted Pod.
    ReceivedTerminalPhase,
    /// Receipt of `terminated`.
    ReceivedTerminated,
    /// Condition `DisruptionTarget`.
    DisruptionTarget,
    /// Condition `Ready` became false.
    NotReady,
    /// Condition `PodReadyToStartContainers` became false.
    SandboxGone,
    /// Last write of the kubelet in `managedFields`.
    KubeletWrote,
    /// Name of the first `Killing` event of a main container.
    KillingEvent,
    /// The same with a time of a second only.
    KillingEventCoarse,
    /// Receipt of the first object with a `deletionTimestamp`.
    ReceivedDeletion,
    /// `deletionTimestamp - deletionGracePeriodSeconds`.
    DeletionTimestamp,
    /// Receipt of the watch's DELETED.
    ReceivedDeleted,
    /// It was last seen then, and missing from a later list.
    Missing,
}

impl Evidence {
    /// How the time is known.
    pub fn source(self) -> Source {
        match self {
            Self::SuccessfulCreate
            | Self::ScheduledEvent
            | Self::ScheduledEventCoarse
            | Self::ImageEvent
            | Self::ImageEventCoarse
            | Self::StartedEvent
            | Self::StartedEventCoarse
            | Self::KillingEvent
            | Self::KillingEventCoarse => Source::Event,
            Self::ReceivedAdded
            | Self::ReceivedStarted
            | Self::ReceivedTerminalPhase
            | Self::ReceivedDeletion
            | Self::ReceivedDeleted => Source::Observed,
            Self::CreationTimestamp
            | Self::PodScheduled
            | Self::CreatedWithNode
            | Self::ReadyToStartContainers
            | Self::StartedAt
            | Self::FinishedAt
            | Self::DeletionTimestamp => Source::Status,
            Self::StartTime
            | Self::DisruptionTarget
            | Self::NotReady
            | Self::SandboxGone
            | Self::KubeletWrote
            | Self::ReceivedTerminated
            | Self::Missing => Source::Inferred,
        }
    }

    /// How far the truth may lie away, as measured on Kubernetes 1.37: after the time for fields and events,
    /// before it for receipts.
    pub fn precision(self) -> SignedDuration {
        SignedDuration::from_millis(match self {
            Self::SuccessfulCreate
            | Self::ScheduledEvent
            | Self::ImageEvent
            | Self::StartedEvent
            | Self::ReceivedAdded
            | Self::ReceivedTerminalPhase
            | Self::ReceivedDeletion
            | Self::ReceivedDeleted => 50,
            Self::ReceivedStarted => 150,
            Self::KillingEvent => 300,
            Self::ReceivedTerminated => 1100,
            Self::DisruptionTarget
            | Self::NotReady
            | Self::SandboxGone
            | Self::StartTime
            | Self::KubeletWrote => 2000,
            Self::Missing => 300_000,
            _ => 1000,
        })
    }

    /// The field or event, as `--explain` prints it.
    pub fn description(self) -> &'static str {
        match self {
            Self::SuccessfulCreate => "name of the owner's SuccessfulCreate event",
            Self::ReceivedAdded => "receipt of the Pod's ADDED",
            Self::CreationTimestamp => "metadata.creationTimestamp",
            Self::ScheduledEvent => "eventTime of the Scheduled event",
            Self::ScheduledEventCoarse => "firstTimestamp of the Scheduled event",
            Self::PodScheduled => "condition PodScheduled",
            Self::CreatedWithNode => "metadata.creationTimestamp (created with spec.nodeName)",
            Self::StartTime => "status.startTime (upper bound)",
            Self::ImageEvent => "name of the first Pulling or Pulled event",
            Self::ImageEventCoarse => "firstTimestamp of the first Pulling or Pulled event",
            Self::ReadyToStartContainers => "condition PodReadyToStartContainers",
            Self::StartedEvent => "name of the Started event",
            Self::StartedEventCoarse => "timestamp of the Started event",
            Self::ReceivedStarted => "receipt of the repeated Started event",
            Self::StartedAt => "startedAt of the container state",
            Self::FinishedAt => "finishedAt of the container state",
            Self::ReceivedTerminalPhase => "receipt of the terminal phase",
            Self::ReceivedTerminated => "receipt of the terminated state (upper bound)",
            Self::DisruptionTarget => "condition DisruptionTarget",
            Self::NotReady => "condition Ready became False",
            Self::SandboxGone => "condition PodReadyToStartContainers became False",
            Self::KubeletWrote => "the kubelet's last write in managedFields",
            Self::KillingEvent => "name of the Killing event",
            Self::KillingEventCoarse => "firstTimestamp of the Killing event",
            Self::ReceivedDeletion => "receipt of the first object with deletionTimestamp",
            Self::DeletionTimestamp => "deletionTimestamp - deletionGracePeriodSeconds",
            Self::ReceivedDeleted => "receipt of the Pod's DELETED",
            Self::Missing => "last seen before it was missing from a list (lower bound)",
        }
    }
}

packed_enum!(Source { Event, Observed, Status, Inferred });
packed_enum!(Evidence {
    SuccessfulCreate,
    ReceivedAdded,
    CreationTimestamp,
    ScheduledEvent,
    ScheduledEventCoarse,
    PodScheduled,
    CreatedWithNode,
    StartTime,
    ImageEvent,
    ImageEventCoarse,
    ReadyToStartContainers,
    StartedEvent,
    StartedEventCoarse,
    ReceivedStarted,
    StartedAt,
    FinishedAt,
    ReceivedTerminalPhase,
    ReceivedTerminated,
    DisruptionTarget,
    NotReady,
    SandboxGone,
    KubeletWrote,
    KillingEvent,
    KillingEventCoarse,
    ReceivedDeletion,
    DeletionTimestamp,
    ReceivedDeleted,
    Missing
});
