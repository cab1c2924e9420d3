//! Reads a recording as a whole into a timeline, without the pace of a replay.

use std::io::BufRead;
use std::path::Path;

use jiff::Timestamp;

use crate::source::SourceError;
use crate::source::recording::entries_to_end::EntriesToEnd;
use crate::source::recording::replay::{OpenRecording, recording_name, replay_error};
use crate::source::recording::{RecordingEntry, RecordingError, RecordingLines, ReplayPace};
use crate::timeline::Timeline;

/// The timeline of a recording at its end.
pub(crate) struct RecordingTimeline {
    pub(crate) timeline: Timeline,
    /// The time of the end mark, or the latest time of a recording that breaks off.
    pub(crate) end: Timestamp,
    /// Whether the recording breaks off.
    pub(crate) is_cut_off: bool,
    /// The version of the API server; `None` if the recording does not name it.
    pub(crate) kubernetes_version: Option<String>,
}

/// Reads a recording.
///
/// # Errors
/// Usage: the file cannot be opened or is a folder. Input: the file cannot be read, is not a recording, has a newer
/// format, or has an invalid line before its last one.
pub(crate) fn read_recording(path: &Path) -> Result<RecordingTimeline, SourceError> {
    let OpenRecording { input, .. } = OpenRecording::new(path, ReplayPace::AtOnce)?;
    read_lines(input).map_err(|error| replay_error(&recording_name(path), error))
}

fn read_lines(input: impl BufRead) -> Result<RecordingTimeline, RecordingError> {
    let (mut timeline, mut is_synced) = (Timeline::default(), false);
    let lines = RecordingLines::new(input)?;
    let kubernetes_version = lines.header().kubernetes_version.clone();
    let mut entries = EntriesToEnd::new(lines);
    for entry in entries.by_ref() {
        match entry? {
            RecordingEntry::Observation(observation) => timeline.apply(&observation),
            RecordingEntry::Synced => {
                timeline.conclude_gone_pods();
                timeline.recompute();
                is_synced = true;
            }
            RecordingEntry::Outages { outages, .. } => timeline.set_outages(outages),
            RecordingEntry::Relist(relist) if is_synced => timeline.apply_relist(&relist),
            RecordingEntry::Unwatched(unwatched) => timeline.add_unwatched(unwatched),
            RecordingEntry::Relist(_) | RecordingEntry::End(_) | RecordingEntry::Unknown => {}
        }
    }
    timeline.recompute();
    let is_cut_off = entries.cut_off.is_some();
    Ok(RecordingTimeline { timeline, end: entries.end, is_cut_off, kubernetes_version })
}
