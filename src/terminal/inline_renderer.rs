//! Draws a frame in place, below the lines that the terminal already shows.
//!
//! The renderer writes only changed cells, in one write, with cursor moves relative to the top of the frame.
//! Therefore it sends no queries to the terminal and changes nothing above the frame. The changed cells of one style
//! are written together, because most bytes of a frame are codes for styles. The last frame stays on the screen when
//! drawing ends.
//!
//! ratatui's inline viewport is not used, because it has a fixed height and queries the cursor position. Therefore it
//! cannot grow below a shell's lines or draw to a pipe.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::terminal::ansi::render_line;
use crate::terminal::cells::{Cell, CellRun, all_runs, changed_runs, to_cells};
use crate::view::{Frame, Line, Stylesheet};

/// Draws successive frames and keeps the last frame, so that it can write only the changes.
#[derive(Debug)]
pub(crate) struct InlineRenderer<W: Write> {
    out: W,
    stylesheet: Stylesheet,
    canvas: Canvas,
    /// The canvas of the normal screen while the alternate screen is shown.
    saved_canvas: Option<Canvas>,
    bytes_written: u64,
}

/// The last frame and its position on the terminal.
#[derive(Debug, Default)]
struct Canvas {
    columns: usize,
    rows: Vec<Vec<Cell>>,
    /// The row of the terminal that shows the first line, and the number of rows of the terminal. `None` if unknown.
    position: Option<(usize, usize)>,
}

impl<W: Write> InlineRenderer<W> {
    /// Creates the renderer without drawing anything. The first frame begins at the cursor.
    pub(crate) fn new(out: W, stylesheet: Stylesheet) -> Self {
        Self { out, stylesheet, canvas: Canvas::default(), saved_canvas: None, bytes_written: 0 }
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
            self.erase_frame(&mut text, columns);
        }
        self.write_changes(&mut text, &rows);
        self.canvas.columns = columns;
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

    /// Clears the terminal from the top of the frame down, so that the next frame is drawn completely. Does nothing if
    /// the row of the frame is unknown.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn redraw_in_place(&mut self) -> io::Result<()> {
        let Some((top, _)) = self.canvas.position else { return Ok(()) };
        self.canvas.rows.clear();
        self.send(&format!("\x1b[{};1H\x1b[J", top + 1))
    }

    /// Sets the row of the cursor, at which the next frame begins, and the number of rows of the terminal.
    pub(crate) fn begin_at(&mut self, row: usize, height: usize) {
        self.canvas.position = Some((row, height));
    }

    /// Erases the frame. The next frame is drawn at the bottom of a terminal of this size. This is needed after a
    /// resize, because the terminal may have moved its lines.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn begin_at_bottom(&mut self, columns: usize, height: usize) -> io::Result<()> {
        let mut text = String::new();
        self.erase_frame(&mut text, columns);
        let _ = write!(text, "\x1b[{height}B\r");
        self.canvas =
            Canvas { columns, rows: Vec::new(), position: Some((height.saturating_sub(1), height)) };
        self.send(&text)
    }

    /// Clears the screen. The next frame is drawn at the top of the screen.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn begin_empty(&mut self, columns: usize, height: usize) -> io::Result<()> {
        self.canvas = Canvas { columns, rows: Vec::new(), position: Some((0, height)) };
        self.send("\x1b[H\x1b[2J")
    }

    /// Prints lines below the frame. The frame stays on the screen.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn print_below(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut text = String::new();
        for line in lines {
            render_line(&mut text, line, self.stylesheet);
            text.push_str("\r\n");
        }
        self.abandon_frame();
        self.send(&text)
    }

    /// Leaves the frame on the screen. The next frame is drawn at the cursor.
    pub(crate) fn abandon_frame(&mut self) {
        self.canvas = Canvas { columns: self.canvas.columns, ..Canvas::default() };
    }

    /// Saves the frame of the normal screen while the alternate screen is shown.
    pub(crate) fn push_canvas(&mut self) {
        self.saved_canvas = Some(std::mem::take(&mut self.canvas));
    }

    /// Restores the frame that [`InlineRenderer::push_canvas`] saved.
    pub(crate) fn pop_canvas(&mut self) {
        self.canvas = self.saved_canvas.take().unwrap_or_default();
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
        self.erase_frame(&mut text, self.canvas.columns);
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
        self.erase_frame(&mut text, self.canvas.columns);
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

    /// Clears the terminal from the top of the frame down. The height of the frame is computed for `columns`, because a
    /// terminal wraps lines when it becomes narrower.
    fn erase_frame(&mut self, text: &mut String, columns: usize) {
        if self.canvas.rows.is_empty() {
            return;
        }
        let wrapped_height = |row: &Vec<Cell>| row.len().div_ceil(columns.max(1)).max(1);
        let height: usize = self.canvas.rows.iter().map(wrapped_height).sum();
        // Writing to a string cannot fail. This holds for all `write!` calls of this file.
        let _ = write!(text, "\r\x1b[{height}A\x1b[J");
        self.canvas.rows.clear();
    }

    /// Writes the cells that differ from the last frame.
    fn write_changes(&self, text: &mut String, rows: &[Vec<Cell>]) {
        let old = &self.canvas.rows;
        // Between frames the cursor is at the start of the line below the frame.
        let mut cursor = Cursor { row: old.len(), column: 0 };
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
            text.push_str("\r\n");
            cursor = Cursor { row: row + 1, column: 0 };
        }
        cursor.move_to(text, rows.len(), 0);
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
mod tests {
    use super::*;
    use crate::view::Style;

    fn frame(lines: &[&str]) -> Frame {
        Frame { lines: lines.iter().map(|line| Line::new(*line, Style::Text)).collect() }
    }

    struct TestScreen {
        renderer: InlineRenderer<Vec<u8>>,
        terminal: vt100::Parser,
    }

    impl TestScreen {
        fn new(rows: u16, columns: u16) -> Self {
            let mut terminal = vt100::Parser::new(rows, columns, 100);
            terminal.process(b"$ kubectl seq get job pi -w\r\n");
            Self { renderer: InlineRenderer::new(Vec::new(), Stylesheet::COLOURED), terminal }
        }

        fn draw(&mut self, lines: &[&str]) -> (String, usize) {
            let columns = usize::from(self.terminal.screen().size().1);
            self.renderer.draw_frame(&frame(lines), columns).unwrap();
            let bytes = std::mem::take(&mut self.renderer.out);
            self.terminal.process(&bytes);
            (self.terminal.screen().contents(), bytes.len())
        }
    }

    #[test]
    fn only_changed_cells_are_written() {
        let mut screen = TestScreen::new(10, 40);
        assert_eq!(screen.draw(&["one", "two", "three"]).0, "$ kubectl seq get job pi -w\none\ntwo\nthree");
        let (contents, bytes) = screen.draw(&["one", "twx", "three"]);
        assert_eq!(contents, "$ kubectl seq get job pi -w\none\ntwx\nthree");
        assert!(bytes < 40, "{bytes} bytes for one cell");
        assert_eq!(screen.draw(&["one", "twx", "three"]).1, 0);
    }

    #[test]
    fn changed_cells_of_one_style_share_the_codes_of_the_style() {
        let bars = |cells: usize| {
            let mut line = Line::new("name ", Style::Strong);
            line.push("█".repeat(cells), Style::Work);
            line.push("▶", Style::Now);
            Frame { lines: vec![line; 20] }
        };
        let mut renderer = InlineRenderer::new(Vec::new(), Stylesheet::COLOURED);
        renderer.draw_frame(&bars(10), 40).unwrap();
        let before = renderer.bytes_written();
        renderer.draw_frame(&bars(11), 40).unwrap();
        let bytes = renderer.bytes_written() - before;
        assert!(bytes < 20 * 25, "{bytes} bytes for 20 longer bars");
        let mut terminal = vt100::Parser::new(30, 40, 0);
        terminal.process(&renderer.out);
        let expected = format!("name {}▶", "█".repeat(11));
        assert_eq!(terminal.screen().contents().lines().collect::<Vec<_>>(), vec![expected; 20]);
    }

    #[test]
    fn frames_grow_and_shrink() {
        let mut screen = TestScreen::new(10, 40);
        screen.draw(&["one"]);
        assert_eq!(screen.draw(&["one", "two", "three"]).0, "$ kubectl seq get job pi -w\none\ntwo\nthree");
        assert_eq!(screen.draw(&["1", "two"]).0, "$ kubectl seq get job pi -w\n1\ntwo");
        assert_eq!(screen.draw(&["1", "two", "3", "4"]).0, "$ kubectl seq get job pi -w\n1\ntwo\n3\n4");
        assert_eq!(screen.terminal.screen().cursor_position(), (5, 0));
    }

    #[test]
    fn a_frame_at_the_bottom_scrolls_and_keeps_its_position() {
        let mut screen = TestScreen::new(4, 20);
        screen.draw(&["a", "b"]);
        assert_eq!(screen.draw(&["a", "b", "c"]).0, "a\nb\nc");
        assert_eq!(screen.draw(&["a", "B", "c"]).0, "a\nB\nc");
    }

    #[test]
    fn a_terminal_without_alternate_screen_shows_the_frame_again() {
        let mut screen = TestScreen::new(10, 40);
        screen.renderer.begin_at(1, 10);
        screen.draw(&["one", "two"]);
        screen.terminal.process(b"\x1b[2J\x1b[Ha page\r\nthat\r\nstayed");
        screen.renderer.redraw_in_place().unwrap();
        let bytes = std::mem::take(&mut screen.renderer.out);
        screen.terminal.process(&bytes);
        assert_eq!(
            screen.draw(&["one", "two"]).0,
            "a page\none\ntwo",
            "lines above the frame stay untouched"
        );
    }

    #[test]
    fn a_new_width_redraws_the_frame() {
        let mut screen = TestScreen::new(10, 40);
        screen.draw(&["one two three", "four"]);
        screen.terminal.screen_mut().set_size(10, 20);
        assert_eq!(
            screen.draw(&["one two", "five"]).0.lines().skip(1).collect::<Vec<_>>(),
            ["one two", "five"]
        );
    }

    #[test]
    fn wide_and_combining_characters_keep_their_columns() {
        let mut screen = TestScreen::new(10, 40);
        screen.draw(&["日本 e\u{301}x|"]);
        assert!(screen.draw(&["日木 e\u{301}y|"]).0.ends_with("日木 e\u{301}y|"));
    }
}
