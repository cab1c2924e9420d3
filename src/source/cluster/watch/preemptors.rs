//! Finds the names of the Pods that preempted followed Pods.
//!
//! An Event `Preempted` contains only the uid of the preemptor. The scheduler's Events about the preemptor contain its
//! name too, but the preemptor is not followed. The two Events arrive in any order, so the scheduler's Events about
//! Pods that are not followed are held.

use std::collections::{HashSet, VecDeque};

use crate::observation::{Event, Observation};
use crate::source::cluster::watch::uid_key::uid_key;

/// Maximum number of Events that are held.
const MAX_HELD_EVENTS: usize = 256;

/// The Pods that preempted followed Pods.
#[derive(Debug, Default)]
pub(crate) struct Preemptors {
    /// The uids of the preemptors.
    uids: HashSet<u128>,
    /// Events about Pods that are not followed, each with the uid of the Pod. One Event for each Pod.
    candidates: VecDeque<(u128, Observation)>,
}

impl Preemptors {
    /// Whether the Event names a preemptor.
    pub(crate) fn names(&self, event: &Event) -> bool {
        is_about_scheduling(event) && self.uids.contains(&uid_key(&event.involved_object.uid))
    }

    /// Holds the observation of an Event about a Pod that is not followed, if the Pod may be a preemptor: the scheduler
    /// reports that a Pod fits on no node before it preempts other Pods.
    pub(crate) fn add_candidate(&mut self, event: &Event, observation: &Observation) {
        if event.reason != "FailedScheduling" {
            return;
        }
        let uid = uid_key(&event.involved_object.uid);
        if self.candidates.iter().any(|(held, _)| *held == uid) {
            return;
        }
        if self.candidates.len() == MAX_HELD_EVENTS {
            self.candidates.pop_front();
        }
        self.candidates.push_back((uid, observation.clone()));
    }

    /// Reads the preemptor from an Event about a followed Pod. Returns the observation that names the preemptor, if
    /// it has arrived.
    pub(crate) fn observe_preemption(&mut self, event: &Event) -> Option<Observation> {
        let uid = uid_key(event.preemptor()?);
        self.uids.insert(uid);
        let index = self.candidates.iter().position(|(held, _)| *held == uid)?;
        self.candidates.remove(index).map(|(_, observation)| observation)
    }
}

/// Whether the Event is about a Pod, and the scheduler reports it.
fn is_about_scheduling(event: &Event) -> bool {
    event.involved_object.kind == "Pod" && matches!(event.reason.as_str(), "FailedScheduling" | "Scheduled")
}
