//! Findings: at most three sentences about the most expensive losses of a workload, and the facts that they rest on.

pub(crate) mod back_off_facts;
pub(crate) mod facts;
pub(crate) mod finding;
pub(crate) mod idle_facts;
pub(crate) mod loss_groups;
pub(crate) mod number_text;
pub(crate) mod pull_facts;
pub(crate) mod selection;
pub(crate) mod straggler_facts;
