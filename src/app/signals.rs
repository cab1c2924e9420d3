//! The signals that end a run.

use std::io;

use crate::app::exit::Exit;
use crate::platform::signal_kinds::EndSignal;
use crate::platform::signals::EndSignals;

/// Receives the signals that end a run.
pub(crate) struct Signals(EndSignals);

impl Signals {
    /// Starts to listen. After this call, the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// Returns the error of the operating system if a handler cannot be installed.
    pub(crate) fn new() -> io::Result<Self> {
        EndSignals::new().map(Self)
    }

    /// Waits for a signal and returns the matching exit.
    pub(crate) async fn next_exit(&mut self) -> Exit {
        match self.0.next().await {
            EndSignal::Interrupt => Exit::Interrupted,
            EndSignal::Terminate => Exit::Terminated,
        }
    }
}
