//! Workloads of Kueue (`kueue.x-k8s.io`), which hold the place of a Job, a JobSet or a group of Pods in a queue. The
//! fields are those of Kueue's own types, in the versions `v1beta1` and `v1beta2`.

use serde::{Deserialize, Serialize};
use serde_with::apply;

use crate::observation::job::JobCondition;
use crate::observation::meta::{ObjectMeta, is_default, null_default};
use crate::observation::time::Time;

/// The label that names the queue of an object that Kueue manages.
pub(crate) const QUEUE_NAME_LABEL: &str = "kueue.x-k8s.io/queue-name";

/// The label of a Kueue Workload that holds the uid of the object that it was made for.
pub(crate) const JOB_UID_LABEL: &str = "kueue.x-k8s.io/job-uid";

/// The API group of Kueue.
pub(crate) const KUEUE_GROUP: &str = "kueue.x-k8s.io";

/// `kueue.x-k8s.io` Workload.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueuedWorkload {
    /// Group and version.
    pub api_version: String,
    /// Metadata. The owners are the Job, the JobSet or the Pods that wait.
    pub metadata: ObjectMeta,
    /// Desired state.
    pub spec: QueuedWorkloadSpec,
    /// State that Kueue reports.
    pub status: QueuedWorkloadStatus,
    /// The position in the `LocalQueue`, from 0. It is no field of the object: Kueue's visibility API reports it.
    pub position: Option<u32>,
}

/// `kueue.x-k8s.io` `WorkloadSpec`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueuedWorkloadSpec {
    /// The `LocalQueue`.
    pub queue_name: String,
    /// The priority. A higher number is admitted first.
    pub priority: Option<i32>,
    /// `false` if the Workload is deactivated.
    pub active: Option<bool>,
    /// The sets of Pods that the workload asks for.
    #[serde(deserialize_with = "null_default")]
    pub pod_sets: Vec<PodSet>,
}

impl QueuedWorkloadSpec {
    /// The number of Pods in all sets; `None` if no set is known.
    pub(crate) fn wanted_pods(&self) -> Option<u32> {
        let count: i64 = self.pod_sets.iter().map(|set| i64::from(set.count.unwrap_or(1))).sum();
        u32::try_from(count).ok().filter(|count| *count > 0)
    }
}

/// `kueue.x-k8s.io` `PodSet`, without its template.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSet {
    /// The name of the set.
    pub name: String,
    /// The number of Pods.
    pub count: Option<i32>,
}

/// `kueue.x-k8s.io` `WorkloadStatus`.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueuedWorkloadStatus {
    /// Conditions: `QuotaReserved`, `Admitted`, `PodsReady`, `Evicted`, `Preempted`, `Requeued`, `Finished` and others.
    pub conditions: Vec<JobCondition>,
    /// The quota that is reserved.
    pub admission: Option<QueueAdmission>,
    /// The admission checks.
    pub admission_checks: Vec<AdmissionCheck>,
    /// The cluster that runs the workload with `MultiKueue`.
    pub cluster_name: Option<String>,
}

/// `kueue.x-k8s.io` `Admission`.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueueAdmission {
    /// The `ClusterQueue`.
    pub cluster_queue: String,
    /// The number of Pods that are admitted, for each set of Pods.
    pub pod_set_assignments: Vec<PodSetAssignment>,
}

/// `kueue.x-k8s.io` `PodSetAssignment`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSetAssignment {
    /// The name of the set of Pods.
    pub name: String,
    /// The number of Pods. With partial admission, it is smaller than the number that the workload asks for.
    pub count: Option<i32>,
}

/// `kueue.x-k8s.io` `AdmissionCheckState`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdmissionCheck {
    /// Name.
    pub name: String,
    /// `Pending`, `Ready`, `Retry` or `Rejected`.
    pub state: String,
    /// When `state` last changed, truncated to the second.
    pub last_transition_time: Option<Time>,
    /// The reason, as a sentence for people.
    pub message: String,
}

impl QueuedWorkload {
    /// The condition of this type.
    pub(crate) fn condition(&self, kind: &str) -> Option<&JobCondition> {
        self.status.conditions.iter().find(|condition| condition.r#type == kind)
    }

    /// The condition of this type, if its status is `True`.
    pub(crate) fn true_condition(&self, kind: &str) -> Option<&JobCondition> {
        self.condition(kind).filter(|condition| condition.status == "True")
    }

    /// Whether the object only names a Workload that preempted another one. Nothing else is known about it.
    pub(crate) fn is_only_named(&self) -> bool {
        self.spec.queue_name.is_empty() && self.position.is_none()
    }

    /// A Workload with nothing but its names.
    pub(crate) fn name_only(&self) -> Self {
        let ObjectMeta { name, namespace, uid, owner_references, .. } = self.metadata.clone();
        let metadata = ObjectMeta { name, namespace, uid, owner_references, ..ObjectMeta::default() };
        Self { api_version: self.api_version.clone(), metadata, ..Self::default() }
    }

    /// The uids of the Workload that preempted this one, and of the object that it was made for.
    pub(crate) fn preemptor_uids(&self) -> Option<(&str, &str)> {
        let condition = self.condition("Evicted").or_else(|| self.condition("Preempted"))?;
        parse_preemptor_uids(&condition.message)
    }

    /// Whether the Workload waits for quota.
    pub(crate) fn is_pending(&self) -> bool {
        let is_inactive = self.spec.active == Some(false);
        self.true_condition("QuotaReserved").is_none()
            && self.true_condition("Finished").is_none()
            && !is_inactive
    }
}

/// The uids in Kueue's message about a preemption: that of the Workload that preempted, and that of the object that it
/// was made for. A part that Kueue does not know is empty. `None` for other messages.
pub(crate) fn parse_preemptor_uids(message: &str) -> Option<(&str, &str)> {
    let (_, rest) = message.split_once("to accommodate a workload (UID: ")?;
    let (workload, rest) = rest.split_once(", JobUID: ")?;
    let (job, _) = rest.split_once(')')?;
    Some((without_unknown(workload), without_unknown(job)))
}

fn without_unknown(uid: &str) -> &str {
    if uid == "UNKNOWN" { "" } else { uid }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uids_of_a_preemptor_are_read_from_the_message() {
        let message = "Preempted to accommodate a workload (UID: w-1, JobUID: j-1) due to prioritization in the \
                       ClusterQueue; preemptor path: /cq; preemptee path: /cq";
        assert_eq!(parse_preemptor_uids(message), Some(("w-1", "j-1")));
        let unknown = "Preempted to accommodate a workload (UID: w-1, JobUID: UNKNOWN) due to UNKNOWN";
        assert_eq!(parse_preemptor_uids(unknown), Some(("w-1", "")));
        assert_eq!(parse_preemptor_uids("Exceeded the PodsReady timeout ns/w"), None);
    }

    #[test]
    fn fields_that_kueue_leaves_out_have_their_defaults() {
        let json = r#"{"metadata":{"name":"w","uid":"u"},"spec":{"queueName":"team","podSets":[{"name":"main"}]},
            "status":{"conditions":null,"admission":{"clusterQueue":"cq","podSetAssignments":[{"name":"main","count":2,
            "flavors":{"cpu":"default"}}]}}}"#;
        let workload: QueuedWorkload = serde_json::from_str(json).unwrap();
        assert_eq!((&*workload.spec.queue_name, workload.spec.priority), ("team", None));
        assert_eq!(workload.status.admission.unwrap().pod_set_assignments[0].count, Some(2));
    }
}
