//! CronJobs of `batch/v1`.

use serde::{Deserialize, Serialize};

use super::event::ObjectReference;
use super::meta::{ObjectMeta, is_default, null_default};
use super::time::Time;

/// `batch/v1.CronJob`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJob {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    #[serde(skip_serializing_if = "is_default")]
    pub spec: CronJobSpec,
    /// What its controller says.
    #[prost(message, required, tag = "3")]
    #[serde(skip_serializing_if = "is_default")]
    pub status: CronJobStatus,
}

/// `batch/v1.CronJobSpec`, without the Job template.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobSpec {
    /// When Jobs are made, as cron writes it.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "is_default")]
    pub schedule: String,
    /// Whether it is to make no Jobs.
    #[prost(bool, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub suspend: Option<bool>,
    /// Time zone of the schedule; its controller's own if absent.
    #[prost(string, optional, tag = "8")]
    #[serde(skip_serializing_if = "is_default")]
    pub time_zone: Option<String>,
}

/// `batch/v1.CronJobStatus`.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobStatus {
    /// Its Jobs that run.
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_default")]
    pub active: Vec<ObjectReference>,
    /// The latest time of the schedule for which it made a Job.
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "is_default")]
    pub last_schedule_time: Option<Time>,
}
