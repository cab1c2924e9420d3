//! What keeps Pods running, of `apps/v1`: Deployments, ReplicaSets, StatefulSets, DaemonSets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::meta::{ObjectMeta, is_default, null_default};
use super::time::Time;

/// `metav1.LabelSelector`, of which the exact labels are enough to narrow: what is ours is decided by owner.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Labels that must be equal.
    #[prost(btree_map = "string, string", tag = "1")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub match_labels: BTreeMap<String, String>,
}

/// A condition of a Deployment or ReplicaSet; both number these fields alike.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// `Progressing`, `Available`, `ReplicaFailure`.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: String,
    /// Why, one word.
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    /// Why, for people.
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// When it was last written, truncated to the second; Deployments only.
    #[prost(message, optional, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_update_time: Option<Time>,
}

/// `apps/v1.Deployment`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: DeploymentSpec,
    /// What its controller says.
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: DeploymentStatus,
}

/// `apps/v1.DeploymentSpec`, without the Pod template.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentSpec {
    /// Pods; 1 if absent.
    #[prost(int32, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub replicas: Option<i32>,
    /// Its Pods' labels.
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub selector: LabelSelector,
    /// Whether rollouts wait.
    #[prost(bool, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub paused: bool,
}

/// `apps/v1.DeploymentStatus`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentStatus {
    /// The generation that the rest is about.
    #[prost(int64, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub observed_generation: i64,
    /// Pods of any revision.
    #[prost(int32, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub replicas: i32,
    /// Pods of the newest revision.
    #[prost(int32, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub updated_replicas: i32,
    /// Pods of any revision that have been ready long enough.
    #[prost(int32, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub available_replicas: i32,
    /// Conditions.
    #[prost(message, repeated, tag = "6")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub conditions: Vec<Condition>,
}

/// `apps/v1.ReplicaSet`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSet {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: ReplicaSetSpec,
    /// What its controller says.
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: ReplicaSetStatus,
}

/// `apps/v1.ReplicaSetSpec`, without the Pod template.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetSpec {
    /// Pods; 1 if absent.
    #[prost(int32, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub replicas: Option<i32>,
    /// Its Pods' labels.
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub selector: LabelSelector,
}

/// `apps/v1.ReplicaSetStatus`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetStatus {
    /// Pods.
    #[prost(int32, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub replicas: i32,
    /// The generation that the rest is about.
    #[prost(int64, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub observed_generation: i64,
    /// Pods that have been ready long enough.
    #[prost(int32, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub available_replicas: i32,
    /// Conditions.
    #[prost(message, repeated, tag = "6")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub conditions: Vec<Condition>,
}

/// `apps/v1.StatefulSet`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSet {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: StatefulSetSpec,
    /// What its controller says.
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: StatefulSetStatus,
}

/// `apps/v1.StatefulSetSpec`, without the Pod template.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetSpec {
    /// Pods; 1 if absent.
    #[prost(int32, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub replicas: Option<i32>,
    /// Its Pods' labels.
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub selector: LabelSelector,
    /// How Pods are replaced.
    #[prost(message, required, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub update_strategy: UpdateStrategy,
}

/// How Pods of an old revision are replaced.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateStrategy {
    /// `RollingUpdate`, or `OnDelete`: only when somebody deletes them.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    /// Only with `RollingUpdate`.
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub rolling_update: Option<RollingUpdate>,
}

/// `apps/v1.RollingUpdateStatefulSetStrategy`.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollingUpdate {
    /// Pods with a lower ordinal are left as they are.
    #[prost(int32, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub partition: Option<i32>,
}

/// `apps/v1.StatefulSetStatus`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetStatus {
    /// The generation that the rest is about.
    #[prost(int64, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub observed_generation: i64,
    /// Pods.
    #[prost(int32, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub replicas: i32,
    /// Pods that are ready.
    #[prost(int32, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub ready_replicas: i32,
    /// Pods of the newest revision.
    #[prost(int32, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub updated_replicas: i32,
    /// The revision that was rolled out last.
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub current_revision: String,
    /// The newest revision.
    #[prost(string, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub update_revision: String,
}

/// `apps/v1.DaemonSet`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSet {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: DaemonSetSpec,
    /// What its controller says.
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: DaemonSetStatus,
}

/// `apps/v1.DaemonSetSpec`, without the Pod template.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetSpec {
    /// Its Pods' labels.
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub selector: LabelSelector,
    /// How Pods are replaced.
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub update_strategy: DaemonSetUpdateStrategy,
}

/// `apps/v1.DaemonSetUpdateStrategy`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetUpdateStrategy {
    /// `RollingUpdate`, or `OnDelete`: only when somebody deletes them.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
}

/// `apps/v1.DaemonSetStatus`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetStatus {
    /// Nodes that have a Pod and should.
    #[prost(int32, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub current_number_scheduled: i32,
    /// Nodes that should have a Pod.
    #[prost(int32, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub desired_number_scheduled: i32,
    /// The generation that the rest is about.
    #[prost(int64, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub observed_generation: i64,
    /// Nodes with a Pod of the newest revision.
    #[prost(int32, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub updated_number_scheduled: i32,
    /// Nodes whose Pod has been ready long enough.
    #[prost(int32, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub number_available: i32,
}
