//! Opens the feed of a selection of objects.
//!
//! Several [`CollectionWatcher`]s run at the same time: for the workloads, for the objects between the workloads and
//! their Pods, for the Pods, and for the Events.

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::source::clock::Clock;
use crate::source::cluster::api::client::{Cluster, describe_repetition};
use crate::source::cluster::watch::collection_watcher::{CollectionWatcher, Signal};
use crate::source::cluster::watch::node_event_reader::NodeEventReader;
use crate::source::cluster::watch::outages::WatcherHealth;
use crate::source::cluster::watch::plan::Plan;
use crate::source::cluster::watch::queue::reader::QueueReader;
use crate::source::cluster::watch::sibling_reader::SiblingReader;
use crate::source::cluster::watch::target::Selection;
use crate::source::feed::RefreshScope;
use crate::source::{Feed, Progress, Update};

/// Maximum number of updates that are queued for the receiver.
const MAX_QUEUED_UPDATES: usize = 4;

/// Opens a feed of the selected objects, their Pods and their Events. With `is_followed`, the feed continues with
/// watches after the lists.
///
/// All collections are requested at the same time, except Pods that the selector of a workload narrows. The feed
/// reports the workloads, then their Pods and the Events in any order, then [`Update::Synced`]. Without
/// `is_followed`, the feed ends after [`Update::Synced`].
///
/// # Panics
/// Panics outside of a tokio runtime.
pub(crate) fn open_feed(cluster: &Cluster, selection: Selection, is_followed: bool) -> Feed {
    let (updates, receiver) = mpsc::channel(MAX_QUEUED_UPDATES);
    let (refresh_sender, refresh_requests) = mpsc::unbounded_channel();
    let feed =
        Feed { refresh: is_followed.then_some(refresh_sender), ..Feed::new(receiver, cluster.clock.clone()) };
    let (signals, signal_receiver) = mpsc::unbounded_channel();
    let (refresh, refresh_receiver) = watch::channel((0, RefreshScope::Unwatched));
    let clock = cluster.clock.clone();
    let channels = FeedChannels { signals: signal_receiver, refresh_requests, refresh, clock };
    let since = selection.since.unwrap_or_default();
    let (losses, loss_receiver) = mpsc::unbounded_channel();
    let mut plan = Plan::new(cluster, is_followed, since, refresh_receiver, &updates, &signals, losses);
    plan.forgets_gone = selection.forgets_gone;
    let planned = plan.add_targets(selection.targets);
    let (watchers, sibling_readers, queue_readers) =
        (plan.watchers, plan.sibling_readers, plan.queue_readers);
    let node_events = NodeEventReader {
        cluster: cluster.clone(),
        losses: loss_receiver,
        wait_for: plan.listed,
        updates: updates.clone(),
        signals: signals.clone(),
    };
    let readers = Readers { siblings: sibling_readers, queues: queue_readers, node_events };
    tokio::spawn(async move {
        match planned {
            Ok(()) => run_watchers(watchers, readers, updates, channels, is_followed).await,
            Err(error) => {
                let _ = updates.send(Update::Failed(error)).await;
            }
        }
    });
    feed
}

/// The readers of objects that no watcher reads.
struct Readers {
    siblings: Vec<SiblingReader>,
    queues: Vec<QueueReader>,
    node_events: NodeEventReader,
}

/// The channels between a feed, its watchers and the run.
struct FeedChannels {
    /// The messages of the watchers.
    signals: mpsc::UnboundedReceiver<Signal>,
    /// The requests of the run, see [`Feed::refresh`].
    refresh_requests: mpsc::UnboundedReceiver<RefreshScope>,
    /// Hands the requests on to the watchers.
    refresh: watch::Sender<(u32, RefreshScope)>,
    clock: Clock,
}

/// Runs the watchers and the readers. Ends when all lists are complete (without `is_followed`), when a
/// watcher fails, or when the receiver is dropped.
async fn run_watchers(
    watchers: Vec<CollectionWatcher>,
    readers: Readers,
    updates: mpsc::Sender<Update>,
    mut channels: FeedChannels,
    is_followed: bool,
) {
    let Readers { siblings: sibling_readers, queues: queue_readers, node_events } = readers;
    let mut unlisted_watchers = watchers.len() + sibling_readers.len() + queue_readers.len() + 1;
    let mut health = WatcherHealth::new(watchers.iter().map(CollectionWatcher::outage_template).collect());
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
    for reader in queue_readers {
        tasks.spawn(async move {
            reader.run().await;
            Ok(())
        });
    }
    tasks.spawn(async move {
        node_events.run().await;
        Ok(())
    });
    let _ = updates.send(Update::Progress(Progress::Connecting)).await;
    let mut is_repetition_announced = false;
    loop {
        if unlisted_watchers == 0 && !is_followed {
            return;
        }
        let mut is_synced = false;
        tokio::select! {
            biased;
            () = updates.closed() => return,
            Some(signal) = channels.signals.recv() => match signal {
                Signal::Listed => {
                    unlisted_watchers -= 1;
                    is_synced = unlisted_watchers == 0;
                }
                Signal::Repeating(reason, patience) => {
                    // The other collections usually fail for the same reason.
                    if !std::mem::replace(&mut is_repetition_announced, true) {
                        let _ = updates.send(Update::Notice(describe_repetition(&reason, patience))).await;
                    }
                }
                Signal::Failing { id, since, reason, is_final } => {
                    health.set_failing(id, since, reason, is_final);
                }
                Signal::Healthy(id) => health.set_healthy(id),
                Signal::Refreshed(id) => health.set_refreshed(id),
            },
            Some(scope) = channels.refresh_requests.recv() => {
                health.start_refresh();
                channels.refresh.send_modify(|(number, latest)| {
                    *number += 1;
                    *latest = scope;
                });
            }
            () = health.wait_until_due() => {}
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
        let received = channels.clock.now();
        let is_refreshed = health.end_refresh(received);
        if let Some(outages) = health.take_report() {
            let _ = updates.send(Update::Outages { received, outages }).await;
        }
        if is_synced {
            let _ = updates.send(Update::Synced).await;
        }
        if is_refreshed {
            let _ = updates.send(Update::Refreshed).await;
        }
    }
}

#[cfg(test)]
mod tests;
