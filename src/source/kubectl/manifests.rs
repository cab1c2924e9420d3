//! The manifests of one `kubectl apply`, which two kubectl calls read: `apply`, and the `get` that reads back what was applied.
//!
//! Files, directories and URLs can be read twice. Standard input and pipes cannot, so their content is read once, kept
//! in memory, and given to each call.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::sync::Arc;

use tokio::process::Command;

use crate::source::error::{ErrorKind, SourceError};

/// Limit of one manifest that is kept in memory, in bytes.
const MAX_INPUT: u64 = 64 << 20;

/// The bytes of a manifest, shared by the calls that read it.
pub(super) type Content = Arc<[u8]>;

/// The values of `--filename`, each with its content if it can be read only once.
#[derive(Debug, Default)]
pub(crate) struct Manifests(Vec<Manifest>);

#[derive(Debug)]
struct Manifest {
    filename: String,
    content: Option<Content>,
}

impl Manifests {
    /// Reads nothing: the only kubectl call opens all of them itself.
    pub(crate) fn unread(filenames: &[String]) -> Self {
        let unread = |filename: &String| Manifest { filename: filename.clone(), content: None };
        Self(filenames.iter().map(unread).collect())
    }

    /// Reads those that can be read only once, in the order in which kubectl would read them. Blocks.
    ///
    /// # Errors
    ///
    /// One of them cannot be read, or is longer than 64 MiB.
    pub(crate) fn read(filenames: &[String]) -> Result<Self, SourceError> {
        let mut manifests = Self::unread(filenames);
        let mut is_stdin_read = false;
        for manifest in &mut manifests.0 {
            let content = match manifest.filename.as_str() {
                // kubectl refuses to read standard input twice and says so.
                "-" if is_stdin_read => continue,
                "-" => {
                    is_stdin_read = true;
                    read_limited(io::stdin().lock(), "standard input", MAX_INPUT)?
                }
                path if is_read_once(path) => match File::open(path) {
                    Ok(file) => read_limited(file, path, MAX_INPUT)?,
                    // kubectl will fail to open it too, and says why.
                    Err(_) => continue,
                },
                _ => continue,
            };
            manifest.content = Some(content.into());
        }
        Ok(manifests)
    }

    /// Adds standard input with this content.
    #[cfg(test)]
    pub(crate) fn add_stdin(&mut self, content: Vec<u8>) {
        self.0.push(Manifest { filename: "-".to_owned(), content: Some(content.into()) });
    }

    /// Adds the `--filename` flags to a command, and the content of the manifests that were read.
    ///
    /// # Errors
    ///
    /// A pipe cannot be made.
    pub(super) fn attach(&self, command: &mut Command) -> io::Result<Attached> {
        let mut attached = Attached::default();
        for Manifest { filename, content } in &self.0 {
            let path = match content {
                Some(content) if filename == "-" => {
                    attached.stdin = Some(Arc::clone(content));
                    filename.clone()
                }
                Some(content) => attached.add_pipe(content)?,
                None => filename.clone(),
            };
            command.arg(format!("--filename={}", quote_list_value(&path)));
        }
        Ok(attached)
    }
}

/// The content that a started kubectl is going to read.
#[derive(Default)]
pub(super) struct Attached {
    /// Content for its standard input.
    pub(super) stdin: Option<Content>,
    /// The ends that kubectl inherits.
    readers: Vec<io::PipeReader>,
    writers: Vec<(io::PipeWriter, Content)>,
}

impl Attached {
    /// Makes a pipe that kubectl inherits and returns the path under which kubectl opens it.
    #[cfg(unix)]
    fn add_pipe(&mut self, content: &Content) -> io::Result<String> {
        use std::os::fd::AsRawFd as _;

        let (reader, writer) = io::pipe()?;
        // Without the flag that closes it when another program is started.
        rustix::io::fcntl_setfd(&reader, rustix::io::FdFlags::empty())?;
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        self.readers.push(reader);
        self.writers.push((writer, Arc::clone(content)));
        Ok(path)
    }

    #[cfg(not(unix))]
    fn add_pipe(&mut self, _content: &Content) -> io::Result<String> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Writes to the pipes from threads. Call it once kubectl has been started.
    pub(super) fn start_writing(self) {
        drop(self.readers);
        for (mut writer, content) in self.writers {
            // A kubectl that ends before it has read everything says why itself.
            std::thread::spawn(move || writer.write_all(&content));
        }
    }
}

/// Whether a second `open` of this path would not give the same content: a pipe, a device, or an open file of this
/// process (`/dev/stdin`, `/dev/fd/63` of `<(command)`).
fn is_read_once(path: &str) -> bool {
    let Ok(metadata) = std::fs::metadata(path) else { return false };
    let is_descriptor =
        path == "/dev/stdin" || path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/");
    !metadata.is_dir() && (is_descriptor || !metadata.is_file())
}

fn read_limited(input: impl Read, name: &str, limit: u64) -> Result<Vec<u8>, SourceError> {
    let mut bytes = Vec::new();
    input.take(limit + 1).read_to_end(&mut bytes).map_err(|error| {
        SourceError::new(ErrorKind::Input, format!("{name} cannot be read: {error}")).caused_by(error)
    })?;
    if bytes.len() as u64 > limit {
        return Err(SourceError::new(ErrorKind::Usage, format!("{name} is longer than {} MiB", limit >> 20))
            .hint("Apply it with `kubectl apply -f -`, then follow it with `kubectl seq get job NAME -w`."));
    }
    Ok(bytes)
}

/// Writes one value of a list flag so that kubectl, which reads a list as CSV, gets it as one value.
fn quote_list_value(value: &str) -> String {
    let is_plain = !value.is_empty() && !value.contains([',', '"', '\n', '\r']);
    if is_plain { value.to_owned() } else { format!("\"{}\"", value.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_is_too_long_is_refused() {
        assert_eq!(read_limited(&b"abc"[..], "x", 3).unwrap(), b"abc");
        assert_eq!(read_limited(&b"abcd"[..], "x", 3).unwrap_err().kind, ErrorKind::Usage);
    }

    #[test]
    fn a_file_name_with_a_comma_stays_one_value() {
        for (name, value) in [("a.yaml", "a.yaml"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("", "\"\"")]
        {
            assert_eq!(quote_list_value(name), value);
        }
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_open_files_are_read_once_but_files_and_folders_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        std::fs::write(&file, "").unwrap();
        assert!(!is_read_once(file.to_str().unwrap()) && !is_read_once(folder.path().to_str().unwrap()));
        assert!(!is_read_once("https://example.com/a.yaml") && !is_read_once("*.yaml"));
        assert!(is_read_once("/dev/null"));
        let open = File::open(&file).unwrap();
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&open);
        assert!(is_read_once(&format!("/dev/fd/{descriptor}")));
    }
}
