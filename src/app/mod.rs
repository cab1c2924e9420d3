//! One run of a command: observations come in, reporters show them.

#![warn(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

pub(crate) mod appearance;
pub(crate) mod ci;
pub(crate) mod ci_report;
pub(crate) mod closing_report;
pub(crate) mod console;
pub(crate) mod event_loop;
pub(crate) mod exit;
pub(crate) mod failure_rules;
pub(crate) mod fatal_watch;
pub(crate) mod final_refresh;
pub(crate) mod logs;
pub(crate) mod output;
pub(crate) mod overview;
pub(crate) mod pod_details;
pub(crate) mod record;
pub(crate) mod recording;
pub(crate) mod reporter;
pub(crate) mod resume_command;
pub(crate) mod run;
pub(crate) mod run_options;
pub(crate) mod run_state;
pub(crate) mod run_steps;
pub(crate) mod runs;
pub(crate) mod signals;
pub(crate) mod stored_runs;
pub(crate) mod streams;
pub(crate) mod summary;
pub(crate) mod traces;
