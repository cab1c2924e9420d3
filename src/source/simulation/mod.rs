//! A simulated cluster: a Job controller, a scheduler and kubelets run Jobs on virtual time.
//!
//! The simulation makes the observations of a watch of a real cluster (Kubernetes 1.37), in the same order and with the
//! same precision: statuses have whole seconds, are written late and are merged; events have nanoseconds in their names.
//! It is a discrete-event simulation. The same manifest, seed and number of nodes give the same observations, byte for
//! byte, on every machine.
//!
//! Not simulated: memory, volumes, probes, preemption, nodes that fail, `podFailurePolicy`.

#![warn(clippy::wildcard_enum_match_arm)]

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
pub(crate) mod shape;
pub(crate) mod simulated_run;
pub(crate) mod task;
pub(crate) mod virtual_time;
pub(crate) mod world;

pub(crate) use feed::open;
pub use manifest::ManifestText;
pub(crate) use simulated_run::{DEFAULT_NODES, DEFAULT_SEED, MAX_NODES};
pub use simulated_run::{SimulationOptions, simulate};

#[cfg(test)]
pub(crate) mod tests;
