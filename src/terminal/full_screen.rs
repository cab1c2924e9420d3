//! The terminal while the live picture is on it: raw keys, mouse, alternate screen; restored whatever happens.

use std::io::{self, Write};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};

use crate::terminal::inline_renderer::InlineRenderer;
use crate::terminal::input::Keys;
use crate::terminal::tty::{Terminal, note_full};
use crate::view::{Frame, Line, Stylesheet};

/// Where frames go.
#[expect(clippy::struct_excessive_bools, reason = "what was done to the terminal, each to be undone")]
pub(crate) struct FullScreen {
    live: InlineRenderer<Box<dyn Write>>,
    terminal: Box<dyn Terminal>,
    size: (usize, usize),
    /// Keys are ours.
    entered: bool,
    /// The mouse is ours.
    mouse: bool,
    /// The alternate screen is shown.
    full: bool,
    keys: Keys,
    /// The size changed while the alternate screen was shown.
    moved: bool,
}

impl std::fmt::Debug for FullScreen {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Stage").field("size", &self.size).finish_non_exhaustive()
    }
}

impl FullScreen {
    /// A stage on a terminal; nothing is drawn yet, and the keys are not ours.
    pub(crate) fn new(out: Box<dyn Write>, stylesheet: Stylesheet, terminal: Box<dyn Terminal>) -> Self {
        let size = terminal.size().unwrap_or((80, 24));
        Self {
            live: InlineRenderer::new(out, stylesheet),
            terminal,
            size,
            entered: false,
            mouse: false,
            full: false,
            keys: Keys::Nobody,
            moved: false,
        }
    }

    /// Columns and rows of the terminal now.
    pub(crate) fn size(&self) -> (usize, usize) {
        self.terminal.size().unwrap_or(self.size)
    }

    /// The screen's row of the frame's first line, if it is known.
    pub(crate) fn top(&self) -> Option<usize> {
        self.live.top().filter(|_| self.entered)
    }

    /// Bytes sent to the terminal so far.
    pub(crate) fn written(&self) -> u64 {
        self.live.written()
    }

    /// The keys; nobody's until the stage is entered.
    pub(crate) fn keys(&mut self) -> &mut Keys {
        &mut self.keys
    }

    /// Whether keys come to us.
    pub(crate) fn is_entered(&self) -> bool {
        self.entered
    }

    /// Takes the keys; `false` if they are not to be had: no terminal, or another job's.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn enter(&mut self) -> io::Result<bool> {
        if self.entered {
            return Ok(true);
        }
        // Off before on: a shell may have changed the terminal behind our back.
        if !self.terminal.is_ours()
            || self.terminal.set_raw(false).is_err()
            || self.terminal.set_raw(true).is_err()
        {
            return Ok(false);
        }
        self.entered = true;
        self.size = self.size();
        let (columns, rows) = self.size;
        // Below what is there, without the frame that was drawn while keys were not ours.
        self.live.clear()?;
        match self.terminal.cursor_row() {
            Some(row) => self.live.begin_at(row, rows),
            None => self.live.begin_at_bottom(columns, rows)?,
        }
        crossterm::execute!(self.live.out(), Hide)?;
        self.keys = self.terminal.keys();
        Ok(true)
    }

    /// Shows a frame, on the whole screen if it is `full`; takes the mouse or leaves it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn draw(&mut self, frame: &Frame, full: bool, mouse: bool) -> io::Result<()> {
        if !self.terminal.is_ours() {
            return Ok(());
        }
        let size = self.size();
        if self.entered {
            self.turn(full)?;
            if size != self.size {
                self.size = size;
                self.moved = self.full;
                if self.full {
                    self.live.begin_empty(size.0, size.1)?;
                } else {
                    self.live.begin_at_bottom(size.0, size.1)?;
                }
            }
            self.set_mouse(mouse)?;
        }
        self.live.draw(frame, size.0)
    }

    fn turn(&mut self, full: bool) -> io::Result<()> {
        if full == self.full {
            return Ok(());
        }
        self.full = full;
        note_full(full);
        if full {
            crossterm::execute!(self.live.out(), EnterAlternateScreen)?;
            self.live.step_aside();
            self.live.begin_empty(self.size.0, self.size.1)
        } else {
            // Some terminals have no alternate screen, or are told not to use it (as GNU screen is by default): the page
            // goes, and what was behind it is drawn anew.
            crossterm::execute!(self.live.out(), Clear(ClearType::All), LeaveAlternateScreen)?;
            self.live.come_back();
            if std::mem::take(&mut self.moved) {
                self.live.begin_at_bottom(self.size.0, self.size.1)
            } else {
                self.live.begin_anew()
            }
        }
    }

    fn set_mouse(&mut self, mouse: bool) -> io::Result<()> {
        if mouse == self.mouse {
            return Ok(());
        }
        self.mouse = mouse;
        if mouse {
            crossterm::execute!(self.live.out(), EnableMouseCapture)
        } else {
            crossterm::execute!(self.live.out(), DisableMouseCapture)
        }
    }

    /// Writes lines that stay above the frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn print_above(&mut self, lines: &[Line]) -> io::Result<()> {
        self.turn(false)?;
        self.live.print_above(lines)
    }

    /// Writes lines below the frame, which stays.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn print_below(&mut self, lines: &[Line]) -> io::Result<()> {
        self.live.print_below(lines)
    }

    /// Removes the frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.turn(false)?;
        self.live.clear()
    }

    /// Puts a text into the clipboard, if the terminal allows it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        crossterm::execute!(self.live.out(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Gives the keys and the screen back; what was drawn below the shell's lines stays.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn leave(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.entered) {
            return Ok(());
        }
        self.keys = Keys::Nobody;
        let restored = self.restore();
        self.terminal.set_raw(false)?;
        restored
    }

    fn restore(&mut self) -> io::Result<()> {
        self.set_mouse(false)?;
        self.turn(false)?;
        crossterm::execute!(self.live.out(), Show)
    }

    /// Stops the program until the shell continues it, then takes the keys again.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        self.leave()?;
        self.terminal.stop();
        self.resume()
    }

    /// Takes the keys again, and draws anew below what was written meanwhile; if they are not ours now, a later call
    /// may have them.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn resume(&mut self) -> io::Result<()> {
        self.entered = false;
        self.keys = Keys::Nobody;
        self.live.leave_there();
        self.enter().map(|_| ())
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        // There is nothing to do about a terminal that is gone.
        let _ = self.leave();
    }
}
