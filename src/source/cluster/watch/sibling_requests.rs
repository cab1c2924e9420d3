//! Finds the siblings of named Pods: Pods that the same owner created within the same second.
//!
//! From the tenth Pod on, Kubernetes combines the Events in which an owner reports that it created a Pod. The creation
//! of such a Pod is known only to the second. The waits of its siblings date the creation better, so the Events about
//! the scheduling of the siblings are followed too.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::observation::{Event, ObjectMeta};
use crate::source::cluster::watch::uid_key::uid_key;

/// Maximum number of siblings whose Events are requested. A controller reports at most nine creations separately within
/// ten minutes, so this number is enough for the named Pods of several controllers.
const MAX_SIBLINGS: usize = 64;

/// The time in which the creations of siblings are reported: one second, and the time that a controller needs to report
/// a creation.
const SIBLING_WINDOW: SignedDuration = SignedDuration::from_millis(1200);

/// The namespace and the name of a Pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PodName {
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
}

/// The Pods that the user named, and the creations that their owners reported.
#[derive(Debug, Default)]
pub(crate) struct SiblingRequests {
    /// Whether the siblings of further Pods will be requested. If not, named Pods and creations are not stored.
    pub(crate) are_requested: bool,
    /// For each named Pod with a controller: the uid of the controller, and the creation, truncated to the second.
    named: HashMap<PodName, (u128, Timestamp)>,
    /// The reported creations.
    creations: Vec<Creation>,
    /// The siblings whose Events are requested.
    requested: HashSet<PodName>,
}

/// A creation that an owner reported.
#[derive(Debug)]
struct Creation {
    owner: u128,
    pod: PodName,
    at: Timestamp,
}

impl SiblingRequests {
    /// Adds a Pod that the user named.
    pub(crate) fn add_named_pod(&mut self, metadata: &ObjectMeta) {
        if !self.are_requested {
            return;
        }
        if let (Some(owner), Some(created)) = (metadata.controller(), metadata.created()) {
            self.named
                .insert(PodName::new(&metadata.namespace, &metadata.name), (uid_key(&owner.uid), created));
        }
    }

    /// Adds the Event in which the owner of a named Pod reports a creation.
    pub(crate) fn add_creation(&mut self, event: &Event) {
        let about = &event.involved_object;
        let pod = event.message.strip_prefix("Created pod: ");
        if let (true, Some(pod), Some(at)) = (self.are_requested, pod, event.name_time()) {
            let pod = PodName::new(&about.namespace, pod);
            self.creations.push(Creation { owner: uid_key(&about.uid), pod, at });
        }
    }

    /// Returns the siblings whose Events must be requested, and follows their Events from now on. Call this once, after
    /// the lists of the named Pods and of the reported creations. A Pod whose own creation was reported needs no
    /// siblings. `is_followed` returns whether the owner with this uid is followed. If so, its Pods need no requests,
    /// because the Events of all its Pods are read anyway.
    pub(crate) fn start_requests(&mut self, is_followed: impl Fn(u128) -> bool) -> Vec<PodName> {
        let (named, creations) = (std::mem::take(&mut self.named), std::mem::take(&mut self.creations));
        self.are_requested = false;
        let reported: HashSet<&PodName> = creations.iter().map(|creation| &creation.pod).collect();
        let unreported =
            named.iter().filter(|(pod, (owner, _))| !reported.contains(pod) && !is_followed(*owner));
        let groups: HashSet<(u128, Timestamp)> = unreported.map(|(_, group)| *group).collect();
        let is_sibling = |creation: &&Creation| {
            groups.iter().any(|(owner, second)| {
                let window = *second..*second + SIBLING_WINDOW;
                creation.owner == *owner && window.contains(&creation.at)
            })
        };
        let siblings = creations.iter().filter(is_sibling).map(|creation| &creation.pod);
        // The Events of the named Pods are read anyway.
        let siblings: BTreeSet<&PodName> = siblings.filter(|pod| !named.contains_key(pod)).collect();
        let siblings: Vec<PodName> = siblings.into_iter().take(MAX_SIBLINGS).cloned().collect();
        self.requested.extend(siblings.iter().cloned());
        siblings
    }

    /// Whether the Event is about the scheduling of a sibling.
    pub(crate) fn names(&self, event: &Event) -> bool {
        let about = &event.involved_object;
        !self.requested.is_empty()
            && (about.kind.as_str(), event.reason.as_str()) == ("Pod", "Scheduled")
            && self.requested.contains(&PodName::new(&about.namespace, &about.name))
    }
}

impl PodName {
    fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}
