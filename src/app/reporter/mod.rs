//! The reporters of a run, behind one interface, and their selection.

pub(crate) mod changes;
pub(crate) mod interface;
pub(crate) mod lines;
pub(crate) mod live;
pub(crate) mod once;
pub(crate) mod progress;
pub(crate) mod reported_facts;
pub(crate) mod selection;
pub(crate) mod status_lines;
pub(crate) mod status_text;
