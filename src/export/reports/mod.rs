//! The entries of reports about workloads: the summary, findings, tables by node and image, budgets, and predictions.

pub(crate) mod breakdown;
pub(crate) mod budget;
pub(crate) mod findings;
pub(crate) mod summary;
pub(crate) mod what_if;
