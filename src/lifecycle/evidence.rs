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
    /// Condition `Suspended` of a workload.
    SuspendedCondition,
    /// Name of its controller's `Suspended` or `Resumed` event.
    SuspendEvent,
    /// `lastTimestamp` of such an event.
    SuspendEventCoarse,
    /// Receipt of the workload with another `spec.suspend`.
    ReceivedSuspend,
    /// Name of a controller's `FailedCreate` event.
    FailedCreateEvent,
    /// `lastTimestamp` of such an event.
    FailedCreateEventCoarse,
    /// When the workload ended.
    WorkloadEnded,
    /// Receipt of the Pod with other `schedulingGates`.
    ReceivedGates,
    /// When the gates before were seen last.
    GatesSeen,
    /// `FailedScheduling` event.
    UnschedulableEvent,
    /// Receipt of the condition `PodScheduled` with another reason.
    ReceivedUnschedulable,
    /// Event of an autoscaler.
    AutoscalerEvent,
    /// Event that tells of volumes or the sandbox.
    SetupFailedEvent,
    /// Condition `Initialized`.
    Initialized,
    /// Name of the `Pulling` event.
    PullingEvent,
    /// Name of the `Pulled` event.
    PulledEvent,
    /// The same less the time since the pull was asked for.
    PulledEventLessWait,
    /// The same less the time that the pull took.
    PulledEventLessPull,
    /// Latest of repeated `Pulling` events.
    PullingAgain,
    /// Name of the event that tells of a failed pull.
    PullFailedEvent,
    /// Latest of such events.
    PullFailedAgain,
    /// Name of the event that tells of a container that could not be started.
    StartFailedEvent,
    /// Receipt of a container's `waiting.reason`.
    ReceivedWaiting,
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
            | Self::KillingEventCoarse
            | Self::SuspendEvent
            | Self::SuspendEventCoarse
            | Self::FailedCreateEvent
            | Self::FailedCreateEventCoarse
            | Self::UnschedulableEvent
            | Self::AutoscalerEvent
            | Self::SetupFailedEvent
            | Self::PullingEvent
            | Self::PulledEvent
            | Self::PulledEventLessWait
            | Self::PulledEventLessPull
            | Self::PullingAgain
            | Self::PullFailedEvent
            | Self::PullFailedAgain
            | Self::StartFailedEvent => Source::Event,
            Self::ReceivedAdded
            | Self::ReceivedStarted
            | Self::ReceivedTerminalPhase
            | Self::ReceivedDeletion
            | Self::ReceivedDeleted
            | Self::ReceivedSuspend
            | Self::ReceivedGates
            | Self::ReceivedUnschedulable
            | Self::ReceivedWaiting => Source::Observed,
            Self::CreationTimestamp
            | Self::PodScheduled
            | Self::CreatedWithNode
            | Self::ReadyToStartContainers
            | Self::StartedAt
            | Self::FinishedAt
            | Self::DeletionTimestamp
            | Self::SuspendedCondition
            | Self::WorkloadEnded
            | Self::Initialized => Source::Status,
            Self::StartTime
            | Self::DisruptionTarget
            | Self::NotReady
            | Self::SandboxGone
            | Self::KubeletWrote
            | Self::ReceivedTerminated
            | Self::Missing
            | Self::GatesSeen => Source::Inferred,
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
            | Self::ReceivedDeleted
            | Self::ReceivedSuspend
            | Self::SuspendEvent
            | Self::FailedCreateEvent
            | Self::ReceivedGates
            | Self::UnschedulableEvent
            | Self::ReceivedUnschedulable
            | Self::AutoscalerEvent
            | Self::PullingEvent
            | Self::PulledEvent
            | Self::PulledEventLessWait
            | Self::PulledEventLessPull
            | Self::PullFailedEvent
            | Self::StartFailedEvent
            | Self::ReceivedWaiting => 50,
            Self::ReceivedStarted => 150,
            Self::KillingEvent => 300,
            Self::ReceivedTerminated => 1100,
            Self::DisruptionTarget
            | Self::NotReady
            | Self::SandboxGone
            | Self::StartTime
            | Self::KubeletWrote => 2000,
            Self::Missing | Self::GatesSeen => 300_000,
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
            Self::StartedAt => "startedAt of the container",
            Self::FinishedAt => "finishedAt of the container",
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
            Self::SuspendedCondition => "condition Suspended of the workload",
            Self::SuspendEvent => "name of the Suspended or Resumed event",
            Self::SuspendEventCoarse => "lastTimestamp of the Suspended or Resumed event",
            Self::ReceivedSuspend => "receipt of the changed spec.suspend",
            Self::FailedCreateEvent => "name of the FailedCreate event",
            Self::FailedCreateEventCoarse => "lastTimestamp of the FailedCreate event",
            Self::WorkloadEnded => "the end of the workload",
            Self::ReceivedGates => "receipt of the changed schedulingGates",
            Self::GatesSeen => "the gates before were seen last (lower bound)",
            Self::UnschedulableEvent => "time of the FailedScheduling event",
            Self::ReceivedUnschedulable => "receipt of the condition PodScheduled",
            Self::AutoscalerEvent => "time of the autoscaler's event",
            Self::SetupFailedEvent => "FailedMount or FailedCreatePodSandBox event",
            Self::Initialized => "condition Initialized",
            Self::PullingEvent => "name of the Pulling event",
            Self::PulledEvent => "name of the Pulled event",
            Self::PulledEventLessWait => "Pulled event less the time since asked",
            Self::PulledEventLessPull => "Pulled event less what the pull took",
            Self::PullingAgain => "latest Pulling event",
            Self::PullFailedEvent => "name of the Failed event of the pull",
            Self::PullFailedAgain => "lastTimestamp of the pull's Failed event",
            Self::StartFailedEvent => "name of the container's Failed event",
            Self::ReceivedWaiting => "receipt of the container's waiting.reason",
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
    Missing,
    SuspendedCondition,
    SuspendEvent,
    SuspendEventCoarse,
    ReceivedSuspend,
    FailedCreateEvent,
    FailedCreateEventCoarse,
    WorkloadEnded,
    ReceivedGates,
    GatesSeen,
    UnschedulableEvent,
    ReceivedUnschedulable,
    AutoscalerEvent,
    SetupFailedEvent,
    Initialized,
    PullingEvent,
    PulledEvent,
    PulledEventLessWait,
    PulledEventLessPull,
    PullingAgain,
    PullFailedEvent,
    PullFailedAgain,
    StartFailedEvent,
    ReceivedWaiting
});
