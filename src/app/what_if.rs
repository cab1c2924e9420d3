//! The what-if below the last frame of the live picture.

use crate::app::exit::RunError;
use crate::app::reporter::what_if::what_if_lines;
use crate::app::run::Run;
use crate::app::run_state::RunSnapshot;

impl Run<'_> {
    /// Shows the what-if below the last frame of the live picture. A picture that is printed once contains it already.
    pub(crate) fn show_what_if_below_live_picture(&mut self, columns: usize) -> Result<(), RunError> {
        if self.reporters.live.is_none()
            || self.options.output.is_for_programs()
            || self.state.shown_pod().is_some()
        {
            return Ok(());
        }
        let (state, page_details) = (&self.state, self.details.details());
        let snapshot = RunSnapshot { state, page_details, now: state.now() };
        let lines = what_if_lines(&snapshot, columns, &self.options.appearance.glyphs);
        if !lines.is_empty() && !self.show_closing_lines(&lines)? {
            self.options.streams.write_live_lines(lines)?;
        }
        Ok(())
    }
}
