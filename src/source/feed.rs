//! The interface of every source: a feed of updates.

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::observation::{Observation, Outage, Relist, Unwatched};
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
    /// From this time on, the source cannot read exactly these collections. The source keeps trying to read them,
    /// except optional ones that the user may not read.
    Outages {
        /// The time at which the source noticed the change.
        received: Timestamp,
        /// The collections. Empty if the source can read everything again.
        outages: Vec<Outage>,
    },
    /// The source has listed a collection again. All objects that existed then have been reported.
    Relisted(Relist),
    /// Nobody watched the objects for some time, so changes may have been missed.
    Unwatched(Unwatched),
    /// The source has tried once more to read everything that may be out of date, as [`Feed::refresh`] asked it to.
    Refreshed,
    /// The user moved a playback to an earlier time. All observations are sent again, up to that time.
    PlaybackRestarted,
    /// A playback that the user controls has reached its end. The user may move it back.
    PlaybackEnded,
    /// A part of the data is missing, but the source continues. The text is one line for the user.
    Notice(String),
    /// Some of the named objects do not exist, but the source continues with the others.
    Missing(SourceError),
    /// The source has failed and sends nothing more.
    Failed(SourceError),
}

impl Update {
    /// Whether a recording keeps the update as a mark.
    pub(crate) fn is_recorded_as_mark(&self) -> bool {
        match self {
            Self::Synced | Self::Outages { .. } | Self::Relisted(_) | Self::Unwatched(_) => true,
            Self::Observed(_)
            | Self::Progress(_)
            | Self::Refreshed
            | Self::PlaybackRestarted
            | Self::PlaybackEnded
            | Self::Notice(_)
            | Self::Missing(_)
            | Self::Failed(_) => false,
        }
    }
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
    /// Asks a source that follows a live cluster to list the collections that may be out of date once more. The
    /// source then sends [`Update::Refreshed`]. `None` for other sources, which are never out of date.
    pub(crate) refresh: Option<mpsc::UnboundedSender<RefreshScope>>,
}

/// The collections that a source lists once more before a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefreshScope {
    /// The collections that no open watch keeps up to date.
    Unwatched,
    /// These collections and the Pods, because the watch of the Pods has not reported all ends.
    UnwatchedAndPods,
}

impl Feed {
    /// Creates the feed of a source that is never out of date.
    pub(crate) fn new(updates: mpsc::Receiver<Update>, clock: Clock) -> Self {
        Self { updates, clock, refresh: None }
    }
}
