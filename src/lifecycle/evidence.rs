//! The fields, events and receipts from which times are read, and the precision of these times.

use jiff::SignedDuration;

use crate::lifecycle::packed::packed_enum;

packed_enum! {
    /// How a time is known. The timeline document shows [`Source::name`]. The variants are ordered from strong to weak.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Source {
        /// An Event reports the time.
        Event,
        /// A watch received the change at this time.
        Observed,
        /// A field of the object holds the time.
        Status,
        /// The time is only a bound of the true time.
        Inferred,
    }
}

impl Source {
    /// The name in the timeline document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Observed => "observed",
            Self::Status => "status",
            Self::Inferred => "inferred",
        }
    }
}

/// One row of the table of evidence.
struct Row {
    source: Source,
    precision_millis: i64,
    description: &'static str,
}

/// Declares [`Evidence`] from one row for each kind of evidence: `Variant: Source, precision, "description";`.
macro_rules! evidence_table {
    ($($variant:ident: $source:ident, $precision:literal ms, $description:literal;)+) => {
        packed_enum! {
            /// The field, event or receipt that a time was read from.
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            #[expect(clippy::doc_markdown, reason = "the screen shows the descriptions as plain text")]
            pub enum Evidence { $(#[doc = $description] $variant),+ }
        }

        /// The rows of the table, in the order of [`Evidence::ALL`].
        static ROWS: [Row; Evidence::ALL.len()] = [
            $(Row { source: Source::$source, precision_millis: $precision, description: $description }),+
        ];
    };
}

// The precisions were measured on Kubernetes 1.37. A name that ends in `Coarse` belongs to an event whose time is
// truncated to the second, because the event's name does not hold a finer time.
evidence_table! {
    SuccessfulCreate: Event, 50 ms, "name of the owner's SuccessfulCreate event";
    ReceivedAdded: Observed, 50 ms, "receipt of the Pod's ADDED watch event";
    CreationTimestamp: Status, 1000 ms, "metadata.creationTimestamp";
    ScheduledEvent: Event, 50 ms, "eventTime of the Scheduled event";
    ScheduledEventCoarse: Event, 1000 ms, "firstTimestamp of the Scheduled event";
    PodScheduled: Status, 1000 ms, "condition PodScheduled";
    CreatedWithNode: Status, 1000 ms, "metadata.creationTimestamp (created with spec.nodeName)";
    StartTime: Inferred, 2000 ms, "status.startTime (upper bound)";
    ImageEvent: Event, 50 ms, "name of the first Pulling or Pulled event";
    ImageEventCoarse: Event, 1000 ms, "firstTimestamp of the first Pulling or Pulled event";
    ReadyToStartContainers: Status, 1000 ms, "condition PodReadyToStartContainers";
    StartedEvent: Event, 50 ms, "name of the Started event";
    StartedEventCoarse: Event, 1000 ms, "timestamp of the Started event";
    SeenRunning: Inferred, 300_000 ms, "first status in which the container runs, without startedAt (upper bound)";
    ReceivedStarted: Observed, 150 ms, "receipt of the repeated Started event";
    StartedAt: Status, 1000 ms, "startedAt of the container";
    FinishedAt: Status, 1000 ms, "finishedAt of the container";
    ReceivedTerminalPhase: Observed, 50 ms, "receipt of the terminal phase";
    ReceivedTerminated: Inferred, 1100 ms, "receipt of the terminated state (upper bound)";
    DisruptionTarget: Inferred, 2000 ms, "condition DisruptionTarget";
    NotReady: Inferred, 2000 ms, "condition Ready became False";
    SandboxGone: Inferred, 2000 ms, "condition PodReadyToStartContainers became False";
    KubeletWrote: Inferred, 2000 ms, "the kubelet's last write in managedFields";
    KillingEvent: Event, 300 ms, "name of the Killing event";
    KillingEventCoarse: Event, 1000 ms, "firstTimestamp of the Killing event";
    ReceivedDeletion: Observed, 50 ms, "receipt of the first object with deletionTimestamp";
    DeletionTimestamp: Status, 1000 ms, "deletionTimestamp - deletionGracePeriodSeconds";
    ReceivedDeleted: Observed, 50 ms, "receipt of the Pod's DELETED watch event";
    LastSeenBeforeMissing: Inferred, 300_000 ms, "last receipt of the Pod before it was missing from a list (lower bound)";
    SuspendedCondition: Status, 1000 ms, "condition Suspended of the workload";
    SuspendEvent: Event, 50 ms, "name of the Suspended or Resumed event";
    SuspendEventCoarse: Event, 1000 ms, "lastTimestamp of the Suspended or Resumed event";
    ReceivedSuspend: Observed, 50 ms, "receipt of the changed spec.suspend";
    FailedCreateEvent: Event, 50 ms, "name of the FailedCreate event";
    FailedCreateEventCoarse: Event, 1000 ms, "lastTimestamp of the FailedCreate event";
    WorkloadEnded: Status, 1000 ms, "the end of the workload";
    ReceivedGates: Observed, 50 ms, "receipt of the changed schedulingGates";
    PreviousGatesSeen: Inferred, 300_000 ms, "last receipt of the previous schedulingGates (lower bound)";
    UnschedulableEvent: Event, 50 ms, "time of the FailedScheduling event";
    ReceivedUnschedulable: Observed, 50 ms, "receipt of the condition PodScheduled";
    AutoscalerEvent: Event, 50 ms, "time of the autoscaler's event";
    SetupFailedEvent: Event, 1000 ms, "event about a volume or the sandbox that failed";
    VolumeAttachedEvent: Event, 50 ms, "name of the last SuccessfulAttachVolume event";
    InterfaceAddedEvent: Event, 50 ms, "name of the AddedInterface event";
    Initialized: Status, 1000 ms, "condition Initialized";
    PullingEvent: Event, 50 ms, "name of the Pulling event";
    PulledEvent: Event, 50 ms, "name of the Pulled event";
    PulledEventMinusWait: Event, 50 ms, "Pulled event minus the time since the pull was requested";
    PulledEventMinusPull: Event, 50 ms, "Pulled event minus the duration of the pull";
    LatestPullingEvent: Event, 1000 ms, "latest Pulling event";
    PullFailedEvent: Event, 50 ms, "name of the Failed event of the pull";
    LatestPullFailedEvent: Event, 1000 ms, "lastTimestamp of the pull's Failed event";
    StartFailedEvent: Event, 50 ms, "name of the container's Failed event";
    ReceivedWaiting: Observed, 50 ms, "receipt of the container's waiting.reason";
}

impl Evidence {
    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// How the time is known.
    pub fn source(self) -> Source {
        self.row().source
    }

    /// The largest expected distance to the true time. [`Instant`](crate::lifecycle::Instant) explains on which side
    /// the true time lies.
    pub fn precision(self) -> SignedDuration {
        SignedDuration::from_millis(self.row().precision_millis)
    }

    /// The field, event or receipt in words, as the Pod page shows it.
    pub fn description(self) -> &'static str {
        self.row().description
    }
}
