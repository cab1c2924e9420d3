//! Instants and durations, each with its interval.

pub(crate) mod duration_text;
pub(crate) mod instant;
pub(crate) mod instant_error;
pub(crate) mod ranged_duration;
