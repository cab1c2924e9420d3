//! Reports about a timeline that are computed on demand: findings, retries, slot time and statistics.

pub(crate) mod back_offs;
pub(crate) mod breakdown;
pub(crate) mod counted_results;
pub(crate) mod disruptions;
pub(crate) mod fatal_causes;
pub(crate) mod fatal_kind;
pub(crate) mod final_failures;
pub(crate) mod findings;
pub(crate) mod forecast;
pub(crate) mod forecast_random;
pub(crate) mod lost_work;
pub(crate) mod pull_failures;
pub(crate) mod queues;
pub(crate) mod reserved;
pub(crate) mod retries;
pub(crate) mod slots;
pub(crate) mod start_failures;
pub(crate) mod stops;
pub(crate) mod stragglers;
pub(crate) mod summary;
pub(crate) mod time_left;
pub(crate) mod waits;
