//! Gangs: workloads whose Pods work only together, and how long their first members waited for the last one.

pub(crate) mod attempts;
pub(crate) mod late_cause;
pub(crate) mod report;
