//! Receives the signals to which a run reacts.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::platform::signal_kinds::{EndSignal, TerminalSignal};

/// Receives the signals that end a run.
pub(crate) struct EndSignals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Option<Signal>,
}

impl EndSignals {
    /// Starts to listen. After this call, the signals no longer end the process by themselves. SIGHUP is handled only
    /// if `uses_terminal` is set. Otherwise the program has nothing to restore, and a handler would undo the
    /// protection of `nohup` from SIGHUP.
    ///
    /// # Errors
    /// A handler cannot be installed.
    pub(crate) fn new(uses_terminal: bool) -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: uses_terminal.then(|| signal(SignalKind::hangup())).transpose()?,
        })
    }

    /// Waits for a signal.
    pub(crate) async fn next(&mut self) -> EndSignal {
        tokio::select! {
            () = receive(&mut self.hang_up) => EndSignal::HangUp,
            _ = self.interrupt.recv() => EndSignal::Interrupt,
            _ = self.terminate.recv() => EndSignal::Terminate,
        }
    }
}

/// Receives the signals after which the terminal must be restored or drawn again.
pub(crate) struct TerminalSignals {
    resized: Signal,
    stopped: Option<Signal>,
    continued: Signal,
}

impl TerminalSignals {
    /// Starts to listen. SIGTSTP is handled only if the run has a live picture. Otherwise SIGTSTP stops the process
    /// at once, because the program has nothing to restore before.
    ///
    /// # Errors
    /// A handler cannot be installed.
    pub(crate) fn new(has_live_picture: bool) -> io::Result<Self> {
        let kind = |signal: rustix::process::Signal| SignalKind::from_raw(signal.as_raw());
        Ok(Self {
            resized: signal(SignalKind::window_change())?,
            stopped: has_live_picture.then(|| signal(kind(rustix::process::Signal::TSTP))).transpose()?,
            continued: signal(kind(rustix::process::Signal::CONT))?,
        })
    }

    /// Waits for a signal.
    pub(crate) async fn next(&mut self) -> TerminalSignal {
        tokio::select! {
            biased;
            () = receive(&mut self.stopped) => TerminalSignal::Stopped,
            _ = self.resized.recv() => TerminalSignal::Resized,
            _ = self.continued.recv() => TerminalSignal::Continued,
        }
    }
}

/// Waits for a signal. Waits forever if there is no listener.
async fn receive(listener: &mut Option<Signal>) {
    match listener {
        Some(listener) => _ = listener.recv().await,
        None => std::future::pending().await,
    }
}
