//! Which of the objects that the server sends belong to what the user named.
//!
//! Selectors only narrow; uids decide: an object belongs if it was named, or if what controls it belongs. Each kind
//! comes over a connection of its own and may overtake the others: what may yet turn out to belong is held for a while.
//! An owner of a kind that nobody watches is asked for, once.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::observation::{
    Event, LabelSelector, Object, ObjectMeta, Observation, Owner, OwnerReference, Seen,
};
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::watch::target::Name;

/// Labels that keep saying which Job made a Pod, even when the Pod has been orphaned.
const CONTROLLER_UID: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];

/// Observations held at most.
const HELD: usize = 512;

/// Only what happened later than so long before the beginning can belong to something not known yet.
const OVERTAKING: SignedDuration = SignedDuration::from_secs(60);

/// The Job controller cuts a Job's name for its Pods' names; never to less than this.
const UNCUT: usize = 40;

/// Owners of owners that are asked for at most, upward from one Pod.
const DEEPEST: u8 = 8;

/// Objects of one kind that the user named.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) kind: Kind,
    /// Empty: whatever the server sends.
    pub(crate) names: Vec<Name>,
}

/// Why a collection is read; an object belongs to the first that found it, so that none is told twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// For the objects that the user named: the root in that place.
    Root(usize),
    /// For what belongs to them.
    Child,
}

/// The rule and what it has learnt; shared by the lists and watches of what was named in one place.
#[derive(Debug, Default)]
pub(crate) struct Relevance {
    roots: Vec<Root>,
    /// Kinds between what was named and its Pods that are read as well.
    between: Vec<Kind>,
    /// Whether owners of other kinds may lead from a Pod to what was named.
    links: bool,
    /// Whether to hold what may belong to something not known yet.
    holds: bool,
    began: OnceLock<Timestamp>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Uids by name of the objects that each root named.
    bound: HashMap<(usize, Box<str>), u128>,
    /// What belongs and may own: how it was found, and its name.
    owners: HashMap<u128, (Role, Box<str>)>,
    pods: HashMap<u128, Role>,
    /// Labels that the Pods of what was named have.
    selectors: Vec<LabelSelector>,
    held: VecDeque<(u128, Observation)>,
    /// Owners that do not belong.
    strangers: HashSet<u128>,
    /// What waits for an owner that is being asked for.
    waiting: HashMap<u128, Vec<Observation>>,
    unresolved: VecDeque<Unresolved>,
}

/// An owner of a kind that nobody watches.
#[derive(Clone, Debug)]
pub(crate) struct Unresolved {
    /// Namespace of what it owns, and so its own, if it is in one.
    pub(crate) namespace: String,
    pub(crate) reference: OwnerReference,
    depth: u8,
}

/// A uid in 16 bytes: uids are UUIDs; whatever else a server may use is hashed.
pub(crate) fn key(uid: &str) -> u128 {
    let mut digits = 0;
    let mut value = 0_u128;
    for byte in uid.bytes().filter(|byte| *byte != b'-') {
        match char::from(byte).to_digit(16) {
            Some(digit) => value = value << 4 | u128::from(digit),
            None => return hashed(uid),
        }
        digits += 1;
    }
    if digits == 32 { value } else { hashed(uid) }
}

fn hashed(uid: &str) -> u128 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut low = DefaultHasher::new();
    uid.hash(&mut low);
    let mut high = DefaultHasher::new();
    (uid, 0_u8).hash(&mut high);
    u128::from(high.finish()) << 64 | u128::from(low.finish())
}

/// What to do with an observation.
enum Verdict {
    Take,
    /// It belongs if that uid turns out to.
    Hold(u128),
    /// It belongs if its owner does, which is not watched.
    Ask(OwnerReference),
    Drop,
}

impl Relevance {
    pub(crate) fn new(roots: Vec<Root>, between: Vec<Kind>, holds: bool) -> Self {
        let links = roots.iter().any(|root| matches!(root.kind, Kind::Custom(_)));
        Self { roots, between, links, holds, ..Self::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names of that root for which nothing was found.
    pub(crate) fn unbound(&self, root: usize) -> Vec<&str> {
        let known = self.known();
        let names = self.roots.get(root).map_or(&[][..], |root| &root.names);
        let found = |name: &&Name| !known.bound.contains_key(&(root, name.name.as_str().into()));
        names.iter().filter(found).map(|name| name.name.as_str()).collect()
    }

    /// Whether a collection has taken the object before.
    pub(crate) fn took(&self, object: &Object, role: Role) -> bool {
        let known = self.known();
        let uid = key(&object.metadata().uid);
        match object {
            Object::Event(_) => false,
            Object::Pod(_) => known.pods.get(&uid) == Some(&role),
            _ => known.owners.get(&uid).is_some_and(|(found, _)| *found == role),
        }
    }

    /// Labels that all Pods of what was found have, if one object was.
    pub(crate) fn pod_labels(&self) -> Option<String> {
        let known = self.known();
        let [LabelSelector { match_labels }] = known.selectors.as_slice() else { return None };
        let labels: Vec<String> = match_labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        (!labels.is_empty()).then(|| labels.join(","))
    }

    /// Adds the observation to `batch` if it belongs, and after it whatever was waiting for it. Returns whether it
    /// belongs or yet may.
    pub(crate) fn admit(&self, observation: Observation, role: Role, batch: &mut Vec<Observation>) -> bool {
        self.admit_at(&mut self.known(), observation, role, 1, batch)
    }

    /// The next owner to ask for; to be answered by [`Relevance::resolve`].
    pub(crate) fn unresolved(&self) -> Option<Unresolved> {
        if self.links { self.known().unresolved.pop_front() } else { None }
    }

    /// Takes in an owner that was asked for, or that it cannot be had, and admits what waited for it.
    pub(crate) fn resolve(
        &self,
        asked: &Unresolved,
        found: Option<Owner>,
        received: Timestamp,
        batch: &mut Vec<Observation>,
    ) {
        let known = &mut *self.known();
        let uid = key(&asked.reference.uid);
        let belongs = found.is_some_and(|owner| {
            let object = Object::Owner(Box::new(owner));
            let observation = Observation { received, seen: Seen::Listed, object };
            self.admit_at(known, observation, Role::Child, asked.depth + 1, batch)
        });
        if !belongs {
            known.disown(uid);
        }
    }

    fn admit_at(
        &self,
        known: &mut Known,
        observation: Observation,
        role: Role,
        depth: u8,
        batch: &mut Vec<Observation>,
    ) -> bool {
        let began = *self.began.get_or_init(|| observation.received);
        let mut next = Some((observation, role));
        let mut released = VecDeque::new();
        let mut belongs = false;
        while let Some((observation, role)) = next {
            let recent = began - OVERTAKING;
            match self.judge(known, &observation.object, role) {
                Verdict::Take => {
                    belongs = true;
                    known.release(key(&observation.object.metadata().uid), &mut released);
                    batch.push(observation);
                }
                Verdict::Hold(uid) if self.holds && happened(&observation.object) >= Some(recent) => {
                    if known.held.len() == HELD {
                        known.held.pop_front();
                    }
                    known.held.push_back((uid, observation));
                    belongs = true;
                }
                Verdict::Ask(reference) if depth <= DEEPEST => {
                    let namespace = observation.object.metadata().namespace.clone();
                    let waiting = known.waiting.entry(key(&reference.uid)).or_default();
                    let asked = !waiting.is_empty();
                    waiting.push(observation);
                    if !asked {
                        known.unresolved.push_back(Unresolved { namespace, reference, depth });
                    }
                    belongs = true;
                }
                Verdict::Hold(_) | Verdict::Ask(_) | Verdict::Drop => {}
            }
            next = released.pop_front().map(|observation| (observation, Role::Child));
        }
        belongs
    }

    fn judge(&self, known: &mut Known, object: &Object, role: Role) -> Verdict {
        let metadata = object.metadata();
        let uid = key(&metadata.uid);
        match (object, role) {
            (Object::Event(event), _) => self.judge_event(known, event),
            (Object::Pod(_), Role::Root(root)) => {
                if !self.is_named(known, root, metadata, uid) {
                    return Verdict::Drop;
                }
                known.take_pod(uid, role)
            }
            (Object::Pod(pod), Role::Child) => {
                let label = CONTROLLER_UID.iter().find_map(|label| pod.metadata.labels.get(*label));
                match self.judge_child(known, metadata, label.map(String::as_str)) {
                    Verdict::Take => known.take_pod(uid, role),
                    verdict if known.pods.contains_key(&uid) => match verdict {
                        // It was ours: what it lost since does not make it another's.
                        _ if known.pods.get(&uid) == Some(&role) => Verdict::Take,
                        _ => Verdict::Drop,
                    },
                    verdict => verdict,
                }
            }
            (_, Role::Root(root)) => {
                if !self.is_named(known, root, metadata, uid) {
                    return Verdict::Drop;
                }
                let verdict = known.take_owner(uid, role, &metadata.name);
                if let (Verdict::Take, Some(selector)) = (&verdict, object.pod_selector())
                    && !known.selectors.contains(selector)
                {
                    known.selectors.push(selector.clone());
                }
                verdict
            }
            (_, Role::Child) => match self.judge_child(known, metadata, None) {
                _ if known.owners.contains_key(&uid) => known.take_owner(uid, role, &metadata.name),
                Verdict::Take => known.take_owner(uid, role, &metadata.name),
                verdict => verdict,
            },
        }
    }

    /// Whether the user named that object. The first of a name is meant: one that is made later is another.
    fn is_named(&self, known: &mut Known, root: usize, metadata: &ObjectMeta, uid: u128) -> bool {
        let Some(Root { names, .. }) = self.roots.get(root) else { return false };
        if names.is_empty() {
            return true;
        }
        let Some(named) = names.iter().find(|named| named.name == metadata.name) else { return false };
        if named.uid.as_deref().is_some_and(|wanted| wanted != metadata.uid) {
            return false;
        }
        *known.bound.entry((root, metadata.name.as_str().into())).or_insert(uid) == uid
    }

    /// Whether an object belongs to what belongs, by its controller or by a label that says the same.
    fn judge_child(&self, known: &Known, metadata: &ObjectMeta, label: Option<&str>) -> Verdict {
        let controller = metadata.controller();
        let mut owners = controller.map(|owner| owner.uid.as_str()).into_iter().chain(label).map(key);
        if owners.clone().any(|owner| known.owners.contains_key(&owner)) {
            return Verdict::Take;
        }
        match (owners.next(), controller) {
            (Some(owner), _) if known.strangers.contains(&owner) => Verdict::Drop,
            (Some(_), Some(reference)) if self.links && !self.is_read(reference) => {
                Verdict::Ask(reference.clone())
            }
            (Some(owner), _) if self.expects(known) => Verdict::Hold(owner),
            _ => Verdict::Drop,
        }
    }

    /// Whether objects of that kind come by themselves.
    fn is_read(&self, owner: &OwnerReference) -> bool {
        let group = owner.api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let mut kinds = self.roots.iter().map(|root| &root.kind).chain(&self.between);
        kinds.any(|kind| kind.name() == owner.kind && kind.group() == group)
    }

    /// Whether something may turn up that has Pods.
    fn expects(&self, known: &Known) -> bool {
        let names: usize = self.roots.iter().map(|root| root.names.len()).sum();
        !self.between.is_empty()
            || known.bound.len() < names
            || self.roots.iter().any(|root| root.names.is_empty())
    }

    fn judge_event(&self, known: &Known, event: &Event) -> Verdict {
        let about = &event.involved_object;
        let uid = key(&about.uid);
        let is_pod = about.kind == "Pod";
        if known.owners.contains_key(&uid) || known.pods.contains_key(&uid) {
            return Verdict::Take;
        }
        // Pods that are there no more have left their events behind.
        if is_pod && known.owners.values().any(|(_, owner)| is_pod_name(&about.name, owner)) {
            return Verdict::Take;
        }
        let mut kinds = self.roots.iter().map(|root| &root.kind).chain(&self.between);
        let mut may_own = || kinds.any(|kind| kind.name() == about.kind) && self.expects(known);
        if is_pod || may_own() { Verdict::Hold(uid) } else { Verdict::Drop }
    }
}

impl Known {
    fn take_pod(&mut self, uid: u128, role: Role) -> Verdict {
        let found = *self.pods.entry(uid).or_insert(role);
        if found == role { Verdict::Take } else { Verdict::Drop }
    }

    fn take_owner(&mut self, uid: u128, role: Role, name: &str) -> Verdict {
        let found = self.owners.entry(uid).or_insert_with(|| (role, name.into())).0;
        if found == role { Verdict::Take } else { Verdict::Drop }
    }

    /// Takes out what was waiting for that uid.
    fn release(&mut self, uid: u128, into: &mut VecDeque<Observation>) {
        into.extend(self.waiting.remove(&uid).unwrap_or_default());
        if !self.held.iter().any(|(waits_for, _)| *waits_for == uid) {
            return;
        }
        let held = std::mem::take(&mut self.held);
        for (waits_for, observation) in held {
            if waits_for == uid {
                into.push_back(observation);
            } else {
                self.held.push_back((waits_for, observation));
            }
        }
    }

    /// That owner does not belong, nor does what it owns.
    fn disown(&mut self, uid: u128) {
        let mut disowned = vec![uid];
        while let Some(uid) = disowned.pop() {
            self.strangers.insert(uid);
            let waited = self.waiting.remove(&uid).unwrap_or_default();
            let owners = waited.iter().filter(|waited| matches!(waited.object, Object::Owner(_)));
            disowned.extend(owners.map(|owner| key(&owner.object.metadata().uid)));
        }
    }
}

/// The latest time that the object itself tells.
fn happened(object: &Object) -> Option<Timestamp> {
    match object {
        Object::Event(event) => event.last_occurrence(),
        other => other.metadata().created(),
    }
}

/// Whether the Job controller gives such names to that Job's Pods: `JOB-xxxxx`, or `JOB-INDEX-xxxxx` if Indexed.
fn is_pod_name(pod: &str, job: &str) -> bool {
    let Some(rest) = pod.strip_prefix(job).and_then(|rest| rest.strip_prefix('-')) else {
        return job.len() > UNCUT && job.get(..UNCUT).is_some_and(|start| pod.starts_with(start));
    };
    let (index, suffix) = rest.split_once('-').unwrap_or(("", rest));
    index.bytes().all(|byte| byte.is_ascii_digit())
        && suffix.len() == 5
        && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;
