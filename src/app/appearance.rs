//! How a run is drawn.

use crate::terminal::tty::terminal_size;
use crate::view::{Glyphs, Size, Stylesheet, ViewState};

/// Lines of the last picture where there is no terminal to bound it.
const LINES_IN_LOGS: usize = 120;

/// How what goes on is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Redrawn in place.
    Live,
    /// One line for each change.
    Lines,
    /// Only the end.
    Silent,
}

/// How everything is drawn.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent decisions")]
pub(crate) struct Appearance {
    /// What the user chose to see.
    pub(crate) state: ViewState,
    /// Characters.
    pub(crate) glyphs: Glyphs,
    /// How what goes on is shown.
    pub(crate) mode: Mode,
    /// Live pictures and lines go to standard error, because a machine format owns standard output.
    pub(crate) live_on_stderr: bool,
    pub(crate) colours: bool,
    pub(crate) stderr_colours: bool,
    pub(crate) columns: Option<usize>,
    pub(crate) default_columns: usize,
    pub(crate) terminal: bool,
}

impl Appearance {
    /// Colours of pictures.
    pub(crate) fn stylesheet(&self) -> Stylesheet {
        if self.colours { Stylesheet::COLOURED } else { Stylesheet::PLAIN }
    }

    /// Colours of messages.
    pub(crate) fn stderr_stylesheet(&self) -> Stylesheet {
        if self.stderr_colours { Stylesheet::COLOURED } else { Stylesheet::PLAIN }
    }

    /// The columns that were asked for.
    pub(crate) fn wanted_columns(&self) -> Option<usize> {
        self.columns
    }

    /// Whether the live picture is on a terminal, so that somebody can move in it.
    pub(crate) fn is_interactive(&self) -> bool {
        self.mode == Mode::Live && self.terminal
    }

    /// The room for a picture that is printed once: on a terminal it fits the screen, so that its head can be seen.
    pub(crate) fn print_size(&self) -> Size {
        let size = if self.terminal { terminal_size() } else { None };
        let columns = self.columns.or(size.map(|(columns, _)| columns)).unwrap_or(self.default_columns);
        // Two lines for the prompt that follows.
        Size { columns, rows: size.map(|(_, rows)| rows.saturating_sub(2).max(10)) }
    }

    /// The room for the last picture after lines.
    pub(crate) fn log_size(&self) -> Size {
        let size = self.print_size();
        Size { rows: size.rows.or(Some(LINES_IN_LOGS)), ..size }
    }
}
