//! Workloads and their Pods, derived from observations, with their statistics.
//!
//! This module is pure: it uses no clock and no I/O. [`Timeline::apply`] adds an observation. [`Timeline::recompute`]
//! updates the workloads and Pods that depend on new observations. All other public methods only read.

#![warn(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

pub(crate) mod apply;
pub(crate) mod budget;
pub(crate) mod comparison;
pub(crate) mod completion;
pub(crate) mod dated_interval;
pub(crate) mod fast_map;
pub(crate) mod gang;
pub(crate) mod gone_pods;
pub(crate) mod grouping;
pub(crate) mod intervals;
pub(crate) mod nearest_rank;
pub(crate) mod pods;
pub(crate) mod queue;
pub(crate) mod recompute;
pub(crate) mod reports;
pub(crate) mod statistics;
#[expect(clippy::module_inception, reason = "the file holds the type that the folder is named after")]
pub(crate) mod timeline;
pub(crate) mod unreported;
pub(crate) mod what_if;
pub(crate) mod workloads;

pub(crate) use budget::check::{BudgetCheck, Measured};
#[cfg(test)]
pub(crate) use budget::condition::SlotUse;
pub(crate) use budget::condition::{BudgetCondition, BudgetUnit};
pub(crate) use gang::report::{GangReport, GangStart, is_worth_a_sentence};
pub(crate) use nearest_rank::nearest_rank;
pub(crate) use pods::images::{ImagePulls, image_pulls};
pub(crate) use pods::overview::PodOverview;
pub(crate) use pods::pod::PodIdentity;
pub use pods::pod::PodKey;
pub use pods::pod::TimelinePod;
pub(crate) use queue::state::{Queue, QueueState, QueueStateKind};
pub use reports::breakdown::BreakdownBy;
pub(crate) use reports::breakdown::BreakdownRow;
pub(crate) use reports::disruptions::{Disruption, Replacements};
pub use reports::fatal_kind::{FatalCause, FatalKind};
pub(crate) use reports::findings::finding::{Finding, FindingKind};
pub(crate) use reports::findings::number_text::{format_bytes, to_percent};
pub use reports::forecast::TimeLeft;
pub use reports::lost_work::{LossCause, LostWork};
pub(crate) use reports::pull_failures::PullFailure;
#[cfg(test)]
pub(crate) use reports::queues::held::HeldReason;
pub(crate) use reports::queues::held::HeldTime;
pub(crate) use reports::queues::held::{HeldStretch, held_stretches};
pub(crate) use reports::reserved::ReservedResource;
pub use reports::retries::OpenRetry;
pub(crate) use reports::retries::Retry;
#[cfg(test)]
pub(crate) use reports::slots::ranges::SlotUncertainty;
pub(crate) use reports::slots::slot_time::SlotTime;
pub(crate) use reports::stops::Stop;
pub(crate) use reports::summary::Percentiles;
pub use reports::summary::Summary;
pub(crate) use reports::summary::WorkloadAccount;
pub(crate) use reports::waits::Wait;
pub(crate) use timeline::Changes;
pub use timeline::Timeline;
pub use what_if::change::RunChange;
pub(crate) use what_if::other_runs::OtherRuns;
pub use what_if::predict::{Backtest, ObservedRun, PredictedTime, Prediction, WhatIf, WhatIfRequest};
pub use what_if::refusal::{PredictionRefusal, RefusalKind};
pub(crate) use what_if::sibling_runs::is_other_run;
pub use workloads::hold::Hold;
pub(crate) use workloads::workload::Parent;
pub use workloads::workload::{Capacity, Workload, WorkloadState};
