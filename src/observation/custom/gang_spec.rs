//! The fields of custom resources that say how many Pods with which role a workload asks for, and in which order they
//! start. Each struct names the type of the project that it comes from.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_with::apply;

use crate::observation::meta::is_default;

/// `ReplicatedJob` of JobSet.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicatedJob {
    /// The name, which is the role of the Pods.
    pub name: String,
    /// The number of Jobs; 1 if absent.
    pub replicas: Option<i32>,
    /// The template of the Jobs.
    pub template: ReplicatedJobTemplate,
    /// The entries that must be ready or complete before the Jobs are created.
    pub depends_on: Vec<Dependency>,
}

/// `JobTemplateSpec`, with the number of Pods only.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplicatedJobTemplate {
    /// The spec of the Jobs.
    pub spec: ReplicatedJobSpec,
}

/// `JobSpec`, with the number of Pods only.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplicatedJobSpec {
    /// How many Pods of a Job may run at the same time; 1 if absent.
    pub parallelism: Option<i32>,
    /// How many Pods of a Job must succeed.
    pub completions: Option<i32>,
}

/// `DependsOn` of JobSet.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dependency {
    /// The name of the other entry.
    pub name: String,
    /// `Ready` or `Complete`.
    pub status: String,
}

/// The order in which the roles of a workload start: `InOrder` or `AnyOrder` of a JobSet, `LeaderReady` or
/// `LeaderCreated` of a LeaderWorkerSet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct StartupPolicy(pub String);

impl<'de> Deserialize<'de> for StartupPolicy {
    /// Reads the text of a LeaderWorkerSet or the object of a JobSet. Any other value counts as absent.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let order = value.as_str().or_else(|| value["startupPolicyOrder"].as_str());
        Ok(Self(order.unwrap_or_default().to_owned()))
    }
}

/// `LeaderWorkerTemplate` of LeaderWorkerSet.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeaderWorkerTemplate {
    /// The number of Pods of a replica, with the leader; 1 if absent.
    pub size: Option<i32>,
}

/// `RayClusterSpec` of KubeRay. Each cluster has one head.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RayClusterSpec {
    /// The groups of workers.
    pub worker_group_specs: Vec<WorkerGroup>,
}

/// `WorkerGroupSpec` of KubeRay.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkerGroup {
    /// The number of replicas; the minimum if absent.
    pub replicas: Option<i32>,
    /// The least number of replicas.
    pub min_replicas: Option<i32>,
    /// The number of Pods of a replica; 1 if absent.
    pub num_of_hosts: Option<i32>,
    /// Whether the group is suspended.
    pub suspend: Option<bool>,
}

/// A role of a job of Kubeflow (`ReplicaSpec`), or a task of a job of Volcano (`TaskSpec`).
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplicaSpec {
    /// The name of a task. Kubeflow has no such field, because the key of the map names the role.
    pub name: String,
    /// The number of Pods; 1 if absent.
    pub replicas: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_startup_policy_is_a_text_or_an_object() {
        let read = |text: &str| serde_json::from_str::<StartupPolicy>(text).unwrap().0;
        assert_eq!(read(r#"{"startupPolicyOrder":"InOrder"}"#), "InOrder");
        assert_eq!(read(r#""LeaderReady""#), "LeaderReady");
        assert_eq!(read("null"), "");
        assert_eq!(read("7"), "");
    }
}
