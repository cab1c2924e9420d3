//! An output stream of kubectl that this program reads while kubectl runs.

use std::io::{self, IsTerminal as _, Read};
use std::process::Stdio;

use tokio::process::Command;
use tokio::sync::mpsc;

use crate::platform::controlling_terminal::open_pseudo_terminal;

/// Number of bytes that are read at a time.
const CHUNK_BYTES: usize = 16 << 10;

/// Maximum number of chunks that wait to be processed. If kubectl writes more, it has to wait.
const MAX_WAITING_CHUNKS: usize = 4;

/// An output stream of kubectl.
#[derive(Debug)]
pub(super) struct CapturedStream {
    /// The chunks that have been read. `None` after the end of the stream.
    chunks: Option<mpsc::Receiver<Vec<u8>>>,
}

impl CapturedStream {
    /// Makes `command` write its standard output to a pipe.
    ///
    /// # Errors
    ///
    /// A pipe cannot be created.
    pub(super) fn stdout_of(command: &mut Command) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        command.stdout(writer);
        Ok(Self::start_reading(reader))
    }

    /// Makes `command` write its standard error to this program. If standard error of this program is a terminal, the
    /// command writes to a pseudo-terminal, so that it writes the same colours as without this program.
    ///
    /// # Errors
    ///
    /// A pipe cannot be created.
    pub(super) fn stderr_of(command: &mut Command) -> io::Result<Self> {
        if io::stderr().is_terminal()
            && let Ok((reader, writer)) = open_pseudo_terminal()
        {
            command.stderr(Stdio::from(writer));
            return Ok(Self::start_reading(reader));
        }
        let (reader, writer) = io::pipe()?;
        command.stderr(writer);
        Ok(Self::start_reading(reader))
    }

    /// Returns a stream that has already ended.
    pub(super) fn ended() -> Self {
        Self { chunks: None }
    }

    /// Whether the end of the stream has been read.
    pub(super) fn has_ended(&self) -> bool {
        self.chunks.is_none()
    }

    /// Waits for the next bytes. Returns `None` at the end of the stream. The call can be cancelled without a loss of
    /// bytes.
    pub(super) async fn next_chunk(&mut self) -> Option<Vec<u8>> {
        let chunk = self.chunks.as_mut()?.recv().await;
        if chunk.is_none() {
            self.chunks = None;
        }
        chunk
    }

    /// Starts a thread that reads the stream, because a pseudo-terminal cannot be read asynchronously everywhere. The
    /// thread ends at the end of the stream, or when more bytes arrive after this value was dropped.
    fn start_reading(mut reader: impl Read + Send + 'static) -> Self {
        let (sender, chunks) = mpsc::channel(MAX_WAITING_CHUNKS);
        std::thread::spawn(move || {
            let mut buffer = vec![0; CHUNK_BYTES];
            loop {
                match reader.read(&mut buffer) {
                    Ok(length @ 1..) if sender.blocking_send(buffer[..length].to_vec()).is_ok() => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    // On Linux, reading a pseudo-terminal fails after the last writer has gone.
                    Ok(_) | Err(_) => return,
                }
            }
        });
        Self { chunks: Some(chunks) }
    }
}
