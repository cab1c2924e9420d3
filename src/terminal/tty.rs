//! The controlling terminal: its size, raw mode, cursor, keys and job control.

use std::io::{self, Write as _};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anstyle_progress::TermProgress;
use crossterm::event::DisableMouseCapture;
use crossterm::terminal::{self, LeaveAlternateScreen};

use crate::platform::controlling_terminal::{JobControl, open_for_writing, stop_process_group};
use crate::terminal::inline_renderer::{END_FRAME, leaving_sequences};
use crate::terminal::keys::Keys;

/// All operations on a terminal except writing. Tests implement this trait with a virtual terminal.
pub(crate) trait Terminal {
    /// Returns the number of columns and rows. `None` if unknown.
    fn size(&self) -> Option<(usize, usize)>;
    /// Whether the program is in the foreground. In the background, the keys belong to the shell.
    fn is_foreground(&self) -> bool;
    /// Turns raw mode on or off. In raw mode each key arrives immediately and is not echoed.
    ///
    /// # Errors
    /// When there is no terminal.
    fn set_raw(&mut self, raw: bool) -> io::Result<()>;
    /// Asks the terminal for the row of the cursor, from 0. The caller must not read keys at the same time, because the
    /// answer arrives on the same stream as the keys.
    fn cursor_row(&mut self) -> Option<usize>;
    /// Records how many rows of a frame stand at and below the cursor, so that a panic can leave the frame.
    fn note_frame_rows(&mut self, rows: usize);
    /// Stops the program until the shell continues it.
    fn stop(&mut self);
    /// Returns the source of keys. The terminal must be in raw mode.
    fn keys(&mut self) -> Keys;
}

/// Returns the number of columns and rows of the terminal on which the program was started. `None` without a terminal.
pub(crate) fn terminal_size() -> Option<(usize, usize)> {
    let (columns, rows) = if cfg!(windows) {
        terminal::size().ok()?
    } else {
        // On Unix, `size` would start two programs if there is no terminal.
        let size = terminal::window_size().ok()?;
        (size.columns, size.rows)
    };
    (columns > 0 && rows > 0).then_some((usize::from(columns), usize::from(rows)))
}

/// Makes the console of Windows obey control sequences. Other terminals always do.
pub(crate) fn enable_control_sequences() {
    // A console that cannot obey them shows them as text, as it does for other programs.
    #[cfg(windows)]
    let _ = crossterm::ansi_support::supports_ansi();
}

/// The terminal on which the program was started.
#[derive(Debug)]
pub(crate) struct ControllingTerminal {
    job_control: JobControl,
    /// Whether standard output is the terminal, so that the program can ask for the position of the cursor.
    can_ask_cursor: bool,
}

impl ControllingTerminal {
    /// Opens the terminal. `is_stdout` says whether standard output is the terminal.
    pub(crate) fn new(is_stdout: bool) -> Self {
        Self { job_control: JobControl::new(), can_ask_cursor: is_stdout }
    }
}

impl Terminal for ControllingTerminal {
    fn size(&self) -> Option<(usize, usize)> {
        terminal_size()
    }

    fn is_foreground(&self) -> bool {
        self.job_control.is_foreground()
    }

    fn set_raw(&mut self, raw: bool) -> io::Result<()> {
        RAW_MODE.store(raw, Ordering::Relaxed);
        if raw {
            install_panic_hook_once();
            terminal::enable_raw_mode()
        } else {
            terminal::disable_raw_mode()
        }
    }

    fn cursor_row(&mut self) -> Option<usize> {
        if !self.can_ask_cursor {
            return None;
        }
        // `position` would repeat a failed start of the reader of keys without end. The start fails if the terminal has been
        // closed.
        if crossterm::event::poll(Duration::ZERO).is_err() {
            self.can_ask_cursor = false;
            return None;
        }
        let position = crossterm::cursor::position();
        // The wait for an answer takes two seconds, so the program does not ask a silent terminal again.
        self.can_ask_cursor = position.is_ok();
        position.ok().map(|(_, row)| usize::from(row))
    }

    fn note_frame_rows(&mut self, rows: usize) {
        if FRAME_ROWS.swap(rows, Ordering::Relaxed) == 0 && rows > 0 {
            install_panic_hook_once();
        }
    }

    fn stop(&mut self) {
        stop_process_group();
    }

    fn keys(&mut self) -> Keys {
        Keys::from_terminal()
    }
}

/// Makes sure that the panic hook is installed only once.
static PANIC_HOOK: Once = Once::new();
/// Whether the terminal is in raw mode.
static RAW_MODE: AtomicBool = AtomicBool::new(false);
/// Whether the alternate screen is shown.
static ALTERNATE_SCREEN: AtomicBool = AtomicBool::new(false);

/// Records whether the alternate screen is shown, so that a panic can leave it.
pub(crate) fn note_alternate_screen(shown: bool) {
    ALTERNATE_SCREEN.store(shown, Ordering::Relaxed);
}

/// The number of rows of the frame at whose first row the hidden cursor rests.
static FRAME_ROWS: AtomicUsize = AtomicUsize::new(0);

/// Whether the terminal shows progress in its tab.
static TAB_PROGRESS: AtomicBool = AtomicBool::new(false);

/// Records whether the terminal shows progress in its tab, so that a panic can remove it.
pub(crate) fn note_tab_progress(shown: bool) {
    TAB_PROGRESS.store(shown, Ordering::Relaxed);
}

/// Makes a panic restore the terminal before it prints its message. Later calls have no effect.
pub(crate) fn install_panic_hook_once() {
    PANIC_HOOK.call_once(install_panic_hook);
}

fn install_panic_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_raw = RAW_MODE.swap(false, Ordering::Relaxed);
        if is_raw {
            // An error means that the terminal is gone.
            let _ = terminal::disable_raw_mode();
        }
        let sequences = restoring_sequences(
            is_raw,
            ALTERNATE_SCREEN.swap(false, Ordering::Relaxed),
            FRAME_ROWS.swap(0, Ordering::Relaxed),
            TAB_PROGRESS.swap(false, Ordering::Relaxed),
        );
        if !sequences.is_empty()
            && let Ok(mut tty) = open_for_writing()
        {
            let _ = tty.write_all(&sequences);
        }
        before(panic);
    }));
}

/// Returns the sequences that restore the terminal after a panic. `frame_rows` is the number of rows of the inline
/// frame.
fn restoring_sequences(
    is_raw: bool,
    is_alternate: bool,
    frame_rows: usize,
    has_tab_progress: bool,
) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    if is_raw {
        let _ = crossterm::queue!(out, DisableMouseCapture);
        if is_alternate {
            let _ = crossterm::queue!(out, LeaveAlternateScreen);
            let _ = out.write_all(END_FRAME.as_bytes());
        }
    }
    let _ = out.write_all(leaving_sequences(frame_rows).as_bytes());
    if has_tab_progress {
        let _ = write!(out, "{}", TermProgress::remove());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_undoes_only_what_the_program_changed() {
        assert!(restoring_sequences(false, false, 0, false).is_empty());
        assert_eq!(restoring_sequences(false, false, 0, true), b"\x1b]9;4;0;\x1b\\");
        let frame = String::from_utf8(restoring_sequences(true, false, 7, false)).unwrap();
        assert!(frame.ends_with("\r\u{1b}[7B\u{1b}[?7h\u{1b}[?25h"), "{frame:?}");
        let all = String::from_utf8(restoring_sequences(true, true, 0, true)).unwrap();
        for sequence in ["\u{1b}[?1000l", "\u{1b}[?1049l", "\u{1b}[?7h\u{1b}[?25h", "\u{1b}]9;4;0;"] {
            assert!(all.contains(sequence), "{all:?}");
        }
    }
}
