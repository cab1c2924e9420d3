//! Adds Pods to the store.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::{PodEvidence, StopBounds, UnseenPod};
use crate::observation::{ObjectMeta, Pod};
use crate::timeline::pods::membership::PodMembership;
use crate::timeline::pods::pod::{PodIdentity, PodKey};
use crate::timeline::pods::pod_store::{GonePod, OwnerReport, PodStore};
use crate::timeline::pods::record::PodRecord;
use crate::timeline::pods::requests::PodRequests;

/// These methods add Pods.
impl PodStore {
    /// Adds a Pod whose state was not observed before. Applies the facts that Events have reported about it.
    pub(crate) fn add_pod(&mut self, pod: &Pod) -> PodKey {
        let metadata = &pod.metadata;
        let uid: Box<str> = metadata.uid.as_str().into();
        let name: Box<str> = metadata.name.as_str().into();
        let mut evidence = PodEvidence::default();
        if !self.unseen.is_empty()
            && let Some(unseen) = self.unseen.remove(&*uid)
        {
            unseen.facts().for_each(|fact| evidence.add_fact(fact));
        }
        // An orphaned Pod loses its owner reference but keeps this label.
        let label = || metadata.labels.get("batch.kubernetes.io/controller-uid").map(String::as_str);
        let owner = metadata.controller().map(|owner| owner.uid.as_str()).or_else(label);
        let owner = owner.map(|uid| self.interner.find_or_add(uid));
        let mut report = OwnerReport::default();
        if let Some(owner) = owner
            && !(self.gone_without_uid.is_empty() && self.early_reports.is_empty())
        {
            let owner_and_name = (Arc::clone(self.interner.text(owner)), Arc::from(&*name));
            if let Some(key) = self.gone_without_uid.remove(&owner_and_name) {
                // The Pod was taken for gone, but its state has arrived.
                self.records[key.index()].identity.uid = uid;
                self.uid_index.insert(key, &self.records);
                return key;
            }
            report = self.early_reports.remove(&owner_and_name).unwrap_or_default();
        }
        if let Some(at) = report.created {
            evidence.set_created_event(at);
        }
        let membership = PodMembership::from_pod(pod, &mut self.interner);
        let identity = PodIdentity {
            membership: membership.map(|membership| self.share_membership(membership)),
            namespace: self.interner.share(&metadata.namespace),
            name,
            uid,
            node: None,
            index: metadata.completion_index(),
            attempt: 1,
        };
        self.siblings.forget_unseen(&identity.namespace, &identity.name);
        let record = PodRecord::new(identity, evidence, owner);
        let requests = self.share_requests(pod);
        let key = self.add_record(PodRecord { removed_by_owner: report.deleted, requests, ..record });
        self.uid_index.insert(key, &self.records);
        key
    }

    /// A part in a larger workload, shared by all Pods with this part.
    pub(crate) fn share_membership(&mut self, membership: PodMembership) -> Arc<PodMembership> {
        if let Some(known) = self.memberships.get(&membership) {
            return Arc::clone(known);
        }
        let shared = Arc::new(membership);
        self.memberships.insert(Arc::clone(&shared));
        shared
    }

    /// The requests of a Pod. Pods with the same requests share them.
    fn share_requests(&mut self, pod: &Pod) -> Option<Arc<PodRequests>> {
        let requests = PodRequests::from_pod(pod);
        if self.last_requests.as_deref() != Some(&requests) && !requests.is_empty() {
            self.last_requests = Some(Arc::new(requests.clone()));
        }
        self.last_requests.clone().filter(|_| !requests.is_empty())
    }

    fn add_record(&mut self, record: PodRecord) -> PodKey {
        let key = PodKey::from_index(self.records.len());
        self.records.push(record);
        self.unassigned.push(key);
        key
    }

    /// Adds a Pod whose first observation is that it no longer exists. Only its Events contain further facts.
    pub(crate) fn add_missing_pod(&mut self, pod: &Pod, received: Timestamp) {
        let ObjectMeta { namespace, name, uid, .. } = &pod.metadata;
        let uid: Arc<str> = uid.as_str().into();
        let unseen = self
            .unseen
            .remove(&uid)
            .unwrap_or_else(|| UnseenPod::new(self.interner.share(namespace), name.as_str().into()));
        self.add_gone_pod(
            GonePod { uid: Some(uid), unseen, owner: None, index: None, stop_bounds: StopBounds::default() },
            OwnerReport::default(),
            received,
        );
    }

    /// Adds a Pod that no longer exists. `report` is the report of its owner, and `concluded` is the time at which the
    /// Pod was missing from a complete list.
    pub(crate) fn add_gone_pod(&mut self, pod: GonePod, report: OwnerReport, concluded: Timestamp) {
        let GonePod { uid, unseen, owner, index, stop_bounds } = pod;
        let identity = PodIdentity {
            namespace: Arc::clone(&unseen.namespace),
            name: (*unseen.name).into(),
            uid: uid.as_deref().unwrap_or_default().into(),
            node: unseen.node.clone(),
            index,
            attempt: 1,
            membership: None,
        };
        let name = Arc::clone(&unseen.name);
        self.siblings.forget_unseen(&identity.namespace, &name);
        let mut evidence = unseen.into_gone_evidence(concluded);
        evidence.set_stop_bounds(stop_bounds);
        if let Some(at) = report.created {
            evidence.set_created_event(at);
        }
        if report.deleted {
            evidence.add_deletion_by_owner(report.deleted_at);
        }
        let record =
            PodRecord::new(identity, evidence, owner.as_ref().map(|uid| self.interner.number_for(uid)));
        let key = self.add_record(PodRecord { removed_by_owner: report.deleted, ..record });
        match (uid, owner) {
            (Some(_), _) => self.uid_index.insert(key, &self.records),
            (None, Some(owner)) => _ = self.gone_without_uid.insert((owner, name), key),
            (None, None) => {}
        }
        self.mark_changed(key);
    }
}
