//! Finds new fatal causes while a run goes on. Each kind of cause is found once for each workload.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::timeline::{Changes, FatalCause, FatalKind, PodKey, Timeline};

/// Searches the timeline for fatal causes after each change, and at the times at which causes become fatal.
#[derive(Debug)]
pub(crate) struct FatalWatch {
    /// How long a Pod may wait for something that can come by itself.
    patience: SignedDuration,
    /// The Pods that have changed since the last search, and those with a cause that is not fatal yet.
    suspects: BTreeSet<PodKey>,
    /// Whether something has changed since the last search.
    has_changed: bool,
    /// The next time at which a known cause becomes fatal.
    next_due: Option<Timestamp>,
    /// The kinds of the causes so far, each with the uid of its workload.
    known: Vec<(Arc<str>, FatalKind)>,
}

impl FatalWatch {
    pub(crate) fn new(patience: SignedDuration) -> Self {
        Self { patience, suspects: BTreeSet::new(), has_changed: false, next_due: None, known: Vec::new() }
    }

    /// Remembers these changes for the next search.
    pub(crate) fn add_changes(&mut self, changes: &Changes) {
        self.suspects.extend(changes.pods.iter().copied());
        self.has_changed |= changes.workloads_changed || !changes.pods.is_empty();
    }

    /// Whether a search at `now` can find a new cause.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.has_changed || self.next_due.is_some_and(|due| due <= now)
    }

    /// Returns the causes that are fatal at `now` and are not known yet, the earliest first.
    pub(crate) fn find_new(&mut self, timeline: &Timeline, now: Timestamp) -> Vec<FatalCause> {
        self.has_changed = false;
        self.next_due = None;
        let mut causes = timeline.fatal_causes_of_workloads(self.patience, now);
        let suspects = std::mem::take(&mut self.suspects);
        let of_pods = suspects.into_iter();
        causes.extend(of_pods.filter_map(|pod| timeline.fatal_cause_of_start(pod, self.patience, now)));
        causes.sort_by_key(|cause| (cause.due, cause.pod));
        let mut new = Vec::new();
        for cause in causes {
            if self.is_known(&cause) {
                continue;
            }
            let is_current = || cause.pod.is_none_or(|pod| timeline.is_of_newest_revision(pod));
            if cause.due <= now && is_current() {
                self.known.push((Arc::clone(&cause.workload), cause.kind.clone()));
                new.push(cause);
                continue;
            }
            if cause.due > now {
                self.next_due = Some(self.next_due.map_or(cause.due, |due| due.min(cause.due)));
            }
            // The cause counts later, or once the controller has counted the Pod as one of the newest revision.
            self.suspects.extend(cause.pod);
        }
        new
    }

    fn is_known(&self, cause: &FatalCause) -> bool {
        self.known.iter().any(|(workload, kind)| *workload == cause.workload && kind.is_same_as(&cause.kind))
    }
}
