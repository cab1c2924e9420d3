//! One run of a command: what is observed becomes what is shown.

pub(crate) mod appearance;
pub(crate) mod closing_report;
pub(crate) mod event_loop;
pub(crate) mod exit;
pub(crate) mod output;
pub(crate) mod pod_details;
pub(crate) mod pod_details_loader;
pub(crate) mod recording;
pub(crate) mod reporter;
pub(crate) mod run;
pub(crate) mod streams;
