//! The progress of the final refresh: before a run ends, the source lists again the collections that may be out of
//! date.

use tokio::time::Instant;

/// The progress of the final refresh.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum FinalRefresh {
    /// The run is not about to end.
    #[default]
    NotAsked,
    /// The source was asked. The run ends at this instant even if the source has not finished.
    Asked(Instant),
    /// The source has finished.
    Done,
}
