//! Views: pure functions of (timeline, view state, size, theme, now) to a [`Frame`]. No view asks the cluster, reads a
//! clock or knows a terminal.

mod axis;
mod bar;
mod block;
mod counts;
pub(crate) mod duration;
mod explain;
mod fold;
mod frame;
mod glyph;
mod numbers;
mod sequence;
mod state;
mod summary;
pub(crate) mod text;
mod theme;

use jiff::Timestamp;

use crate::timeline::Timeline;

pub use frame::{Frame, Line, Role, Span};
pub use glyph::Glyphs;
pub use state::{Align, GroupBy, Size, Sort, View, ViewState};
pub use text::clean;
pub use theme::Stylesheet;

/// What every part of a picture reads.
#[derive(Clone, Copy)]
struct Scene<'a> {
    timeline: &'a Timeline,
    state: &'a ViewState,
    glyphs: &'a Glyphs,
    now: Timestamp,
}

/// The picture of a timeline as of `now` (the server's time). No line is wider than the columns, and there are no more
/// lines than rows, if those are bounded.
pub fn draw(timeline: &Timeline, state: &ViewState, size: Size, glyphs: &Glyphs, now: Timestamp) -> Frame {
    let scene = Scene { timeline, state, glyphs, now };
    sequence::draw(&scene, size)
}
