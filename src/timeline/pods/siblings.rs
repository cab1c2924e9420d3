//! The waits of sibling Pods: Pods of the same workload that were created within the same second.
//!
//! The creation of many Pods is known only to the second. The waits of their siblings whose times are exact show how
//! long such a Pod waited for its node.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Evidence, Instant, Lifecycle, order_creation_and_scheduling};
use crate::timeline::fast_map::{FastMap, FastSet};
use crate::timeline::pods::pod::PodKey;

/// The uid of an owner, and the second in which the owner created Pods, counted from 1970.
type OwnerAndSecond = (Arc<str>, i64);

/// The namespace and the name of a Pod.
type NamespaceAndName = (Arc<str>, Arc<str>);

/// The siblings of all Pods.
#[derive(Clone, Debug, Default)]
pub(crate) struct Siblings {
    groups: FastMap<OwnerAndSecond, SiblingGroup>,
    /// The groups whose median may have changed.
    changed: Vec<OwnerAndSecond>,
    /// The times of Pods of which only Events are known.
    unseen: FastMap<NamespaceAndName, UnseenSibling>,
}

/// The times of a Pod of which only Events are known.
#[derive(Clone, Debug, Default)]
struct UnseenSibling {
    /// The owner, and the time of its report that it created the Pod.
    created: Option<(Arc<str>, Timestamp)>,
    /// The exact time at which the Pod was bound to a node.
    scheduled: Option<Timestamp>,
}

/// The Pods that one owner created within one second.
#[derive(Clone, Debug, Default)]
struct SiblingGroup {
    /// The waits of the Pods whose creation and scheduling are exact, in milliseconds, by the name of the Pod.
    exact: FastMap<Box<str>, i32>,
    /// The Pods whose creation is known only to the second.
    coarse: FastSet<PodKey>,
    /// The median of the exact waits when the lives of the coarse Pods were last derived.
    median: Option<i32>,
}

impl SiblingGroup {
    fn compute_median(&self) -> Option<i32> {
        let mut waits: Vec<i32> = self.exact.values().copied().collect();
        let middle = waits.len().div_ceil(2).checked_sub(1)?;
        Some(*waits.select_nth_unstable(middle).1)
    }
}

impl Siblings {
    /// Returns the median wait for a node of the siblings of a Pod that `owner` created at `created`. `None` without a
    /// sibling whose times are exact.
    pub(crate) fn median_wait(
        &self,
        owner: Option<&Arc<str>>,
        created: Option<Timestamp>,
    ) -> Option<SignedDuration> {
        let key = (Arc::clone(owner?), created?.as_second());
        Some(SignedDuration::from_millis(self.groups.get(&key)?.median?.into()))
    }

    /// Learns the times of a Pod that `owner` created, from its life.
    pub(crate) fn learn(&mut self, key: PodKey, name: &str, owner: Option<&Arc<str>>, life: &Lifecycle) {
        let (Some(owner), Some(created), Some(scheduled)) =
            (owner, life.instants.created, life.instants.scheduled)
        else {
            return;
        };
        let is_coarse = created.evidence == Evidence::CreationTimestamp;
        // The time at which a watch received a creation is exact too, but it is not needed: if a watch receives the
        // creations, no creation is coarse. If the scheduling is also known only to the second, the waits of siblings
        // do not help.
        let is_exact = created.evidence == Evidence::SuccessfulCreate;
        if !(is_coarse || is_exact) || !scheduled.is_exact_to_tenths() {
            return;
        }
        if is_coarse {
            let group_key = (Arc::clone(owner), created.earliest().as_second());
            if self.groups.entry(group_key.clone()).or_default().coarse.insert(key) {
                self.changed.push(group_key);
            }
        } else {
            self.add_exact(name, owner, &created, &scheduled);
        }
    }

    /// Adds the wait of a Pod whose creation and scheduling are exact.
    fn add_exact(&mut self, name: &str, owner: &Arc<str>, created: &Instant, scheduled: &Instant) {
        let group_key = (Arc::clone(owner), created.at.as_second());
        let group = self.groups.entry(group_key.clone()).or_default();
        let wait = scheduled.at.duration_since(created.at).as_millis();
        let wait = i32::try_from(wait).unwrap_or(i32::MAX);
        let before = match group.exact.get_mut(name) {
            Some(known) => Some(std::mem::replace(known, wait)),
            None => group.exact.insert(name.into(), wait),
        };
        if before != Some(wait) && !group.coarse.is_empty() {
            self.changed.push(group_key);
        }
    }

    /// Learns when `owner` created a Pod whose state is not known.
    pub(crate) fn learn_unseen_creation(
        &mut self,
        pod: &NamespaceAndName,
        owner: &Arc<str>,
        created: Timestamp,
    ) {
        let sibling = self.unseen.entry(pod.clone()).or_default();
        sibling.created = Some((Arc::clone(owner), created));
        self.learn_unseen(pod);
    }

    /// Learns when a Pod whose state is not known was bound to a node.
    pub(crate) fn learn_unseen_scheduling(&mut self, pod: &NamespaceAndName, scheduled: Timestamp) {
        let sibling = self.unseen.entry(pod.clone()).or_default();
        sibling.scheduled = Some(sibling.scheduled.map_or(scheduled, |known| known.min(scheduled)));
        self.learn_unseen(pod);
    }

    /// Adds the wait of a Pod whose state is not known, if Events date both its creation and its scheduling.
    fn learn_unseen(&mut self, pod: &NamespaceAndName) {
        let Some(UnseenSibling { created: Some((owner, created)), scheduled: Some(scheduled) }) =
            self.unseen.get(pod)
        else {
            return;
        };
        let owner = Arc::clone(owner);
        let (created, scheduled) = order_creation_and_scheduling(*created, *scheduled);
        self.add_exact(&pod.1, &owner, &created, &scheduled);
    }

    /// Forgets the Events of a Pod, because the Pod now has a life.
    pub(crate) fn forget_unseen(&mut self, namespace: &Arc<str>, name: &str) {
        if !self.unseen.is_empty() {
            self.unseen.remove(&(Arc::clone(namespace), name.into()));
        }
    }

    /// Forgets the Pods whose creation no owner has reported. Call this after all lists are complete, because no list
    /// then contains further reports.
    pub(crate) fn forget_unreported(&mut self) {
        self.unseen.retain(|_, sibling| sibling.created.is_some());
    }

    /// Computes the medians of changed groups, and returns the Pods whose lives depend on a median that is now
    /// different.
    pub(crate) fn update_medians(&mut self) -> Vec<PodKey> {
        let mut dependent = Vec::new();
        self.changed.sort_unstable();
        self.changed.dedup();
        for key in self.changed.drain(..) {
            let Some(group) = self.groups.get_mut(&key) else { continue };
            let median = group.compute_median();
            if group.median != median {
                group.median = median;
                dependent.extend(group.coarse.iter().copied());
            }
        }
        dependent.sort_unstable();
        dependent
    }
}
