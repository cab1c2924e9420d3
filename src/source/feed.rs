//! The interface of every source: a feed of updates.

use tokio::sync::mpsc;

use crate::observation::Observation;
use crate::source::clock::Clock;
use crate::source::error::SourceError;

/// A message from a source.
#[derive(Debug)]
pub enum Update {
    /// Observations, in the order in which the source made them.
    Observed(Vec<Observation>),
    /// The source has sent every object that existed at the beginning.
    Synced,
    /// The progress of the work before [`Update::Synced`].
    Progress(Progress),
    /// The connection is lost for this reason. The source keeps trying to connect.
    Lost(String),
    /// The connection is restored.
    Restored,
    /// The user moved a playback to an earlier time. All observations are sent again, up to that time.
    PlaybackRestarted,
    /// A playback that the user controls has reached its end. The user may move it back.
    PlaybackEnded,
    /// A part of the data is missing, but the source continues. The text is one line for the user.
    Notice(String),
    /// The source has failed and sends nothing more.
    Failed(SourceError),
}

/// The progress of the work that a source must do before it sends [`Update::Synced`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The source waits for the server's first answer.
    Connecting,
    /// The source receives the objects of a list.
    Listing {
        /// The plural of the resource, for example `pods`, `events` or `jobs`.
        resource: String,
        /// Number of objects received so far.
        count: u64,
        /// Number of objects in the whole list. `None` if the server has not reported the number. Servers report the
        /// number only for lists without a selector.
        total: Option<u64>,
    },
    /// The source reads the rest of a recording in one go.
    Reading {
        /// Number of bytes read so far.
        bytes: u64,
        /// Size of the file in bytes. `None` for standard input.
        total: Option<u64>,
    },
}

/// A running source. The source ends when the receiver is dropped, or by itself after the last update.
#[derive(Debug)]
pub(crate) struct Feed {
    pub updates: mpsc::Receiver<Update>,
    /// The clock to which the timestamps of the observations refer.
    pub clock: Clock,
}
