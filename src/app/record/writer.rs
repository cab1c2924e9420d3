//! Writes the recordings of runs, and tries again if this fails.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::Instant;

use crate::app::record::followed_run::FollowedRun;
use crate::app::record::report::Report;
use crate::source::error::system_error_text;
use crate::source::recording::RecordingHeader;
use crate::source::recording::compression::FrameCompressor;
use crate::source::recording::directory::run_file::RunFile;

/// Pause between two attempts to complete a recording.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// Maximum length of all lines that wait in memory because they cannot be written. Above a half of it, only the latest
/// state of each object waits. It is checked each time that writing fails, about once a second.
const MAX_PENDING_BYTES: usize = 64 << 20;

/// The memory of a recording that must be completed, beside its lines.
const RECORDING_BYTES: usize = 1 << 10;

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

impl UnfinishedRecording {
    fn pending_bytes(&self) -> usize {
        RECORDING_BYTES + self.file.as_ref().map_or(0, |file| file.lines.len())
    }
}

/// Writes recordings. Completing a recording copies the whole file, so another thread does it.
#[derive(Debug)]
pub(crate) struct RecordingWriter {
    compressor: FrameCompressor,
    /// The recordings of finished runs that are not complete, the one that is completed next first.
    finished: VecDeque<UnfinishedRecording>,
    /// The completion of the first recording of `finished`.
    completion: Option<Completion>,
    /// The earliest time of the next completion.
    next_attempt: Instant,
    /// Whether lines of runs that go on could not be written.
    are_lines_failing: bool,
    /// Whether the latest recording could not be completed.
    is_completion_failing: bool,
    /// Whether recordings were given up since the first failure.
    has_given_up: bool,
    /// Maximum length of all lines that wait.
    max_pending_bytes: usize,
    /// The lines for the user that have not been printed.
    reports: Vec<Report>,
}

impl RecordingWriter {
    /// Creates a writer without recordings.
    ///
    /// # Errors
    /// There is not enough memory.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            compressor: FrameCompressor::new()?,
            finished: VecDeque::new(),
            completion: None,
            next_attempt: Instant::now(),
            are_lines_failing: false,
            is_completion_failing: false,
            has_given_up: false,
            max_pending_bytes: MAX_PENDING_BYTES,
            reports: Vec::new(),
        })
    }

    /// Removes and returns the lines for the user.
    pub(crate) fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// Sets the maximum length of all lines that wait.
    #[cfg(test)]
    pub(crate) fn set_max_pending_bytes(&mut self, bytes: usize) {
        self.max_pending_bytes = bytes;
    }

    /// Writes what was observed of runs that go on. If this fails, the lines wait, as long as they need little memory.
    /// Returns the lines about finished runs whose recordings are given up, because they need too much memory.
    ///
    /// # Errors
    /// A mark cannot be written as JSON. This does not happen.
    pub(crate) fn write_lines<'a>(
        &mut self,
        runs: impl Iterator<Item = &'a mut FollowedRun>,
        now: Timestamp,
    ) -> io::Result<Vec<String>> {
        let mut runs: Vec<&mut FollowedRun> = runs.filter(|run| !run.is_old).collect();
        let failure = self.write_files(&mut runs);
        let was_failing = std::mem::replace(&mut self.are_lines_failing, failure.is_some());
        self.report_change(was_failing || self.is_completion_failing, failure.as_ref());
        if self.are_lines_failing || self.is_completion_failing {
            return Ok(self.limit_memory(&mut runs, now));
        }
        self.has_given_up = false;
        runs.into_iter().try_for_each(|run| run.end_dropping(now))?;
        Ok(Vec::new())
    }

    /// Writes the lines of all runs. Returns the first failure.
    fn write_files(&mut self, runs: &mut [&mut FollowedRun]) -> Option<(PathBuf, io::Error)> {
        let mut failure = None;
        let files = runs.iter_mut().filter_map(|run| run.file.as_mut());
        for file in files.filter(|file| !file.lines.is_empty()) {
            let Err(error) = file.write(&mut self.compressor) else { continue };
            let is_full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
            failure.get_or_insert((file.path(), error));
            if is_full {
                // The other files fail for the same reason.
                break;
            }
        }
        failure
    }

    fn limit_memory(&mut self, runs: &mut [&mut FollowedRun], now: Timestamp) -> Vec<String> {
        let mut finished: usize = self.finished.iter().map(UnfinishedRecording::pending_bytes).sum();
        let open: usize = runs.iter().map(|run| run.pending_bytes()).sum();
        if finished + open > self.max_pending_bytes / 2 {
            for run in &mut *runs {
                run.drop_lines(now);
            }
        }
        let mut given_up = Vec::new();
        if finished + open > self.max_pending_bytes {
            for run in &mut *runs {
                run.forget_dropped_states();
            }
            while finished > self.max_pending_bytes / 2
                && self.finished.back().is_some_and(|recording| recording.file.is_some())
                && let Some(recording) = self.finished.pop_back()
            {
                finished -= recording.pending_bytes();
                given_up.push(recording.line);
            }
        }
        if !given_up.is_empty() && !std::mem::replace(&mut self.has_given_up, true) {
            let text = "too much waits to be written: some recordings are given up";
            self.reports.push(Report::Warning(format!("{text}, and their lines name no file")));
        }
        given_up
    }

    /// Adds a recording that must be completed.
    pub(crate) fn add_finished(&mut self, recording: UnfinishedRecording) {
        self.finished.push_back(recording);
    }

    /// Whether all recordings of finished runs are complete.
    pub(crate) fn is_idle(&self) -> bool {
        self.finished.is_empty()
    }

    /// Waits for an attempt to complete the next recording, forever if there is none. Returns the line about its run with
    /// the path of the recording, which is `None` if somebody has removed the recording. Returns `None` if the attempt must
    /// be repeated.
    pub(crate) async fn next_completed(&mut self) -> Option<(String, Option<PathBuf>)> {
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
        let mut recording = self.finished.pop_front()?;
        let error = match completed {
            Ok(path) => {
                self.report_completion(None);
                return Some((recording.line, Some(path)));
            }
            Err(error) => error,
        };
        if error.kind() == io::ErrorKind::NotFound && file.path().parent().is_some_and(Path::is_dir) {
            let why = system_error_text(&error);
            let text = format!("cannot complete {}: {why}", file.path().display());
            self.reports.push(Report::Warning(text));
            return Some((recording.line, None));
        }
        self.report_completion(Some(&(file.path(), error)));
        recording.file = Some(file);
        // The next attempt is at another recording, because only this one may fail.
        self.finished.push_back(recording);
        if let Some(next) = Instant::now().checked_add(RETRY_INTERVAL) {
            self.next_attempt = next;
        }
        None
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

    fn report_completion(&mut self, failure: Option<&(PathBuf, io::Error)>) {
        let was_failing = std::mem::replace(&mut self.is_completion_failing, failure.is_some());
        self.report_change(was_failing || self.are_lines_failing, failure);
    }

    /// Reports the first failure of several, and the first success after them.
    fn report_change(&mut self, was_failing: bool, failure: Option<&(PathBuf, io::Error)>) {
        match failure {
            Some((path, error)) if !was_failing => {
                let why = system_error_text(error);
                self.reports
                    .push(Report::Warning(format!("cannot write {}: {why}; trying again", path.display())));
            }
            None if was_failing && !self.are_lines_failing && !self.is_completion_failing => {
                self.reports.push(Report::Note("recordings are written again".to_owned()));
            }
            Some(_) | None => {}
        }
    }
}
