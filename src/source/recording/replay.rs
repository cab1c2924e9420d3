//! Replays a recording as a source, either at a chosen speed or as fast as possible.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::Instant;

use crate::observation::Observation;
use crate::source::clock::Clock;
use crate::source::error::{ErrorKind, SourceError, system_error_text};
use crate::source::recording::compression::{RecordingInput, decompress_frame, is_frame_start, split_frames};
use crate::source::recording::entry::RecordingEntry;
use crate::source::recording::header::RecordingHeader;
use crate::source::recording::read::{RecordingError, RecordingLines};
use crate::source::{Feed, Progress, Update};

/// How many updates may wait for the receiver, and how many chunks may wait for the player.
const QUEUE_CAPACITY: usize = 4;
/// Number of observations for which a new update reserves memory.
const OBSERVATIONS_PER_UPDATE: usize = 256;
/// A chunk is complete when it has this size in bytes. One task reads the chunks one after another. A separate task
/// parses each chunk.
const CHUNK_BYTES: usize = 256 * 1024;
/// How many bytes at the end of a file are searched for the last complete line. Almost all lines are shorter.
const TAIL_BYTES: u64 = 64 * 1024;
/// The last frame of a longer file is not searched for.
const MAX_COMPRESSED_BYTES: u64 = 64 << 20;
/// A last frame with more bytes of lines is not searched for the last line.
const MAX_FRAME_BYTES: u64 = 16 << 20;
/// Maximum duration in seconds of a replay for which the user chose no speed, if the end of the recording is known.
const MAX_REPLAY_SECONDS: f64 = 20.0;
/// Minimum speed of a replay for which the user chose no speed, in recorded seconds per second.
const MIN_SPEED: f64 = 4.0;

/// Maximum number of marks without a time that are read before the clock starts.
const MAX_LEADING_MARKS: usize = 16;

/// How fast a recording is replayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ReplayPace {
    /// As fast as possible.
    AtOnce,
    /// At this many recorded seconds per second. The number is greater than 0.
    Speed(f64),
    /// At the speed at which the replay takes [`MAX_REPLAY_SECONDS`], but at least at [`MIN_SPEED`]. If the end of the
    /// recording is unknown, the speed is [`MIN_SPEED`].
    Automatic,
}

/// A recording that is being replayed.
#[derive(Debug)]
pub(crate) struct Replay {
    /// The observations of the recording.
    pub feed: Feed,
    /// Whether the run followed its workloads. If not, the run showed the state of one moment.
    pub followed: bool,
    /// The namespace of a command without `-n`, during the run. `None` if the source was not a cluster.
    pub namespace: Option<String>,
}

/// The number of bytes of a chunk, and the task that parses the chunk.
type ParsingChunk = (u64, JoinHandle<(Vec<RecordingEntry>, Option<RecordingError>)>);

/// Starts the replay of a recording. `-` is standard input. The feed ends at the end of the recording, and the clock of
/// the feed stops there.
///
/// A replay contacts no cluster. It does not run or open anything that the file mentions.
///
/// # Errors
/// Usage: the file cannot be opened or is a folder. Input: the file cannot be read, is not a recording, has a newer
/// format, or has an invalid header.
///
/// # Panics
/// Panics if there is no tokio runtime.
pub(crate) fn start_replay(path: &Path, pace: ReplayPace) -> Result<Replay, SourceError> {
    let OpenRecording { input, end, size } = OpenRecording::new(path, pace)?;
    replay_input(input, recording_name(path), pace, end, size)
}

/// The name of a recording in messages.
pub(crate) fn recording_name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

/// A recording that can be read.
pub(crate) struct OpenRecording {
    pub(crate) input: Box<dyn BufRead + Send>,
    /// The time of the last line, if it is known and the pace needs it.
    end: Option<Timestamp>,
    /// The length of all lines in bytes, if it is known.
    size: Option<u64>,
}

impl OpenRecording {
    /// Opens a recording. `-` is standard input.
    ///
    /// # Errors
    /// Usage: the file cannot be opened or is a folder.
    pub(crate) fn new(path: &Path, pace: ReplayPace) -> Result<Self, SourceError> {
        let unreadable = |error: io::Error| {
            let summary = format!("cannot read {}: {}", recording_name(path), system_error_text(&error));
            let hint = "Name a recording. `kubectl seq apply -f job.yaml --record FILE` makes one, and so do `get -w` and `simulate`.";
            SourceError::new(ErrorKind::Usage, summary).hint(hint).caused_by(error)
        };
        if path.as_os_str() == "-" {
            let input = BufReader::with_capacity(CHUNK_BYTES, io::stdin());
            let input = RecordingInput::new(input).map_err(unreadable)?.lines;
            return Ok(Self { input, end: None, size: None });
        }
        let mut size = None;
        let mut file = File::open(path).map_err(unreadable)?;
        if let Ok(metadata) = file.metadata() {
            if metadata.is_dir() {
                return Err(unreadable(io::ErrorKind::IsADirectory.into()));
            }
            size = metadata.is_file().then_some(metadata.len());
        }
        let end = if pace == ReplayPace::Automatic { find_last_time(&mut file) } else { None };
        let input = BufReader::with_capacity(CHUNK_BYTES, file);
        let RecordingInput { lines, is_compressed } = RecordingInput::new(input).map_err(unreadable)?;
        Ok(Self { input: lines, end, size: size.filter(|_| !is_compressed) })
    }
}

/// Starts the replay of the recording in `input`. `end` is the time of the last line, if known. `size` is the length of
/// the input in bytes, if known.
///
/// # Errors
/// Input: the input cannot be read, is not a recording, has a newer format, or has an invalid header.
pub(crate) fn replay_input(
    input: Box<dyn BufRead + Send>,
    name: String,
    pace: ReplayPace,
    end: Option<Timestamp>,
    size: Option<u64>,
) -> Result<Replay, SourceError> {
    let mut lines = RecordingLines::new(input).map_err(|error| replay_error(&name, error))?;
    let RecordingHeader { followed, namespace, .. } = lines.header().clone();
    // The clock starts at the time of the first entry that has a time. If a run begins without objects, the first entry
    // is the mark `synced`, which has none.
    let (mut leading, mut error, mut start) = (Vec::new(), None, None);
    while start.is_none() && leading.len() < MAX_LEADING_MARKS {
        match lines.next() {
            Some(Ok(entry)) => {
                start = entry.time();
                leading.push(entry);
            }
            Some(Err(failure)) => {
                error = Some(failure);
                break;
            }
            None => break,
        }
    }
    // Without a time, the recording has nothing to show, so its clock is never visible.
    let start = start.or(end).unwrap_or(Timestamp::UNIX_EPOCH);
    let clock = match pace {
        // A run that showed the state of one moment has no duration to replay.
        _ if !followed => Clock::latest(start),
        ReplayPace::AtOnce => Clock::latest(start),
        ReplayPace::Speed(speed) => Clock::playback(start, speed),
        ReplayPace::Automatic => Clock::playback(start, automatic_speed(start, end.unwrap_or(start))),
    };
    let (chunk_sender, chunks) = mpsc::channel(QUEUE_CAPACITY);
    // A read blocks its thread, so the thread that renders must not read.
    spawn_blocking(move || read_chunks(lines, &chunk_sender));
    let (sender, updates) = mpsc::channel(QUEUE_CAPACITY);
    let player = Player {
        name,
        clock: clock.clone(),
        sender,
        waiting: Vec::new(),
        synced: false,
        latest: start,
        is_paced: followed && pace != ReplayPace::AtOnce,
        bytes_played: 0,
        size,
    };
    tokio::spawn(player.play(leading, error, chunks));
    Ok(Replay { feed: Feed::new(updates, clock), followed, namespace })
}

/// Returns the speed of a replay for which the user chose no speed, in recorded seconds per second.
pub(crate) fn automatic_speed(start: Timestamp, end: Timestamp) -> f64 {
    (end.duration_since(start).as_secs_f64() / MAX_REPLAY_SECONDS).max(MIN_SPEED)
}

/// Reads the rest of the recording and has another thread parse each chunk. Stops if the receiver is closed.
fn read_chunks<R: BufRead>(mut lines: RecordingLines<R>, chunks: &mpsc::Sender<ParsingChunk>) {
    while let Some(chunk) = lines.read_chunk(CHUNK_BYTES) {
        if chunks.blocking_send((chunk.len(), spawn_blocking(move || chunk.parse()))).is_err() {
            return;
        }
    }
}

/// Sends the entries of a recording when they are due. The async methods return `None` if the receiver is closed.
struct Player {
    /// The name of the recording in messages.
    name: String,
    clock: Clock,
    sender: mpsc::Sender<Update>,
    /// Observations that are due but not sent yet.
    waiting: Vec<Observation>,
    /// Whether the mark `synced` was played.
    synced: bool,
    /// The latest time in the entries so far.
    latest: Timestamp,
    /// Whether an observation is sent when the clock reaches the time of its receipt. If not, each observation is sent
    /// as soon as possible.
    is_paced: bool,
    /// Length in bytes of the chunks that have been played.
    bytes_played: u64,
    /// Size of the recording in bytes, if known.
    size: Option<u64>,
}

impl Player {
    /// Sends the entries of `leading`, which were read before the clock started, and then the entries of all chunks.
    /// `error` ended the reading of `leading`.
    async fn play(
        mut self,
        leading: Vec<RecordingEntry>,
        error: Option<RecordingError>,
        mut chunks: mpsc::Receiver<ParsingChunk>,
    ) -> Option<()> {
        if let Some(error) = error {
            let _ended = self.play_entries(leading, Some(error)).await?;
            return Some(());
        }
        let mut leading = Some(leading);
        while let Some((bytes, parsing)) = chunks.recv().await {
            let (entries, error) = parsing.await.ok()?;
            self.report_progress();
            self.bytes_played += bytes;
            let entries = leading.take().into_iter().flatten().chain(entries);
            if self.play_entries(entries, error).await?.is_break() {
                return Some(());
            }
            // All waiting observations are due.
            self.flush().await?;
        }
        // A recording whose entries were all read before the clock started has no chunks.
        if self.play_entries(leading.unwrap_or_default(), None).await?.is_break() {
            return Some(());
        }
        self.end_cut_off("it has no end mark").await
    }

    /// Sends entries, and then ends the feed if there is an error. Returns `Break` if the feed has ended.
    async fn play_entries(
        &mut self,
        entries: impl IntoIterator<Item = RecordingEntry>,
        error: Option<RecordingError>,
    ) -> Option<ControlFlow<()>> {
        for entry in entries {
            if self.play_entry(entry).await?.is_break() {
                return Some(ControlFlow::Break(()));
            }
        }
        match error {
            Some(error) => self.end_with_error(error).await.map(ControlFlow::Break),
            None => Some(ControlFlow::Continue(())),
        }
    }

    /// Reports how much of the recording has been played, unless the replay is paced or no chunk has been played yet.
    fn report_progress(&self) {
        if !self.is_paced && self.bytes_played > 0 {
            let progress = Progress::Reading { bytes: self.bytes_played, total: self.size };
            // If the queue is full, the report is dropped, because a report must not slow down the replay.
            let _ = self.sender.try_send(Update::Progress(progress));
        }
    }

    /// Sends an entry when it is due. Returns `Break` at the end mark.
    async fn play_entry(&mut self, entry: RecordingEntry) -> Option<ControlFlow<()>> {
        match entry {
            RecordingEntry::Observation(observation) => self.play_observation(observation).await?,
            RecordingEntry::Synced => {
                self.flush().await?;
                self.synced = true;
                self.sender.send(Update::Synced).await.ok()?;
            }
            RecordingEntry::Outages { at, outages } => {
                self.flush().await?;
                if self.synced {
                    self.wait_until(at).await?;
                }
                self.sender.send(Update::Outages { received: at, outages }).await.ok()?;
            }
            RecordingEntry::Relist(relist) => {
                self.flush().await?;
                self.sender.send(Update::Relisted(relist)).await.ok()?;
            }
            RecordingEntry::Unwatched(unwatched) => {
                self.flush().await?;
                self.sender.send(Update::Unwatched(unwatched)).await.ok()?;
            }
            RecordingEntry::End(at) => {
                self.flush().await?;
                self.wait_until(at).await?;
                self.latest = at;
                self.clock.stop_at(at);
                return Some(ControlFlow::Break(()));
            }
            RecordingEntry::Unknown => {}
        }
        Some(ControlFlow::Continue(()))
    }

    async fn play_observation(&mut self, observation: Observation) -> Option<()> {
        // The observations before the mark `synced` show the objects that existed when the run began. These
        // observations are due immediately.
        if self.synced
            && self.clock.real_instant_of(observation.received).is_some_and(|due| due > Instant::now())
        {
            self.flush().await?;
            self.wait_until(observation.received).await?;
        }
        self.latest = self.latest.max(observation.received);
        self.waiting.push(observation);
        Some(())
    }

    async fn flush(&mut self) -> Option<()> {
        if !self.waiting.is_empty() {
            let waiting = std::mem::replace(&mut self.waiting, Vec::with_capacity(OBSERVATIONS_PER_UPDATE));
            self.sender.send(Update::Observed(waiting)).await.ok()?;
            self.clock.advance_to(self.latest);
        }
        Some(())
    }

    async fn wait_until(&self, at: Timestamp) -> Option<()> {
        let Some(due) = self.clock.real_instant_of(at) else { return Some(()) };
        tokio::select! {
            () = tokio::time::sleep_until(due) => Some(()),
            () = self.sender.closed() => None,
        }
    }

    /// Ends the feed because of an error. The entries before the error are sent. The entries after an invalid line are
    /// not sent, because they may depend on that line.
    async fn end_with_error(&mut self, error: RecordingError) -> Option<()> {
        if matches!(error, RecordingError::IncompleteLine(_)) {
            return self.end_cut_off(&error.to_string()).await;
        }
        self.flush().await?;
        self.clock.stop_at(self.latest);
        self.sender.send(Update::Failed(replay_error(&self.name, error))).await.ok()
    }

    /// Ends the feed of a recording that was cut off, with a notice that says why.
    async fn end_cut_off(&mut self, why: &str) -> Option<()> {
        self.flush().await?;
        self.clock.stop_at(self.latest);
        let notice = format!("{} was cut off ({why}): only the part before is shown", self.name);
        self.sender.send(Update::Notice(notice)).await.ok()?;
        if self.synced { Some(()) } else { self.sender.send(Update::Synced).await.ok() }
    }
}

pub(crate) fn replay_error(name: &str, error: RecordingError) -> SourceError {
    let failure = SourceError::new(ErrorKind::Input, format!("cannot replay {name}: {error}"));
    let failure = match error {
        RecordingError::NewerFormat(_) => failure
            .hint("A newer kubectl seq wrote it: `kubectl seq version` prints the version of this one."),
        RecordingError::NotARecording(_) => {
            failure.hint("`--record FILE` of get, apply, pod and simulate writes recordings.")
        }
        RecordingError::Unreadable(_)
        | RecordingError::InvalidLine { .. }
        | RecordingError::LongLine(_)
        | RecordingError::IncompleteLine(_) => failure,
    };
    failure.caused_by(error)
}

/// Finds the last line with a time in a recording, and returns that time. Returns `None` if the file cannot be read
/// from its end, for example because it is a pipe, or if its last part contains no line with a time.
fn find_last_time(file: &mut File) -> Option<Timestamp> {
    let last_part = read_last_part(file);
    file.rewind().ok()?;
    let lines = last_part?;
    let entries = lines.split(|byte| *byte == b'\n').rev().map(serde_json::from_slice::<RecordingEntry>);
    entries.flatten().find_map(|entry| entry.time())
}

/// Reads the last [`TAIL_BYTES`] of a file, or the last whole frame of a compressed one.
fn read_last_part(file: &mut File) -> Option<Vec<u8>> {
    let length = file.seek(SeekFrom::End(0)).ok()?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES))).ok()?;
    let mut tail = Vec::new();
    file.by_ref().take(TAIL_BYTES).read_to_end(&mut tail).ok()?;
    file.rewind().ok()?;
    let mut start = [0; 4];
    if length > MAX_COMPRESSED_BYTES || file.read_exact(&mut start).is_err() || !is_frame_start(&start) {
        return Some(tail);
    }
    let mut frames = start.to_vec();
    file.read_to_end(&mut frames).ok()?;
    decompress_frame(split_frames(&frames).last()?, MAX_FRAME_BYTES).ok()
}
