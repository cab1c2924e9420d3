//! All Pods of a timeline: their evidence, the lives derived from it, and their order.
//!
//! Deriving a life is expensive, and most Pods of a large Job have ended. So the evidence of an ended Pod is packed,
//! and its life is derived on request.

mod addition;
mod derivation;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::{
    DerivationHints, EventFact, Explanation, FactKind, Interner, Lifecycle, PhaseSpan, PodEvidence,
    StopBounds, UnseenPod,
};
use crate::observation::{Event, ObjectReference, Pod, Seen};
use crate::timeline::fast_map::{FastMap, FastSet};
use crate::timeline::pods::clocks::ClockCorrections;
use crate::timeline::pods::kubelet_starts::KubeletStartsByNode;
use crate::timeline::pods::membership::PodMembership;
use crate::timeline::pods::pod::{PodKey, TimelinePod};
use crate::timeline::pods::receipts::ReceiptCorrection;
use crate::timeline::pods::record::PodRecord;
use crate::timeline::pods::requests::PodRequests;
use crate::timeline::pods::siblings::Siblings;
use crate::timeline::pods::uid_index::UidIndex;

/// A report about one Pod from the events of its owner.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OwnerReport {
    /// When the owner created the Pod.
    pub(crate) created: Option<Timestamp>,
    /// Whether the owner deleted the Pod.
    pub(crate) deleted: bool,
    /// When the owner deleted the Pod.
    pub(crate) deleted_at: Option<Timestamp>,
    /// The time of the latest event that names the Pod.
    pub(crate) reported: Option<Timestamp>,
}

/// A Pod that no longer exists and whose state was never observed.
#[derive(Clone, Debug)]
pub(crate) struct GonePod {
    /// The uid, if an Event of the Pod itself is known.
    pub(crate) uid: Option<Arc<str>>,
    /// The name of the Pod and its Events.
    pub(crate) unseen: UnseenPod,
    /// The uid of the owner.
    pub(crate) owner: Option<Arc<str>>,
    /// The completion index in the Pod's name.
    pub(crate) index: Option<u32>,
    /// The bounds of the Pod's end that the owner proves.
    pub(crate) stop_bounds: StopBounds,
}

/// The Pods of a timeline, by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodStore {
    /// Strings that many Pods and workloads share.
    pub(crate) interner: Interner,
    records: Vec<PodRecord>,
    /// Finds Pods by uid.
    uid_index: UidIndex,
    /// Pods that were not observed yet but have Events, by uid.
    pub(crate) unseen: FastMap<Arc<str>, UnseenPod>,
    /// Reports about Pods that were not observed yet, by the owner's uid and the Pod's name.
    pub(crate) early_reports: FastMap<(Arc<str>, Arc<str>), OwnerReport>,
    /// Gone Pods whose uid is unknown, by the owner's uid and the Pod's name.
    gone_without_uid: FastMap<(Arc<str>, Arc<str>), PodKey>,
    /// For each preempted Pod, by uid, the uid or the name of the Pod that took its place.
    preemptors: FastMap<Arc<str>, Arc<str>>,
    clocks: ClockCorrections,
    kubelet_starts: KubeletStartsByNode,
    receipts: ReceiptCorrection,
    siblings: Siblings,
    /// The requests of the Pod that was added last. Most Pods request the same as the Pod before.
    last_requests: Option<Arc<PodRequests>>,
    /// The parts of Pods in larger workloads. Pods with the same part share it.
    pub(crate) memberships: FastSet<Arc<PodMembership>>,
    /// Pods whose evidence changed since the last recomputation.
    pub(crate) changed: Vec<PodKey>,
    /// Pods that are not assigned to a workload yet.
    pub(crate) unassigned: Vec<PodKey>,
    /// Indexes of workloads whose Pods must be sorted again, because the creation time of a Pod changed.
    pub(crate) unsorted_workloads: Vec<usize>,
    /// Pods whose evidence may have to be packed again.
    unpacked: Vec<PodKey>,
    /// A buffer for packing.
    scratch: Vec<u8>,
}

/// These methods only read.
impl PodStore {
    /// Creates a store of Pods with given lives.
    #[cfg(test)]
    pub(crate) fn from_pods(pods: Vec<TimelinePod<'static>>) -> Self {
        let to_record = |pod: TimelinePod<'_>| PodRecord {
            overview: pod.overview,
            life: Some(Box::new(pod.life.into_owned())),
            ..PodRecord::new(pod.identity.into_owned(), PodEvidence::default(), None)
        };
        Self { records: pods.into_iter().map(to_record).collect(), ..Self::default() }
    }

    /// The number of Pods.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The keys of all Pods, in the order of their first observation.
    pub(crate) fn keys(&self) -> impl Iterator<Item = PodKey> + use<> {
        (0..self.records.len()).map(PodKey::from_index)
    }

    /// The record of a Pod.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub(crate) fn record(&self, key: PodKey) -> &PodRecord {
        &self.records[key.index()]
    }

    /// The record of a Pod, for a change.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub(crate) fn record_mut(&mut self, key: PodKey) -> &mut PodRecord {
        &mut self.records[key.index()]
    }

    /// The key of the Pod with this uid.
    fn find_by_uid(&self, uid: &str) -> Option<PodKey> {
        self.uid_index.find(uid, &self.records)
    }

    /// The uid of the object that controls a Pod.
    pub(crate) fn owner(&self, record: &PodRecord) -> Option<&Arc<str>> {
        record.owner.map(|owner| self.interner.text(owner))
    }

    /// A Pod with its life. The life of an ended Pod is derived, which takes a microsecond or two.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub(crate) fn pod(&self, key: PodKey) -> TimelinePod<'_> {
        let record = self.record(key);
        TimelinePod {
            identity: Cow::Borrowed(&record.identity),
            overview: record.overview,
            life: self.life(record),
        }
    }

    fn life<'a>(&'a self, record: &'a PodRecord) -> Cow<'a, Lifecycle> {
        if let Some(life) = &record.life {
            return Cow::Borrowed(life);
        }
        let evidence = record.evidence.read(&self.interner);
        Cow::Owned(evidence.derive(self.hints(record, &evidence)))
    }

    /// The image of the first main container; `None` if it is unknown. Does not derive the life of an ended Pod.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub(crate) fn main_image(&self, key: PodKey) -> Option<Arc<str>> {
        let record = self.record(key);
        match &record.life {
            Some(life) => life.main_image().cloned(),
            None => record.main_image.map(|image| Arc::clone(self.interner.text(image))),
        }
    }

    /// The Pod that took the place of a preempted Pod: `pod/urgent`. If only its uid is known, or if it is in another
    /// namespace: `pod UID` and `pod NAMESPACE/NAME`.
    pub(crate) fn preemptor(&self, key: PodKey) -> Option<String> {
        let victim = &self.record(key).identity;
        let by = self.preemptors.get(&*victim.uid)?;
        let observed = || Some(&*self.record(self.find_by_uid(by)?).identity.name);
        let from_events = || Some(&*self.unseen.get(by)?.name);
        let same_namespace = || by.strip_prefix(&*victim.namespace)?.strip_prefix('/');
        let name = observed().or_else(from_events).or_else(same_namespace);
        Some(name.map_or_else(|| format!("pod {by}"), |name| format!("pod/{name}")))
    }

    /// Forgets the Pods without a state, except those that `is_kept` selects and those that preempted other Pods.
    pub(crate) fn forget_unseen_pods(&mut self, is_kept: impl Fn(&UnseenPod) -> bool) {
        let preemptors: FastSet<&Arc<str>> = self.preemptors.values().collect();
        self.unseen.retain(|uid, pod| preemptors.contains(uid) || is_kept(pod));
        self.siblings.forget_unreported();
    }

    /// The evidence of each boundary in the life of a Pod.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub(crate) fn explain(&self, key: PodKey) -> Explanation {
        let record = self.record(key);
        let evidence = record.evidence.read(&self.interner);
        evidence.explain(self.hints(record, &evidence))
    }

    /// Calls `visit` with each phase of a Pod, in chronological order. Does not derive the life of an ended Pod.
    ///
    /// # Panics
    /// Panics if no Pod has this key.
    pub(crate) fn for_each_span(&self, key: PodKey, visit: impl FnMut(PhaseSpan)) {
        let record = self.record(key);
        match &record.life {
            Some(life) => life.phases.iter().map(PhaseSpan::from).for_each(visit),
            None => record.spans.for_each(&self.interner, visit),
        }
    }

    /// The facts about this Pod that follow from other Pods.
    fn hints(&self, record: &PodRecord, evidence: &PodEvidence) -> DerivationHints<'_> {
        DerivationHints {
            skew: self.clocks.skew(record.identity.node.as_deref()),
            receipt_delay: self.receipts.delay(),
            kubelet_starts: self.kubelet_starts.of_node(record.identity.node.as_deref()),
            sibling_wait: if evidence.needs_siblings() {
                self.siblings.median_wait(self.owner(record), evidence.creation_timestamp)
            } else {
                None
            },
        }
    }

    /// Marks the Pods whose lives depend on siblings whose waits have changed.
    pub(crate) fn mark_changed_siblings(&mut self) {
        for key in self.siblings.update_medians() {
            self.mark_changed(key);
        }
    }

    /// Finds the Pod with this owner uid and this name among `candidates`.
    pub(crate) fn find_by_owner_and_name(
        &self,
        owner: &str,
        name: &str,
        mut candidates: impl Iterator<Item = PodKey>,
    ) -> Option<PodKey> {
        candidates.find(|&key| {
            let record = self.record(key);
            self.owner(record).is_some_and(|uid| **uid == *owner) && *record.identity.name == *name
        })
    }

    /// Compares two Pods by creation, name and uid. The uid makes the order total.
    pub(crate) fn compare(&self, a: PodKey, b: PodKey) -> Ordering {
        let order = |key| {
            let PodRecord { identity, overview, .. } = self.record(key);
            (overview.sort_millis(), &identity.name, &identity.uid)
        };
        order(a).cmp(&order(b))
    }

    /// Sorts Pods by creation, name and uid.
    pub(crate) fn sort(&self, pods: &mut Vec<PodKey>) {
        // Few Pods share a creation time, so most comparisons need only the time that is stored next to the key.
        // An optional time would need 24 bytes with the key, instead of 16.
        let with_creation =
            |&key: &PodKey| (self.record(key).overview.sort_millis().unwrap_or(i64::MIN), key);
        let mut timed: Vec<_> = pods.iter().map(with_creation).collect();
        timed.sort_by(|(at, key), (other_at, other)| {
            at.cmp(other_at).then_with(|| self.compare(*key, *other))
        });
        pods.clear();
        pods.extend(timed.into_iter().map(|(_, key)| key));
    }
}

/// These methods apply observations.
impl PodStore {
    /// Applies a state of a Pod. The Pod is added if it was not observed before.
    pub(crate) fn apply_pod(&mut self, pod: &Pod, received: Timestamp, seen: Seen) {
        let key = match self.find_by_uid(&pod.metadata.uid) {
            Some(key) => key,
            // The last state of a deleted Pod has a creation time.
            None if seen == Seen::Missing && pod.metadata.created().is_none() => {
                return self.add_missing_pod(pod, received);
            }
            None => self.add_pod(pod),
        };
        let (evidence, interner) = self.evidence_mut(key);
        evidence.observe(pod, received, seen, interner);
        let node = &pod.spec.node_name;
        let identity = &mut self.records[key.index()].identity;
        if !node.is_empty() && identity.node.is_none() {
            identity.node = Some(self.interner.share(node));
        }
        self.mark_changed(key);
        self.learn_clock_from_pod(key);
    }

    /// Applies an event about a Pod. `received` is `None` if the event was not received live, because the time of
    /// receipt then says nothing about the time of the event.
    pub(crate) fn apply_event(&mut self, event: &Event, received: Option<Timestamp>) {
        let uid = event.involved_object.uid.as_str();
        if let Some(by) = event.preemptor() {
            self.preemptors.insert(uid.into(), by.into());
            if let Some(key) = self.find_by_uid(uid) {
                self.mark_changed(key);
            }
        }
        let Some(fact) = EventFact::from_event(event, received, &mut self.interner) else { return };
        if let Some(key) = self.find_by_uid(uid) {
            let (evidence, interner) = self.evidence_mut(key);
            if evidence.from_events.is_some() {
                evidence.add_late_event(event, fact, interner);
            } else if fact.kind.is_only_for_gone_pods() {
                return;
            } else {
                evidence.add_fact(&fact);
            }
            self.mark_changed(key);
            self.learn_clock_from_pod(key);
        } else if !uid.is_empty() {
            let about = &event.involved_object;
            let unseen = self.unseen.entry(uid.into()).or_insert_with(|| {
                UnseenPod::new(self.interner.share(&about.namespace), about.name.as_str().into())
            });
            if fact.kind == FactKind::Scheduled && fact.first.fine {
                let pod = (Arc::clone(&unseen.namespace), Arc::clone(&unseen.name));
                self.siblings.learn_unseen_scheduling(&pod, fact.first.at);
            }
            unseen.add(event, fact, &mut self.interner);
        }
    }

    /// Applies the report of an owner about its Pod with this name. Without a key, the report is kept until the Pod is
    /// observed.
    pub(crate) fn apply_owner_report(
        &mut self,
        key: Option<PodKey>,
        owner: &ObjectReference,
        name: &str,
        report: OwnerReport,
    ) {
        let Some(key) = key else {
            let (uid, name): (Arc<str>, Arc<str>) = (owner.uid.as_str().into(), name.into());
            if let Some(at) = report.created {
                let pod = (self.interner.share(&owner.namespace), Arc::clone(&name));
                self.siblings.learn_unseen_creation(&pod, &uid, at);
            }
            let early = self.early_reports.entry((uid, name)).or_default();
            early.deleted |= report.deleted;
            early.created = early.created.or(report.created);
            early.deleted_at = early.deleted_at.or(report.deleted_at);
            early.reported = early.reported.max(report.reported);
            return;
        };
        self.record_mut(key).removed_by_owner |= report.deleted;
        if let Some(at) = report.created {
            self.evidence_mut(key).0.set_created_event(at);
        }
        self.mark_changed(key);
    }

    /// Updates the clock correction of a node from an event of its kubelet, and the correction of receipts from an
    /// event of the control plane. `received` is `None` if no watch received the event.
    pub(crate) fn learn_clock_from_event(&mut self, event: &Event, received: Option<Timestamp>) {
        if received.is_some_and(|received| self.receipts.learn(event, received)) {
            self.keys().for_each(|key| self.mark_changed(key));
        }
        if let Some(node) = self.clocks.learn_from_event(event) {
            self.mark_node_changed(&node);
        }
    }

    /// Applies an event about a node: a start of its kubelet may explain why containers were lost.
    pub(crate) fn apply_node_event(&mut self, event: &Event) {
        if let Some(node) = self.kubelet_starts.learn(event) {
            self.mark_node_changed(&node);
        }
    }

    /// Updates the clock correction of a node from the evidence of one of its Pods.
    fn learn_clock_from_pod(&mut self, key: PodKey) {
        let evidence = self.evidence_mut(key).0;
        let lower = evidence.min_skew();
        let upper = evidence.max_skew();
        if lower.is_none() && upper.is_none() {
            return;
        }
        let Some(node) = self.record(key).identity.node.clone() else { return };
        let lower_changed = lower.is_some_and(|lower| self.clocks.learn_lower_bound(&node, lower));
        let upper_changed = upper.is_some_and(|upper| self.clocks.learn_upper_bound(&node, upper));
        if lower_changed || upper_changed {
            self.mark_node_changed(&node);
        }
    }

    /// Marks all Pods of a node as changed, because a fact about the node changes their lives.
    fn mark_node_changed(&mut self, node: &str) {
        for key in self.keys() {
            if self.record(key).identity.node.as_deref() == Some(node) {
                self.mark_changed(key);
            }
        }
    }

    fn mark_changed(&mut self, key: PodKey) {
        let record = &mut self.records[key.index()];
        record.stale = true;
        if !record.changed {
            record.changed = true;
            self.changed.push(key);
        }
    }
}
