//! Budgets: conditions on the times of a workload, and the check whether a workload exceeds them.

pub(crate) mod check;
pub(crate) mod condition;
pub(crate) mod parser;
#[cfg(test)]
mod tests;
