//! Renders a timeline in the view that the user chose.

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::timeline::Timeline;
use crate::view::frame_cache::cache::FrameCache;
use crate::view::grid::drawing::draw_grid;
use crate::view::picture::{FlushLines, Picture};
use crate::view::primitives::frame::{Frame, Line};
use crate::view::primitives::glyph::Glyphs;
use crate::view::runs::overview::draw_runs;
use crate::view::sequence::diagram;
use crate::view::state::{Size, View, ViewState};
use crate::view::table;
use crate::view::view_context::ViewContext;
use crate::view::window::Window;

/// Renders the whole timeline as of `now` (the server's time). The frame has at most the columns and rows of `size`.
pub fn render_frame(
    timeline: &Timeline,
    state: &ViewState,
    size: Size,
    glyphs: &Glyphs,
    now: Timestamp,
) -> Frame {
    render_picture(timeline, state, &Window::default(), size, glyphs, now, &FrameCache::default()).frame
}

/// Renders the part of the timeline that the window shows, with the positions of Pods and bars in the frame. `cache`
/// must belong to this timeline.
pub fn render_picture(
    timeline: &Timeline,
    state: &ViewState,
    window: &Window,
    size: Size,
    glyphs: &Glyphs,
    now: Timestamp,
    cache: &FrameCache,
) -> Picture {
    let context = ViewContext { timeline, state, glyphs, now, window, cache };
    render_view(&context, size, &mut |_| ControlFlow::Continue(()))
}

/// Renders the whole timeline and passes each line to `write`, until `write` returns `Break`. Except in the grid, lines
/// go out while the picture is drawn, so that the rows of 100,000 Pods are never all in memory.
pub fn for_each_line(
    timeline: &Timeline,
    state: &ViewState,
    columns: usize,
    glyphs: &Glyphs,
    now: Timestamp,
    write: &mut dyn FnMut(&Line) -> ControlFlow<()>,
) {
    let (window, cache) = (Window::default(), FrameCache::default());
    let context = ViewContext { timeline, state, glyphs, now, window: &window, cache: &cache };
    let size = Size { columns, rows: None };
    let mut flow = ControlFlow::Continue(());
    let picture = render_view(&context, size, &mut |lines| {
        flow = lines.drain(..).try_for_each(|line| write(&line.shorten_end(columns, glyphs.ellipsis)));
        flow
    });
    if flow.is_continue() {
        // These are the last lines, so it does not matter whether `write` wants more.
        let _ = picture.frame.lines.iter().try_for_each(write);
    }
}

fn render_view(context: &ViewContext<'_>, size: Size, flush: &mut FlushLines<'_>) -> Picture {
    let mut picture = match context.state.view {
        View::Sequence => diagram::draw_sequence(context, size, flush),
        View::Table => table::draw_table(context, size, false, flush),
        View::Wide => table::draw_table(context, size, true, flush),
        View::Grid => draw_grid(context, size),
        View::Runs => draw_runs(context, size),
    };
    for line in &mut picture.frame.lines {
        // A line that does not fit is cut, because a terminal would wrap it.
        *line = std::mem::take(line).shorten_end(size.columns, context.glyphs.ellipsis);
    }
    picture
}
