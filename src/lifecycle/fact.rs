//! Events reduced to what they say about the life of a Pod: what cannot change a lifecycle is not kept.

use std::sync::Arc;

use jiff::Timestamp;

use super::Instant;
use super::evidence::Evidence;
use super::message::{self, Pulled};
use super::names::Names;
use crate::observation::{Event, known};

/// A time from an event, and whether it is finer than a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventTime {
    pub(super) at: Timestamp,
    pub(super) fine: bool,
}

impl EventTime {
    pub(super) fn instant(self, fine: Evidence, coarse: Evidence) -> Instant {
        Instant { at: self.at, evidence: if self.fine { fine } else { coarse } }
    }
}

/// Keeps the earlier of two times; of equal ones the finer.
pub(super) fn keep_earliest(kept: &mut Option<EventTime>, new: EventTime) {
    if kept.is_none_or(|kept| (new.at, !new.fine) < (kept.at, !kept.fine)) {
        *kept = Some(new);
    }
}

/// What one Event about a Pod says.
#[derive(Clone, Debug)]
pub struct EventFact {
    pub(super) kind: FactKind,
    /// The container that it is about.
    pub(super) container: Option<Arc<str>>,
    /// First occurrence.
    pub(super) first: EventTime,
    /// Latest occurrence, mostly truncated to the second.
    pub(super) last: Timestamp,
    /// Occurrences.
    pub(super) count: u32,
    /// When it was received, if by a watch.
    pub(super) received: Option<Timestamp>,
}

/// The events that change a lifecycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FactKind {
    Scheduled,
    /// `FailedScheduling`: why no node will do.
    Unschedulable(Arc<str>),
    /// Volumes or the sandbox failed: the event's reason.
    Holdup(Arc<str>),
    Pulling,
    Pulled(Pulled),
    /// The image cannot be had, as the image's name or the node's rules say without a pull.
    ImageRefused,
    /// A pull failed.
    PullFailed,
    Started,
    /// A container was told to stop because of its Pod; not because of a probe or a restart rule.
    Killing,
}

impl EventFact {
    /// Reads an Event about a Pod; `received` if it was received by a watch. `None` if it changes nothing.
    pub fn read(event: &Event, received: Option<Timestamp>, names: &mut Names) -> Option<Self> {
        let kind = match event.reason.as_str() {
            "Scheduled" => FactKind::Scheduled,
            "FailedScheduling" => FactKind::Unschedulable(names.share(&message::unschedulable(event.text()))),
            "FailedMount" | "FailedAttachVolume" | "FailedCreatePodSandBox" => {
                FactKind::Holdup(names.share(&event.reason))
            }
            "Pulling" => FactKind::Pulling,
            "Pulled" => FactKind::Pulled(message::pulled(event.text())?),
            "InspectFailed" | "ErrImageNeverPull" => FactKind::ImageRefused,
            "Failed" if event.text().starts_with("Failed to pull image") => FactKind::PullFailed,
            "Started" => FactKind::Started,
            "Killing" if message::stops_for_the_pod(event.text()) => FactKind::Killing,
            _ => return None,
        };
        let of_pod = matches!(kind, FactKind::Scheduled | FactKind::Unschedulable(_) | FactKind::Holdup(_));
        let container = event.container().map(|name| names.share(name));
        if container.is_none() && !of_pod {
            return None;
        }
        let (at, fine) = event.first()?;
        let mut first = EventTime { at, fine };
        // The scheduler's own field is the same instant as its event's name.
        if let (FactKind::Scheduled, Some(at)) = (&kind, known(event.event_time)) {
            first = EventTime { at, fine: true };
        }
        let last = event.last().unwrap_or(at);
        Some(Self { kind, container, first, last, count: event.occurrences(), received })
    }
}
