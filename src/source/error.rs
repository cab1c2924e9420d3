//! Errors of the sources, worded for users: what failed, on which object, why, and what to type next.

use std::error::Error;
use std::sync::Arc;

use thiserror::Error;

/// The kind of a failure. The kind determines the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line or an input file is wrong: exit code 2.
    Usage,
    /// The object does not exist, or it was deleted before it ended: exit code 3.
    NotFound,
    /// The user lacks a permission: exit code 3.
    Forbidden,
    /// The server has refused a request as invalid: exit code 3.
    Rejected,
    /// The server did not answer, or its answer could not be understood: exit code 3.
    Connection,
    /// The kubeconfig, the kuberc or the credentials cannot be used: exit code 3.
    Configuration,
    /// Standard input or a recording cannot be read: exit code 3.
    Input,
    /// kubectl cannot be started, or its output cannot be understood: exit code 3.
    Kubectl,
    /// kubectl, which this program ran, failed with this exit code and has printed the reason itself. This program
    /// exits with the same code.
    Wrapped(u8),
}

/// A failure of a source.
///
/// `Display` prints the summary: one or more lines in lower case without a full stop. The caller prints `error: `
/// before it.
#[derive(Clone, Debug, Error)]
#[error("{summary}")]
pub struct SourceError {
    /// The kind of the failure.
    pub kind: ErrorKind,
    /// The text that says what failed, on which object, and why. The text may come from the server and is not yet
    /// escaped.
    pub summary: String,
    /// Full sentences that say what to do, with commands in backticks.
    pub hints: Vec<String>,
    /// The named objects that do not exist, if this is the failure.
    pub(crate) missing: Option<Box<MissingObjects>>,
    /// The error that caused this failure. The cause is never printed, because it may contain secrets, such as the
    /// output of a credential plugin.
    #[source]
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// Named objects of one type that do not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MissingObjects {
    /// The plural of the type: `jobs`.
    pub plural: String,
    /// The path of the collection on the API server.
    pub path: String,
    /// The namespace, or `None` if the type has no namespaces.
    pub namespace: Option<String>,
    pub names: Vec<String>,
}

impl SourceError {
    /// Creates a failure without hints and without a cause.
    pub fn new(kind: ErrorKind, summary: impl Into<String>) -> Self {
        Self { kind, summary: summary.into(), hints: Vec::new(), missing: None, cause: None }
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a hint before the others.
    #[must_use]
    pub(crate) fn first_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.insert(0, hint.into());
        self
    }

    /// Adds the error that caused this failure.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }
}

/// Returns the message of an operating system error in lower case, without the error's number.
pub(crate) fn system_error_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn an_error_keeps_its_cause_and_prints_only_its_summary() {
        let cause = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = SourceError::new(ErrorKind::Input, "standard input cannot be read").caused_by(cause);
        assert_eq!(error.to_string(), "standard input cannot be read");
        assert_eq!(error.source().map(ToString::to_string), Some("permission denied".to_owned()));
    }
}
