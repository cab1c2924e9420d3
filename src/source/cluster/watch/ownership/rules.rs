//! Decides whether one object is followed.

use crate::observation::{Event, Object, ObjectMeta, OwnerReference};
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::watch::gone::{is_pod_name_of_job, may_claim_pod};
use crate::source::cluster::watch::ownership::state::{CollectionRole, OwnershipState};
use crate::source::cluster::watch::target::Name;
use crate::source::cluster::watch::uid_key::uid_key;

/// The labels of a Pod that contain the uid of the Job that created it. The labels remain when the Pod loses its owner.
pub(crate) const JOB_UID_LABELS: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];

/// Objects of one kind that the user named.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) kind: Kind,
    /// The names. Empty if the user means every object that the server sends.
    pub(crate) names: Vec<Name>,
}

/// The rules that decide which objects are followed. They do not change during a run.
#[derive(Debug, Default)]
pub(crate) struct OwnershipRules {
    pub(crate) roots: Vec<Root>,
    /// The kinds of the objects between the named objects and their Pods. The collections of these kinds are read too.
    pub(crate) intermediate_kinds: Vec<Kind>,
    /// Whether to request owners of kinds that no watch reads, because a named object may own such an owner.
    pub(crate) looks_up_owners: bool,
}

/// The decision whether an object is followed.
pub(crate) enum Admission {
    /// The object is followed.
    Admit,
    /// The object is followed if the object with this uid is followed.
    Hold(u128),
    /// The object is followed if this owner is followed. The owner must be requested, because no watch reads the
    /// owner's kind.
    LookUpOwner(OwnerReference),
    /// The object is not followed, or another collection reports the object.
    Drop,
}

impl Admission {
    fn admit_if(is_admitted: bool) -> Self {
        if is_admitted { Self::Admit } else { Self::Drop }
    }
}

impl OwnershipRules {
    /// Decides whether an object from a collection with this role is followed. Stores each followed object, except
    /// Events.
    pub(crate) fn decide(
        &self,
        state: &mut OwnershipState,
        object: &Object,
        role: CollectionRole,
    ) -> Admission {
        let metadata = object.metadata();
        let uid = uid_key(&metadata.uid);
        match (object, role) {
            (Object::Event(event), _) => self.decide_event(state, event),
            (Object::QueuedWorkload(_), _) => decide_queued(state, metadata, uid),
            (Object::Pod(_), CollectionRole::Root(root)) => {
                if !self.is_named(state, root, metadata, uid) {
                    return Admission::Drop;
                }
                state.pod_controllers.extend(metadata.controller().map(|owner| uid_key(&owner.uid)));
                state.siblings.add_named_pod(metadata);
                Admission::admit_if(state.add_pod(uid, role))
            }
            (Object::Pod(pod), CollectionRole::Child) => {
                let label = JOB_UID_LABELS.iter().find_map(|label| pod.metadata.labels.get(*label));
                match self.decide_child(state, metadata, label.map(String::as_str)) {
                    Admission::Admit => Admission::admit_if(state.add_pod(uid, role)),
                    // A Pod that was admitted is still followed after it has lost its owner.
                    _ if state.pods.get(&uid) == Some(&role) => Admission::Admit,
                    _ if state.pods.contains_key(&uid) => Admission::Drop,
                    admission @ (Admission::Hold(_) | Admission::LookUpOwner(_) | Admission::Drop) => {
                        admission
                    }
                }
            }
            (_, CollectionRole::Root(root)) => {
                if !self.is_named(state, root, metadata, uid) {
                    return Admission::Drop;
                }
                let admission = Admission::admit_if(state.add_owner(uid, role, metadata));
                if let (Admission::Admit, Some(selector)) = (&admission, object.pod_selector())
                    && !state.selectors.contains(selector)
                {
                    state.selectors.push(selector.clone());
                }
                admission
            }
            (_, CollectionRole::Child) => match self.decide_child(state, metadata, None) {
                _ if state.owners.contains_key(&uid) => {
                    Admission::admit_if(state.add_owner(uid, role, metadata))
                }
                Admission::Admit => Admission::admit_if(state.add_owner(uid, role, metadata)),
                admission @ (Admission::Hold(_) | Admission::LookUpOwner(_) | Admission::Drop) => admission,
            },
        }
    }

    /// Whether the user named the object. A name means the first object that has this name. An object that is created
    /// later with the same name does not count.
    fn is_named(&self, state: &mut OwnershipState, root: usize, metadata: &ObjectMeta, uid: u128) -> bool {
        let Some(Root { names, .. }) = self.roots.get(root) else { return false };
        if names.is_empty() {
            return true;
        }
        let Some(name) = names.iter().find(|name| name.name == metadata.name) else { return false };
        if name.uid.as_deref().is_some_and(|wanted| wanted != metadata.uid) {
            return false;
        }
        *state.named_uids.entry((root, metadata.name.as_str().into())).or_insert(uid) == uid
    }

    /// Decides whether an object that the user did not name is followed. The decision depends on the object's
    /// controller and on `label`, the uid of the Job that created the object, from the object's labels.
    fn decide_child(&self, state: &OwnershipState, metadata: &ObjectMeta, label: Option<&str>) -> Admission {
        let controller = metadata.controller();
        let mut owners = controller.map(|owner| owner.uid.as_str()).into_iter().chain(label).map(uid_key);
        if owners.clone().any(|owner| state.owners.contains_key(&owner)) {
            return Admission::Admit;
        }
        match (owners.next(), controller) {
            (Some(owner), _) if state.unrelated_owners.contains(&owner) => Admission::Drop,
            (Some(_), Some(reference)) if self.looks_up_owners && !self.is_watched_kind(reference) => {
                Admission::LookUpOwner(reference.clone())
            }
            (Some(owner), _) if self.may_find_more_owners(state) => Admission::Hold(owner),
            _ => Admission::Drop,
        }
    }

    /// Whether a watch reads the kind of this owner.
    fn is_watched_kind(&self, owner: &OwnerReference) -> bool {
        let group = owner.api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let mut kinds = self.roots.iter().map(|root| &root.kind).chain(&self.intermediate_kinds);
        kinds.any(|kind| kind.name() == owner.kind && kind.group() == group)
    }

    /// Whether further owners of Pods may arrive.
    fn may_find_more_owners(&self, state: &OwnershipState) -> bool {
        let names: usize = self.roots.iter().map(|root| root.names.len()).sum();
        !self.intermediate_kinds.is_empty()
            || state.named_uids.len() < names
            || self.roots.iter().any(|root| root.names.is_empty())
    }

    /// Decides whether an Event is followed. An Event is followed if its involved object is followed, if it may be
    /// about a Pod of a followed Job that no longer exists, or if it may show which owner created such a Pod. Events
    /// that name a preemptor, and Events about the scheduling of siblings, are followed too.
    fn decide_event(&self, state: &mut OwnershipState, event: &Event) -> Admission {
        let about = &event.involved_object;
        let uid = uid_key(&about.uid);
        let is_pod = about.kind == "Pod";
        let is_about_creation = event.reason == "SuccessfulCreate" && state.pod_controllers.contains(&uid);
        if is_about_creation {
            state.siblings.add_creation(event);
        }
        if is_about_creation
            || state.owners.contains_key(&uid)
            || state.pods.contains_key(&uid)
            || state.queued.contains(&uid)
            || state.preemptors.names(event)
            || state.siblings.names(event)
        {
            return Admission::Admit;
        }
        let in_namespace = state.owners.values().filter(|owner| *owner.namespace == *about.namespace);
        let mut owners = in_namespace.map(|owner| &*owner.name);
        // A Pod that no longer exists is not in the list of Pods, so the name of the Pod decides.
        if is_pod && owners.any(|owner| is_pod_name_of_job(&about.name, owner))
            || state.missing.observe(event)
            || may_claim_pod(event, owners)
        {
            return Admission::Admit;
        }
        let mut kinds = self.roots.iter().map(|root| &root.kind).chain(&self.intermediate_kinds);
        let mut may_own = || kinds.any(|kind| kind.name() == about.kind) && self.may_find_more_owners(state);
        let is_queued = about.kind == "Workload";
        if is_pod || is_queued || may_own() { Admission::Hold(uid) } else { Admission::Drop }
    }
}

/// Decides whether a Kueue Workload is followed: if one of its owners is.
fn decide_queued(state: &mut OwnershipState, metadata: &ObjectMeta, uid: u128) -> Admission {
    let mut owners = metadata.owner_references.iter().map(|owner| uid_key(&owner.uid));
    let is_followed = |owner: u128| state.owners.contains_key(&owner) || state.pods.contains_key(&owner);
    if state.queued.contains(&uid) || owners.clone().any(is_followed) {
        state.queued.insert(uid);
        return Admission::Admit;
    }
    owners.next().map_or(Admission::Drop, Admission::Hold)
}
