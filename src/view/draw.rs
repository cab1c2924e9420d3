//! Draws a timeline in the view that the user chose.

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::timeline::Timeline;
use crate::view::frame_cache::cache::FrameCache;
use crate::view::picture::Picture;
use crate::view::primitives::frame::{Frame, Line};
use crate::view::primitives::glyph::Glyphs;
use crate::view::state::{Size, View, ViewState};
use crate::view::view_context::ViewContext;
use crate::view::window::Window;
use crate::view::{grid, sequence, table};

/// The picture of a timeline as of `now` (the server's time). No line is wider than the columns, and there are no more
/// lines than rows, if those are bounded.
pub fn draw(timeline: &Timeline, state: &ViewState, size: Size, glyphs: &Glyphs, now: Timestamp) -> Frame {
    paint(timeline, state, &Window::default(), size, glyphs, now, &FrameCache::default()).frame
}

/// The part of the picture that the window shows, and where on it is what. The cache is one of the same timeline, and
/// saves work from frame to frame.
pub fn paint(
    timeline: &Timeline,
    state: &ViewState,
    window: &Window,
    size: Size,
    glyphs: &Glyphs,
    now: Timestamp,
    cache: &FrameCache,
) -> Picture {
    let context = ViewContext { timeline, state, glyphs, now, window, cache };
    paint_in_parts(&context, size, &mut |_| ControlFlow::Continue(()))
}

/// The whole picture, line by line as it is drawn, as long as somebody wants more: the rows of a hundred thousand Pods are
/// never there at once.
pub fn tell(
    timeline: &Timeline,
    state: &ViewState,
    columns: usize,
    glyphs: &Glyphs,
    now: Timestamp,
    told: &mut dyn FnMut(&Line) -> ControlFlow<()>,
) {
    let (window, cache) = (Window::default(), FrameCache::default());
    let context = ViewContext { timeline, state, glyphs, now, window: &window, cache: &cache };
    let size = Size { columns, rows: None };
    let mut wanted = ControlFlow::Continue(());
    let picture = paint_in_parts(&context, size, &mut |lines| {
        wanted = lines.drain(..).try_for_each(|line| told(&fit(line, columns, glyphs)));
        wanted
    });
    if wanted.is_continue() {
        // Whoever wants no more has had enough.
        let _ = picture.frame.lines.iter().try_for_each(told);
    }
}

fn paint_in_parts(context: &ViewContext<'_>, size: Size, flush: &mut sequence::Flush<'_>) -> Picture {
    let mut picture = match context.state.view {
        View::Sequence => sequence::draw(context, size, flush),
        View::Table => table::draw(context, size, false),
        View::Wide => table::draw(context, size, true),
        View::Grid => grid::draw(context, size),
    };
    for line in &mut picture.frame.lines {
        *line = fit(std::mem::take(line), size.columns, context.glyphs);
    }
    picture
}

/// What a view cannot make fit is cut, so that no terminal wraps it.
fn fit(line: Line, columns: usize, glyphs: &Glyphs) -> Line {
    if line.width() > columns { line.shorten_end(columns, glyphs.ellipsis) } else { line }
}
