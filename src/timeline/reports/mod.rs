//! Reports about a timeline that are computed on demand: findings, retries, slot time and statistics.

pub(crate) mod findings;
pub(crate) mod retries;
pub(crate) mod slot_accounting;
pub(crate) mod slot_time;
pub(crate) mod summary;
