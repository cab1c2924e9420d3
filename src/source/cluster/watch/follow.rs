//! Opens the feed of a selection of objects.
//!
//! Several [`CollectionWatcher`]s run at the same time: for the workloads, for the objects between the workloads and
//! their Pods, for the Pods, and for the Events.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::watch::collection_watcher::{CollectionWatcher, Signal};
use crate::source::cluster::watch::plan::Plan;
use crate::source::cluster::watch::sibling_reader::SiblingReader;
use crate::source::cluster::watch::target::Selection;
use crate::source::{Feed, Progress, Update};

/// Maximum number of updates that are queued for the receiver.
const MAX_QUEUED_UPDATES: usize = 4;

/// The connection is reported as lost when the requests of a watcher have failed for this long.
const LOSS_REPORT_DELAY: Duration = Duration::from_secs(2);

/// Opens a feed of the selected objects, their Pods and their Events. With `watch`, the feed continues with watches
/// after the lists.
///
/// All collections are requested at the same time, except Pods that the selector of a workload narrows. The feed
/// reports the workloads, then their Pods and the Events in any order, then [`Update::Synced`]. Without `watch`, the
/// feed ends after [`Update::Synced`].
///
/// # Panics
/// Panics outside of a tokio runtime.
pub(crate) fn open_feed(cluster: &Cluster, selection: Selection, watch: bool) -> Feed {
    let (updates, receiver) = mpsc::channel(MAX_QUEUED_UPDATES);
    let feed = Feed { updates: receiver, clock: cluster.clock.clone() };
    let (signals, signal_receiver) = mpsc::unbounded_channel();
    let since = selection.since.unwrap_or_default();
    let mut plan = Plan::new(cluster, watch, since, &updates, &signals);
    let planned = plan.add_targets(selection.targets);
    let (watchers, sibling_readers) = (plan.watchers, plan.sibling_readers);
    tokio::spawn(async move {
        match planned {
            Ok(()) => run_watchers(watchers, sibling_readers, updates, signal_receiver, watch).await,
            Err(error) => {
                let _ = updates.send(Update::Failed(error)).await;
            }
        }
    });
    feed
}

/// Runs the watchers and the readers of siblings. Ends when all lists are complete (without `watch`), when a watcher
/// fails, or when the receiver is dropped.
async fn run_watchers(
    watchers: Vec<CollectionWatcher>,
    sibling_readers: Vec<SiblingReader>,
    updates: mpsc::Sender<Update>,
    mut signals: mpsc::UnboundedReceiver<Signal>,
    watch: bool,
) {
    let mut unlisted_watchers = watchers.len() + sibling_readers.len();
    let mut tasks = JoinSet::new();
    for watcher in watchers {
        tasks.spawn(watcher.run());
    }
    for reader in sibling_readers {
        tasks.spawn(async move {
            reader.run().await;
            Ok(())
        });
    }
    let _ = updates.send(Update::Progress(Progress::Connecting)).await;
    let mut health = ConnectionHealth::default();
    if unlisted_watchers == 0 {
        let _ = updates.send(Update::Synced).await;
    }
    loop {
        if unlisted_watchers == 0 && !watch {
            return;
        }
        tokio::select! {
            biased;
            () = updates.closed() => return,
            Some(signal) = signals.recv() => match signal {
                Signal::Listed => {
                    unlisted_watchers -= 1;
                    if unlisted_watchers == 0 {
                        let _ = updates.send(Update::Synced).await;
                    }
                }
                Signal::Failing(id, why) => health.set_failing(id, why),
                Signal::Healthy(id) => {
                    if health.set_healthy(id) {
                        let _ = updates.send(Update::Restored).await;
                    }
                }
            },
            () = health.wait_for_loss() => {
                if let Some(why) = health.mark_loss_reported() {
                    let _ = updates.send(Update::Lost(why)).await;
                }
            }
            Some(ended) = tasks.join_next() => match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    let _ = updates.send(Update::Failed(error)).await;
                    return;
                }
                Err(error) => {
                    if error.is_panic() {
                        std::panic::resume_unwind(error.into_panic());
                    }
                }
            },
        }
    }
}

/// The watchers whose requests fail, and whether the loss of the connection has been reported.
#[derive(Debug, Default)]
struct ConnectionHealth {
    /// For each failing watcher, by its id: the instant of its first failure, and the reason of its latest failure.
    failing: HashMap<usize, (Instant, String)>,
    is_loss_reported: bool,
}

impl ConnectionHealth {
    /// Stores that a request of the watcher with this id failed.
    fn set_failing(&mut self, id: usize, why: String) {
        let since = self.failing.get(&id).map_or_else(Instant::now, |(since, _)| *since);
        self.failing.insert(id, (since, why));
    }

    /// Stores that the requests of the watcher with this id succeed again. Returns `true` if no watcher fails any more
    /// and the connection was reported as lost.
    fn set_healthy(&mut self, id: usize) -> bool {
        self.failing.remove(&id);
        self.failing.is_empty() && std::mem::take(&mut self.is_loss_reported)
    }

    /// Waits until a watcher has failed for [`LOSS_REPORT_DELAY`]. Waits forever if no watcher fails, or if the loss
    /// has already been reported.
    async fn wait_for_loss(&self) {
        match self.failing.values().map(|(since, _)| *since).min() {
            Some(since) if !self.is_loss_reported => sleep_until(since + LOSS_REPORT_DELAY).await,
            _ => std::future::pending().await,
        }
    }

    /// Stores that the loss of the connection is reported. Returns the reason to report: the reason of the watcher that
    /// has failed for the longest time.
    fn mark_loss_reported(&mut self) -> Option<String> {
        self.is_loss_reported = true;
        self.failing.values().min_by_key(|(since, _)| *since).map(|(_, why)| why.clone())
    }
}

#[cfg(test)]
mod tests;
