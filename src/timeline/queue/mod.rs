//! The way of workloads through the queues of Kueue.

pub(crate) mod changes;
pub(crate) mod conditions;
pub(crate) mod history;
pub(crate) mod records;
pub(crate) mod state;
