//! The terminal that we run on, beside what is written to it.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::terminal::input::Keys;
use crossterm::cursor::Show;
use crossterm::event::DisableMouseCapture;
use crossterm::terminal::{self, LeaveAlternateScreen};
use rustix::process::{Signal, getpgrp, kill_current_process_group};
use rustix::termios::tcgetpgrp;

/// The signal that a shell continues a stopped program with.
pub(crate) const CONTINUED: i32 = Signal::CONT.as_raw();

/// What has to be known of and done to a terminal.
pub(crate) trait Terminal {
    /// Columns and rows.
    fn size(&self) -> Option<(usize, usize)>;
    /// Whether its keys are ours: not those of a shell that put us into the background.
    fn is_ours(&self) -> bool;
    /// Hands its keys to us one by one, or back to line editing.
    ///
    /// # Errors
    /// It is no terminal.
    fn set_raw(&mut self, raw: bool) -> io::Result<()>;
    /// The row of the cursor, from 0, if it can be asked. Nobody else may read its keys meanwhile.
    fn cursor_row(&mut self) -> Option<usize>;
    /// Stops this program until the shell continues it.
    fn stop(&mut self);
    /// The keys, once the terminal is raw.
    fn keys(&mut self) -> Keys;
}

/// Columns and rows of the terminal that the program was started on; `None` if there is none.
pub(crate) fn terminal_size() -> Option<(usize, usize)> {
    // Not `size`: where there is no terminal it runs two programs that might know one.
    let size = terminal::window_size().ok()?;
    (size.columns > 0 && size.rows > 0).then_some((usize::from(size.columns), usize::from(size.rows)))
}

/// The terminal that the program was started on.
#[derive(Debug)]
pub(crate) struct ControllingTerminal {
    tty: Option<File>,
    /// Whether standard output is the terminal: questions go there.
    can_ask: bool,
}

impl ControllingTerminal {
    /// The terminal; `can_ask` if standard output is it.
    pub(crate) fn new(can_ask: bool) -> Self {
        Self { tty: File::open("/dev/tty").ok(), can_ask }
    }
}

impl Terminal for ControllingTerminal {
    fn size(&self) -> Option<(usize, usize)> {
        terminal_size()
    }

    fn is_ours(&self) -> bool {
        // Without a controlling terminal there is no other job.
        self.tty.as_ref().and_then(|tty| tcgetpgrp(tty).ok()).is_none_or(|foreground| foreground == getpgrp())
    }

    fn set_raw(&mut self, raw: bool) -> io::Result<()> {
        RAW.store(raw, Ordering::Relaxed);
        if raw {
            HOOK.call_once(restore_on_panic);
            terminal::enable_raw_mode()
        } else {
            terminal::disable_raw_mode()
        }
    }

    fn cursor_row(&mut self) -> Option<usize> {
        if !self.can_ask {
            return None;
        }
        crossterm::cursor::position().ok().map(|(_, row)| usize::from(row))
    }

    fn stop(&mut self) {
        // Whoever cannot be stopped goes on.
        let _ = kill_current_process_group(Signal::TSTP);
    }

    fn keys(&mut self) -> Keys {
        Keys::of_terminal()
    }
}

static HOOK: Once = Once::new();
static RAW: AtomicBool = AtomicBool::new(false);
static FULL: AtomicBool = AtomicBool::new(false);

/// Notes whether the alternate screen is shown, for a panic.
pub(crate) fn note_full(full: bool) {
    FULL.store(full, Ordering::Relaxed);
}

/// A panic's message is read on a terminal that works as usual.
fn restore_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if RAW.swap(false, Ordering::Relaxed) {
            // There is nothing to do about a terminal that is gone.
            let _ = terminal::disable_raw_mode();
            if let Ok(mut tty) = File::options().write(true).open("/dev/tty") {
                let _ = crossterm::queue!(tty, DisableMouseCapture);
                if FULL.swap(false, Ordering::Relaxed) {
                    let _ = crossterm::queue!(tty, LeaveAlternateScreen);
                }
                let _ = crossterm::queue!(tty, Show);
                let _ = tty.flush();
            }
        }
        before(panic);
    }));
}
