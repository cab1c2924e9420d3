//! One reporter per output of a run.

pub(crate) mod lines;
pub(crate) mod live;
