//! The Pods that are shown, their groups and order, and the lines of text around them.

pub(crate) mod clock_text;
pub(crate) mod container_text;
pub(crate) mod counts;
pub(crate) mod end_text;
pub(crate) mod explain;
pub(crate) mod failure_line;
pub(crate) mod gang_text;
pub(crate) mod groups;
pub(crate) mod headings;
pub(crate) mod numbers;
pub(crate) mod outage_text;
pub(crate) mod overflow;
pub(crate) mod pace;
pub(crate) mod phase_text;
pub(crate) mod retries;
pub(crate) mod scrolling;
pub(crate) mod slot_time;
pub(crate) mod state_mark;
pub(crate) mod time_left_text;
pub(crate) mod trouble;
