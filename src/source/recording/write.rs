//! Writes a recording while the run receives its observations.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::observation::Observation;
use crate::platform::private_file::{open_private_file, restrict_to_owner};
use crate::source::Update;
use crate::source::error::{ErrorKind, SourceError, system_error_text};
use crate::source::recording::compression::{
    FRAME_BYTES, FRAME_INTERVAL, FrameCompressor, has_compressed_name,
};
use crate::source::recording::header::RecordingHeader;
use crate::source::recording::line_buffer::LineBuffer;
use crate::source::recording::redact::redact;

/// Number of bytes of whole lines after which they are written, even if the update has more lines.
const WRITE_BYTES: usize = 64 * 1024;

/// Records the observations of a run.
///
/// The observations of an update are in the file when [`Recorder::record`] returns, or in a compressed file one second later
/// if [`Recorder::write_due_lines`] is called. If writing fails, the file ends with the last line that was written as a
/// whole. If the program is killed, only the last line, or the last frame of a compressed file, can be incomplete.
pub struct Recorder {
    out: Box<dyn Write>,
    path: Option<PathBuf>,
    /// The file, if it is a regular file.
    file: Option<File>,
    /// Number of bytes of the file that were written as whole lines.
    written_bytes: u64,
    header: RecordingHeader,
    /// The lines that are not written yet. A `BufWriter` would write a part of a line if the disk becomes full.
    lines: LineBuffer,
    has_header: bool,
    /// Compresses the lines, if the name of the file asks for it.
    compressor: Option<FrameCompressor>,
    /// When the oldest of `lines` was added, if they wait for the end of their frame.
    waiting_since: Option<Instant>,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Recorder").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Opens a file that only its owner can read and write (mode 0600). `followed` says whether the run follows its
    /// workloads.
    ///
    /// The content of an existing file is replaced when the first line is recorded. Symbolic links are not followed,
    /// because in a folder that other users can write to, a link could point to any file.
    ///
    /// # Errors
    /// Usage: the file cannot be opened for writing, or is a symbolic link.
    pub fn create(path: &Path, followed: bool) -> Result<Self, SourceError> {
        let cannot_record = |why: &str| {
            SourceError::new(ErrorKind::Usage, format!("cannot record to {}: {why}", path.display()))
        };
        let unwritable = |error: io::Error| {
            let error_text = system_error_text(&error);
            cannot_record(&error_text).hint("Name a file that you can write to.").caused_by(error)
        };
        let Some(file) = open_private_file(path).map_err(unwritable)? else {
            return Err(cannot_record("it is a symbolic link").hint("Name the file that it points to."));
        };
        let is_regular = file.metadata().map_err(unwritable)?.is_file();
        let regular_file = is_regular.then(|| file.try_clone()).transpose().map_err(unwritable)?;
        let compressor =
            if has_compressed_name(path) { Some(FrameCompressor::new().map_err(unwritable)?) } else { None };
        let mut recorder = Self::new(Box::new(file), followed);
        (recorder.path, recorder.file, recorder.compressor) =
            (Some(path.to_owned()), regular_file, compressor);
        Ok(recorder)
    }

    /// Makes a recorder that writes to `out`.
    pub fn new(out: Box<dyn Write>, followed: bool) -> Self {
        Self {
            out,
            path: None,
            file: None,
            written_bytes: 0,
            header: RecordingHeader::new(followed),
            lines: LineBuffer::default(),
            has_header: false,
            compressor: None,
            waiting_since: None,
        }
    }

    /// Stores the namespace of a command without `-n` in the header. Has no effect after the first line.
    pub(crate) fn set_namespace(&mut self, namespace: Option<String>) {
        self.header.namespace = namespace;
    }

    /// Stores the version of the API server in the header. Has no effect after the first line.
    pub(crate) fn set_kubernetes_version(&mut self, version: Option<String>) {
        self.header.kubernetes_version = version;
    }

    /// The path of the file, or `None` if the recorder was made by [`Recorder::new`].
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Records an update. Before that, removes from `update` itself the fields that a recording must not contain, so
    /// that the run shows exactly what its replay will show.
    ///
    /// # Errors
    /// Writing failed, for example because the disk is full.
    pub fn record(&mut self, update: &mut Update) -> io::Result<()> {
        if let Update::Observed(observations) = update {
            for observation in observations {
                self.record_observation(observation)?;
            }
        } else if update.is_recorded_as_mark() {
            self.add_header()?;
            self.lines.add_mark(update)?;
        }
        self.write_due_lines()
    }

    /// Writes the mark that follows the objects that existed when the run began.
    ///
    /// # Errors
    /// Writing failed, for example because the disk is full.
    pub fn record_synced(&mut self) -> io::Result<()> {
        self.add_header()?;
        self.lines.add_synced();
        self.write_due_lines()
    }

    /// Writes the line of [`RunsMark`](crate::source::recording::runs_mark::RunsMark), which must come before the end. In
    /// a compressed file, this line and the end have a frame of their own, so that reading them is cheap.
    ///
    /// # Errors
    /// Writing failed, for example because the disk is full.
    pub(crate) fn record_runs(&mut self, line: &str) -> io::Result<()> {
        self.add_header()?;
        if !self.lines.is_empty() {
            self.write_lines()?;
        }
        self.lines.add_runs(line);
        Ok(())
    }

    /// Writes the mark at the end of the run, whose last picture and document show the state at `at`.
    ///
    /// # Errors
    /// Writing failed, for example because the disk is full.
    pub fn record_end(&mut self, at: Timestamp) -> io::Result<()> {
        self.add_header()?;
        self.lines.add_end(at);
        self.write_lines()
    }

    fn record_observation(&mut self, observation: &mut Observation) -> io::Result<()> {
        redact(observation);
        self.add_header()?;
        self.lines.add_observation(observation)?;
        let size = if self.compressor.is_some() { FRAME_BYTES } else { WRITE_BYTES };
        if self.lines.len() < size { Ok(()) } else { self.write_lines() }
    }

    /// Adds the header, if it is not added yet. An existing recording stays unchanged until then.
    fn add_header(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.has_header, true) {
            return Ok(());
        }
        if let Some(file) = &self.file {
            restrict_to_owner(file)?;
            file.set_len(0)?;
        }
        self.lines.add_header(&self.header)
    }

    /// Writes the lines that were added, unless the file is compressed and their frame has begun less than
    /// [`FRAME_INTERVAL`] ago.
    ///
    /// # Errors
    /// Writing failed, for example because the disk is full.
    pub(crate) fn write_due_lines(&mut self) -> io::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let is_frame_open = self.compressor.is_some()
            && self.waiting_since.get_or_insert_with(Instant::now).elapsed() < FRAME_INTERVAL;
        if is_frame_open { Ok(()) } else { self.write_lines() }
    }

    /// Writes the lines that were added. If this fails, removes what was written of them, so that the file holds only
    /// whole lines.
    fn write_lines(&mut self) -> io::Result<()> {
        let frame =
            self.compressor.as_mut().map(|compressor| compressor.compress(self.lines.bytes())).transpose()?;
        let bytes = frame.as_deref().unwrap_or(self.lines.bytes());
        let written = self.out.write_all(bytes).and_then(|()| self.out.flush());
        match (&written, &self.file) {
            (Ok(()), _) => self.written_bytes += bytes.len() as u64,
            // Only the first error is reported.
            (Err(_), Some(file)) => _ = file.set_len(self.written_bytes),
            (Err(_), None) => {}
        }
        self.lines.clear();
        self.waiting_since = None;
        written
    }
}

impl Drop for Recorder {
    /// Writes the lines that wait for the end of their frame.
    fn drop(&mut self) {
        if self.waiting_since.is_some() {
            // A run that ends without its end mark reports another error.
            let _ = self.write_lines();
        }
    }
}
