//! Slot time: how a workload used its slots, with the ranges of all parts.

pub(crate) mod account;
pub(crate) mod accounting;
pub(crate) mod idle;
pub(crate) mod ranges;
pub(crate) mod slot_time;
pub(crate) mod state;
