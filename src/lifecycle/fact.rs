//! Events reduced to what they say about the life of a Pod: what cannot change a lifecycle is not kept.

use std::sync::Arc;

use jiff::Timestamp;

use super::Instant;
use super::evidence::Evidence;
use super::message::{self, Pulled};
use super::names::Names;
use super::packed::{Pack, Packer, Unpacker, packed_struct};
use crate::observation::{Event, known, truncate_to_millis};

/// A time from an event, and whether it is finer than a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventTime {
    pub(crate) at: Timestamp,
    pub(crate) fine: bool,
}

impl EventTime {
    pub(crate) fn instant(self, fine: Evidence, coarse: Evidence) -> Instant {
        Instant { at: self.at, evidence: if self.fine { fine } else { coarse } }
    }
}

/// Keeps the earlier of two times; of equal ones the finer.
pub(crate) fn keep_earliest(kept: &mut Option<EventTime>, new: EventTime) {
    if kept.is_none_or(|kept| (new.at, !new.fine) < (kept.at, !kept.fine)) {
        *kept = Some(new);
    }
}

/// What one Event about a Pod says.
#[derive(Clone, Debug)]
pub(crate) struct EventFact {
    pub(crate) kind: FactKind,
    /// The container that it is about.
    pub(crate) container: Option<Arc<str>>,
    /// First occurrence.
    pub(crate) first: EventTime,
    /// Latest occurrence, mostly truncated to the second.
    pub(crate) last: Timestamp,
    /// Occurrences.
    pub(crate) count: u32,
    /// It stands for several events of different texts.
    pub(crate) combined: bool,
    /// When it was received, if by a watch.
    pub(crate) received: Option<Timestamp>,
}

/// The events that change a lifecycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FactKind {
    Scheduled,
    /// `FailedScheduling`: why no node will do.
    Unschedulable(Arc<str>),
    /// What an autoscaler does about it.
    Autoscaler(Arc<str>),
    /// Volumes or the sandbox failed: the event's reason.
    Holdup(Arc<str>),
    Pulling,
    Pulled(Pulled),
    /// The image cannot be had, as the image's name or the node's rules say without a pull.
    ImageRefused,
    /// A pull failed.
    PullFailed,
    /// A container could not be made or started: the `waiting.reason` that goes with it.
    StartFailed(Arc<str>),
    Started,
    /// A container was told to stop because of its Pod; not because of a probe or a restart rule.
    Killing,
}

impl EventFact {
    /// Reads an Event about a Pod; `received` if it was received by a watch. `None` if it changes nothing.
    pub(crate) fn read(event: &Event, received: Option<Timestamp>, names: &mut Names) -> Option<Self> {
        let kind = match event.reason.as_str() {
            "Scheduled" => FactKind::Scheduled,
            "FailedScheduling" => FactKind::Unschedulable(names.share(&message::unschedulable(event.text()))),
            // Of the cluster autoscaler and of Karpenter.
            "TriggeredScaleUp" | "Nominated" => FactKind::Autoscaler(names.share(&event.reason)),
            "NotTriggerScaleUp" => {
                FactKind::Autoscaler(not_scaled(&message::no_scale_up(event.text()), names))
            }
            "FailedMount" | "FailedAttachVolume" | "FailedMapVolume" | "FailedCreatePodSandBox" => {
                FactKind::Holdup(names.share(&event.reason))
            }
            "Pulling" => FactKind::Pulling,
            "Pulled" => FactKind::Pulled(message::pulled(event.text())?),
            "InspectFailed" | "ErrImageNeverPull" => FactKind::ImageRefused,
            "Failed" if event.text().starts_with("Failed to pull image") => FactKind::PullFailed,
            "Failed" => FactKind::StartFailed(names.share(message::start_failure(event.text())?)),
            "Started" => FactKind::Started,
            "Killing" if message::stops_for_the_pod(event.text()) => FactKind::Killing,
            _ => return None,
        };
        let of_pod = match kind {
            FactKind::Scheduled
            | FactKind::Unschedulable(_)
            | FactKind::Autoscaler(_)
            | FactKind::Holdup(_) => true,
            FactKind::Pulling
            | FactKind::Pulled(_)
            | FactKind::ImageRefused
            | FactKind::PullFailed
            | FactKind::StartFailed(_)
            | FactKind::Started
            | FactKind::Killing => false,
        };
        let container = event.container().map(|name| names.share(name));
        if container.is_none() && !of_pod {
            return None;
        }
        let (at, fine) = event.first_occurrence()?;
        let at = truncate_to_millis(at);
        let mut first = EventTime { at, fine };
        // The scheduler's own field is the same instant as its event's name.
        if let (FactKind::Scheduled, Some(at)) = (&kind, known(event.event_time)) {
            first = EventTime { at: truncate_to_millis(at), fine: true };
        }
        let last = event.last_occurrence().map_or(at, truncate_to_millis);
        let (count, combined) = (event.occurrences(), event.is_combined());
        Some(Self { kind, container, first, last, count, combined, received })
    }

    /// When what it says was told first: the text of combined events is that of the latest.
    pub(crate) fn told_first(&self) -> Timestamp {
        if self.combined { self.last } else { self.first.at }
    }
}

/// `NotTriggerScaleUp: max node group size reached`.
fn not_scaled(why: &str, names: &mut Names) -> Arc<str> {
    let colon = if why.is_empty() { "" } else { ": " };
    names.share(&format!("NotTriggerScaleUp{colon}{why}"))
}

packed_struct!(EventTime { at, fine });
packed_struct!(EventFact { kind, container, first, last, count, combined, received });

impl Pack for FactKind {
    fn pack(&self, to: &mut Packer<'_>) {
        let (number, text, pulled): (u32, Option<&Arc<str>>, Option<Pulled>) = match self {
            Self::Scheduled => (0, None, None),
            Self::Unschedulable(why) => (1, Some(why), None),
            Self::Autoscaler(what) => (2, Some(what), None),
            Self::Holdup(why) => (3, Some(why), None),
            Self::Pulling => (4, None, None),
            Self::Pulled(pulled) => (5, None, Some(*pulled)),
            Self::ImageRefused => (6, None, None),
            Self::PullFailed => (7, None, None),
            Self::StartFailed(word) => (8, Some(word), None),
            Self::Started => (9, None, None),
            Self::Killing => (10, None, None),
        };
        number.pack(to);
        if let Some(text) = text {
            text.pack(to);
        }
        if let Some(pulled) = pulled {
            pulled.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        match u32::unpack(from) {
            1 => Self::Unschedulable(Pack::unpack(from)),
            2 => Self::Autoscaler(Pack::unpack(from)),
            3 => Self::Holdup(Pack::unpack(from)),
            4 => Self::Pulling,
            5 => Self::Pulled(Pack::unpack(from)),
            6 => Self::ImageRefused,
            7 => Self::PullFailed,
            8 => Self::StartFailed(Pack::unpack(from)),
            9 => Self::Started,
            10 => Self::Killing,
            _ => Self::Scheduled,
        }
    }
}
