//! The CI services, and the removal of commands from text that a CI service reads.

pub(crate) mod disarm;
pub(crate) mod service;
