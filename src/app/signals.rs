//! The signals that end a run.

use std::io;

use crate::app::exit::Exit;
use crate::platform::signal_kinds::EndSignal;
use crate::platform::signals::EndSignals;

/// Receives the signals that end a run.
pub(crate) struct Signals(EndSignals);

impl Signals {
    /// Starts to listen. After this call, the signals no longer end the process by themselves. `uses_terminal` says
    /// whether the run changes a terminal, so that it must restore the terminal after SIGHUP.
    ///
    /// # Errors
    /// Returns the error of the operating system if a handler cannot be installed.
    pub(crate) fn new(uses_terminal: bool) -> io::Result<Self> {
        EndSignals::new(uses_terminal).map(Self)
    }

    /// Waits for a signal and returns the matching exit.
    pub(crate) async fn next_exit(&mut self) -> Exit {
        match self.0.next().await {
            EndSignal::Interrupt => Exit::Interrupted,
            EndSignal::Terminate => Exit::Terminated,
            EndSignal::HangUp => Exit::HungUp,
        }
    }
}
