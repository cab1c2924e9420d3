//! When a workload was told to have no Pods: from its states, which come in order, and from its controller's events,
//! which come in any.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Evidence, Instant};
use crate::observation::{Event, Seen, whole_millis};

/// What is created suspended has the condition within this time; a controller needs no more to tell of a change.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(2);

/// A time in which it was suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suspension {
    /// Begin; `None` if nobody tells.
    pub(crate) start: Option<Instant>,
    /// End; `None` while it goes on, and if nobody tells.
    pub(crate) end: Option<Instant>,
    pub(crate) over: bool,
}

/// What one state of a workload says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) suspended: bool,
    /// The condition `Suspended`: whether it is true, and since when.
    pub(crate) condition: Option<(bool, Timestamp)>,
    pub(crate) created: Option<Timestamp>,
    /// Grows by one with every change of the desired state, from 1; 0 if it is not told.
    pub(crate) generation: i64,
}

impl Told {
    /// Since when the condition says the same.
    fn since(&self) -> Option<Instant> {
        let (is_true, at) = self.condition?;
        (is_true == self.suspended).then_some(Instant { at, evidence: Evidence::SuspendedCondition })
    }

    fn begin(&self) -> Option<Instant> {
        self.created.map(|at| Instant { at, evidence: Evidence::CreationTimestamp })
    }

    /// A condition that is as old as the object was there from the first.
    fn or_begin(&self, since: Instant) -> Instant {
        match self.begin() {
            Some(begin) if since.at.duration_since(begin.at) <= AT_ONCE => begin,
            _ => since,
        }
    }
}

/// What the states of a workload say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Suspensions {
    list: Vec<Suspension>,
    /// Receipt of the first state.
    first: Option<Timestamp>,
    created: Option<Timestamp>,
    generation: i64,
}

impl Suspensions {
    /// Takes in a state.
    pub(crate) fn observe(&mut self, told: &Told, received: Timestamp, seen: Seen) {
        let first = self.first.is_none();
        // Of several changes between two states only the last is told.
        let missed = seen == Seen::Listed && self.generation > 0 && told.generation > self.generation + 1;
        let since = told.since();
        let open = self.list.last().is_some_and(|last| !last.over);
        if first {
            self.first = Some(received);
            self.created = told.created;
            self.begin(told, seen);
        } else if missed && open == told.suspended {
            if since.is_some_and(|since| self.knows_before(since.at)) {
                self.end(None);
                let (start, end) = if told.suspended { (since, None) } else { (None, since) };
                self.list.push(Suspension { start, end, over: !told.suspended });
            }
        } else if open != told.suspended {
            let receipt =
                seen.live().then_some(Instant { at: received, evidence: Evidence::ReceivedSuspend });
            if told.suspended {
                self.list.push(Suspension { start: receipt.or(since), end: None, over: false });
            } else {
                self.end(receipt.or(since));
            }
        } else if let Some(last) = self.list.last_mut() {
            // The condition follows the desired state.
            match last.over {
                false if last.start.is_none() => last.start = since,
                true if last.end.is_none() => last.end = since,
                _ => {}
            }
        }
        self.generation = told.generation;
    }

    /// The first state that anybody saw.
    fn begin(&mut self, told: &Told, seen: Seen) {
        let since = told.since();
        if told.suspended {
            let from_the_first = seen == Seen::Added || told.generation == 1;
            let start =
                since.map(|since| told.or_begin(since)).or_else(|| told.begin().filter(|_| from_the_first));
            self.list.push(Suspension { start, end: None, over: false });
        } else if since
            .is_some_and(|since| told.generation == 2 || Some(told.or_begin(since)) != told.begin())
        {
            // Changed once, it was created suspended.
            let start = told.begin().filter(|_| told.generation == 2);
            self.list.push(Suspension { start, end: since, over: true });
        }
    }

    /// Whether all that is known is older.
    fn knows_before(&self, at: Timestamp) -> bool {
        let last = self.list.last().and_then(|last| last.end.or(last.start));
        last.is_none_or(|last| at.duration_since(last.at) > AT_ONCE)
    }

    fn end(&mut self, end: Option<Instant>) {
        if let Some(last) = self.list.last_mut().filter(|last| !last.over) {
            last.end = end;
            last.over = true;
        }
    }

    /// When it was suspended, with what the controller's events tell of the time before anybody looked.
    pub(crate) fn list(&self, events: Option<&Toggles>) -> Vec<Suspension> {
        let mut list = self.list.clone();
        let (Some(events), Some(first)) = (events, self.first) else { return list };
        let (starts, ends) = (events.suspended.marks(), events.resumed.marks());
        for suspension in &mut list {
            refine(&mut suspension.start, &starts);
            refine(&mut suspension.end, &ends);
            if suspension.start.is_none() {
                let end = suspension.end.map_or(first, |end| end.at);
                let start = starts.iter().copied().rfind(|start| start.at <= end);
                // Nothing else may lie between them.
                let resumed = |start: &Instant| {
                    ends.iter().any(|other| start.at < other.at && other.at + AT_ONCE < end)
                };
                suspension.start = start.filter(|start| !resumed(start));
            }
            self.believe_first(&mut suspension.start);
        }
        let known_from =
            list.first().and_then(|first| first.start.or(first.end)).map_or(first, |at| at.at.min(first));
        let earlier = starts.iter().filter(|start| start.at + AT_ONCE < known_from).filter_map(|start| {
            let end = ends.iter().find(|end| end.at > start.at).filter(|end| end.at <= known_from)?;
            let again = starts.iter().any(|other| start.at < other.at && other.at < end.at);
            let mut suspension =
                Suspension { start: Some(*start).filter(|_| !again), end: Some(*end), over: true };
            self.believe_first(&mut suspension.start);
            (!again).then_some(suspension)
        });
        let mut all: Vec<Suspension> = earlier.collect();
        all.append(&mut list);
        all
    }

    /// What the controller tells at once after the creation was so from the first.
    fn believe_first(&self, start: &mut Option<Instant>) {
        let (Some(start), Some(created)) = (start, self.created) else { return };
        let told = matches!(start.evidence, Evidence::SuspendEvent | Evidence::SuspendEventCoarse);
        if told && start.at.duration_since(created) <= AT_ONCE {
            *start = Instant { at: created, evidence: Evidence::CreationTimestamp };
        }
    }
}

/// Takes the finer time of the same change.
fn refine(instant: &mut Option<Instant>, marks: &[Instant]) {
    let Some(known) = instant.as_mut().filter(|known| known.evidence == Evidence::SuspendedCondition) else {
        return;
    };
    let same = |mark: &&Instant| {
        let apart = mark.at.duration_since(known.at);
        mark.evidence == Evidence::SuspendEvent
            && apart >= SignedDuration::from_millis(-200)
            && apart <= SignedDuration::from_millis(1200)
    };
    if let Some(mark) = marks.iter().find(same) {
        *known = *mark;
    }
}

/// What the controller's `Suspended` and `Resumed` events tell; the same whatever the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Toggles {
    suspended: Repeats,
    resumed: Repeats,
}

impl Toggles {
    /// Whether an Event tells of a suspension. Others tell of theirs under the same word.
    pub(crate) fn concerns(event: &Event) -> bool {
        matches!(event.reason.as_str(), "Suspended" | "Resumed") && event.component() == "job-controller"
    }

    /// Takes in such an Event.
    pub(crate) fn take(&mut self, event: &Event) {
        let (Some((first, fine)), Some(last)) = (event.first(), event.last()) else { return };
        let repeats = if event.reason == "Resumed" { &mut self.resumed } else { &mut self.suspended };
        let first = (whole_millis(first), !fine);
        if let Err(place) = repeats.firsts.binary_search(&first) {
            repeats.firsts.insert(place, first);
        }
        if event.occurrences() > 1 {
            repeats.last = repeats.last.max(Some(whole_millis(last)));
        }
    }
}

/// First occurrences (with whether they are coarse), and the latest one, which is always truncated to the second.
#[derive(Clone, Debug, Default)]
struct Repeats {
    firsts: Vec<(Timestamp, bool)>,
    last: Option<Timestamp>,
}

impl Repeats {
    fn marks(&self) -> Vec<Instant> {
        let evidence = |coarse| if coarse { Evidence::SuspendEventCoarse } else { Evidence::SuspendEvent };
        let firsts = self.firsts.iter().map(|&(at, coarse)| Instant { at, evidence: evidence(coarse) });
        let mut marks: Vec<Instant> = firsts.collect();
        marks.extend(self.last.map(|at| Instant { at, evidence: Evidence::SuspendEventCoarse }));
        marks.sort_by_key(|mark| mark.at);
        marks
    }
}
