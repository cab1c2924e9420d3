//! One run of a command: observations come in, reporters show them.

#![warn(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

pub(crate) mod appearance;
pub(crate) mod budget;
pub(crate) mod ci;
pub(crate) mod ci_report;
pub(crate) mod closing_report;
pub(crate) mod console;
pub(crate) mod diagnostic_lines;
pub(crate) mod event_loop;
pub(crate) mod exit;
pub(crate) mod failure_rules;
pub(crate) mod fatal_watch;
pub(crate) mod final_refresh;
pub(crate) mod logs;
pub(crate) mod missing_objects;
pub(crate) mod out_of_date;
pub(crate) mod output;
pub(crate) mod overview;
pub(crate) mod pod_details;
pub(crate) mod pod_details_loader;
pub(crate) mod progress_bar;
pub(crate) mod recording;
pub(crate) mod reporter;
pub(crate) mod resume_command;
pub(crate) mod run;
pub(crate) mod run_ending;
pub(crate) mod run_failures;
pub(crate) mod run_messages;
pub(crate) mod run_options;
pub(crate) mod run_reports;
pub(crate) mod run_state;
pub(crate) mod signals;
pub(crate) mod streams;
pub(crate) mod summary;
pub(crate) mod what_if;
