//! The what-if below the last frame of the live picture.

use crate::app::reporter::what_if::what_if_lines;
use crate::app::run::Run;
use crate::app::run_state::RunSnapshot;
use crate::view::Line;

impl Run<'_> {
    /// Returns the what-if below the last frame of the live picture. A picture that is printed once contains it
    /// already.
    pub(crate) fn what_if_below_live_picture(&self, columns: usize) -> Vec<Line> {
        if self.reporters.live.is_none()
            || self.options.output.is_for_programs()
            || self.state.shown_pod().is_some()
        {
            return Vec::new();
        }
        let (state, page_details) = (&self.state, self.details.details());
        let snapshot = RunSnapshot { state, page_details, now: state.now() };
        what_if_lines(&snapshot, columns, &self.options.appearance.glyphs)
    }
}
