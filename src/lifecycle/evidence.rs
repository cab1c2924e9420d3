//! The fields, events and receipts from which times are read, and the precision of these times.

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

/// The interval in which the true time lies, relative to the time that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EvidenceInterval {
    /// The earliest possible time, in milliseconds after the time that was read; often negative.
    pub(crate) earliest_millis: i64,
    /// The latest possible time, in milliseconds after the time that was read.
    pub(crate) latest_millis: i64,
    /// The best estimate, in milliseconds after the time that was read. `None` stands for the middle of the interval.
    pub(crate) estimate: Option<i64>,
}

impl EvidenceInterval {
    /// The best estimate, in milliseconds after the time that was read.
    pub(crate) fn estimate_millis(self) -> i64 {
        self.estimate.unwrap_or(i64::midpoint(self.earliest_millis, self.latest_millis))
    }
}

/// One row of the table of evidence.
struct Row {
    source: Source,
    interval: EvidenceInterval,
    description: &'static str,
}

/// The usual time of a change relative to its receipt, in milliseconds. It is negative, because the change comes first.
const USUAL_DELAY: i64 = -25;

/// Reads the estimate of a row: `exact` is the time that was read, `received` is the usual time of a change before its
/// receipt, and `middle` is the middle of the interval.
macro_rules! estimate {
    (exact) => {
        Some(0)
    };
    (received) => {
        Some(USUAL_DELAY)
    };
    (middle) => {
        None
    };
}

/// Declares [`Evidence`] from one row for each kind of evidence:
/// `Variant: Source, [earliest, latest] ms, estimate, "description";`.
macro_rules! evidence_table {
    ($($variant:ident: $source:ident, [$earliest:literal, $latest:literal] ms, $estimate:ident, $description:literal;)+) => {
        packed_enum! {
            /// The field, event or receipt that a time was read from.
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            #[expect(clippy::doc_markdown, reason = "the screen shows the descriptions as plain text")]
            pub enum Evidence { $(#[doc = $description] $variant),+ }
        }

        /// The rows of the table, in the order of [`Evidence::ALL`].
        static ROWS: [Row; Evidence::ALL.len()] = [
            $(Row {
                source: Source::$source,
                interval: EvidenceInterval {
                    earliest_millis: $earliest,
                    latest_millis: $latest,
                    estimate: estimate!($estimate),
                },
                description: $description,
            }),+
        ];
    };
}

// The intervals were measured on Kubernetes 1.37. `[-50, 0] ms` means that the true time is at most 50 ms before the
// time that was read. A name that ends in `Coarse` belongs to an event whose time is truncated to the second, because
// the event's name does not hold a finer time.
evidence_table! {
    SuccessfulCreate: Event, [-50, 50] ms, exact, "name of the owner's SuccessfulCreate event";
    ReceivedAdded: Observed, [-50, 0] ms, received, "receipt of the Pod's ADDED watch event";
    CreationTimestamp: Status, [0, 1000] ms, middle, "metadata.creationTimestamp";
    ScheduledEvent: Event, [-50, 50] ms, exact, "eventTime of the Scheduled event";
    ScheduledEventCoarse: Event, [0, 1000] ms, middle, "firstTimestamp of the Scheduled event";
    PodScheduled: Status, [0, 1000] ms, middle, "condition PodScheduled";
    SiblingWaits: Inferred, [-1000, 1000] ms, middle, "median wait of the Pods that the owner created in the same second";
    CreatedWithNode: Status, [0, 1000] ms, middle, "metadata.creationTimestamp (created with spec.nodeName)";
    StartTime: Inferred, [0, 1000] ms, middle, "status.startTime (upper bound)";
    ImageEvent: Event, [-50, 0] ms, exact, "name of the first Pulling or Pulled event";
    ImageEventCoarse: Event, [0, 1000] ms, middle, "firstTimestamp of the first Pulling or Pulled event";
    ReadyToStartContainers: Status, [0, 1000] ms, middle, "condition PodReadyToStartContainers";
    StartedEvent: Event, [-50, 0] ms, exact, "name of the Started event";
    StartedEventCoarse: Event, [0, 1000] ms, middle, "timestamp of the Started event";
    SeenRunning: Inferred, [-300_000, 0] ms, exact, "first status in which the container runs, without startedAt (upper bound)";
    ReceivedStarted: Observed, [-600, 0] ms, received, "receipt of the repeated Started event";
    ReceivedRunning: Observed, [-150, 0] ms, received, "receipt of the running state";
    StartedAt: Status, [0, 1000] ms, middle, "startedAt of the container";
    FinishedAt: Status, [0, 1000] ms, middle, "finishedAt of the container";
    ReadyCondition: Status, [0, 1000] ms, middle, "condition Ready became True";
    LatestReady: Inferred, [0, 1000] ms, middle, "latest change of the condition Ready to True (upper bound)";
    ReceivedReady: Observed, [-150, 0] ms, received, "receipt of the condition Ready";
    ReceivedTerminalPhase: Observed, [-50, 0] ms, received, "receipt of the terminal phase";
    ReceivedTerminated: Inferred, [-1100, 0] ms, middle, "receipt of the terminated state (upper bound)";
    DisruptionTarget: Inferred, [-1000, 1000] ms, middle, "condition DisruptionTarget";
    NotReady: Inferred, [-1000, 1000] ms, middle, "condition Ready became False";
    SandboxGone: Inferred, [-1000, 1000] ms, middle, "condition PodReadyToStartContainers became False";
    KubeletWrote: Inferred, [-1000, 1000] ms, middle, "the kubelet's last write in managedFields";
    KillingEvent: Event, [-300, 50] ms, exact, "name of the Killing event";
    KillingEventCoarse: Event, [0, 1000] ms, middle, "firstTimestamp of the Killing event";
    SidecarKillingEvent: Event, [-1100, 0] ms, middle, "name of the sidecar's Killing event (upper bound)";
    ReceivedDeletion: Observed, [-50, 0] ms, received, "receipt of the first object with deletionTimestamp";
    DeletionTimestamp: Status, [0, 1000] ms, middle, "deletionTimestamp - deletionGracePeriodSeconds";
    ReceivedDeleted: Observed, [-50, 0] ms, received, "receipt of the Pod's DELETED watch event";
    LastSeenBeforeMissing: Inferred, [0, 300_000] ms, exact, "last receipt of the Pod before it was missing from a list (lower bound)";
    SuspendedCondition: Status, [0, 1000] ms, middle, "condition Suspended of the workload";
    SuspendEvent: Event, [-50, 50] ms, exact, "name of the Suspended or Resumed event";
    SuspendEventCoarse: Event, [0, 1000] ms, middle, "lastTimestamp of the Suspended or Resumed event";
    ReceivedSuspend: Observed, [-50, 0] ms, received, "receipt of the changed spec.suspend";
    FailedCreateEvent: Event, [-50, 50] ms, exact, "name of the FailedCreate event";
    FailedCreateEventCoarse: Event, [0, 1000] ms, middle, "lastTimestamp of the FailedCreate event";
    WorkloadEnded: Status, [0, 1000] ms, middle, "the end of the workload";
    ReceivedGates: Observed, [-50, 0] ms, received, "receipt of the changed schedulingGates";
    PreviousGatesSeen: Inferred, [0, 300_000] ms, exact, "last receipt of the previous schedulingGates (lower bound)";
    UnschedulableEvent: Event, [-50, 50] ms, exact, "time of the FailedScheduling event";
    ReceivedUnschedulable: Observed, [-50, 0] ms, received, "receipt of the condition PodScheduled";
    AutoscalerEvent: Event, [-50, 50] ms, exact, "time of the autoscaler's event";
    SetupFailedEvent: Event, [-50, 1000] ms, exact, "event about a volume or the sandbox that failed";
    VolumeAttachedEvent: Event, [-50, 50] ms, exact, "name of the last SuccessfulAttachVolume event";
    InterfaceAddedEvent: Event, [-50, 50] ms, exact, "name of the AddedInterface event";
    Initialized: Status, [0, 1000] ms, middle, "condition Initialized";
    PullingEvent: Event, [-50, 0] ms, exact, "name of the Pulling event";
    PulledEvent: Event, [-50, 0] ms, exact, "name of the Pulled event";
    PulledEventMinusWait: Event, [-50, 50] ms, exact, "Pulled event minus the time since the pull was requested";
    PulledEventMinusPull: Event, [-50, 50] ms, exact, "Pulled event minus the duration of the pull";
    LatestPullingEvent: Event, [0, 1000] ms, middle, "latest Pulling event";
    PullFailedEvent: Event, [-50, 0] ms, exact, "name of the Failed event of the pull";
    LatestPullFailedEvent: Event, [0, 1000] ms, middle, "lastTimestamp of the pull's Failed event";
    StartFailedEvent: Event, [-50, 0] ms, exact, "name of the container's Failed event";
    BackOffEvent: Event, [-50, 0] ms, exact, "name of the BackOff event";
    ReceivedWaiting: Observed, [-50, 0] ms, received, "receipt of the container's waiting.reason";
    SuccessfulDelete: Event, [-50, 50] ms, exact, "name of the owner's SuccessfulDelete event";
    DisruptionEvent: Event, [-50, 50] ms, exact, "name of the event that reports the disruption";
    LatestEvent: Inferred, [0, 300_000] ms, exact, "latest event of a Pod that is gone (lower bound)";
}

impl Evidence {
    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// How the time is known.
    pub fn source(self) -> Source {
        self.row().source
    }

    /// The interval in which the true time lies, relative to the time that was read.
    pub(crate) fn interval(self) -> EvidenceInterval {
        self.row().interval
    }

    /// The field, event or receipt in words, as the Pod page shows it.
    pub fn description(self) -> &'static str {
        self.row().description
    }
}
