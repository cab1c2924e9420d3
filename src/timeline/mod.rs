//! Workloads and their Pods, derived from observations, with their statistics.
//!
//! Pure: no clock, no I/O. [`Timeline::apply`] adds an observation, [`Timeline::recompute`] updates what follows from it, and
//! all other methods only read.

#![warn(clippy::wildcard_enum_match_arm)]

pub(crate) mod apply;
pub(crate) mod attempt_numbers;
pub(crate) mod bare_pod;
pub(crate) mod clocks;
pub(crate) mod completion;
pub(crate) mod controller;
pub(crate) mod creation_times;
pub(crate) mod cron_job;
pub(crate) mod fast_map;
pub(crate) mod findings;
pub(crate) mod grouping;
pub(crate) mod hold;
pub(crate) mod images;
pub(crate) mod job;
pub(crate) mod overview;
pub(crate) mod owner_records;
pub(crate) mod pod;
pub(crate) mod pod_store;
pub(crate) mod recompute;
pub(crate) mod record;
pub(crate) mod refusal;
pub(crate) mod retries;
pub(crate) mod rollout;
pub(crate) mod slot_accounting;
pub(crate) mod slot_time;
pub(crate) mod summary;
pub(crate) mod suspension;
#[expect(clippy::module_inception, reason = "the file holds the type that the folder is named after")]
pub(crate) mod timeline;
pub(crate) mod tree;
pub(crate) mod unreported;
pub(crate) mod workload;
pub(crate) mod workload_rules;

pub(crate) use findings::Wait;
pub use hold::Hold;
pub(crate) use images::{ImagePulls, image_pulls};
pub(crate) use overview::PodOverview;
#[cfg(test)]
pub(crate) use pod::PodIdentity;
pub(crate) use pod::PodKey;
pub use pod::TimelinePod;
pub use retries::OpenRetry;
pub(crate) use retries::Retry;
pub(crate) use slot_time::SlotTime;
pub(crate) use summary::Percentiles;
pub use summary::Summary;
pub(crate) use timeline::Changes;
pub use timeline::Timeline;
pub(crate) use workload::Parent;
pub use workload::{Capacity, Workload, WorkloadState};
