//! Replays several recordings as one source, so that their runs can be compared.

use std::path::PathBuf;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::observation::Observation;
use crate::source::clock::Clock;
use crate::source::error::SourceError;
use crate::source::recording::directory::listing::WholeRecording;
use crate::source::recording::entry::RecordingEntry;
use crate::source::recording::replay::Replay;
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
    let mut recordings: Vec<WholeRecording> = Vec::new();
    for path in paths {
        recordings.push(WholeRecording::read(path)?);
    }
    recordings.sort_by_key(|recording| recording.end);
    let end = recordings.last().map_or(Timestamp::UNIX_EPOCH, |last| last.end);
    let followed = recordings.iter().any(|recording| recording.header.followed);
    // Objects of other namespaces are named with their namespace.
    let namespaces: Vec<&Option<String>> =
        recordings.iter().map(|recording| &recording.header.namespace).collect();
    let is_same = namespaces.windows(2).all(|pair| pair[0] == pair[1]);
    let namespace = namespaces.first().copied().cloned().flatten().filter(|_| is_same);
    let notices: Vec<String> =
        recordings.iter_mut().filter_map(|recording| recording.notice.take()).collect();
    let mut updates: Vec<Update> = recordings.into_iter().flat_map(updates_of).collect();
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

/// The updates of a recording that was read as a whole.
fn updates_of(recording: WholeRecording) -> Vec<Update> {
    let (mut updates, mut waiting) = (Vec::new(), Vec::<Observation>::new());
    for entry in recording.entries {
        match entry {
            RecordingEntry::Observation(observation) => waiting.push(observation),
            RecordingEntry::Relist(relist) => {
                updates.push(Update::Observed(std::mem::take(&mut waiting)));
                updates.push(Update::Relisted(relist));
            }
            RecordingEntry::Unwatched(unwatched) => {
                updates.push(Update::Observed(std::mem::take(&mut waiting)));
                updates.push(Update::Unwatched(unwatched));
            }
            // All recordings are read before the run begins. An outage of one of them says nothing about the others.
            RecordingEntry::Synced
            | RecordingEntry::Outages { .. }
            | RecordingEntry::End(_)
            | RecordingEntry::Unknown => {}
        }
    }
    updates.push(Update::Observed(waiting));
    updates
}
