//! The followed objects that were found so far, and the observations that wait for their owners.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::observation::{LabelSelector, Object, ObjectMeta, Observation, OwnerReference};
use crate::source::cluster::watch::gone::GoneCandidates;
use crate::source::cluster::watch::preemptors::Preemptors;
use crate::source::cluster::watch::sibling_requests::SiblingRequests;
use crate::source::cluster::watch::uid_key::uid_key;

/// The reason why a collection is read. Two collections may contain the same object. Only the collection that found the
/// object first reports it, so that no object is reported twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CollectionRole {
    /// The collection contains objects that the user named: the objects of the [`Root`] with this index.
    Root(usize),
    /// The collection contains objects that are followed because of their controllers.
    Child,
}

/// The objects found so far.
#[derive(Debug, Default)]
pub(crate) struct OwnershipState {
    /// The time at which the first observation was received.
    pub(crate) first_received: Option<Timestamp>,
    /// The uid of each named object that was found, by the index of the root and the name of the object.
    pub(crate) named_uids: HashMap<(usize, Box<str>), u128>,
    /// The followed objects that may own others, by uid.
    pub(crate) owners: HashMap<u128, AdmittedOwner>,
    /// The followed Pods, by uid. Each value is the role of the collection that found the Pod.
    pub(crate) pods: HashMap<u128, CollectionRole>,
    /// The uids of the controllers of named Pods. The Events of these controllers report when the Pods were created.
    pub(crate) pod_controllers: HashSet<u128>,
    /// The Pod selectors of the named objects.
    pub(crate) selectors: Vec<LabelSelector>,
    /// Whether a followed Job has a selector of its own, so that its Pods lack the label `job-name`.
    pub(crate) has_manual_selector: bool,
    /// The observations that are held, each with the uid of its owner.
    pub(crate) held: VecDeque<(u128, Observation)>,
    /// The uids of the requested owners that are not followed.
    pub(crate) unrelated_owners: HashSet<u128>,
    /// The observations that wait for the answer to the request for an owner, by the owner's uid.
    pub(crate) waiting: HashMap<u128, Vec<Observation>>,
    /// The owners that must be requested.
    pub(crate) unresolved: VecDeque<UnresolvedOwner>,
    /// The named objects that the lists do not contain. Events may show that they existed.
    pub(crate) missing: GoneCandidates,
    /// The Pods that preempted followed Pods.
    pub(crate) preemptors: Preemptors,
    /// The siblings of the named Pods.
    pub(crate) siblings: SiblingRequests,
    /// The followed Kueue Workloads, by uid.
    pub(crate) queued: HashSet<u128>,
    /// The objects that are gone, with the time of their removal, the oldest first. Only if they are forgotten later.
    pub(crate) gone: VecDeque<(Instant, u128)>,
}

/// An object that is gone is forgotten after this time. Until then, Events about it may arrive.
const MEMORY_OF_GONE: Duration = Duration::from_secs(60);

/// Maximum number of unrelated owners that a feed remembers that runs for days. An owner that was forgotten is requested
/// again if another of its objects arrives.
const MAX_UNRELATED_OWNERS: usize = 10_000;

/// A followed object that may own others.
#[derive(Debug)]
pub(crate) struct AdmittedOwner {
    /// The role of the collection that found the object.
    pub(crate) role: CollectionRole,
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
}

/// An owner that must be requested, because no watch reads its kind.
#[derive(Clone, Debug)]
pub(crate) struct UnresolvedOwner {
    /// The namespace of the owned object. The owner has the same namespace, if its kind has namespaces.
    pub(crate) namespace: String,
    pub(crate) reference: OwnerReference,
    /// The position in the chain of owners, from 1 for the owner of a Pod.
    pub(crate) depth: u8,
}

impl OwnershipState {
    /// Stores a followed Pod. Returns `false` if a collection with another role has found the Pod.
    pub(crate) fn add_pod(&mut self, uid: u128, role: CollectionRole) -> bool {
        *self.pods.entry(uid).or_insert(role) == role
    }

    /// Stores a followed object that may own others. Returns `false` if a collection with another role has found the
    /// object.
    pub(crate) fn add_owner(&mut self, uid: u128, role: CollectionRole, metadata: &ObjectMeta) -> bool {
        let new_owner = || AdmittedOwner {
            role,
            namespace: metadata.namespace.as_str().into(),
            name: metadata.name.as_str().into(),
        };
        self.owners.entry(uid).or_insert_with(new_owner).role == role
    }

    /// Forgets the objects that have been gone for some time.
    pub(crate) fn forget_gone(&mut self, now: Instant) {
        while let Some(&(at, uid)) = self.gone.front()
            && now - at >= MEMORY_OF_GONE
        {
            self.gone.pop_front();
            self.owners.remove(&uid);
            self.pods.remove(&uid);
            self.queued.remove(&uid);
            self.pod_controllers.remove(&uid);
        }
        if self.unrelated_owners.len() > MAX_UNRELATED_OWNERS {
            self.unrelated_owners.clear();
        }
        // The selectors narrow the list of Pods of a single named workload.
        self.selectors.clear();
    }

    /// Moves the observations that waited for `uid` into `released`.
    pub(crate) fn release(&mut self, uid: u128, released: &mut VecDeque<Observation>) {
        released.extend(self.waiting.remove(&uid).unwrap_or_default());
        if !self.held.iter().any(|(waits_for, _)| *waits_for == uid) {
            return;
        }
        let held = std::mem::take(&mut self.held);
        for (waits_for, observation) in held {
            if waits_for == uid {
                released.push_back(observation);
            } else {
                self.held.push_back((waits_for, observation));
            }
        }
    }

    /// Stores that no followed workload is above this owner. The objects that wait for this owner are dropped.
    pub(crate) fn reject_owner(&mut self, uid: u128) {
        let mut rejected = vec![uid];
        while let Some(uid) = rejected.pop() {
            self.unrelated_owners.insert(uid);
            let waiting = self.waiting.remove(&uid).unwrap_or_default();
            let owners = waiting.iter().filter(|waiting| matches!(waiting.object, Object::Owner(_)));
            rejected.extend(owners.map(|owner| uid_key(&owner.object.metadata().uid)));
        }
    }
}
