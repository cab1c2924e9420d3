//! The overview: one row for each workload, with a bar that divides its slot time.

pub(crate) mod conclusions;
pub(crate) mod fold;
pub(crate) mod overview;
pub(crate) mod rows;
pub(crate) mod start_text;
