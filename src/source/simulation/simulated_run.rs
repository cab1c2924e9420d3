//! A simulated run: the observations of a simulated cluster, one after another.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::observation::Observation;
use crate::source::error::SourceError;
use crate::source::simulation::manifest::{self, ManifestText};
use crate::source::simulation::virtual_time::START;
use crate::source::simulation::world::World;

/// The default seed. With this seed, the built-in example shows cold and warm starts and a failed attempt.
pub(crate) const DEFAULT_SEED: u64 = 1;
/// The default number of nodes.
pub(crate) const DEFAULT_NODES: u32 = 2;
/// The maximum number of nodes.
pub(crate) const MAX_NODES: u32 = 10_000;

/// The Jobs and the cluster of a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulationOptions {
    /// The manifest of the Jobs.
    pub manifest: ManifestText,
    /// Seed of the random numbers. The random numbers determine everything that the manifest leaves open, for example
    /// how long a container works.
    pub seed: u64,
    /// The number of nodes, clamped to the range from 1 to [`MAX_NODES`]. Each node has 8 CPUs and room for 110 Pods.
    pub nodes: u32,
}

impl Default for SimulationOptions {
    fn default() -> Self {
        Self { manifest: ManifestText::default(), seed: DEFAULT_SEED, nodes: DEFAULT_NODES }
    }
}

/// A simulated run: an iterator over the observations of a watch that began before the Jobs were applied, in
/// chronological order.
///
/// The run ends when nothing more can happen. It also ends after ten minutes of virtual time with nothing but retries,
/// for example of a Pod that fits on no node or of an image that does not exist; see [`Simulation::stuck_reason`].
#[derive(Debug)]
pub struct Simulation {
    world: World,
    now: Timestamp,
    ended: bool,
    /// The parts of the manifest that are not simulated, one line for each.
    pub notices: Vec<String>,
}

/// Makes a simulated run of a manifest. The run starts with the first call of `next`.
///
/// # Errors
/// Usage: the manifest is malformed, has no Job, or has a Job with a missing or invalid field or annotation.
pub fn simulate(options: &SimulationOptions) -> Result<Simulation, SourceError> {
    let manifest = manifest::parse(&options.manifest)?;
    let jobs = manifest.jobs.into_iter().map(Arc::new).collect();
    let nodes = usize::try_from(options.nodes.clamp(1, MAX_NODES)).unwrap_or(1);
    let world = World::new(jobs, options.seed, nodes);
    Ok(Simulation { now: world.now, world, ended: false, notices: manifest.notices })
}

impl Iterator for Simulation {
    type Item = Observation;

    fn next(&mut self) -> Option<Observation> {
        if self.ended {
            return None;
        }
        let next = self.world.next_observation();
        if let Some(observation) = &next {
            self.now = observation.received;
            return next;
        }
        self.ended = true;
        if self.stuck_reason().is_some() {
            self.now = self.now.max(self.world.now);
        }
        next
    }
}

impl Simulation {
    /// The virtual time of the latest observation, or the time at which the simulation gave up.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// One line that names the Jobs that had not ended when the simulation ended, each with the reason. Returns `None`
    /// if the simulation has not ended, or if all Jobs have ended.
    pub fn stuck_reason(&self) -> Option<String> {
        if !self.ended {
            return None;
        }
        let mut reasons = Vec::new();
        for job in self.world.jobs.iter().filter(|job| !job.finished) {
            let waiting_reason = job.live_pods().iter().find_map(|&pod| self.world.waiting_reason(pod));
            let reason = match waiting_reason {
                _ if job.is_suspended() => "is suspended".to_owned(),
                Some(reason) => format!("waits: {reason}"),
                None if job.live_pods().is_empty() => "has no Pods to run".to_owned(),
                None => "runs until it is stopped".to_owned(),
            };
            reasons.push(format!("job \"{}\" {reason}", job.manifest.name));
        }
        if reasons.is_empty() {
            return None;
        }
        let elapsed = self.world.now.duration_since(START);
        let elapsed = SignedDuration::from_secs(elapsed.as_secs());
        Some(format!("the simulation stops after {elapsed:#}: {}", reasons.join("; ")))
    }
}
