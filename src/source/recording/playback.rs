//! Plays a recording that is held in memory, under the control of the user: pause, seek and speed.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use crate::observation::Observation;
use crate::source::clock::{Clock, PlaybackControl};
use crate::source::recording::compression::RecordingInput;
use crate::source::recording::entry::RecordingEntry;
use crate::source::recording::header::RecordingHeader;
use crate::source::recording::read::RecordingLines;
use crate::source::recording::replay::automatic_speed;
use crate::source::{Feed, Update};

/// The maximum number of updates that wait for the receiver.
const QUEUE_CAPACITY: usize = 4;

/// Maximum size of the lines of a recording that is held in memory.
const MAX_BYTES: u64 = 64 << 20;

/// Limits of the speed, in recorded seconds per second.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.25..=4096.0;

/// A command of the user to the playback.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PlaybackCommand {
    /// Pauses time, or continues. At the end, starts again.
    TogglePause,
    /// Moves forward, or back if negative, by this share of the recording.
    Seek(f64),
    /// Moves to this time. Earlier times mean the start of the recording, and later times its end.
    SeekTo(Timestamp),
    /// Multiplies the speed by this factor.
    ChangeSpeed(f64),
}

/// The controls of a playback.
#[derive(Clone, Debug)]
pub(crate) struct PlaybackControls {
    commands: mpsc::UnboundedSender<PlaybackCommand>,
    clock: PlaybackControl,
    /// The time of the first entry.
    pub(crate) start: Timestamp,
    /// The time of the last entry.
    pub(crate) end: Timestamp,
}

impl PlaybackControls {
    /// Sends a command to the playback.
    pub(crate) fn send(&self, command: PlaybackCommand) {
        // The playback has ended only if nobody receives its updates.
        let _ = self.commands.send(command);
    }

    /// Returns the number of recorded seconds per second.
    pub(crate) fn speed(&self) -> f64 {
        self.clock.speed()
    }

    /// Whether time is paused.
    pub(crate) fn is_paused(&self) -> bool {
        self.clock.is_paused()
    }

    /// Returns the share of the recording before `at`, from 0 to 1.
    pub(crate) fn share_before(&self, at: Timestamp) -> f64 {
        let length = self.end.duration_since(self.start).as_secs_f64();
        let passed = at.duration_since(self.start).as_secs_f64();
        if length > 0.0 { (passed / length).clamp(0.0, 1.0) } else { 1.0 }
    }
}

/// Reads the header and the entries of a whole recording. Returns `None` if the recording must be streamed instead: because it is not a
/// file, is larger than [`MAX_BYTES`], shows only one moment, has an error, or was cut off.
pub(crate) fn read_entries(path: &Path) -> Option<(RecordingHeader, Vec<RecordingEntry>)> {
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return None;
    }
    let input = RecordingInput::new(BufReader::new(file)).ok()?.lines;
    // A line that the limit cuts off is an error, so the recording is then streamed.
    let lines = RecordingLines::new(input.take(MAX_BYTES)).ok()?;
    let header = lines.header().clone();
    if !header.followed {
        return None;
    }
    let entries: Vec<RecordingEntry> = lines.collect::<Result<_, _>>().ok()?;
    matches!(entries.last(), Some(RecordingEntry::End(_))).then_some((header, entries))
}

/// Starts to play these entries of a recording at `speed`, or at a speed that fits the length. The feed never ends: after the last entry, it sends
/// [`Update::PlaybackEnded`] and waits for commands. After a seek to an earlier time, it sends
/// [`Update::PlaybackRestarted`] and all entries up to that time.
///
/// # Panics
/// Panics if there is no tokio runtime.
pub(crate) fn start_playback(entries: Vec<RecordingEntry>, speed: Option<f64>) -> (Feed, PlaybackControls) {
    let start = entries.iter().find_map(RecordingEntry::time).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut latest = start;
    let entries: Vec<TimedEntry> = entries
        .into_iter()
        .map(|entry| {
            latest = latest.max(entry.time().unwrap_or(latest));
            TimedEntry { due: latest, entry }
        })
        .collect();
    // The observations before the mark `synced` show the objects that existed when the run began. They are due at once.
    let synced = entries.iter().position(|timed| timed.entry == RecordingEntry::Synced);
    let initial = synced.map_or(0, |synced| synced + 1);
    let speed = speed.unwrap_or_else(|| automatic_speed(start, latest));
    let control = PlaybackControl::new(start, latest, speed);
    let (command_sender, commands) = mpsc::unbounded_channel();
    let (sender, updates) = mpsc::channel(QUEUE_CAPACITY);
    let player = ControlledPlayer {
        entries: entries.into(),
        initial,
        next: 0,
        has_ended: false,
        control: control.clone(),
        commands,
        sender,
    };
    tokio::spawn(player.play());
    let controls = PlaybackControls { commands: command_sender, clock: control.clone(), start, end: latest };
    (Feed::new(updates, Clock::Controlled(control)), controls)
}

/// An entry with the time at which it is played.
struct TimedEntry {
    due: Timestamp,
    entry: RecordingEntry,
}

/// Sends the entries when they are due, and obeys commands. The async methods return `None` if the receiver is closed.
struct ControlledPlayer {
    entries: Arc<[TimedEntry]>,
    /// The number of entries that are due at once.
    initial: usize,
    /// The index of the next entry.
    next: usize,
    /// Whether the end of the entries was reported.
    has_ended: bool,
    control: PlaybackControl,
    commands: mpsc::UnboundedReceiver<PlaybackCommand>,
    sender: mpsc::Sender<Update>,
}

impl ControlledPlayer {
    async fn play(mut self) -> Option<()> {
        loop {
            self.send_due_entries().await?;
            let due = self.entries.get(self.next).map(|timed| self.control.real_instant_of(timed.due));
            let next_entry = async {
                match due.flatten() {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                command = self.commands.recv() => self.obey(command?).await?,
                () = next_entry => {}
                () = self.sender.closed() => return None,
            }
        }
    }

    /// Sends all entries that are due. Reports the end after the last one.
    async fn send_due_entries(&mut self) -> Option<()> {
        let now = self.control.now();
        let entries = Arc::clone(&self.entries);
        let mut observations: Vec<Observation> = Vec::new();
        while let Some(timed) = entries.get(self.next)
            && (self.next < self.initial || timed.due <= now)
        {
            self.next += 1;
            match &timed.entry {
                RecordingEntry::Observation(observation) => observations.push(observation.clone()),
                RecordingEntry::Synced => {
                    self.sender.send(Update::Observed(std::mem::take(&mut observations))).await.ok()?;
                    self.sender.send(Update::Synced).await.ok()?;
                }
                RecordingEntry::Outages { at, outages } => {
                    self.sender.send(Update::Observed(std::mem::take(&mut observations))).await.ok()?;
                    let (received, outages) = (*at, outages.clone());
                    self.sender.send(Update::Outages { received, outages }).await.ok()?;
                }
                RecordingEntry::Relist(relist) => {
                    self.sender.send(Update::Observed(std::mem::take(&mut observations))).await.ok()?;
                    self.sender.send(Update::Relisted(relist.clone())).await.ok()?;
                }
                RecordingEntry::Unwatched(unwatched) => {
                    self.sender.send(Update::Observed(std::mem::take(&mut observations))).await.ok()?;
                    self.sender.send(Update::Unwatched(unwatched.clone())).await.ok()?;
                }
                RecordingEntry::End(_) | RecordingEntry::Unknown => {}
            }
        }
        if !observations.is_empty() {
            self.sender.send(Update::Observed(observations)).await.ok()?;
        }
        if self.next == entries.len() && !self.has_ended {
            self.has_ended = true;
            self.sender.send(Update::PlaybackEnded).await.ok()?;
        }
        Some(())
    }

    async fn obey(&mut self, command: PlaybackCommand) -> Option<()> {
        match command {
            PlaybackCommand::TogglePause if self.has_ended => {
                self.control.set_paused(false);
                self.seek(self.control.shifted_by(-1.0)).await
            }
            PlaybackCommand::TogglePause => {
                self.control.set_paused(!self.control.is_paused());
                Some(())
            }
            PlaybackCommand::Seek(share) => self.seek(self.control.shifted_by(share)).await,
            PlaybackCommand::SeekTo(target) => self.seek(target).await,
            PlaybackCommand::ChangeSpeed(factor) => {
                self.control.set_speed((self.control.speed() * factor).clamp(*SPEEDS.start(), *SPEEDS.end()));
                Some(())
            }
        }
    }

    async fn seek(&mut self, target: Timestamp) -> Option<()> {
        let before = self.control.now();
        self.control.move_to(target);
        let now = self.control.now();
        if now < before {
            self.next = 0;
            self.has_ended = false;
            self.sender.send(Update::PlaybackRestarted).await.ok()?;
        }
        Some(())
    }
}

impl PlaybackControl {
    /// Returns the time that is later than now by this share of the time from start to end.
    fn shifted_by(&self, share: f64) -> Timestamp {
        let (start, end) = self.bounds();
        let step = SignedDuration::try_from_secs_f64(end.duration_since(start).as_secs_f64() * share);
        self.now().saturating_add(step.unwrap_or_default()).unwrap_or(end)
    }

    /// Moves to this time. Earlier times mean the start of the recording, and later times its end.
    fn move_to(&self, target: Timestamp) {
        let (start, end) = self.bounds();
        self.set_now(target.clamp(start, end));
    }
}
