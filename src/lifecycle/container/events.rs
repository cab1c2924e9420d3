//! What Events tell of one container: its image, its starts, and what failed. They may come in any order.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::Pull;
use super::super::evidence::Evidence;
use super::super::fact::{EventFact, EventTime, FactKind, keep_earliest};
use super::super::message::Pulled;
use super::super::packed::packed_struct;
use super::super::waits::Since;
use super::{ContainerEvidence, fits};

/// What events tell of one container.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContainerEvents {
    /// First event about the image.
    pub(crate) image: Option<EventTime>,
    pub(crate) pulling: Option<EventTime>,
    /// Latest attempt to pull, if there were several.
    pulling_again: Option<Repeated>,
    pub(crate) pulled: Option<(EventTime, Pulled)>,
    pub(crate) pull_failed: Option<EventTime>,
    pub(crate) pull_failed_last: Option<Timestamp>,
    /// A start that failed: when first, and the word for it.
    pub(crate) start_failed: Option<(EventTime, Arc<str>)>,
    pub(crate) started: Option<EventTime>,
    /// First occurrences of later events: a kubelet that restarts begins to count anew.
    pub(crate) started_later: Vec<EventTime>,
    pub(crate) started_last: Option<Timestamp>,
    pub(crate) started_count: u32,
    /// Receipts of repeated starts: how many starts there were then, and when.
    pub(crate) started_again: Vec<(u32, Timestamp)>,
}

/// The latest occurrence of a repeated event, to the second, and its receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Repeated {
    pub(crate) last: Timestamp,
    pub(crate) received: Option<Timestamp>,
}

/// A failed pull: when it failed first, when the latest attempt began, and when that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PullTrouble {
    pub(crate) failed: Timestamp,
    pub(crate) again: Option<Timestamp>,
    pub(crate) failed_again: Option<Timestamp>,
}

impl ContainerEvidence {
    /// Takes in what an event says about the container. Events may come in any order.
    pub(crate) fn take(&mut self, fact: &EventFact) {
        let events = &mut self.events;
        let first = fact.first;
        match &fact.kind {
            FactKind::Pulling => {
                keep_earliest(&mut events.image, first);
                keep_earliest(&mut events.pulling, first);
                if fact.count > 1 {
                    let latest = Repeated { last: fact.last, received: fact.received };
                    events.pulling_again = events.pulling_again.max(Some(latest));
                }
            }
            FactKind::Pulled(pulled) => {
                // A Pulled whose Pulling was lost tells when it was asked for.
                let asked = match pulled {
                    Pulled::Pulled { since_asked: Some(since), .. } => first.at - *since,
                    _ => first.at,
                };
                keep_earliest(&mut events.image, EventTime { at: asked, ..first });
                if events.pulled.is_none_or(|(kept, _)| first.at < kept.at) {
                    events.pulled = Some((first, *pulled));
                }
            }
            FactKind::ImageRefused => keep_earliest(&mut events.image, first),
            FactKind::StartFailed(word) => {
                let later =
                    |(kept, kept_word): &(EventTime, Arc<str>)| (first.at, word) < (kept.at, kept_word);
                if events.start_failed.as_ref().is_none_or(later) {
                    events.start_failed = Some((first, Arc::clone(word)));
                }
            }
            FactKind::PullFailed => {
                keep_earliest(&mut events.pull_failed, first);
                events.pull_failed_last = events.pull_failed_last.max(Some(fact.last));
            }
            FactKind::Started => {
                let before = events.started;
                keep_earliest(&mut events.started, first);
                let later =
                    [before, Some(first)].into_iter().flatten().filter(|time| Some(*time) != events.started);
                for time in later {
                    if !events.started_later.contains(&time) {
                        events.started_later.push(time);
                    }
                }
                if let Some(received) = fact.received.filter(|_| fact.count > 1)
                    && events.started_again.iter().all(|(count, _)| *count != fact.count)
                {
                    events.started_again.push((fact.count, received));
                }
                events.started_count = events.started_count.max(fact.count);
                events.started_last = events.started_last.max(Some(fact.last));
            }
            _ => {}
        }
    }

    /// When the node's queue for pulls was entered.
    pub(crate) fn pull_asked(&self) -> Option<EventTime> {
        let lost = || match self.events.pulled? {
            (end, Pulled::Cached) => Some(end),
            (end, Pulled::Pulled { since_asked, .. }) => Some(EventTime { at: end.at - since_asked?, ..end }),
        };
        self.events.pulling.or_else(lost)
    }

    /// The same, with what tells of it.
    pub(crate) fn pull_asked_by(&self) -> Option<(Timestamp, Evidence)> {
        let why = if self.events.pulling.is_some() {
            Evidence::PullingEvent
        } else {
            Evidence::PulledEventLessWait
        };
        Some((self.pull_asked()?.at, why))
    }

    /// First event about its image.
    pub(crate) fn first_image_event(&self) -> Option<EventTime> {
        self.events.image
    }

    /// Attempts to pull that failed: from the first failure to the latest attempt it was waited for the next one.
    pub(crate) fn pull_trouble(&self) -> Option<PullTrouble> {
        let failed = self.events.pull_failed?.at;
        // The pull that succeeded tells when it was asked for, finer than the repeated Pulling does.
        let asked = match self.events.pulled {
            Some((end, Pulled::Pulled { since_asked: Some(since), .. })) => Some(end.at - since),
            _ => self.events.pulling_again.map(|again| {
                again.received.filter(|received| fits(*received, again.last)).unwrap_or(again.last)
            }),
        };
        let again = asked.filter(|again| *again > failed);
        let unfinished = self.events.pulled.is_none();
        let failed_again = self
            .events
            .pull_failed_last
            .filter(|last| unfinished && again.is_some_and(|again| *last > again));
        Some(PullTrouble { failed, again, failed_again })
    }

    /// Since when, and why, it could not be made or started before it ever ran; `None` if nothing dates it. The status has
    /// the better word, the event the better time.
    pub(crate) fn unstartable(&self) -> Option<Since> {
        let word = self.unstartable.as_ref();
        let event = self.events.start_failed.as_ref().map(|(time, event_word)| Since {
            at: time.at,
            why: Evidence::StartFailedEvent,
            reason: Arc::clone(word.map_or(event_word, |(_, word)| word)),
        });
        let received = || {
            let (at, reason) = word.and_then(|(at, reason)| Some(((*at)?, reason)))?;
            Some(Since { at, why: Evidence::ReceivedWaiting, reason: Arc::clone(reason) })
        };
        event.or_else(received)
    }

    /// Moves every time that the kubelet's clock gave.
    pub(crate) fn shift_kubelet(&mut self, by: SignedDuration) {
        for run in &mut self.runs {
            for at in [&mut run.start, &mut run.end].into_iter().flatten() {
                *at += by;
            }
        }
        let events = &mut self.events;
        let times = [&mut events.image, &mut events.pulling, &mut events.pull_failed, &mut events.started];
        let pulled = events.pulled.as_mut().map(|(time, _)| time);
        let failed = events.start_failed.as_mut().map(|(time, _)| time);
        let named = times.into_iter().flatten().chain(pulled).chain(failed);
        for time in named.chain(&mut events.started_later) {
            time.at += by;
        }
        for at in [&mut events.pull_failed_last, &mut events.started_last].into_iter().flatten() {
            *at += by;
        }
        if let Some(again) = &mut events.pulling_again {
            again.last += by;
        }
    }

    /// The pull of its image.
    pub(crate) fn pull(&self) -> Option<Pull> {
        let Some((end, pulled)) = self.events.pulled else {
            // Asked for, not there yet: whether it waits or pulls is not known.
            return self.events.pulling.map(|_| Pull {
                start: None,
                end: None,
                wait: None,
                bytes: None,
                cached: false,
            });
        };
        Some(match pulled {
            Pulled::Cached => Pull {
                start: Some(end.at),
                end: Some(end.at),
                wait: Some(SignedDuration::ZERO),
                bytes: None,
                cached: true,
            },
            Pulled::Pulled { pull, since_asked, bytes } => Pull {
                start: pull.map(|pull| end.at - pull),
                end: Some(end.at),
                wait: since_asked.zip(pull).map(|(since, pull)| (since - pull).max(SignedDuration::ZERO)),
                bytes,
                cached: false,
            },
        })
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
packed_struct!(Repeated { last, received });
