//! `kubectl seq`: where did the time of a Job go?
//!
//! Data flows one way: source → lifecycle → timeline → view → surface. See `tests/architecture`, which holds it.

pub mod cli;
pub mod export;
pub mod lifecycle;
pub mod observation;
pub mod source;
pub mod surface;
pub mod timeline;
pub mod view;
