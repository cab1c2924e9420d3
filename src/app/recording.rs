//! What a run takes down of itself.

use crate::app::exit::RunError;
use crate::app::run::Run;
use crate::source::Update;

impl Run<'_> {
    /// Takes an update down. What a recording may not tell is taken out of it, so that the run knows no more than its
    /// replay will.
    pub(crate) fn record(&mut self, update: &mut Update) -> Result<(), RunError> {
        let Some(recorder) = &mut self.task.recorder else { return Ok(()) };
        let written = recorder.record(update);
        self.or_stop_recording(written)
    }

    /// From now on it is as late as it is now: what is shown last, what is printed and what is recorded are of one time.
    pub(crate) fn stop_the_clock(&mut self) -> Result<(), RunError> {
        let at = self.now();
        self.stopped_at = Some(at);
        let Some(recorder) = &mut self.task.recorder else { return Ok(()) };
        if let Some(path) = recorder.path() {
            self.recording = Some(format!("kubectl seq replay {}", path.display()));
        }
        let written = recorder.record_end(at);
        self.or_stop_recording(written)
    }

    /// A full disk is no reason to leave a workload alone.
    fn or_stop_recording(&mut self, written: std::io::Result<()>) -> Result<(), RunError> {
        let Err(error) = written else { return Ok(()) };
        self.task.recorder = None;
        self.warn(&format!("the recording is cut off here: {error}"))
    }
}
