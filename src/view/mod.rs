//! Views: pure functions of (timeline, view state, size, theme, now) to a [`Frame`]. No view asks the cluster, reads a
//! clock or knows a terminal.

pub(crate) mod chart;
pub(crate) mod display_state;
pub(crate) mod draw;
pub(crate) mod explain;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod frame_cache;
pub(crate) mod grid;
pub(crate) mod picture;
pub(crate) mod pod;
pub(crate) mod primitives;
pub(crate) mod rows;
pub(crate) mod sequence;
pub(crate) mod state;
pub(crate) mod table;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod view_context;
pub(crate) mod window;

pub use crate::view::draw::{draw, paint, tell};
pub use crate::view::frame_cache::cache::FrameCache;
pub(crate) use crate::view::picture::Picture;
pub(crate) use crate::view::pod::conditions::{ConditionRow, ResourceRequest};
pub(crate) use crate::view::pod::{ContainerLog, PodEvent, PodExtras, draw_pod};
pub(crate) use crate::view::primitives::frame::{Frame, Line, Style};
pub use crate::view::primitives::glyph::Glyphs;
pub(crate) use crate::view::primitives::text::clean;
pub(crate) use crate::view::primitives::theme::Stylesheet;
pub(crate) use crate::view::rows::phase_text::{age, describe_phase, failure, longest, next_try};
pub(crate) use crate::view::state::{Align, View};
pub use crate::view::state::{GroupBy, Size, Sort, ViewState};
pub use crate::view::window::{Window, Zoom};
