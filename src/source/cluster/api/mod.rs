//! Connects to the API server, sends requests, decodes the answers, and explains errors to the user.

pub(crate) mod access;
pub(crate) mod client;
pub(crate) mod clock_offset;
pub(crate) mod configuration;
pub(crate) mod credentials;
pub(crate) mod decoding;
pub(crate) mod discovery;
pub(crate) mod errors;
pub(crate) mod logs;
pub(crate) mod names;
pub(crate) mod pod_types;
pub(crate) mod pod_yaml;
pub(crate) mod rbac;
pub(crate) mod request;
pub(crate) mod resource;
pub(crate) mod similar;
pub(crate) mod warnings;

#[cfg(test)]
pub(crate) mod fake;
