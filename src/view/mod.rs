//! Views: pure functions that turn a timeline, the user's choices, a size and the time of the frame into a [`Frame`].
//! No view asks the cluster, reads a clock or knows the terminal.
//!
//! A module depends only on modules before it in this order: `primitives`; `names`, `state`, `window`, `display_state`,
//! `frame_cache`, `view_context`; `chart` and `picture`; `rows`; `sequence`, `table`, `grid`, `runs`, `pod`, `comparison`; `draw`.

#![warn(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

pub(crate) mod chart;
pub(crate) mod comparison;
pub(crate) mod display_state;
pub(crate) mod draw;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod frame_cache;
pub(crate) mod grid;
pub(crate) mod log_prefix;
pub(crate) mod names;
pub(crate) mod picture;
pub(crate) mod pod;
pub(crate) mod primitives;
pub(crate) mod rows;
pub(crate) mod runs;
pub(crate) mod sequence;
pub(crate) mod state;
pub(crate) mod table;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod view_context;
pub(crate) mod what_if;
pub(crate) mod window;

pub(crate) use crate::view::comparison::diff_page::draw_diff;
pub(crate) use crate::view::comparison::history_table::{
    HistoryPicture, describe_tries, draw_history, draw_history_picture,
};
pub(crate) use crate::view::comparison::verdict_text::describe_verdict;
pub use crate::view::draw::{for_each_line, render_frame, render_picture};
pub use crate::view::frame_cache::cache::FrameCache;
pub(crate) use crate::view::log_prefix::log_prefix;
pub(crate) use crate::view::names::Names;
pub(crate) use crate::view::picture::Picture;
pub(crate) use crate::view::pod::{ConditionRow, ContainerLog, PodEvent, ResourceRequest};
pub use crate::view::pod::{PodExtras, draw_pod};
pub(crate) use crate::view::primitives::duration::{
    format_duration, format_elapsed, format_elapsed_millis, format_exact,
};
pub(crate) use crate::view::primitives::frame::Style;
pub use crate::view::primitives::frame::{Frame, Line, Link};
pub use crate::view::primitives::glyph::Glyphs;
pub(crate) use crate::view::primitives::text::{char_width, clean, clean_whole, is_valid_name, width};
pub(crate) use crate::view::primitives::theme::Stylesheet;
pub(crate) use crate::view::rows::container_text::describe_failed_containers;
pub(crate) use crate::view::rows::end_text::describe_special_end;
pub(crate) use crate::view::rows::groups::NODE_PREFIX;
pub(crate) use crate::view::rows::outage_text::{describe_outages, list_resources};
pub(crate) use crate::view::rows::phase_text::{
    describe_failure, describe_failure_cause, describe_next_try, describe_phase, format_age,
    longest_pods_line,
};
pub(crate) use crate::view::runs::rows::is_recent;
pub use crate::view::state::{Align, GroupBy, Size, Sort, View, ViewState};
pub(crate) use crate::view::what_if::{draw_most_helpful_change, draw_what_if};
pub use crate::view::window::{Window, Zoom};
