//! Views: pure functions of (timeline, view state, size, theme, now) to a [`Frame`]. No view asks the cluster, reads a
//! clock or knows a terminal.

mod axis;
pub(crate) mod duration;
mod frame;
mod glyph;
pub(crate) mod text;
mod theme;

pub use frame::{Frame, Line, Role, Span};
pub use glyph::Glyphs;
pub use theme::Stylesheet;
