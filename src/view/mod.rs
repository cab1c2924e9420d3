//! Views: pure functions of (timeline, view state, size, theme, now) to a [`Frame`]. No view asks the cluster, reads a
//! clock or knows a terminal.

mod axis;
mod bar;
mod block;
mod columns;
mod counts;
pub(crate) mod duration;
mod explain;
mod findings;
#[cfg(test)]
mod fixture;
mod fold;
mod frame;
mod glyph;
mod grid;
mod lanes;
mod legend;
mod mark;
mod memory;
mod numbers;
mod pace;
mod pod;
mod segment;
mod sequence;
mod standing;
mod state;
mod summary;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod theme;
mod window;

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::timeline::{Summary, Timeline, Workload};

pub use frame::{Frame, Line, Role, Span};
pub use glyph::Glyphs;
pub use pod::{ContainerLog, PodEvent, PodExtras, draw_pod};
pub use segment::{age, describe_phase, failure, longest, next_try};
pub use standing::{PodCondition, Request};
pub use state::{Align, GroupBy, Size, Sort, View, ViewState};
pub use text::clean;
pub use theme::Stylesheet;
pub use window::{Bars, Memo, Picture, PodCell, Window, Zoom};

/// What every part of a picture reads.
#[derive(Clone, Copy)]
struct Scene<'a> {
    timeline: &'a Timeline,
    state: &'a ViewState,
    glyphs: &'a Glyphs,
    now: Timestamp,
    window: &'a Window,
    memo: &'a Memo,
}

impl Scene<'_> {
    /// The numbers of a workload.
    fn summary(&self, workload: &Workload) -> Summary {
        self.memo.summary(self.timeline, workload, self.now)
    }
}

/// The picture of a timeline as of `now` (the server's time). No line is wider than the columns, and there are no more
/// lines than rows, if those are bounded.
pub fn draw(timeline: &Timeline, state: &ViewState, size: Size, glyphs: &Glyphs, now: Timestamp) -> Frame {
    paint(timeline, state, &Window::default(), size, glyphs, now, &Memo::default()).frame
}

/// The part of the picture that the window shows, and where on it is what. The memo is one of the same timeline, and
/// saves work from frame to frame.
pub fn paint(
    timeline: &Timeline,
    state: &ViewState,
    window: &Window,
    size: Size,
    glyphs: &Glyphs,
    now: Timestamp,
    memo: &Memo,
) -> Picture {
    let scene = Scene { timeline, state, glyphs, now, window, memo };
    paint_in_parts(&scene, size, &mut |_| ControlFlow::Continue(()))
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
    let (window, memo) = (Window::default(), Memo::default());
    let scene = Scene { timeline, state, glyphs, now, window: &window, memo: &memo };
    let size = Size { columns, rows: None };
    let mut wanted = ControlFlow::Continue(());
    let picture = paint_in_parts(&scene, size, &mut |lines| {
        wanted = lines.drain(..).try_for_each(|line| told(&fit(line, columns, glyphs)));
        wanted
    });
    if wanted.is_continue() {
        // Whoever wants no more has had enough.
        let _ = picture.frame.lines.iter().try_for_each(told);
    }
}

fn paint_in_parts(scene: &Scene<'_>, size: Size, flush: &mut sequence::Flush<'_>) -> Picture {
    let mut picture = match scene.state.view {
        View::Sequence => sequence::draw(scene, size, flush),
        View::Table => table::draw(scene, size, false),
        View::Wide => table::draw(scene, size, true),
        View::Grid => grid::draw(scene, size),
    };
    for line in &mut picture.frame.lines {
        *line = fit(std::mem::take(line), size.columns, scene.glyphs);
    }
    picture
}

/// What a view cannot make fit is cut, so that no terminal wraps it.
fn fit(line: Line, columns: usize, glyphs: &Glyphs) -> Line {
    if line.width() > columns { summary::fit(line, columns, glyphs.ellipsis) } else { line }
}
