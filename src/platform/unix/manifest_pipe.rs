//! Manifests that can be read only once, and the pipes that pass their content to a child process.

use std::fs::metadata;
use std::io::{self, PipeReader};
use std::os::fd::AsRawFd as _;

use rustix::io::{FdFlags, fcntl_setfd};

/// Whether this path can be read only once, because it is a pipe, a device, or an open file descriptor of this process
/// (`/dev/stdin`, or `/dev/fd/63` from `<(command)`).
pub(crate) fn is_read_once(path: &str) -> bool {
    let Ok(metadata) = metadata(path) else { return false };
    let is_descriptor =
        path == "/dev/stdin" || path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/");
    !metadata.is_dir() && (is_descriptor || !metadata.is_file())
}

/// Lets child processes inherit the read end of a pipe. Returns the path by which a child opens the pipe.
///
/// # Errors
/// The flags of the pipe cannot be changed.
pub(crate) fn make_inheritable(reader: &PipeReader) -> io::Result<String> {
    // Clears the close-on-exec flag.
    fcntl_setfd(reader, FdFlags::empty())?;
    Ok(format!("/dev/fd/{}", reader.as_raw_fd()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_and_open_files_are_read_once_but_files_and_folders_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        std::fs::write(&file, "").unwrap();
        assert!(!is_read_once(file.to_str().unwrap()) && !is_read_once(folder.path().to_str().unwrap()));
        assert!(!is_read_once("https://example.com/a.yaml") && !is_read_once("*.yaml"));
        assert!(is_read_once("/dev/null"));
        let open = std::fs::File::open(&file).unwrap();
        assert!(is_read_once(&format!("/dev/fd/{}", open.as_raw_fd())));
    }
}
