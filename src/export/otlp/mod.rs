//! `-o otlp`: traces of OpenTelemetry in the JSON form of its protocol, OTLP.
//!
//! A trace is one run of a workload: its root span is the workload, below it are the Pods, and below each Pod are its
//! phases. All ids follow from uids, so the same run sent twice is the same trace.

pub(crate) mod attributes;
pub(crate) mod ids;
pub(crate) mod message;
pub(crate) mod resource;
pub(crate) mod spans;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod trace;
pub(crate) mod writer;
