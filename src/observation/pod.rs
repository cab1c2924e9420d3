//! Pods of `core/v1`, with the fields that show when something happened and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_with::apply;

use crate::observation::kind_data::{KindData, LabelSelector};
use crate::observation::meta::{ObjectMeta, is_default, null_default};
use crate::observation::time::Time;

/// `v1.Pod`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    pub spec: PodSpec,
    /// State that the kubelet and the scheduler report.
    #[prost(message, required, tag = "3")]
    pub status: PodStatus,
}

impl Pod {
    /// Whether the node no longer has a container of the Pod that ran before: the kubelet reports it without times, or
    /// containerd reports it with the reason `Unknown`.
    pub(crate) fn has_lost_container(&self) -> bool {
        let is_lost = |terminated: &Terminated| {
            matches!(
                (terminated.reason.as_str(), terminated.exit_code),
                ("ContainerStatusUnknown", _) | ("Unknown", 255)
            )
        };
        let status = &self.status;
        let statuses = status.container_statuses.iter().chain(&status.init_container_statuses);
        let mut ends = statuses.flat_map(|status| [&status.state, &status.last_state]);
        ends.any(|state| state.terminated.as_ref().is_some_and(is_lost))
    }

    /// Reduces the images of the main containers to their digests, and removes those of the other containers.
    pub(crate) fn keep_image_digests(&mut self) {
        let PodStatus { container_statuses, init_container_statuses, ephemeral_container_statuses, .. } =
            &mut self.status;
        container_statuses.iter_mut().for_each(ContainerStatus::keep_digest);
        for status in init_container_statuses.iter_mut().chain(ephemeral_container_statuses) {
            status.image_id.clear();
        }
    }
}

impl KindData for Pod {
    fn pod_selector(&self) -> Option<&LabelSelector> {
        None
    }

    fn pod_selector_mut(&mut self) -> Option<&mut LabelSelector> {
        None
    }
}

/// `v1.PodSpec`.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Main containers, in the order in which the kubelet starts them.
    #[prost(message, repeated, tag = "2")]
    pub containers: Vec<Container>,
    /// `Always`, `OnFailure` or `Never`.
    #[prost(string, tag = "3")]
    pub restart_policy: String,
    /// How many seconds a container has to stop before the kubelet kills it.
    #[prost(int64, optional, tag = "4")]
    pub termination_grace_period_seconds: Option<i64>,
    /// The node; empty until the Pod is scheduled.
    #[prost(string, tag = "10")]
    pub node_name: String,
    /// Init containers and sidecars, in the order in which the kubelet starts them.
    #[prost(message, repeated, tag = "20")]
    pub init_containers: Vec<Container>,
    /// Debug containers. They never influence a phase.
    #[prost(message, repeated, tag = "34")]
    pub ephemeral_containers: Vec<EphemeralContainer>,
    /// Gates that still keep the scheduler from scheduling the Pod.
    #[prost(message, repeated, tag = "38")]
    pub scheduling_gates: Vec<SchedulingGate>,
    /// The group of Pods that the scheduler schedules together; since Kubernetes 1.36.
    #[prost(message, optional, tag = "43")]
    pub scheduling_group: Option<SchedulingGroup>,
}

/// `v1.PodSchedulingGroup`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SchedulingGroup {
    /// Name of the PodGroup.
    #[prost(string, optional, tag = "1")]
    pub pod_group_name: Option<String>,
}

/// `v1.Container`, without command, arguments and environment.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Name, unique within the Pod.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The image, as the user wrote it.
    #[prost(string, tag = "2")]
    pub image: String,
    /// Requested resources.
    #[prost(message, optional, tag = "8")]
    pub resources: Option<Resources>,
    /// The readiness probe.
    #[prost(message, optional, tag = "11")]
    pub readiness_probe: Option<Probe>,
    /// The startup probe.
    #[prost(message, optional, tag = "22")]
    pub startup_probe: Option<Probe>,
    /// Overrides the Pod's restart policy. `Always` on an init container makes it a sidecar.
    #[prost(string, tag = "24")]
    pub restart_policy: String,
    /// Exceptions to the restart policy for certain exit codes. The first rule that matches applies.
    #[prost(message, repeated, tag = "25")]
    pub restart_policy_rules: Vec<RestartRule>,
}

impl Container {
    /// Whether a probe decides when the container is ready.
    pub fn has_ready_probe(&self) -> bool {
        self.readiness_probe.is_some() || self.startup_probe.is_some()
    }
}

/// `v1.Probe`, without any field: only its presence matters.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
pub struct Probe {}

/// `v1.ContainerRestartRule`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestartRule {
    /// `Restart` or `RestartAllContainers`.
    #[prost(string, tag = "1")]
    pub action: String,
    /// The exit codes that the rule applies to.
    #[prost(message, optional, tag = "2")]
    pub exit_codes: Option<RestartExitCodes>,
}

/// `v1.ContainerRestartRuleOnExitCodes`.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestartExitCodes {
    /// `In` or `NotIn`.
    #[prost(string, tag = "1")]
    pub operator: String,
    /// Exit codes.
    #[prost(int32, repeated, packed = "false", tag = "2")]
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

/// `v1.ResourceRequirements`, without limits.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    BTreeMap<_, _> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resources {
    /// Requests by resource name.
    #[prost(btree_map = "string, message", tag = "2")]
    pub requests: BTreeMap<String, Quantity>,
}

/// `resource.Quantity`: a number with a suffix, for example `500m` or `1Gi`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quantity {
    /// The quantity, as the user wrote it.
    #[prost(string, tag = "1")]
    pub string: String,
}

/// `v1.PodSchedulingGate`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SchedulingGate {
    /// Name of the gate.
    #[prost(string, tag = "1")]
    pub name: String,
}

/// `v1.PodStatus`.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    #[prost(string, tag = "1")]
    pub phase: String,
    /// Conditions.
    #[prost(message, repeated, tag = "2")]
    pub conditions: Vec<PodCondition>,
    /// Why the Pod is in this phase, as a sentence for people.
    #[prost(string, tag = "3")]
    pub message: String,
    /// Why the Pod is in this phase: `Evicted`, `NodeAffinity`, `DeadlineExceeded` …
    #[prost(string, tag = "4")]
    pub reason: String,
    /// When the kubelet first wrote the status, truncated to the second.
    #[prost(message, optional, tag = "7")]
    pub start_time: Option<Time>,
    /// Main containers, in alphabetical order.
    #[prost(message, repeated, tag = "8")]
    pub container_statuses: Vec<ContainerStatus>,
    /// Init containers and sidecars, in the order of the spec.
    #[prost(message, repeated, tag = "10")]
    pub init_container_statuses: Vec<ContainerStatus>,
    /// Debug containers.
    #[prost(message, repeated, tag = "13")]
    pub ephemeral_container_statuses: Vec<ContainerStatus>,
}

impl PodStatus {
    /// The condition of type `kind`.
    pub fn condition(&self, kind: &str) -> Option<&PodCondition> {
        self.conditions.iter().find(|condition| condition.r#type == kind)
    }
}

/// `v1.PodCondition`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodCondition {
    /// `PodScheduled`, `Initialized`, `Ready` …
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    pub status: String,
    /// When `status` last changed, truncated to the second.
    #[prost(message, optional, tag = "4")]
    pub last_transition_time: Option<Time>,
    /// The reason, in one word.
    #[prost(string, tag = "5")]
    pub reason: String,
    /// The reason, as a sentence for people.
    #[prost(string, tag = "6")]
    pub message: String,
}

/// `v1.ContainerStatus`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    /// Name of the container that the status belongs to.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The current state.
    #[prost(message, required, tag = "2")]
    pub state: ContainerState,
    /// The end of the previous run. The kubelet does not report earlier runs.
    #[prost(message, required, tag = "3")]
    pub last_state: ContainerState,
    /// Whether the readiness probe succeeds.
    #[prost(bool, tag = "4")]
    pub ready: bool,
    /// How often the container was restarted.
    #[prost(int32, tag = "5")]
    pub restart_count: i32,
    /// The digest of the image, for example `sha256:` and 64 digits; [`Pod::keep_image_digests`] removes the rest of the
    /// runtime's text.
    #[prost(string, tag = "7")]
    #[serde(rename = "imageID")]
    pub image_id: String,
    /// The id that the runtime gave to the current run.
    #[prost(string, tag = "8")]
    #[serde(rename = "containerID")]
    pub container_id: String,
    /// Whether the startup probe has passed.
    #[prost(bool, optional, tag = "9")]
    pub started: Option<bool>,
}

impl ContainerStatus {
    /// Reduces `imageID` to the digest of the image. Runtimes write the name of the repository or a scheme before it.
    fn keep_digest(&mut self) {
        let digest = self.image_id.rfind(SHA256).and_then(|start| {
            let digest = self.image_id.get(start..start + DIGEST_BYTES)?;
            digest[SHA256.len()..].bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| digest.to_owned())
        });
        self.image_id = digest.unwrap_or_default();
    }
}

/// The start of a digest.
const SHA256: &str = "sha256:";

/// The length of a digest.
const DIGEST_BYTES: usize = SHA256.len() + 64;

/// `v1.ContainerState`. At most one of the fields is set.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerState {
    /// The container is not running.
    #[prost(message, optional, tag = "1")]
    pub waiting: Option<Waiting>,
    /// The container is running.
    #[prost(message, optional, tag = "2")]
    pub running: Option<Running>,
    /// The container has ended.
    #[prost(message, optional, tag = "3")]
    pub terminated: Option<Terminated>,
}

/// `v1.ContainerStateWaiting`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Waiting {
    /// `ContainerCreating`, `ErrImagePull`, `CrashLoopBackOff` …
    #[prost(string, tag = "1")]
    pub reason: String,
    /// The reason, as a sentence for people.
    #[prost(string, tag = "2")]
    pub message: String,
}

/// `v1.ContainerStateRunning`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// When the run started, truncated to the second.
    #[prost(message, optional, tag = "1")]
    pub started_at: Option<Time>,
}

/// `v1.ContainerStateTerminated`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    /// Exit code of the process. 128 + n means that signal n killed it.
    #[prost(int32, tag = "1")]
    pub exit_code: i32,
    /// The signal that ended the process. The kubelet never sets this field.
    #[prost(int32, tag = "2")]
    pub signal: i32,
    /// `Completed`, `Error`, `OOMKilled`, `StartError`, `ContainerStatusUnknown` …
    #[prost(string, tag = "3")]
    pub reason: String,
    /// The termination log, or the error of the runtime.
    #[prost(string, tag = "4")]
    pub message: String,
    /// When the run started, truncated to the second. The value may mean "none", see [`Time::known`].
    #[prost(message, optional, tag = "5")]
    pub started_at: Option<Time>,
    /// When the run ended, truncated to the second. The value may mean "none", see [`Time::known`].
    #[prost(message, optional, tag = "6")]
    pub finished_at: Option<Time>,
    /// The id that the runtime gave to this run.
    #[prost(string, tag = "7")]
    #[serde(rename = "containerID")]
    pub container_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_digest_of_an_image_is_kept() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let kept = |image_id: &str| {
            let status = ContainerStatus { image_id: image_id.to_owned(), ..ContainerStatus::default() };
            let status = PodStatus {
                container_statuses: vec![status.clone()],
                init_container_statuses: vec![status],
                ..PodStatus::default()
            };
            let mut pod = Pod { status, ..Pod::default() };
            pod.keep_image_digests();
            assert_eq!(pod.status.init_container_statuses[0].image_id, "");
            pod.status.container_statuses[0].image_id.clone()
        };
        assert_eq!(kept(&digest), digest);
        assert_eq!(kept(&format!("docker-pullable://registry.example/team/app@{digest}")), digest);
        assert_eq!(kept(&format!("{digest} and more")), digest);
        for other in ["", "registry.example/secret", "sha256:0a0a", &digest.replace('a', "ä"), "sha256:ä"] {
            assert_eq!(kept(other), "", "{other}");
        }
    }
}
