//! The Events about the image, the starts and the failures of one container. Events may be added in any order.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::container_life::Pull;
use crate::lifecycle::event_fact::{EventFact, EventTime, FactKind, is_same_instant, keep_earliest};
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::message::PulledMessage;
use crate::lifecycle::packed::packed_struct;
use crate::lifecycle::time::instant::Instant;
use crate::observation::{saturating_add, saturating_sub};

/// The facts that Events report about one container.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContainerEvents {
    /// First Event about the image. For a `Pulled` event, this is the time at which the pull was requested, because the
    /// `Pulling` event of the request can be lost.
    image: Option<EventTime>,
    /// First `Pulling` event.
    pulling: Option<EventTime>,
    /// Repetitions of the `Pulling` event, oldest first.
    retries: Vec<RepeatedEvent>,
    /// First `Pulled` event.
    pulled: Option<(EventTime, PulledMessage)>,
    /// First `Failed` event of a pull.
    pull_failed: Option<EventTime>,
    /// Repetitions of the `Failed` event of a pull, oldest first.
    retry_failures: Vec<RepeatedEvent>,
    /// The highest count of each `Failed` event of a pull, with the first occurrence of the event. Failures with
    /// different messages have events of their own.
    pull_failure_counts: Vec<(u32, Timestamp)>,
    /// Time and cause of the latest failure to pull the image or to start the container, as its Event reports it.
    failure_message: Option<(Timestamp, Arc<str>)>,
    /// Stops of the container because of a failed probe, oldest first.
    probe_kills: Vec<RepeatedEvent>,
    /// Time and cause of the latest failed probe.
    failed_probe: Option<(Timestamp, Arc<str>)>,
    /// First failed start, and the `waiting.reason` that belongs to it.
    start_failed: Option<(EventTime, Arc<str>)>,
    /// First `Started` event.
    started: Option<EventTime>,
    /// First occurrences of further `Started` events. After a restart, the kubelet creates a new Event instead of
    /// increasing the count of the old Event.
    later_starts: Vec<EventTime>,
    /// Latest start, in most cases truncated to the second.
    latest_start: Option<Timestamp>,
    /// Highest count of a `Started` event.
    started_count: u32,
    /// Each count of a repeated `Started` event, with the time at which this count was first received.
    start_receipts: Vec<(u32, Timestamp)>,
    /// First `BackOff` event of a restart.
    back_off: Option<EventTime>,
    /// First `Killing` event. Kept only for a sidecar or an init container.
    stopped: Option<EventTime>,
}

/// Times of a status and of repetitions are truncated to the second.
const MAX_TRUNCATION: SignedDuration = SignedDuration::from_secs(1);

/// The maximum number of repetitions that are kept of one Event. The kubelet's limit for Events is lower.
const MAX_REPETITIONS: usize = 32;

/// A repetition of an Event, truncated to the second, and the time of its receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RepeatedEvent {
    last: Timestamp,
    received: Option<Timestamp>,
}

impl RepeatedEvent {
    /// Returns the time of the receipt if it can be the time of the repetition, otherwise the truncated time.
    fn best_time(self) -> Timestamp {
        self.received.filter(|received| is_same_instant(*received, self.last)).unwrap_or(self.last)
    }
}

/// Adds a repetition in the order of time. Keeps the earliest receipt of each repetition.
fn add_repetition(repetitions: &mut Vec<RepeatedEvent>, new: RepeatedEvent) {
    match repetitions.binary_search_by_key(&new.last, |kept| kept.last) {
        Ok(index) => {
            let received = &mut repetitions[index].received;
            *received = [*received, new.received].into_iter().flatten().min();
        }
        Err(index) if repetitions.len() < MAX_REPETITIONS => repetitions.insert(index, new),
        // The latest repetition matters more than the one before it.
        Err(index) if index == repetitions.len() => repetitions[index - 1] = new,
        Err(_) => {}
    }
}

/// One attempt to pull an image. All attempts failed except possibly the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PullAttempt {
    pub(crate) start: Instant,
    /// The failure of the attempt. `None` if the attempt goes on, succeeded, or if no Event reports its failure.
    pub(crate) failed: Option<Instant>,
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
                    let retry = RepeatedEvent { last: fact.last, received: fact.received };
                    add_repetition(&mut self.retries, retry);
                }
            }
            FactKind::Pulled(message) => self.add_pulled(first, *message),
            FactKind::ImageRefused(cause) => {
                keep_earliest(&mut self.image, first);
                self.add_failure_message(fact, cause.as_ref());
            }
            FactKind::StartFailed(reason, cause) => {
                self.add_failure_message(fact, cause.as_ref());
                let is_kept_later =
                    |(kept, kept_reason): &(EventTime, Arc<str>)| (first.at, reason) < (kept.at, kept_reason);
                if self.start_failed.as_ref().is_none_or(is_kept_later) {
                    self.start_failed = Some((first, Arc::clone(reason)));
                }
            }
            FactKind::PullFailed(cause) => {
                keep_earliest(&mut self.pull_failed, first);
                self.count_pull_failure(fact);
                if fact.count > 1 {
                    let failure = RepeatedEvent { last: fact.last, received: fact.received };
                    add_repetition(&mut self.retry_failures, failure);
                }
                self.add_failure_message(fact, cause.as_ref());
            }
            FactKind::KilledByProbe => {
                let kill = RepeatedEvent { last: fact.last, received: fact.received };
                add_repetition(&mut self.probe_kills, kill);
            }
            FactKind::ProbeFailed(cause) => {
                if self.failed_probe.as_ref().is_none_or(|(at, kept)| (fact.last, cause) > (*at, kept)) {
                    self.failed_probe = Some((fact.last, Arc::clone(cause)));
                }
            }
            FactKind::Started => self.add_started(fact),
            FactKind::BackOff => keep_earliest(&mut self.back_off, first),
            FactKind::Killing => keep_earliest(&mut self.stopped, first),
            // `PodEvidence` handles these facts itself.
            FactKind::Scheduled
            | FactKind::Unschedulable(_)
            | FactKind::Autoscaler(_)
            | FactKind::Setup(..)
            | FactKind::Disrupted(_)
            | FactKind::EndedByKubelet(_) => {}
        }
    }

    /// Keeps the highest count of an event about a failed pull.
    fn count_pull_failure(&mut self, fact: &EventFact) {
        let counts = &mut self.pull_failure_counts;
        match counts.iter().position(|(_, first)| *first == fact.first.at) {
            Some(known) => counts[known].0 = fact.count.max(counts[known].0),
            None if counts.len() < MAX_REPETITIONS => counts.push((fact.count, fact.first.at)),
            None => {}
        }
    }

    /// Returns the number of failed pulls that Events report.
    pub(crate) fn failed_pulls(&self) -> u32 {
        self.pull_failure_counts.iter().map(|(count, _)| *count).fold(0, u32::saturating_add)
    }

    /// Keeps the cause of the latest failure.
    fn add_failure_message(&mut self, fact: &EventFact, cause: Option<&Arc<str>>) {
        let Some(cause) = cause else { return };
        let is_later = |(at, kept): &(Timestamp, Arc<str>)| (fact.last, cause) > (*at, kept);
        if self.failure_message.as_ref().is_none_or(is_later) {
            self.failure_message = Some((fact.last, Arc::clone(cause)));
        }
    }

    /// Whether an Event reports that the container could not be started.
    pub(crate) fn has_failed_start(&self) -> bool {
        self.start_failed.is_some()
    }

    /// Returns the cause of the latest failure to pull the image or to start the container.
    pub(crate) fn failure_message(&self) -> Option<&Arc<str>> {
        self.failure_message.as_ref().map(|(_, message)| message)
    }

    /// Returns why the kubelet ended a run with this start and this end, if a failed probe was the cause. Only the
    /// cause of the latest failed probe is known.
    pub(crate) fn probe_kill_cause(&self, start: Timestamp, end: Timestamp) -> Option<&Arc<str>> {
        let (_, cause) = self.failed_probe.as_ref()?;
        let is_inside = |kill: &RepeatedEvent| {
            kill.last >= saturating_sub(start, MAX_TRUNCATION)
                && kill.last <= saturating_add(end, MAX_TRUNCATION)
        };
        self.probe_kills.iter().any(is_inside).then_some(cause)
    }

    fn add_pulled(&mut self, end: EventTime, message: PulledMessage) {
        let requested = match message {
            PulledMessage::Pulled { since_request: Some(since), .. } => saturating_sub(end.at, since),
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
            if Some(time) != self.started && !self.later_starts.contains(&time) {
                self.later_starts.push(time);
            }
        }
        if let Some(received) = fact.received.filter(|_| fact.count > 1)
            && self.start_receipts.iter().all(|(count, _)| *count != fact.count)
        {
            self.start_receipts.push((fact.count, received));
        }
        self.started_count = self.started_count.max(fact.count);
        self.latest_start = self.latest_start.max(Some(fact.last));
    }

    /// Returns the time at which the kubelet first stopped the container, if the time is finer than a second. `None`
    /// for a main container.
    pub(crate) fn first_stop(&self) -> Option<Timestamp> {
        self.stopped.filter(|event| event.fine).map(|event| event.at)
    }

    /// Returns the time of the first Event about the image.
    pub(crate) fn first_image_event(&self) -> Option<EventTime> {
        self.image
    }

    /// Returns the time of the first `Started` event.
    pub(crate) fn first_start(&self) -> Option<EventTime> {
        self.started
    }

    /// Returns the time of a further `Started` event. The time is finer than a second and can be the same instant as
    /// `coarse`.
    pub(crate) fn later_start_at(&self, coarse: Timestamp) -> Option<EventTime> {
        self.later_starts.iter().copied().find(|event| event.fine && is_same_instant(event.at, coarse))
    }

    /// Returns the time at which a repeated `Started` event with this count was first received.
    pub(crate) fn receipt_of_start(&self, count: u32) -> Option<Timestamp> {
        self.start_receipts.iter().find(|(other, _)| *other == count).map(|(_, received)| *received)
    }

    /// Returns the highest count of a `Started` event, and the time of the latest start.
    pub(crate) fn latest_start_and_count(&self) -> Option<(u32, Timestamp)> {
        Some((self.started_count, self.latest_start?))
    }

    /// Returns all known starts, oldest first, and the number of starts that are not known individually.
    pub(crate) fn starts(&self) -> (Vec<Instant>, u32) {
        let to_instant =
            |event: EventTime| event.to_instant(Evidence::StartedEvent, Evidence::StartedEventCoarse);
        let mut starts: Vec<Instant> =
            self.started.iter().chain(&self.later_starts).copied().map(to_instant).collect();
        starts.sort_by_key(|start| start.at);
        // The time of a repetition is truncated to the second.
        let latest = self.latest_start.filter(|_| self.started_count > 1);
        if let Some(at) = latest.filter(|at| starts.last().is_some_and(|known| *at > known.at)) {
            starts.push(Instant::new(at, Evidence::StartedEventCoarse));
        }
        let known = u32::try_from(starts.len()).unwrap_or(u32::MAX);
        (starts, self.started_count.saturating_sub(known))
    }

    /// Returns the instant at which the pull was requested and entered the node's queue.
    pub(crate) fn pull_requested(&self) -> Option<Instant> {
        if let Some(pulling) = self.pulling {
            return Some(Instant::new(pulling.at, Evidence::PullingEvent));
        }
        let (end, message) = self.pulled?;
        let at = match message {
            PulledMessage::Cached => end.at,
            PulledMessage::Pulled { since_request, .. } => saturating_sub(end.at, since_request?),
        };
        Some(Instant::new(at, Evidence::PulledEventMinusWait))
    }

    /// Returns the attempts to pull the image, oldest first, if at least one of them failed. The last attempt is the
    /// one that succeeded, if an Event reports a success.
    pub(crate) fn failed_pull_attempts(&self) -> Vec<PullAttempt> {
        let (Some(first_failure), Some(requested)) = (self.pull_failed, self.pull_requested()) else {
            return Vec::new();
        };
        let pulled = self.pulled.map(|(end, _)| end.at);
        if first_failure.at <= requested.at || pulled.is_some_and(|pulled| pulled <= first_failure.at) {
            return Vec::new();
        }
        // The `Pulled` event dates the request of the pull more precisely than the repeated `Pulling` event does.
        let succeeded = match self.pulled {
            Some((end, PulledMessage::Pulled { since_request: Some(since), .. })) => {
                Some(saturating_sub(end.at, since))
            }
            Some((_, PulledMessage::Pulled { since_request: None, .. } | PulledMessage::Cached)) | None => {
                None
            }
        };
        let is_before_success = |retry: &RepeatedEvent| match (succeeded, pulled) {
            (Some(succeeded), _) => retry.last < succeeded && !is_same_instant(succeeded, retry.last),
            (None, Some(pulled)) => retry.last < pulled,
            (None, None) => true,
        };
        let retries = self.retries.iter().copied().filter(is_before_success).map(RepeatedEvent::best_time);
        let retries = retries.chain(succeeded).filter(|retry| *retry > first_failure.at);
        let mut starts = vec![requested];
        starts.extend(retries.map(|at| Instant::new(at, Evidence::LatestPullingEvent)));
        let first_failure = Instant::new(first_failure.at, Evidence::PullFailedEvent);
        let later_failures = self.retry_failures.iter().map(|failure| {
            // A failure in the same second as the start of its attempt is not earlier than this start.
            let at = failure.best_time();
            let start = starts.iter().rev().find(|start| is_same_instant(start.at, failure.last));
            Instant::new(start.map_or(at, |start| at.max(start.at)), Evidence::LatestPullFailedEvent)
        });
        let failures: Vec<Instant> = std::iter::once(first_failure).chain(later_failures).collect();
        let attempt = |(index, start): (usize, &Instant)| {
            let next = starts.get(index + 1);
            let is_own =
                |failure: &&Instant| failure.at >= start.at && next.is_none_or(|next| failure.at < next.at);
            let failed = failures.iter().find(is_own).copied();
            PullAttempt { start: *start, failed: failed.filter(|_| next.is_some() || pulled.is_none()) }
        };
        starts.iter().enumerate().map(attempt).collect()
    }

    /// Returns the first failed start, and the `waiting.reason` that belongs to it.
    pub(crate) fn start_failed(&self) -> Option<(EventTime, &Arc<str>)> {
        self.start_failed.as_ref().map(|(time, reason)| (*time, reason))
    }

    /// Returns the time of the first `BackOff` event of a restart, if it is finer than a second.
    pub(crate) fn back_off(&self) -> Option<EventTime> {
        self.back_off.filter(|event| event.fine)
    }

    /// Returns the pull of the image, or `None` if no Event reports one.
    pub(crate) fn pull(&self) -> Option<Pull> {
        let Some((end, message)) = self.pulled else {
            // Only the request is known. The pull may still wait in the node's queue.
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
                start: pull.map(|pull| saturating_sub(end.at, pull)),
                end: Some(end.at),
                wait: since_request
                    .zip(pull)
                    .map(|(since, pull)| since.saturating_sub(pull).max(SignedDuration::ZERO)),
                bytes,
                cached: false,
            },
        })
    }

    /// Moves all times that come from the kubelet's clock. Times of receipt stay unchanged.
    pub(crate) fn shift_kubelet_times(&mut self, by: SignedDuration) {
        let times = [
            &mut self.image,
            &mut self.pulling,
            &mut self.pull_failed,
            &mut self.started,
            &mut self.back_off,
            &mut self.stopped,
        ];
        let pulled = self.pulled.as_mut().map(|(time, _)| time);
        let start_failed = self.start_failed.as_mut().map(|(time, _)| time);
        let times = times.into_iter().flatten().chain(pulled).chain(start_failed);
        for time in times.chain(&mut self.later_starts) {
            time.at = saturating_add(time.at, by);
        }
        let messages = self.failure_message.iter_mut().chain(&mut self.failed_probe).map(|(at, _)| at);
        let repetitions = self.retries.iter_mut().chain(&mut self.retry_failures);
        let repetitions = repetitions.chain(&mut self.probe_kills);
        let times = repetitions.map(|repetition| &mut repetition.last);
        for at in times.chain(&mut self.latest_start).chain(messages) {
            *at = saturating_add(*at, by);
        }
    }

    /// Moves all times of receipt.
    pub(crate) fn shift_receipts(&mut self, by: SignedDuration) {
        let starts = self.start_receipts.iter_mut().map(|(_, received)| received);
        let repetitions = self.retries.iter_mut().chain(&mut self.retry_failures);
        let repetitions = repetitions.chain(&mut self.probe_kills);
        let receipts = repetitions.filter_map(|repetition| repetition.received.as_mut());
        for at in starts.chain(receipts) {
            *at = saturating_add(*at, by);
        }
    }
}

packed_struct!(ContainerEvents {
    image,
    pulling,
    retries,
    pulled,
    pull_failed,
    retry_failures,
    pull_failure_counts,
    failure_message,
    probe_kills,
    failed_probe,
    start_failed,
    started,
    later_starts,
    latest_start,
    started_count,
    start_receipts,
    back_off,
    stopped,
});
packed_struct!(RepeatedEvent { last, received });
