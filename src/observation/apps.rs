//! The workloads of `apps/v1`, which keep their Pods running: Deployments, ReplicaSets, StatefulSets, DaemonSets.

use serde::{Deserialize, Serialize};
use serde_with::apply;

use crate::observation::kind_data::{KindData, LabelSelector};
use crate::observation::meta::{ObjectMeta, is_default, null_default};
use crate::observation::time::Time;

/// A condition of a Deployment or ReplicaSet. Both kinds use the same protobuf field numbers for these fields.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// `Progressing`, `Available` or `ReplicaFailure`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    pub status: String,
    /// The reason, in one word.
    #[prost(string, tag = "4")]
    pub reason: String,
    /// The reason, as a sentence for people.
    #[prost(string, tag = "5")]
    pub message: String,
    /// When the condition was last written, truncated to the second. Deployments only.
    #[prost(message, optional, tag = "6")]
    pub last_update_time: Option<Time>,
}

/// `apps/v1.Deployment`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    pub spec: DeploymentSpec,
    /// State that the Deployment controller reports.
    #[prost(message, required, tag = "3")]
    pub status: DeploymentStatus,
}

impl KindData for Deployment {
    fn pod_selector(&self) -> Option<&LabelSelector> {
        Some(&self.spec.selector)
    }

    fn pod_selector_mut(&mut self) -> Option<&mut LabelSelector> {
        Some(&mut self.spec.selector)
    }
}

/// `apps/v1.DeploymentSpec`, without the Pod template.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentSpec {
    /// Wanted number of Pods; 1 if absent.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// Selects the Pods of the workload.
    #[prost(message, required, tag = "2")]
    pub selector: LabelSelector,
    /// Whether rollouts are paused.
    #[prost(bool, tag = "7")]
    pub paused: bool,
}

/// `apps/v1.DeploymentStatus`.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentStatus {
    /// The `metadata.generation` that this status describes.
    #[prost(int64, tag = "1")]
    pub observed_generation: i64,
    /// Number of Pods of all revisions.
    #[prost(int32, tag = "2")]
    pub replicas: i32,
    /// Number of Pods of the newest revision.
    #[prost(int32, tag = "3")]
    pub updated_replicas: i32,
    /// Number of Pods, of all revisions, that have been ready for at least `minReadySeconds`.
    #[prost(int32, tag = "4")]
    pub available_replicas: i32,
    /// Conditions.
    #[prost(message, repeated, tag = "6")]
    pub conditions: Vec<Condition>,
}

/// `apps/v1.ReplicaSet`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSet {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    pub spec: ReplicaSetSpec,
    /// State that the ReplicaSet controller reports.
    #[prost(message, required, tag = "3")]
    pub status: ReplicaSetStatus,
}

impl KindData for ReplicaSet {
    fn pod_selector(&self) -> Option<&LabelSelector> {
        Some(&self.spec.selector)
    }

    fn pod_selector_mut(&mut self) -> Option<&mut LabelSelector> {
        Some(&mut self.spec.selector)
    }
}

/// `apps/v1.ReplicaSetSpec`, without the Pod template.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetSpec {
    /// Wanted number of Pods; 1 if absent.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// Selects the Pods of the workload.
    #[prost(message, required, tag = "2")]
    pub selector: LabelSelector,
}

/// `apps/v1.ReplicaSetStatus`.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetStatus {
    /// Number of Pods.
    #[prost(int32, tag = "1")]
    pub replicas: i32,
    /// The `metadata.generation` that this status describes.
    #[prost(int64, tag = "3")]
    pub observed_generation: i64,
    /// Number of Pods that have been ready for at least `minReadySeconds`.
    #[prost(int32, tag = "5")]
    pub available_replicas: i32,
    /// Conditions.
    #[prost(message, repeated, tag = "6")]
    pub conditions: Vec<Condition>,
}

/// `apps/v1.StatefulSet`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSet {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    pub spec: StatefulSetSpec,
    /// State that the StatefulSet controller reports.
    #[prost(message, required, tag = "3")]
    pub status: StatefulSetStatus,
}

impl KindData for StatefulSet {
    fn pod_selector(&self) -> Option<&LabelSelector> {
        Some(&self.spec.selector)
    }

    fn pod_selector_mut(&mut self) -> Option<&mut LabelSelector> {
        Some(&mut self.spec.selector)
    }
}

/// `apps/v1.StatefulSetSpec`, without the Pod template.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetSpec {
    /// Wanted number of Pods; 1 if absent.
    #[prost(int32, optional, tag = "1")]
    pub replicas: Option<i32>,
    /// Selects the Pods of the workload.
    #[prost(message, required, tag = "2")]
    pub selector: LabelSelector,
    /// How Pods of an old revision are replaced.
    #[prost(message, required, tag = "7")]
    pub update_strategy: UpdateStrategy,
}

/// `apps/v1.StatefulSetUpdateStrategy`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateStrategy {
    /// `RollingUpdate`, or `OnDelete`: a Pod is replaced only after somebody deletes it.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// Settings of `RollingUpdate`.
    #[prost(message, optional, tag = "2")]
    pub rolling_update: Option<RollingUpdate>,
}

/// `apps/v1.RollingUpdateStatefulSetStrategy`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, Copy, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollingUpdate {
    /// Pods with a lower ordinal are not replaced.
    #[prost(int32, optional, tag = "1")]
    pub partition: Option<i32>,
}

/// `apps/v1.StatefulSetStatus`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetStatus {
    /// The `metadata.generation` that this status describes.
    #[prost(int64, tag = "1")]
    pub observed_generation: i64,
    /// Number of Pods.
    #[prost(int32, tag = "2")]
    pub replicas: i32,
    /// Number of Pods that are ready.
    #[prost(int32, tag = "3")]
    pub ready_replicas: i32,
    /// Number of Pods of the newest revision.
    #[prost(int32, tag = "5")]
    pub updated_replicas: i32,
    /// The revision of the latest rollout that is complete.
    #[prost(string, tag = "6")]
    pub current_revision: String,
    /// The newest revision.
    #[prost(string, tag = "7")]
    pub update_revision: String,
}

/// `apps/v1.DaemonSet`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSet {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    pub spec: DaemonSetSpec,
    /// State that the DaemonSet controller reports.
    #[prost(message, required, tag = "3")]
    pub status: DaemonSetStatus,
}

impl KindData for DaemonSet {
    fn pod_selector(&self) -> Option<&LabelSelector> {
        Some(&self.spec.selector)
    }

    fn pod_selector_mut(&mut self) -> Option<&mut LabelSelector> {
        Some(&mut self.spec.selector)
    }
}

/// `apps/v1.DaemonSetSpec`, without the Pod template.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetSpec {
    /// Selects the Pods of the workload.
    #[prost(message, required, tag = "1")]
    pub selector: LabelSelector,
    /// How Pods of an old revision are replaced.
    #[prost(message, required, tag = "3")]
    pub update_strategy: DaemonSetUpdateStrategy,
}

/// `apps/v1.DaemonSetUpdateStrategy`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetUpdateStrategy {
    /// `RollingUpdate`, or `OnDelete`: a Pod is replaced only after somebody deletes it.
    #[prost(string, tag = "1")]
    pub r#type: String,
}

/// `apps/v1.DaemonSetStatus`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetStatus {
    /// Number of nodes that have a Pod and should have one.
    #[prost(int32, tag = "1")]
    pub current_number_scheduled: i32,
    /// Number of nodes that should have a Pod.
    #[prost(int32, tag = "3")]
    pub desired_number_scheduled: i32,
    /// The `metadata.generation` that this status describes.
    #[prost(int64, tag = "5")]
    pub observed_generation: i64,
    /// Number of nodes that have a Pod of the newest revision.
    #[prost(int32, tag = "6")]
    pub updated_number_scheduled: i32,
    /// Number of nodes whose Pod has been ready for at least `minReadySeconds`.
    #[prost(int32, tag = "7")]
    pub number_available: i32,
}
