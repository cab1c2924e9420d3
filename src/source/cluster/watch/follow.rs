//! What the user named, and the feed of its observations.
//!
//! A target is followed by a few [`Reflector`]s, all under way at once: the workload itself, what lies between it and
//! its Pods, its Pods, their Events.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::source::cluster::api::client::Cluster;
use crate::source::cluster::watch::collection_watcher::{Reflector, Signal};
use crate::source::cluster::watch::plan::Plan;
use crate::source::cluster::watch::target::Selection;
use crate::source::{Feed, Progress, Update};

/// Updates that wait for the model at most.
const WAITING: usize = 4;

/// A failure that lasts longer is told.
const MOMENT: Duration = Duration::from_secs(2);

/// Starts to list what was named, its Pods and their Events, and with `watch` to follow them.
///
/// Everything is asked for at once. The feed tells workloads, then their Pods, then Events as they come, then
/// [`Update::Synced`]; without `watch` it ends there. It must be called within a runtime.
pub(crate) fn open_feed(cluster: &Cluster, selection: Selection, watch: bool) -> Feed {
    let (updates, receiver) = mpsc::channel(WAITING);
    let feed = Feed { updates: receiver, clock: cluster.clock.clone() };
    let (signals, heard) = mpsc::unbounded_channel();
    let since = selection.since.unwrap_or_default();
    let mut plan = Plan::new(cluster, watch, since, &updates, &signals);
    let planned = plan.targets(selection.targets);
    let reflectors = plan.reflectors;
    tokio::spawn(async move {
        match planned {
            Ok(()) => supervise(reflectors, updates, heard, watch).await,
            Err(error) => {
                let _ = updates.send(Update::Failed(error)).await;
            }
        }
    });
    feed
}

/// Runs the reflectors until all lists are through, one cannot go on, or nobody listens any more.
async fn supervise(
    reflectors: Vec<Reflector>,
    updates: mpsc::Sender<Update>,
    mut signals: mpsc::UnboundedReceiver<Signal>,
    watch: bool,
) {
    let mut unlisted = reflectors.len();
    let mut tasks = JoinSet::new();
    for reflector in reflectors {
        tasks.spawn(reflector.run());
    }
    let _ = updates.send(Update::Progress(Progress::Connecting)).await;
    let mut health = Health::default();
    if unlisted == 0 {
        let _ = updates.send(Update::Synced).await;
    }
    loop {
        if unlisted == 0 && !watch {
            return;
        }
        tokio::select! {
            biased;
            () = updates.closed() => return,
            Some(signal) = signals.recv() => match signal {
                Signal::Listed => {
                    unlisted -= 1;
                    if unlisted == 0 {
                        let _ = updates.send(Update::Synced).await;
                    }
                }
                Signal::Failing(id, why) => health.failing(id, why),
                Signal::Healthy(id) => {
                    if health.healthy(id) {
                        let _ = updates.send(Update::Restored).await;
                    }
                }
            },
            () = health.moment() => {
                if let Some(why) = health.lost() {
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

/// Which reflectors cannot ask, and whether the user has been told.
#[derive(Debug, Default)]
struct Health {
    failing: HashMap<usize, (Instant, String)>,
    told: bool,
}

impl Health {
    fn failing(&mut self, id: usize, why: String) {
        let since = self.failing.get(&id).map_or_else(Instant::now, |(since, _)| *since);
        self.failing.insert(id, (since, why));
    }

    /// Whether that ends what the user was told.
    fn healthy(&mut self, id: usize) -> bool {
        self.failing.remove(&id);
        self.failing.is_empty() && std::mem::take(&mut self.told)
    }

    /// Waits until a failure has lasted long enough to be told.
    async fn moment(&self) {
        match self.failing.values().map(|(since, _)| *since).min() {
            Some(since) if !self.told => sleep_until(since + MOMENT).await,
            _ => std::future::pending().await,
        }
    }

    fn lost(&mut self) -> Option<String> {
        self.told = true;
        self.failing.values().min_by_key(|(since, _)| *since).map(|(_, why)| why.clone())
    }
}

#[cfg(test)]
mod tests;
