//! A run that has ended.

use jiff::{SignedDuration, Timestamp};

use crate::source::recording::directory::run_file::RunFile;
use crate::source::recording::{RecordedRun, RecordingHeader};
use crate::timeline::{Timeline, Workload};
use crate::view;

/// A run that has ended, with everything that was observed of it.
#[derive(Debug)]
pub(crate) struct FinishedRun {
    pub(crate) timeline: Timeline,
    /// The header of the recording, which describes the whole run.
    pub(crate) header: RecordingHeader,
    /// The recording, if recordings are kept.
    pub(crate) file: Option<RunFile>,
    /// When the run began: the creation of its workload, or of the revision that was rolled out.
    pub(crate) start: Timestamp,
    /// The time that the run shows last.
    pub(crate) end: Timestamp,
    /// Whether the run had ended before the program began. The trace of such a run is not sent.
    pub(crate) is_old: bool,
}

impl FinishedRun {
    /// The workload of the run.
    pub(crate) fn workload(&self) -> Option<&Workload> {
        self.timeline.roots().next()
    }

    /// The identity of the run in its recording.
    pub(crate) fn run(&self) -> RecordedRun {
        self.header.run.clone().unwrap_or_default()
    }

    /// The namespace, kind and name of the workload.
    pub(crate) fn name(&self) -> String {
        let run = self.run();
        format!("{}/{}/{}", run.namespace, run.kind.to_lowercase(), run.name)
    }

    /// Describes the run in one line: when it ended, its workload, its outcome, how long it took, and its number of Pods.
    pub(crate) fn describe(&self) -> String {
        let run = self.run();
        let workload = self.workload();
        let finished = workload.and_then(|workload| workload.finished).unwrap_or(self.end);
        let at = finished.strftime("%Y-%m-%dT%H:%M:%SZ");
        let wall = finished.duration_since(self.start).max(SignedDuration::ZERO);
        let pods = run.pods.unwrap_or_default();
        let noun = if pods == 1 { "Pod" } else { "Pods" };
        format!(
            "{at} {} {} {}, {pods} {noun}",
            self.name(),
            run.outcome.unwrap_or_default(),
            view::format_elapsed(wall),
        )
    }
}
