//! Progress in the tab or the taskbar entry of the terminal, with the control sequence OSC 9;4.

use std::io::{self, Write};
use std::time::Duration;

use anstyle_progress::{TermProgress, supports_term_progress};
use tokio::time::Instant;

use crate::terminal::multiplexer::Multiplexer;
use crate::terminal::tty::{install_panic_hook_once, note_tab_progress};

/// Time after which the same progress is sent again. Ghostty removes progress that is not renewed for 15 seconds.
const RENEWAL_TIME: Duration = Duration::from_secs(5);

/// Whether the terminal of this process is known to show progress. `false` inside tmux and GNU screen, because the
/// environment variables may describe the outer terminal, which the sequence does not reach.
pub(crate) fn can_show_tab_progress() -> bool {
    Multiplexer::from_environment().is_none() && supports_term_progress(true)
}

/// The progress of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TabState {
    /// The run has no number of Pods to reach, or the number is not known yet.
    Indeterminate,
    /// This percentage is done.
    Done(u8),
    /// This percentage is done, and a workload has failed.
    Failed(u8),
}

/// Shows the progress of a run. A dropped `TabProgress` removes the progress from the terminal.
pub(crate) struct TabProgress {
    out: Box<dyn Write>,
    /// The progress that the terminal shows, and the time at which it was sent.
    shown: Option<(TabState, Instant)>,
}

impl TabProgress {
    /// Creates the progress. The terminal shows no progress yet.
    pub(crate) fn new(out: Box<dyn Write>) -> Self {
        Self { out, shown: None }
    }

    /// Shows a state. Sends nothing if the same state was sent less than [`RENEWAL_TIME`] ago.
    ///
    /// # Errors
    /// Fails if the terminal is gone.
    pub(crate) fn show(&mut self, state: TabState) -> io::Result<()> {
        if self.shown.is_some_and(|(shown, since)| shown == state && since.elapsed() < RENEWAL_TIME) {
            return Ok(());
        }
        self.shown = Some((state, Instant::now()));
        install_panic_hook_once();
        note_tab_progress(true);
        let progress = match state {
            TabState::Indeterminate => TermProgress::start(),
            TabState::Done(percent) => TermProgress::start().percent(percent.min(100)),
            TabState::Failed(percent) => TermProgress::error().percent(percent.min(100)),
        };
        write!(self.out, "{progress}")?;
        self.out.flush()
    }

    /// Removes the progress.
    ///
    /// # Errors
    /// Fails if the terminal is gone.
    pub(crate) fn remove(&mut self) -> io::Result<()> {
        if self.shown.take().is_none() {
            return Ok(());
        }
        note_tab_progress(false);
        write!(self.out, "{}", TermProgress::remove())?;
        self.out.flush()
    }
}

impl Drop for TabProgress {
    fn drop(&mut self) {
        // An error means that the terminal is gone.
        let _ = self.remove();
    }
}
