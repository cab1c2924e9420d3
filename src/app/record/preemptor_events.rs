//! Gives the runs of preempted Pods the Events that name the preemptors.
//!
//! An Event `Preempted` contains only the uid of the preemptor. The scheduler's Events about the preemptor contain its
//! name too, but they belong to another run. The two Events arrive in any order.

use std::collections::VecDeque;

use crate::observation::{Event, Object, Observation};
use crate::source::cluster::uid_key;
use crate::source::recording::directory::run_router::RunKey;

/// Maximum number of Events, and of preempted Pods, that wait for each other.
const MAX_HELD: usize = 256;

/// The preemptors and the runs of their victims.
#[derive(Debug, Default)]
pub(crate) struct PreemptorEvents {
    /// The runs that lack the name of a preemptor, with the uid of the preemptor, the oldest first.
    victims: VecDeque<(u128, RunKey)>,
    /// The latest Events of the scheduler about Pods that may be preemptors, one for each Pod, the oldest first.
    candidates: VecDeque<(u128, Observation)>,
}

impl PreemptorEvents {
    /// Holds an Event about a Pod that may be a preemptor. Returns the runs that lack the name of this Pod.
    pub(crate) fn observe_scheduling(&mut self, observation: &Observation) -> Vec<RunKey> {
        let Object::Event(event) = &observation.object else { return Vec::new() };
        // The scheduler reports that a Pod fits on no node before it preempts other Pods.
        if event.involved_object.kind != "Pod" || event.reason != "FailedScheduling" {
            return Vec::new();
        }
        let uid = uid_key(&event.involved_object.uid);
        if !self.candidates.iter().any(|(held, _)| *held == uid) {
            push_limited(&mut self.candidates, (uid, observation.clone()));
        }
        let (found, others) = self.victims.drain(..).partition(|(preemptor, _)| *preemptor == uid);
        self.victims = others;
        let found: VecDeque<(u128, RunKey)> = found;
        found.into_iter().map(|(_, run)| run).collect()
    }

    /// Reads the preemptor from an Event about a Pod of this run. Returns the observation that names the preemptor, if it
    /// has arrived.
    pub(crate) fn observe_preemption(&mut self, run: RunKey, event: &Event) -> Option<Observation> {
        let uid = uid_key(event.preemptor()?);
        let candidate = self.candidates.iter().find(|(held, _)| *held == uid);
        if candidate.is_none() && !self.victims.contains(&(uid, run)) {
            push_limited(&mut self.victims, (uid, run));
        }
        candidate.map(|(_, observation)| observation.clone())
    }
}

/// Adds an element. Removes the oldest one if there are too many.
fn push_limited<T>(elements: &mut VecDeque<T>, element: T) {
    if elements.len() == MAX_HELD {
        elements.pop_front();
    }
    elements.push_back(element);
}
