//! Controls the terminal of the live picture: raw keys, mouse and alternate screen. Dropping [`FullScreen`] restores
//! the terminal.

use std::io::{self, Write};
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use tokio::time::Instant;

use crate::terminal::inline_renderer::InlineRenderer;
use crate::terminal::keys::Keys;
use crate::terminal::tty::{Terminal, note_alternate_screen};
use crate::view::{Frame, Line, Stylesheet};

/// Time from a change of the size of the terminal to the next frame. During that time the frame is erased, because a
/// terminal that becomes narrower wraps the rows of a frame and may push them into the scrollback. tmux reports up to
/// four changes a second, so the time is longer than the pause between two reports.
const RESIZE_PAUSE: Duration = Duration::from_millis(350);

/// The pause instead of [`RESIZE_PAUSE`] if the size changes again within [`REPETITION_TIME`] after the frame was drawn.
/// A window that the user drags slowly then finds no frame that it could wrap.
pub(crate) const REPEATED_RESIZE_PAUSE: Duration = Duration::from_millis(1500);

/// A change of the size within this time after the frame was drawn at a new size is a repetition.
const REPETITION_TIME: Duration = Duration::from_secs(3);

/// The terminal on which frames are drawn, inline or on the alternate screen.
pub(crate) struct FullScreen {
    renderer: InlineRenderer<Box<dyn Write>>,
    terminal: Box<dyn Terminal>,
    size: (usize, usize),
    /// Whether the program reads the keys.
    entered: bool,
    /// Whether the terminal reports the mouse to the program.
    mouse: bool,
    /// Whether the alternate screen is shown.
    alternate: bool,
    keys: Keys,
    /// The time of the last change of the size. `None` as soon as a frame has been drawn inline at that size.
    resized_at: Option<Instant>,
    /// The time from the last change of the size to the next frame.
    resize_pause: Duration,
    /// The time at which a frame was last drawn at a new size.
    redrawn_at: Option<Instant>,
}

impl std::fmt::Debug for FullScreen {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FullScreen").field("size", &self.size).finish_non_exhaustive()
    }
}

impl FullScreen {
    /// Creates the screen without drawing a frame or reading keys.
    pub(crate) fn new(out: Box<dyn Write>, stylesheet: Stylesheet, terminal: Box<dyn Terminal>) -> Self {
        let size = terminal.size().unwrap_or((80, 24));
        Self {
            renderer: InlineRenderer::new(out, stylesheet),
            terminal,
            size,
            entered: false,
            mouse: false,
            alternate: false,
            keys: Keys::None,
            resized_at: None,
            resize_pause: RESIZE_PAUSE,
            redrawn_at: None,
        }
    }

    /// Returns the current number of columns and rows of the terminal, or the last known numbers.
    pub(crate) fn size(&self) -> (usize, usize) {
        self.terminal.size().unwrap_or(self.size)
    }

    /// Returns the row of the terminal that shows the first line of the frame, from 0. `None` if unknown.
    pub(crate) fn top(&self) -> Option<usize> {
        self.renderer.top().filter(|_| self.entered && !self.is_resizing())
    }

    /// Returns the number of bytes that were sent to the terminal for frames and lines.
    pub(crate) fn bytes_written(&self) -> u64 {
        self.renderer.bytes_written()
    }

    /// Returns the source of keys, which delivers no keys before [`FullScreen::enter`].
    pub(crate) fn keys(&mut self) -> &mut Keys {
        &mut self.keys
    }

    /// Whether the program reads the keys.
    pub(crate) fn is_entered(&self) -> bool {
        self.entered
    }

    /// Starts to read keys. Returns `false` if that is impossible because there is no terminal or another job is in the
    /// foreground.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn enter(&mut self) -> io::Result<bool> {
        if self.entered {
            return Ok(true);
        }
        // Turn raw mode off first, because a shell may have changed the terminal in the meantime.
        if !self.terminal.is_foreground()
            || self.terminal.set_raw(false).is_err()
            || self.terminal.set_raw(true).is_err()
        {
            return Ok(false);
        }
        self.entered = true;
        self.size = self.size();
        // Remove the frame that was drawn before, and begin below the shell's lines.
        self.own_cursor()?;
        self.clear()?;
        // A terminal that does not answer shows the frame at the cursor. Clicks then have no known row.
        if let Some(row) = self.terminal.cursor_row() {
            self.renderer.begin_at(row, self.size.1);
        }
        self.resized_at = None;
        self.keys = self.terminal.keys();
        Ok(true)
    }

    /// Lets the hidden cursor rest at the first row of each frame, because no other program writes to the terminal any
    /// more.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn own_cursor(&mut self) -> io::Result<()> {
        self.renderer.own_cursor()?;
        self.note_frame();
        Ok(())
    }

    /// Whether the inline frame is erased because the size of the terminal has just changed.
    pub(crate) fn is_resizing(&self) -> bool {
        !self.alternate && self.resized_at.is_some()
    }

    /// Shows a frame, on the alternate screen if `alternate` is true. If `mouse` is true, the terminal reports the
    /// mouse to the program; otherwise the terminal uses the mouse itself. While [`FullScreen::is_resizing`] holds,
    /// nothing is drawn.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn show_frame(&mut self, frame: &Frame, alternate: bool, mouse: bool) -> io::Result<()> {
        if !self.terminal.is_foreground() {
            return Ok(());
        }
        if self.entered {
            self.switch_screen(alternate)?;
        }
        self.note_size()?;
        if self.entered {
            self.set_mouse(mouse)?;
        }
        if self.is_resizing() {
            if self.resized_at.is_some_and(|since| since.elapsed() < self.resize_pause) {
                return Ok(());
            }
            self.resized_at = None;
            self.redrawn_at = Some(Instant::now());
            self.find_row();
        }
        self.renderer.draw_frame(frame, self.size.0)?;
        self.note_frame();
        Ok(())
    }

    /// Shows the last frame, below which the cursor stays, even if the size of the terminal has just changed.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn show_last_frame(&mut self, frame: &Frame) -> io::Result<()> {
        if !self.terminal.is_foreground() {
            return Ok(());
        }
        self.note_size()?;
        self.resized_at = None;
        self.renderer.draw_frame(frame, self.size.0)?;
        self.leave_frame()
    }

    /// Erases the frame if the size of the terminal has changed.
    fn note_size(&mut self) -> io::Result<()> {
        let size = self.size();
        if size == self.size {
            return Ok(());
        }
        self.size = size;
        if self.resized_at.is_none() {
            let is_repeated = self.redrawn_at.is_some_and(|at| at.elapsed() < REPETITION_TIME);
            self.resize_pause = if is_repeated { REPEATED_RESIZE_PAUSE } else { RESIZE_PAUSE };
        }
        self.resized_at = Some(Instant::now());
        if self.alternate {
            self.renderer.begin_empty(size.0, size.1)
        } else {
            self.renderer.erase_moved_frame()?;
            self.note_frame();
            Ok(())
        }
    }

    /// Asks the terminal for the row of the cursor, at which the next frame begins.
    fn find_row(&mut self) {
        if !self.entered {
            return;
        }
        self.keys = Keys::None;
        // A terminal that does not answer shows the frame at the cursor. Clicks then have no known row.
        if let Some(row) = self.terminal.cursor_row() {
            self.renderer.begin_at(row, self.size.1);
        }
        self.keys = self.terminal.keys();
    }

    /// Tells the terminal how many rows of a frame stand at and below the cursor.
    fn note_frame(&mut self) {
        let rows = if self.alternate { 0 } else { self.renderer.rows_from_cursor() };
        self.terminal.note_frame_rows(rows);
    }

    fn switch_screen(&mut self, alternate: bool) -> io::Result<()> {
        if alternate == self.alternate {
            return Ok(());
        }
        self.alternate = alternate;
        note_alternate_screen(alternate);
        if alternate {
            // The terminal wraps the lines of the normal screen when its size changes while a page is shown. Therefore
            // no frame stays there.
            self.renderer.push_canvas()?;
            self.note_frame();
            crossterm::execute!(self.renderer.out(), EnterAlternateScreen)?;
            self.renderer.begin_empty(self.size.0, self.size.1)
        } else {
            // Some terminals have no alternate screen or do not use it, such as GNU screen by default. Therefore the
            // page is cleared and the inline frame is drawn again.
            self.renderer.clear()?;
            crossterm::execute!(self.renderer.out(), Clear(ClearType::All), LeaveAlternateScreen)?;
            self.renderer.pop_canvas();
            if self.resized_at.is_some() {
                self.renderer.forget_position();
            }
            self.renderer.redraw_in_place()
        }
    }

    fn set_mouse(&mut self, mouse: bool) -> io::Result<()> {
        if mouse == self.mouse {
            return Ok(());
        }
        self.mouse = mouse;
        if mouse {
            crossterm::execute!(self.renderer.out(), EnableMouseCapture)
        } else {
            crossterm::execute!(self.renderer.out(), DisableMouseCapture)
        }
    }

    /// Prints lines above the frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn print_above(&mut self, lines: &[Line]) -> io::Result<()> {
        self.switch_screen(false)?;
        self.renderer.print_above(lines)?;
        self.note_frame();
        Ok(())
    }

    /// Prints rendered lines above the frame. `widths` are the widths of the lines in columns. The frame must not be on
    /// the alternate screen.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn print_text_above(&mut self, lines: &str, widths: &[usize]) -> io::Result<()> {
        self.renderer.print_text_above(lines, widths.iter().copied())?;
        self.note_frame();
        Ok(())
    }

    /// Whether the alternate screen is shown.
    pub(crate) fn is_alternate(&self) -> bool {
        self.alternate
    }

    /// Prints lines below the frame. The frame stays on the screen.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn print_below(&mut self, lines: &[Line]) -> io::Result<()> {
        self.renderer.print_below(lines)?;
        self.note_frame();
        Ok(())
    }

    /// Removes the frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.switch_screen(false)?;
        self.renderer.clear()?;
        self.note_frame();
        Ok(())
    }

    /// Leaves the frame on the screen and moves the cursor below it.
    fn leave_frame(&mut self) -> io::Result<()> {
        self.renderer.leave_frame()?;
        self.note_frame();
        Ok(())
    }

    /// Copies a text to the clipboard, if the terminal allows it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        crossterm::execute!(self.renderer.out(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Stops reading keys and restores the terminal, except for the inline frame, which [`FullScreen::show_last_frame`]
    /// may still replace.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn leave(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.entered) {
            return Ok(());
        }
        self.keys = Keys::None;
        let restored = self.restore();
        self.terminal.set_raw(false)?;
        restored
    }

    fn restore(&mut self) -> io::Result<()> {
        self.set_mouse(false)?;
        self.switch_screen(false)?;
        self.renderer.release_cursor()
    }

    /// Stops the program until the shell continues it, then reads keys again.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        self.leave()?;
        self.leave_frame()?;
        self.terminal.stop();
        self.resume()
    }

    /// Reads keys again and draws below the lines that other programs have written. Erases the rows that a frame has
    /// left below these lines. If the keys are not available yet, a later call may succeed.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn resume(&mut self) -> io::Result<()> {
        self.entered = false;
        self.keys = Keys::None;
        self.renderer.erase_moved_frame()?;
        self.note_frame();
        self.enter().map(|_| ())
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        // An error means that the terminal is gone, so there is nothing to restore.
        let _ = self.leave();
        let _ = self.leave_frame();
    }
}
