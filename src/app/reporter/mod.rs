//! The reporters of a run, behind one interface, and their selection.

pub(crate) mod changes;
pub(crate) mod goal_count;
pub(crate) mod interface;
pub(crate) mod line_columns;
pub(crate) mod line_selection;
pub(crate) mod lines;
pub(crate) mod live;
pub(crate) mod live_playback;
pub(crate) mod notification;
pub(crate) mod once;
pub(crate) mod progress;
pub(crate) mod progress_bar;
pub(crate) mod reported_facts;
pub(crate) mod selection;
pub(crate) mod status_lines;
pub(crate) mod tab_progress;
pub(crate) mod texts;
pub(crate) mod what_if;
