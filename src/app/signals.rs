//! The signals that end a run.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::exit::Exit;

/// Receives SIGINT (Ctrl-C) and SIGTERM.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Starts to listen. After this call, the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// Returns the error of the operating system if a handler cannot be installed.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for a signal and returns the matching exit.
    pub(crate) async fn next_exit(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}
