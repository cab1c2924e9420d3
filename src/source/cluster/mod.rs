//! A live cluster: its client, what it can be asked for, and the observations of what was asked for.
//!
//! The only room that knows the Kubernetes client. It knows nothing of what is made of its observations.

mod absence;
mod connect;
mod decode;
mod discovery;
mod errors;
mod follow;
mod json;
mod kind;
mod known;
mod kuberc;
mod log;
mod object;
mod offset;
mod owners;
mod pause;
mod plan;
mod protobuf;
mod reflect;
mod relevance;
mod wire;

#[cfg(test)]
mod fake;

pub use connect::{Cluster, Connection, connect};
pub use discovery::{Named, Resource, resolve};
pub use follow::{Name, Objects, ResourceVersions, Scope, Selection, Target, open, resource_versions};
