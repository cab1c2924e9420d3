//! A live cluster: its client, what it can be asked for, and the observations of what was asked for.
//!
//! The only room that knows the Kubernetes client. It knows nothing of what is made of its observations.

pub(crate) mod absence;
pub(crate) mod connect;
pub(crate) mod decode;
pub(crate) mod discovery;
pub(crate) mod errors;
pub(crate) mod follow;
pub(crate) mod json;
pub(crate) mod kind;
pub(crate) mod known;
pub(crate) mod kuberc;
pub(crate) mod log;
pub(crate) mod object;
pub(crate) mod offset;
pub(crate) mod owners;
pub(crate) mod pause;
pub(crate) mod plan;
pub(crate) mod protobuf;
pub(crate) mod reflect;
pub(crate) mod relevance;
pub(crate) mod wire;

#[cfg(test)]
pub(crate) mod fake;

pub(crate) use connect::{Cluster, Connection, connect};
pub(crate) use discovery::{Resource, resolve};
pub(crate) use follow::{Name, Objects, Scope, Selection, Target, open, resource_versions};
