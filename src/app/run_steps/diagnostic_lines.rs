//! The lines of `-v` above a live picture.

use std::io::{self, IsTerminal as _};

use tokio::sync::mpsc::UnboundedReceiver;

use crate::app::exit::RunError;
use crate::app::run::Run;
use crate::source::diagnostics;

/// Receives the lines of `-v` while a live picture is shown. `None` if the lines go to standard error directly.
#[derive(Debug, Default)]
pub(crate) struct DiagnosticLines(Option<UnboundedReceiver<String>>);

impl DiagnosticLines {
    /// Starts to receive lines if `-v` is set, a live picture is shown and standard error is a terminal.
    pub(crate) fn open(has_live_picture: bool) -> Self {
        let is_needed = has_live_picture && diagnostics::is_shown(1) && io::stderr().is_terminal();
        Self(is_needed.then(diagnostics::redirect))
    }

    /// Waits for the next line. Never returns if no more lines can arrive.
    pub(crate) async fn next(&mut self) -> String {
        if let Some(receiver) = &mut self.0
            && let Some(line) = receiver.recv().await
        {
            return line;
        }
        std::future::pending().await
    }
}

impl Run<'_> {
    /// Shows the lines that have not been shown yet. From now on, lines go to standard error directly.
    pub(crate) fn show_last_diagnostics(&mut self, lines: DiagnosticLines) -> Result<(), RunError> {
        let Some(mut receiver) = lines.0 else { return Ok(()) };
        receiver.close();
        while let Ok(line) = receiver.try_recv() {
            self.note(&line)?;
        }
        Ok(())
    }
}
