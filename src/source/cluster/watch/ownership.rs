//! Decides which of the objects that the server sends belong to the objects that the user named.
//!
//! An object belongs if the user named it, or if its controller belongs. The uids of objects and controllers decide
//! this; selectors only reduce the number of objects that the server sends. The kinds arrive in separate answers, so an
//! object may arrive before its owner. Such an object is held until its owner arrives. If no watch reads the owner's
//! kind, the owner is requested once.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::observation::{
    Event, LabelSelector, Object, ObjectMeta, Observation, Owner, OwnerReference, Seen,
};
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::watch::gone::{GoneCandidates, UnknownNames, is_pod_name_of_job, may_claim_pod};
use crate::source::cluster::watch::target::Name;

/// The labels of a Pod that contain the uid of the Job that created it. The labels remain when the Pod loses its owner.
const JOB_UID_LABELS: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];

/// Maximum number of observations that are held.
const MAX_HELD_OBSERVATIONS: usize = 512;

/// An object is held only if its [`latest_time`] is not more than this duration before the first observation. The owner
/// of an older object is in the lists already, so the object has not arrived before its owner.
const HOLD_WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// Maximum length of the chain of owners that is requested for one Pod.
const MAX_OWNER_DEPTH: u8 = 8;

/// Objects of one kind that the user named.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) kind: Kind,
    /// The names. Empty if the user means every object that the server sends.
    pub(crate) names: Vec<Name>,
}

/// The reason why a collection is read. Two collections may contain the same object. Only the collection that found the
/// object first reports it, so that no object is reported twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CollectionRole {
    /// The collection contains objects that the user named: the objects of the [`Root`] with this index.
    Root(usize),
    /// The collection contains objects that belong to the named objects.
    Child,
}

/// Decides which objects belong to the named objects. All watchers of one namespace share one `Ownership`.
#[derive(Debug, Default)]
pub(crate) struct Ownership {
    roots: Vec<Root>,
    /// The kinds of the objects between the named objects and their Pods. The collections of these kinds are read too.
    intermediate_kinds: Vec<Kind>,
    /// Whether to request owners of kinds that no watch reads, because such an owner may connect a Pod with a named
    /// object.
    looks_up_owners: bool,
    /// Whether to hold an object if its owner may become known later.
    holds: bool,
    /// The watchers run as separate tasks, so a lock protects the state that they share. The lock is never held across
    /// an `await`.
    state: Mutex<OwnershipState>,
    /// Whether the Events name all missing objects. `None` until the list of Events is complete.
    are_missing_named: watch::Sender<Option<bool>>,
}

/// The objects found so far.
#[derive(Debug, Default)]
struct OwnershipState {
    /// The time at which the first observation was received.
    first_received: Option<Timestamp>,
    /// The uid of each named object that was found, by the index of the root and the name of the object.
    named_uids: HashMap<(usize, Box<str>), u128>,
    /// The objects that belong and may own others, by uid.
    owners: HashMap<u128, AdmittedOwner>,
    /// The Pods that belong, by uid. Each value is the role of the collection that found the Pod.
    pods: HashMap<u128, CollectionRole>,
    /// The uids of the controllers of named Pods. The events of these controllers say when the Pods were created.
    pod_controllers: HashSet<u128>,
    /// The Pod selectors of the named objects.
    selectors: Vec<LabelSelector>,
    /// Whether a Job that belongs has a selector of its own, so that its Pods lack the label `job-name`.
    has_manual_selector: bool,
    /// The observations that are held, each with the uid of its owner.
    held: VecDeque<(u128, Observation)>,
    /// The uids of the requested owners that do not belong.
    unrelated_owners: HashSet<u128>,
    /// The observations that wait for the answer to the request for an owner, by the owner's uid.
    waiting: HashMap<u128, Vec<Observation>>,
    /// The owners that must be requested.
    unresolved: VecDeque<UnresolvedOwner>,
    /// The named objects that the lists do not contain. Events may show that they existed.
    missing: GoneCandidates,
}

/// An object that belongs and may own others.
#[derive(Debug)]
struct AdmittedOwner {
    /// The role of the collection that found the object.
    role: CollectionRole,
    namespace: Box<str>,
    name: Box<str>,
}

/// An owner that must be requested, because no watch reads its kind.
#[derive(Clone, Debug)]
pub(crate) struct UnresolvedOwner {
    /// The namespace of the owned object. The owner has the same namespace, if its kind has namespaces.
    pub(crate) namespace: String,
    pub(crate) reference: OwnerReference,
    /// The position in the chain of owners, from 1 for the owner of a Pod.
    depth: u8,
}

/// Packs a uid into 16 bytes. Kubernetes' uids are UUIDs, which fit. Any other text is hashed.
pub(crate) fn uid_key(uid: &str) -> u128 {
    let mut digits = 0;
    let mut value = 0_u128;
    for byte in uid.bytes().filter(|byte| *byte != b'-') {
        match char::from(byte).to_digit(16) {
            Some(digit) => value = value << 4 | u128::from(digit),
            None => return hash_uid(uid),
        }
        digits += 1;
    }
    if digits == 32 { value } else { hash_uid(uid) }
}

/// Hashes a uid into 16 bytes.
fn hash_uid(uid: &str) -> u128 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut low = DefaultHasher::new();
    uid.hash(&mut low);
    let mut high = DefaultHasher::new();
    (uid, 0_u8).hash(&mut high);
    u128::from(high.finish()) << 64 | u128::from(low.finish())
}

/// The decision whether the object of an observation belongs.
enum Admission {
    /// The object belongs.
    Admit,
    /// The object belongs if the object with this uid belongs.
    Hold(u128),
    /// The object belongs if this owner belongs. The owner must be requested, because no watch reads the owner's kind.
    LookUpOwner(OwnerReference),
    /// The object does not belong.
    Drop,
}

impl Ownership {
    /// Creates an `Ownership` that has found no object yet. With `holds`, objects that arrive before their owners are
    /// held.
    pub(crate) fn new(roots: Vec<Root>, intermediate_kinds: Vec<Kind>, holds: bool) -> Self {
        let looks_up_owners = roots.iter().any(|root| matches!(root.kind, Kind::Custom(_)));
        Self { roots, intermediate_kinds, looks_up_owners, holds, ..Self::default() }
    }

    fn lock_state(&self) -> MutexGuard<'_, OwnershipState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the names of a root for which no object was found.
    pub(crate) fn missing_names(&self, root: usize) -> Vec<&str> {
        let state = self.lock_state();
        let names = self.roots.get(root).map_or(&[][..], |root| &root.names);
        let is_missing = |name: &&Name| !state.named_uids.contains_key(&(root, name.name.as_str().into()));
        names.iter().filter(is_missing).map(|name| name.name.as_str()).collect()
    }

    /// Stores the names of a root for which no object was found, if the Events of such objects show what they did. The
    /// collection of Events then decides whether the objects existed. Returns `false` for kinds whose Events do not
    /// show this. `resource` is the resource of the root in messages.
    pub(crate) fn await_events_of_missing(&self, root: usize, resource: &str) -> bool {
        let names: Vec<String> = self.missing_names(root).into_iter().map(str::to_owned).collect();
        let Some(Root { kind, .. }) = self.roots.get(root) else { return false };
        self.lock_state().missing.add(root, kind, resource, names)
    }

    /// Reports the missing objects that Events name as objects that are gone. Call this after the first list of Events.
    /// Returns the resource and the names of the first root whose objects are still missing.
    pub(crate) fn conclude_missing(
        &self,
        received: Timestamp,
        batch: &mut Vec<Observation>,
    ) -> Option<UnknownNames> {
        let state = &mut *self.lock_state();
        let first_received = state.first_received.unwrap_or(received);
        let (found, unknown) = std::mem::take(&mut state.missing).conclude(first_received);
        for (root, object) in found {
            let observation = Observation { received, seen: Seen::Missing, object };
            self.admit_at_depth(state, observation, CollectionRole::Root(root), 1, batch);
        }
        let _ = self.are_missing_named.send_replace(Some(unknown.is_none()));
        unknown
    }

    /// Waits until the Events show that all missing objects have existed. If one of them has not existed, waits
    /// forever, because the collection of Events then reports the error.
    pub(crate) async fn wait_for_missing(&self) {
        if self.lock_state().missing.is_empty() {
            return;
        }
        let mut are_named = self.are_missing_named.subscribe();
        let are_named = are_named.wait_for(Option::is_some).await.is_ok_and(|named| *named == Some(true));
        if !are_named {
            std::future::pending::<()>().await;
        }
    }

    /// Whether a collection with this role has admitted the object. Always `false` for Events, because admitted Events
    /// are not stored.
    pub(crate) fn has_admitted(&self, object: &Object, role: CollectionRole) -> bool {
        let state = self.lock_state();
        let uid = uid_key(&object.metadata().uid);
        if matches!(object, Object::Event(_)) {
            false
        } else if matches!(object, Object::Pod(_)) {
            state.pods.get(&uid) == Some(&role)
        } else {
            state.owners.get(&uid).is_some_and(|admitted| admitted.role == role)
        }
    }

    /// Returns the selector of the named objects that were found, as a label selector for their Pods. Returns `None` if
    /// these objects have no selector, an empty selector or different selectors.
    pub(crate) fn pod_label_selector(&self) -> Option<String> {
        let state = self.lock_state();
        let [LabelSelector { match_labels }] = state.selectors.as_slice() else { return None };
        let labels: Vec<String> = match_labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        (!labels.is_empty()).then(|| labels.join(","))
    }

    /// Whether a Job that belongs has Pods without the label `job-name`.
    pub(crate) fn has_pods_without_job_name(&self) -> bool {
        self.lock_state().has_manual_selector
    }

    /// Adds the observation to `batch` if its object belongs, followed by the observations that were held until this
    /// object arrived. Returns `true` if the object belongs or may still turn out to belong.
    pub(crate) fn admit(
        &self,
        observation: Observation,
        role: CollectionRole,
        batch: &mut Vec<Observation>,
    ) -> bool {
        self.admit_at_depth(&mut self.lock_state(), observation, role, 1, batch)
    }

    /// Removes and returns the next owner that must be requested. The caller passes the answer to
    /// [`Ownership::resolve_owner`].
    pub(crate) fn next_unresolved_owner(&self) -> Option<UnresolvedOwner> {
        if self.looks_up_owners { self.lock_state().unresolved.pop_front() } else { None }
    }

    /// Stores the answer to the request for an owner. `None` means that the owner cannot be read. If the owner belongs,
    /// adds the owner to `batch`, followed by the observations that waited for the answer.
    pub(crate) fn resolve_owner(
        &self,
        requested: &UnresolvedOwner,
        owner: Option<Owner>,
        received: Timestamp,
        batch: &mut Vec<Observation>,
    ) {
        let state = &mut *self.lock_state();
        let uid = uid_key(&requested.reference.uid);
        let belongs = owner.is_some_and(|owner| {
            let object = Object::Owner(Box::new(owner));
            let observation = Observation { received, seen: Seen::Listed, object };
            self.admit_at_depth(state, observation, CollectionRole::Child, requested.depth + 1, batch)
        });
        if !belongs {
            state.reject_owner(uid);
        }
    }

    /// Does the work of [`Ownership::admit`]. `depth` is the position of the object's owner in the chain of owners.
    fn admit_at_depth(
        &self,
        state: &mut OwnershipState,
        observation: Observation,
        role: CollectionRole,
        depth: u8,
        batch: &mut Vec<Observation>,
    ) -> bool {
        let first_received = *state.first_received.get_or_insert(observation.received);
        let mut next = Some((observation, role));
        let mut released = VecDeque::new();
        let mut belongs = false;
        while let Some((observation, role)) = next {
            let min_time = first_received - HOLD_WINDOW;
            match self.decide(state, &observation.object, role) {
                Admission::Admit => {
                    belongs = true;
                    if let Object::Job(job) = &observation.object {
                        state.has_manual_selector |= job.spec.manual_selector == Some(true);
                    }
                    state.release(uid_key(&observation.object.metadata().uid), &mut released);
                    batch.push(observation);
                }
                Admission::Hold(uid)
                    if self.holds && latest_time(&observation.object) >= Some(min_time)
                        || state.missing.may_own(&observation.object) =>
                {
                    if state.held.len() == MAX_HELD_OBSERVATIONS {
                        state.held.pop_front();
                    }
                    state.held.push_back((uid, observation));
                    belongs = true;
                }
                Admission::LookUpOwner(reference) if depth <= MAX_OWNER_DEPTH => {
                    let namespace = observation.object.metadata().namespace.clone();
                    let waiting = state.waiting.entry(uid_key(&reference.uid)).or_default();
                    let is_requested = !waiting.is_empty();
                    waiting.push(observation);
                    if !is_requested {
                        state.unresolved.push_back(UnresolvedOwner { namespace, reference, depth });
                    }
                    belongs = true;
                }
                Admission::Hold(_) | Admission::LookUpOwner(_) | Admission::Drop => {}
            }
            next = released.pop_front().map(|observation| (observation, CollectionRole::Child));
        }
        belongs
    }

    /// Decides whether an object from a collection with this role belongs. Stores the object if it belongs.
    fn decide(&self, state: &mut OwnershipState, object: &Object, role: CollectionRole) -> Admission {
        let metadata = object.metadata();
        let uid = uid_key(&metadata.uid);
        match (object, role) {
            (Object::Event(event), _) => self.decide_event(state, event),
            (Object::Pod(_), CollectionRole::Root(root)) => {
                if !self.is_named(state, root, metadata, uid) {
                    return Admission::Drop;
                }
                state.pod_controllers.extend(metadata.controller().map(|owner| uid_key(&owner.uid)));
                state.admit_pod(uid, role)
            }
            (Object::Pod(pod), CollectionRole::Child) => {
                let label = JOB_UID_LABELS.iter().find_map(|label| pod.metadata.labels.get(*label));
                match self.decide_child(state, metadata, label.map(String::as_str)) {
                    Admission::Admit => state.admit_pod(uid, role),
                    // A Pod that was admitted still belongs after it has lost its owner.
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
                let admission = state.admit_owner(uid, role, metadata);
                if let (Admission::Admit, Some(selector)) = (&admission, object.pod_selector())
                    && !state.selectors.contains(selector)
                {
                    state.selectors.push(selector.clone());
                }
                admission
            }
            (_, CollectionRole::Child) => match self.decide_child(state, metadata, None) {
                _ if state.owners.contains_key(&uid) => state.admit_owner(uid, role, metadata),
                Admission::Admit => state.admit_owner(uid, role, metadata),
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

    /// Decides whether an object that the user did not name belongs. The decision depends on the object's controller
    /// and on `label`, the uid of the Job that created the object, from the object's labels.
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

    /// Decides whether an Event belongs. An Event belongs if its involved object belongs.
    fn decide_event(&self, state: &mut OwnershipState, event: &Event) -> Admission {
        let about = &event.involved_object;
        let uid = uid_key(&about.uid);
        let is_pod = about.kind == "Pod";
        let is_about_creation = || event.reason == "SuccessfulCreate" && state.pod_controllers.contains(&uid);
        if state.owners.contains_key(&uid) || state.pods.contains_key(&uid) || is_about_creation() {
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
        if is_pod || may_own() { Admission::Hold(uid) } else { Admission::Drop }
    }
}

impl OwnershipState {
    /// Admits a Pod, unless a collection with another role has found it.
    fn admit_pod(&mut self, uid: u128, role: CollectionRole) -> Admission {
        let admitted = *self.pods.entry(uid).or_insert(role);
        if admitted == role { Admission::Admit } else { Admission::Drop }
    }

    /// Admits an object that may own others, unless a collection with another role has found it.
    fn admit_owner(&mut self, uid: u128, role: CollectionRole, metadata: &ObjectMeta) -> Admission {
        let new_owner = || AdmittedOwner {
            role,
            namespace: metadata.namespace.as_str().into(),
            name: metadata.name.as_str().into(),
        };
        let admitted = self.owners.entry(uid).or_insert_with(new_owner);
        if admitted.role == role { Admission::Admit } else { Admission::Drop }
    }

    /// Moves the observations that waited for `uid` into `released`.
    fn release(&mut self, uid: u128, released: &mut VecDeque<Observation>) {
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
    fn reject_owner(&mut self, uid: u128) {
        let mut rejected = vec![uid];
        while let Some(uid) = rejected.pop() {
            self.unrelated_owners.insert(uid);
            let waiting = self.waiting.remove(&uid).unwrap_or_default();
            let owners = waiting.iter().filter(|waiting| matches!(waiting.object, Object::Owner(_)));
            rejected.extend(owners.map(|owner| uid_key(&owner.object.metadata().uid)));
        }
    }
}

/// Returns the latest time that the object contains: the last occurrence of an Event, or the creation time of any other
/// object.
fn latest_time(object: &Object) -> Option<Timestamp> {
    if let Object::Event(event) = object { event.last_occurrence() } else { object.metadata().created() }
}

#[cfg(test)]
mod tests;
