//! Delivers the observations of a simulation as a source, either at a chosen speed or as fast as possible.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::observation::Observation;
use crate::source::clock::Clock;
use crate::source::simulation::simulated_run::Simulation;
use crate::source::{Feed, Update};

/// The maximum number of updates that wait for the receiver.
const QUEUE_CAPACITY: usize = 64;
/// Maximum number of observations in one update.
const MAX_OBSERVATIONS_PER_UPDATE: usize = 256;

/// Starts to deliver the observations of a simulation. The feed delivers the notices about the manifest, then the first
/// Job, then [`Update::Synced`], then all other observations. The feed ends with the simulation.
///
/// If `speed` is finite and greater than 0, `speed` virtual seconds pass in each second of the runtime's clock.
/// Otherwise, the observations are delivered as fast as possible, and the clock shows the time of the latest
/// observation.
///
/// # Panics
/// Panics if there is no tokio runtime.
pub(crate) fn start_feed(simulation: Simulation, speed: f64) -> Feed {
    let (sender, updates) = mpsc::channel(QUEUE_CAPACITY);
    let is_paced = speed.is_finite() && speed > 0.0;
    let clock =
        if is_paced { Clock::playback(simulation.now(), speed) } else { Clock::latest(simulation.now()) };
    tokio::spawn(deliver(simulation, sender, clock.clone()));
    Feed::new(updates, clock)
}

/// Sends the updates when they are due. Returns `None` if the receiver is closed.
async fn deliver(mut simulation: Simulation, sender: mpsc::Sender<Update>, clock: Clock) -> Option<()> {
    for notice in std::mem::take(&mut simulation.notices) {
        sender.send(Update::Notice(notice)).await.ok()?;
    }
    let mut waiting: VecDeque<Observation> = simulation.by_ref().take(1).collect();
    send_waiting(&mut waiting, &sender, &clock).await?;
    sender.send(Update::Synced).await.ok()?;
    for next in simulation.by_ref() {
        if waiting.front().is_some_and(|first| first.received != next.received)
            || waiting.len() >= MAX_OBSERVATIONS_PER_UPDATE
        {
            let due = waiting.front().map(|first| first.received);
            // A feed that is not paced sends an update only when the update is full. A paced feed also sends an update
            // when the next observation has another time.
            if !clock.is_latest() || waiting.len() >= MAX_OBSERVATIONS_PER_UPDATE {
                wait_until(&clock, due, &sender).await?;
                send_waiting(&mut waiting, &sender, &clock).await?;
            }
        }
        waiting.push_back(next);
    }
    wait_until(&clock, waiting.front().map(|first| first.received), &sender).await?;
    send_waiting(&mut waiting, &sender, &clock).await?;
    if let Some(notice) = simulation.stuck_reason() {
        wait_until(&clock, Some(simulation.now()), &sender).await?;
        clock.advance_to(simulation.now());
        sender.send(Update::Notice(notice)).await.ok()?;
    }
    Some(())
}

async fn send_waiting(
    waiting: &mut VecDeque<Observation>,
    sender: &mpsc::Sender<Update>,
    clock: &Clock,
) -> Option<()> {
    let Some(last) = waiting.back() else { return Some(()) };
    let at = last.received;
    sender.send(Update::Observed(waiting.drain(..).collect())).await.ok()?;
    clock.advance_to(at);
    Some(())
}

/// Waits until the clock shows `at`. Returns `None` if the receiver is closed.
async fn wait_until(clock: &Clock, at: Option<jiff::Timestamp>, sender: &mpsc::Sender<Update>) -> Option<()> {
    let Some(due) = at.and_then(|at| clock.real_instant_of(at)) else { return Some(()) };
    tokio::select! {
        () = tokio::time::sleep_until(due) => Some(()),
        () = sender.closed() => None,
    }
}
