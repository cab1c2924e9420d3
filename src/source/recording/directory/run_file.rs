//! The file of one run in a directory. The file is open only while lines are written, because very many runs may go on at
//! the same time, and a program may open a limited number of files.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::platform::private_file::{create_private_file, reopen_private_file};
use crate::source::recording::compression::{
    FRAME_BYTES, FrameCompressor, RecordingInput, decompress_frame, split_frames,
};
use crate::source::recording::directory::file_name::{Compression, RecordingName};
use crate::source::recording::header::RecordingHeader;
use crate::source::recording::line_buffer::LineBuffer;
use crate::source::recording::runs_mark::RUNS_MARK_START;

/// Maximum number of bytes of lines in a frame of a recording that is continued. The first frame of a run holds all objects
/// that existed, so it may be long.
const MAX_FRAME_BYTES: u64 = 512 << 20;

/// Writes the lines of a run.
#[derive(Debug)]
pub(crate) struct RunFile {
    folder: PathBuf,
    pub(crate) name: RecordingName,
    /// Whether the file was created.
    exists: bool,
    /// Number of bytes of the file that were written as a whole.
    written_bytes: u64,
    /// The lines that are not written yet.
    pub(crate) lines: LineBuffer,
}

impl RunFile {
    /// A file that is created when its first lines are written. If the name is taken by then, the file gets a number.
    pub(crate) fn new(folder: &Path, name: RecordingName, header: &RecordingHeader) -> io::Result<Self> {
        let mut lines = LineBuffer::default();
        lines.add_header(header)?;
        Ok(Self { folder: folder.to_owned(), name, exists: false, written_bytes: 0, lines })
    }

    /// Opens the compressed file of a run that another run of the program began. Returns the file and its lines. If the last
    /// frame was cut off, its whole lines are written again.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub(crate) fn reopen(folder: &Path, name: RecordingName) -> io::Result<(Self, Vec<u8>)> {
        let path = folder.join(name.to_string());
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let bytes = fs::read(&path)?;
        let (mut all, mut whole_bytes) = (Vec::new(), 0);
        for frame in split_frames(&bytes) {
            all.extend(decompress_frame(frame, MAX_FRAME_BYTES)?);
            whole_bytes += frame.len();
        }
        let mut lines = LineBuffer::default();
        let rest = decompress_frame(&bytes[whole_bytes..], MAX_FRAME_BYTES).unwrap_or_default();
        let end_of_line = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        lines.add_lines(&rest[..end_of_line]);
        all.extend_from_slice(lines.bytes());
        let written_bytes = whole_bytes as u64;
        Ok((Self { folder: folder.to_owned(), name, exists: true, written_bytes, lines }, all))
    }

    /// Whether the file was created.
    pub(crate) fn exists(&self) -> bool {
        self.exists
    }

    /// The path of the file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(self.name.to_string())
    }

    /// Writes the lines that are not written yet. If this fails, keeps the lines for another attempt.
    ///
    /// # Errors
    /// The file cannot be written, for example because the disk is full or because somebody removed it.
    pub(crate) fn write(&mut self, compressor: &mut FrameCompressor) -> io::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let mut file = if self.exists { reopen_private_file(&self.path())? } else { self.create()? };
        if file.metadata()?.len() < self.written_bytes {
            return Err(io::Error::other("somebody has shortened the file"));
        }
        let frame = match self.name.compression {
            Compression::None => None,
            Compression::Zstd => Some(compressor.compress(self.lines.bytes())?),
        };
        let bytes = frame.as_deref().unwrap_or(self.lines.bytes());
        file.set_len(self.written_bytes)?;
        file.seek(SeekFrom::Start(self.written_bytes))?;
        if let Err(error) = file.write_all(bytes) {
            // Only the first error is reported.
            let _ = file.set_len(self.written_bytes);
            return Err(error);
        }
        self.written_bytes += bytes.len() as u64;
        self.lines.clear();
        Ok(())
    }

    /// Creates the file under the first name that is not taken.
    fn create(&mut self) -> io::Result<File> {
        loop {
            if !is_name_taken(&self.folder, &self.name) {
                match create_private_file(&self.path()) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                    Ok(file) => {
                        self.exists = true;
                        return Ok(file);
                    }
                }
            }
            self.name.number += 1;
        }
    }

    /// Writes the whole recording to its final file: the given header instead of the first one, in large frames, which take
    /// less space than the frames of single seconds. The header has a frame of its own, so that reading it is cheap. Then
    /// removes the partial file. Without enough space for both, the partial file becomes the final one.
    ///
    /// # Errors
    /// The file cannot be written. The lines are kept for another attempt.
    pub(crate) fn finish(
        &mut self,
        header: &RecordingHeader,
        compressor: &mut FrameCompressor,
    ) -> io::Result<PathBuf> {
        self.write(compressor)?;
        let (partial, name) = (self.path(), RecordingName { is_partial: false, ..self.name.clone() });
        let path = self.folder.join(name.to_string());
        let temporary = self.folder.join(temporary_name(&name));
        let compacted = compact(&partial, &temporary, header, compressor);
        if path.exists() {
            let _ = fs::remove_file(&temporary);
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if compacted.is_ok() {
            fs::rename(&temporary, &path)?;
            let _ = fs::remove_file(&partial);
        } else {
            let _ = fs::remove_file(&temporary);
            fs::rename(&partial, &path)?;
        }
        Ok(path)
    }
}

/// The name of the file that a recording has until it is complete. A crash may leave such a file.
pub(crate) fn temporary_name(name: &RecordingName) -> String {
    format!(".{name}.tmp")
}

/// Whether a recording has this name, compressed or not, complete or not.
fn is_name_taken(folder: &Path, name: &RecordingName) -> bool {
    let variants = [Compression::None, Compression::Zstd].into_iter().flat_map(|compression| {
        [true, false].map(|is_partial| RecordingName { compression, is_partial, ..name.clone() })
    });
    let mut paths = variants.map(|variant| folder.join(variant.to_string()));
    paths.any(|path| fs::symlink_metadata(path).is_ok())
}

/// Copies a recording with another header.
fn compact(
    from: &Path,
    to: &Path,
    header: &RecordingHeader,
    compressor: &mut FrameCompressor,
) -> io::Result<()> {
    let mut input = RecordingInput::new(BufReader::new(File::open(from)?))?.lines;
    let _ = fs::remove_file(to);
    let mut out = create_private_file(to)?;
    let mut lines = LineBuffer::default();
    lines.add_header(header)?;
    out.write_all(&compressor.compress(lines.bytes())?)?;
    let mut frame = Vec::with_capacity(FRAME_BYTES);
    input.read_until(b'\n', &mut frame)?;
    frame.clear();
    loop {
        let start = frame.len();
        let is_end = input.read_until(b'\n', &mut frame)? == 0;
        if start > 0 && frame[start..].starts_with(RUNS_MARK_START) {
            // The mark and the end have a frame of their own, so that reading them is cheap.
            out.write_all(&compressor.compress(&frame[..start])?)?;
            frame.drain(..start);
        }
        if frame.len() >= FRAME_BYTES || (is_end && !frame.is_empty()) {
            out.write_all(&compressor.compress(&frame)?)?;
            frame.clear();
        }
        if is_end {
            return out.sync_data();
        }
    }
}
