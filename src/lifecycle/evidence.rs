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

/// The interval in which the true time lies, relative to the time that was read. `[-50, 0] ms` means that the true
/// time is at most 50 ms before the time that was read. The intervals were measured on Kubernetes 1.37.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EvidenceInterval {
    /// The best estimate, in milliseconds after the time that was read; negative if the estimate is earlier.
    pub(crate) estimate_millis: i64,
    /// The true time is at most this number of milliseconds before the estimate.
    pub(crate) before_millis: u32,
    /// The true time is at most this number of milliseconds after the estimate.
    pub(crate) after_millis: u32,
    /// Whether the best estimate is the middle of the interval, even after other evidence has narrowed the interval.
    pub(crate) is_middle_estimated: bool,
}

impl EvidenceInterval {
    /// A time that is truncated to the second.
    const TRUNCATED: Self = Self::new(0, 1_000, None);
    /// The time of an event from the scheduler or a controller, which may report a change before or after the change.
    const CONTROLLER_EVENT: Self = Self::new(-50, 50, Some(0));
    /// The time of an event from the kubelet, which reports a change right after the change.
    const KUBELET_EVENT: Self = Self::new(-50, 0, Some(0));
    /// The receipt of a change.
    const RECEIPT: Self = Self::received_within(50);
    /// The receipt of a change that the kubelet writes into the Pod's status.
    const STATUS_RECEIPT: Self = Self::received_within(150);
    /// A time that is truncated to the second and that may be set up to a second after the change.
    const NOTICED: Self = Self::new(-1_000, 1_000, None);
    /// A time at or after the change. The distance is unknown.
    const UPPER_BOUND: Self = Self::new(-300_000, 0, Some(0));
    /// A time at or before the change. The distance is unknown.
    const LOWER_BOUND: Self = Self::new(0, 300_000, Some(0));

    /// Creates an interval from its bounds and its best estimate, all in milliseconds after the time that was read. The
    /// estimate `None` stands for the middle of the interval.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the bounds are small constants"
    )]
    const fn new(earliest_millis: i64, latest_millis: i64, estimate: Option<i64>) -> Self {
        let estimate_millis = match estimate {
            Some(millis) => millis,
            None => i64::midpoint(earliest_millis, latest_millis),
        };
        Self {
            estimate_millis,
            before_millis: (estimate_millis - earliest_millis) as u32,
            after_millis: (latest_millis - estimate_millis) as u32,
            is_middle_estimated: estimate.is_none(),
        }
    }

    /// The receipt of a change that a watch delivers within `max_delay` milliseconds.
    const fn received_within(max_delay: i64) -> Self {
        Self::new(-max_delay, 0, Some(-USUAL_DELAY))
    }
}

/// The usual time from a change to its receipt, in milliseconds.
const USUAL_DELAY: i64 = 25;

/// One row of the table of evidence.
struct Row {
    source: Source,
    interval: EvidenceInterval,
    description: &'static str,
}

/// Declares [`Evidence`] from one row for each kind of evidence: `Variant: Source, interval, "description";`. The
/// interval is a constant of [`EvidenceInterval`] or a call of its functions.
macro_rules! evidence_table {
    ($($variant:ident: $source:ident, $interval:ident $(($($argument:expr),+))?, $description:literal;)+) => {
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
                interval: EvidenceInterval::$interval $(($($argument),+))?,
                description: $description,
            }),+
        ];
    };
}

// A name that ends in `Coarse` belongs to an event whose time is truncated to the second, because the event's name does
// not hold a finer time.
evidence_table! {
    SuccessfulCreate: Event, CONTROLLER_EVENT, "name of the owner's SuccessfulCreate event";
    ReceivedAdded: Observed, RECEIPT, "receipt of the Pod's ADDED watch event";
    CreationTimestamp: Status, TRUNCATED, "metadata.creationTimestamp";
    ScheduledEvent: Event, CONTROLLER_EVENT, "eventTime of the Scheduled event";
    ScheduledEventCoarse: Event, TRUNCATED, "firstTimestamp of the Scheduled event";
    PodScheduled: Status, TRUNCATED, "condition PodScheduled";
    SiblingWaits: Inferred, new(-1_000, 1_000, None), "median wait of the Pods that the owner created in the same second";
    CreatedWithNode: Status, TRUNCATED, "metadata.creationTimestamp (created with spec.nodeName)";
    StartTime: Inferred, TRUNCATED, "status.startTime (upper bound)";
    ImageEvent: Event, KUBELET_EVENT, "name of the first Pulling or Pulled event";
    ImageEventCoarse: Event, TRUNCATED, "firstTimestamp of the first Pulling or Pulled event";
    ReadyToStartContainers: Status, TRUNCATED, "condition PodReadyToStartContainers";
    StartedEvent: Event, KUBELET_EVENT, "name of the Started event";
    StartedEventCoarse: Event, TRUNCATED, "timestamp of the Started event";
    SeenRunning: Inferred, UPPER_BOUND, "first status in which the container runs, without startedAt (upper bound)";
    ReceivedStarted: Observed, received_within(600), "receipt of the repeated Started event";
    ReceivedRunning: Observed, STATUS_RECEIPT, "receipt of the running state";
    StartedAt: Status, TRUNCATED, "startedAt of the container";
    FinishedAt: Status, TRUNCATED, "finishedAt of the container";
    ReadyCondition: Status, TRUNCATED, "condition Ready became True";
    LatestReady: Inferred, TRUNCATED, "latest change of the condition Ready to True (upper bound)";
    ReceivedReady: Observed, STATUS_RECEIPT, "receipt of the condition Ready";
    ReceivedTerminalPhase: Observed, RECEIPT, "receipt of the terminal phase";
    ReceivedTerminated: Inferred, new(-1_100, 0, None), "receipt of the terminated state (upper bound)";
    DisruptionTarget: Inferred, NOTICED, "condition DisruptionTarget";
    NotReady: Inferred, NOTICED, "condition Ready became False";
    SandboxGone: Inferred, NOTICED, "condition PodReadyToStartContainers became False";
    KubeletWrote: Inferred, NOTICED, "the kubelet's last write in managedFields";
    KillingEvent: Event, new(-300, 50, Some(0)), "name of the Killing event";
    KillingEventCoarse: Event, TRUNCATED, "firstTimestamp of the Killing event";
    SidecarKillingEvent: Event, new(-1_100, 0, None), "name of the sidecar's Killing event (upper bound)";
    ReceivedDeletion: Observed, RECEIPT, "receipt of the first object with deletionTimestamp";
    DeletionTimestamp: Status, TRUNCATED, "deletionTimestamp - deletionGracePeriodSeconds";
    ReceivedDeleted: Observed, RECEIPT, "receipt of the Pod's DELETED watch event";
    LastSeenBeforeMissing: Inferred, LOWER_BOUND, "last receipt of the Pod before it was missing from a list (lower bound)";
    SuspendedCondition: Status, TRUNCATED, "condition Suspended of the workload";
    SuspendEvent: Event, CONTROLLER_EVENT, "name of the Suspended or Resumed event";
    SuspendEventCoarse: Event, TRUNCATED, "lastTimestamp of the Suspended or Resumed event";
    ReceivedSuspend: Observed, RECEIPT, "receipt of the changed spec.suspend";
    FailedCreateEvent: Event, CONTROLLER_EVENT, "name of the FailedCreate event";
    FailedCreateEventCoarse: Event, TRUNCATED, "lastTimestamp of the FailedCreate event";
    WorkloadEnded: Status, TRUNCATED, "the end of the workload";
    ReceivedGates: Observed, RECEIPT, "receipt of the changed schedulingGates";
    PreviousGatesSeen: Inferred, LOWER_BOUND, "last receipt of the previous schedulingGates (lower bound)";
    UnschedulableEvent: Event, CONTROLLER_EVENT, "time of the FailedScheduling event";
    ReceivedUnschedulable: Observed, RECEIPT, "receipt of the condition PodScheduled";
    AutoscalerEvent: Event, CONTROLLER_EVENT, "time of the autoscaler's event";
    SetupFailedEvent: Event, new(-50, 1_000, Some(0)), "event about a volume or the sandbox that failed";
    VolumeAttachedEvent: Event, CONTROLLER_EVENT, "name of the last SuccessfulAttachVolume event";
    InterfaceAddedEvent: Event, CONTROLLER_EVENT, "name of the AddedInterface event";
    Initialized: Status, TRUNCATED, "condition Initialized";
    PullingEvent: Event, KUBELET_EVENT, "name of the Pulling event";
    PulledEvent: Event, KUBELET_EVENT, "name of the Pulled event";
    PulledEventMinusWait: Event, CONTROLLER_EVENT, "Pulled event minus the time since the pull was requested";
    PulledEventMinusPull: Event, CONTROLLER_EVENT, "Pulled event minus the duration of the pull";
    LatestPullingEvent: Event, TRUNCATED, "latest Pulling event";
    PullFailedEvent: Event, KUBELET_EVENT, "name of the Failed event of the pull";
    LatestPullFailedEvent: Event, TRUNCATED, "lastTimestamp of the pull's Failed event";
    StartFailedEvent: Event, KUBELET_EVENT, "name of the container's Failed event";
    BackOffEvent: Event, KUBELET_EVENT, "name of the BackOff event";
    ReceivedWaiting: Observed, RECEIPT, "receipt of the container's waiting.reason";
    SuccessfulDelete: Event, CONTROLLER_EVENT, "name of the owner's SuccessfulDelete event";
    DisruptionEvent: Event, CONTROLLER_EVENT, "name of the event that reports the disruption";
    LatestEvent: Inferred, LOWER_BOUND, "latest event of a Pod that is gone (lower bound)";
    KillingOfGonePod: Inferred, new(-1_400, 3_600_000, None), "name of the Killing event of a Pod that is gone (lower bound)";
    GracePeriod: Inferred, LOWER_BOUND, "Killing event plus the grace period (upper bound)";
    OwnerEndedAfterPods: Inferred, UPPER_BOUND, "end of the Job, which follows the ends of its Pods (upper bound)";
    QueueCondition: Status, TRUNCATED, "condition of the Kueue Workload";
    QueueEvent: Event, CONTROLLER_EVENT, "name of Kueue's event about the Workload";
    QueueEventCoarse: Event, TRUNCATED, "lastTimestamp of Kueue's event about the Workload";
    ReceivedQueueState: Observed, RECEIPT, "receipt of the changed Kueue Workload";
    MissingFromList: Inferred, UPPER_BOUND, "list without the Pod (upper bound)";
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
