//! The actions of the Job controller and the API server on Jobs and their Pods: creation, deletion and release.

use jiff::{SignedDuration, Timestamp};

use crate::observation::{
    COMPLETION_INDEX, ObjectMeta, ObjectReference, OwnerReference, Pod, PodStatus, Seen, saturating_add,
};
use crate::source::simulation::events::{EventRecord, EventReporter};
use crate::source::simulation::pod::SimulatedPod;
use crate::source::simulation::random::{Random, RandomPurpose};
use crate::source::simulation::task::{JobKey, PodKey, SimulationTask};
use crate::source::simulation::virtual_time::truncate_to_second;
use crate::source::simulation::world::World;

/// How long the controller collects changes of Pods before it syncs the Job.
const SYNC_DELAY: SignedDuration = SignedDuration::from_secs(1);
/// The finalizer that keeps an ended Pod until the controller has counted the Pod.
const TRACKING_FINALIZER: &str = "batch.kubernetes.io/job-tracking";

impl World {
    /// The API server stores a Job.
    pub(crate) fn create_job(&mut self, job: JobKey) {
        let uid = self.new_uid();
        let now = truncate_to_second(self.now);
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
        self.emit_job(job, Seen::Added);
        let delay = self.random_latency(4, 9);
        self.request_sync_at(job, saturating_add(self.now, delay));
    }

    /// Makes the controller sync a Job after [`SYNC_DELAY`], because the Job or one of its Pods has changed.
    pub(crate) fn request_sync(&mut self, job: JobKey) {
        self.request_sync_at(job, saturating_add(self.now, SYNC_DELAY));
    }

    /// Makes the controller sync a Job at `at`, unless an earlier sync is already planned.
    pub(crate) fn request_sync_at(&mut self, job: JobKey, at: Timestamp) {
        let state = &mut self.jobs[job];
        if !state.finished && state.next_sync.is_none_or(|next| next > at) {
            state.next_sync = Some(at);
            self.schedule_at(at, SimulationTask::SyncJob(job));
        }
    }

    /// Makes the controller sync a Job now, because a time that the Job waited for has come.
    pub(crate) fn wake_job(&mut self, job: JobKey) {
        if !self.jobs[job].finished {
            self.note_progress();
            self.request_sync_at(job, self.now);
        }
    }

    /// Plans a call of [`World::wake_job`] at a later time.
    pub(crate) fn wake_job_at(&mut self, job: JobKey, at: Timestamp) {
        if self.jobs[job].wake != Some(at) {
            self.jobs[job].wake = Some(at);
            self.schedule_at(at, SimulationTask::WakeJob(job));
        }
    }

    /// The API server stores a new Pod.
    pub(crate) fn create_pod(&mut self, job: JobKey, index: Option<u32>) {
        let ordinal = self.jobs[job].pods.len() as u64;
        let mut name_random = Random::new(self.seed, RandomPurpose::Name, &[job as u64, ordinal]);
        let (uid, now, key) = (self.new_uid(), truncate_to_second(self.now), self.pods.len());
        let state = &mut self.jobs[job];
        if let Some(position) = state.creating.iter().position(|creating| *creating == index) {
            state.creating.swap_remove(position);
        }
        let (manifest, owner) = (&state.manifest, &state.object.metadata);
        let mut labels = manifest.pod_labels.clone();
        labels.extend(tracking_labels(&owner.name, &owner.uid));
        labels.extend(index.map(|index| (COMPLETION_INDEX.to_owned(), index.to_string())));
        let annotations =
            index.map(|index| (COMPLETION_INDEX.to_owned(), index.to_string())).into_iter().collect();
        let infix = index.map(|index| format!("{index}-")).unwrap_or_default();
        // If the name is taken, another name is generated, as in the real API server.
        let mut name = format!("{}-{infix}{}", owner.name, name_random.name_suffix());
        while !state.pod_names.insert(name.clone()) {
            name = format!("{}-{infix}{}", owner.name, name_random.name_suffix());
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
            finalizers: vec![TRACKING_FINALIZER.to_owned()],
            ..ObjectMeta::default()
        };
        metadata.drop_unused();
        let status = PodStatus { phase: "Pending".to_owned(), ..PodStatus::default() };
        self.pods.push(SimulatedPod {
            job,
            ordinal,
            index,
            object: Pod { metadata, spec: manifest.pod_spec.clone(), status },
            node: None,
            runtime: None,
            sent_status: None,
            end_noticed: false,
            exists: true,
        });
        state.pods.push(key);
        state.live.push(key);
        self.emit_pod(key, Seen::Added);
        self.record_job_event(job, false, "SuccessfulCreate", format!("Created pod: {name}"));
        self.note_progress();
        self.enqueue_scheduling(key);
    }

    /// The controller deletes a Pod.
    pub(crate) fn delete_pod(&mut self, pod: PodKey) {
        let now = self.now;
        let state = &mut self.pods[pod];
        let grace = match state.node {
            Some(_) => state.object.spec.termination_grace_period_seconds.unwrap_or(30),
            // A Pod without a node has no containers to stop.
            None => 0,
        };
        let metadata = &mut state.object.metadata;
        metadata.deletion_timestamp =
            Some(truncate_to_second(saturating_add(now, SignedDuration::from_secs(grace))));
        metadata.deletion_grace_period_seconds = Some(grace);
        metadata.generation += 1;
        let (job, name, node) = (state.job, metadata.name.clone(), state.node);
        self.emit_pod(pod, Seen::Changed);
        self.record_job_event(job, false, "SuccessfulDelete", format!("Deleted pod: {name}"));
        self.note_progress();
        match node {
            Some(_) => self.stop_on_node(pod),
            None => self.remove_parked_pod(pod),
        }
    }

    /// The controller has counted a Pod and removes its finalizer.
    pub(crate) fn release_counted_pod(&mut self, pod: PodKey) {
        let state = &mut self.pods[pod];
        state.object.metadata.finalizers.clear();
        if state.object.metadata.deletion_grace_period_seconds == Some(0) {
            self.emit_pod_removal(pod);
        } else {
            self.emit_pod(pod, Seen::Changed);
        }
    }

    /// Removes a Pod whose deletion the kubelet has confirmed, unless the controller must still count the Pod.
    pub(crate) fn remove_pod(&mut self, pod: PodKey) {
        if self.pods[pod].exists && !self.pods[pod].is_tracked() {
            self.emit_pod_removal(pod);
        }
    }

    /// Deletes an ended Job and its Pods, because the Job's time to live has passed.
    pub(crate) fn expire_job(&mut self, job: JobKey) {
        let now = Some(truncate_to_second(self.now));
        let metadata = &mut self.jobs[job].object.metadata;
        metadata.deletion_timestamp = now;
        metadata.deletion_grace_period_seconds = Some(0);
        metadata.generation += 1;
        metadata.finalizers = vec!["foregroundDeletion".to_owned()];
        self.emit_job(job, Seen::Changed);
        for pod in std::mem::take(&mut self.jobs[job].pods) {
            if self.pods[pod].exists {
                let metadata = &mut self.pods[pod].object.metadata;
                metadata.deletion_timestamp = now;
                metadata.deletion_grace_period_seconds = Some(0);
                self.emit_pod_removal(pod);
            }
        }
        self.jobs[job].object.metadata.finalizers.clear();
        self.emit_job(job, Seen::Deleted);
        self.note_progress();
    }

    /// Records an event about a Job.
    pub(crate) fn record_job_event(&mut self, job: JobKey, warning: bool, reason: &str, message: String) {
        let metadata = &self.jobs[job].object.metadata;
        let about = ObjectReference {
            kind: "Job".to_owned(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            uid: metadata.uid.clone(),
            field_path: String::new(),
        };
        self.record_event(&EventRecord {
            reporter: EventReporter::JobController,
            about,
            warning,
            reason,
            message,
        });
    }
}

/// The labels that select a Job's Pods, with the current and the older names.
fn tracking_labels(name: &str, uid: &str) -> [(String, String); 4] {
    [
        ("batch.kubernetes.io/job-name", name),
        ("job-name", name),
        ("batch.kubernetes.io/controller-uid", uid),
        ("controller-uid", uid),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
}
