//! Decides which container is read next. At most a given number of streams is open at the same time.

use std::collections::{HashMap, VecDeque};

use tokio::sync::{mpsc, watch};

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::logs::cursor::LogCursor;
use crate::source::cluster::logs::line_splitter::{LongLineBudget, RewrittenText};
use crate::source::cluster::logs::message::{TurnEnd, TurnMessage, TurnSender};
use crate::source::cluster::logs::turn::Turn;
use crate::source::cluster::logs::update::{ContainerProgress, LogSource, LogUpdate, Ticket};

/// Maximum number of messages that are queued for the receiver. If the receiver does not keep up, the turns wait.
const MAX_QUEUED_MESSAGES: usize = 8;

/// Reads the logs of containers.
#[derive(Debug)]
pub(crate) struct LogCollector {
    cluster: Cluster,
    /// Maximum number of streams that are open at the same time.
    max_streams: usize,
    /// Number of turns that are in progress. Each turn has at most one open stream.
    active: usize,
    containers: HashMap<Ticket, TrackedContainer>,
    /// Containers that wait for their turn.
    waiting: VecDeque<Ticket>,
    /// Whether containers wait for their turn.
    has_waiting: watch::Sender<bool>,
    budget: LongLineBudget,
    rewritten_text: RewrittenText,
    sender: mpsc::Sender<TurnMessage>,
    receiver: mpsc::Receiver<TurnMessage>,
    /// Whether the server has answered that the user may not read logs.
    is_forbidden: bool,
}

#[derive(Debug)]
struct TrackedContainer {
    source: LogSource,
    progress: watch::Sender<ContainerProgress>,
    state: ReadingState,
}

/// Whether a container is being read, waits for its turn, or needs no turn now.
#[derive(Debug)]
enum ReadingState {
    /// All runs before the run of this cursor were read completely.
    Complete(Box<LogCursor>),
    /// The log was read to its present end. The log may grow only after the progress of the container has changed.
    Parked(Box<LogCursor>),
    /// The container waits for its turn.
    Waiting(Box<LogCursor>),
    /// The container is being read.
    Active,
}

impl LogCollector {
    /// Creates a collector that opens at most `max_streams` streams at the same time.
    pub(crate) fn new(cluster: Cluster, max_streams: usize, rewritten_text: RewrittenText) -> Self {
        let (sender, receiver) = mpsc::channel(MAX_QUEUED_MESSAGES);
        Self {
            cluster,
            max_streams: max_streams.max(1),
            active: 0,
            containers: HashMap::new(),
            waiting: VecDeque::new(),
            has_waiting: watch::Sender::new(false),
            budget: LongLineBudget::default(),
            rewritten_text,
            sender,
            receiver,
            is_forbidden: false,
        }
    }

    /// Stores the progress of a container. If a part of its log was not read yet, the container waits for a turn.
    pub(crate) fn update(
        &mut self,
        ticket: Ticket,
        progress: ContainerProgress,
        source: impl FnOnce() -> LogSource,
    ) {
        if self.is_forbidden {
            return;
        }
        let container = self.containers.entry(ticket).or_insert_with(|| TrackedContainer {
            source: source(),
            progress: watch::Sender::new(progress),
            state: ReadingState::Complete(Box::default()),
        });
        let has_changed =
            container.progress.send_if_modified(|known| std::mem::replace(known, progress) != progress);
        let next = match &mut container.state {
            ReadingState::Complete(cursor) if cursor.run() <= progress.run => Some(cursor),
            ReadingState::Parked(cursor) if has_changed => Some(cursor),
            ReadingState::Complete(_)
            | ReadingState::Parked(_)
            | ReadingState::Waiting(_)
            | ReadingState::Active => None,
        };
        if let Some(cursor) = next {
            container.state = ReadingState::Waiting(std::mem::take(cursor));
            // The log of a container that has ended may soon be deleted, so this log is read first.
            if progress.has_ended {
                self.waiting.push_front(ticket);
            } else {
                self.waiting.push_back(ticket);
            }
        }
        self.start_turns();
    }

    /// Waits for the next update. If the future is dropped early, no update is lost.
    pub(crate) async fn next(&mut self) -> LogUpdate {
        loop {
            // The collector itself holds a sender, so the channel is never closed.
            let Some(message) = self.receiver.recv().await else { return std::future::pending().await };
            match message {
                TurnMessage::Update(update) => return update,
                TurnMessage::End { ticket, cursor, end } => {
                    if let Some(update) = self.end_turn(ticket, cursor, end) {
                        return update;
                    }
                }
            }
        }
    }

    /// Whether the logs of all containers that have ended were read completely, and all their updates were received.
    pub(crate) fn is_drained(&self) -> bool {
        let is_open = |container: &TrackedContainer| {
            let progress = *container.progress.borrow();
            let may_grow = !progress.has_ended && !progress.is_pod_gone;
            match &container.state {
                ReadingState::Complete(_) | ReadingState::Parked(_) => false,
                ReadingState::Waiting(_) | ReadingState::Active => !may_grow,
            }
        };
        self.receiver.is_empty() && (self.is_forbidden || !self.containers.values().any(is_open))
    }

    /// Whether the logs of all known runs of a container were read completely.
    pub(crate) fn is_complete(&self, ticket: Ticket) -> bool {
        self.is_forbidden
            || self.containers.get(&ticket).is_none_or(|container| match &container.state {
                ReadingState::Complete(cursor) => cursor.run() > container.progress.borrow().run,
                ReadingState::Parked(_) | ReadingState::Waiting(_) | ReadingState::Active => false,
            })
    }

    fn end_turn(&mut self, ticket: Ticket, cursor: Box<LogCursor>, end: TurnEnd) -> Option<LogUpdate> {
        self.active = self.active.saturating_sub(1);
        let container = self.containers.get_mut(&ticket)?;
        let is_complete = match end {
            TurnEnd::Parked(known) if known == *container.progress.borrow() => {
                container.state = ReadingState::Parked(cursor);
                self.start_turns();
                return None;
            }
            TurnEnd::Complete => cursor.run() > container.progress.borrow().run,
            TurnEnd::Parked(_) | TurnEnd::Yielded => false,
            TurnEnd::Abandoned => true,
            TurnEnd::Forbidden(error) => {
                let is_first = !std::mem::replace(&mut self.is_forbidden, true);
                self.waiting.clear();
                return is_first.then(|| LogUpdate::Forbidden(error.short_reason()));
            }
        };
        if is_complete {
            container.state = ReadingState::Complete(cursor);
        } else {
            container.state = ReadingState::Waiting(cursor);
            self.waiting.push_back(ticket);
        }
        self.start_turns();
        is_complete.then_some(LogUpdate::Complete)
    }

    /// Starts turns for waiting containers while fewer streams than the maximum are open.
    fn start_turns(&mut self) {
        while self.active < self.max_streams
            && let Some(ticket) = self.waiting.pop_front()
        {
            let Some(container) = self.containers.get_mut(&ticket) else { continue };
            let ReadingState::Waiting(cursor) = &mut container.state else { continue };
            let turn = Turn {
                cluster: self.cluster.clone(),
                source: container.source.clone(),
                cursor: std::mem::take(&mut **cursor),
                next_run_cursor: None,
                last_rest: None,
                was_blank: false,
                progress: container.progress.subscribe(),
                has_waiting: self.has_waiting.subscribe(),
                budget: self.budget.clone(),
                rewritten_text: self.rewritten_text,
                sender: TurnSender { ticket, channel: self.sender.clone() },
            };
            container.state = ReadingState::Active;
            self.active += 1;
            tokio::spawn(turn.run());
        }
        let has_waiting = !self.waiting.is_empty();
        self.has_waiting.send_if_modified(|known| std::mem::replace(known, has_waiting) != has_waiting);
    }
}
