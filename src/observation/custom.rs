//! Objects of kinds without a Rust type of their own. Only fields that many such kinds have in common are read.

pub(crate) mod gang_spec;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_with::apply;

use crate::observation::custom::gang_spec::{
    LeaderWorkerTemplate, RayClusterSpec, ReplicaSpec, ReplicatedJob, StartupPolicy, WorkerGroup,
};
use crate::observation::job::JobCondition;
use crate::observation::meta::{ObjectMeta, is_default};
use crate::observation::time::Time;

/// Reads a field that may have another type in some kinds. A value of an unexpected type counts as absent.
fn lenient<'de, D: Deserializer<'de>, T: Default + DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// A custom resource, or an object of any other kind without a Rust type of its own.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Custom {
    /// Group and version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Metadata.
    pub metadata: ObjectMeta,
    /// Desired state.
    #[serde(deserialize_with = "lenient")]
    pub spec: CustomSpec,
    /// State that the object's controller reports.
    #[serde(deserialize_with = "lenient")]
    pub status: CustomStatus,
}

/// The fields that the `spec` of many kinds have in common, and those that say how many Pods a workload asks for.
#[apply(_ => #[serde(deserialize_with = "lenient", skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomSpec {
    /// Whether the object is suspended. A suspended object must have no Pods.
    pub suspend: Option<bool>,
    /// The groups of Jobs of a JobSet.
    pub replicated_jobs: Vec<ReplicatedJob>,
    /// The order in which the roles of a JobSet or of a LeaderWorkerSet start.
    pub startup_policy: StartupPolicy,
    /// The number of replicas of a LeaderWorkerSet.
    pub replicas: Option<i32>,
    /// The template of the replicas of a LeaderWorkerSet.
    pub leader_worker_template: LeaderWorkerTemplate,
    /// The groups of workers of a RayCluster.
    pub worker_group_specs: Vec<WorkerGroup>,
    /// The RayCluster that a RayJob creates.
    pub ray_cluster_spec: RayClusterSpec,
    /// The tasks of a Job of Volcano.
    pub tasks: Vec<ReplicaSpec>,
    /// The roles of a `PyTorchJob`.
    pub pytorch_replica_specs: BTreeMap<String, ReplicaSpec>,
    /// The roles of an `MPIJob`.
    pub mpi_replica_specs: BTreeMap<String, ReplicaSpec>,
    /// The roles of a `TFJob`.
    pub tf_replica_specs: BTreeMap<String, ReplicaSpec>,
    /// The roles of an `XGBoostJob`.
    pub xgb_replica_specs: BTreeMap<String, ReplicaSpec>,
    /// The roles of a `PaddleJob`.
    pub paddle_replica_specs: BTreeMap<String, ReplicaSpec>,
    /// The roles of a `JAXJob`.
    pub jax_replica_specs: BTreeMap<String, ReplicaSpec>,
}

impl CustomSpec {
    /// The roles of a job of Kubeflow, by name.
    pub(crate) fn kubeflow_roles(&self) -> &BTreeMap<String, ReplicaSpec> {
        let all = [
            &self.pytorch_replica_specs,
            &self.mpi_replica_specs,
            &self.tf_replica_specs,
            &self.xgb_replica_specs,
            &self.paddle_replica_specs,
        ];
        all.into_iter().find(|roles| !roles.is_empty()).unwrap_or(&self.jax_replica_specs)
    }

    /// The field of [`CustomSpec::kubeflow_roles`] of each kind, for changes.
    pub(crate) fn kubeflow_roles_mut(&mut self) -> [&mut BTreeMap<String, ReplicaSpec>; 6] {
        [
            &mut self.pytorch_replica_specs,
            &mut self.mpi_replica_specs,
            &mut self.tf_replica_specs,
            &mut self.xgb_replica_specs,
            &mut self.paddle_replica_specs,
            &mut self.jax_replica_specs,
        ]
    }
}

/// The fields that the `status` of many kinds have in common.
#[apply(_ => #[serde(deserialize_with = "lenient", skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomStatus {
    /// Conditions.
    pub conditions: Vec<JobCondition>,
    /// The state in one word, as Argo Workflows report it.
    pub phase: String,
    /// The state in one word, as RayJobs report it.
    pub job_status: String,
    /// The state of the RayCluster of a RayJob, in one word. A RayJob whose `jobStatus` is `FAILED` may be retried.
    pub job_deployment_status: String,
    /// The state, as Jobs of Volcano and RayClusters report it.
    pub state: CustomState,
    /// The state, as SparkApplications report it.
    pub application_state: CustomState,
    /// The reason for the state, in one word.
    pub reason: String,
    /// The reason for the state, as a sentence for people.
    pub message: String,
    /// When the object ended, as jobs of Kubeflow report it.
    pub completion_time: Option<Time>,
    /// When the object ended, as RayJobs report it.
    pub end_time: Option<Time>,
    /// When the object ended, as Argo Workflows report it.
    pub finished_at: Option<Time>,
    /// Number of Pods that exist and have not ended.
    pub active: Option<i32>,
    /// The same, as Jobs of Volcano report it.
    pub running: Option<i32>,
    /// Number of Pods that succeeded. Of a RayJob, the number of attempts.
    pub succeeded: Option<i32>,
    /// Number of Pods that failed. Of a RayJob, the number of attempts.
    pub failed: Option<i32>,
    /// The numbers of Pods of each role of a job of Kubeflow.
    pub replica_statuses: BTreeMap<String, ReplicaStatus>,
}

/// The numbers of Pods of a role of a job of Kubeflow.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplicaStatus {
    /// Number of Pods that exist and have not ended.
    pub active: Option<i32>,
    /// Number of Pods that succeeded.
    pub succeeded: Option<i32>,
    /// Number of Pods that failed.
    pub failed: Option<i32>,
}

/// A state that some kinds report as a word, and others as an object.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CustomState {
    /// The state in one word.
    pub phase: String,
    /// The reason, in one word.
    pub reason: String,
    /// The reason, as a sentence for people.
    pub message: String,
}

impl<'de> Deserialize<'de> for CustomState {
    /// Reads a word, or the fields of Volcano and Spark. Any other value counts as absent.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| value.get(name)?.as_str());
            found.unwrap_or_default().to_owned()
        };
        Ok(match value.as_str() {
            Some(word) => Self { phase: word.to_owned(), ..Self::default() },
            None => Self {
                phase: text(&["phase", "state"]),
                reason: text(&["reason"]),
                message: text(&["message", "errorMessage"]),
            },
        })
    }
}

/// Whether the controller of this kind reports in the status that an object has ended. The states of the objects that
/// it owns then do not decide, because the controller may run failed work again.
pub(crate) fn reports_its_end(group: &str, kind: &str) -> bool {
    match group {
        "jobset.x-k8s.io" => kind == "JobSet",
        "argoproj.io" => kind == "Workflow",
        "ray.io" => kind == "RayJob",
        "trainer.kubeflow.org" => kind == "TrainJob",
        "kubeflow.org" | "batch.volcano.sh" => kind.ends_with("Job"),
        _ => false,
    }
}

/// An object between a Pod and its workload. Only the metadata is read, because the object only links the Pod to the
/// workload.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Owner {
    /// Group and version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Metadata.
    pub metadata: ObjectMeta,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_unexpected_types_count_as_absent() {
        let odd = r#"{"apiVersion":"x/v1","kind":"X","metadata":{"name":"x","uid":"u"},
            "spec":{"suspend":"yes","other":1},"status":{"conditions":"none","phase":{"a":1}}}"#;
        let custom: Custom = serde_json::from_str(odd).unwrap();
        assert_eq!((&*custom.metadata.uid, custom.spec.suspend), ("u", None));
        assert_eq!(custom.status, CustomStatus::default());
        let plain = r#"{"metadata":{},"spec":[],"status":{"phase":"Failed",
            "conditions":[{"type":"Failed","status":"True","reason":"R"}]}}"#;
        let custom: Custom = serde_json::from_str(plain).unwrap();
        assert_eq!((&*custom.status.phase, &*custom.status.conditions[0].reason), ("Failed", "R"));
        let states: [CustomStatus; 3] = [
            r#"{"state":"ready","completionTime":7}"#,
            r#"{"state":{"phase":"Aborted","reason":"R","message":"M"},"failed":2}"#,
            r#"{"applicationState":{"state":"FAILED","errorMessage":"E"}}"#,
        ]
        .map(|text| serde_json::from_str(text).unwrap());
        assert_eq!((&*states[0].state.phase, states[0].completion_time), ("ready", None));
        assert_eq!((&*states[1].state.message, states[1].failed), ("M", Some(2)));
        assert_eq!(
            (&*states[2].application_state.phase, &*states[2].application_state.message),
            ("FAILED", "E")
        );
        assert!(serde_json::from_str::<Custom>(r#"{"metadata":{"name":"x"}}"#).is_ok());
    }
}
