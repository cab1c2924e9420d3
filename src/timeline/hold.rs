//! Times in which a workload itself made no Pods, because it was suspended or because they were refused.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::suspension::Suspension;
use super::{PodKey, Timeline, Workload, WorkloadState};
use crate::lifecycle::{Evidence, Instant, Names, Source};
use crate::observation::ObjectMeta;

/// The label by which Kueue takes charge of an object: it suspends it until it is admitted.
const KUEUE_QUEUE: &str = "kueue.x-k8s.io/queue-name";

/// A time in which a workload made no Pods of its own accord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// `suspended`, `admission by Kueue queue team-a`, `FailedCreate`.
    pub reason: Arc<str>,
    /// Why its Pods were refused, without what differs from try to try.
    pub message: Option<Arc<str>>,
    /// Begin; `None` if nobody tells.
    pub start: Option<Instant>,
    /// End; `None` while it goes on, and if nobody tells.
    pub end: Option<Instant>,
    /// Whether it has ended.
    pub ended: bool,
}

impl Hold {
    /// How long it took, or has taken until `now`; `None` if an end of it is unknown. Never negative.
    pub fn duration(&self, now: Timestamp) -> Option<SignedDuration> {
        let end = if self.ended { self.end?.at } else { now };
        Some(end.duration_since(self.start?.at).max(SignedDuration::ZERO))
    }

    /// The weaker of what its ends were read from.
    pub fn source(&self) -> Source {
        let ends = [self.start, self.end].into_iter().flatten();
        ends.map(|end| end.evidence.source()).max().unwrap_or(Source::Inferred)
    }

    /// Reason and message in one phrase.
    pub fn phrase(&self) -> String {
        match &self.message {
            Some(message) => format!("{}: {message}", self.reason),
            None => self.reason.to_string(),
        }
    }
}

/// The suspensions of a workload as what it waited for.
pub(crate) fn suspended(suspensions: Vec<Suspension>, metadata: &ObjectMeta, names: &mut Names) -> Vec<Hold> {
    if suspensions.is_empty() {
        return Vec::new();
    }
    let reason = match metadata.labels.get(KUEUE_QUEUE) {
        Some(queue) => names.share(&format!("admission by Kueue queue {queue}")),
        None => names.share("suspended"),
    };
    let hold = |Suspension { start, end, over }| {
        let reason = Arc::clone(&reason);
        Hold { reason, message: None, start, end, ended: over }
    };
    suspensions.into_iter().map(hold).collect()
}

impl Timeline {
    /// Adds to what holds a workload back the times in which its Pods were refused, and ends what ends with it.
    pub(crate) fn hold_back(&self, workload: &mut Workload) {
        if let Some(refusals) = self.refusals.get(&workload.uid) {
            let suspended = workload.holds.iter().find_map(|hold| hold.start.filter(|_| !hold.ended));
            let made = Made { timeline: self, pods: &workload.pods };
            let open = workload.creation_block.as_ref().map(|waiting| &waiting.message);
            let refused = refusals.holds(&made, open, suspended);
            workload.holds.extend(refused);
            workload
                .holds
                .sort_by(|a, b| (at(a), &a.reason, &a.message).cmp(&(at(b), &b.reason, &b.message)));
        }
        // A workload that is over waits for nothing any more.
        let going =
            !workload.gone && !matches!(workload.state, WorkloadState::Succeeded | WorkloadState::Failed);
        for hold in workload.holds.iter_mut().filter(|hold| !hold.ended && !going) {
            hold.end = workload.finished.map(|at| Instant { at, evidence: Evidence::WorkloadEnded });
            hold.ended = true;
        }
    }
}

fn at(hold: &Hold) -> Option<Timestamp> {
    hold.start.or(hold.end).map(|instant| instant.at)
}

/// When a workload's Pods were made, in the order of their creation.
pub(crate) struct Made<'a> {
    timeline: &'a Timeline,
    pods: &'a [PodKey],
}

impl Made<'_> {
    fn created(&self, place: usize) -> Option<Instant> {
        self.timeline.pod(*self.pods.get(place)?).life.instants.created
    }

    /// How many were made until then; those of which it is not known count as the oldest.
    fn until(&self, at: Timestamp) -> usize {
        let before =
            |key: &PodKey| self.timeline.overview(*key).created().is_none_or(|created| created <= at);
        self.pods.partition_point(before)
    }

    /// The first that was made after that.
    pub(crate) fn next_after(&self, at: Timestamp) -> Option<Instant> {
        self.created(self.until(at))
    }

    /// The last that was made until then.
    pub(crate) fn last_until(&self, at: Timestamp) -> Option<Instant> {
        self.created(self.until(at).checked_sub(1)?)
    }
}
