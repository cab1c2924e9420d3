//! Shows the logs of containers while the program follows their workloads.

pub(crate) mod json;
pub(crate) mod options;
pub(crate) mod reader;
pub(crate) mod text;
