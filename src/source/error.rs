//! Why a source cannot go on, for people: what failed, on which object, why, and what to type next.

use std::fmt;

/// What kind of failure it is; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// What the user typed cannot be meant: exit code 2.
    Usage,
    /// There is no such object, or it went before it ended: exit code 3.
    NotFound,
    /// The right is missing: exit code 3.
    Forbidden,
    /// No answer, or none that can be understood: exit code 3.
    Connection,
    /// A wrapped program failed and has said why itself: its exit code is passed on.
    Wrapped(u8),
}

/// A failure of a source.
///
/// `Display` is one or more lines: the summary in lower case without a full stop, as it reads after `error: `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// What failed, on which object, and why. Server text in it is not yet escaped.
    pub summary: String,
    /// Full sentences that say what to do, with commands in backticks.
    pub hints: Vec<String>,
}

impl SourceError {
    /// A failure without a hint.
    pub fn new(kind: ErrorKind, summary: impl Into<String>) -> Self {
        Self { kind, summary: summary.into(), hints: Vec::new() }
    }

    /// The same with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.summary)
    }
}

impl std::error::Error for SourceError {}
