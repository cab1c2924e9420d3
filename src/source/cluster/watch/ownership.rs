//! Decides which of the objects that the server sends are followed.
//!
//! An object is followed if the user named it, or if its controller is followed. The uids of objects and controllers
//! decide this; selectors only reduce the number of objects that the server sends. The kinds arrive in separate
//! answers, so an object may arrive before its owner. Such an object is held until its owner arrives. If no watch reads
//! the owner's kind, the owner is requested once.

mod rules;
mod state;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::observation::{LabelSelector, Object, Observation, Owner, Seen};
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::watch::container_loss::ContainerLoss;
use crate::source::cluster::watch::gone::UnknownNames;
use crate::source::cluster::watch::ownership::rules::{Admission, OwnershipRules};
use crate::source::cluster::watch::ownership::state::OwnershipState;
use crate::source::cluster::watch::queue_news::QueueNews;
use crate::source::cluster::watch::sibling_requests::PodName;
use crate::source::cluster::watch::target::Name;
use crate::source::cluster::watch::uid_key::uid_key;

pub(crate) use rules::Root;
pub(crate) use state::{CollectionRole, UnresolvedOwner};

/// Maximum number of observations that are held.
const MAX_HELD_OBSERVATIONS: usize = 512;

/// An object is held only if its [`latest_time`] is not more than this duration before the first observation. The owner
/// of an older object is in the lists already, so the object has not arrived before its owner.
const HOLD_WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// Maximum length of the chain of owners that is requested for one Pod. The chains of real controllers are much shorter;
/// the limit ends a chain that forms a circle.
const MAX_OWNER_DEPTH: u8 = 64;

/// Decides which objects are followed. All watchers of one namespace share one `Ownership`.
#[derive(Debug, Default)]
pub(crate) struct Ownership {
    rules: OwnershipRules,
    /// Whether to hold an object if its owner may become known later.
    holds: bool,
    /// Whether to forget objects some time after they are gone.
    pub(crate) forgets_gone: bool,
    /// Takes the containers of followed Pods that nodes lost. `None` if nobody wants to know them.
    pub(crate) losses: Option<mpsc::UnboundedSender<ContainerLoss>>,
    /// Takes the followed objects that are in a queue of Kueue. `None` if nobody wants to know them.
    pub(crate) queue_news: Option<mpsc::UnboundedSender<QueueNews>>,
    /// The watchers run as separate tasks, so a lock protects the state that they share. The lock is never held across
    /// an `await`.
    state: Mutex<OwnershipState>,
    /// Whether the Events name all missing objects. `None` until the list of Events is complete.
    are_missing_named: watch::Sender<Option<bool>>,
}

impl Ownership {
    /// Creates an `Ownership` that has found no object yet. With `holds`, objects that arrive before their owners are
    /// held.
    pub(crate) fn new(roots: Vec<Root>, intermediate_kinds: Vec<Kind>, holds: bool) -> Self {
        let looks_up_owners = roots.iter().any(|root| matches!(root.kind, Kind::Custom(_)));
        let rules = OwnershipRules { roots, intermediate_kinds, looks_up_owners };
        Self { rules, holds, ..Self::default() }
    }

    /// From now on, collects the siblings of named Pods for [`Ownership::start_sibling_requests`].
    pub(crate) fn find_siblings(&self) {
        self.lock_state().siblings.are_requested = true;
    }

    /// Returns the siblings of the named Pods whose Events must be requested, and admits their Events from now on. Call
    /// this after the lists of Pods and Events.
    pub(crate) fn start_sibling_requests(&self) -> Vec<PodName> {
        let OwnershipState { siblings, owners, .. } = &mut *self.lock_state();
        siblings.start_requests(|owner| owners.contains_key(&owner))
    }

    fn lock_state(&self) -> MutexGuard<'_, OwnershipState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the names of a root for which no object was found.
    pub(crate) fn missing_names(&self, root: usize) -> Vec<&str> {
        let state = self.lock_state();
        let names = self.rules.roots.get(root).map_or(&[][..], |root| &root.names);
        let is_missing = |name: &&Name| !state.named_uids.contains_key(&(root, name.name.as_str().into()));
        names.iter().filter(is_missing).map(|name| name.name.as_str()).collect()
    }

    /// Stores the names of a root for which no object was found, if the Events of such objects show what they did. The
    /// collection of Events then decides whether the objects existed. Returns `false` for kinds whose Events do not
    /// show this. `resource` is the resource of the root in messages.
    pub(crate) fn await_events_of_missing(&self, root: usize, resource: &str) -> bool {
        let names: Vec<String> = self.missing_names(root).into_iter().map(str::to_owned).collect();
        let Some(Root { kind, .. }) = self.rules.roots.get(root) else { return false };
        self.lock_state().missing.add(root, kind, resource, names)
    }

    /// Reports the missing objects that Events name as objects that are gone. Call this after the first list of Events.
    /// Returns the names that are still missing.
    pub(crate) fn conclude_missing(
        &self,
        received: Timestamp,
        batch: &mut Vec<Observation>,
    ) -> Vec<UnknownNames> {
        let state = &mut *self.lock_state();
        let first_received = state.first_received.unwrap_or(received);
        let (found, unknown) = std::mem::take(&mut state.missing).conclude(first_received);
        for (root, object) in found {
            let observation = Observation { received, seen: Seen::Missing, object };
            self.admit_at_depth(state, observation, CollectionRole::Root(root), 1, batch);
        }
        let is_failure = !unknown.is_empty() && !self.may_show_others(state);
        let _ = self.are_missing_named.send_replace(Some(!is_failure));
        unknown
    }

    /// Whether objects may be shown although some named objects do not exist: another named object was found, or the
    /// user named objects of several types.
    pub(crate) fn shows_others(&self) -> bool {
        self.may_show_others(&self.lock_state())
    }

    fn may_show_others(&self, state: &OwnershipState) -> bool {
        self.rules.roots.len() > 1 || !state.named_uids.is_empty()
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
        } else if matches!(object, Object::QueuedWorkload(_)) {
            state.queued.contains(&uid)
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

    /// Whether a followed Job has Pods without the label `job-name`.
    pub(crate) fn has_pods_without_job_name(&self) -> bool {
        self.lock_state().has_manual_selector
    }

    /// Adds the observation to `batch` if its object is followed. Then adds the observations that were held until this
    /// object arrived. Returns `true` if the object is followed, or if an owner that has not arrived yet will decide
    /// this.
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
        if self.rules.looks_up_owners { self.lock_state().unresolved.pop_front() } else { None }
    }

    /// Stores the answer to the request for an owner. `None` means that the owner cannot be read. If the owner is
    /// followed, adds the owner to `batch`, followed by the observations that waited for the answer.
    pub(crate) fn resolve_owner(
        &self,
        requested: &UnresolvedOwner,
        owner: Option<Owner>,
        received: Timestamp,
        batch: &mut Vec<Observation>,
    ) {
        let state = &mut *self.lock_state();
        let uid = uid_key(&requested.reference.uid);
        let is_followed = owner.is_some_and(|owner| {
            let object = Object::Owner(Box::new(owner));
            let observation = Observation { received, seen: Seen::Listed, object };
            self.admit_at_depth(state, observation, CollectionRole::Child, requested.depth + 1, batch)
        });
        if !is_followed {
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
        if self.forgets_gone {
            state.forget_gone(Instant::now());
        }
        let mut next = Some((observation, role));
        let mut released = VecDeque::new();
        let mut is_kept = false;
        while let Some((observation, role)) = next {
            let min_time = first_received - HOLD_WINDOW;
            let admission = self.rules.decide(state, &observation.object, role);
            if let Object::Event(event) = &observation.object {
                if matches!(admission, Admission::Admit) {
                    released.extend(state.preemptors.observe_preemption(event));
                } else {
                    state.preemptors.add_candidate(event, &observation);
                }
            }
            match admission {
                Admission::Admit => {
                    is_kept = true;
                    if let Object::Job(job) = &observation.object {
                        state.has_manual_selector |= job.spec.manual_selector == Some(true);
                    }
                    self.report_loss(&observation.object);
                    self.report_queue_news(&observation);
                    let uid = uid_key(&observation.object.metadata().uid);
                    state.release(uid, &mut released);
                    if self.forgets_gone && observation.seen.is_gone() {
                        state.gone.push_back((Instant::now(), uid));
                    }
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
                    is_kept = true;
                }
                Admission::LookUpOwner(reference) if depth <= MAX_OWNER_DEPTH => {
                    let namespace = observation.object.metadata().namespace.clone();
                    let waiting = state.waiting.entry(uid_key(&reference.uid)).or_default();
                    let is_requested = !waiting.is_empty();
                    waiting.push(observation);
                    if !is_requested {
                        state.unresolved.push_back(UnresolvedOwner { namespace, reference, depth });
                    }
                    is_kept = true;
                }
                Admission::Hold(_) | Admission::LookUpOwner(_) | Admission::Drop => {}
            }
            next = released.pop_front().map(|observation| (observation, CollectionRole::Child));
        }
        is_kept
    }

    /// Reports what this followed object shows about a queue.
    fn report_queue_news(&self, observation: &Observation) {
        if let Some(sender) = &self.queue_news {
            for news in QueueNews::find_all(observation) {
                let _ = sender.send(news);
            }
        }
    }

    /// Whether a Kueue Workload with this uid is followed.
    pub(crate) fn follows_queued_workload(&self, uid: &str) -> bool {
        self.lock_state().queued.contains(&uid_key(uid))
    }

    /// Reports the loss if a node lost a container of this followed Pod.
    fn report_loss(&self, object: &Object) {
        if let (Some(losses), Object::Pod(pod)) = (&self.losses, object)
            && let Some(loss) = ContainerLoss::find(pod)
        {
            let _ = losses.send(loss);
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
