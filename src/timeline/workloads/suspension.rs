//! Determines when a workload was suspended, from its observed states and from its controller's events. The states
//! arrive in order. The events may arrive in any order.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Evidence, Instant};
use crate::observation::{Event, Seen, saturating_add, truncate_to_millis};
use crate::timeline::workloads::change_times::{MAX_REPORT_DELAY, creation_instant};

/// An interval in which a workload was suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suspension {
    /// Start; `None` if it is unknown.
    pub(crate) start: Option<Instant>,
    /// End; `None` while the suspension lasts, and if the end is unknown.
    pub(crate) end: Option<Instant>,
    pub(crate) ended: bool,
}

/// The fields of one observed state of a workload that concern suspension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SuspensionReport {
    pub(crate) suspended: bool,
    /// The condition `Suspended`: whether it is true, and when it last changed.
    pub(crate) condition: Option<(bool, Timestamp)>,
    pub(crate) created: Option<Timestamp>,
    /// `metadata.generation`: 1 at first, and one more with each change of the desired state; 0 if it is unknown.
    pub(crate) generation: i64,
}

impl SuspensionReport {
    /// The time since which the condition agrees with the desired state; `None` if the condition is missing or does
    /// not agree.
    fn condition_since(&self) -> Option<Instant> {
        let (is_true, at) = self.condition?;
        (is_true == self.suspended).then_some(Instant::new(at, Evidence::SuspendedCondition))
    }

    fn creation(&self, first_received: Timestamp) -> Option<Instant> {
        self.created.map(|created| creation_instant(created, first_received))
    }

    /// The creation if `since` is at most [`MAX_REPORT_DELAY`] later, because the object was then created in this
    /// state. Otherwise `since`.
    fn creation_or(&self, since: Instant, first_received: Timestamp) -> Instant {
        match self.creation(first_received) {
            Some(creation) if since.at.duration_since(creation.at) <= MAX_REPORT_DELAY => creation,
            _ => since,
        }
    }
}

/// The suspensions that follow from the observed states of a workload.
#[derive(Clone, Debug, Default)]
pub(crate) struct SuspensionHistory {
    /// The suspensions in chronological order.
    observed: Vec<Suspension>,
    /// When the first state was received.
    first_received: Option<Timestamp>,
    created: Option<Timestamp>,
    generation: i64,
}

impl SuspensionHistory {
    /// Adds a state that was received at `received`.
    pub(crate) fn observe(&mut self, report: &SuspensionReport, received: Timestamp, seen: Seen) {
        let is_first = self.first_received.is_none();
        // If the desired state changed several times since the last state, the object shows only the last change.
        let missed_changes = seen == Seen::Listed
            && self.generation > 0
            && report.generation > self.generation.saturating_add(1);
        let since = report.condition_since();
        let was_suspended = self.observed.last().is_some_and(|last| !last.ended);
        if is_first {
            self.first_received = Some(received);
            self.created = report.created;
            self.observe_first(report, received, seen);
        } else if missed_changes && was_suspended == report.suspended {
            if since.is_some_and(|since| self.is_newer_than_known(since.at)) {
                self.end(None);
                let (start, end) = if report.suspended { (since, None) } else { (None, since) };
                self.observed.push(Suspension { start, end, ended: !report.suspended });
            }
        } else if was_suspended != report.suspended {
            let receipt = seen.is_live().then_some(Instant::new(received, Evidence::ReceivedSuspend));
            if report.suspended {
                self.observed.push(Suspension { start: receipt.or(since), end: None, ended: false });
            } else {
                self.end(receipt.or(since));
            }
        } else if let Some(last) = self.observed.last_mut() {
            // The controller sets the condition after the desired state has changed, so the condition may be missing
            // at first.
            let missing = if last.ended { &mut last.end } else { &mut last.start };
            *missing = missing.or(since);
        }
        self.generation = report.generation;
    }

    /// Adds the first state.
    fn observe_first(&mut self, report: &SuspensionReport, received: Timestamp, seen: Seen) {
        let since = report.condition_since();
        let creation = report.creation(received);
        if report.suspended {
            let is_unchanged = seen == Seen::Added || report.generation == 1;
            let start = since
                .map(|since| report.creation_or(since, received))
                .or_else(|| creation.filter(|_| is_unchanged));
            self.observed.push(Suspension { start, end: None, ended: false });
        } else if since.is_some_and(|since| {
            report.generation == 2 || Some(report.creation_or(since, received)) != creation
        }) {
            // Exactly one change of the desired state means that the object was created suspended.
            let start = creation.filter(|_| report.generation == 2);
            self.observed.push(Suspension { start, end: since, ended: true });
        }
    }

    /// Whether `at` is clearly later than the last known start or end.
    fn is_newer_than_known(&self, at: Timestamp) -> bool {
        let last = self.observed.last().and_then(|last| last.end.or(last.start));
        last.is_none_or(|last| at.duration_since(last.at) > MAX_REPORT_DELAY)
    }

    /// Ends the open suspension.
    fn end(&mut self, end: Option<Instant>) {
        if let Some(last) = self.observed.last_mut().filter(|last| !last.ended) {
            last.end = end;
            last.ended = true;
        }
    }

    /// All known suspensions in chronological order. The controller's events add suspensions from before the first
    /// observed state, missing starts, and more precise times.
    pub(crate) fn suspensions(&self, events: Option<&SuspensionEvents>) -> Vec<Suspension> {
        let mut observed = self.observed.clone();
        let (Some(events), Some(first_received)) = (events, self.first_received) else { return observed };
        let (starts, ends) = (events.suspended.instants(), events.resumed.instants());
        for suspension in &mut observed {
            refine(&mut suspension.start, &starts);
            refine(&mut suspension.end, &ends);
            if suspension.start.is_none() {
                let end = suspension.end.map_or(first_received, |end| end.at);
                let start = starts.iter().copied().rfind(|start| start.at <= end);
                // If the workload was resumed in between, the event started an earlier suspension.
                let is_resumed_between = |start: &Instant| {
                    ends.iter()
                        .any(|other| start.at < other.at && saturating_add(other.at, MAX_REPORT_DELAY) < end)
                };
                suspension.start = start.filter(|start| !is_resumed_between(start));
            }
            self.move_start_to_creation(&mut suspension.start);
        }
        let known_from = observed
            .first()
            .and_then(|first| first.start.or(first.end))
            .map_or(first_received, |at| at.at.min(first_received));
        let earlier = starts
            .iter()
            .filter(|start| saturating_add(start.at, MAX_REPORT_DELAY) < known_from)
            .filter_map(|start| {
                let end = ends.iter().find(|end| end.at > start.at).filter(|end| end.at <= known_from)?;
                // If several starts precede the same end, only the last start counts.
                let is_last_start = !starts.iter().any(|other| start.at < other.at && other.at < end.at);
                let mut suspension = Suspension { start: Some(*start), end: Some(*end), ended: true };
                self.move_start_to_creation(&mut suspension.start);
                is_last_start.then_some(suspension)
            });
        let mut all: Vec<Suspension> = earlier.collect();
        all.append(&mut observed);
        all
    }

    /// Moves `start` to the creation if the controller reported the start soon after the creation, because the workload
    /// was then created suspended.
    fn move_start_to_creation(&self, start: &mut Option<Instant>) {
        let (Some(start), Some(created), Some(first_received)) = (start, self.created, self.first_received)
        else {
            return;
        };
        let is_event = matches!(start.evidence, Evidence::SuspendEvent | Evidence::SuspendEventCoarse);
        if is_event && start.at.duration_since(created) <= MAX_REPORT_DELAY {
            *start = creation_instant(created, first_received);
        }
    }
}

/// Replaces a time from a condition with the time of an event that reports the same change, because the time of a
/// condition is truncated to the second.
fn refine(instant: &mut Option<Instant>, events: &[Instant]) {
    let Some(known) = instant.as_mut().filter(|known| known.evidence == Evidence::SuspendedCondition) else {
        return;
    };
    let is_same_change = |event: &&Instant| {
        let difference = event.at.duration_since(known.at);
        event.evidence == Evidence::SuspendEvent
            && difference >= SignedDuration::from_millis(-200)
            && difference <= SignedDuration::from_millis(1200)
    };
    if let Some(event) = events.iter().find(is_same_change) {
        *known = *event;
    }
}

/// The times of the controller's `Suspended` and `Resumed` events. The order in which events are added does not matter.
#[derive(Clone, Debug, Default)]
pub(crate) struct SuspensionEvents {
    suspended: EventTimes,
    resumed: EventTimes,
}

impl SuspensionEvents {
    /// Whether the Job controller reports the start or the end of a suspension. Other components use the same event
    /// reasons for other purposes.
    pub(crate) fn is_suspension(event: &Event) -> bool {
        matches!(event.reason.as_str(), "Suspended" | "Resumed") && event.is_from_job_controller()
    }

    /// Adds an event for which [`SuspensionEvents::is_suspension`] is true.
    pub(crate) fn add(&mut self, event: &Event) {
        let (Some((first, is_precise)), Some(last)) = (event.first_occurrence(), event.last_occurrence())
        else {
            return;
        };
        let times = if event.reason == "Resumed" { &mut self.resumed } else { &mut self.suspended };
        let first = (truncate_to_millis(first), !is_precise);
        if let Err(index) = times.first_times.binary_search(&first) {
            times.first_times.insert(index, first);
        }
        if event.occurrences() > 1 {
            times.last_repeated = times.last_repeated.max(Some(truncate_to_millis(last)));
        }
    }
}

/// The times of events with the same reason.
#[derive(Clone, Debug, Default)]
struct EventTimes {
    /// The first occurrence of each event, and whether it is truncated to the second.
    first_times: Vec<(Timestamp, bool)>,
    /// The latest occurrence of a repeated event, truncated to the second.
    last_repeated: Option<Timestamp>,
}

impl EventTimes {
    /// All known times in chronological order.
    fn instants(&self) -> Vec<Instant> {
        let instant = |(at, is_coarse)| {
            Instant::new(at, if is_coarse { Evidence::SuspendEventCoarse } else { Evidence::SuspendEvent })
        };
        let last = self.last_repeated.map(|at| (at, true));
        let mut instants: Vec<Instant> = self.first_times.iter().copied().chain(last).map(instant).collect();
        instants.sort_by_key(|instant| instant.at);
        instants
    }
}
