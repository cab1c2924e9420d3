//! Where observations come from: a live cluster, a simulation, a recording.
//!
//! Every source is a [`Feed`]: a bounded stream of [`Update`]s and the clock that their times are on. A source knows
//! nothing of what is made of its observations.

pub(crate) mod clock;
pub(crate) mod cluster;
pub(crate) mod error;
pub(crate) mod kubectl;
pub(crate) mod recording;
pub(crate) mod simulation;

use tokio::sync::mpsc;

pub(crate) use clock::Clock;
pub(crate) use error::{ErrorKind, SourceError};

use crate::observation::Observation;

/// What a source sends.
#[derive(Debug)]
pub enum Update {
    /// Facts, in the order in which the source learnt them.
    Observed(Vec<Observation>),
    /// All that existed at the beginning has been told.
    Synced,
    /// What is being waited for before that.
    Progress(Progress),
    /// The connection was lost; the source tries again by itself.
    Lost(String),
    /// The connection is back.
    Restored,
    /// Something is missing that the run survives: one line for the user.
    Notice(String),
    /// The source cannot go on.
    Failed(SourceError),
}

/// What a source is waiting for before it is [`Update::Synced`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A first answer of the server.
    Connecting,
    /// The objects of a list.
    Listing {
        /// The resource in plural: `pods`, `events`, `jobs`.
        resource: String,
        /// Number of objects received so far.
        count: u64,
        /// Number of objects in the whole list, if the server reports it. It does so only for lists without a selector.
        total: Option<u64>,
    },
    /// The rest of a recording that is read all at once.
    Reading {
        /// Number of bytes read so far.
        bytes: u64,
        /// Size of the file in bytes. `None` for standard input.
        total: Option<u64>,
    },
}

/// A running source. It ends when the receiver is dropped, or by itself when it has nothing more to tell.
#[derive(Debug)]
pub(crate) struct Feed {
    /// The updates.
    pub updates: mpsc::Receiver<Update>,
    /// The clock that the observations' times are on.
    pub clock: Clock,
}
