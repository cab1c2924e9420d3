//! Pods: the fields of `core/v1` that tell when something happened, and nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::meta::{ObjectMeta, is_default, null_default};
use super::time::Time;

/// `v1.Pod`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: PodSpec,
    /// What the kubelet says.
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: PodStatus,
}

/// `v1.PodSpec`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Main containers, in the order of their start.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub containers: Vec<Container>,
    /// `Always`, `OnFailure` or `Never`.
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub restart_policy: String,
    /// Seconds that a stopping container is given.
    #[prost(int64, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub termination_grace_period_seconds: Option<i64>,
    /// The node; empty until scheduled.
    #[prost(string, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub node_name: String,
    /// Init containers and sidecars, in the order of their start.
    #[prost(message, repeated, tag = "20")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub init_containers: Vec<Container>,
    /// Debug containers; never part of a phase.
    #[prost(message, repeated, tag = "34")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub ephemeral_containers: Vec<EphemeralContainer>,
    /// What still holds the Pod back from the scheduler.
    #[prost(message, repeated, tag = "38")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub scheduling_gates: Vec<SchedulingGate>,
}

/// `v1.Container`, without command, arguments and environment.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Name, unique within the Pod.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// Image as the user wrote it.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub image: String,
    /// Requests.
    #[prost(message, optional, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub resources: Option<Resources>,
    /// Overrides the Pod's; `Always` on an init container makes it a sidecar.
    #[prost(string, tag = "24")]
    #[serde(skip_serializing_if = "is_default")]
    pub restart_policy: String,
    /// Exceptions to the restart policy, by exit code; the first that matches decides.
    #[prost(message, repeated, tag = "25")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub restart_policy_rules: Vec<RestartRule>,
}

/// `v1.ContainerRestartRule`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestartRule {
    /// `Restart` or `RestartAllContainers`.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub action: String,
    /// The exit codes that it is for.
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub exit_codes: Option<RestartExitCodes>,
}

/// `v1.ContainerRestartRuleOnExitCodes`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestartExitCodes {
    /// `In` or `NotIn`.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub operator: String,
    /// Exit codes.
    #[prost(int32, repeated, packed = "false", tag = "2")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub values: Vec<i32>,
}

/// `v1.EphemeralContainer`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct EphemeralContainer {
    /// The container.
    #[prost(message, optional, tag = "1")]
    #[serde(flatten)]
    pub common: Option<Container>,
}

/// `v1.ResourceRequirements`, requests only.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resources {
    /// Requests by resource name.
    #[prost(btree_map = "string, message", tag = "2")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub requests: BTreeMap<String, Quantity>,
}

/// `resource.Quantity`: a number with a suffix, `500m` or `1Gi`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quantity {
    /// As written.
    #[prost(string, tag = "1")]
    pub string: String,
}

/// `v1.PodSchedulingGate`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SchedulingGate {
    /// Name of the gate.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
}

/// `v1.PodStatus`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub phase: String,
    /// Conditions.
    #[prost(message, repeated, tag = "2")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub conditions: Vec<PodCondition>,
    /// Why the Pod is in this phase, for people.
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// Why the Pod is in this phase: `Evicted`, `NodeAffinity`, `DeadlineExceeded` …
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    /// The kubelet's first write, truncated to the second.
    #[prost(message, optional, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub start_time: Option<Time>,
    /// Main containers, in alphabetical order.
    #[prost(message, repeated, tag = "8")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub container_statuses: Vec<ContainerStatus>,
    /// Init containers and sidecars.
    #[prost(message, repeated, tag = "10")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub init_container_statuses: Vec<ContainerStatus>,
    /// Debug containers.
    #[prost(message, repeated, tag = "13")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub ephemeral_container_statuses: Vec<ContainerStatus>,
}

impl PodStatus {
    /// The condition of that type.
    pub fn condition(&self, kind: &str) -> Option<&PodCondition> {
        self.conditions.iter().find(|condition| condition.r#type == kind)
    }
}

/// `v1.PodCondition`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodCondition {
    /// `PodScheduled`, `Initialized`, `Ready` …
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: String,
    /// When `status` last changed, truncated to the second.
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_transition_time: Option<Time>,
    /// Why, one word.
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    /// Why, for people.
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
}

/// `v1.ContainerStatus`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    /// Name; what a status is matched by.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// Now.
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub state: ContainerState,
    /// The run before; only that one.
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_state: ContainerState,
    /// Whether it answers its readiness probe.
    #[prost(bool, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub ready: bool,
    /// How often it was started again.
    #[prost(int32, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub restart_count: i32,
    /// The runtime's id of the present run.
    #[prost(string, tag = "8")]
    #[serde(rename = "containerID", skip_serializing_if = "is_default")]
    pub container_id: String,
    /// Whether the startup probe has passed.
    #[prost(bool, optional, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub started: Option<bool>,
}

/// `v1.ContainerState`: at most one of them.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerState {
    /// Not running, and why.
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub waiting: Option<Waiting>,
    /// Running.
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub running: Option<Running>,
    /// Ended.
    #[prost(message, optional, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub terminated: Option<Terminated>,
}

/// `v1.ContainerStateWaiting`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Waiting {
    /// `ContainerCreating`, `ErrImagePull`, `CrashLoopBackOff` …
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    /// For people.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
}

/// `v1.ContainerStateRunning`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// Truncated to the second.
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub started_at: Option<Time>,
}

/// `v1.ContainerStateTerminated`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    /// Exit code of the process; 128 + n: killed by signal n.
    #[prost(int32, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub exit_code: i32,
    /// Never set by the kubelet.
    #[prost(int32, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub signal: i32,
    /// `Completed`, `Error`, `OOMKilled`, `StartError`, `ContainerStatusUnknown` …
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    /// Termination log or the runtime's error.
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// Truncated to the second; may be one of the ways to write "none".
    #[prost(message, optional, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub started_at: Option<Time>,
    /// Truncated to the second; may be one of the ways to write "none".
    #[prost(message, optional, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub finished_at: Option<Time>,
    /// The runtime's id of this run.
    #[prost(string, tag = "7")]
    #[serde(rename = "containerID", skip_serializing_if = "is_default")]
    pub container_id: String,
}
