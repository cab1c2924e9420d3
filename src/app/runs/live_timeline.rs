//! Reads what exists in the cluster into a timeline, once.

use jiff::Timestamp;

use crate::app::exit::RunError;
use crate::app::streams::Streams;
use crate::source::{Feed, Update};
use crate::timeline::Timeline;

/// Reads a feed until it is synced. Returns the timeline, and the time on the clock of the source.
///
/// # Errors
/// The source fails, or one of the named objects does not exist.
pub(crate) async fn read_feed(mut feed: Feed, streams: &Streams) -> Result<(Timeline, Timestamp), RunError> {
    let mut timeline = Timeline::default();
    let mut missing = None;
    while let Some(update) = feed.updates.recv().await {
        match update {
            Update::Observed(observations) => {
                for observation in &observations {
                    timeline.apply(observation);
                }
            }
            Update::Synced => break,
            Update::Outages { outages, .. } => timeline.set_outages(outages),
            Update::Relisted(relist) => timeline.apply_relist(&relist),
            Update::Unwatched(unwatched) => timeline.add_unwatched(unwatched),
            Update::Notice(notice) => streams.warning(&notice),
            Update::Missing(error) => missing = missing.or(Some(error)),
            Update::Failed(error) => return Err(error.into()),
            Update::Progress(_) | Update::Refreshed | Update::PlaybackRestarted | Update::PlaybackEnded => {}
        }
    }
    if let Some(error) = missing {
        return Err(error.into());
    }
    timeline.conclude_gone_pods();
    timeline.recompute();
    let now = feed.clock.now();
    let now = timeline.last_received().map_or(now, |last_received| now.max(last_received));
    Ok((timeline, now))
}
