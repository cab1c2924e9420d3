//! The recording of a run.

use std::io;
use std::path::Path;

use jiff::Timestamp;

use crate::app::stored_runs::runs_line::{describe_recorded_runs, describe_runs};
use crate::source::Update;
use crate::source::error::system_error_text;
use crate::source::recording::{DirectoryRecorder, Recorder};
use crate::timeline::Timeline;

/// Where `--record` writes the observations of a run.
#[derive(Debug)]
pub(crate) enum RunRecorder {
    /// One file.
    File(Box<Recorder>),
    /// A file for each topmost workload.
    Directory(Box<DirectoryRecorder>),
}

impl RunRecorder {
    /// Stores the namespace of a command without `-n` in the headers.
    pub(crate) fn set_namespace(&mut self, namespace: Option<String>) {
        match self {
            Self::File(recorder) => recorder.set_namespace(namespace),
            Self::Directory(recorder) => recorder.set_namespace(namespace),
        }
    }

    /// Stores the version of the API server in the headers.
    pub(crate) fn set_kubernetes_version(&mut self, version: Option<String>) {
        match self {
            Self::File(recorder) => recorder.set_kubernetes_version(version),
            Self::Directory(recorder) => recorder.set_kubernetes_version(version),
        }
    }

    fn record(&mut self, update: &mut Update) -> io::Result<()> {
        match self {
            Self::File(recorder) => recorder.record(update),
            Self::Directory(recorder) => recorder.record(update),
        }
    }

    fn write_due_lines(&mut self) -> io::Result<()> {
        match self {
            Self::File(recorder) => recorder.write_due_lines(),
            Self::Directory(recorder) => recorder.record_overdue(),
        }
    }

    /// Writes the runs of the timeline and the end mark.
    fn record_end(&mut self, timeline: &Timeline, at: Timestamp) -> io::Result<()> {
        match self {
            Self::File(recorder) => {
                if let Some(line) = describe_runs(timeline, at) {
                    recorder.record_runs(&line)?;
                }
                recorder.record_end(at)
            }
            Self::Directory(recorder) => recorder.record_end(at, |path| describe_recorded_runs(path, at)),
        }
    }

    /// The file or the directory.
    fn path(&self) -> Option<&Path> {
        match self {
            Self::File(recorder) => recorder.path(),
            Self::Directory(recorder) => Some(recorder.folder()),
        }
    }

    /// Returns the command that replays the recording. `None` if the directory got no file.
    fn replay_command(&self) -> Option<String> {
        let command = |path: &Path| format!("kubectl seq replay {}", path.display());
        match self {
            Self::File(recorder) => recorder.path().map(command),
            Self::Directory(recorder) => {
                let (first, others) = (recorder.paths().next()?, recorder.paths().skip(1));
                Some(others.fold(command(&first), |words, path| format!("{words} {}", path.display())))
            }
        }
    }
}

/// Records the observations of a run, if the user asked for it.
///
/// If writing fails, for example because the disk is full, the recording stops with a warning and the run continues.
#[derive(Debug)]
pub(crate) struct RunRecording {
    recorder: Option<Box<RunRecorder>>,
    replay_command: Option<String>,
}

impl RunRecording {
    /// Creates the recording. If `recorder` is `None`, nothing is recorded.
    pub(crate) fn new(recorder: Option<Box<RunRecorder>>) -> Self {
        Self { recorder, replay_command: None }
    }

    /// Writes `update` to the recording. Redacts `update` in place first, so that the run shows exactly what its
    /// replay will show. Returns a warning if this write fails, which stops the recording.
    pub(crate) fn record(&mut self, update: &mut Update) -> Option<String> {
        let written = self.recorder.as_mut()?.record(update);
        self.stop_recording_on_error(written)
    }

    /// Writes the lines that have waited long enough: for the end of their frame in a compressed recording, or for the
    /// owner of their object. Returns a warning if this write fails, which stops the recording.
    pub(crate) fn write_due_lines(&mut self) -> Option<String> {
        let written = self.recorder.as_mut()?.write_due_lines();
        self.stop_recording_on_error(written)
    }

    /// Writes the end of the run. Returns a warning if this write fails, which stops the recording.
    pub(crate) fn end(&mut self, timeline: &Timeline, at: Timestamp) -> Option<String> {
        let recorder = self.recorder.as_mut()?;
        let written = recorder.record_end(timeline, at);
        self.replay_command = recorder.replay_command();
        self.stop_recording_on_error(written)
    }

    /// Returns the command that replays the recording, once the recording has ended.
    pub(crate) fn replay_command(&self) -> Option<&str> {
        self.replay_command.as_deref()
    }

    fn stop_recording_on_error(&mut self, written: io::Result<()>) -> Option<String> {
        let error = written.err()?;
        let recorder = self.recorder.take();
        self.replay_command = None;
        let path = recorder.as_ref().and_then(|recorder| recorder.path());
        let name = path.map(|path| format!(" {}", path.display())).unwrap_or_default();
        Some(format!("the recording{name} stops here: {}", system_error_text(&error)))
    }
}
