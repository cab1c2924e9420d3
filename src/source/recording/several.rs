//! Replays several recordings as one source, so that their runs can be compared.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::observation::Observation;
use crate::source::clock::Clock;
use crate::source::error::SourceError;
use crate::source::recording::entry::RecordingEntry;
use crate::source::recording::read::{RecordingError, RecordingLines};
use crate::source::recording::replay::{OpenRecording, Replay, ReplayPace, recording_name, replay_error};
use crate::source::{Feed, Update};

/// How many updates may wait for the receiver.
const QUEUE_CAPACITY: usize = 4;

/// Starts the replay of several recordings, as fast as possible and in the order of time. The run has followed its workloads if
/// one of the recorded runs has. The clock of the feed shows the time of the latest entry.
///
/// # Errors
/// Usage: a file cannot be opened or is a folder. Input: a file cannot be read, is not a recording, has a newer format, or has
/// an invalid line before its last one.
///
/// # Panics
/// Panics if there is no tokio runtime.
pub(crate) fn start_replay_of_several(paths: &[PathBuf]) -> Result<Replay, SourceError> {
    let mut recordings: Vec<Recording> = Vec::new();
    for path in paths {
        recordings.push(Recording::read(path)?);
    }
    recordings.sort_by_key(|recording| recording.end);
    let end = recordings.last().map_or(Timestamp::UNIX_EPOCH, |last| last.end);
    let followed = recordings.iter().any(|recording| recording.followed);
    // Objects of other namespaces are named with their namespace.
    let namespaces: Vec<&Option<String>> = recordings.iter().map(|recording| &recording.namespace).collect();
    let is_same = namespaces.windows(2).all(|pair| pair[0] == pair[1]);
    let namespace = namespaces.first().copied().cloned().flatten().filter(|_| is_same);
    let notices: Vec<String> =
        recordings.iter_mut().filter_map(|recording| recording.notice.take()).collect();
    let mut updates: Vec<Update> = recordings.into_iter().flat_map(|recording| recording.updates).collect();
    updates.push(Update::Synced);
    updates.extend(notices.into_iter().map(Update::Notice));
    let clock = Clock::latest(end);
    let (sender, receiver) = mpsc::channel(QUEUE_CAPACITY);
    tokio::spawn(async move {
        for update in updates {
            if sender.send(update).await.is_err() {
                return;
            }
        }
    });
    Ok(Replay { feed: Feed::new(receiver, clock), followed, namespace })
}

/// A recording that was read as a whole.
struct Recording {
    followed: bool,
    namespace: Option<String>,
    updates: Vec<Update>,
    /// The latest time of the recording.
    end: Timestamp,
    /// Why the recording is incomplete.
    notice: Option<String>,
}

impl Recording {
    fn read(path: &Path) -> Result<Self, SourceError> {
        let name = recording_name(path);
        let OpenRecording { input, .. } = OpenRecording::new(path, ReplayPace::AtOnce)?;
        let lines = RecordingLines::new(input).map_err(|error| replay_error(&name, error))?;
        let (followed, namespace) = (lines.header().followed, lines.header().namespace.clone());
        let (mut updates, mut waiting) = (Vec::new(), Vec::<Observation>::new());
        let mut end = Timestamp::UNIX_EPOCH;
        let mut notice = Some("it has no end mark".to_owned());
        for entry in lines {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error @ RecordingError::IncompleteLine(_)) => {
                    notice = Some(error.to_string());
                    break;
                }
                Err(error) => return Err(replay_error(&name, error)),
            };
            end = entry.time().map_or(end, |time| time.max(end));
            match entry {
                RecordingEntry::Observation(observation) => waiting.push(observation),
                RecordingEntry::Relist(relist) => {
                    updates.push(Update::Observed(std::mem::take(&mut waiting)));
                    updates.push(Update::Relisted(relist));
                }
                RecordingEntry::End(_) => {
                    notice = None;
                    break;
                }
                // All recordings are read before the run begins. An outage of one of them says nothing about the others.
                RecordingEntry::Synced | RecordingEntry::Outages { .. } | RecordingEntry::Unknown => {}
            }
        }
        updates.push(Update::Observed(waiting));
        let notice = notice.map(|why| format!("{name} was cut off ({why}): only the part before is shown"));
        Ok(Self { followed, namespace, updates, end, notice })
    }
}
