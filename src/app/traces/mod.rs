//! Traces of runs: the user's options, and the push to a receiver.

pub(crate) mod options;
pub(crate) mod push;
