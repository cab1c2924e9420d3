//! Which workload a Pod belongs to, and which workload another one.
//!
//! A Pod belongs to the nearest workload above it that is shown. A workload that owns others (a Deployment its
//! ReplicaSets, a CronJob its Jobs) has none of their Pods; its numbers are over all that is below it.

use std::sync::Arc;

use super::{Map, PodKey, Timeline, Workload, WorkloadState};

/// Owners of owners that are looked at, upward from one object.
const DEEPEST: usize = 8;

impl Timeline {
    /// The workloads that are below no other: those that decide how all of it ends.
    pub fn roots(&self) -> impl Iterator<Item = &Workload> {
        let above = |place: usize| self.above.get(place).copied().flatten();
        self.workloads
            .iter()
            .enumerate()
            .filter(move |(place, _)| above(*place).is_none())
            .map(|(_, workload)| workload)
    }

    /// The workloads directly below another one.
    pub fn children(&self, workload: &Workload) -> impl Iterator<Item = &Workload> {
        self.below.get(&workload.uid).into_iter().flatten().map(|&place| &self.workloads[place])
    }

    /// Whether another workload is below.
    pub fn has_children(&self, workload: &Workload) -> bool {
        self.below.contains_key(&workload.uid)
    }

    /// A workload's own Pods and those of all that is below it, by creation, then name.
    pub fn pods_below(&self, workload: &Workload) -> Vec<PodKey> {
        let mut pods = workload.pods.clone();
        if self.has_children(workload) {
            for child in self.children(workload) {
                pods.append(&mut self.pods_below(child));
            }
            self.sort_pods(&mut pods);
        }
        pods
    }

    /// By creation, then name.
    pub(crate) fn sort_pods(&self, pods: &mut Vec<PodKey>) {
        // Few were created at the same time: the time stands by, so that nothing else is looked at.
        let created = |key: PodKey| self.overview(key).created_millis();
        let mut timed: Vec<_> = pods.iter().map(|&key| (created(key), key)).collect();
        timed.sort_by(|(at, key), (other_at, other)| {
            at.cmp(other_at).then_with(|| self.in_order(*key, *other))
        });
        pods.clear();
        pods.extend(timed.into_iter().map(|(_, key)| key));
    }

    /// The workload that an owner is, or that is above it.
    pub(crate) fn nearest(&self, owner: &Arc<str>, places: &Map<Arc<str>, usize>) -> Option<usize> {
        let mut owner = owner;
        for _ in 0..=DEEPEST {
            if let Some(place) = places.get(owner) {
                return Some(*place);
            }
            owner = self.links.get(owner)?;
        }
        None
    }

    /// Puts what is below a workload behind it, and notes who is below whom.
    pub(crate) fn arrange(&mut self, workloads: Vec<Workload>) {
        let places: Map<Arc<str>, usize> = workloads
            .iter()
            .enumerate()
            .map(|(place, workload)| (Arc::clone(&workload.uid), place))
            .collect();
        let above: Vec<Option<usize>> =
            workloads.iter().map(|workload| self.nearest(&workload.parent.as_ref()?.uid, &places)).collect();
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); workloads.len()];
        for (place, above) in above.iter().enumerate() {
            if let Some(above) = above {
                children[*above].push(place);
            }
        }
        // Depth first, in the order that they have.
        let mut order = Vec::with_capacity(workloads.len());
        let mut next: Vec<usize> =
            (0..workloads.len()).rev().filter(|&place| above[place].is_none()).collect();
        while let Some(place) = next.pop() {
            order.push(place);
            next.extend(children[place].iter().rev());
        }
        let mut new_places = vec![0; workloads.len()];
        for (new, old) in order.iter().enumerate() {
            new_places[*old] = new;
        }
        self.below.clear();
        for (place, children) in children.iter().enumerate().filter(|(_, children)| !children.is_empty()) {
            let children = children.iter().map(|child| new_places[*child]).collect();
            self.below.insert(Arc::clone(&workloads[place].uid), children);
        }
        self.above = order.iter().map(|old| above[*old].map(|above| new_places[above])).collect();
        let mut taken: Vec<Option<Workload>> = workloads.into_iter().map(Some).collect();
        self.workloads = order.into_iter().filter_map(|old| taken[old].take()).collect();
    }

    /// A revision is rolled out when the rollout is: in between it may have what it wants for a moment.
    pub(crate) fn subordinate(&mut self, place: usize) {
        let Some(above) = self.above.get(place).copied().flatten() else { return };
        let parent = &self.workloads[above];
        if !parent.is_rollout || parent.has_ended() {
            return;
        }
        let workload = &mut self.workloads[place];
        if workload.is_rollout && workload.state == WorkloadState::Succeeded {
            workload.state = WorkloadState::Running;
            workload.finished = None;
        }
    }

    /// Judges workloads that say nothing of themselves by what they own; returns whether one stands otherwise now.
    pub(crate) fn judge_the_silent(&mut self) -> bool {
        let silent: Vec<usize> = self
            .controllers
            .values()
            .filter(|record| record.is_silent())
            .filter_map(super::controller::ControllerRecord::place)
            .collect();
        let mut changed = false;
        for place in silent {
            let outcome = self.outcome_of_owned(&self.workloads[place]);
            let finished = match outcome {
                WorkloadState::Succeeded | WorkloadState::Failed => self.end_of_owned(&self.workloads[place]),
                _ => None,
            };
            let workload = &mut self.workloads[place];
            changed |= workload.state != outcome;
            workload.state = outcome;
            workload.finished = finished;
        }
        changed
    }

    /// A workload has ended when all that it owns has; it failed if a part of that did.
    fn outcome_of_owned(&self, workload: &Workload) -> WorkloadState {
        use crate::lifecycle::PodOutcome as Pod;
        let pods = self.overviews(workload).map(|(_, overview)| match overview.outcome {
            Pod::Pending => WorkloadState::Pending,
            Pod::Starting | Pod::Running => WorkloadState::Running,
            Pod::Succeeded => WorkloadState::Succeeded,
            Pod::Failed | Pod::NeverStarted => WorkloadState::Failed,
            Pod::Deleted | Pod::Unknown => WorkloadState::Unknown,
        });
        let owned: Vec<WorkloadState> =
            self.children(workload).map(|child| child.state).chain(pods).collect();
        let any = |outcome| owned.contains(&outcome);
        let over = [WorkloadState::Succeeded, WorkloadState::Failed, WorkloadState::Unknown];
        match owned.as_slice() {
            [] => WorkloadState::Pending,
            owned if owned.iter().all(|outcome| over.contains(outcome)) => {
                // What went before its end tells nothing either way.
                match (any(WorkloadState::Failed), any(WorkloadState::Succeeded)) {
                    (true, _) => WorkloadState::Failed,
                    (false, true) => WorkloadState::Succeeded,
                    (false, false) => WorkloadState::Running,
                }
            }
            owned if owned.iter().all(|outcome| *outcome == WorkloadState::Suspended) => {
                WorkloadState::Suspended
            }
            owned if owned.iter().all(|outcome| *outcome == WorkloadState::Pending) => WorkloadState::Pending,
            _ => WorkloadState::Running,
        }
    }

    fn end_of_owned(&self, workload: &Workload) -> Option<jiff::Timestamp> {
        let children = self.children(workload).filter_map(|child| child.finished);
        let pods = self.overviews(workload).filter_map(|(_, overview)| overview.end());
        children.chain(pods).max()
    }
}
