//! The lines that a recording leaves out while they cannot be written and too many of them wait.

use std::collections::{BTreeMap, HashMap};
use std::io;

use jiff::Timestamp;

use crate::observation::{Observation, Seen, Unwatched};
use crate::source::cluster::uid_key;
use crate::source::recording::line_buffer::LineBuffer;

/// Why a part of a run is missing in its recording.
const REASON: &str = "the recording could not be written";

/// The lines that are left out since a moment, except the latest state of each object.
#[derive(Debug)]
pub(crate) struct DroppedLines {
    since: Timestamp,
    /// The latest states, in the order of their receipt.
    states: BTreeMap<u64, LineBuffer>,
    /// The keys of `states`, by the uids of the objects.
    positions: HashMap<u128, u64>,
    next_position: u64,
    /// The length of the states in bytes.
    bytes: usize,
    /// Whether the states are left out too, because even they need too much memory.
    is_without_states: bool,
}

impl DroppedLines {
    /// Leaves lines out from this time on.
    pub(crate) fn new(since: Timestamp) -> Self {
        Self {
            since,
            states: BTreeMap::new(),
            positions: HashMap::new(),
            next_position: 0,
            bytes: 0,
            is_without_states: false,
        }
    }

    /// The length of the latest states in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets the latest states, and keeps no further ones.
    pub(crate) fn forget_states(&mut self) {
        *self = Self { is_without_states: true, ..Self::new(self.since) };
    }

    /// Includes a time in which nobody watched.
    pub(crate) fn include(&mut self, unwatched: &Unwatched) {
        self.since = self.since.min(unwatched.since);
    }

    /// Stores the latest state of an object, without the exact time at which the state began.
    ///
    /// # Errors
    /// The observation cannot be written as JSON.
    pub(crate) fn add(&mut self, observation: &Observation) -> io::Result<()> {
        if self.is_without_states {
            return Ok(());
        }
        let seen = if observation.seen.is_gone() { Seen::Missing } else { Seen::Listed };
        let mut state = LineBuffer::default();
        state.add_observation(&mut Observation { seen, ..observation.clone() })?;
        self.bytes += state.len();
        let uid = uid_key(&observation.object.metadata().uid);
        if let Some(old) = self.positions.insert(uid, self.next_position) {
            self.bytes -= self.states.remove(&old).map_or(0, |state| state.len());
        }
        self.states.insert(self.next_position, state);
        self.next_position += 1;
        Ok(())
    }

    /// Adds the latest states to the lines of the recording. Returns the time in which lines were left out. It ends at
    /// `until`.
    pub(crate) fn end(self, until: Timestamp, lines: &mut LineBuffer) -> Unwatched {
        for state in self.states.values() {
            lines.add_lines(state.bytes());
        }
        let until = until.max(self.since);
        Unwatched { since: self.since, until, reason: REASON.to_owned(), resource: None }
    }
}
