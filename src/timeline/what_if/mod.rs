//! The what-if: predicts how a finished Job would have run with a change, for example with more Pods at once.
//!
//! The model of the run first repeats the run as it was. Only if the model reproduces the run, it predicts.

pub(crate) mod bootstrap;
pub(crate) mod candidates;
pub(crate) mod change;
pub(crate) mod other_runs;
pub(crate) mod others;
pub(crate) mod play;
pub(crate) mod pod_times;
pub(crate) mod predict;
pub(crate) mod refusal;
pub(crate) mod run_model;
pub(crate) mod search;
pub(crate) mod sibling_runs;
#[cfg(test)]
mod tests;
