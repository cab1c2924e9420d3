//! The appearance of a run: characters, colours, sizes, and how the run shows its progress.

use crate::app::ci::service::CiOutput;
use crate::terminal::tty::terminal_size;
use crate::view::{Glyphs, Size, Stylesheet, View, ViewState};

/// Maximum number of lines of the last picture of a followed run if standard output is not a terminal.
const MAX_LINES_WITHOUT_TERMINAL: usize = 120;

/// How a run is shown until it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProgressDisplay {
    /// A picture that is redrawn in place.
    Live,
    /// One line for each change.
    Lines,
    /// Nothing before the end.
    Silent,
}

/// The appearance of everything that a run writes.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent decisions")]
pub(crate) struct Appearance {
    /// The view, order, grouping and other choices of the user.
    pub(crate) view_state: ViewState,
    /// The characters that pictures are drawn with.
    pub(crate) glyphs: Glyphs,
    /// How the run is shown until it ends.
    pub(crate) progress: ProgressDisplay,
    /// Whether a progress bar may be shown on standard error.
    pub(crate) progress_bar: bool,
    /// Whether progress is shown in the terminal's tab.
    pub(crate) tab_progress: bool,
    /// Whether the terminal notifies the user when the run has ended.
    pub(crate) notifies: bool,
    /// Whether live pictures and lines go to standard error, because an output for programs owns standard output.
    pub(crate) live_on_stderr: bool,
    /// Whether pictures are coloured.
    pub(crate) colours: bool,
    /// Whether messages on standard error are coloured.
    pub(crate) stderr_colours: bool,
    /// The number of columns that the user chose with `--width`, or with `COLUMNS` if pictures go to no terminal.
    pub(crate) columns: Option<usize>,
    /// The number of columns if neither the user nor a terminal sets a number.
    pub(crate) default_columns: usize,
    /// Whether the program runs in a CI service.
    pub(crate) in_ci: bool,
    /// Whether pictures are written to a terminal.
    pub(crate) is_terminal: bool,
    /// Whether the live picture uses the mouse at first. Otherwise the terminal uses it.
    pub(crate) uses_mouse: bool,
    /// The CI services that the run writes for.
    pub(crate) ci: CiOutput,
}

impl Appearance {
    /// Returns the stylesheet for pictures.
    pub(crate) fn stylesheet(&self) -> Stylesheet {
        Self::choose_stylesheet(self.colours, &self.glyphs)
    }

    /// Returns the stylesheet for messages on standard error.
    pub(crate) fn stderr_stylesheet(&self) -> Stylesheet {
        Self::choose_stylesheet(self.stderr_colours, &self.glyphs)
    }

    fn choose_stylesheet(colours: bool, glyphs: &Glyphs) -> Stylesheet {
        let stylesheet = if colours { Stylesheet::COLOURED } else { Stylesheet::PLAIN };
        stylesheet.with_ascii(*glyphs == Glyphs::ASCII)
    }

    /// Whether the user can navigate the live picture, because it is on a terminal.
    pub(crate) fn is_interactive(&self) -> bool {
        self.progress == ProgressDisplay::Live && self.is_terminal
    }

    /// Returns the size of a picture that is printed once. On a terminal, the picture fits the screen, so that the top
    /// of the picture stays visible. Ten rows are always allowed.
    pub(crate) fn print_size(&self) -> Size {
        let size = if self.is_terminal { terminal_size() } else { None };
        // kubectl never drops columns of a table, and neither does a table that goes to a file or a program.
        let is_table = matches!(self.view_state.view, View::Table | View::Wide);
        let default = if is_table { Size::UNLIMITED_COLUMNS } else { self.default_columns };
        let columns = self.columns.or(size.map(|(columns, _)| columns)).unwrap_or(default);
        // Two lines are left for the prompt of the shell.
        Size { columns, rows: size.map(|(_, rows)| rows.saturating_sub(2).max(10)) }
    }

    /// Returns the size of the last picture of a run that was followed without a live picture.
    pub(crate) fn final_picture_size(&self) -> Size {
        let size = self.print_size();
        Size { rows: size.rows.or(Some(MAX_LINES_WITHOUT_TERMINAL)), ..size }
    }
}
