//! Compressed recordings: zstd frames, each of which ends at the end of a line.
//!
//! Programs such as `zstdcat` read these files too, because a file may contain several frames. Since each frame is
//! complete in itself, a recording that was cut off is readable up to its last whole line.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::time::Duration;

use zstd::bulk::Compressor;
use zstd::stream::read::Decoder;
use zstd::zstd_safe::find_frame_compressed_size;

/// Number of bytes of lines after which a frame is complete. Larger frames are hardly smaller when compressed.
pub(crate) const FRAME_BYTES: usize = 1 << 20;

/// Lines wait at most this long for the end of their frame.
pub(crate) const FRAME_INTERVAL: Duration = Duration::from_secs(1);

/// The level of the compression. Higher levels take ten times as long and save a tenth of the size.
const LEVEL: i32 = 3;

/// The first bytes of a frame. No recording that is not compressed begins with them.
const FRAME_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The size of the buffer for the lines that have been decompressed.
const BUFFER_BYTES: usize = 256 * 1024;

/// Whether the name of a file asks for compression.
pub(crate) fn has_compressed_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "zst")
}

/// Whether these first bytes of a file begin a frame. A pipe may have delivered only one of them.
pub(crate) fn is_frame_start(start: &[u8]) -> bool {
    let length = start.len().min(FRAME_MAGIC.len());
    length > 0 && start[..length] == FRAME_MAGIC[..length]
}

/// The lines of a recording, whether the input is compressed or not.
pub(crate) struct RecordingInput {
    pub(crate) lines: Box<dyn BufRead + Send>,
    pub(crate) is_compressed: bool,
}

impl RecordingInput {
    /// Looks at the first bytes of `input`, because neither standard input nor a renamed file has a name that says
    /// whether it is compressed.
    ///
    /// # Errors
    /// The input cannot be read.
    pub(crate) fn new(mut input: impl BufRead + Send + 'static) -> io::Result<Self> {
        let is_compressed = is_frame_start(input.fill_buf()?);
        if !is_compressed {
            return Ok(Self { lines: Box::new(input), is_compressed });
        }
        let frames = WholeFrames { decoder: Decoder::with_buffer(input)? };
        Ok(Self { lines: Box::new(BufReader::with_capacity(BUFFER_BYTES, frames)), is_compressed })
    }
}

/// The content of all frames. If the last frame was cut off, its readable part.
struct WholeFrames<R: BufRead> {
    decoder: Decoder<'static, R>,
}

impl<R: BufRead> Read for WholeFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.decoder.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            read => read,
        }
    }
}

/// Compresses lines. One compressor can serve many files, because the frames do not depend on each other.
pub(crate) struct FrameCompressor(Compressor<'static>);

impl fmt::Debug for FrameCompressor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FrameCompressor")
    }
}

impl FrameCompressor {
    /// Creates a compressor. Its memory, about 2 MiB, is kept from frame to frame.
    ///
    /// # Errors
    /// There is not enough memory.
    pub(crate) fn new() -> io::Result<Self> {
        let mut compressor = Compressor::new(LEVEL)?;
        compressor.include_checksum(true)?;
        Ok(Self(compressor))
    }

    /// Returns a frame with these lines.
    ///
    /// # Errors
    /// There is not enough memory.
    pub(crate) fn compress(&mut self, lines: &[u8]) -> io::Result<Vec<u8>> {
        self.0.compress(lines)
    }
}

/// Divides the bytes of a compressed recording into whole frames. Ends before a frame that was cut off, and before bytes
/// that are no frame.
pub(crate) fn split_frames(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length =
            find_frame_compressed_size(rest).ok().filter(|length| (1..=rest.len()).contains(length))?;
        let (frame, others) = rest.split_at(length);
        rest = others;
        Some(frame)
    })
}

/// Returns the content of a frame that has at most `max_bytes` bytes of lines.
///
/// # Errors
/// The frame is damaged, or has more lines. A small file may hold a frame that would fill the memory.
pub(crate) fn decompress_frame(frame: &[u8], max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    let frames = WholeFrames { decoder: Decoder::with_buffer(frame)? };
    frames.take(max_bytes.saturating_add(1)).read_to_end(&mut lines)?;
    if lines.len() as u64 > max_bytes {
        let limit = max_bytes >> 20;
        return Err(io::Error::other(format!("a frame has more than {limit} MiB of lines")));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read_all(bytes: &[u8]) -> String {
        let mut input = RecordingInput::new(Cursor::new(bytes.to_vec())).unwrap();
        let mut text = String::new();
        input.lines.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn plain_and_compressed_input_have_the_same_lines_wherever_a_compressed_file_is_cut_off() {
        let mut compressor = FrameCompressor::new().unwrap();
        let (first, second) = ("{\"a\":1}\n".repeat(100), "{\"b\":2}\n".repeat(100));
        let mut bytes = compressor.compress(first.as_bytes()).unwrap();
        let end_of_first = bytes.len();
        bytes.extend(compressor.compress(second.as_bytes()).unwrap());
        assert_eq!(read_all(first.as_bytes()), first);
        assert_eq!(read_all(&bytes), format!("{first}{second}"));
        for length in 1..bytes.len() {
            let text = read_all(&bytes[..length]);
            assert!(text.starts_with(&first) || length < end_of_first, "{length}");
            assert!(format!("{first}{second}").starts_with(&text), "{length}");
            let frames = split_frames(&bytes[..length]).count();
            assert_eq!(frames, usize::from(length >= end_of_first), "{length}");
        }
    }

    #[test]
    fn a_damaged_frame_is_an_error_and_not_the_end_of_the_recording() {
        let mut bytes = FrameCompressor::new().unwrap().compress(&b"{}\n".repeat(1000)).unwrap();
        let checksum = bytes.len() - 1;
        bytes[checksum] ^= 1;
        let mut input = RecordingInput::new(Cursor::new(bytes)).unwrap();
        assert!(input.lines.read_to_end(&mut Vec::new()).is_err());
    }

    #[test]
    fn a_small_frame_that_would_fill_the_memory_is_refused() {
        let lines = vec![b' '; 4 << 20];
        let frame = FrameCompressor::new().unwrap().compress(&lines).unwrap();
        assert!(frame.len() < 1024, "{}", frame.len());
        assert_eq!(decompress_frame(&frame, 4 << 20).unwrap(), lines);
        let error = decompress_frame(&frame, 3 << 20).unwrap_err();
        assert_eq!(error.to_string(), "a frame has more than 3 MiB of lines");
    }
}
