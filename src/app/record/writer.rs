//! Writes the recordings of runs, and tries again if this fails.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::Instant;

use crate::app::record::followed_run::FollowedRun;
use crate::app::streams::Streams;
use crate::source::error::system_error_text;
use crate::source::recording::RecordingHeader;
use crate::source::recording::compression::FrameCompressor;
use crate::source::recording::directory::run_file::RunFile;

/// Pause between two attempts to complete a recording.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// The completion of one recording.
type Completion = JoinHandle<(RunFile, io::Result<PathBuf>)>;

/// The recording of a finished run, until it is complete.
#[derive(Debug)]
pub(crate) struct UnfinishedRecording {
    /// The line about the run, which is printed when the recording is complete.
    pub(crate) line: String,
    /// The header that describes the whole run.
    pub(crate) header: RecordingHeader,
    /// `None` while another thread completes the file.
    pub(crate) file: Option<RunFile>,
}

/// Writes recordings. Completing a recording copies the whole file, so another thread does it.
#[derive(Debug)]
pub(crate) struct RecordingWriter {
    streams: Streams,
    compressor: FrameCompressor,
    /// The recordings of finished runs that are not complete, the oldest first.
    finished: VecDeque<UnfinishedRecording>,
    /// The completion of the first recording of `finished`.
    completion: Option<Completion>,
    /// The earliest time of the next completion.
    next_attempt: Instant,
    /// Whether the latest write failed. A failure is reported once.
    is_failing: bool,
}

impl RecordingWriter {
    /// Creates a writer that reports failures on these streams.
    ///
    /// # Errors
    /// There is not enough memory.
    pub(crate) fn new(streams: Streams) -> io::Result<Self> {
        Ok(Self {
            streams,
            compressor: FrameCompressor::new()?,
            finished: VecDeque::new(),
            completion: None,
            next_attempt: Instant::now(),
            is_failing: false,
        })
    }

    /// Writes what was observed of runs that go on.
    pub(crate) fn write_lines<'a>(&mut self, runs: impl Iterator<Item = &'a mut FollowedRun>) {
        let files = runs.filter(|run| !run.is_old).filter_map(|run| run.file.as_mut());
        for file in files.filter(|file| !file.lines.is_empty()) {
            let written = file.write(&mut self.compressor);
            let path = file.path();
            if !self.report(&path, &written) {
                // The other files most likely fail for the same reason.
                return;
            }
        }
    }

    /// Adds a recording that must be completed.
    pub(crate) fn add_finished(&mut self, recording: UnfinishedRecording) {
        self.finished.push_back(recording);
    }

    /// Whether all recordings of finished runs are complete.
    pub(crate) fn is_idle(&self) -> bool {
        self.finished.is_empty()
    }

    /// Waits for the completion of the next recording, forever if there is none. Returns the line about its run with the
    /// path of the recording.
    pub(crate) async fn next_completed(&mut self) -> (String, PathBuf) {
        loop {
            if self.completion.is_none() {
                self.start_completion().await;
            }
            let Some(completion) = &mut self.completion else { return std::future::pending().await };
            let ended = completion.await;
            self.completion = None;
            let (file, completed) = match ended {
                Ok(ended) => ended,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => return std::future::pending().await,
            };
            let is_written = self.report(&file.path(), &completed);
            match (self.finished.pop_front(), completed) {
                (Some(recording), Ok(path)) => return (recording.line, path),
                (Some(mut recording), Err(_)) => {
                    recording.file = Some(file);
                    self.finished.push_front(recording);
                }
                (None, _) => {}
            }
            if !is_written && let Some(next) = Instant::now().checked_add(RETRY_INTERVAL) {
                self.next_attempt = next;
            }
        }
    }

    /// Starts the completion of the first recording.
    async fn start_completion(&mut self) {
        if self.finished.is_empty() {
            return;
        }
        tokio::time::sleep_until(self.next_attempt).await;
        let Some(recording) = self.finished.front_mut() else { return };
        let Some(mut file) = recording.file.take() else { return };
        let header = recording.header.clone();
        self.completion = Some(spawn_blocking(move || {
            let mut completed = FrameCompressor::new();
            let completed = completed.as_mut().map_err(|error| io::Error::from(error.kind()));
            let completed = completed.and_then(|compressor| file.finish(&header, compressor));
            (file, completed)
        }));
    }

    /// Reports the first failure of several, and the first success after it. Returns whether writing succeeded.
    fn report<T>(&mut self, path: &std::path::Path, written: &io::Result<T>) -> bool {
        match written {
            Ok(_) if std::mem::take(&mut self.is_failing) => {
                self.streams.note("recordings are written again");
            }
            Err(error) if !std::mem::replace(&mut self.is_failing, true) => {
                let why = system_error_text(error);
                self.streams.warning(&format!("cannot write {}: {why}; trying again", path.display()));
            }
            Ok(_) | Err(_) => {}
        }
        written.is_ok()
    }
}
