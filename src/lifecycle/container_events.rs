//! The Events about one container: its image, its starts and its failures. They may be added in any order.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_life::Pull;
use crate::lifecycle::event_fact::{EventFact, EventTime, FactKind, fits, keep_earliest};
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::instant::Instant;
use crate::lifecycle::message::PulledMessage;
use crate::lifecycle::packed::packed_struct;

/// The facts that Events report about one container.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContainerEvents {
    /// First Event about the image. A `Pulled` event whose `Pulling` event was lost counts at the time of the request.
    image: Option<EventTime>,
    /// First `Pulling` event.
    pulling: Option<EventTime>,
    /// Latest attempt to pull, if there were several.
    pulling_again: Option<RepeatedEvent>,
    /// First `Pulled` event.
    pulled: Option<(EventTime, PulledMessage)>,
    /// First `Failed` event of a pull.
    pull_failed: Option<EventTime>,
    /// Latest occurrence of a `Failed` event of a pull.
    pull_failed_last: Option<Timestamp>,
    /// First failed start, and the `waiting.reason` that belongs to it.
    start_failed: Option<(EventTime, Arc<str>)>,
    /// First `Started` event.
    started: Option<EventTime>,
    /// First occurrences of further `Started` events. A kubelet that restarts starts new Events instead of counting on.
    started_later: Vec<EventTime>,
    /// Latest start, mostly truncated to the second.
    started_last: Option<Timestamp>,
    /// Highest count of a `Started` event.
    started_count: u32,
    /// For repeated `Started` events: the count and the time of receipt.
    started_again: Vec<(u32, Timestamp)>,
}

/// The latest occurrence of a repeated Event, truncated to the second, and the time of its receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RepeatedEvent {
    last: Timestamp,
    received: Option<Timestamp>,
}

/// The times of failed pulls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedPull {
    /// First failure.
    pub(crate) failed: Timestamp,
    /// Start of the latest attempt after it.
    pub(crate) again: Option<Timestamp>,
    /// Failure of the latest attempt.
    pub(crate) failed_again: Option<Timestamp>,
}

impl ContainerEvents {
    /// Adds a fact about the container.
    pub(crate) fn add(&mut self, fact: &EventFact) {
        let first = fact.first;
        match &fact.kind {
            FactKind::Pulling => {
                keep_earliest(&mut self.image, first);
                keep_earliest(&mut self.pulling, first);
                if fact.count > 1 {
                    let latest = RepeatedEvent { last: fact.last, received: fact.received };
                    self.pulling_again = self.pulling_again.max(Some(latest));
                }
            }
            FactKind::Pulled(message) => self.add_pulled(first, *message),
            FactKind::ImageRefused => keep_earliest(&mut self.image, first),
            FactKind::StartFailed(reason) => {
                let is_later =
                    |(kept, kept_reason): &(EventTime, Arc<str>)| (first.at, reason) < (kept.at, kept_reason);
                if self.start_failed.as_ref().is_none_or(is_later) {
                    self.start_failed = Some((first, Arc::clone(reason)));
                }
            }
            FactKind::PullFailed => {
                keep_earliest(&mut self.pull_failed, first);
                self.pull_failed_last = self.pull_failed_last.max(Some(fact.last));
            }
            FactKind::Started => self.add_started(fact),
            // `PodEvidence` handles these facts itself.
            FactKind::Scheduled
            | FactKind::Unschedulable(_)
            | FactKind::Autoscaler(_)
            | FactKind::SetupFailed(_)
            | FactKind::Killing => {}
        }
    }

    fn add_pulled(&mut self, end: EventTime, message: PulledMessage) {
        let requested = match message {
            PulledMessage::Pulled { since_request: Some(since), .. } => end.at - since,
            PulledMessage::Pulled { since_request: None, .. } | PulledMessage::Cached => end.at,
        };
        keep_earliest(&mut self.image, EventTime { at: requested, ..end });
        if self.pulled.is_none_or(|(kept, _)| end.at < kept.at) {
            self.pulled = Some((end, message));
        }
    }

    fn add_started(&mut self, fact: &EventFact) {
        let previous = self.started;
        keep_earliest(&mut self.started, fact.first);
        for time in [previous, Some(fact.first)].into_iter().flatten() {
            if Some(time) != self.started && !self.started_later.contains(&time) {
                self.started_later.push(time);
            }
        }
        if let Some(received) = fact.received.filter(|_| fact.count > 1)
            && self.started_again.iter().all(|(count, _)| *count != fact.count)
        {
            self.started_again.push((fact.count, received));
        }
        self.started_count = self.started_count.max(fact.count);
        self.started_last = self.started_last.max(Some(fact.last));
    }

    /// Returns the time of the first Event about the image.
    pub(crate) fn first_image_event(&self) -> Option<EventTime> {
        self.image
    }

    /// Returns the first start.
    pub(crate) fn first_start(&self) -> Option<EventTime> {
        self.started
    }

    /// Returns the first occurrence of a later `Started` event that is fine and fits `coarse`.
    pub(crate) fn later_start_at(&self, coarse: Timestamp) -> Option<EventTime> {
        self.started_later.iter().copied().find(|event| event.fine && fits(event.at, coarse))
    }

    /// Returns the time at which the `Started` event with this count was received.
    pub(crate) fn receipt_of_start(&self, count: u32) -> Option<Timestamp> {
        self.started_again.iter().find(|(other, _)| *other == count).map(|(_, received)| *received)
    }

    /// Returns the highest count of a `Started` event, and the time of the latest start.
    pub(crate) fn latest_start(&self) -> Option<(u32, Timestamp)> {
        Some((self.started_count, self.started_last?))
    }

    /// Returns the instant at which the pull was requested, which is when it entered the node's queue.
    pub(crate) fn pull_requested(&self) -> Option<Instant> {
        if let Some(pulling) = self.pulling {
            return Some(Instant { at: pulling.at, evidence: Evidence::PullingEvent });
        }
        let (end, message) = self.pulled?;
        let at = match message {
            PulledMessage::Cached => end.at,
            PulledMessage::Pulled { since_request, .. } => end.at - since_request?,
        };
        Some(Instant { at, evidence: Evidence::PulledEventLessWait })
    }

    /// Returns the times of failed pulls, or `None` if no pull failed. The container is in image back-off from the first
    /// failure to the latest attempt.
    pub(crate) fn failed_pull(&self) -> Option<FailedPull> {
        let failed = self.pull_failed?.at;
        // The successful `Pulled` event dates its request more precisely than the repeated `Pulling` event.
        let requested = match self.pulled {
            Some((end, PulledMessage::Pulled { since_request: Some(since), .. })) => Some(end.at - since),
            Some((_, PulledMessage::Pulled { since_request: None, .. } | PulledMessage::Cached)) | None => {
                self.pulling_again.map(|again| {
                    again.received.filter(|received| fits(*received, again.last)).unwrap_or(again.last)
                })
            }
        };
        let again = requested.filter(|again| *again > failed);
        let unfinished = self.pulled.is_none();
        let failed_again =
            self.pull_failed_last.filter(|last| unfinished && again.is_some_and(|again| *last > again));
        Some(FailedPull { failed, again, failed_again })
    }

    /// Returns the first failed start, and the `waiting.reason` that belongs to it.
    pub(crate) fn start_failed(&self) -> Option<(EventTime, &Arc<str>)> {
        self.start_failed.as_ref().map(|(time, reason)| (*time, reason))
    }

    /// Returns the pull of the image, or `None` if no Event reports one.
    pub(crate) fn pull(&self) -> Option<Pull> {
        let Some((end, message)) = self.pulled else {
            // The pull was requested. Whether it still waits in the queue is unknown.
            return self.pulling.map(|_| Pull {
                start: None,
                end: None,
                wait: None,
                bytes: None,
                cached: false,
            });
        };
        Some(match message {
            PulledMessage::Cached => Pull {
                start: Some(end.at),
                end: Some(end.at),
                wait: Some(SignedDuration::ZERO),
                bytes: None,
                cached: true,
            },
            PulledMessage::Pulled { pull, since_request, bytes } => Pull {
                start: pull.map(|pull| end.at - pull),
                end: Some(end.at),
                wait: since_request.zip(pull).map(|(since, pull)| (since - pull).max(SignedDuration::ZERO)),
                bytes,
                cached: false,
            },
        })
    }

    /// Moves all times that come from the kubelet's clock. Times of receipt stay.
    pub(crate) fn shift_kubelet_times(&mut self, by: SignedDuration) {
        let times = [&mut self.image, &mut self.pulling, &mut self.pull_failed, &mut self.started];
        let pulled = self.pulled.as_mut().map(|(time, _)| time);
        let start_failed = self.start_failed.as_mut().map(|(time, _)| time);
        let times = times.into_iter().flatten().chain(pulled).chain(start_failed);
        for time in times.chain(&mut self.started_later) {
            time.at += by;
        }
        for at in [&mut self.pull_failed_last, &mut self.started_last].into_iter().flatten() {
            *at += by;
        }
        if let Some(again) = &mut self.pulling_again {
            again.last += by;
        }
    }
}

packed_struct!(ContainerEvents {
    image,
    pulling,
    pulling_again,
    pulled,
    pull_failed,
    pull_failed_last,
    start_failed,
    started,
    started_later,
    started_last,
    started_count,
    started_again,
});
packed_struct!(RepeatedEvent { last, received });
