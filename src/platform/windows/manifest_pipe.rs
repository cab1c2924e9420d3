//! Manifests that can be read only once. On Windows, only standard input is such a manifest. The program
//! handles standard input in the same way on every system.

use std::io::{self, PipeReader};

/// Returns `false`, because kubectl opens each path itself.
pub(crate) fn is_read_once(_path: &str) -> bool {
    false
}

/// Returns an error, because a child process cannot open an inherited pipe by a path.
///
/// # Errors
/// Always.
pub(crate) fn make_inheritable(_reader: &PipeReader) -> io::Result<String> {
    Err(io::ErrorKind::Unsupported.into())
}
