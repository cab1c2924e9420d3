//! The objects that own Pods, as they were observed: Jobs, other controllers, and links between owners.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::Interner;
use crate::observation::{Event, Job, Object, Owner, OwnerReference, Seen};
use crate::timeline::fast_map::FastMap;
use crate::timeline::workloads::controller::ControllerRecord;
use crate::timeline::workloads::gang_demand::GangDemand;
use crate::timeline::workloads::job::{JobRecord, to_count};
use crate::timeline::workloads::job_events::JobEvents;
use crate::timeline::workloads::refusal::RefusalLog;
use crate::timeline::workloads::suspension::SuspensionEvents;
use crate::timeline::workloads::workload::Workload;

/// The search for the workload above a Pod follows at most this many links.
const MAX_LINKS: usize = 64;

/// The workloads that must be updated after an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affected {
    Nothing,
    /// The workload at this index.
    Workload(usize),
    /// All workloads must be grouped again, because one appeared or disappeared.
    Grouping,
}

/// An object that is only a link between a Pod and its workload.
#[derive(Clone, Debug)]
struct OwnerLink {
    kind: Arc<str>,
    /// The uid of its owner.
    owner: Arc<str>,
    above: OwnerReference,
}

/// The observed owners, by uid.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnerRecords {
    jobs: FastMap<Arc<str>, JobRecord>,
    /// Workloads other than Jobs and Pods.
    controllers: FastMap<Arc<str>, ControllerRecord>,
    /// The objects that are only links between a Pod and its workload.
    links: FastMap<Arc<str>, OwnerLink>,
    /// The Pods that each owner could not create.
    refusals: FastMap<Arc<str>, RefusalLog>,
    /// Events of controllers about suspensions.
    suspension_events: FastMap<Arc<str>, SuspensionEvents>,
    /// Events about Jobs. They may also concern Jobs that were not observed.
    job_events: FastMap<Arc<str>, JobEvents>,
}

impl OwnerRecords {
    /// Whether no workload was observed.
    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.controllers.is_empty()
    }

    /// The Job with this uid.
    pub(crate) fn job(&self, uid: &str) -> Option<&JobRecord> {
        self.jobs.get(uid)
    }

    /// The Events about the Job with this uid.
    pub(crate) fn job_events(&self, uid: &str) -> Option<&JobEvents> {
        self.job_events.get(uid)
    }

    /// The Events about all Jobs, with the uid of each Job.
    pub(crate) fn all_job_events(&self) -> impl Iterator<Item = (&Arc<str>, &JobEvents)> {
        self.job_events.iter()
    }

    /// All Jobs with their uids.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = (&Arc<str>, &JobRecord)> {
        self.jobs.iter()
    }

    /// The refused Pods of an owner.
    pub(crate) fn refusals(&self, uid: &str) -> Option<&RefusalLog> {
        self.refusals.get(uid)
    }

    /// Whether the desired state of a Job changed before the Job was first observed.
    pub(crate) fn has_unobserved_changes(&self, uid: &str) -> bool {
        let job = self.jobs.get(uid);
        job.is_some_and(|job| job.has_unobserved_changes(self.suspension_events.get(uid)))
    }

    /// The index of the workload with this uid.
    pub(crate) fn index_of(&self, uid: &str) -> Option<usize> {
        match self.jobs.get(uid) {
            Some(job) => job.index(),
            None => self.controllers.get(uid)?.index(),
        }
    }

    /// Finds the nearest workload upward from `owner`, including `owner` itself. `index_by_uid` contains the index of
    /// each workload by its uid.
    pub(crate) fn nearest_workload(
        &self,
        owner: &Arc<str>,
        index_by_uid: &FastMap<Arc<str>, usize>,
    ) -> Option<usize> {
        let mut owner = owner;
        for _ in 0..=MAX_LINKS {
            if let Some(index) = index_by_uid.get(owner) {
                return Some(*index);
            }
            owner = &self.links.get(owner)?.owner;
        }
        None
    }

    /// The kinds of `owner` and of the objects above it, the nearest first. They end where no further owner is known.
    pub(crate) fn kinds_above<'a>(&'a self, owner: &'a str) -> Vec<&'a str> {
        let mut kinds: Vec<&str> = Vec::new();
        let mut owner = owner;
        for _ in 0..=MAX_LINKS {
            let (kind, above) = if let Some(job) = self.jobs.get(owner) {
                ("Job", job.job().metadata.controller())
            } else if let Some(record) = self.controllers.get(owner) {
                (record.kind_name(), record.metadata().controller())
            } else if let Some(link) = self.links.get(owner) {
                (&*link.kind, Some(&link.above))
            } else {
                break;
            };
            kinds.push(kind);
            let Some(above) = above else { break };
            kinds.push(&above.kind);
            owner = &above.uid;
        }
        kinds.dedup();
        kinds
    }

    /// The members of the gang that the workload with this uid is at `at`; `None` if its Pods also work alone.
    pub(crate) fn gang_demand(&self, uid: &str, at: Option<Timestamp>) -> Option<GangDemand> {
        match self.jobs.get(uid) {
            Some(job) => job.gang_demand(at),
            None => self.controllers.get(uid)?.gang_demands.at(at).cloned(),
        }
    }

    /// Whether the spec of the workload with this uid says that it is a gang.
    pub(crate) fn has_gang_demand(&self, uid: &str) -> bool {
        match self.jobs.get(uid) {
            Some(job) => job.gang_demand(None).is_some() || job.gang_demand(Some(Timestamp::MAX)).is_some(),
            None => self.controllers.get(uid).is_some_and(|record| !record.gang_demands.is_empty()),
        }
    }

    /// The number of available Pods of the rollout with this uid; `None` if no observed rollout has this uid.
    pub(crate) fn available_pods(&self, uid: &str) -> Option<u32> {
        Some(to_count(self.controllers.get(uid)?.pod_counts()?.available))
    }

    /// The number of existing Pods of the newest revision of the rollout with this uid; `None` if no observed rollout
    /// has this uid.
    pub(crate) fn updated_pods(&self, uid: &str) -> Option<u32> {
        Some(to_count(self.controllers.get(uid)?.pod_counts()?.updated))
    }

    /// The generation of the workload with this uid, which grows with each change of its desired state. `None` for a Job
    /// and for a workload that was not observed.
    pub(crate) fn generation(&self, uid: &str) -> Option<i64> {
        self.controllers.get(uid).map(|record| record.metadata().generation)
    }

    /// Whether this uid belongs to the ReplicaSet of a former revision.
    pub(crate) fn is_former_revision(&self, uid: &str) -> bool {
        self.controllers.get(uid).is_some_and(ControllerRecord::is_former_revision)
    }

    /// The indexes of workloads whose status reports nothing.
    pub(crate) fn unreported_indexes(&self) -> impl Iterator<Item = usize> {
        self.controllers.values().filter(|record| record.is_unreported()).filter_map(ControllerRecord::index)
    }

    /// The indexes of custom resources whose status reports no numbers of Pods.
    pub(crate) fn uncounted_indexes(&self) -> impl Iterator<Item = usize> {
        self.controllers.values().filter(|record| record.needs_count()).filter_map(ControllerRecord::index)
    }

    /// The workload with this uid, without its Pods. `None` if no observed Job or controller has this uid.
    pub(crate) fn workload(&self, uid: &str, interner: &mut Interner) -> Option<Workload> {
        if let Some(job) = self.jobs.get(uid) {
            let (suspensions, events) = (self.suspension_events.get(uid), self.job_events.get(uid));
            return Some(job.to_workload(interner, suspensions, events));
        }
        self.controllers.get(uid).map(|controller| controller.to_workload(interner))
    }

    /// All workloads in no particular order, without their Pods.
    pub(crate) fn workloads(&self, interner: &mut Interner) -> Vec<Workload> {
        let mut workloads = Vec::with_capacity(self.jobs.len() + self.controllers.len());
        for (uid, job) in &self.jobs {
            let (suspensions, events) = (self.suspension_events.get(uid), self.job_events.get(uid));
            workloads.push(job.to_workload(interner, suspensions, events));
        }
        for controller in self.controllers.values() {
            workloads.push(controller.to_workload(interner));
        }
        workloads
    }

    /// Stores the index of each workload in the record of its owner.
    pub(crate) fn set_indexes(&mut self, workloads: &[Workload]) {
        for controller in self.controllers.values_mut() {
            controller.set_index(None);
        }
        for (index, workload) in workloads.iter().enumerate() {
            if let Some(job) = self.jobs.get_mut(&workload.uid) {
                job.set_index(index);
            }
            if let Some(controller) = self.controllers.get_mut(&workload.uid) {
                controller.set_index(Some(index));
            }
        }
    }

    /// Applies a state of a Job.
    pub(crate) fn apply_job(
        &mut self,
        job: &Job,
        received: Timestamp,
        seen: Seen,
        interner: &mut Interner,
    ) -> Affected {
        let record = self.jobs.entry(interner.share(&job.metadata.uid)).or_default();
        record.observe(job, received, seen);
        record.index().map_or(Affected::Grouping, Affected::Workload)
    }

    /// Applies a state of a workload other than a Job or a Pod.
    pub(crate) fn apply_controller(
        &mut self,
        object: &Object,
        received: Timestamp,
        seen: Seen,
        interner: &mut Interner,
    ) -> Affected {
        let uid = interner.share(&object.metadata().uid);
        if let Some(record) = self.controllers.get_mut(&uid) {
            let was_former = record.is_former_revision();
            record.observe(object, received, seen);
            // Former revisions without Pods are not shown, so the list of workloads may change when an object becomes a
            // former revision or ceases to be one.
            let index = record.index().filter(|_| record.is_former_revision() == was_former);
            return index.map_or(Affected::Grouping, Affected::Workload);
        }
        let Some(record) = ControllerRecord::new(object, received, seen) else { return Affected::Nothing };
        self.controllers.insert(uid, record);
        Affected::Grouping
    }

    /// Applies a link between a Pod and its workload.
    pub(crate) fn apply_link(&mut self, owner: &Owner, interner: &mut Interner) -> Affected {
        let Some(controller) = owner.metadata.controller() else { return Affected::Nothing };
        let uid = interner.share(&owner.metadata.uid);
        let link = OwnerLink {
            kind: interner.share(&owner.kind),
            owner: interner.share(&controller.uid),
            above: controller.clone(),
        };
        if self.links.insert(uid, link).is_none() { Affected::Grouping } else { Affected::Nothing }
    }

    /// Applies an event of a controller about refused Pods or a suspension. Returns `None` for other events.
    pub(crate) fn apply_event(&mut self, event: &Event, interner: &mut Interner) -> Option<Affected> {
        if event.involved_object.kind == "Job" && self.add_job_event(event, interner) {
            let index = self.index_of(&event.involved_object.uid);
            return Some(index.map_or(Affected::Nothing, Affected::Workload));
        }
        let (is_refusal, is_suspension) =
            (RefusalLog::is_refusal(event), SuspensionEvents::is_suspension(event));
        if !is_refusal && !is_suspension {
            return None;
        }
        let uid = interner.share(&event.involved_object.uid);
        let index = self.index_of(&uid);
        if is_refusal {
            self.refusals.entry(uid).or_default().add(event);
        } else {
            self.suspension_events.entry(uid).or_default().add(event);
        }
        Some(index.map_or(Affected::Nothing, Affected::Workload))
    }

    /// Adds an Event about a Job. Returns whether the Event reports the end of the Job.
    fn add_job_event(&mut self, event: &Event, interner: &mut Interner) -> bool {
        let uid = event.involved_object.uid.as_str();
        if let Some(events) = self.job_events.get_mut(uid) {
            return events.add(event, interner);
        }
        let mut events = JobEvents::new(event, interner);
        let is_end = events.add(event, interner);
        self.job_events.insert(interner.share(uid), events);
        is_end
    }
}
