//! The reasons why no credentials can be obtained.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// The reason why no credentials can be obtained. No text contains the command line or the output of a plugin, because
/// these may be secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CredentialError {
    /// The kubeconfig names no program.
    #[error("the kubeconfig's credential plugin has no command")]
    NoCommand,
    /// A file with a token, a certificate or a key cannot be read.
    #[error("the file {} of the kubeconfig's user cannot be read: {}", .0.display(), describe_io_error(.1))]
    UnreadableFile(PathBuf, #[source] io::Error),
    /// The token contains a character that a header cannot contain.
    #[error("the token of the kubeconfig's user contains a character that a token cannot contain")]
    InvalidToken,
    /// The plugin may run only with a terminal, on which the user answers its questions.
    #[error("the kubeconfig's credential plugin needs a terminal")]
    NeedsTerminal,
    /// The program of the plugin cannot be started.
    #[error("the kubeconfig's credential plugin cannot be started: {}", describe_io_error(.0))]
    NotStarted(#[source] io::Error),
    /// The plugin has ended with an error.
    #[error("the kubeconfig's credential plugin {}", describe_status(*.0))]
    Failed(ExitStatus),
    /// The output of the plugin holds no credentials.
    #[error("the kubeconfig's credential plugin returned no usable credentials")]
    Unusable(#[source] Option<Box<dyn Error + Send + Sync>>),
    /// The plugin answers in another version of the API than the kubeconfig names.
    #[error("the kubeconfig's credential plugin returned another `apiVersion` than the kubeconfig names")]
    WrongVersion,
    /// No client can be created with the credentials.
    #[error("the credentials or certificates of the kubeconfig cannot be used")]
    Client(#[from] kube::Error),
}

/// Returns the reason in a few words.
fn describe_io_error(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound { "no such file".to_owned() } else { error.to_string() }
}

fn describe_status(status: ExitStatus) -> String {
    status.code().map_or_else(|| "was killed".to_owned(), |code| format!("failed with exit code {code}"))
}
