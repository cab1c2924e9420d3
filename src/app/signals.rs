//! The signals that end a run.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::exit::Exit;

/// SIGINT (Ctrl-C) and SIGTERM.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Starts to listen. From then on the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// The operating system refuses the handlers.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for a signal and returns the exit that it asks for.
    pub(crate) async fn next_exit(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}
