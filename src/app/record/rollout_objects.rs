//! The objects of a Deployment, StatefulSet or DaemonSet that show when its next rollout begins.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::observation::{Object, Observation};

/// The latest states of a workload that rolls out revisions, and of its ReplicaSets.
#[derive(Clone, Debug, Default)]
pub(crate) struct RolloutObjects {
    workload: Option<Observation>,
    /// By uid.
    replica_sets: BTreeMap<String, Observation>,
}

/// The state of a rollout at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RolledOut {
    /// Identifies the revision: the uid of a Deployment's newest ReplicaSet, the name of a StatefulSet's revision, or the
    /// generation of a DaemonSet.
    pub(crate) revision: Option<String>,
    /// The uids of the ReplicaSets that should have Pods.
    replica_sets: Vec<String>,
}

impl RolloutObjects {
    /// Stores the state of an object, if it is one of these objects.
    pub(crate) fn observe(&mut self, observation: &Observation) {
        let uid = &observation.object.metadata().uid;
        match &observation.object {
            Object::Deployment(_) | Object::StatefulSet(_) | Object::DaemonSet(_) => {
                if !observation.seen.is_gone() {
                    self.workload = Some(observation.clone());
                }
            }
            Object::ReplicaSet(_) => {
                if observation.seen.is_gone() {
                    self.replica_sets.remove(uid);
                } else {
                    self.replica_sets.insert(uid.clone(), observation.clone());
                }
            }
            Object::Job(_)
            | Object::CronJob(_)
            | Object::Custom(_)
            | Object::Owner(_)
            | Object::QueuedWorkload(_)
            | Object::Pod(_)
            | Object::Event(_) => {}
        }
    }

    /// Whether the workload rolls out revisions one after another.
    pub(crate) fn has_rollouts(&self) -> bool {
        self.workload.is_some()
    }

    /// The states of all objects, the workload first.
    pub(crate) fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.workload.iter().chain(self.replica_sets.values())
    }

    /// Returns what is rolled out.
    pub(crate) fn rolled_out(&self) -> RolledOut {
        let revision = match self.workload.as_ref().map(|workload| &workload.object) {
            Some(Object::Deployment(_)) => self.newest_set().map(|set| set.object.metadata().uid.clone()),
            Some(Object::StatefulSet(set)) => {
                Some(set.status.update_revision.clone()).filter(|revision| !revision.is_empty())
            }
            Some(Object::DaemonSet(set)) => Some(set.metadata.generation.to_string()),
            Some(_) | None => None,
        };
        let replica_sets = self.active_sets().map(|set| set.object.metadata().uid.clone()).collect();
        RolledOut { revision, replica_sets }
    }

    /// Whether a rollout has begun since `before`. A scaled workload keeps its revision. An earlier revision of a Deployment
    /// begins again when its ReplicaSet gets Pods again.
    pub(crate) fn has_begun_since(&self, before: &RolledOut) -> bool {
        match self.workload.as_ref().map(|workload| &workload.object) {
            Some(Object::Deployment(_)) => {
                self.active_sets().any(|set| !before.replica_sets.contains(&set.object.metadata().uid))
            }
            Some(Object::StatefulSet(_) | Object::DaemonSet(_)) => {
                let revision = self.rolled_out().revision;
                revision.is_some() && revision != before.revision
            }
            Some(_) | None => false,
        }
    }

    /// When the ReplicaSet of a Deployment's newest revision was created.
    pub(crate) fn revision_created(&self) -> Option<Timestamp> {
        self.newest_set()?.object.metadata().created()
    }

    fn active_sets(&self) -> impl Iterator<Item = &Observation> {
        self.replica_sets.values().filter(
            |set| matches!(&set.object, Object::ReplicaSet(set) if set.spec.replicas.unwrap_or(1) > 0),
        )
    }

    fn newest_set(&self) -> Option<&Observation> {
        self.active_sets().max_by_key(|set| {
            let metadata = set.object.metadata();
            (metadata.created(), metadata.uid.clone())
        })
    }
}
