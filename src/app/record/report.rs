//! Lines about faults, which `record` prints on standard error.

/// A line for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Warning(String),
    Note(String),
}
