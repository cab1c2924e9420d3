//! A frame drawn in place, below what the terminal already shows.
//!
//! Only cells that changed are written, in one write, with moves relative to the frame's own top: nothing is asked of
//! the terminal and nothing above the frame is touched. The last frame stays when the drawing ends.

use std::fmt::Write as _;
use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use crate::view::{Frame, Line, Style, Stylesheet};

/// Equal cells between two changed ones are written again up to this many: a cursor move costs as much.
const BRIDGE: usize = 4;

/// One column of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    /// `'\0'` in the second column of a wide character.
    char: char,
    /// Combining characters.
    marks: Option<Box<str>>,
    role: Style,
}

/// The drawing of a frame that changes.
#[derive(Debug)]
pub(crate) struct InlineRenderer<W: Write> {
    out: W,
    stylesheet: Stylesheet,
    canvas: Canvas,
    /// What is behind the alternate screen.
    behind: Option<Canvas>,
    written: u64,
}

/// What the terminal shows of ours.
#[derive(Debug, Default)]
struct Canvas {
    columns: usize,
    rows: Vec<Vec<Cell>>,
    /// The screen's row of the first line, and how many rows the screen has; `None` as long as nobody knows.
    place: Option<(usize, usize)>,
}

impl<W: Write> InlineRenderer<W> {
    /// Begins below what is there; draws nothing yet.
    pub(crate) fn new(out: W, stylesheet: Stylesheet) -> Self {
        Self { out, stylesheet, canvas: Canvas::default(), behind: None, written: 0 }
    }

    /// Bytes sent to the terminal so far.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Makes the terminal show the frame. `columns` is the width of the terminal now.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn draw(&mut self, frame: &Frame, columns: usize) -> io::Result<()> {
        let rows: Vec<Vec<Cell>> = frame.lines.iter().map(|line| cells(line, columns)).collect();
        let mut text = String::new();
        if columns != self.canvas.columns {
            self.forget(&mut text, columns);
        }
        self.update(&mut text, &rows);
        self.canvas.columns = columns;
        if let Some((top, height)) = &mut self.canvas.place {
            // What did not fit has scrolled the screen.
            *top = (*top).min(height.saturating_sub(rows.len() + 1));
        }
        self.canvas.rows = rows;
        self.send(&text)
    }

    /// The stream, for what is no frame.
    pub(crate) fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// The screen's row of the first line, if it is known.
    pub(crate) fn top(&self) -> Option<usize> {
        self.canvas.place.map(|(top, _)| top)
    }

    /// Draws the next frame whole, in its place, if that is known: what the terminal shows there may be anything.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn begin_anew(&mut self) -> io::Result<()> {
        let Some((top, _)) = self.canvas.place else { return Ok(()) };
        self.canvas.rows.clear();
        self.send(&format!("\x1b[{};1H\x1b[J", top + 1))
    }

    /// Says on which row of a screen of so many rows the cursor is, which is where the frame begins.
    pub(crate) fn begin_at(&mut self, row: usize, height: usize) {
        self.canvas.place = Some((row, height));
    }

    /// Removes the frame; the next one is drawn at the bottom of a screen of this size. After a change of size nobody
    /// knows where a terminal has put what it showed.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn begin_at_bottom(&mut self, columns: usize, height: usize) -> io::Result<()> {
        let mut text = String::new();
        self.forget(&mut text, columns);
        let _ = write!(text, "\x1b[{height}B\r");
        self.canvas = Canvas { columns, rows: Vec::new(), place: Some((height.saturating_sub(1), height)) };
        self.send(&text)
    }

    /// Begins anew on an empty screen of this size.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn begin_empty(&mut self, columns: usize, height: usize) -> io::Result<()> {
        self.canvas = Canvas { columns, rows: Vec::new(), place: Some((0, height)) };
        self.send("\x1b[H\x1b[2J")
    }

    /// Writes lines below the frame, which stays.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn print_below(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut text = String::new();
        for line in lines {
            crate::terminal::ansi::render_line(&mut text, line, self.stylesheet);
            text.push_str("\r\n");
        }
        self.leave_there();
        self.send(&text)
    }

    /// Leaves the frame where it is; the next one is drawn below the cursor.
    pub(crate) fn leave_there(&mut self) {
        self.canvas = Canvas { columns: self.canvas.columns, ..Canvas::default() };
    }

    /// Goes on where the screen is another one; [`InlineRenderer::come_back`] goes on with this one.
    pub(crate) fn step_aside(&mut self) {
        self.behind = Some(std::mem::take(&mut self.canvas));
    }

    /// Goes on with the screen that was left.
    pub(crate) fn come_back(&mut self) {
        self.canvas = self.behind.take().unwrap_or_default();
    }

    /// Writes lines above the frame: they stay, the frame is drawn anew below them by the next [`InlineRenderer::draw`].
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn print_above(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut text = String::new();
        self.forget(&mut text, self.canvas.columns);
        for line in lines {
            crate::terminal::ansi::render_line(&mut text, line, self.stylesheet);
            text.push_str("\r\n");
        }
        let columns = self.canvas.columns.max(1);
        let height: usize = lines.iter().map(|line| line.width().div_ceil(columns).max(1)).sum();
        if let Some((top, screen)) = &mut self.canvas.place {
            *top = (*top + height).min(screen.saturating_sub(1));
        }
        self.send(&text)
    }

    /// Removes the frame from the screen, so that something can be written in its place.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        let mut text = String::new();
        self.forget(&mut text, self.canvas.columns);
        self.send(&text)
    }

    fn send(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.written += text.len() as u64;
        // Synchronized update: terminals that know it show the change at once, the others ignore it.
        let framed = format!("\x1b[?2026h{text}\x1b[?2026l");
        self.out.write_all(framed.as_bytes())?;
        self.out.flush()
    }

    /// Goes to the frame's top and clears from there on. A terminal of another width has wrapped the old lines.
    fn forget(&mut self, text: &mut String, columns: usize) {
        if self.canvas.rows.is_empty() {
            return;
        }
        let used = |row: &Vec<Cell>| row.len().div_ceil(columns.max(1)).max(1);
        let height: usize = self.canvas.rows.iter().map(used).sum();
        // Writing to a string cannot fail, here and below.
        let _ = write!(text, "\r\x1b[{height}A\x1b[J");
        self.canvas.rows.clear();
    }

    fn update(&self, text: &mut String, rows: &[Vec<Cell>]) {
        let old = &self.canvas.rows;
        // The cursor rests at the start of the line below the frame.
        let mut cursor = Cursor { row: old.len(), column: 0 };
        for (row, (before, now)) in old.iter().zip(rows).enumerate() {
            for run in changed_runs(before, now) {
                cursor.go(text, row, run.start);
                cursor.column = run.end;
                self.write_cells(text, now.get(run.start..run.end.min(now.len())).unwrap_or_default());
                if run.end > now.len() {
                    text.push_str("\x1b[K");
                }
            }
        }
        if rows.len() < old.len() {
            cursor.go(text, rows.len(), 0);
            text.push_str("\x1b[J");
        }
        for row in rows.iter().skip(old.len()) {
            cursor.go(text, old.len().max(cursor.row), 0);
            self.write_cells(text, row);
            text.push_str("\r\n");
            cursor = Cursor { row: cursor.row + 1, column: 0 };
        }
        cursor.go(text, rows.len(), 0);
    }

    fn write_cells(&self, text: &mut String, cells: &[Cell]) {
        let mut rest = cells;
        while let Some(first) = rest.first() {
            let length = rest.iter().take_while(|cell| cell.role == first.role).count();
            let (same, after) = rest.split_at(length);
            let mut piece = String::new();
            for cell in same.iter().filter(|cell| cell.char != '\0') {
                piece.push(cell.char);
                piece.push_str(cell.marks.as_deref().unwrap_or_default());
            }
            match self.stylesheet.style(first.role) {
                Some(style) if !piece.trim().is_empty() => {
                    let _ = write!(text, "{}", style.style(piece));
                }
                _ => text.push_str(&piece),
            }
            rest = after;
        }
    }
}

struct Cursor {
    row: usize,
    column: usize,
}

impl Cursor {
    fn go(&mut self, text: &mut String, row: usize, column: usize) {
        if row < self.row {
            let _ = write!(text, "\x1b[{}A", self.row - row);
        } else if row > self.row {
            let _ = write!(text, "\x1b[{}B", row - self.row);
        }
        if column == 0 && (self.column != 0 || row != self.row) {
            text.push('\r');
        } else if column != self.column {
            let _ = write!(text, "\x1b[{}G", column + 1);
        }
        *self = Self { row, column };
    }
}

/// The columns that differ; a run that reaches beyond the new line clears the rest of the old one.
fn changed_runs(before: &[Cell], now: &[Cell]) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for column in 0..before.len().max(now.len()) {
        if before.get(column) == now.get(column) {
            continue;
        }
        match runs.last_mut() {
            Some(last) if column <= last.end + BRIDGE => last.end = column + 1,
            _ => runs.push(column..column + 1),
        }
    }
    for run in &mut runs {
        // Half of a wide character cannot be written.
        while run.start > 0 && now.get(run.start).is_some_and(|cell| cell.char == '\0') {
            run.start -= 1;
        }
        while now.get(run.end).is_some_and(|cell| cell.char == '\0') {
            run.end += 1;
        }
    }
    runs
}

fn cells(line: &Line, columns: usize) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::with_capacity(columns);
    for span in &line.spans {
        for char in span.text.chars() {
            let width = char.width().unwrap_or(0);
            if width == 0 {
                if let Some(last) = cells.iter_mut().rev().find(|cell| cell.char != '\0') {
                    let mut marks = last.marks.take().map_or_else(String::new, String::from);
                    marks.push(char);
                    last.marks = Some(marks.into());
                }
                continue;
            }
            if cells.len() + width > columns {
                return cells;
            }
            cells.push(Cell { char, marks: None, role: span.role });
            if width == 2 {
                cells.push(Cell { char: '\0', marks: None, role: span.role });
            }
        }
    }
    // Blanks at the end need no writing.
    while cells.last().is_some_and(|cell| cell.char == ' ' && cell.marks.is_none()) {
        cells.pop();
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(lines: &[&str]) -> Frame {
        Frame { lines: lines.iter().map(|line| Line::of(*line, Style::Text)).collect() }
    }

    struct CellBuffer {
        live: InlineRenderer<Vec<u8>>,
        terminal: vt100::Parser,
    }

    impl CellBuffer {
        fn new(rows: u16, columns: u16) -> Self {
            let mut terminal = vt100::Parser::new(rows, columns, 100);
            terminal.process(b"$ kubectl seq get job pi -w\r\n");
            Self { live: InlineRenderer::new(Vec::new(), Stylesheet::COLOURED), terminal }
        }

        fn draw(&mut self, lines: &[&str]) -> (String, usize) {
            let columns = usize::from(self.terminal.screen().size().1);
            self.live.draw(&frame(lines), columns).unwrap();
            let bytes = std::mem::take(&mut self.live.out);
            self.terminal.process(&bytes);
            (self.terminal.screen().contents(), bytes.len())
        }
    }

    #[test]
    fn only_what_changed_is_written() {
        let mut screen = CellBuffer::new(10, 40);
        assert_eq!(screen.draw(&["one", "two", "three"]).0, "$ kubectl seq get job pi -w\none\ntwo\nthree");
        let (contents, bytes) = screen.draw(&["one", "twx", "three"]);
        assert_eq!(contents, "$ kubectl seq get job pi -w\none\ntwx\nthree");
        assert!(bytes < 40, "{bytes} bytes for one cell");
        assert_eq!(screen.draw(&["one", "twx", "three"]).1, 0);
    }

    #[test]
    fn frames_grow_and_shrink() {
        let mut screen = CellBuffer::new(10, 40);
        screen.draw(&["one"]);
        assert_eq!(screen.draw(&["one", "two", "three"]).0, "$ kubectl seq get job pi -w\none\ntwo\nthree");
        assert_eq!(screen.draw(&["1", "two"]).0, "$ kubectl seq get job pi -w\n1\ntwo");
        assert_eq!(screen.draw(&["1", "two", "3", "4"]).0, "$ kubectl seq get job pi -w\n1\ntwo\n3\n4");
        assert_eq!(screen.terminal.screen().cursor_position(), (5, 0));
    }

    #[test]
    fn a_frame_at_the_bottom_scrolls_and_stays_in_step() {
        let mut screen = CellBuffer::new(4, 20);
        screen.draw(&["a", "b"]);
        assert_eq!(screen.draw(&["a", "b", "c"]).0, "a\nb\nc");
        assert_eq!(screen.draw(&["a", "B", "c"]).0, "a\nB\nc");
    }

    #[test]
    fn a_terminal_that_has_no_alternate_screen_shows_the_frame_again() {
        let mut screen = CellBuffer::new(10, 40);
        screen.live.begin_at(1, 10);
        screen.draw(&["one", "two"]);
        screen.terminal.process(b"\x1b[2J\x1b[Ha page\r\nthat\r\nstayed");
        screen.live.begin_anew().unwrap();
        let bytes = std::mem::take(&mut screen.live.out);
        screen.terminal.process(&bytes);
        assert_eq!(screen.draw(&["one", "two"]).0, "a page\none\ntwo", "what is above the frame is not ours");
    }

    #[test]
    fn another_width_draws_anew() {
        let mut screen = CellBuffer::new(10, 40);
        screen.draw(&["one two three", "four"]);
        screen.terminal.screen_mut().set_size(10, 20);
        assert_eq!(
            screen.draw(&["one two", "five"]).0.lines().skip(1).collect::<Vec<_>>(),
            ["one two", "five"]
        );
    }

    #[test]
    fn wide_and_combining_characters_keep_their_columns() {
        let mut screen = CellBuffer::new(10, 40);
        screen.draw(&["日本 e\u{301}x|"]);
        assert!(screen.draw(&["日木 e\u{301}y|"]).0.ends_with("日木 e\u{301}y|"));
        let narrow = cells(&Line::of("日本", Style::Text), 3);
        assert_eq!(narrow.len(), 2, "half of a wide character does not fit");
    }
}
