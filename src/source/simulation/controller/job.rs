//! A Job of the simulated cluster.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::observation::{Job, JobCondition, JobStatus, Time};
use crate::source::simulation::controller::indexes::CompletionIndexes;
use crate::source::simulation::manifest::JobManifest;
use crate::source::simulation::pod::SimulatedPod;
use crate::source::simulation::task::PodKey;
use crate::source::simulation::virtual_time::truncate_to_second;

/// A Job, with the state that the Job controller keeps about the Job.
#[derive(Debug)]
pub(crate) struct SimulatedJob {
    pub(crate) manifest: Arc<JobManifest>,
    /// The object that the API server stores.
    pub(crate) object: Job,
    /// Whether the Job has ended.
    pub(crate) finished: bool,
    /// All Pods of the Job, in the order of creation.
    pub(crate) pods: Vec<PodKey>,
    /// The names of the Pods.
    pub(crate) pod_names: HashSet<String>,
    /// The Pods that have not ended or that the controller has not counted yet.
    pub(crate) live: Vec<PodKey>,
    /// The completion indexes of the Pods that are about to be created.
    pub(crate) creating: Vec<Option<u32>>,
    /// When the controller next syncs the Job.
    pub(crate) next_sync: Option<Timestamp>,
    /// The time of the latest [`WakeJob`](crate::source::simulation::task::SimulationTask::WakeJob) that was queued
    /// because of a retry delay.
    pub(crate) wake: Option<Timestamp>,
    /// The decision that is not completely written yet.
    pub(crate) decision: Option<Box<SyncDecision>>,
    /// Number of failed Pods since the last success.
    pub(crate) failures: u32,
    /// When the latest failed Pod ended.
    pub(crate) last_failure: Option<Timestamp>,
    pub(crate) indexes: CompletionIndexes,
    /// `status.ready`. Observations do not contain this field, but a change of this field makes the controller write
    /// the status.
    pub(crate) ready: usize,
}

/// The result of one sync of a Job, which the controller is about to write.
#[derive(Debug)]
pub(crate) struct SyncDecision {
    pub(crate) status: JobStatus,
    /// `status.ready`, see [`SimulatedJob::ready`].
    pub(crate) ready: usize,
    /// The Pods that the controller is about to count.
    pub(crate) counted: Vec<PodKey>,
}

impl SimulatedJob {
    /// Makes a Job that is not applied yet.
    pub(crate) fn new(manifest: Arc<JobManifest>) -> Self {
        let index_count = if manifest.is_indexed() { manifest.spec.completions.unwrap_or(0) } else { 0 };
        Self {
            object: Job { spec: manifest.spec.clone(), ..Job::default() },
            finished: false,
            pods: Vec::new(),
            pod_names: HashSet::new(),
            live: Vec::new(),
            creating: Vec::new(),
            next_sync: None,
            wake: None,
            decision: None,
            failures: 0,
            last_failure: None,
            indexes: CompletionIndexes::new(u32::try_from(index_count).unwrap_or(0)),
            ready: 0,
            manifest,
        }
    }

    /// Whether the Job is suspended.
    pub(crate) fn is_suspended(&self) -> bool {
        self.object.spec.suspend == Some(true)
    }

    /// The Pods that have not ended or that the controller has not counted yet.
    pub(crate) fn live_pods(&self) -> &[PodKey] {
        &self.live
    }
}

/// Makes a condition that became true at `now`.
pub(crate) fn true_condition(kind: &str, reason: &str, message: &str, now: Timestamp) -> JobCondition {
    JobCondition {
        r#type: kind.to_owned(),
        status: "True".to_owned(),
        last_transition_time: Some(truncate_to_second(now)),
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

/// When a Pod ended, truncated to the second. The rule is the same as in the Job controller of Kubernetes.
pub(crate) fn finish_time(pod: &SimulatedPod) -> Option<Timestamp> {
    let status = &pod.object.status;
    let ends = status.container_statuses.iter().filter_map(|container| container.state.terminated.as_ref());
    let last = ends.filter_map(|terminated| terminated.finished_at.and_then(Time::known)).max();
    let ready = || status.condition("Ready").and_then(|ready| ready.last_transition_time?.known());
    last.or_else(ready).or_else(|| pod.object.metadata.deletion_timestamp?.known())
}
