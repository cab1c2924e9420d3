//! Observations in, Pods and workloads up to date.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Capacity, Pod, PodKey, Timeline, Workload, WorkloadOutcome};
use crate::lifecycle::{PodEvidence, PodOutcome};
use crate::observation::{self, Event, Object, Observation, Seen};

/// What the timeline keeps of a Pod beside what it shows.
#[derive(Debug)]
pub(super) struct PodRecord {
    evidence: PodEvidence,
    /// Uid of what controls the Pod.
    owner: Option<Arc<str>>,
    dirty: bool,
}

/// What [`Timeline::settle`] brought up to date.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Pods that may look different now.
    pub pods: Vec<PodKey>,
    /// Whether a workload may look different now.
    pub workloads: bool,
}

impl Timeline {
    /// Takes in one observation.
    pub fn apply(&mut self, observation: &Observation) {
        let Observation { received, seen, object } = observation;
        self.observed = self.observed.max(Some(*received));
        match object {
            Object::Job(job) => {
                let uid = self.names.share(&job.metadata.uid);
                self.jobs.entry(uid).or_default().observe(job, *received, *seen);
                self.regroup = true;
            }
            Object::Pod(pod) => self.apply_pod(pod, *received, *seen),
            Object::Event(event) => self.apply_event(event, seen.live().then_some(*received)),
        }
    }

    fn apply_pod(&mut self, pod: &observation::Pod, received: Timestamp, seen: Seen) {
        let key = match self.keys.get(pod.metadata.uid.as_str()) {
            Some(key) => *key,
            None => self.add_pod(pod),
        };
        let record = &mut self.records[key.0 as usize];
        record.evidence.observe(pod, received, seen, &mut self.names);
        let node = &pod.spec.node_name;
        if !node.is_empty() && self.pods[key.0 as usize].node.is_none() {
            self.pods[key.0 as usize].node = Some(self.names.share(node));
        }
        self.touch(key);
    }

    fn add_pod(&mut self, pod: &observation::Pod) -> PodKey {
        let key = PodKey(u32::try_from(self.pods.len()).unwrap_or(u32::MAX));
        let metadata = &pod.metadata;
        let uid: Arc<str> = metadata.uid.as_str().into();
        let evidence = self.strangers.remove(&uid).unwrap_or_default();
        // Orphans keep the label when they lose the owner.
        let label = || metadata.labels.get("batch.kubernetes.io/controller-uid").map(String::as_str);
        let owner = metadata.controller().map(|owner| owner.uid.as_str()).or_else(label);
        let owner = owner.map(|uid| self.names.share(uid));
        self.pods.push(Pod {
            namespace: self.names.share(&metadata.namespace),
            name: metadata.name.as_str().into(),
            uid: Arc::clone(&uid),
            node: None,
            index: metadata.completion_index(),
            attempt: 1,
            life: evidence.derive(),
        });
        self.records.push(PodRecord { evidence, owner, dirty: false });
        self.keys.insert(uid, key);
        self.regroup = true;
        key
    }

    fn apply_event(&mut self, event: &Event, received: Option<Timestamp>) {
        let about = &event.involved_object;
        match about.kind.as_str() {
            "Pod" => {
                if let Some(&key) = self.keys.get(about.uid.as_str()) {
                    self.records[key.0 as usize].evidence.observe_event(event, received, &mut self.names);
                    self.touch(key);
                } else if !about.uid.is_empty() {
                    let stranger = self.strangers.entry(about.uid.as_str().into()).or_default();
                    stranger.observe_event(event, received, &mut self.names);
                }
            }
            _ if event.reason == "SuccessfulCreate" => self.apply_creation(event),
            _ => {}
        }
    }

    /// The owner's event dates the creation of one Pod; combined ones only count.
    fn apply_creation(&mut self, event: &Event) {
        let Some(name) = event.message.strip_prefix("Created pod: ") else { return };
        let Some(at) = event.name_time() else { return };
        self.creations.insert((event.involved_object.uid.as_str().into(), name.into()), at);
        self.regroup = true;
    }

    fn touch(&mut self, key: PodKey) {
        let record = &mut self.records[key.0 as usize];
        if !record.dirty {
            record.dirty = true;
            self.changed.push(key);
        }
    }

    /// Brings everything that is derived up to date; says what may look different.
    pub fn settle(&mut self) -> Changes {
        let workloads = self.regroup || !self.changed.is_empty();
        if self.regroup {
            self.date_creations();
        }
        let pods = std::mem::take(&mut self.changed);
        for &key in &pods {
            let place = key.0 as usize;
            let record = &mut self.records[place];
            record.dirty = false;
            let created = self.pods[place].life.instants.created;
            self.pods[place].life = record.evidence.derive();
            // Order and grouping hang on these.
            self.regroup |= created != self.pods[place].life.instants.created || record.owner.is_none();
            self.regroup |= record.owner.as_ref().is_some_and(|owner| !self.jobs.contains_key(owner));
        }
        if std::mem::take(&mut self.regroup) {
            self.group();
        }
        Changes { pods, workloads }
    }

    fn date_creations(&mut self) {
        if self.creations.is_empty() {
            return;
        }
        for place in 0..self.pods.len() {
            let Some(owner) = &self.records[place].owner else { continue };
            let key = (Arc::clone(owner), Arc::clone(&self.pods[place].name));
            if let Some(at) = self.creations.remove(&key) {
                self.records[place].evidence.created_at(at);
                self.touch(PodKey(u32::try_from(place).unwrap_or(u32::MAX)));
            }
        }
    }

    /// Gives every Pod to its workload; a Pod whose owner is not followed is a workload of its own.
    fn group(&mut self) {
        let mut places: HashMap<Arc<str>, usize> = HashMap::new();
        let mut workloads: Vec<Workload> = Vec::new();
        for (uid, job) in &self.jobs {
            places.insert(Arc::clone(uid), workloads.len());
            workloads.push(job.workload(&mut self.names));
        }
        for (place, record) in self.records.iter().enumerate() {
            let key = PodKey(u32::try_from(place).unwrap_or(u32::MAX));
            match record.owner.as_ref().and_then(|owner| places.get(owner)) {
                Some(&workload) => workloads[workload].pods.push(key),
                None => workloads.push(bare(&self.pods[place], key, &mut self.names)),
            }
        }
        let created = |pod: &Pod| pod.life.instants.created.map(|created| created.at);
        for workload in &mut workloads {
            workload.pods.sort_by(|a, b| {
                let (a, b) = (&self.pods[a.0 as usize], &self.pods[b.0 as usize]);
                created(a).cmp(&created(b)).then_with(|| a.name.cmp(&b.name))
            });
            let mut tries: HashMap<u32, u32> = HashMap::new();
            for key in &workload.pods {
                let pod = &mut self.pods[key.0 as usize];
                if let Some(index) = pod.index {
                    let attempt = tries.entry(index).or_default();
                    *attempt += 1;
                    pod.attempt = *attempt;
                }
            }
        }
        workloads.sort_by(|a, b| {
            (a.created, &a.namespace, &a.name, &a.uid).cmp(&(b.created, &b.namespace, &b.name, &b.uid))
        });
        self.workloads = workloads;
    }
}

/// The workload that a Pod without a followed owner is.
fn bare(pod: &Pod, key: PodKey, names: &mut crate::lifecycle::Names) -> Workload {
    let life = &pod.life;
    let created = life.instants.created.map(|created| created.at);
    let (succeeded, failed) = (life.outcome == PodOutcome::Succeeded, life.outcome.failed());
    Workload {
        api_version: names.share("v1"),
        kind: names.share("Pod"),
        namespace: Arc::clone(&pod.namespace),
        name: Arc::clone(&pod.name),
        uid: Arc::clone(&pod.uid),
        parent: None,
        outcome: match life.outcome {
            PodOutcome::Pending => WorkloadOutcome::Pending,
            PodOutcome::Starting | PodOutcome::Running => WorkloadOutcome::Running,
            PodOutcome::Succeeded => WorkloadOutcome::Succeeded,
            PodOutcome::Failed | PodOutcome::NeverStarted => WorkloadOutcome::Failed,
            PodOutcome::Deleted | PodOutcome::Unknown => WorkloadOutcome::Unknown,
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
        gone: life.outcome == PodOutcome::Deleted,
        capacity: created
            .map(|since| Capacity { since, parallelism: 1, completions: Some(1) })
            .into_iter()
            .collect(),
        per_index: false,
        pods: vec![key],
    }
}
