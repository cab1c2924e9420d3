//! A recording as a source: delivered at its own pace, or all at once.

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
use crate::source::error::{ErrorKind, SourceError};
use crate::source::recording::line::Entry;
use crate::source::recording::read::{Lines, Problem};
use crate::source::{Feed, Progress, Update};

/// Updates that may wait for the receiver, and pieces that may be parsed before they are told: each by another thread.
const BUFFER: usize = 4;
/// About so many observations are in one update.
const BATCH: usize = 256;
/// What is read and parsed at once.
const PIECE: usize = 256 * 1024;
/// So much of the end of a file surely has its last line, unless that is an object beyond all measure.
const TAIL: u64 = 64 * 1024;
/// What is watched without a wish for a speed takes so many seconds at most …
const WATCHED_SECONDS: f64 = 20.0;
/// … and so many recorded seconds a second at least: a run of a minute shows in a quarter of one.
const WATCHED_SPEED: f64 = 4.0;

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// At once.
    AtOnce,
    /// So many recorded seconds a second, more than none.
    Speed(f64),
    /// As it is pleasant to watch.
    Pleasant,
}

/// A recording that is being played.
#[derive(Debug)]
pub(crate) struct Replay {
    /// What it tells.
    pub feed: Feed,
    /// Whether the run followed its workloads to an end, or showed once what there was.
    pub followed: bool,
}

/// A piece that is being parsed, and the number of bytes in it.
type Parsing = (u64, JoinHandle<(Vec<Entry>, Option<Problem>)>);

/// Plays a recording; `-` is standard input. Its feed ends with the recording, and its clock stops there.
///
/// No Kubernetes client is made, and nothing in the file is run or opened.
///
/// # Errors
/// Usage: the file cannot be opened. Input: it is no recording, or one of a newer format.
///
/// # Panics
/// Panics outside of a tokio runtime.
pub(crate) fn open(path: &Path, pace: Pace) -> Result<Replay, SourceError> {
    let stdin = path.as_os_str() == "-";
    let name = if stdin { "standard input".to_owned() } else { path.display().to_string() };
    let unreadable = |error: io::Error| {
        let summary = format!("cannot read {name}: {}", super::reason(&error));
        SourceError::new(ErrorKind::Usage, summary).caused_by(error)
    };
    let (mut last, mut size) = (None, None);
    let input: Box<dyn BufRead + Send> = if stdin {
        Box::new(BufReader::with_capacity(PIECE, io::stdin()))
    } else {
        let mut file = File::open(path).map_err(unreadable)?;
        if let Ok(metadata) = file.metadata() {
            if metadata.is_dir() {
                return Err(unreadable(io::ErrorKind::IsADirectory.into()));
            }
            size = metadata.is_file().then_some(metadata.len());
        }
        if pace == Pace::Pleasant {
            last = last_time(&mut file);
        }
        Box::new(BufReader::with_capacity(PIECE, file))
    };
    play(input, name, pace, last, size)
}

/// Plays the recording that is read from `input`. `last` is the time of its last line and `size` its length in bytes, if
/// they are known.
///
/// # Errors
/// Input: it is no recording, or one of a newer format.
pub(crate) fn play(
    input: Box<dyn BufRead + Send>,
    name: String,
    pace: Pace,
    last: Option<Timestamp>,
    size: Option<u64>,
) -> Result<Replay, SourceError> {
    let mut lines = Lines::new(input).map_err(|problem| failure(&name, problem))?;
    let followed = lines.header().followed;
    // The clock begins with the first observation; without one there is nothing to show.
    let first = lines.next();
    let start = match &first {
        Some(Ok(Entry::Observation(first))) => first.received,
        Some(Ok(Entry::End(at))) => *at,
        _ => Timestamp::UNIX_EPOCH,
    };
    let clock = match pace {
        // What was shown once has no course.
        _ if !followed => Clock::latest(start),
        Pace::AtOnce => Clock::latest(start),
        Pace::Speed(speed) => Clock::playback(start, speed),
        Pace::Pleasant => {
            let length = last.map_or(0.0, |last| last.duration_since(start).as_secs_f64());
            Clock::playback(start, (length / WATCHED_SECONDS).max(WATCHED_SPEED))
        }
    };
    let (pieces, read) = mpsc::channel(BUFFER);
    // Reading a file is no work for the thread that draws.
    spawn_blocking(move || read_all(lines, &pieces));
    let (sender, updates) = mpsc::channel(BUFFER);
    let player = Player {
        name,
        clock: clock.clone(),
        sender,
        waiting: Vec::new(),
        synced: false,
        latest: start,
        is_paced: followed && pace != Pace::AtOnce,
        bytes: 0,
        size,
    };
    tokio::spawn(player.play(first, read));
    Ok(Replay { feed: Feed { updates, clock }, followed })
}

/// Reads all lines behind the first, unless nobody listens any more.
fn read_all<R: BufRead>(mut lines: Lines<R>, pieces: &mpsc::Sender<Parsing>) {
    while let Some(piece) = lines.piece(PIECE) {
        if pieces.blocking_send((piece.len(), spawn_blocking(move || piece.parse()))).is_err() {
            return;
        }
    }
}

/// Tells what was read, when it is due.
struct Player {
    name: String,
    clock: Clock,
    sender: mpsc::Sender<Update>,
    waiting: Vec<Observation>,
    synced: bool,
    /// The latest time that was told.
    latest: Timestamp,
    /// Whether the observations are delivered at the times at which they were received, and not all at once.
    is_paced: bool,
    /// Number of bytes delivered so far.
    bytes: u64,
    /// Size of the recording in bytes, if it is known.
    size: Option<u64>,
}

impl Player {
    /// `None` if nobody listens any more.
    async fn play(
        mut self,
        first: Option<Result<Entry, Problem>>,
        mut pieces: mpsc::Receiver<Parsing>,
    ) -> Option<()> {
        let mut first = match first {
            Some(Err(problem)) => return self.stop(problem).await,
            first => first.and_then(Result::ok),
        };
        while let Some((bytes, parsing)) = pieces.recv().await {
            let (entries, problem) = parsing.await.ok()?;
            self.report_progress();
            self.bytes += bytes;
            for entry in first.take().into_iter().chain(entries) {
                if self.tell(entry).await?.is_break() {
                    return Some(());
                }
            }
            if let Some(problem) = problem {
                return self.stop(problem).await;
            }
            // Nothing waits that is not due.
            self.flush().await?;
        }
        // It may be all there is.
        if let Some(entry) = first
            && self.tell(entry).await?.is_break()
        {
            return Some(());
        }
        self.cut_off("it has no end mark").await
    }

    /// Reports how much of the recording was delivered, unless it is paced or all of it is in the first piece.
    fn report_progress(&self) {
        if !self.is_paced && self.bytes > 0 {
            let progress = Progress::Reading { bytes: self.bytes, total: self.size };
            // An update that finds no room is dropped, because progress must not slow down the reading.
            let _ = self.sender.try_send(Update::Progress(progress));
        }
    }

    /// Tells what a line holds; breaks off at the end mark.
    async fn tell(&mut self, entry: Entry) -> Option<ControlFlow<()>> {
        match entry {
            Entry::Observation(observation) => self.observe(observation).await?,
            Entry::Synced => {
                self.flush().await?;
                self.synced = true;
                self.sender.send(Update::Synced).await.ok()?;
            }
            Entry::End(at) => {
                self.flush().await?;
                self.wait_until(at).await?;
                self.latest = at;
                self.clock.stop_at(at);
                return Some(ControlFlow::Break(()));
            }
            Entry::Other => {}
        }
        Some(ControlFlow::Continue(()))
    }

    async fn observe(&mut self, observation: Observation) -> Option<()> {
        // What existed when the run began was told at once.
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
            let waiting = std::mem::replace(&mut self.waiting, Vec::with_capacity(BATCH));
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

    /// What was read before counts, but after a line that is wrong nothing is certain.
    async fn stop(mut self, problem: Problem) -> Option<()> {
        if matches!(problem, Problem::CutOff(_)) {
            return self.cut_off(&problem.to_string()).await;
        }
        self.flush().await?;
        self.clock.stop_at(self.latest);
        self.sender.send(Update::Failed(failure(&self.name, problem))).await.ok()
    }

    async fn cut_off(&mut self, why: &str) -> Option<()> {
        self.flush().await?;
        self.clock.stop_at(self.latest);
        let notice = format!("{} was cut off ({why}): what comes before is shown", self.name);
        self.sender.send(Update::Notice(notice)).await.ok()?;
        if self.synced { Some(()) } else { self.sender.send(Update::Synced).await.ok() }
    }
}

fn failure(name: &str, problem: Problem) -> SourceError {
    let error = SourceError::new(ErrorKind::Input, format!("cannot replay {name}: {problem}"));
    let error = match problem {
        Problem::Newer(_) => {
            error.hint("A newer kubectl seq wrote it: `kubectl seq version` tells which this is.")
        }
        Problem::NoRecording(_) => {
            error.hint("`--record FILE` of get, apply, pod and simulate writes recordings.")
        }
        Problem::Unreadable(_) | Problem::Malformed(..) | Problem::CutOff(_) => error,
    };
    error.caused_by(problem)
}

/// The time of a recording's last line, if it is a file that one can look for it in.
fn last_time(file: &mut File) -> Option<Timestamp> {
    let length = file.seek(SeekFrom::End(0)).ok()?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut tail = Vec::new();
    let read = file.by_ref().take(TAIL).read_to_end(&mut tail);
    file.rewind().ok()?;
    read.ok()?;
    tail.split(|byte| *byte == b'\n').rev().find_map(|line| match serde_json::from_slice(line).ok()? {
        Entry::Observation(observation) => Some(observation.received),
        Entry::End(at) => Some(at),
        Entry::Synced | Entry::Other => None,
    })
}
