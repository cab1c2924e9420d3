//! Derives a [`Lifecycle`](crate::lifecycle::Lifecycle) from the evidence about a Pod.

pub(crate) mod cut;
pub(crate) mod instants;
pub(crate) mod life;
pub(crate) mod node_restart;
pub(crate) mod orders;
pub(crate) mod outcome;
pub(crate) mod phases;
pub(crate) mod pull_phases;
pub(crate) mod readiness;
pub(crate) mod setup_parts;
pub(crate) mod wait_message;
pub(crate) mod work;
