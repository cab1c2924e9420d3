//! The inputs that every part of a picture reads.

use jiff::Timestamp;

use crate::timeline::{Summary, Timeline, Workload};
use crate::view::frame_cache::FrameCache;
use crate::view::primitives::glyph::Glyphs;
use crate::view::state::ViewState;
use crate::view::window::Window;

/// What every part of a picture reads.
#[derive(Clone, Copy)]
pub(crate) struct ViewContext<'a> {
    pub(crate) timeline: &'a Timeline,
    pub(crate) state: &'a ViewState,
    pub(crate) glyphs: &'a Glyphs,
    pub(crate) now: Timestamp,
    pub(crate) window: &'a Window,
    pub(crate) memo: &'a FrameCache,
}

impl ViewContext<'_> {
    /// The numbers of a workload.
    pub(crate) fn summary(&self, workload: &Workload) -> Summary {
        self.memo.summary(self.timeline, workload, self.now)
    }
}
