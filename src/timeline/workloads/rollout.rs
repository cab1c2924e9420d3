//! The status of workloads other than Jobs, by the rules of `kubectl rollout status`.

use jiff::Timestamp;

use crate::observation::{Condition, DaemonSet, Deployment, ReplicaSet, StatefulSet, known_time};
use crate::timeline::workloads::refusal::normalize;
use crate::timeline::workloads::workload::WorkloadState;

/// The state that the status of a workload reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RolloutStatus {
    pub(crate) state: WorkloadState,
    /// The reason for the state in one word.
    pub(crate) reason: Option<String>,
    /// The reason for the state as text.
    pub(crate) message: Option<String>,
    /// When the workload ended, if its status contains that time.
    pub(crate) finished: Option<Timestamp>,
}

impl RolloutStatus {
    pub(crate) fn new(state: WorkloadState) -> Self {
        Self { state, reason: None, message: None, finished: None }
    }

    /// The status of a complete rollout.
    pub(crate) fn succeeded() -> Self {
        Self::new(WorkloadState::Succeeded)
    }

    /// The status of an incomplete rollout. `message` names the missing part.
    fn in_progress(has_begun: bool, message: String) -> Self {
        let state = if has_begun { WorkloadState::Running } else { WorkloadState::Pending };
        Self { message: Some(message), ..Self::new(state) }
    }

    /// The status of a rollout whose controller has not observed the latest desired state.
    fn not_observed(has_begun: bool) -> Self {
        Self::in_progress(has_begun, "the controller has not observed the latest change yet".to_owned())
    }

    /// Adds the reason and the message of the condition `ReplicaFailure` if the condition is true.
    fn with_replica_failure(self, conditions: &[Condition]) -> Self {
        match true_condition(conditions, "ReplicaFailure") {
            Some(failure) => Self {
                reason: Some(failure.reason.clone()),
                message: Some(normalize(&failure.message)),
                ..self
            },
            None => self,
        }
    }
}

/// The numbers of Pods of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PodCounts {
    /// The desired number of Pods.
    pub(crate) desired: i32,
    /// The number of existing Pods, as the controller counts them.
    pub(crate) existing: i32,
    /// The number of available Pods of the newest revision. For a StatefulSet, the number of ready Pods. 0 if the
    /// controller has not observed the latest desired state.
    pub(crate) available: i32,
    /// The number of existing Pods of the newest revision. 0 if the controller has not observed the latest desired
    /// state.
    pub(crate) updated: i32,
}

impl PodCounts {
    /// The numbers from `spec.replicas`, which defaults to 1, `status.replicas`, and the numbers of available Pods
    /// and of Pods of the newest revision.
    fn from_replicas(desired: Option<i32>, existing: i32, available: i32, updated: i32) -> Self {
        Self { desired: desired.unwrap_or(1).max(0), existing, available, updated }
    }

    /// Whether the rollout has created a Pod.
    fn has_begun(self) -> bool {
        self.existing > 0
    }
}

impl From<&Deployment> for PodCounts {
    fn from(deployment: &Deployment) -> Self {
        let Deployment { metadata, spec, status } = deployment;
        let (available, updated) = if status.observed_generation < metadata.generation {
            (0, 0)
        } else {
            let updated = status.updated_replicas;
            (available_of_newest(status.available_replicas, updated, status.replicas), updated)
        };
        Self::from_replicas(spec.replicas, status.replicas, available, updated)
    }
}

impl From<&ReplicaSet> for PodCounts {
    fn from(set: &ReplicaSet) -> Self {
        let status = &set.status;
        Self::from_replicas(set.spec.replicas, status.replicas, status.available_replicas, status.replicas)
    }
}

impl From<&StatefulSet> for PodCounts {
    fn from(set: &StatefulSet) -> Self {
        let StatefulSet { metadata, spec, status } = set;
        let strategy = &spec.update_strategy;
        let partition = strategy.rolling_update.and_then(|update| update.partition).unwrap_or(0);
        let replaces_all = strategy.r#type != "OnDelete" && partition <= 0;
        let available = if status.observed_generation < metadata.generation {
            0
        } else if replaces_all && status.update_revision != status.current_revision {
            available_of_newest(status.ready_replicas, status.updated_replicas, status.replicas)
        } else {
            status.ready_replicas
        };
        let is_observed = status.observed_generation >= metadata.generation;
        let updated = if is_observed { status.updated_replicas } else { 0 };
        Self::from_replicas(spec.replicas, status.replicas, available, updated)
    }
}

impl From<&DaemonSet> for PodCounts {
    fn from(set: &DaemonSet) -> Self {
        let DaemonSet { metadata, spec, status } = set;
        let existing = status.current_number_scheduled;
        let available = if status.observed_generation < metadata.generation {
            0
        } else if spec.update_strategy.r#type == "OnDelete" {
            status.number_available
        } else {
            available_of_newest(status.number_available, status.updated_number_scheduled, existing)
        };
        let is_observed = status.observed_generation >= metadata.generation;
        let updated = if is_observed { status.updated_number_scheduled } else { 0 };
        Self { desired: status.desired_number_scheduled, existing, available, updated }
    }
}

/// The number of available Pods of the newest revision. A status counts the available Pods of all revisions together,
/// so all Pods of older revisions are assumed to be available.
fn available_of_newest(available: i32, updated: i32, total: i32) -> i32 {
    available.saturating_add(updated).saturating_sub(total).max(0)
}

/// The message of a rollout that waits until `count` old or surplus replicas are removed.
fn removal_message(count: i32, which: &str) -> String {
    let noun = if count == 1 { "replica" } else { "replicas" };
    format!("waiting for the removal of {count} {which} {noun}")
}

fn true_condition<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.r#type == kind && condition.status == "True")
}

/// The status of a Deployment. The rollout is complete when every replica is available and of the newest revision.
pub(crate) fn deployment_status(deployment: &Deployment) -> RolloutStatus {
    let Deployment { metadata, spec, status } = deployment;
    let pods = PodCounts::from(deployment);
    let has_begun = pods.has_begun();
    if status.observed_generation < metadata.generation {
        return RolloutStatus::not_observed(has_begun);
    }
    let progressing = status.conditions.iter().find(|condition| condition.r#type == "Progressing");
    if let Some(condition) = progressing.filter(|condition| condition.reason == "ProgressDeadlineExceeded") {
        return RolloutStatus {
            reason: Some(condition.reason.clone()),
            message: Some(condition.message.clone()),
            finished: known_time(condition.last_update_time),
            ..RolloutStatus::new(WorkloadState::Failed)
        };
    }
    let (desired, updated) = (pods.desired, status.updated_replicas);
    let remaining = if updated < desired {
        format!("{updated} of {desired} replicas are updated")
    } else if pods.existing > updated {
        removal_message(pods.existing - updated, "old")
    } else if status.available_replicas < updated {
        format!("{} of {updated} updated replicas are available", status.available_replicas)
    } else {
        let complete = progressing.filter(|condition| condition.reason == "NewReplicaSetAvailable");
        let finished = complete.and_then(|condition| known_time(condition.last_update_time));
        return RolloutStatus { finished, ..RolloutStatus::succeeded() };
    };
    let remaining = if spec.paused { format!("paused: {remaining}") } else { remaining };
    RolloutStatus::in_progress(has_begun, remaining).with_replica_failure(&status.conditions)
}

/// The status of a ReplicaSet. The rollout is complete when all desired replicas are available and no others exist.
pub(crate) fn replica_set_status(set: &ReplicaSet) -> RolloutStatus {
    let ReplicaSet { metadata, status, .. } = set;
    let pods = PodCounts::from(set);
    let (desired, has_begun) = (pods.desired, pods.has_begun());
    if status.observed_generation < metadata.generation {
        return RolloutStatus::not_observed(has_begun);
    }
    if pods.existing > desired {
        return RolloutStatus::in_progress(has_begun, removal_message(pods.existing - desired, "surplus"));
    }
    if status.available_replicas >= desired {
        return RolloutStatus::succeeded();
    }
    let remaining = format!("{} of {desired} replicas are available", status.available_replicas);
    RolloutStatus::in_progress(has_begun, remaining).with_replica_failure(&status.conditions)
}

/// The status of a StatefulSet. The rollout is complete when all replicas are ready and the replicas above the
/// partition are of the newest revision. With the strategy `OnDelete`, replicas of older revisions count too.
pub(crate) fn stateful_set_status(set: &StatefulSet) -> RolloutStatus {
    let StatefulSet { metadata, spec, status } = set;
    let pods = PodCounts::from(set);
    let (desired, has_begun) = (pods.desired, pods.has_begun());
    if status.observed_generation == 0 || status.observed_generation < metadata.generation {
        return RolloutStatus::not_observed(has_begun);
    }
    if status.ready_replicas < desired {
        return RolloutStatus::in_progress(
            has_begun,
            format!("{} of {desired} replicas are ready", status.ready_replicas),
        );
    }
    if pods.existing > desired {
        return RolloutStatus::in_progress(has_begun, removal_message(pods.existing - desired, "surplus"));
    }
    if spec.update_strategy.r#type == "OnDelete" {
        return RolloutStatus::succeeded();
    }
    let partition = spec.update_strategy.rolling_update.and_then(|update| update.partition).unwrap_or(0);
    let updated = status.updated_replicas;
    if partition > 0 {
        let above = (desired - partition).max(0);
        if updated >= above {
            return RolloutStatus::succeeded();
        }
        let remaining = format!("{updated} of {above} replicas above partition {partition} are updated");
        return RolloutStatus::in_progress(has_begun, remaining);
    }
    if status.update_revision != status.current_revision {
        return RolloutStatus::in_progress(has_begun, format!("{updated} of {desired} replicas are updated"));
    }
    RolloutStatus::succeeded()
}

/// The status of a DaemonSet. The rollout is complete when each node that needs a Pod has an available Pod of the
/// newest revision. With the strategy `OnDelete`, Pods of older revisions count too.
pub(crate) fn daemon_set_status(set: &DaemonSet) -> RolloutStatus {
    let DaemonSet { metadata, spec, status } = set;
    let pods = PodCounts::from(set);
    let has_begun = pods.has_begun();
    if status.observed_generation < metadata.generation {
        return RolloutStatus::not_observed(has_begun);
    }
    let (desired, updated) = (pods.desired, status.updated_number_scheduled);
    if updated < desired && spec.update_strategy.r#type != "OnDelete" {
        return RolloutStatus::in_progress(
            has_begun,
            format!("{updated} of {desired} nodes have an updated Pod"),
        );
    }
    if status.number_available < desired {
        let available = status.number_available;
        return RolloutStatus::in_progress(
            has_begun,
            format!("{available} of {desired} nodes have an available Pod"),
        );
    }
    RolloutStatus::succeeded()
}

#[cfg(test)]
mod tests;
