//! The lines of `-v` above a live picture.

use std::io::{self, IsTerminal as _};

use tokio::sync::mpsc::UnboundedReceiver;

use crate::app::exit::RunError;
use crate::app::run::Run;
use crate::source::diagnostics;

/// Receives the lines that a live picture must make room for. `None` if the lines go to standard error directly.
#[derive(Debug, Default)]
pub(crate) struct DiagnosticLines(Option<UnboundedReceiver<String>>);

impl DiagnosticLines {
    /// Starts to receive lines if a live picture is on the terminal to which standard error goes.
    pub(crate) fn open(has_live_picture: bool) -> Self {
        let is_needed = has_live_picture && diagnostics::is_shown(1) && io::stderr().is_terminal();
        Self(is_needed.then(diagnostics::redirect))
    }

    /// Waits for the next line, forever if there is none.
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
