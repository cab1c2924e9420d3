//! The what-if: predicts how a finished Job would have run with a change, for example with more Pods at once.
//!
//! The model first repeats the run without a change. It makes predictions only if the repetition takes about as long as
//! the run did.

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
