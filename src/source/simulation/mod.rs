//! A simulated cluster: a Job controller, a scheduler and kubelets run Jobs on virtual time.
//!
//! The simulation makes the observations that a watch of a real cluster (Kubernetes 1.37) would make, in the same order
//! and with the same precision. Times in a status have whole seconds, the kubelet writes a status late and merges
//! changes, and the name of an event contains nanoseconds. The simulation is a discrete-event simulation. The same
//! manifest, seed and number of nodes give the same observations, byte for byte, on every machine.
//!
//! The simulation ignores memory, volumes, probes, preemption and `podFailurePolicy`. Its nodes never fail.

#![warn(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

pub(crate) mod annotations;
pub(crate) mod controller;
pub(crate) mod events;
pub(crate) mod feed;
pub(crate) mod kubelet;
pub(crate) mod kubelet_step;
pub(crate) mod manifest;
pub(crate) mod node;
pub(crate) mod pod;
pub(crate) mod pod_runtime;
pub(crate) mod program;
pub(crate) mod random;
pub(crate) mod scheduler;
pub(crate) mod simulated_run;
pub(crate) mod task;
pub(crate) mod virtual_time;
pub(crate) mod world;

pub(crate) use feed::start_feed;
pub use manifest::ManifestText;
pub(crate) use simulated_run::{DEFAULT_NODES, DEFAULT_SEED, MAX_NODES};
pub use simulated_run::{SimulationOptions, simulate};

#[cfg(test)]
pub(crate) mod tests;
