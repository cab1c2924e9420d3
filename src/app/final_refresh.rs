//! The progress of the last attempt of a run to read what may be out of date.

use tokio::time::Instant;

/// The last attempt to read what may be out of date, before a run ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum FinalRefresh {
    /// The run is not about to end.
    #[default]
    NotAsked,
    /// The source was asked. The run ends without an answer at this instant.
    Asked(Instant),
    /// The source has answered.
    Done,
}
