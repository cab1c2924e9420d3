//! The sources of observations: a live cluster, a simulation, a recording.
//!
//! Every source is a [`Feed`]: a bounded stream of [`Update`]s, and the clock that their timestamps come from. A source
//! does not know how its observations are used.

pub(crate) mod address;
pub(crate) mod clock;
pub(crate) mod cluster;
pub(crate) mod diagnostics;
pub(crate) mod error;
pub(crate) mod feed;
pub(crate) mod kubectl;
pub(crate) mod nearest;
pub(crate) mod recording;
pub(crate) mod simulation;
pub(crate) mod trace_receiver;

pub(crate) use crate::source::error::{ErrorKind, SourceError};
pub use crate::source::feed::Update;
pub(crate) use crate::source::feed::{Feed, Progress};
