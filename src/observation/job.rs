//! Jobs of `batch/v1`.

use serde::{Deserialize, Serialize};
use serde_with::apply;

use crate::observation::kind_data::{KindData, LabelSelector};
use crate::observation::meta::{ObjectMeta, is_default, null_default};
use crate::observation::time::Time;

/// `batch/v1.Job`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Job {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    pub spec: JobSpec,
    /// State that the Job controller reports.
    #[prost(message, required, tag = "3")]
    pub status: JobStatus,
}

impl KindData for Job {
    fn pod_selector(&self) -> Option<&LabelSelector> {
        None
    }

    fn pod_selector_mut(&mut self) -> Option<&mut LabelSelector> {
        None
    }
}

/// `batch/v1.JobSpec`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// How many Pods may run at the same time; 1 if absent.
    #[prost(int32, optional, tag = "1")]
    pub parallelism: Option<i32>,
    /// How many Pods must succeed; absent for a work queue.
    #[prost(int32, optional, tag = "2")]
    pub completions: Option<i32>,
    /// How many seconds the Job may be active, counted from `status.startTime`.
    #[prost(int64, optional, tag = "3")]
    pub active_deadline_seconds: Option<i64>,
    /// Whether the user chose the selector of the Pods. The Job controller then adds no labels to them.
    #[prost(bool, optional, tag = "5")]
    pub manual_selector: Option<bool>,
    /// The template of the Pods.
    #[prost(message, required, tag = "6")]
    pub template: JobPodTemplate,
    /// How many Pods may fail before the Job fails.
    #[prost(int32, optional, tag = "7")]
    pub backoff_limit: Option<i32>,
    /// The number of seconds from the end of the Job to its deletion; absent if the Job is not deleted automatically.
    #[prost(int32, optional, tag = "8")]
    pub ttl_seconds_after_finished: Option<i32>,
    /// Rules that say which failures of Pods count.
    #[prost(message, optional, tag = "11")]
    pub pod_failure_policy: Option<PodFailurePolicy>,
    /// `NonIndexed` or `Indexed`.
    #[prost(string, tag = "9")]
    pub completion_mode: String,
    /// Whether the Job is suspended. A suspended Job must have no Pods.
    #[prost(bool, optional, tag = "10")]
    pub suspend: Option<bool>,
    /// How many Pods of one index may fail before the index fails.
    #[prost(int32, optional, tag = "12")]
    pub backoff_limit_per_index: Option<i32>,
    /// How many indexes may fail before the Job fails; without a limit if absent.
    #[prost(int32, optional, tag = "13")]
    pub max_failed_indexes: Option<i32>,
    /// `TerminatingOrFailed` or `Failed`.
    #[prost(string, tag = "14")]
    pub pod_replacement_policy: String,
    /// The controller that manages the Job; empty for Kubernetes' own Job controller.
    #[prost(string, tag = "15")]
    pub managed_by: String,
    /// Rules that say which successes of indexes are enough for the success of the Job.
    #[prost(message, optional, tag = "16")]
    pub success_policy: Option<SuccessPolicy>,
}

/// `v1.PodTemplateSpec` of a Job, without the metadata.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobPodTemplate {
    /// The desired state of the Pods.
    #[prost(message, required, tag = "2")]
    pub spec: JobPodSpec,
}

/// `v1.PodSpec` in the template of a Job, with the only field that the program uses.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobPodSpec {
    /// How many seconds the containers of a deleted Pod get to stop.
    #[prost(int64, optional, tag = "4")]
    pub termination_grace_period_seconds: Option<i64>,
}

/// `batch/v1.PodFailurePolicy`. The first rule that matches a failed Pod applies.
#[apply(Vec<_> => #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodFailurePolicy {
    /// The rules, in the order of their evaluation.
    #[prost(message, repeated, tag = "1")]
    pub rules: Vec<PodFailurePolicyRule>,
}

/// `batch/v1.PodFailurePolicyRule`.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodFailurePolicyRule {
    /// `FailJob`, `FailIndex`, `Ignore` or `Count`.
    #[prost(string, tag = "1")]
    pub action: String,
    /// The exit codes that the rule matches; absent if the rule matches conditions.
    #[prost(message, optional, tag = "2")]
    pub on_exit_codes: Option<ExitCodeRequirement>,
    /// The conditions of a Pod that the rule matches.
    #[prost(message, repeated, tag = "3")]
    pub on_pod_conditions: Vec<PodConditionPattern>,
}

/// `batch/v1.PodFailurePolicyOnExitCodesRequirement`.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExitCodeRequirement {
    /// The container whose exit code counts; all containers if absent.
    #[prost(string, optional, tag = "1")]
    pub container_name: Option<String>,
    /// `In` or `NotIn`.
    #[prost(string, tag = "2")]
    pub operator: String,
    /// The exit codes.
    #[prost(int32, repeated, tag = "3")]
    pub values: Vec<i32>,
}

/// `batch/v1.PodFailurePolicyOnPodConditionsPattern`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodConditionPattern {
    /// The type of the condition, for example `DisruptionTarget`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// The status of the condition: `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    pub status: String,
}

/// `batch/v1.SuccessPolicy`. The Job succeeds as soon as one of the rules is met.
#[apply(Vec<_> => #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SuccessPolicy {
    /// The rules.
    #[prost(message, repeated, tag = "1")]
    pub rules: Vec<SuccessPolicyRule>,
}

/// `batch/v1.SuccessPolicyRule`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SuccessPolicyRule {
    /// The indexes that must succeed, in the form `0,2-4`; all indexes if absent.
    #[prost(string, optional, tag = "1")]
    pub succeeded_indexes: Option<String>,
    /// How many of these indexes must succeed; all of them if absent.
    #[prost(int32, optional, tag = "2")]
    pub succeeded_count: Option<i32>,
}

/// `batch/v1.JobStatus`.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// Conditions.
    #[prost(message, repeated, tag = "1")]
    pub conditions: Vec<JobCondition>,
    /// When the controller started the Job. The field is absent while the Job is suspended, and is set again on every
    /// resume.
    #[prost(message, optional, tag = "2")]
    pub start_time: Option<Time>,
    /// When the Job completed. The field is absent unless the Job succeeded.
    #[prost(message, optional, tag = "3")]
    pub completion_time: Option<Time>,
    /// Number of Pods that exist, have not ended and are not being deleted.
    #[prost(int32, tag = "4")]
    pub active: i32,
    /// Number of Pods counted as succeeded.
    #[prost(int32, tag = "5")]
    pub succeeded: i32,
    /// Number of Pods counted as failed.
    #[prost(int32, tag = "6")]
    pub failed: i32,
    /// Indexes that succeeded, in the form `0,2-4`.
    #[prost(string, tag = "7")]
    pub completed_indexes: String,
    /// Pods that have ended but are not yet included in `succeeded` and `failed`.
    #[prost(message, optional, tag = "8")]
    pub uncounted_terminated_pods: Option<UncountedTerminatedPods>,
    /// Indexes that failed. Present only with `backoffLimitPerIndex`.
    #[prost(string, optional, tag = "10")]
    pub failed_indexes: Option<String>,
    /// Number of Pods that are being deleted.
    #[prost(int32, optional, tag = "11")]
    pub terminating: Option<i32>,
}

impl JobStatus {
    /// The condition of type `kind`, if its status is `True`.
    pub fn true_condition(&self, kind: &str) -> Option<&JobCondition> {
        self.conditions.iter().find(|condition| condition.r#type == kind && condition.status == "True")
    }
}

/// `batch/v1.JobCondition`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobCondition {
    /// `Complete`, `Failed`, `Suspended`, `FailureTarget` or `SuccessCriteriaMet`.
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

/// `batch/v1.UncountedTerminatedPods`: uids of Pods.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UncountedTerminatedPods {
    /// Pods that succeeded.
    #[prost(string, repeated, tag = "1")]
    pub succeeded: Vec<String>,
    /// Pods that failed.
    #[prost(string, repeated, tag = "2")]
    pub failed: Vec<String>,
}
