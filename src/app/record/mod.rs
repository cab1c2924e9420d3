//! `kubectl seq record`: follows everything that runs, and keeps each run when it has ended.
//!
//! Each run has a timeline of its own, which is dropped with the run, so the memory does not grow with the number of runs.

pub(crate) mod collector;
pub(crate) mod dropped_lines;
pub(crate) mod event_loop;
pub(crate) mod finished_run;
pub(crate) mod followed_run;
pub(crate) mod preemptor_events;
pub(crate) mod report;
pub(crate) mod resumed_run;
pub(crate) mod retention;
pub(crate) mod rollout_objects;
#[cfg(test)]
mod tests;
pub(crate) mod trace_queue;
pub(crate) mod writer;
