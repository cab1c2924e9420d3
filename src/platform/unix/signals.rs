//! Receives the signals to which a run reacts.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::platform::signal_kinds::{EndSignal, TerminalSignal};

/// Receives the signals that end a run.
pub(crate) struct EndSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl EndSignals {
    /// Starts to listen. After this call, the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// A handler cannot be installed.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for a signal.
    pub(crate) async fn next(&mut self) -> EndSignal {
        tokio::select! {
            _ = self.interrupt.recv() => EndSignal::Interrupt,
            _ = self.terminate.recv() => EndSignal::Terminate,
        }
    }
}

/// Receives the signals after which the terminal must be drawn again.
pub(crate) struct TerminalSignals {
    resized: Signal,
    continued: Signal,
}

impl TerminalSignals {
    /// Starts to listen.
    ///
    /// # Errors
    /// A handler cannot be installed.
    pub(crate) fn new() -> io::Result<Self> {
        let continued = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
        Ok(Self { resized: signal(SignalKind::window_change())?, continued: signal(continued)? })
    }

    /// Waits for a signal.
    pub(crate) async fn next(&mut self) -> TerminalSignal {
        tokio::select! {
            biased;
            _ = self.resized.recv() => TerminalSignal::Resized,
            _ = self.continued.recv() => TerminalSignal::Continued,
        }
    }
}
