//! Draws a frame in place, below the lines that the terminal already shows.
//!
//! The renderer writes only changed cells, in one write, with cursor moves relative to the top of the frame.
//! Therefore it sends no queries to the terminal and changes nothing above the frame. The changed cells of one style
//! are written together, because most bytes of a frame are codes for styles. The last frame stays on the screen when
//! drawing ends.
//!
//! Between two writes, the hidden cursor rests at the first row of the frame. A terminal that changes its size moves
//! the cursor with the text and keeps the row of the cursor on the screen. Therefore everything from the cursor on is
//! the old frame, however the terminal has wrapped its rows. While a frame stands, the terminal does not wrap lines,
//! because it may be narrower than the program knows. Until [`InlineRenderer::own_cursor`], the visible cursor rests
//! below the frame instead, because a credential plugin may still ask the user for input there.
//!
//! ratatui's inline viewport is not used, because it has a fixed height and queries the cursor position. Therefore it
//! cannot grow below a shell's lines or draw to a pipe.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::terminal::ansi::render_line;
use crate::terminal::cells::{Cell, CellRun, all_runs, changed_runs, to_cells};
use crate::view::{Frame, Line, Stylesheet};

/// Hides the cursor and turns the automatic wrapping of lines off.
const BEGIN_FRAME: &str = "\x1b[?25l\x1b[?7l";

/// Turns the automatic wrapping of lines on and shows the cursor.
pub(crate) const END_FRAME: &str = "\x1b[?7h\x1b[?25h";

/// Clears the terminal from the row of the cursor down. The row of the cursor is cleared separately, because tmux moves
/// everything into the scrollback if a program clears the screen from its first cell on.
const ERASE_FROM_ROW: &str = "\r\x1b[K\x1b7\x1b[B\x1b[J\x1b8";

/// Draws successive frames and keeps the last frame, so that it can write only the changes.
#[derive(Debug)]
pub(crate) struct InlineRenderer<W: Write> {
    out: W,
    stylesheet: Stylesheet,
    canvas: Canvas,
    /// The canvas of the normal screen while the alternate screen is shown.
    saved_canvas: Option<Canvas>,
    /// Whether only this program writes to the terminal, so that the cursor rests at the first row of the frame.
    owns_cursor: bool,
    bytes_written: u64,
}

/// The last frame and its position on the terminal.
#[derive(Debug, Default)]
struct Canvas {
    columns: usize,
    rows: Vec<Vec<Cell>>,
    /// The row at which the cursor rests: the first row of the frame, or the one below the frame.
    cursor_row: usize,
    /// The row of the terminal that shows the first line, and the number of rows of the terminal. `None` if unknown.
    position: Option<(usize, usize)>,
}

impl<W: Write> InlineRenderer<W> {
    /// Creates the renderer without drawing anything. The first frame begins at the cursor.
    pub(crate) fn new(out: W, stylesheet: Stylesheet) -> Self {
        Self {
            out,
            stylesheet,
            canvas: Canvas::default(),
            saved_canvas: None,
            owns_cursor: false,
            bytes_written: 0,
        }
    }

    /// Returns the number of bytes that were sent to the terminal.
    pub(crate) fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    /// Makes the terminal show the frame. `columns` is the current width of the terminal.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn draw_frame(&mut self, frame: &Frame, columns: usize) -> io::Result<()> {
        let rows: Vec<Vec<Cell>> = frame.lines.iter().map(|line| to_cells(line, columns)).collect();
        let mut text = String::new();
        if columns != self.canvas.columns {
            self.erase_frame(&mut text);
        }
        if self.owns_cursor && self.canvas.rows.is_empty() && !rows.is_empty() {
            text.push_str(BEGIN_FRAME);
        }
        let cursor_row = if self.owns_cursor { 0 } else { rows.len() };
        self.write_changes(&mut text, &rows, cursor_row);
        self.canvas.columns = columns;
        self.canvas.cursor_row = cursor_row;
        if let Some((top, height)) = &mut self.canvas.position {
            // If the frame did not fit, the terminal has scrolled.
            *top = (*top).min(height.saturating_sub(rows.len() + 1));
        }
        self.canvas.rows = rows;
        self.send(&text)
    }

    /// Returns the stream of the terminal, for control codes that are not part of a frame.
    pub(crate) fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// Returns the row of the terminal that shows the first line, from 0. `None` if unknown.
    pub(crate) fn top(&self) -> Option<usize> {
        self.canvas.position.map(|(top, _)| top)
    }

    /// Returns the number of rows of the frame at and below the cursor.
    pub(crate) fn rows_from_cursor(&self) -> usize {
        self.canvas.rows.len() - self.canvas.cursor_row
    }

    /// From the next frame on, the hidden cursor rests at the first row of the frame. Erases a frame above the cursor.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn own_cursor(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.owns_cursor, true) {
            self.clear()?;
        }
        Ok(())
    }

    /// Clears the terminal from the row at which the frame began, or from the cursor if that row is unknown. The next
    /// frame is drawn there.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn redraw_in_place(&mut self) -> io::Result<()> {
        self.forget_rows();
        match self.canvas.position {
            Some((top, _)) => self.send(&format!("\x1b[{};1H{ERASE_FROM_ROW}", top + 1)),
            None => self.send(ERASE_FROM_ROW),
        }
    }

    /// Sets the row of the cursor, at which the next frame begins, and the number of rows of the terminal.
    pub(crate) fn begin_at(&mut self, row: usize, height: usize) {
        self.canvas.position = Some((row, height));
    }

    /// Erases the frame after the terminal has moved its lines. The next frame is drawn at the cursor, whose row is
    /// unknown.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn erase_moved_frame(&mut self) -> io::Result<()> {
        self.canvas.position = None;
        self.clear()
    }

    /// Clears the screen. The next frame is drawn at the top of the screen.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn begin_empty(&mut self, columns: usize, height: usize) -> io::Result<()> {
        let mut text = String::new();
        self.erase_frame(&mut text);
        text.push_str("\x1b[H\x1b[2J");
        self.canvas = Canvas { columns, position: Some((0, height)), ..Canvas::default() };
        self.send(&text)
    }

    /// Prints lines below the frame. The frame stays on the screen.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn print_below(&mut self, lines: &[Line]) -> io::Result<()> {
        self.leave_frame()?;
        let mut text = String::new();
        for line in lines {
            render_line(&mut text, line, self.stylesheet);
            text.push_str("\r\n");
        }
        self.send(&text)
    }

    /// Shows the cursor where it rests. The frame can still be replaced.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn release_cursor(&mut self) -> io::Result<()> {
        self.send(END_FRAME)
    }

    /// Leaves the frame on the screen and moves the cursor below it. The next frame is drawn at the cursor.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn leave_frame(&mut self) -> io::Result<()> {
        let text = leaving_sequences(self.rows_from_cursor());
        self.canvas = Canvas { columns: self.canvas.columns, ..Canvas::default() };
        self.send(&text)
    }

    /// Erases the frame of the normal screen before the alternate screen is shown, and saves the position of the frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn push_canvas(&mut self) -> io::Result<()> {
        self.clear()?;
        self.saved_canvas = Some(std::mem::take(&mut self.canvas));
        Ok(())
    }

    /// Restores the position that [`InlineRenderer::push_canvas`] saved, after the page on the alternate screen has
    /// been cleared.
    pub(crate) fn pop_canvas(&mut self) {
        self.canvas = self.saved_canvas.take().unwrap_or_default();
    }

    /// Forgets the row of the frame.
    pub(crate) fn forget_position(&mut self) {
        self.canvas.position = None;
    }

    /// Prints lines above the frame. The next [`InlineRenderer::draw_frame`] draws the frame below these lines.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn print_above(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut text = String::new();
        for line in lines {
            render_line(&mut text, line, self.stylesheet);
            text.push('\n');
        }
        self.print_text_above(&text, lines.iter().map(Line::width))
    }

    /// Prints rendered lines above the frame, as [`InlineRenderer::print_above`] does. `widths` are the widths of the
    /// lines in columns.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn print_text_above(
        &mut self,
        lines: &str,
        widths: impl Iterator<Item = usize>,
    ) -> io::Result<()> {
        let mut text = String::new();
        self.erase_frame(&mut text);
        text.push_str(&lines.replace('\n', "\r\n"));
        let columns = self.canvas.columns.max(1);
        let height: usize = widths.map(|width| width.div_ceil(columns).max(1)).sum();
        if let Some((top, screen)) = &mut self.canvas.position {
            *top = (*top + height).min(screen.saturating_sub(1));
        }
        self.send(&text)
    }

    /// Erases the frame, so that other lines can be written in its place.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        let mut text = String::new();
        self.erase_frame(&mut text);
        self.send(&text)
    }

    fn send(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        // A terminal that supports synchronized updates shows all changes in one go. Other terminals ignore the codes.
        let framed = format!("\x1b[?2026h{text}\x1b[?2026l");
        self.bytes_written += framed.len() as u64;
        self.out.write_all(framed.as_bytes())?;
        self.out.flush()
    }

    /// Clears the terminal from the first row of the frame down.
    fn erase_frame(&mut self, text: &mut String) {
        if self.canvas.rows.is_empty() {
            return;
        }
        let mut cursor = Cursor { row: self.canvas.cursor_row, column: 0 };
        cursor.move_to(text, 0, 0);
        text.push_str(ERASE_FROM_ROW);
        text.push_str(END_FRAME);
        self.forget_rows();
    }

    fn forget_rows(&mut self) {
        self.canvas.rows.clear();
        self.canvas.cursor_row = 0;
    }

    /// Writes the cells that differ from the last frame, and moves the cursor to this row of the frame.
    fn write_changes(&self, text: &mut String, rows: &[Vec<Cell>], cursor_row: usize) {
        let old = &self.canvas.rows;
        let mut cursor = Cursor { row: self.canvas.cursor_row, column: 0 };
        let changed_rows = old.iter().zip(rows).enumerate();
        let mut runs: Vec<CellRun> =
            changed_rows.clone().flat_map(|(row, (before, now))| changed_runs(row, before, now)).collect();
        // The sort is stable, so the runs of a style stay in the order of the rows.
        runs.sort_by_key(|run| run.style as u8);
        self.write_runs(text, &mut cursor, &runs);
        for (row, (_, now)) in changed_rows.filter(|(_, (before, now))| before.len() > now.len()) {
            cursor.move_to(text, row, now.len());
            text.push_str("\x1b[K");
        }
        if rows.len() < old.len() {
            cursor.move_to(text, rows.len(), 0);
            text.push_str("\x1b[J");
        }
        for (row, cells) in rows.iter().enumerate().skip(old.len()) {
            cursor.move_to(text, row, 0);
            self.write_runs(text, &mut cursor, &all_runs(row, cells));
            // The terminal always has an empty row below the frame, to which the next row of the frame is written.
            text.push_str("\r\n");
            cursor = Cursor { row: row + 1, column: 0 };
        }
        cursor.move_to(text, cursor_row, 0);
    }

    /// Writes runs of cells. Successive runs of the same style share the codes of the style.
    fn write_runs(&self, text: &mut String, cursor: &mut Cursor, runs: &[CellRun]) {
        for same in runs.chunk_by(|a, b| a.style == b.style) {
            let style = self.stylesheet.style(same[0].style);
            if let Some(style) = style {
                let _ = write!(text, "{}", style.prefix_formatter());
            }
            for run in same {
                cursor.move_to(text, run.row, run.columns.start);
                text.push_str(&self.stylesheet.writable(&run.text));
                cursor.column = run.columns.end;
            }
            if let Some(style) = style {
                let _ = write!(text, "{}", style.suffix_formatter());
            }
        }
    }
}

/// Returns the sequences that leave a frame of this height on the screen, with the cursor in the row below the frame.
pub(crate) fn leaving_sequences(height: usize) -> String {
    match height {
        0 => String::new(),
        _ => format!("\r\x1b[{height}B{END_FRAME}"),
    }
}

/// The position of the cursor, relative to the frame.
struct Cursor {
    row: usize,
    column: usize,
}

impl Cursor {
    /// Writes codes that move the cursor. The column is absolute, because terminals differ in the widths of some
    /// characters.
    fn move_to(&mut self, text: &mut String, row: usize, column: usize) {
        match row.abs_diff(self.row) {
            0 => {}
            1 => text.push_str(if row < self.row { "\x1b[A" } else { "\x1b[B" }),
            rows => {
                let _ = write!(text, "\x1b[{rows}{}", if row < self.row { 'A' } else { 'B' });
            }
        }
        if column == 0 && (self.column != 0 || row != self.row) {
            text.push('\r');
        } else if column != self.column {
            let _ = write!(text, "\x1b[{}G", column + 1);
        }
        *self = Self { row, column };
    }
}

#[cfg(test)]
mod tests;
