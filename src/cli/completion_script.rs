//! The completion scripts of the shells, which complete `kubectl-seq`.

use clap::ValueEnum;

use crate::app::exit::{Exit, RunError};
use crate::app::streams::Streams;

/// The shells that have a completion script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// Bash 4.4 or newer
    Bash,
    /// Zsh
    Zsh,
    /// Fish 3.4 or newer
    Fish,
    /// PowerShell 5 or newer
    Powershell,
}

impl Shell {
    /// Returns the completion script. The program embeds the files of the package, so no copy can be out of date.
    fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../completions/kubectl-seq.bash"),
            Self::Zsh => include_str!("../../completions/_kubectl-seq"),
            Self::Fish => include_str!("../../completions/kubectl-seq.fish"),
            Self::Powershell => include_str!("../../completions/kubectl-seq.ps1"),
        }
    }
}

/// Prints the completion script of `shell`.
pub(crate) fn print_script(shell: Shell) -> Result<Exit, RunError> {
    Streams::write_stdout(|out| out.write_all(shell.script().as_bytes()))?;
    Ok(Exit::Success)
}
