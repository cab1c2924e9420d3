//! The verdict about a workload as one line of text.

use jiff::Timestamp;

use crate::timeline::{Timeline, Workload};
use crate::view::frame_cache::cache::FrameCache;
use crate::view::primitives::glyph::Glyphs;
use crate::view::rows::slot_time::verdict::{VerdictRoom, verdict_lines};
use crate::view::state::ViewState;
use crate::view::view_context::ViewContext;
use crate::view::window::Window;

/// The room for the whole verdict.
const COLUMNS: usize = 1_000;

/// Describes the verdict about a workload in one line. Empty for a workload that has had no slot yet.
pub(crate) fn describe_verdict(timeline: &Timeline, workload: &Workload, now: Timestamp) -> String {
    let (state, window, cache) = (ViewState::default(), Window::default(), FrameCache::default());
    let context = ViewContext {
        timeline,
        state: &state,
        glyphs: &Glyphs::UNICODE,
        now,
        window: &window,
        cache: &cache,
    };
    let room = VerdictRoom { columns: COLUMNS, max_lines: 1, has_bar: false, workloads: 1 };
    let summary = context.summary(workload);
    let lines = verdict_lines(&context, &summary, &workload.pods, room);
    lines.first().map(|line| line.plain().trim_end().to_owned()).unwrap_or_default()
}
