//! Records of workloads other than Jobs and Pods: their desired state over time, and the workload that their status
//! describes.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::Interner;
use crate::observation::{Object, ObjectMeta, Seen};
use crate::timeline::workloads::change_times::{creation_instant, estimate_change};
use crate::timeline::workloads::custom_status::{ReportedPods, reported_pods};
use crate::timeline::workloads::gang_demand::{DemandHistory, GangDemand};
use crate::timeline::workloads::hold::suspension_holds;
use crate::timeline::workloads::job::to_count;
use crate::timeline::workloads::rollout::{PodCounts, RolloutStatus};
use crate::timeline::workloads::suspension::{SuspensionHistory, SuspensionReport};
use crate::timeline::workloads::workload::{Capacity, Parent, Workload, WorkloadState};
use crate::timeline::workloads::workload_rules::{SuspensionStatus, WorkloadRules, rules_of};

/// The observed states of one workload other than a Job or a Pod.
#[derive(Clone, Debug)]
pub(crate) struct ControllerRecord {
    object: Object,
    /// When the latest state was received.
    received: Timestamp,
    /// The desired number of Pods over time.
    desired: Vec<Capacity>,
    /// The members of the gang over time. Empty if the object runs no gang.
    pub(crate) gang_demands: DemandHistory,
    suspensions: SuspensionHistory,
    /// When the removal of the object was observed.
    gone_at: Option<Timestamp>,
    /// When the success of the object was observed. Used if the status contains no time.
    succeeded_at: Option<Timestamp>,
    /// The index of the object's workload; `None` if the object is not shown as a workload.
    index: Option<usize>,
}

impl ControllerRecord {
    /// Creates the record of an object. Returns `None` for Jobs, Pods, Events and links between owners.
    pub(crate) fn new(object: &Object, received: Timestamp, seen: Seen) -> Option<Self> {
        rules_of(object)?;
        let mut record = Self {
            object: object.clone(),
            received,
            desired: Vec::new(),
            gang_demands: DemandHistory::default(),
            suspensions: SuspensionHistory::default(),
            gone_at: None,
            succeeded_at: None,
            index: None,
        };
        record.update_history(received, seen, None);
        Some(record)
    }

    /// The index of the object's workload; `None` if the object is not shown as a workload.
    pub(crate) fn index(&self) -> Option<usize> {
        self.index
    }

    pub(crate) fn set_index(&mut self, index: Option<usize>) {
        self.index = index;
    }

    /// Adds a later state that was received at `received`.
    pub(crate) fn observe(&mut self, object: &Object, received: Timestamp, seen: Seen) {
        let before = self.state();
        // A missing object may contain only its name.
        if seen != Seen::Missing {
            self.object = object.clone();
        }
        self.received = received;
        self.update_history(received, seen, before);
    }

    /// Updates the values that depend on earlier states. `before` is the state of the workload before this update.
    fn update_history(&mut self, received: Timestamp, seen: Seen, before: Option<WorkloadState>) {
        self.gone_at = seen.is_gone().then(|| self.gone_at.unwrap_or(received));
        if let Some(report) = self.suspension_report().filter(|_| seen != Seen::Missing) {
            self.suspensions.observe(&report, received, seen);
        }
        let state = self.state();
        if state != Some(WorkloadState::Succeeded) {
            self.succeeded_at = None;
        } else if seen.is_live() && before.is_some() && before != state {
            self.succeeded_at = Some(received);
        }
        let created = self.metadata().created();
        let created = created.map_or(received, |created| creation_instant(created, received).at);
        if seen != Seen::Missing {
            let since = if self.gang_demands.is_empty() { created } else { estimate_change(received) };
            self.gang_demands.observe(GangDemand::of_object(&self.object), since);
        }
        let Some(pods) = self.pod_counts() else { return };
        let parallelism = to_count(pods.desired);
        match self.desired.last() {
            None => self.desired.push(Capacity { since: created, parallelism, completions: None }),
            Some(last) if last.parallelism != parallelism => {
                let since = estimate_change(received);
                self.desired.push(Capacity { since, parallelism, completions: None });
            }
            Some(_) => {}
        }
    }

    /// Whether the object is suspended; `None` for kinds that cannot be suspended.
    fn suspension_report(&self) -> Option<SuspensionReport> {
        let SuspensionStatus { suspended, condition } = self.rules()?.suspension_status()?;
        let metadata = self.metadata();
        let (created, generation) = (metadata.created(), metadata.generation);
        Some(SuspensionReport { suspended, condition, created, generation })
    }

    /// The rules of the object's kind.
    fn rules(&self) -> Option<&dyn WorkloadRules> {
        rules_of(&self.object)
    }

    /// The metadata of the object.
    pub(crate) fn metadata(&self) -> &ObjectMeta {
        self.object.metadata()
    }

    /// The numbers of Pods that the status of a custom resource reports.
    fn reported_pods(&self) -> Option<ReportedPods> {
        match &self.object {
            Object::Custom(custom) => reported_pods(custom),
            Object::Job(_)
            | Object::CronJob(_)
            | Object::Deployment(_)
            | Object::ReplicaSet(_)
            | Object::StatefulSet(_)
            | Object::DaemonSet(_)
            | Object::Owner(_)
            | Object::QueuedWorkload(_)
            | Object::Pod(_)
            | Object::Event(_) => None,
        }
    }

    /// Whether the object is a custom resource whose status reports no numbers of Pods.
    pub(crate) fn needs_count(&self) -> bool {
        matches!(self.object, Object::Custom(_)) && self.reported_pods().is_none()
    }

    /// The kind of the object.
    pub(crate) fn kind_name(&self) -> &str {
        self.object.type_name().1
    }

    /// The numbers of Pods of a rollout; `None` for any other workload.
    pub(crate) fn pod_counts(&self) -> Option<PodCounts> {
        self.rules()?.pod_counts()
    }

    /// Whether the object is the ReplicaSet of a former revision, which has no replicas and no desired replicas.
    pub(crate) fn is_former_revision(&self) -> bool {
        self.rules().is_some_and(WorkloadRules::is_former_revision)
    }

    /// Whether the object exists and its status reports nothing, so that its state follows from the objects that it
    /// owns.
    pub(crate) fn is_unreported(&self) -> bool {
        self.gone_at.is_none() && self.rollout_status().is_none()
    }

    fn state(&self) -> Option<WorkloadState> {
        self.rollout_status().map(|status| status.state)
    }

    /// The state that the object's status reports; `None` if the status reports nothing.
    fn rollout_status(&self) -> Option<RolloutStatus> {
        self.rules()?.rollout_status()
    }

    /// Converts the record to a workload without Pods.
    pub(crate) fn to_workload(&self, interner: &mut Interner) -> Workload {
        let metadata = self.metadata();
        let (api_version, kind) = self.object.type_name();
        let status = self.rollout_status();
        let reported = status.as_ref().map_or(WorkloadState::Pending, |status| status.state);
        let is_final = reported.is_final();
        let state = if self.gone_at.is_some() && !is_final { WorkloadState::Unknown } else { reported };
        let status = status.filter(|_| state != WorkloadState::Unknown);
        let finished = status.as_ref().filter(|_| is_final);
        let finished = finished.and_then(|status| status.finished.or(self.succeeded_at));
        let next_run = self.rules().filter(|_| self.gone_at.is_none());
        let next_run = next_run.and_then(|rules| rules.next_run(self.received));
        let pods = self.pod_counts();
        let reported = self.reported_pods().unwrap_or_default();
        let active_jobs = || self.rules().map_or(0, WorkloadRules::active_jobs);
        Workload {
            api_version: interner.share(api_version),
            kind: interner.share(kind),
            namespace: interner.share(&metadata.namespace),
            name: interner.share(&metadata.name),
            uid: interner.share(&metadata.uid),
            generate_name: interner
                .share_non_empty(&metadata.generate_name)
                .filter(|_| metadata.controller().is_none()),
            parent: metadata.controller().map(|owner| Parent {
                kind: interner.share(&owner.kind),
                name: interner.share(&owner.name),
                uid: interner.share(&owner.uid),
            }),
            state,
            reason: status.as_ref().and_then(|status| interner.share_non_empty(status.reason.as_deref()?)),
            message: status.and_then(|status| status.message).map(Arc::from),
            created: metadata.created(),
            started: None,
            finished: finished.or(self.gone_at),
            completions: None,
            parallelism: pods.map(|pods| to_count(pods.desired)),
            active: pods.map_or_else(active_jobs, |pods| to_count(pods.existing)).max(reported.active),
            succeeded: reported.succeeded,
            failed: reported.failed,
            gone: self.gone_at.is_some(),
            ttl_seconds: None,
            managed_by: None,
            capacity: self.desired.clone(),
            retries_per_index: false,
            max_attempts_per_index: None,
            creation_block: None,
            holds: suspension_holds(self.suspensions.suspensions(None), metadata, interner),
            next_run,
            is_rollout: pods.is_some(),
            is_known_from_events: false,
            pods: Vec::new(),
        }
    }
}
