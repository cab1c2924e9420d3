//! CI services, and text that they do not obey.

pub(crate) mod disarm;
pub(crate) mod service;
