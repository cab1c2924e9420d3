//! The messages of a run: through its reporters, or on standard error if no reporter shows messages.

use crate::app::exit::RunError;
use crate::app::run::Run;
use crate::source::cluster::RbacRule;
use crate::view::{Line, Style, clean};

impl Run<'_> {
    /// Shows a message during the run.
    pub(crate) fn note(&mut self, text: &str) -> Result<(), RunError> {
        if !self.show_message(&Line::new(clean(text), Style::Text))? {
            self.options.streams.note(text);
        }
        Ok(())
    }

    /// Shows a warning during the run.
    pub(crate) fn warn(&mut self, text: &str) -> Result<(), RunError> {
        let mut line = Line::new("warning: ", Style::Warning);
        line.push(clean(text), Style::Text);
        if !self.show_message(&line)? {
            self.options.streams.warning(text);
        }
        Ok(())
    }

    /// Warns once that the user may not read logs. `reason` comes from the server.
    pub(crate) fn warn_about_forbidden_logs(&mut self, reason: &str) -> Result<(), RunError> {
        if std::mem::replace(&mut self.has_warned_about_logs, true) {
            return Ok(());
        }
        let rule = RbacRule::for_logs();
        self.warn(&format!("logs cannot be read: {reason}; add this rule to a Role: {rule}"))
    }

    /// Shows a message through the reporters. Returns `false` if no reporter has shown it.
    fn show_message(&mut self, message: &Line) -> Result<bool, RunError> {
        let mut is_shown = false;
        for reporter in self.reporters.iter_mut() {
            is_shown |= reporter.show_message(message)?;
        }
        Ok(is_shown)
    }

    /// Shows lines of the closing report through the reporters. Returns `false` if no reporter has shown them.
    pub(crate) fn show_closing_lines(&mut self, lines: &[Line]) -> Result<bool, RunError> {
        let mut is_shown = false;
        for reporter in self.reporters.iter_mut() {
            is_shown |= reporter.show_closing_lines(lines)?;
        }
        Ok(is_shown)
    }
}
