//! CronJobs of `batch/v1`.

use serde::{Deserialize, Serialize};
use serde_with::apply;

use crate::observation::event::ObjectReference;
use crate::observation::kind_data::{KindData, LabelSelector};
use crate::observation::meta::{ObjectMeta, is_default, null_default};
use crate::observation::time::Time;

/// `batch/v1.CronJob`.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJob {
    /// Metadata.
    #[prost(message, required, tag = "1")]
    pub metadata: ObjectMeta,
    /// Desired state.
    #[prost(message, required, tag = "2")]
    pub spec: CronJobSpec,
    /// State that the CronJob controller reports.
    #[prost(message, required, tag = "3")]
    pub status: CronJobStatus,
}

impl KindData for CronJob {
    fn pod_selector(&self) -> Option<&LabelSelector> {
        None
    }

    fn pod_selector_mut(&mut self) -> Option<&mut LabelSelector> {
        None
    }
}

/// `batch/v1.CronJobSpec`, without the Job template.
#[apply(_ => #[serde(skip_serializing_if = "is_default")])]
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobSpec {
    /// When Jobs are created, in the syntax of cron.
    #[prost(string, tag = "1")]
    pub schedule: String,
    /// Whether the CronJob is suspended. A suspended CronJob creates no Jobs.
    #[prost(bool, optional, tag = "4")]
    pub suspend: Option<bool>,
    /// Time zone of the schedule; if absent, the time zone of the controller's process.
    #[prost(string, optional, tag = "8")]
    pub time_zone: Option<String>,
}

/// `batch/v1.CronJobStatus`.
#[apply(
    _ => #[serde(skip_serializing_if = "is_default")],
    Vec<_> => #[serde(deserialize_with = "null_default")],
)]
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobStatus {
    /// The running Jobs of the CronJob.
    #[prost(message, repeated, tag = "1")]
    pub active: Vec<ObjectReference>,
    /// The latest scheduled time for which the controller created a Job.
    #[prost(message, optional, tag = "4")]
    pub last_schedule_time: Option<Time>,
}
