//! The recording of a run.

use std::io;

use jiff::Timestamp;

use crate::source::Update;
use crate::source::error::system_error_text;
use crate::source::recording::Recorder;

/// Records the observations of a run, if the user asked for it.
///
/// If writing fails, for example because the disk is full, the recording stops with a warning and the run continues.
#[derive(Debug)]
pub(crate) struct RunRecording {
    recorder: Option<Box<Recorder>>,
    replay_command: Option<String>,
}

impl RunRecording {
    /// Creates the recording. If `recorder` is `None`, nothing is recorded.
    pub(crate) fn new(recorder: Option<Box<Recorder>>) -> Self {
        Self { recorder, replay_command: None }
    }

    /// Writes `update` to the recording. Redacts `update` in place first, so that the run shows exactly what its
    /// replay will show. Returns a warning if this write fails, which stops the recording.
    pub(crate) fn record(&mut self, update: &mut Update) -> Option<String> {
        let written = self.recorder.as_mut()?.record(update);
        self.stop_recording_on_error(written)
    }

    /// Writes the lines of a compressed recording that have waited long enough. Returns a warning if this write fails,
    /// which stops the recording.
    pub(crate) fn write_due_lines(&mut self) -> Option<String> {
        let written = self.recorder.as_mut()?.write_due_lines();
        self.stop_recording_on_error(written)
    }

    /// Writes the end of the run. Returns a warning if this write fails, which stops the recording.
    pub(crate) fn end(&mut self, at: Timestamp) -> Option<String> {
        let recorder = self.recorder.as_mut()?;
        self.replay_command = recorder.path().map(|path| format!("kubectl seq replay {}", path.display()));
        let written = recorder.record_end(at);
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
