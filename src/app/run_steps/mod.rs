//! The steps of a run outside the event loop. Each module adds methods to the type `Run`.

pub(crate) mod budget;
pub(crate) mod diagnostic_lines;
pub(crate) mod missing_objects;
pub(crate) mod out_of_date;
pub(crate) mod run_ending;
pub(crate) mod run_failures;
pub(crate) mod run_messages;
pub(crate) mod run_reports;
pub(crate) mod trace_push;
pub(crate) mod what_if;
