//! The runs of a timeline, and the runs that a recording stores.

pub(crate) mod extract;
pub(crate) mod recording_timeline;
pub(crate) mod runs_line;
