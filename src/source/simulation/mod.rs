//! A simulated cluster: Jobs through a Job controller, a scheduler and kubelets, on virtual time.
//!
//! It tells what a watch of a real cluster (Kubernetes 1.37) tells, in the same order and with the same precision:
//! statuses in whole seconds, written late and merged; events with nanoseconds in their names. It is a discrete-event
//! simulation: the same manifest, seed and number of nodes give the same observations, to the byte, on every machine.
//!
//! Not simulated: memory, volumes, probes, preemption, nodes that fail, `podFailurePolicy`.

pub(crate) mod controller;
pub(crate) mod events;
pub(crate) mod feed;
pub(crate) mod kubelet;
pub(crate) mod manifest;
pub(crate) mod program;
pub(crate) mod random;
pub(crate) mod scheduler;
pub(crate) mod shape;
pub(crate) mod world;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub(crate) use feed::open;
pub use manifest::ManifestText;

use crate::observation::Observation;
use crate::source::error::SourceError;
use world::World;

/// The seed of a run that names none: with it, the built-in example shows cold and warm starts and a failed try.
pub(crate) const DEFAULT_SEED: u64 = 1;
/// The nodes of a run that names no number.
pub(crate) const DEFAULT_NODES: u32 = 2;
/// The most nodes that make sense.
pub(crate) const MOST_NODES: u32 = 10_000;

/// What is simulated, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The Jobs.
    pub manifest: ManifestText,
    /// Decides all that a manifest leaves open.
    pub seed: u64,
    /// How many nodes there are, from 1 to [`MOST_NODES`]; what lies outside is moved inside. Each has 8 CPUs and
    /// takes 110 Pods.
    pub nodes: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { manifest: ManifestText::default(), seed: DEFAULT_SEED, nodes: DEFAULT_NODES }
    }
}

/// A simulated run: the observations of a watch that began before the Jobs were applied, in the order of time.
///
/// It ends when nothing more can happen, or when for ten minutes of virtual time there was nothing but retries
/// (a Pod that fits no node, an image that does not exist); see [`Simulation::stuck`].
#[derive(Debug)]
pub struct Simulation {
    world: World,
    now: Timestamp,
    ended: bool,
    /// What of the manifest is not simulated, a line each.
    pub notices: Vec<String>,
}

/// Makes a simulated run of a manifest. Nothing runs yet.
///
/// # Errors
/// Usage: the manifest is malformed, has no Job, or one that the API server would refuse.
pub fn simulate(options: &Options) -> Result<Simulation, SourceError> {
    let manifest = manifest::parse(&options.manifest)?;
    let jobs = manifest.jobs.into_iter().map(Arc::new).collect();
    let nodes = usize::try_from(options.nodes.clamp(1, MOST_NODES)).unwrap_or(1);
    let world = World::new(jobs, options.seed, nodes);
    Ok(Simulation { now: world.now, world, ended: false, notices: manifest.notices })
}

impl Iterator for Simulation {
    type Item = Observation;

    fn next(&mut self) -> Option<Observation> {
        if self.ended {
            return None;
        }
        let next = self.world.next();
        if let Some(observation) = &next {
            self.now = observation.received;
            return next;
        }
        self.ended = true;
        if self.stuck().is_some() {
            self.now = self.now.max(self.world.now);
        }
        next
    }
}

impl Simulation {
    /// Virtual time: of the latest observation, or when the simulation gave up.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When it has ended although Jobs have not: one line that says which, and why.
    pub fn stuck(&self) -> Option<String> {
        if !self.ended {
            return None;
        }
        let mut reasons = Vec::new();
        for job in self.world.jobs.iter().filter(|job| !job.finished) {
            let waiting = job.live().iter().find_map(|&pod| self.world.waits(pod));
            let reason = match waiting {
                _ if job.suspended() => "is suspended".to_owned(),
                Some(reason) => format!("waits: {reason}"),
                None if job.live().is_empty() => "has no Pods to run".to_owned(),
                None => "runs until it is stopped".to_owned(),
            };
            reasons.push(format!("job \"{}\" {reason}", job.manifest.name));
        }
        if reasons.is_empty() {
            return None;
        }
        let passed = self.world.now.duration_since(world::START);
        let passed = SignedDuration::from_secs(passed.as_secs());
        Some(format!("the simulation stops after {passed:#}: {}", reasons.join("; ")))
    }
}

#[cfg(test)]
pub(crate) mod tests;
