//! The simulated cluster: its clock, its queue of tasks, its objects and the observations of their changes.
//!
//! The controller, the scheduler and the kubelets are `impl World` blocks in files of their own. Their methods run the
//! [`SimulationTask`]s. Each change of an object ends with a call of one of the `emit` methods. Such a call stands for
//! one write to the API server.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::observation::{Event, Job, Object, Observation, Seen, Waiting, saturating_add};
use crate::source::simulation::controller::job::SimulatedJob;
use crate::source::simulation::events::{EventRecord, EventRecorder};
use crate::source::simulation::manifest::JobManifest;
use crate::source::simulation::node::SimulatedNode;
use crate::source::simulation::pod::SimulatedPod;
use crate::source::simulation::random::{Random, RandomPurpose};
use crate::source::simulation::scheduler::Scheduler;
use crate::source::simulation::task::{JobKey, PodKey, SimulationTask};
use crate::source::simulation::virtual_time::{START, ms, ms_range};

/// Time from a write to the API server until a watch receives the change over a quiet connection.
const TRANSPORT_DELAY: SignedDuration = SignedDuration::from_millis(3);

/// The simulation gives up if only retries happen for this long and no queued task is awaited.
const STUCK_TIMEOUT: SignedDuration = SignedDuration::from_mins(10);

/// A task with the time at which it runs. Tasks with the same time run in the order in which they were queued.
#[derive(Debug)]
struct QueuedTask {
    at: Timestamp,
    sequence: u64,
    task: SimulationTask,
}

impl PartialEq for QueuedTask {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}
impl Eq for QueuedTask {}
impl PartialOrd for QueuedTask {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for QueuedTask {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

/// The state of the simulated cluster, which the controller, the scheduler and the kubelets change.
#[derive(Debug)]
pub(crate) struct World {
    /// The current virtual time.
    pub(crate) now: Timestamp,
    /// The seed of all random numbers.
    pub(crate) seed: u64,
    pub(crate) jobs: Vec<SimulatedJob>,
    pub(crate) pods: Vec<SimulatedPod>,
    pub(crate) nodes: Vec<SimulatedNode>,
    pub(crate) scheduler: Scheduler,
    recorder: EventRecorder,
    queue: BinaryHeap<Reverse<QueuedTask>>,
    /// Number of the latest queued task.
    sequence: u64,
    /// The number of queued tasks for which [`SimulationTask::is_awaited`] returns `true`.
    awaited_tasks: usize,
    /// When something other than a retry last happened.
    last_progress: Timestamp,
    /// The latest resource version.
    last_version: u64,
    latency: Random,
    uids: Random,
    /// Observations that [`World::next_observation`] has not returned yet.
    emitted: VecDeque<Observation>,
}

impl World {
    /// Creates a cluster of `nodes` nodes, or of one if `nodes` is 0, and queues the creation of `jobs`.
    pub(crate) fn new(jobs: Vec<Arc<JobManifest>>, seed: u64, nodes: usize) -> Self {
        let mut world = Self {
            now: START,
            seed,
            jobs: jobs.into_iter().map(SimulatedJob::new).collect(),
            pods: Vec::new(),
            nodes: (0..nodes.max(1)).map(|index| SimulatedNode::new(seed, index)).collect(),
            scheduler: Scheduler::default(),
            recorder: EventRecorder::default(),
            queue: BinaryHeap::new(),
            sequence: 0,
            awaited_tasks: 0,
            last_progress: START,
            last_version: 1000,
            latency: Random::new(seed, RandomPurpose::Latency, &[]),
            uids: Random::new(seed, RandomPurpose::Uid, &[]),
            emitted: VecDeque::new(),
        };
        // `kubectl apply` sends one Job after another, here every 12 ms.
        for (job, delay) in (0..world.jobs.len()).zip((0..).step_by(12)) {
            world.schedule_after(ms(delay), SimulationTask::CreateJob(job));
        }
        world
    }

    /// Runs the simulation up to the next observation. Returns `None` when nothing more can happen.
    pub(crate) fn next_observation(&mut self) -> Option<Observation> {
        loop {
            if let Some(observation) = self.emitted.pop_front() {
                return Some(observation);
            }
            let Reverse(queued) = self.queue.pop()?;
            let is_awaited = queued.task.is_awaited();
            self.awaited_tasks -= usize::from(is_awaited);
            if queued.at > saturating_add(self.last_progress, STUCK_TIMEOUT)
                && !is_awaited
                && self.awaited_tasks == 0
            {
                self.now = saturating_add(self.last_progress, STUCK_TIMEOUT);
                self.queue.clear();
                return None;
            }
            self.now = queued.at;
            self.run_task(queued.task);
        }
    }

    fn run_task(&mut self, task: SimulationTask) {
        match task {
            SimulationTask::CreateJob(job) => self.create_job(job),
            SimulationTask::SyncJob(job) => self.sync_job(job),
            SimulationTask::WakeJob(job) => self.wake_job(job),
            SimulationTask::CreatePod(job, index) => self.create_pod(job, index),
            SimulationTask::WriteDecision(job) => self.write_decision(job),
            SimulationTask::WriteCounts(job) => self.write_counts(job),
            SimulationTask::ExpireJob(job) => self.expire_job(job),
            SimulationTask::SchedulePod(pod) => self.schedule_pod(pod),
            SimulationTask::RetryParkedPods => self.retry_parked_pods(),
            SimulationTask::Kubelet(pod, step) => self.run_kubelet_step(pod, step),
            SimulationTask::WriteStatus(pod) => self.write_status(pod),
            SimulationTask::StoreEvent(event, seen) => self.store_event(event, seen),
        }
    }

    /// Queues a task for the time `at`, or for now if `at` has passed.
    pub(crate) fn schedule_at(&mut self, at: Timestamp, task: SimulationTask) {
        self.awaited_tasks += usize::from(task.is_awaited());
        self.sequence += 1;
        self.queue.push(Reverse(QueuedTask { at: at.max(self.now), sequence: self.sequence, task }));
    }

    /// Queues a task for `delay` from now.
    pub(crate) fn schedule_after(&mut self, delay: SignedDuration, task: SimulationTask) {
        self.schedule_at(saturating_add(self.now, delay), task);
    }

    /// Records that something other than a retry happened, so that the simulation does not give up yet.
    pub(crate) fn note_progress(&mut self) {
        self.last_progress = self.now;
    }

    /// Draws a delay from `min` to `max` milliseconds. All delays in the range are equally likely.
    pub(crate) fn random_latency(&mut self, min: i64, max: i64) -> SignedDuration {
        self.latency.uniform(&ms_range(min, max))
    }

    /// Draws a new uid.
    pub(crate) fn new_uid(&mut self) -> String {
        self.uids.uid()
    }

    fn next_version(&mut self) -> String {
        self.last_version += 1;
        self.last_version.to_string()
    }

    fn emit(&mut self, seen: Seen, object: Object) {
        self.emitted.push_back(Observation {
            received: saturating_add(self.now, TRANSPORT_DELAY),
            seen,
            object,
        });
    }

    /// Emits an observation of a Job, after a change or a deletion.
    pub(crate) fn emit_job(&mut self, key: JobKey, seen: Seen) {
        let version = self.next_version();
        let job = &mut self.jobs[key].object;
        job.metadata.resource_version = version;
        let job: Job = job.clone();
        self.emit(seen, Object::Job(Box::new(job)));
    }

    /// Emits an observation of a Pod, after a change or a deletion, and makes the Job controller sync the Pod's Job.
    pub(crate) fn emit_pod(&mut self, key: PodKey, seen: Seen) {
        let version = self.next_version();
        let pod = &mut self.pods[key];
        pod.object.metadata.resource_version = version;
        let (job, object) = (pod.job, pod.object.clone());
        self.emit(seen, Object::Pod(Box::new(object)));
        self.request_sync(job);
    }

    /// The reason why a Pod waits, from its status. `None` if the status contains no message about a wait.
    pub(crate) fn waiting_reason(&self, pod: PodKey) -> Option<String> {
        let status = &self.pods[pod].object.status;
        let unscheduled = status.condition("PodScheduled").filter(|scheduled| scheduled.status == "False");
        let describe = |waiting: &Waiting| format!("{} ({})", waiting.reason, waiting.message);
        let containers = status.init_container_statuses.iter().chain(&status.container_statuses);
        let mut waiting = containers.filter_map(|container| container.state.waiting.as_ref());
        unscheduled
            .map(|condition| condition.message.clone())
            .or_else(|| waiting.find(|waiting| !waiting.message.is_empty()).map(describe))
    }

    /// Records an event that happens now.
    pub(crate) fn record_event(&mut self, record: &EventRecord<'_>) {
        // A component sends its events in the background.
        let delay = self.random_latency(3, 14);
        if let Some((at, event, seen)) = self.recorder.record(record, self.now, delay, &mut self.uids) {
            self.schedule_at(at, SimulationTask::StoreEvent(Box::new(event), seen));
        }
    }

    /// Forgets the events of an object. No event about the object may be recorded afterwards.
    pub(crate) fn forget_events(&mut self, uid: &str) {
        self.recorder.forget(uid);
    }

    fn store_event(&mut self, mut event: Box<Event>, seen: Seen) {
        event.metadata.resource_version = self.next_version();
        self.emit(seen, Object::Event(event));
    }
}
