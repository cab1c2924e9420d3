//! The manifests of one command that changes objects. For `apply`, two kubectl calls read them: `apply`, and the `get`
//! that reads the applied objects back.
//!
//! Files, directories and URLs can be read twice. Standard input and pipes cannot, so this program reads their content
//! once, keeps it in memory, and passes it to each call.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::sync::Arc;

use tokio::process::Command;

use crate::platform::manifest_pipe::{is_read_once, make_inheritable};
use crate::source::error::{ErrorKind, SourceError};

/// Maximum number of bytes of one manifest that is kept in memory.
const MAX_MANIFEST_BYTES: u64 = 64 << 20;

/// The bytes of a manifest. The kubectl calls that read the manifest share these bytes.
pub(super) type ManifestContent = Arc<[u8]>;

/// The values of `--filename`, each with its content if it can be read only once.
#[derive(Debug, Default)]
pub(crate) struct Manifests(Vec<ManifestInput>);

/// One value of `--filename`.
#[derive(Debug)]
struct ManifestInput {
    filename: String,
    /// The content, or `None` if kubectl opens the manifest itself.
    content: Option<ManifestContent>,
}

impl Manifests {
    /// Creates the list of manifests but reads no manifest, so that kubectl itself opens all of them. Use this if only
    /// one kubectl call reads the manifests.
    pub(crate) fn unread(filenames: &[String]) -> Self {
        let unread = |filename: &String| ManifestInput { filename: filename.clone(), content: None };
        Self(filenames.iter().map(unread).collect())
    }

    /// Reads the manifests that can be read only once, in the order in which kubectl would read them. Blocks the
    /// thread.
    ///
    /// # Errors
    ///
    /// Reading such a manifest fails, or the manifest is longer than 64 MiB. A file that cannot be opened is not an
    /// error here, because kubectl reports this error.
    pub(crate) fn read(filenames: &[String]) -> Result<Self, SourceError> {
        let mut manifests = Self::unread(filenames);
        let mut is_stdin_read = false;
        for manifest in &mut manifests.0 {
            let content = match manifest.filename.as_str() {
                // kubectl itself reports that standard input cannot be read twice.
                "-" if is_stdin_read => continue,
                "-" => {
                    is_stdin_read = true;
                    read_limited(io::stdin().lock(), "standard input", MAX_MANIFEST_BYTES)?
                }
                path if is_read_once(path) => match File::open(path) {
                    Ok(file) => read_limited(file, path, MAX_MANIFEST_BYTES)?,
                    // kubectl cannot open the file either, and reports the reason.
                    Err(_) => continue,
                },
                _ => continue,
            };
            manifest.content = Some(content.into());
        }
        Ok(manifests)
    }

    /// Adds `--filename=-` with this content of standard input.
    #[cfg(test)]
    pub(crate) fn add_stdin(&mut self, content: Vec<u8>) {
        self.0.push(ManifestInput { filename: "-".to_owned(), content: Some(content.into()) });
    }

    /// Adds the `--filename` flags to a command. Returns the content that the started command must receive.
    ///
    /// # Errors
    ///
    /// A pipe cannot be created.
    pub(super) fn attach(&self, command: &mut Command) -> io::Result<AttachedContent> {
        let mut attached = AttachedContent::default();
        for ManifestInput { filename, content } in &self.0 {
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

/// The content to pass to a kubectl process after its start.
#[derive(Default)]
pub(super) struct AttachedContent {
    /// The content for kubectl's standard input.
    pub(super) stdin: Option<ManifestContent>,
    /// The read ends of the pipes. kubectl inherits them.
    readers: Vec<io::PipeReader>,
    /// The write ends of the pipes, each with the content to write.
    writers: Vec<(io::PipeWriter, ManifestContent)>,
}

impl AttachedContent {
    /// Creates a pipe that kubectl inherits. Returns the path by which kubectl opens the pipe.
    fn add_pipe(&mut self, content: &ManifestContent) -> io::Result<String> {
        let (reader, writer) = io::pipe()?;
        let path = make_inheritable(&reader)?;
        self.readers.push(reader);
        self.writers.push((writer, Arc::clone(content)));
        Ok(path)
    }

    /// Starts one thread per pipe, which writes the pipe's content. Call this after kubectl has been started.
    pub(super) fn start_writing(self) {
        drop(self.readers);
        for (mut writer, content) in self.writers {
            // Write errors are ignored: if kubectl ends before it has read the pipe, kubectl itself reports the reason.
            std::thread::spawn(move || writer.write_all(&content));
        }
    }
}

/// Reads all of `input`, which error messages call `name`.
///
/// # Errors
///
/// The input cannot be read, or is longer than `limit` bytes.
fn read_limited(input: impl Read, name: &str, limit: u64) -> Result<Vec<u8>, SourceError> {
    let mut bytes = Vec::new();
    input.take(limit + 1).read_to_end(&mut bytes).map_err(|error| {
        SourceError::new(ErrorKind::Input, format!("{name} cannot be read: {error}")).caused_by(error)
    })?;
    if bytes.len() as u64 > limit {
        return Err(SourceError::new(ErrorKind::Usage, format!("{name} is longer than {} MiB", limit >> 20))
            .hint("Apply it with `kubectl apply`, then follow its Job with `kubectl seq get job NAME -w`."));
    }
    Ok(bytes)
}

/// Quotes one value of a list flag. kubectl parses the value of such a flag as CSV, so a comma would split the value.
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
}
