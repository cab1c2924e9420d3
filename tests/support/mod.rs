//! Helpers that the test binaries share: a runner of commands, a builder of Pods and a reader of recorded scenarios.

pub(crate) mod pod_builder;
pub(crate) mod runner;
pub(crate) mod scenario;
