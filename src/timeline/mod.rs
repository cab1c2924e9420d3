//! Workloads and their Pods, made from observations one by one; statistics and verdict.
//!
//! Pure: no clock, no I/O. [`Timeline::apply`] takes an observation, [`Timeline::recompute`] brings what is derived up to
//! date at the cost of what changed, and everything else reads.

pub(crate) mod apply;
pub(crate) mod attempts;
pub(crate) mod clocks;
pub(crate) mod controller;
pub(crate) mod family;
pub(crate) mod findings;
pub(crate) mod hold;
pub(crate) mod images;
pub(crate) mod job;
pub(crate) mod overview;
pub(crate) mod place;
pub(crate) mod record;
pub(crate) mod refusal;
pub(crate) mod rollout;
pub(crate) mod slots;
pub(crate) mod summary;
pub(crate) mod suspension;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub(crate) use self::apply::Changes;
use self::apply::OwnersWord;
pub use self::attempts::OpenRetry;
pub(crate) use self::attempts::Retry;
use self::clocks::Clocks;
use self::controller::ControllerRecord;
pub(crate) use self::findings::Wait;
pub use self::hold::Hold;
pub(crate) use self::images::{ImagePulls, image_pulls};
use self::job::JobRecord;
pub(crate) use self::overview::PodOverview;
use self::record::PodRecord;
use self::refusal::Refusals;
use self::suspension::Toggles;
use crate::lifecycle::{ByPhase, EventFact, Lifecycle, Names, PhaseSpan};

/// How a workload stands or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkloadState {
    /// Nothing has begun.
    Pending,
    /// It is told not to run.
    Suspended,
    /// It runs.
    Running,
    /// It ended well.
    Succeeded,
    /// It failed.
    Failed,
    /// It went before it ended, or cannot be judged.
    Unknown,
}

impl WorkloadState {
    /// The word of the timeline document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Suspended => "Suspended",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }
}

/// A Pod's place in the timeline; stable as long as the timeline lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodKey(pub u32);

/// Who a Pod is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodIdentity {
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Uid.
    pub uid: Arc<str>,
    /// Node; `None` until scheduled.
    pub node: Option<Arc<str>>,
    /// Completion index of an Indexed Job's Pod.
    pub index: Option<u32>,
    /// Which try it is at its piece of work, from 1.
    pub attempt: u32,
}

/// One Pod.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelinePod<'a> {
    identity: Cow<'a, PodIdentity>,
    overview: PodOverview,
    /// Its life.
    pub life: Cow<'a, Lifecycle>,
}

impl TimelinePod<'static> {
    /// A Pod with that life.
    pub fn new(identity: PodIdentity, life: Lifecycle) -> Self {
        Self { identity: Cow::Owned(identity), overview: PodOverview::of(&life), life: Cow::Owned(life) }
    }
}

impl TimelinePod<'_> {
    /// The little of its life that passes over all Pods need.
    pub fn overview(&self) -> &PodOverview {
        &self.overview
    }

    /// Keeps it beyond the timeline's next change.
    pub fn into_owned(self) -> TimelinePod<'static> {
        let (identity, life) = (self.identity.into_owned(), self.life.into_owned());
        TimelinePod { identity: Cow::Owned(identity), overview: self.overview, life: Cow::Owned(life) }
    }
}

impl std::ops::Deref for TimelinePod<'_> {
    type Target = PodIdentity;

    fn deref(&self) -> &PodIdentity {
        &self.identity
    }
}

/// The object that the user named, with its Pods.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Group and version: `batch/v1`.
    pub api_version: Arc<str>,
    /// Kind: `Job`, `Pod`.
    pub kind: Arc<str>,
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Uid.
    pub uid: Arc<str>,
    /// Who controls it: a CronJob, a JobSet …
    pub parent: Option<Parent>,
    /// How it stands.
    pub state: WorkloadState,
    /// Why, one word: `BackoffLimitExceeded`.
    pub reason: Option<Arc<str>>,
    /// Why, for people.
    pub message: Option<Arc<str>>,
    /// `creationTimestamp`.
    pub created: Option<Timestamp>,
    /// When its controller began.
    pub started: Option<Timestamp>,
    /// When it ended: for a failed Job its `Failed` condition.
    pub finished: Option<Timestamp>,
    /// Pods that must succeed; `None` for a work queue and for what has no such number.
    pub completions: Option<u32>,
    /// Pods that may run at once.
    pub parallelism: Option<u32>,
    /// What its controller counts.
    pub active: u32,
    /// What its controller counts, with those it has seen but not yet counted.
    pub succeeded: u32,
    /// What its controller counts, with those it has seen but not yet counted.
    pub failed: u32,
    /// Whether the object is there no more.
    pub gone: bool,
    /// How many Pods it might have at which time, oldest first.
    pub capacity: Vec<Capacity>,
    /// Whether retries are counted and delayed for each index by itself (`backoffLimitPerIndex`).
    pub retries_per_index: bool,
    /// Why its controller cannot make Pods now.
    pub creation_block: Option<CreationBlock>,
    /// When it made no Pods because it was suspended or they were refused, in the order of time.
    pub holds: Vec<Hold>,
    /// When its schedule makes the next Job.
    pub next_run: Option<Timestamp>,
    /// Whether its Pods are to run on when it has ended well, because it is a rollout.
    pub is_rollout: bool,
    /// Its own Pods, by creation, then name; those of workloads below it are theirs.
    pub pods: Vec<PodKey>,
}

/// Why a controller cannot make Pods: a quota, a webhook, a missing service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreationBlock {
    /// One word: `FailedCreate`.
    pub reason: Arc<str>,
    /// For people, without what differs from try to try.
    pub message: Arc<str>,
    /// Since when.
    pub since: Timestamp,
}

impl Workload {
    /// Whether nothing more will happen to it.
    pub fn has_ended(&self) -> bool {
        self.gone || matches!(self.state, WorkloadState::Succeeded | WorkloadState::Failed)
    }
}

/// From `since` on, so many Pods may run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Begin.
    pub since: Timestamp,
    /// `spec.parallelism`; 0 while suspended.
    pub parallelism: u32,
    /// `spec.completions`.
    pub completions: Option<u32>,
}

/// Who controls a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Kind.
    pub kind: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Uid.
    pub uid: Arc<str>,
}

/// The 50th and 95th percentile (nearest rank) and the maximum over the Pods that have the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Percentiles {
    /// Half of the Pods need at most this.
    pub p50: Option<SignedDuration>,
    /// 19 of 20 Pods need at most this.
    pub p95: Option<SignedDuration>,
    /// No Pod needs more.
    pub max: Option<SignedDuration>,
}

/// Slot time by what it went into, in whole milliseconds; the parts sum to the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotTime {
    /// The integral over time of min(parallelism, completions left).
    pub total: i64,
    /// The part of each phase. `Running` is work; `BackOff` includes slots without a Pod while the controller waits
    /// out a failure.
    pub phases: ByPhase<i64>,
    /// Slots without a Pod for no such reason.
    pub idle: i64,
}

impl std::ops::AddAssign for SlotTime {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.idle += other.idle;
        for (kind, millis) in &mut self.phases {
            *millis += other.phases[kind];
        }
    }
}

impl SlotTime {
    /// The part of the cold start, in milliseconds.
    pub fn cold(&self) -> i64 {
        self.phases.iter().filter(|(kind, _)| kind.is_cold()).map(|(_, millis)| millis).sum()
    }
}

/// The numbers of one workload. Sums over Pods in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Pods that were seen.
    pub pods: usize,
    /// From creation to the end, or now.
    pub wall: i64,
    /// Sum over Pods.
    pub run: i64,
    /// Sum over Pods.
    pub cold_start: i64,
    /// Sum over Pods.
    pub queued: i64,
    /// Over Pods.
    pub cold_starts: Percentiles,
    /// Over Pods.
    pub runs: Percentiles,
    /// Over Pods.
    pub queues: Percentiles,
    /// Part of the run was not seen: slot time is that of the time that was, as far as it is known.
    pub partial: bool,
    /// Most Pods that ran at once.
    pub concurrency_max: u32,
    /// Mean number of Pods that ran, over the wall time.
    pub concurrency_mean: f64,
    /// Slot time.
    pub slots: SlotTime,
    /// No field tells how many Pods might run at once: nothing is known of slots, which are all 0 here.
    pub slots_unknown: bool,
}

/// A map that is asked for every Pod.
type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// All that was observed.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    names: Names,
    records: Vec<PodRecord>,
    keys: Map<Arc<str>, PodKey>,
    /// What Events say about Pods that were not seen yet.
    strangers: Map<Arc<str>, Vec<EventFact>>,
    jobs: Map<Arc<str>, JobRecord>,
    /// Workloads that are no Jobs.
    controllers: Map<Arc<str>, ControllerRecord>,
    /// Who controls an object that is only a link between a Pod and its workload.
    links: Map<Arc<str>, Arc<str>>,
    /// Pods that workloads could not make.
    refusals: Map<Arc<str>, Refusals>,
    /// What their controllers' events say of when workloads were suspended.
    toggles: Map<Arc<str>, Toggles>,
    /// What its owner's events say of a Pod (by owner and name) until that Pod is seen.
    words: Map<(Arc<str>, Arc<str>), OwnersWord>,
    clocks: Clocks,
    workloads: Vec<Workload>,
    /// By place of a workload: how many tries there are at each index.
    tries: Map<usize, Map<u32, u32>>,
    /// Grows with every change that [`Timeline::recompute`] brings up to date.
    revision: u64,
    /// For each workload the place of the one that it is below.
    above: Vec<Option<usize>>,
    /// By uid the places of the workloads that are directly below.
    below: Map<Arc<str>, Vec<usize>>,
    changed: Vec<PodKey>,
    /// Places of workloads of which a Pod's place in their order changed.
    moved: Vec<usize>,
    /// Pods of which the evidence may wait to be packed.
    at_hand: Vec<PodKey>,
    /// Room to pack things in.
    scratch: Vec<u8>,
    /// Pods without a place among their workload's.
    fresh: Vec<PodKey>,
    /// Places of workloads that changed by themselves.
    stale: Vec<usize>,
    regroup: bool,
    observed: Option<Timestamp>,
}

impl Timeline {
    /// The workloads, by creation, then namespace and name; what is below another one follows it.
    pub fn workloads(&self) -> &[Workload] {
        &self.workloads
    }

    /// One Pod. To get it takes a microsecond or two: the life of a Pod that has ended is derived anew.
    ///
    /// # Panics
    /// Panics with a key of another timeline.
    pub fn pod(&self, key: PodKey) -> TimelinePod<'_> {
        let record = self.record(key);
        TimelinePod {
            identity: Cow::Borrowed(&record.identity),
            overview: record.overview,
            life: self.life(record),
        }
    }

    /// How many Pods were observed.
    pub fn pod_count(&self) -> usize {
        self.records.len()
    }

    /// Who a Pod is: at no cost, for those who go through all of them.
    ///
    /// # Panics
    /// Panics with a key of another timeline.
    pub fn identity(&self, key: PodKey) -> &PodIdentity {
        &self.record(key).identity
    }

    /// When a Pod began and ended, and how it stands: at no cost, for those who go through all of them.
    ///
    /// # Panics
    /// Panics with a key of another timeline.
    pub fn overview(&self, key: PodKey) -> &PodOverview {
        &self.record(key).overview
    }

    /// The overviews of a workload's Pods, by creation, then name.
    pub fn overviews(&self, workload: &Workload) -> impl ExactSizeIterator<Item = (PodKey, &PodOverview)> {
        workload.pods.iter().map(|&key| (key, self.overview(key)))
    }

    /// The phases of a Pod, without what they are about, for those who go through all of them.
    ///
    /// # Panics
    /// Panics with a key of another timeline.
    pub fn for_each_span(&self, key: PodKey, told: impl FnMut(PhaseSpan)) {
        let record = self.record(key);
        match &record.life {
            Some(life) => life.phases.iter().map(PhaseSpan::from).for_each(told),
            None => record.spans.tell(&self.names, told),
        }
    }

    /// The workload that a Pod belongs to.
    ///
    /// # Panics
    /// Panics with a key of another timeline.
    pub fn workload_of(&self, key: PodKey) -> Option<&Workload> {
        self.workloads.get(self.record(key).workload)
    }

    fn record(&self, key: PodKey) -> &PodRecord {
        &self.records[key.0 as usize]
    }

    /// The Pods of a workload, by creation, then name.
    pub fn pods(&self, workload: &Workload) -> impl ExactSizeIterator<Item = (PodKey, TimelinePod<'_>)> {
        workload.pods.iter().map(|&key| (key, self.pod(key)))
    }

    /// Whether neither a workload nor a Pod was observed.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.controllers.is_empty() && self.records.is_empty()
    }

    /// Every Pod and workload, as if all had changed.
    pub fn all_as_changes(&self) -> Changes {
        let pods = self.workloads.iter().flat_map(|workload| workload.pods.iter().copied()).collect();
        Changes { pods, workloads: true }
    }

    /// When the latest observation was received.
    pub fn last_received(&self) -> Option<Timestamp> {
        self.observed
    }

    /// Equal numbers: nothing that was settled has changed in between.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A timeline as a view finds it.
    #[cfg(test)]
    pub(crate) fn of(pods: Vec<TimelinePod<'static>>, workloads: Vec<Workload>) -> Self {
        let parts = |pod: TimelinePod<'_>| PodRecord {
            overview: pod.overview,
            life: Some(Box::new(pod.life.into_owned())),
            ..PodRecord::new(pod.identity.into_owned(), crate::lifecycle::PodEvidence::default(), None)
        };
        let mut records: Vec<PodRecord> = pods.into_iter().map(parts).collect();
        for (place, workload) in workloads.iter().enumerate() {
            workload.pods.iter().for_each(|key| records[key.0 as usize].workload = place);
        }
        Self { records, workloads, ..Self::default() }
    }
}
