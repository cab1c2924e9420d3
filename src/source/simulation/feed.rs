//! A simulation as a source: delivered at its own pace, or all at once.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::Simulation;
use crate::observation::Observation;
use crate::source::clock::Clock;
use crate::source::{Feed, Update};

/// Updates that may wait for the receiver.
const BUFFER: usize = 64;
/// Observations in one update at most.
const BATCH: usize = 256;

/// Delivers a simulation. Its first update is what was applied, its second [`Update::Synced`]; it ends when nothing
/// more can happen.
///
/// With a `speed` above 0 that many virtual seconds pass each second, on the runtime's clock. With 0 (or what is no
/// number) everything is delivered at once, and the clock shows the time of what was delivered last.
///
/// # Panics
/// Panics outside of a tokio runtime.
pub(crate) fn open(simulation: Simulation, speed: f64) -> Feed {
    let (sender, updates) = mpsc::channel(BUFFER);
    let paced = speed.is_finite() && speed > 0.0;
    let clock =
        if paced { Clock::playback(simulation.now(), speed) } else { Clock::latest(simulation.now()) };
    tokio::spawn(deliver(simulation, sender, clock.clone()));
    Feed { updates, clock }
}

async fn deliver(mut simulation: Simulation, sender: mpsc::Sender<Update>, clock: Clock) -> Option<()> {
    for notice in std::mem::take(&mut simulation.notices) {
        sender.send(Update::Notice(notice)).await.ok()?;
    }
    let mut waiting: VecDeque<Observation> = simulation.by_ref().take(1).collect();
    send(&mut waiting, &sender, &clock).await?;
    sender.send(Update::Synced).await.ok()?;
    for next in simulation.by_ref() {
        if waiting.front().is_some_and(|first| first.received != next.received) || waiting.len() >= BATCH {
            let due = waiting.front().map(|first| first.received);
            // What is due at once goes at once; a whole batch, if nothing is waited for.
            if !clock.is_latest() || waiting.len() >= BATCH {
                wait_until(&clock, due, &sender).await?;
                send(&mut waiting, &sender, &clock).await?;
            }
        }
        waiting.push_back(next);
    }
    wait_until(&clock, waiting.front().map(|first| first.received), &sender).await?;
    send(&mut waiting, &sender, &clock).await?;
    if let Some(notice) = simulation.stuck() {
        wait_until(&clock, Some(simulation.now()), &sender).await?;
        clock.advance_to(simulation.now());
        sender.send(Update::Notice(notice)).await.ok()?;
    }
    Some(())
}

async fn send(
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

/// Waits until the clock shows that time; `None` if nobody listens any more.
async fn wait_until(clock: &Clock, at: Option<jiff::Timestamp>, sender: &mpsc::Sender<Update>) -> Option<()> {
    let Some(at) = at.and_then(|at| clock.real_instant_of(at)) else { return Some(()) };
    tokio::select! {
        () = tokio::time::sleep_until(at) => Some(()),
        () = sender.closed() => None,
    }
}
