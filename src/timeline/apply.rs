//! Observations in, Pods and workloads up to date.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::controller::ControllerRecord;
use super::job::JobRecord;
use super::place::number;
use super::record::PodRecord;
use super::refusal::Refusals;
use super::suspension::Toggles;
use super::{Capacity, CreationBlock, Map, PodIdentity, PodKey, Timeline, Workload, WorkloadState};
use crate::lifecycle::{EventFact, PodEvidence, PodOutcome};
use crate::observation::{self, Event, Object, Observation, Seen, whole_millis};

/// What an owner's Events say about a Pod that was not seen yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnersWord {
    created: Option<Timestamp>,
    removed: bool,
}

/// What [`Timeline::recompute`] brought up to date.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Pods that may look different now.
    pub pods: Vec<PodKey>,
    /// Whether a workload may look different now.
    pub workloads: bool,
}

fn key_of(place: usize) -> PodKey {
    PodKey(u32::try_from(place).unwrap_or(u32::MAX))
}

impl Timeline {
    /// Takes in one observation.
    pub fn apply(&mut self, observation: &Observation) {
        let Observation { received, seen, object } = observation;
        let received = &whole_millis(*received);
        self.observed = self.observed.max(Some(*received));
        match object {
            Object::Job(job) => {
                let uid = self.names.share(&job.metadata.uid);
                let record = self.jobs.entry(uid).or_default();
                record.observe(job, *received, *seen);
                match record.place() {
                    Some(place) => self.stale.push(place),
                    None => self.regroup = true,
                }
            }
            Object::Pod(pod) => self.apply_pod(pod, *received, *seen),
            Object::Event(event) => self.apply_event(event, seen.live().then_some(*received)),
            Object::Owner(owner) => {
                if let Some(controller) = owner.metadata.controller() {
                    let uid = self.names.share(&owner.metadata.uid);
                    let above = self.names.share(&controller.uid);
                    self.regroup |= self.links.insert(uid, above).is_none();
                }
            }
            controller => self.apply_controller(controller, *received, *seen),
        }
    }

    fn apply_controller(&mut self, object: &Object, received: Timestamp, seen: Seen) {
        let uid = self.names.share(&object.metadata().uid);
        if let Some(record) = self.controllers.get_mut(&uid) {
            let history = record.is_history();
            record.observe(object, received, seen);
            match record.place() {
                Some(place) if record.is_history() == history => self.stale.push(place),
                _ => self.regroup = true,
            }
        } else if let Some(record) = ControllerRecord::new(object, received, seen) {
            self.controllers.insert(uid, record);
            self.regroup = true;
        }
    }

    fn apply_pod(&mut self, pod: &observation::Pod, received: Timestamp, seen: Seen) {
        let key = match self.keys.get(pod.metadata.uid.as_str()) {
            Some(key) => *key,
            None => self.add_pod(pod),
        };
        let (evidence, names) = self.evidence(key);
        evidence.observe(pod, received, seen, names);
        let node = &pod.spec.node_name;
        let identity = &mut self.records[key.0 as usize].identity;
        if !node.is_empty() && identity.node.is_none() {
            identity.node = Some(self.names.share(node));
        }
        self.touch(key);
        self.learn_clock(key);
    }

    /// What a Pod tells of its node's clock.
    fn learn_clock(&mut self, key: PodKey) {
        let least = self.evidence(key).0.least_skew().filter(SignedDuration::is_positive);
        let (Some(least), Some(node)) = (least, &self.identity(key).node) else { return };
        let node = Arc::clone(node);
        if self.clocks.at_least(&node, least) {
            self.touch_node(&node);
        }
    }

    /// The clock of a node turned out to be wrong: all that its kubelet dated moves.
    fn touch_node(&mut self, node: &str) {
        for place in 0..self.records.len() {
            if self.records[place].identity.node.as_deref() == Some(node) {
                self.touch(key_of(place));
            }
        }
    }

    fn add_pod(&mut self, pod: &observation::Pod) -> PodKey {
        let key = key_of(self.records.len());
        let metadata = &pod.metadata;
        let uid: Arc<str> = metadata.uid.as_str().into();
        let name: Arc<str> = metadata.name.as_str().into();
        let mut evidence = PodEvidence::default();
        if !self.strangers.is_empty() {
            for fact in self.strangers.remove(&uid).unwrap_or_default() {
                evidence.take(&fact);
            }
        }
        // Orphans keep the label when they lose the owner.
        let label = || metadata.labels.get("batch.kubernetes.io/controller-uid").map(String::as_str);
        let owner = metadata.controller().map(|owner| owner.uid.as_str()).or_else(label);
        let owner = owner.map(|uid| self.names.share(uid));
        let mut word = OwnersWord::default();
        if let Some(owner) = owner.as_ref().filter(|_| !self.words.is_empty()) {
            word = self.words.remove(&(Arc::clone(owner), Arc::clone(&name))).unwrap_or_default();
        }
        if let Some(at) = word.created {
            evidence.created_at(at);
        }
        let identity = PodIdentity {
            namespace: self.names.share(&metadata.namespace),
            name,
            uid: Arc::clone(&uid),
            node: None,
            index: metadata.completion_index(),
            attempt: 1,
        };
        let record = PodRecord::new(identity, evidence, owner);
        self.records.push(PodRecord { removed_by_owner: word.removed, ..record });
        self.keys.insert(uid, key);
        self.fresh.push(key);
        key
    }

    fn apply_event(&mut self, event: &Event, received: Option<Timestamp>) {
        if let Some(node) = self.clocks.learn(event) {
            self.touch_node(&node);
        }
        let about = &event.involved_object;
        match about.kind.as_str() {
            "Pod" => {
                let Some(fact) = EventFact::read(event, received, &mut self.names) else { return };
                if let Some(&key) = self.keys.get(about.uid.as_str()) {
                    self.evidence(key).0.take(&fact);
                    self.touch(key);
                    self.learn_clock(key);
                } else if !about.uid.is_empty() {
                    self.strangers.entry(about.uid.as_str().into()).or_default().push(fact);
                }
            }
            _ if Refusals::concerns(event) || Toggles::concerns(event) => {
                let uid = self.names.share(&about.uid);
                if Refusals::concerns(event) {
                    self.refusals.entry(Arc::clone(&uid)).or_default().take(event);
                } else {
                    self.toggles.entry(Arc::clone(&uid)).or_default().take(event);
                }
                let job = || self.jobs.get(&uid).and_then(JobRecord::place);
                let place = self.controllers.get(&uid).and_then(ControllerRecord::place);
                self.stale.extend(place.or_else(job));
            }
            _ => self.apply_owners_word(event),
        }
    }

    /// The owner's event dates the creation of one Pod, or tells that it deleted one; combined ones only count.
    fn apply_owners_word(&mut self, event: &Event) {
        let (prefix, removed) = match event.reason.as_str() {
            "SuccessfulCreate" => ("Created pod: ", false),
            "SuccessfulDelete" => ("Deleted pod: ", true),
            _ => return,
        };
        let Some(name) = event.message.strip_prefix(prefix) else { return };
        let created = if removed { None } else { event.name_time().map(whole_millis) };
        let owner = event.involved_object.uid.as_str();
        let Some(key) = self.pod_of(owner, name) else {
            let word = self.words.entry((owner.into(), name.into())).or_default();
            word.removed |= removed;
            word.created = word.created.or(created);
            return;
        };
        self.records[key.0 as usize].removed_by_owner |= removed;
        if let Some(at) = created {
            self.evidence(key).0.created_at(at);
        }
        self.touch(key);
    }

    /// The Pod of that name that an owner made. Few are asked for by name: after the ninth in ten minutes the owner's events
    /// are combined.
    fn pod_of(&self, owner: &str, name: &str) -> Option<PodKey> {
        let about = |key: &PodKey| {
            let record = self.record(*key);
            record.owner.as_deref() == Some(owner) && *record.identity.name == *name
        };
        match self.place_of(owner) {
            Some(place) => self.workloads[place].pods.iter().chain(&self.fresh).copied().find(about),
            None => (0..self.records.len()).map(key_of).find(about),
        }
    }

    fn touch(&mut self, key: PodKey) {
        let record = &mut self.records[key.0 as usize];
        record.stale = true;
        if !record.changed {
            record.changed = true;
            self.changed.push(key);
        }
    }

    /// Brings everything that is derived up to date; says what may look different.
    pub fn recompute(&mut self) -> Changes {
        let workloads = self.regroup || !self.changed.is_empty() || !self.stale.is_empty();
        self.revision += u64::from(workloads);
        let fresh = std::mem::take(&mut self.fresh);
        let pods = std::mem::take(&mut self.changed);
        for &key in &pods {
            if self.record(key).stale {
                self.derive(key);
            }
            let record = &mut self.records[key.0 as usize];
            record.changed = false;
            let place = record.workload;
            if place == usize::MAX {
                continue; // it has no place yet
            }
            // How a bare Pod stands is how its workload does, and a new Pod ends the wait for one.
            let depends = |workload: &Workload| workload.creation_block.is_some() || &*workload.kind == "Pod";
            if self.workloads.get(place).is_none_or(depends) {
                self.stale.push(place);
            }
        }
        let mut moved = std::mem::take(&mut self.moved);
        if !self.regroup {
            moved.sort_unstable();
            moved.dedup();
            // The order of bare Pods is that of workloads.
            let is_bare =
                |place: &usize| self.workloads.get(*place).is_none_or(|workload| &*workload.kind == "Pod");
            self.regroup = moved.iter().any(is_bare) || !self.place(&fresh);
        }
        if !self.regroup {
            for place in moved {
                self.reorder(place);
            }
        }
        let mut stale = std::mem::take(&mut self.stale);
        if std::mem::take(&mut self.regroup) {
            self.group();
            (0..self.workloads.len()).for_each(|place| self.subordinate(place));
            self.judge_the_silent();
            return Changes { pods, workloads };
        }
        for at in 0..stale.len() {
            let below = self.workloads.get(stale[at]).and_then(|workload| self.below.get(&workload.uid));
            stale.extend(below.into_iter().flatten());
        }
        stale.sort_unstable();
        stale.dedup();
        for &place in &stale {
            let uid = Arc::clone(&self.workloads[place].uid);
            let pods = std::mem::take(&mut self.workloads[place].pods);
            let workload = match (self.jobs.get(&uid), self.controllers.get(&uid), pods.first()) {
                (Some(job), ..) => job.workload(&mut self.names, self.toggles.get(&uid)),
                (_, Some(controller), _) => controller.workload(&mut self.names),
                (None, None, Some(&key)) => self.bare(key),
                (None, None, None) => continue,
            };
            self.workloads[place] = self.complete(Workload { pods, ..workload });
        }
        for place in stale {
            self.subordinate(place);
        }
        self.judge_the_silent();
        Changes { pods, workloads }
    }

    /// Gives every Pod to its workload; a Pod whose owner is not followed is a workload of its own.
    fn group(&mut self) {
        let mut places: Map<Arc<str>, usize> = Map::default();
        let mut workloads: Vec<Workload> = Vec::new();
        let names = &mut self.names;
        let toggles = &self.toggles;
        let jobs = self.jobs.iter().map(|(uid, job)| (uid, job.workload(names, toggles.get(uid))));
        for (uid, workload) in jobs {
            places.insert(Arc::clone(uid), workloads.len());
            workloads.push(workload);
        }
        for (uid, controller) in &self.controllers {
            places.insert(Arc::clone(uid), workloads.len());
            workloads.push(controller.workload(&mut self.names));
        }
        for place in 0..self.records.len() {
            let key = key_of(place);
            match self.record(key).owner.as_ref().and_then(|owner| self.nearest(owner, &places)) {
                Some(workload) => workloads[workload].pods.push(key),
                None => workloads.push(self.bare(key)),
            }
        }
        // Former revisions of a Deployment are of interest only if a Pod of theirs was seen.
        let history = |workload: &Workload| {
            workload.pods.is_empty()
                && self.controllers.get(&workload.uid).is_some_and(ControllerRecord::is_history)
                && workload.parent.as_ref().is_some_and(|parent| places.contains_key(&parent.uid))
        };
        workloads.retain(|workload| !history(workload));
        // The uid makes both orders total, whatever order the map gave.
        workloads.sort_by(|a, b| {
            (a.created, &a.namespace, &a.name, &a.uid).cmp(&(b.created, &b.namespace, &b.name, &b.uid))
        });
        self.arrange(workloads);
        let mut workloads = std::mem::take(&mut self.workloads);
        for controller in self.controllers.values_mut() {
            controller.put_at(None);
        }
        self.tries.clear();
        for (place, workload) in workloads.iter_mut().enumerate() {
            self.sort_pods(&mut workload.pods);
            for key in &workload.pods {
                self.records[key.0 as usize].workload = place;
            }
            let tries = number(&mut self.records, &workload.pods);
            if !tries.is_empty() {
                self.tries.insert(place, tries);
            }
            if let Some(job) = self.jobs.get_mut(&workload.uid) {
                job.put_at(place);
            }
            if let Some(controller) = self.controllers.get_mut(&workload.uid) {
                controller.put_at(Some(place));
            }
        }
        self.workloads = workloads.into_iter().map(|workload| self.complete(workload)).collect();
    }

    /// Adds what only its Pods and Events tell of a workload.
    fn complete(&self, mut workload: Workload) -> Workload {
        let created = |key: &PodKey| self.record(*key).overview.created();
        if workload.is_rollout {
            // Of the time before the oldest Pod that was seen nothing is known.
            let oldest = workload.pods.first().and_then(created);
            if let (Some(capacity), Some(oldest)) = (workload.capacity.first_mut(), oldest) {
                capacity.since = capacity.since.max(oldest);
            }
        }
        workload.creation_block = self.waiting(&workload);
        if let Some(waiting) = &workload.creation_block
            && workload.reason.is_none()
        {
            workload.reason = Some(Arc::clone(&waiting.reason));
            workload.message = Some(Arc::clone(&waiting.message));
        }
        self.hold_back(&mut workload);
        workload
    }

    /// Why no Pod can be made now.
    fn waiting(&self, workload: &Workload) -> Option<CreationBlock> {
        let refusals = self.refusals.get(&workload.uid).filter(|_| !workload.has_ended())?;
        let open = workload.pods.iter().filter(|key| !self.record(**key).overview.outcome.ended()).count();
        let wanted = workload.parallelism.map_or(usize::MAX, |wanted| wanted as usize);
        if workload.state == WorkloadState::Suspended || open >= wanted {
            return None;
        }
        // They are in the order of creation.
        refusals.waiting(workload.pods.iter().rev().find_map(|key| self.record(*key).overview.created()))
    }

    /// The workload that a Pod without a followed owner is.
    fn bare(&mut self, key: PodKey) -> Workload {
        let (api_version, kind) = (self.names.share("v1"), self.names.share("Pod"));
        let pod = self.pod(key);
        let life = &pod.life;
        let created = life.instants.created.map(|created| created.at);
        // Whoever deletes a Pod before its work has begun does not make it fail.
        let withdrawn = life.outcome == PodOutcome::NeverStarted && self.record(key).deleted_before_its_end;
        let (succeeded, failed) =
            (life.outcome == PodOutcome::Succeeded, life.outcome.failed() && !withdrawn);
        Workload {
            api_version,
            kind,
            namespace: Arc::clone(&pod.namespace),
            name: Arc::clone(&pod.name),
            uid: Arc::clone(&pod.uid),
            parent: None,
            state: match life.outcome {
                _ if withdrawn => WorkloadState::Unknown,
                PodOutcome::Pending => WorkloadState::Pending,
                PodOutcome::Starting | PodOutcome::Running => WorkloadState::Running,
                PodOutcome::Succeeded => WorkloadState::Succeeded,
                PodOutcome::Failed | PodOutcome::NeverStarted => WorkloadState::Failed,
                PodOutcome::Deleted | PodOutcome::Unknown => WorkloadState::Unknown,
            },
            reason: life.reason.clone(),
            message: None,
            created,
            started: life.instants.work_started.map(|started| started.at),
            finished: life.end(),
            completions: Some(1),
            parallelism: Some(1),
            active: u32::from(!life.outcome.ended()),
            succeeded: u32::from(succeeded),
            failed: u32::from(failed),
            gone: withdrawn || life.outcome == PodOutcome::Deleted,
            capacity: created
                .map(|since| Capacity { since, parallelism: 1, completions: Some(1) })
                .into_iter()
                .collect(),
            retries_per_index: false,
            creation_block: None,
            holds: Vec::new(),
            next_run: None,
            is_rollout: false,
            pods: vec![key],
        }
    }
}
