//! Helpers that the test binaries share: a runner of commands, a builder of Pods, a reader of recorded scenarios, a
//! validator of documents, random numbers and a receiver of traces.

pub(crate) mod pod_builder;
pub(crate) mod random;
pub(crate) mod runner;
pub(crate) mod scenario;
pub(crate) mod schema;
pub(crate) mod trace_receiver;
