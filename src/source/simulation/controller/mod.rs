//! The Job controller: creates Pods, counts those that ended, decides how the Job ends.
//!
//! It looks at a Job a second after the first change of one of its Pods, so that it sees many changes at once. What it
//! decides takes two writes: one that says which Pods it is about to count, and one that has counted them.

pub(crate) mod indexes;
pub(crate) mod sync;

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use indexes::Indexes;
use sync::Decision;

use super::events::{Record, Reporter};
use super::manifest::JobManifest;
use super::random::{Random, Subject};
use super::world::{JobKey, PodKey, PodState, Task, World, second};
use crate::observation::{
    COMPLETION_INDEX, Job, JobCondition, ObjectMeta, ObjectReference, OwnerReference, Pod, PodStatus, Seen,
    Time,
};

/// How long the controller gathers changes of Pods.
const BATCH: SignedDuration = SignedDuration::from_secs(1);
/// Keeps an ended Pod until it is counted.
const TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// A Job with all that its controller remembers.
#[derive(Debug)]
pub(crate) struct JobState {
    pub(crate) manifest: Arc<JobManifest>,
    /// The object at the API server.
    pub(crate) object: Job,
    /// Whether it has ended.
    pub(crate) finished: bool,
    /// Its Pods.
    pods: Vec<PodKey>,
    names: HashSet<String>,
    /// Those that are not done with.
    live: Vec<PodKey>,
    /// Creations under way, with their completion indexes.
    creating: Vec<Option<u32>>,
    next_sync: Option<Timestamp>,
    wake: Option<Timestamp>,
    decision: Option<Box<Decision>>,
    /// Failures since the last success, and when the last one was.
    failures: u32,
    last_failure: Option<Timestamp>,
    indexes: Indexes,
    /// `status.ready`, which is written but not observed.
    ready: usize,
}

impl JobState {
    /// A Job that is not applied yet.
    pub(crate) fn new(manifest: Arc<JobManifest>) -> Self {
        let indexes = if manifest.indexed() { manifest.spec.completions.unwrap_or(0) } else { 0 };
        Self {
            object: Job { spec: manifest.spec.clone(), ..Job::default() },
            finished: false,
            pods: Vec::new(),
            names: HashSet::new(),
            live: Vec::new(),
            creating: Vec::new(),
            next_sync: None,
            wake: None,
            decision: None,
            failures: 0,
            last_failure: None,
            indexes: Indexes::new(u32::try_from(indexes).unwrap_or(0)),
            ready: 0,
            manifest,
        }
    }

    /// Whether it is told not to run.
    pub(crate) fn suspended(&self) -> bool {
        self.object.spec.suspend == Some(true)
    }

    /// The Pods that have not ended.
    pub(crate) fn live(&self) -> &[PodKey] {
        &self.live
    }
}

/// A condition that became true now.
fn condition(kind: &str, reason: &str, message: &str, now: Timestamp) -> JobCondition {
    JobCondition {
        r#type: kind.to_owned(),
        status: "True".to_owned(),
        last_transition_time: Some(second(now)),
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

/// When a Pod ended, as the controller sees it: in whole seconds.
fn finish_time(pod: &PodState) -> Option<Timestamp> {
    let status = &pod.object.status;
    let ends = status.container_statuses.iter().filter_map(|container| container.state.terminated.as_ref());
    let last = ends.filter_map(|terminated| terminated.finished_at.and_then(Time::known)).max();
    let ready = || status.condition("Ready").and_then(|ready| ready.last_transition_time?.known());
    last.or_else(ready).or_else(|| pod.object.metadata.deletion_timestamp?.known())
}

impl World {
    /// The API server stores a Job.
    pub(crate) fn create_job(&mut self, job: JobKey) {
        let uid = self.uid();
        let now = second(self.now);
        let state = &mut self.jobs[job];
        let manifest = &state.manifest;
        let mut labels = manifest.labels.clone();
        labels.extend(tracking_labels(&manifest.name, &uid));
        state.object.metadata = ObjectMeta {
            name: manifest.name.clone(),
            namespace: manifest.namespace.clone(),
            uid,
            generation: 1,
            creation_timestamp: Some(now),
            labels,
            ..ObjectMeta::default()
        };
        state.object.metadata.drop_unused();
        self.tell_job(job, Seen::Added);
        let delay = self.latency(4, 9);
        self.request_sync_at(job, self.now + delay);
    }

    /// One of the Job's Pods, or the Job itself, has changed.
    pub(crate) fn request_sync(&mut self, job: JobKey) {
        self.request_sync_at(job, self.now + BATCH);
    }

    fn request_sync_at(&mut self, job: JobKey, at: Timestamp) {
        let state = &mut self.jobs[job];
        if !state.finished && state.next_sync.is_none_or(|next| next > at) {
            state.next_sync = Some(at);
            self.at(at, Task::SyncJob(job));
        }
    }

    /// The time has come that the Job was waiting for.
    pub(crate) fn wake_job(&mut self, job: JobKey) {
        if !self.jobs[job].finished {
            self.advance();
            self.request_sync_at(job, self.now);
        }
    }

    /// Lets the Job be looked at again at that time.
    fn wake_job_at(&mut self, job: JobKey, at: Timestamp) {
        if self.jobs[job].wake != Some(at) {
            self.jobs[job].wake = Some(at);
            self.at(at, Task::WakeJob(job));
        }
    }

    /// The API server stores a new Pod.
    pub(crate) fn create_pod(&mut self, job: JobKey, index: Option<u32>) {
        let ordinal = self.jobs[job].pods.len() as u64;
        let mut names = Random::of(self.seed, Subject::Name, &[job as u64, ordinal]);
        let (uid, now, key) = (self.uid(), second(self.now), self.pods.len());
        let state = &mut self.jobs[job];
        if let Some(at) = state.creating.iter().position(|creating| *creating == index) {
            state.creating.swap_remove(at);
        }
        let (manifest, owner) = (&state.manifest, &state.object.metadata);
        let mut labels = manifest.pod_labels.clone();
        labels.extend(tracking_labels(&owner.name, &owner.uid));
        labels.extend(index.map(|index| (COMPLETION_INDEX.to_owned(), index.to_string())));
        let annotations =
            index.map(|index| (COMPLETION_INDEX.to_owned(), index.to_string())).into_iter().collect();
        let infix = index.map(|index| format!("{index}-")).unwrap_or_default();
        // A name that is taken is drawn again, as the API server does.
        let mut name = format!("{}-{infix}{}", owner.name, names.suffix());
        while !state.names.insert(name.clone()) {
            name = format!("{}-{infix}{}", owner.name, names.suffix());
        }
        let mut metadata = ObjectMeta {
            name: name.clone(),
            namespace: owner.namespace.clone(),
            uid,
            generation: 1,
            creation_timestamp: Some(now),
            labels,
            annotations,
            owner_references: vec![OwnerReference {
                kind: "Job".to_owned(),
                name: owner.name.clone(),
                uid: owner.uid.clone(),
                api_version: "batch/v1".to_owned(),
                controller: true,
            }],
            finalizers: vec![TRACKING.to_owned()],
            ..ObjectMeta::default()
        };
        metadata.drop_unused();
        let status = PodStatus { phase: "Pending".to_owned(), ..PodStatus::default() };
        self.pods.push(PodState {
            job,
            ordinal,
            index,
            object: Pod { metadata, spec: manifest.pod_spec.clone(), status },
            node: None,
            runtime: None,
            status: None,
            noticed: false,
            exists: true,
        });
        state.pods.push(key);
        state.live.push(key);
        self.tell_pod(key, Seen::Added);
        self.record_job(job, false, "SuccessfulCreate", format!("Created pod: {name}"));
        self.advance();
        self.enqueue_scheduling(key);
    }

    /// The controller deletes a Pod.
    fn delete_pod(&mut self, pod: PodKey) {
        let now = self.now;
        let state = &mut self.pods[pod];
        let grace = match state.node {
            Some(_) => state.object.spec.termination_grace_period_seconds.unwrap_or(30),
            // There is nothing to be stopped.
            None => 0,
        };
        let metadata = &mut state.object.metadata;
        metadata.deletion_timestamp = Some(second(now + SignedDuration::from_secs(grace)));
        metadata.deletion_grace_period_seconds = Some(grace);
        metadata.generation += 1;
        let (job, name, node) = (state.job, metadata.name.clone(), state.node);
        self.tell_pod(pod, Seen::Changed);
        self.record_job(job, false, "SuccessfulDelete", format!("Deleted pod: {name}"));
        self.advance();
        match node {
            Some(_) => self.stop_on_node(pod),
            None => self.unpark(pod),
        }
    }

    /// The controller has counted a Pod and lets it go.
    fn untrack(&mut self, pod: PodKey) {
        let state = &mut self.pods[pod];
        state.object.metadata.finalizers.clear();
        if state.object.metadata.deletion_grace_period_seconds == Some(0) {
            self.tell_deleted_pod(pod);
        } else {
            self.tell_pod(pod, Seen::Changed);
        }
    }

    /// The kubelet has let a deleted Pod go: it is removed, unless it is still to be counted.
    pub(crate) fn gone(&mut self, pod: PodKey) {
        if self.pods[pod].exists && !self.pods[pod].tracked() {
            self.tell_deleted_pod(pod);
        }
    }

    /// The ended Job's time to live is over: it is deleted, with its Pods.
    pub(crate) fn expire_job(&mut self, job: JobKey) {
        let now = Some(second(self.now));
        let metadata = &mut self.jobs[job].object.metadata;
        metadata.deletion_timestamp = now;
        metadata.deletion_grace_period_seconds = Some(0);
        metadata.generation += 1;
        metadata.finalizers = vec!["foregroundDeletion".to_owned()];
        self.tell_job(job, Seen::Changed);
        for pod in std::mem::take(&mut self.jobs[job].pods) {
            if self.pods[pod].exists {
                let metadata = &mut self.pods[pod].object.metadata;
                metadata.deletion_timestamp = now;
                metadata.deletion_grace_period_seconds = Some(0);
                self.tell_deleted_pod(pod);
            }
        }
        self.jobs[job].object.metadata.finalizers.clear();
        self.tell_job(job, Seen::Deleted);
        self.advance();
    }

    /// Records an event about a Job.
    fn record_job(&mut self, job: JobKey, warning: bool, reason: &str, message: String) {
        let metadata = &self.jobs[job].object.metadata;
        let about = ObjectReference {
            kind: "Job".to_owned(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            uid: metadata.uid.clone(),
            field_path: String::new(),
        };
        self.record(&Record { reporter: Reporter::JobController, about, warning, reason, message });
    }
}

/// The labels by which a Job's Pods are found, new and old.
fn tracking_labels(name: &str, uid: &str) -> [(String, String); 4] {
    [
        ("batch.kubernetes.io/job-name", name),
        ("job-name", name),
        ("batch.kubernetes.io/controller-uid", uid),
        ("controller-uid", uid),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
}
