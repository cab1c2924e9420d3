//! `kubectl seq version`: the version of the program.

use crate::app::exit::{Exit, RunError};
use crate::app::streams::Streams;

/// Prints the version.
pub(crate) fn run() -> Result<Exit, RunError> {
    Streams::write_stdout(|out| writeln!(out, "kubectl-seq {}", env!("CARGO_PKG_VERSION")))?;
    Ok(Exit::Success)
}
