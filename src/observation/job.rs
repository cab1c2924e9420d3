//! Jobs of `batch/v1`.

use serde::{Deserialize, Serialize};

use super::meta::{ObjectMeta, is_default, null_default};
use super::time::Time;

/// `batch/v1.Job`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Job {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: JobSpec,
    /// What the Job controller says.
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: JobStatus,
}

/// `batch/v1.JobSpec`, without the Pod template.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// How many Pods may run at once; 1 if absent.
    #[prost(int32, optional, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub parallelism: Option<i32>,
    /// How many Pods must succeed; none for a work queue.
    #[prost(int32, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub completions: Option<i32>,
    /// Seconds the Job may be active, from `status.startTime`.
    #[prost(int64, optional, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub active_deadline_seconds: Option<i64>,
    /// Failures before the Job fails.
    #[prost(int32, optional, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub backoff_limit: Option<i32>,
    /// `NonIndexed` or `Indexed`.
    #[prost(string, tag = "9")]
    #[serde(skip_serializing_if = "is_default")]
    pub completion_mode: String,
    /// Whether the Job is to have no Pods.
    #[prost(bool, optional, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub suspend: Option<bool>,
    /// Failures of one index before the index fails.
    #[prost(int32, optional, tag = "12")]
    #[serde(skip_serializing_if = "is_default")]
    pub backoff_limit_per_index: Option<i32>,
    /// `TerminatingOrFailed` or `Failed`.
    #[prost(string, tag = "14")]
    #[serde(skip_serializing_if = "is_default")]
    pub pod_replacement_policy: String,
    /// The controller in charge, if it is not Kubernetes' own.
    #[prost(string, tag = "15")]
    #[serde(skip_serializing_if = "is_default")]
    pub managed_by: String,
}

/// `batch/v1.JobStatus`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// Conditions.
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub conditions: Vec<JobCondition>,
    /// When the controller began; absent while suspended, new on every resume.
    #[prost(message, optional, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub start_time: Option<Time>,
    /// Only on success.
    #[prost(message, optional, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub completion_time: Option<Time>,
    /// Pods that exist, have not ended and are not being deleted.
    #[prost(int32, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub active: i32,
    /// Pods counted as succeeded.
    #[prost(int32, tag = "5")]
    #[serde(skip_serializing_if = "is_default")]
    pub succeeded: i32,
    /// Pods counted as failed.
    #[prost(int32, tag = "6")]
    #[serde(skip_serializing_if = "is_default")]
    pub failed: i32,
    /// Indexes that succeeded, as `0,2-4`.
    #[prost(string, tag = "7")]
    #[serde(skip_serializing_if = "is_default")]
    pub completed_indexes: String,
    /// Pods seen to end that are not in the counters yet.
    #[prost(message, optional, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub uncounted_terminated_pods: Option<UncountedTerminatedPods>,
    /// Indexes that failed; only with `backoffLimitPerIndex`.
    #[prost(string, optional, tag = "10")]
    #[serde(skip_serializing_if = "is_default")]
    pub failed_indexes: Option<String>,
    /// Pods that are being deleted.
    #[prost(int32, optional, tag = "11")]
    #[serde(skip_serializing_if = "is_default")]
    pub terminating: Option<i32>,
}

impl JobStatus {
    /// The condition of that type, if it is true.
    pub fn is_true(&self, kind: &str) -> Option<&JobCondition> {
        self.conditions.iter().find(|condition| condition.r#type == kind && condition.status == "True")
    }
}

/// `batch/v1.JobCondition`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobCondition {
    /// `Complete`, `Failed`, `Suspended`, `FailureTarget`, `SuccessCriteriaMet`.
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

/// `batch/v1.UncountedTerminatedPods`: uids.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UncountedTerminatedPods {
    /// Succeeded.
    #[prost(string, repeated, tag = "1")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub succeeded: Vec<String>,
    /// Failed.
    #[prost(string, repeated, tag = "2")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub failed: Vec<String>,
}
