//! Which of the objects that the server sends belong to what the user named.
//!
//! Selectors only narrow; uids decide. Jobs, Pods and Events come over connections of their own and may overtake one
//! another: what may yet turn out to belong is held for a while.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, OnceLock, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::follow::Name;
use crate::observation::{Event, Job, Object, Observation, Pod};

/// Labels that keep saying which Job made a Pod, even when the Pod has been orphaned.
const CONTROLLER_UID: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];

/// Observations held at most.
const HELD: usize = 512;

/// Only what happened later than so long before the beginning can belong to something not known yet.
const OVERTAKING: SignedDuration = SignedDuration::from_secs(60);

/// The Job controller cuts a Job's name for its Pods' names; never to less than this.
const UNCUT: usize = 40;

/// What the user named.
#[derive(Debug)]
pub(super) enum Workloads {
    /// Jobs, whose Pods are theirs.
    Jobs,
    /// Pods by themselves.
    Pods,
}

/// The rule and what it has learnt; shared by the lists and watches of one target.
#[derive(Debug)]
pub(super) struct Relevance {
    workloads: Workloads,
    /// Empty: whatever the server sends.
    names: Vec<Name>,
    /// Whether to hold what may belong to something not known yet.
    holds: bool,
    began: OnceLock<Timestamp>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Uids by name of the objects that the user named.
    bound: HashMap<Box<str>, u128>,
    jobs: HashMap<u128, Box<str>>,
    pods: HashSet<u128>,
    held: VecDeque<(u128, Observation)>,
}

/// A uid in 16 bytes: uids are UUIDs; whatever else a server may use is hashed.
pub(super) fn key(uid: &str) -> u128 {
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
    Drop,
}

impl Relevance {
    pub(super) fn new(workloads: Workloads, names: Vec<Name>, holds: bool) -> Self {
        Self { workloads, names, holds, began: OnceLock::new(), known: Mutex::default() }
    }

    /// The names for which nothing was found.
    pub(super) fn unbound(&self) -> Vec<&str> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = |name: &&Name| !known.bound.contains_key(name.name.as_str());
        self.names.iter().filter(found).map(|name| name.name.as_str()).collect()
    }

    /// Whether the object has been taken before.
    pub(super) fn took(&self, object: &Object) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let uid = key(&object.metadata().uid);
        match object {
            Object::Job(_) => known.jobs.contains_key(&uid),
            Object::Pod(_) => known.pods.contains(&uid),
            Object::Event(_) => false,
        }
    }

    /// Adds the observation to `batch` if it belongs, and after it whatever was waiting for it. Returns whether it
    /// belongs or yet may.
    pub(super) fn admit(&self, observation: Observation, batch: &mut Vec<Observation>) -> bool {
        let began = *self.began.get_or_init(|| observation.received);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Some(observation);
        let mut released = VecDeque::new();
        let mut belongs = false;
        while let Some(observation) = next {
            let recent = began - OVERTAKING;
            match self.judge(&mut known, &observation.object) {
                Verdict::Take => {
                    belongs = true;
                    if !known.held.is_empty() {
                        known.release(key(&observation.object.metadata().uid), &mut released);
                    }
                    batch.push(observation);
                }
                Verdict::Hold(uid) if self.holds && happened(&observation.object) >= Some(recent) => {
                    if known.held.len() == HELD {
                        known.held.pop_front();
                    }
                    known.held.push_back((uid, observation));
                    belongs = true;
                }
                Verdict::Hold(_) | Verdict::Drop => {}
            }
            next = released.pop_front();
        }
        belongs
    }

    fn judge(&self, known: &mut Known, object: &Object) -> Verdict {
        match (object, &self.workloads) {
            (Object::Job(job), Workloads::Jobs) => self.judge_job(known, job),
            (Object::Job(_), Workloads::Pods) => Verdict::Drop,
            (Object::Pod(pod), Workloads::Jobs) => self.judge_job_pod(known, pod),
            (Object::Pod(pod), Workloads::Pods) => {
                let uid = key(&pod.metadata.uid);
                if !self.is_named(known, &pod.metadata.name, uid, &pod.metadata.uid) {
                    return Verdict::Drop;
                }
                known.pods.insert(uid);
                Verdict::Take
            }
            (Object::Event(event), _) => self.judge_event(known, event),
        }
    }

    fn judge_job(&self, known: &mut Known, job: &Job) -> Verdict {
        let uid = key(&job.metadata.uid);
        if !self.is_named(known, &job.metadata.name, uid, &job.metadata.uid) {
            return Verdict::Drop;
        }
        known.jobs.entry(uid).or_insert_with(|| job.metadata.name.as_str().into());
        Verdict::Take
    }

    /// Whether the user named that object. The first of a name is meant: one that is made later is another.
    fn is_named(&self, known: &mut Known, name: &str, key: u128, uid: &str) -> bool {
        if self.names.is_empty() {
            return true;
        }
        let Some(named) = self.names.iter().find(|named| named.name == name) else { return false };
        if named.uid.as_deref().is_some_and(|wanted| wanted != uid) {
            return false;
        }
        *known.bound.entry(name.into()).or_insert(key) == key
    }

    fn judge_job_pod(&self, known: &mut Known, pod: &Pod) -> Verdict {
        let uid = key(&pod.metadata.uid);
        let owner = pod.metadata.controller().map(|owner| owner.uid.as_str());
        let label =
            CONTROLLER_UID.iter().find_map(|label| pod.metadata.labels.get(*label)).map(String::as_str);
        let mut owners = [owner, label].into_iter().flatten().map(key);
        let belongs =
            known.pods.contains(&uid) || owners.clone().any(|owner| known.jobs.contains_key(&owner));
        if belongs {
            known.pods.insert(uid);
            return Verdict::Take;
        }
        match owners.next() {
            Some(owner) if self.expects_jobs(known) => Verdict::Hold(owner),
            _ => Verdict::Drop,
        }
    }

    /// Whether another Job may turn up.
    fn expects_jobs(&self, known: &Known) -> bool {
        self.names.is_empty() || known.bound.len() < self.names.len()
    }

    fn judge_event(&self, known: &Known, event: &Event) -> Verdict {
        let about = &event.involved_object;
        let uid = key(&about.uid);
        match about.kind.as_str() {
            "Job" | "Pod" if known.jobs.contains_key(&uid) || known.pods.contains(&uid) => Verdict::Take,
            // Pods that are there no more have left their events behind.
            "Pod" if known.jobs.values().any(|job| is_pod_name(&about.name, job)) => Verdict::Take,
            "Job" if matches!(self.workloads, Workloads::Jobs) && self.expects_jobs(known) => {
                Verdict::Hold(uid)
            }
            "Pod" => Verdict::Hold(uid),
            _ => Verdict::Drop,
        }
    }
}

impl Known {
    /// Takes out what was waiting for that uid.
    fn release(&mut self, uid: u128, into: &mut VecDeque<Observation>) {
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
}

/// The latest time that the object itself tells.
fn happened(object: &Object) -> Option<Timestamp> {
    match object {
        Object::Event(event) => event.last(),
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
#[path = "relevance_tests.rs"]
mod tests;
