//! Receives the events of the console, which replace signals on Windows.

use std::io;

use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};

use crate::platform::signal_kinds::{EndSignal, TerminalSignal};

/// Receives the events of the console that end a run.
pub(crate) struct EndSignals {
    interrupt: CtrlC,
    terminate: CtrlBreak,
    close: CtrlClose,
}

impl EndSignals {
    /// Starts to listen. After this call, the events no longer end the process by themselves.
    ///
    /// # Errors
    /// A handler cannot be installed.
    pub(crate) fn new(_uses_terminal: bool) -> io::Result<Self> {
        Ok(Self { interrupt: ctrl_c()?, terminate: ctrl_break()?, close: ctrl_close()? })
    }

    /// Waits for an event.
    pub(crate) async fn next(&mut self) -> EndSignal {
        tokio::select! {
            _ = self.interrupt.recv() => EndSignal::Interrupt,
            _ = self.terminate.recv() => EndSignal::Terminate,
            _ = self.close.recv() => EndSignal::Terminate,
        }
    }
}

/// Receives nothing, because Windows has no such signals: a new size arrives with the keys, and a shell cannot stop a
/// program.
pub(crate) struct TerminalSignals;

impl TerminalSignals {
    /// Does nothing.
    ///
    /// # Errors
    /// Never.
    #[expect(clippy::unnecessary_wraps, reason = "the function has the same type on Unix, where it can fail")]
    pub(crate) fn new(_has_live_picture: bool) -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits forever.
    pub(crate) async fn next(&mut self) -> TerminalSignal {
        std::future::pending().await
    }
}
