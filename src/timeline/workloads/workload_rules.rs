//! The rules of each kind of workload except Jobs, which have a record of their own.

use jiff::Timestamp;

use crate::observation::{
    CronJob, Custom, DaemonSet, Deployment, JobCondition, Object, ReplicaSet, StatefulSet, known_time,
};
use crate::timeline::workloads::cron_job::{cron_job_status, next_run};
use crate::timeline::workloads::custom_status::custom_resource_status;
use crate::timeline::workloads::rollout;
use crate::timeline::workloads::rollout::{PodCounts, RolloutStatus};

/// Whether an object is suspended, and the evidence for the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SuspensionStatus {
    pub(crate) suspended: bool,
    /// The status of the condition `Suspended`, and when it last changed.
    pub(crate) condition: Option<(bool, Timestamp)>,
}

/// The rules of a kind of workload. No method has a default, so that the compiler asks for every rule of a new kind.
pub(crate) trait WorkloadRules {
    /// The state that the status reports. If this is `None`, the state follows from the objects that the workload owns.
    fn rollout_status(&self) -> Option<RolloutStatus>;

    /// The numbers of Pods of a rollout, whose Pods run until somebody deletes them. `None` for a workload whose Pods
    /// end by themselves.
    fn pod_counts(&self) -> Option<PodCounts>;

    /// The number of active Jobs, as the status of a CronJob reports them. 0 for other kinds.
    fn active_jobs(&self) -> u32;

    /// Whether the object is suspended, or `None` if objects of the kind cannot be suspended.
    fn suspension_status(&self) -> Option<SuspensionStatus>;

    /// Whether the object is the ReplicaSet of a former revision, which has no replicas and desires none.
    fn is_former_revision(&self) -> bool;

    /// When the object creates its next Job after `now`. `None` if the object has no schedule, is suspended, or has a
    /// schedule that this program cannot interpret.
    fn next_run(&self, now: Timestamp) -> Option<Timestamp>;
}

/// The rules of the object's kind, or `None` if the object is a Job or no workload.
pub(crate) fn rules_of(object: &Object) -> Option<&dyn WorkloadRules> {
    match object {
        Object::CronJob(object) => Some(&**object),
        Object::Deployment(object) => Some(&**object),
        Object::ReplicaSet(object) => Some(&**object),
        Object::StatefulSet(object) => Some(&**object),
        Object::DaemonSet(object) => Some(&**object),
        Object::Custom(object) => Some(&**object),
        Object::Job(_) | Object::Owner(_) | Object::Pod(_) | Object::Event(_) | Object::QueuedWorkload(_) => {
            None
        }
    }
}

impl WorkloadRules for CronJob {
    fn rollout_status(&self) -> Option<RolloutStatus> {
        Some(cron_job_status(self))
    }

    fn pod_counts(&self) -> Option<PodCounts> {
        None
    }

    fn active_jobs(&self) -> u32 {
        u32::try_from(self.status.active.len()).unwrap_or(u32::MAX)
    }

    fn suspension_status(&self) -> Option<SuspensionStatus> {
        Some(SuspensionStatus { suspended: self.spec.suspend == Some(true), condition: None })
    }

    fn is_former_revision(&self) -> bool {
        false
    }

    fn next_run(&self, now: Timestamp) -> Option<Timestamp> {
        next_run(self, now)
    }
}

impl WorkloadRules for Deployment {
    fn rollout_status(&self) -> Option<RolloutStatus> {
        Some(rollout::deployment_status(self))
    }

    fn pod_counts(&self) -> Option<PodCounts> {
        Some(self.into())
    }

    fn active_jobs(&self) -> u32 {
        0
    }

    fn suspension_status(&self) -> Option<SuspensionStatus> {
        None
    }

    fn is_former_revision(&self) -> bool {
        false
    }

    fn next_run(&self, _now: Timestamp) -> Option<Timestamp> {
        None
    }
}

impl WorkloadRules for ReplicaSet {
    fn rollout_status(&self) -> Option<RolloutStatus> {
        Some(rollout::replica_set_status(self))
    }

    fn pod_counts(&self) -> Option<PodCounts> {
        Some(self.into())
    }

    fn active_jobs(&self) -> u32 {
        0
    }

    fn suspension_status(&self) -> Option<SuspensionStatus> {
        None
    }

    fn is_former_revision(&self) -> bool {
        let PodCounts { desired, existing, .. } = self.into();
        desired == 0 && existing == 0
    }

    fn next_run(&self, _now: Timestamp) -> Option<Timestamp> {
        None
    }
}

impl WorkloadRules for StatefulSet {
    fn rollout_status(&self) -> Option<RolloutStatus> {
        Some(rollout::stateful_set_status(self))
    }

    fn pod_counts(&self) -> Option<PodCounts> {
        Some(self.into())
    }

    fn active_jobs(&self) -> u32 {
        0
    }

    fn suspension_status(&self) -> Option<SuspensionStatus> {
        None
    }

    fn is_former_revision(&self) -> bool {
        false
    }

    fn next_run(&self, _now: Timestamp) -> Option<Timestamp> {
        None
    }
}

impl WorkloadRules for DaemonSet {
    fn rollout_status(&self) -> Option<RolloutStatus> {
        Some(rollout::daemon_set_status(self))
    }

    fn pod_counts(&self) -> Option<PodCounts> {
        Some(self.into())
    }

    fn active_jobs(&self) -> u32 {
        0
    }

    fn suspension_status(&self) -> Option<SuspensionStatus> {
        None
    }

    fn is_former_revision(&self) -> bool {
        false
    }

    fn next_run(&self, _now: Timestamp) -> Option<Timestamp> {
        None
    }
}

impl WorkloadRules for Custom {
    fn rollout_status(&self) -> Option<RolloutStatus> {
        custom_resource_status(self)
    }

    fn pod_counts(&self) -> Option<PodCounts> {
        None
    }

    fn active_jobs(&self) -> u32 {
        0
    }

    fn suspension_status(&self) -> Option<SuspensionStatus> {
        let is_suspended = |condition: &&JobCondition| condition.r#type == "Suspended";
        let condition = self.status.conditions.iter().find(is_suspended);
        let is_true = condition.map(|condition| condition.status == "True");
        let since = condition.and_then(|condition| known_time(condition.last_transition_time));
        let suspended = self.spec.suspend.or(is_true) == Some(true);
        Some(SuspensionStatus { suspended, condition: is_true.zip(since) })
    }

    fn is_former_revision(&self) -> bool {
        false
    }

    fn next_run(&self, _now: Timestamp) -> Option<Timestamp> {
        None
    }
}
