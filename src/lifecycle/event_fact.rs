//! Events reduced to the facts that change the lifecycle of a Pod.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::failure_cause::{parse_failed_probe, parse_failure_cause};
use crate::lifecycle::message::{self, PulledMessage};
use crate::lifecycle::packed::interner::Interner;
use crate::lifecycle::packed::{Pack, Packer, Unpacker, packed_enum, packed_struct};
use crate::lifecycle::setup_part::SetupPart;
use crate::lifecycle::time::instant::Instant;
use crate::lifecycle::waits::{SCALE_UP_REASONS, WaitTopic};
use crate::observation::{Event, known_time, truncate_to_millis};

/// A fine time may be this many milliseconds earlier than the truncated time of the same instant, because clocks
/// differ.
const MAX_MILLIS_BEFORE_COARSE: i64 = 200;

/// A fine time may be this many milliseconds later than the truncated time of the same instant: one second for the
/// truncation, and the rest because clocks differ.
const MAX_MILLIS_AFTER_COARSE: i64 = 1_200;

/// Whether `fine` can be the exact time of the same instant as `coarse`, which is truncated to the second.
pub(crate) fn is_same_instant(fine: Timestamp, coarse: Timestamp) -> bool {
    let later_by = fine.as_millisecond().saturating_sub(coarse.as_millisecond());
    (-MAX_MILLIS_BEFORE_COARSE..=MAX_MILLIS_AFTER_COARSE).contains(&later_by)
}

/// Whether `fine` is so late that it can be the time of the same instant as `coarse`, or of a later instant.
pub(crate) fn is_same_instant_or_later(fine: Timestamp, coarse: Timestamp) -> bool {
    fine.as_millisecond().saturating_sub(coarse.as_millisecond()) > -MAX_MILLIS_BEFORE_COARSE
}

/// The time of an Event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventTime {
    pub(crate) at: Timestamp,
    /// Whether the time is finer than a second.
    pub(crate) fine: bool,
}

impl EventTime {
    /// Returns an instant with the evidence that matches the precision of the time.
    pub(crate) fn to_instant(self, fine: Evidence, coarse: Evidence) -> Instant {
        Instant::new(self.at, if self.fine { fine } else { coarse })
    }
}

/// Sets `kept` to `new` if `new` is earlier, or if the times are equal and `new` is fine.
pub(crate) fn keep_earliest(kept: &mut Option<EventTime>, new: EventTime) {
    if kept.is_none_or(|kept| (new.at, !new.fine) < (kept.at, !kept.fine)) {
        *kept = Some(new);
    }
}

/// The fact that one Event reports about a Pod or one of its containers.
#[derive(Clone, Debug)]
pub(crate) struct EventFact {
    pub(crate) kind: FactKind,
    /// The container that the Event is about, or `None` if it is about the whole Pod.
    pub(crate) container: Option<Arc<str>>,
    /// First occurrence.
    pub(crate) first: EventTime,
    /// Latest occurrence, in most cases truncated to the second.
    pub(crate) last: Timestamp,
    /// Number of occurrences.
    pub(crate) count: u32,
    /// The Event combines several Events with different messages.
    pub(crate) combined: bool,
    /// Time at which a watch received the Event, or `None` if it came from a list.
    pub(crate) received: Option<Timestamp>,
}

/// The kinds of facts that change a lifecycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FactKind {
    /// The scheduler bound the Pod to a node.
    Scheduled,
    /// The scheduler found no node. Holds the reasons.
    Unschedulable(Arc<str>),
    /// An autoscaler reacted to the unschedulable Pod. Holds the reaction.
    Autoscaler(Arc<str>),
    /// A step of the setup of volumes, network and sandbox failed or succeeded. Holds the reason of the Event, and the
    /// cause of a failure.
    Setup(WaitTopic, Arc<str>, Option<Arc<str>>),
    /// The pull of an image was requested.
    Pulling,
    /// The image is on the node.
    Pulled(PulledMessage),
    /// The image name is invalid, or the pull policy forbids the pull. Holds the cause.
    ImageRefused(Option<Arc<str>>),
    /// A pull failed. Holds the cause.
    PullFailed(Option<Arc<str>>),
    /// A container could not be created or started. Holds the `waiting.reason` that the container's status shows
    /// for this failure, and the cause.
    StartFailed(Arc<str>, Option<Arc<str>>),
    /// A container started.
    Started,
    /// The kubelet waits before it starts the container again.
    BackOff,
    /// A probe whose failure ends a container failed. Holds the cause: `liveness probe failed: connection refused`.
    ProbeFailed(Arc<str>),
    /// The kubelet ends a container because of a failed probe.
    KilledByProbe,
    /// A container was asked to stop because its Pod stops. A stop because of a failed probe or a restart rule does not
    /// count.
    Killing,
    /// A component deletes the Pod. Holds the reason that the condition `DisruptionTarget` has in this case. Only a Pod
    /// that is gone needs this fact, because the condition of an existing Pod says more.
    Disrupted(Arc<str>),
    /// The kubelet ends or rejects the Pod. Holds the reason that the Pod's status has in this case. Only a Pod that is
    /// gone needs this fact.
    EndedByKubelet(Arc<str>),
}

impl EventFact {
    /// Reads an Event about a Pod. Returns `None` if the Event cannot change a lifecycle. `received` is the time at
    /// which a watch received the Event, or `None` if it came from a list.
    pub(crate) fn from_event(
        event: &Event,
        received: Option<Timestamp>,
        interner: &mut Interner,
    ) -> Option<Self> {
        let kind = match event.reason.as_str() {
            "Scheduled" => FactKind::Scheduled,
            "FailedScheduling" => FactKind::Unschedulable(
                interner.share(&message::parse_unschedulable_reasons(event.plain_message())),
            ),
            // Events of the cluster autoscaler and of Karpenter.
            reason if SCALE_UP_REASONS.contains(&reason) => FactKind::Autoscaler(interner.share(reason)),
            "NotTriggerScaleUp" => FactKind::Autoscaler(interner.share(&describe_refused_scale_up(
                &message::parse_no_scale_up_reasons(event.plain_message()),
            ))),
            // The attach/detach controller emits this event.
            "SuccessfulAttachVolume" => {
                FactKind::Setup(WaitTopic::AttachedVolume, interner.share(&event.reason), None)
            }
            // Multus emits this event for each interface.
            "AddedInterface" => {
                FactKind::Setup(WaitTopic::AddedInterface, interner.share(&event.reason), None)
            }
            "Pulling" => FactKind::Pulling,
            "Pulled" => FactKind::Pulled(message::parse_pulled(event.plain_message())?),
            "InspectFailed" | "ErrImageNeverPull" => {
                FactKind::ImageRefused(share_cause(event.plain_message(), interner))
            }
            "Failed" if event.plain_message().starts_with("Failed to pull image") => {
                FactKind::PullFailed(share_cause(event.plain_message(), interner))
            }
            "Failed" => FactKind::StartFailed(
                interner.share(message::parse_start_failure_reason(event.plain_message())?),
                share_cause(event.plain_message(), interner),
            ),
            "Started" => FactKind::Started,
            "BackOff" if event.plain_message().starts_with("Back-off restarting") => FactKind::BackOff,
            "Killing" if message::is_stop_of_pod(event.plain_message()) => FactKind::Killing,
            "Killing" if message::is_stop_by_probe(event.plain_message()) => FactKind::KilledByProbe,
            "Unhealthy" => FactKind::ProbeFailed(interner.share(&parse_failed_probe(event.plain_message())?)),
            "Preempted" => FactKind::Disrupted(interner.share("PreemptionByScheduler")),
            "TaintManagerEviction" if event.plain_message().starts_with("Marking for deletion") => {
                FactKind::Disrupted(interner.share("DeletionByTaintManager"))
            }
            reason if event.is_from_kubelet() && is_end_by_kubelet(reason) => {
                FactKind::EndedByKubelet(interner.share(reason))
            }
            reason => {
                let topic = SetupPart::from_failure(reason)?.wait_topic();
                // The message about a new sandbox contains no cause.
                let message = Some(event.plain_message()).filter(|_| reason != "SandboxChanged");
                let cause = message.and_then(|message| share_cause(message, interner));
                FactKind::Setup(topic, interner.share(reason), cause)
            }
        };
        let container = event.container().map(|name| interner.share(name));
        if container.is_none() && kind.is_about_container() {
            return None;
        }
        let (at, fine) = event.first_occurrence()?;
        let at = truncate_to_millis(at);
        let mut first = EventTime { at, fine };
        // The scheduler's `eventTime` is the same instant as the time in the event's name, and is always finer than a
        // second.
        if let (FactKind::Scheduled, Some(at)) = (&kind, known_time(event.event_time)) {
            first = EventTime { at: truncate_to_millis(at), fine: true };
        }
        let last = event.last_occurrence().map_or(at, truncate_to_millis);
        let (count, combined) = (event.occurrences(), event.is_combined());
        Some(Self { kind, container, first, last, count, combined, received })
    }

    /// Returns the earliest time at which the message of the Event is known to hold. A combined Event shows only the
    /// message of its latest occurrence.
    pub(crate) fn message_since(&self) -> Timestamp {
        if self.combined { self.last } else { self.first.at }
    }
}

impl FactKind {
    /// Whether the fact is about one container, not about the whole Pod.
    fn is_about_container(&self) -> bool {
        match self {
            Self::Scheduled
            | Self::Unschedulable(_)
            | Self::Autoscaler(_)
            | Self::Setup(..)
            | Self::Disrupted(_)
            | Self::EndedByKubelet(_) => false,
            Self::Pulling
            | Self::Pulled(_)
            | Self::ImageRefused(_)
            | Self::PullFailed(_)
            | Self::StartFailed(..)
            | Self::Started
            | Self::BackOff
            | Self::ProbeFailed(_)
            | Self::KilledByProbe
            | Self::Killing => true,
        }
    }

    /// Whether only a Pod that is gone needs the fact, because the status of an existing Pod says more.
    pub(crate) fn is_only_for_gone_pods(&self) -> bool {
        match self {
            Self::Disrupted(_) | Self::EndedByKubelet(_) => true,
            Self::Scheduled
            | Self::Unschedulable(_)
            | Self::Autoscaler(_)
            | Self::Setup(..)
            | Self::Pulling
            | Self::Pulled(_)
            | Self::ImageRefused(_)
            | Self::PullFailed(_)
            | Self::StartFailed(..)
            | Self::BackOff
            | Self::Started
            | Self::ProbeFailed(_)
            | Self::KilledByProbe
            | Self::Killing => false,
        }
    }
}

/// Whether an Event of the kubelet with this reason reports that the kubelet ends a Pod or does not admit the Pod. The
/// reason is then also `status.reason` of the Pod.
fn is_end_by_kubelet(reason: &str) -> bool {
    matches!(reason, "Evicted" | "DeadlineExceeded" | "NodeAffinity" | "UnexpectedAdmissionError")
        || reason.starts_with("OutOf")
}

fn share_cause(text: &str, interner: &mut Interner) -> Option<Arc<str>> {
    parse_failure_cause(text).map(|cause| interner.share(&cause))
}

/// Describes why the autoscaler adds no node, for example `NotTriggerScaleUp: max node group size reached`.
fn describe_refused_scale_up(reasons: &str) -> String {
    let colon = if reasons.is_empty() { "" } else { ": " };
    format!("NotTriggerScaleUp{colon}{reasons}")
}

packed_struct!(EventTime { at, fine });
packed_struct!(EventFact { kind, container, first, last, count, combined, received });

packed_enum! {
    /// The variant of a [`FactKind`] without its data.
    #[derive(Clone, Copy, Debug)]
    enum FactTag {
        Scheduled,
        Unschedulable,
        Autoscaler,
        Setup,
        Pulling,
        Pulled,
        ImageRefused,
        PullFailed,
        StartFailed,
        Started,
        BackOff,
        Killing,
        Disrupted,
        EndedByKubelet,
        ProbeFailed,
        KilledByProbe,
    }
}

impl Pack for FactKind {
    fn pack(&self, to: &mut Packer<'_>) {
        match self {
            Self::Scheduled => FactTag::Scheduled.pack(to),
            Self::Unschedulable(reasons) => (FactTag::Unschedulable, Arc::clone(reasons)).pack(to),
            Self::Autoscaler(reaction) => (FactTag::Autoscaler, Arc::clone(reaction)).pack(to),
            Self::Setup(topic, reason, cause) => {
                (FactTag::Setup, ((*topic, Arc::clone(reason)), cause.clone())).pack(to);
            }
            Self::Pulling => FactTag::Pulling.pack(to),
            Self::Pulled(message) => (FactTag::Pulled, *message).pack(to),
            Self::ImageRefused(cause) => (FactTag::ImageRefused, cause.clone()).pack(to),
            Self::PullFailed(cause) => (FactTag::PullFailed, cause.clone()).pack(to),
            Self::StartFailed(reason, cause) => {
                (FactTag::StartFailed, (Arc::clone(reason), cause.clone())).pack(to);
            }
            Self::Started => FactTag::Started.pack(to),
            Self::BackOff => FactTag::BackOff.pack(to),
            Self::ProbeFailed(cause) => (FactTag::ProbeFailed, Arc::clone(cause)).pack(to),
            Self::KilledByProbe => FactTag::KilledByProbe.pack(to),
            Self::Killing => FactTag::Killing.pack(to),
            Self::Disrupted(reason) => (FactTag::Disrupted, Arc::clone(reason)).pack(to),
            Self::EndedByKubelet(reason) => (FactTag::EndedByKubelet, Arc::clone(reason)).pack(to),
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        match FactTag::unpack(from) {
            FactTag::Scheduled => Self::Scheduled,
            FactTag::Unschedulable => Self::Unschedulable(from.read()),
            FactTag::Autoscaler => Self::Autoscaler(from.read()),
            FactTag::Setup => Self::Setup(from.read(), from.read(), from.read()),
            FactTag::Pulling => Self::Pulling,
            FactTag::Pulled => Self::Pulled(from.read()),
            FactTag::ImageRefused => Self::ImageRefused(from.read()),
            FactTag::PullFailed => Self::PullFailed(from.read()),
            FactTag::StartFailed => Self::StartFailed(from.read(), from.read()),
            FactTag::Started => Self::Started,
            FactTag::BackOff => Self::BackOff,
            FactTag::ProbeFailed => Self::ProbeFailed(from.read()),
            FactTag::KilledByProbe => Self::KilledByProbe,
            FactTag::Killing => Self::Killing,
            FactTag::Disrupted => Self::Disrupted(from.read()),
            FactTag::EndedByKubelet => Self::EndedByKubelet(from.read()),
        }
    }
}
