//! Manifests that can be read only once. On Windows this is only standard input, which every system handles alike.

use std::io::{self, PipeReader};

/// Returns `false`, because kubectl opens each path itself.
pub(crate) fn is_read_once(_path: &str) -> bool {
    false
}

/// Fails, because a child process cannot open an inherited pipe by a path.
///
/// # Errors
/// Always.
pub(crate) fn make_inheritable(_reader: &PipeReader) -> io::Result<String> {
    Err(io::ErrorKind::Unsupported.into())
}
