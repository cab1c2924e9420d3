//! Comparison of the runs of the same work: two runs or two groups of runs, and the history of many runs.
//!
//! A [`WorkloadRun`] holds everything that a comparison needs about a run, so that the timeline of the run can be dropped.

pub(crate) mod change_text;
pub(crate) mod changed;
pub(crate) mod conditions;
pub(crate) mod diff;
pub(crate) mod history;
pub(crate) mod judgement;
pub(crate) mod phase_samples;
pub(crate) mod rounded_slots;
pub(crate) mod row_subject;
pub(crate) mod rows;
pub(crate) mod run;
pub(crate) mod run_reading;
pub(crate) mod sentence;
pub(crate) mod slot_deltas;
pub(crate) mod stand_out;
pub(crate) mod stored_run;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod trend;
pub(crate) mod work_key;

pub(crate) use change_text::format_change;
pub(crate) use changed::ChangedCondition;
pub(crate) use diff::{Diff, DiffOptions};
pub(crate) use history::{WorkHistory, group_by_work};
pub(crate) use judgement::DiffResult;
pub(crate) use rounded_slots::RoundedSlots;
pub(crate) use rows::{DiffRow, RowMark};
pub(crate) use run::{WorkloadRun, list_runs};
pub(crate) use run_reading::{RunReading, RunSource};
pub(crate) use sentence::{phase_name, row_name};
pub(crate) use stored_run::{STORED_RUN_RULES, StoredRun};
pub(crate) use trend::Trend;
pub(crate) use work_key::WorkKey;
