//! Exports: a run in the formats of other programs.

pub(crate) mod csv;
pub(crate) mod kwok;
pub(crate) mod lanes;
pub(crate) mod svg;
pub(crate) mod trace;
