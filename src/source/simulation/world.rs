//! The simulated cluster: its clock, what waits to happen, its objects, and what a watch tells of them.
//!
//! The controller, the scheduler and the kubelets are `impl World` blocks in files of their own. They act on [`Task`]s
//! and change objects through the few functions here, each of which is one write to the API server.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::controller::JobState;
use super::events::{Record, Recorder};
use super::kubelet::{Runtime, Step};
use super::manifest::JobManifest;
use super::random::{Random, Subject};
use super::scheduler::Scheduler;
use crate::observation::{Event, Job, Object, Observation, Pod, PodStatus, Seen, Time, Waiting};
use crate::source::simulation::kubelet::node::Node;

/// When every simulation begins: 2026-01-01T00:00:00Z.
pub(crate) const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// From a write to its receipt by a watch: the transport of a quiet connection.
const TRANSPORT: SignedDuration = SignedDuration::from_millis(3);

/// How long nothing but retries may happen until the simulation gives up.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// A Job's place in [`World::jobs`].
pub(crate) type JobKey = usize;
/// A Pod's place in [`World::pods`].
pub(crate) type PodKey = usize;

/// Milliseconds as a duration.
pub(crate) const fn ms(millis: i64) -> SignedDuration {
    SignedDuration::from_millis(millis)
}

/// A range of milliseconds.
pub(crate) const fn between(least: i64, most: i64) -> RangeInclusive<SignedDuration> {
    ms(least)..=ms(most)
}

/// A time as statuses have it: truncated to the second.
pub(crate) fn second(at: Timestamp) -> Time {
    Time { seconds: at.as_second(), nanos: 0 }
}

/// Something that is going to happen.
#[derive(Debug)]
pub(crate) enum Task {
    /// The API server stores a Job.
    CreateJob(JobKey),
    /// The Job controller looks at a Job.
    SyncJob(JobKey),
    /// The same, because a time that the Job waits for has come.
    WakeJob(JobKey),
    /// The Job controller creates a Pod, with its completion index.
    CreatePod(JobKey, Option<u32>),
    /// The Job controller writes the status that it has decided on.
    WriteJob(JobKey),
    /// The Job controller has counted the ended Pods and writes the outcome.
    CountJob(JobKey),
    /// An ended Job's time to live is over.
    ExpireJob(JobKey),
    /// The scheduler looks at a Pod.
    Schedule(PodKey),
    /// The scheduler tries again those that found no node.
    RetrySchedule,
    /// The kubelet goes on with a Pod.
    Kubelet(PodKey, Step),
    /// The kubelet's status of a Pod reaches the API server.
    WriteStatus(PodKey),
    /// An event reaches the API server.
    Post(Box<Event>, Seen),
}

impl Task {
    /// Whether it may lie far ahead and still brings the simulation forward; a retry does not.
    fn is_awaited(&self) -> bool {
        matches!(self, Self::WakeJob(_) | Self::ExpireJob(_) | Self::Kubelet(_, Step::Exit(..)))
    }
}

#[derive(Debug)]
struct Entry {
    at: Timestamp,
    sequence: u64,
    task: Task,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

/// A Pod with all that its managers remember of it.
#[derive(Debug)]
pub(crate) struct PodState {
    /// The Job.
    pub(crate) job: JobKey,
    /// Which of the Job's Pods it is.
    pub(crate) ordinal: u64,
    /// Completion index.
    pub(crate) index: Option<u32>,
    /// The object at the API server.
    pub(crate) object: Pod,
    /// The node, once scheduled.
    pub(crate) node: Option<usize>,
    /// What the kubelet knows.
    pub(crate) runtime: Option<Box<Runtime>>,
    /// A status on its way to the API server.
    pub(crate) status: Option<PodStatus>,
    /// Whether the Job controller has noticed its end.
    pub(crate) noticed: bool,
    /// Whether the object is there.
    pub(crate) exists: bool,
}

impl PodState {
    /// Whether its phase is final.
    pub(crate) fn ended(&self) -> bool {
        matches!(self.object.status.phase.as_str(), "Succeeded" | "Failed")
    }

    /// Whether its deletion was asked for.
    pub(crate) fn deleting(&self) -> bool {
        self.object.metadata.deletion_timestamp.is_some()
    }

    /// Whether the Job controller still has to count it.
    pub(crate) fn tracked(&self) -> bool {
        !self.object.metadata.finalizers.is_empty()
    }
}

/// The simulated cluster.
#[derive(Debug)]
pub(crate) struct World {
    /// Virtual time.
    pub(crate) now: Timestamp,
    pub(crate) seed: u64,
    pub(crate) jobs: Vec<JobState>,
    pub(crate) pods: Vec<PodState>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) scheduler: Scheduler,
    recorder: Recorder,
    queue: BinaryHeap<Reverse<Entry>>,
    sequence: u64,
    awaited: usize,
    progress: Timestamp,
    version: u64,
    latency: Random,
    uids: Random,
    told: VecDeque<Observation>,
}

impl World {
    /// A cluster of so many nodes, to which these Jobs are about to be applied.
    pub(crate) fn new(jobs: Vec<Arc<JobManifest>>, seed: u64, nodes: usize) -> Self {
        let mut world = Self {
            now: START,
            seed,
            jobs: jobs.into_iter().map(JobState::new).collect(),
            pods: Vec::new(),
            nodes: (0..nodes.max(1)).map(|at| Node::new(seed, at)).collect(),
            scheduler: Scheduler::default(),
            recorder: Recorder::default(),
            queue: BinaryHeap::new(),
            sequence: 0,
            awaited: 0,
            progress: START,
            version: 1000,
            latency: Random::of(seed, Subject::Latency, &[]),
            uids: Random::of(seed, Subject::Uid, &[]),
            told: VecDeque::new(),
        };
        // As `kubectl apply` sends them: one after another.
        for (job, after) in (0..world.jobs.len()).zip((0..).step_by(12)) {
            world.after(ms(after), Task::CreateJob(job));
        }
        world
    }

    /// The next thing that a watch tells; `None` when nothing more can happen.
    pub(crate) fn next(&mut self) -> Option<Observation> {
        loop {
            if let Some(observation) = self.told.pop_front() {
                return Some(observation);
            }
            let Reverse(entry) = self.queue.pop()?;
            let awaited = entry.task.is_awaited();
            self.awaited -= usize::from(awaited);
            if entry.at > self.progress + PATIENCE && !awaited && self.awaited == 0 {
                self.now = self.progress + PATIENCE;
                self.queue.clear();
                return None;
            }
            self.now = entry.at;
            self.act(entry.task);
        }
    }

    fn act(&mut self, task: Task) {
        match task {
            Task::CreateJob(job) => self.create_job(job),
            Task::SyncJob(job) => self.sync_job(job),
            Task::WakeJob(job) => self.wake_job(job),
            Task::CreatePod(job, index) => self.create_pod(job, index),
            Task::WriteJob(job) => self.write_decided(job),
            Task::CountJob(job) => self.count_job(job),
            Task::ExpireJob(job) => self.expire_job(job),
            Task::Schedule(pod) => self.schedule(pod),
            Task::RetrySchedule => self.retry_schedule(),
            Task::Kubelet(pod, step) => self.kubelet(pod, step),
            Task::WriteStatus(pod) => self.write_status(pod),
            Task::Post(event, seen) => self.store_event(event, seen),
        }
    }

    /// Lets something happen at a time, not before now.
    pub(crate) fn at(&mut self, at: Timestamp, task: Task) {
        self.awaited += usize::from(task.is_awaited());
        self.sequence += 1;
        self.queue.push(Reverse(Entry { at: at.max(self.now), sequence: self.sequence, task }));
    }

    /// Lets something happen after some time.
    pub(crate) fn after(&mut self, time: SignedDuration, task: Task) {
        self.at(self.now + time, task);
    }

    /// Says that something happened which is no retry.
    pub(crate) fn advance(&mut self) {
        self.progress = self.now;
    }

    /// A small delay, each as likely.
    pub(crate) fn latency(&mut self, least: i64, most: i64) -> SignedDuration {
        self.latency.even(&between(least, most))
    }

    /// A new uid.
    pub(crate) fn uid(&mut self) -> String {
        self.uids.uid()
    }

    fn next_version(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    fn tell(&mut self, seen: Seen, object: Object) {
        self.told.push_back(Observation { received: self.now + TRANSPORT, seen, object });
    }

    /// Tells of a Job's change.
    pub(crate) fn tell_job(&mut self, key: JobKey, seen: Seen) {
        let version = self.next_version();
        let job = &mut self.jobs[key].object;
        job.metadata.resource_version = version;
        let job: Job = job.clone();
        self.tell(seen, Object::Job(Box::new(job)));
    }

    /// Tells of a Pod's change, and lets its Job's controller know.
    pub(crate) fn tell_pod(&mut self, key: PodKey, seen: Seen) {
        let version = self.next_version();
        let pod = &mut self.pods[key];
        pod.object.metadata.resource_version = version;
        let (job, object) = (pod.job, pod.object.clone());
        self.tell(seen, Object::Pod(Box::new(object)));
        self.request_sync(job);
    }

    /// Why a Pod waits, if it does.
    pub(crate) fn waits(&self, pod: PodKey) -> Option<String> {
        let status = &self.pods[pod].object.status;
        let unscheduled = status.condition("PodScheduled").filter(|scheduled| scheduled.status == "False");
        let why = |waiting: &Waiting| format!("{} ({})", waiting.reason, waiting.message);
        let all = status.init_container_statuses.iter().chain(&status.container_statuses);
        let mut waiting = all.filter_map(|container| container.state.waiting.as_ref());
        unscheduled
            .map(|condition| condition.message.clone())
            .or_else(|| waiting.find(|waiting| !waiting.message.is_empty()).map(why))
    }

    /// Records an event about an object, now.
    pub(crate) fn record(&mut self, record: &Record<'_>) {
        // The recorder sends one event after another, beside the work.
        let delay = self.latency(3, 14);
        if let Some((at, event, seen)) = self.recorder.record(record, self.now, delay, &mut self.uids) {
            self.at(at, Task::Post(Box::new(event), seen));
        }
    }

    /// Forgets the events of an object that will have no more of them.
    pub(crate) fn forget_events(&mut self, uid: &str) {
        self.recorder.forget(uid);
    }

    fn store_event(&mut self, mut event: Box<Event>, seen: Seen) {
        event.metadata.resource_version = self.next_version();
        self.tell(seen, Object::Event(event));
    }
}
